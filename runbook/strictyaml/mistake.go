package strictyaml

import (
	"fmt"
	"slices"
	"strings"
	"unicode"
)

// maxMistakes bounds what is told of one document.
const maxMistakes = 100

// Pos is a place in the document. Line and Column count from 1; a Line of 0 is the document as a whole.
type Pos struct {
	Line, Column int
}

// A Mistake is one thing that is wrong in a document.
type Mistake struct {
	Line, Column int    // from 1; Line 0: the document as a whole
	Text         string // what is wrong
	Excerpt      string // the line, safe for a terminal and cut if long; "" with Line 0
}

// Mistakes is the error with everything that is wrong in a document.
type Mistakes struct {
	File string // as it was given to Read
	List []Mistake
	More int // mistakes that are not in List, since it is bounded
}

// Error returns one paragraph for each mistake: file:line:column, what is wrong, and the line itself below it.
func (m *Mistakes) Error() string {
	var b strings.Builder
	for i, x := range m.List {
		if i > 0 {
			b.WriteByte('\n')
		}
		fmt.Fprintf(&b, "%s: %s", m.Place(x), x.Text)
		if x.Excerpt != "" {
			fmt.Fprintf(&b, "\n    %s", x.Excerpt)
		}
	}
	if m.More > 0 {
		fmt.Fprintf(&b, "\n%s: %d more mistakes", m.File, m.More)
	}
	return b.String()
}

// Place returns file:line:column of x.
func (m *Mistakes) Place(x Mistake) string {
	if x.Line == 0 {
		return m.File
	}
	return fmt.Sprintf("%s:%d:%d", m.File, x.Line, x.Column)
}

// Mistake adds a mistake at a place of the document.
func (d *Document) Mistake(at Pos, format string, args ...any) {
	if len(d.mistakes) == maxMistakes {
		d.more++
		return
	}
	text := safe(fmt.Sprintf(format, args...), 400)
	m := Mistake{Line: at.Line, Column: at.Column, Text: text}
	if at.Line > 0 && at.Line <= len(d.lines) {
		m.Excerpt = safe(strings.TrimRight(d.lines[at.Line-1], " \t\r"), 100)
	}
	if !slices.Contains(d.mistakes, m) {
		d.mistakes = append(d.mistakes, m)
	}
}

// count returns how many mistakes there are so far.
func (d *Document) count() int { return len(d.mistakes) + d.more }

// Err returns all mistakes so far as a *Mistakes in the order of their places, or nil.
func (d *Document) Err() error {
	if len(d.mistakes) == 0 {
		return nil
	}
	list := slices.Clone(d.mistakes)
	slices.SortStableFunc(list, func(a, b Mistake) int {
		if a.Line != b.Line {
			return a.Line - b.Line
		}
		return a.Column - b.Column
	})
	return &Mistakes{File: d.name, List: list, More: d.more}
}

// safe returns s without anything that a terminal would obey, at most n characters of it.
func safe(s string, n int) string {
	var b strings.Builder
	for _, r := range s {
		if n--; n < 0 {
			return b.String() + "..."
		}
		switch {
		case r == '\t':
			b.WriteString(`\t`)
		case unsafeRune(r):
			fmt.Fprintf(&b, `\u%04x`, r)
		default:
			b.WriteRune(r)
		}
	}
	return b.String()
}

// unsafeRune says whether r does something to a terminal or to the order of the text instead of being shown.
func unsafeRune(r rune) bool {
	return unicode.IsControl(r) || unicode.In(r, unicode.Bidi_Control, unicode.Zl, unicode.Zp) || r == unicode.ReplacementChar
}
