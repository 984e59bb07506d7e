package strictyaml

import (
	"errors"
	"fmt"
	"io"
	"regexp"
	"slices"
	"strings"
	"unicode/utf8"

	"go.yaml.in/yaml/v4"
)

// MaxSize is the size of the largest document that is read, in bytes.
const MaxSize = 1 << 20

// maxDepth bounds how deep lists and maps stand in one another.
const maxDepth = 50

// maxTorn bounds how many lines with broken syntax are left out.
const maxTorn = 20

// A Document is a parsed YAML document and what is wrong with it.
type Document struct {
	name     string
	lines    []string // as they were read
	root     *yaml.Node
	torn     map[int]bool // lines that were left out
	meant    map[meaning]bool
	mistakes []Mistake
	more     int
}

// ReadAll reads r for Read: one byte more than a document may have, so that Read can say it.
func ReadAll(r io.Reader) ([]byte, error) {
	return io.ReadAll(io.LimitReader(r, MaxSize+1))
}

// Decode reads a document into v, a pointer to a struct. The error is a *Mistakes that calls the document name.
func Decode(name string, data []byte, v any) error {
	d := Read(name, data)
	d.Decode(v)
	return d.Err()
}

// Read parses a document. name is what mistakes call it: its path.
func Read(name string, data []byte) *Document {
	d := &Document{name: name, torn: map[int]bool{}, meant: map[meaning]bool{}}
	if len(data) > MaxSize {
		d.Mistake(Pos{}, "the file is larger than %d bytes and was not read", MaxSize)
		return d
	}
	text := strings.TrimPrefix(string(data), "\ufeff")
	text = strings.ReplaceAll(text, "\r\n", "\n")
	d.lines = strings.Split(text, "\n")
	d.parse(d.cleanLines())
	if d.root != nil {
		d.inspect(d.root)
	}
	return d
}

// Torn says that lines were left out, so that what seems to be missing may stand there.
func (d *Document) Torn() bool { return len(d.torn) > 0 }

// cleanLines returns the lines without the characters that must not be there, the first of each line told as a mistake.
func (d *Document) cleanLines() []string {
	clean := make([]string, len(d.lines))
	for i, line := range d.lines {
		column, told := 0, false
		clean[i] = strings.Map(func(r rune) rune {
			column++
			if r == '\t' || !unsafeRune(r) {
				return r
			}
			if !told {
				told = true
				d.mistakeOfRune(Pos{i + 1, column}, r)
			}
			return '?'
		}, line)
	}
	return clean
}

func (d *Document) mistakeOfRune(at Pos, r rune) {
	if r == utf8.RuneError {
		d.Mistake(at, "this is no UTF-8 text")
		return
	}
	d.Mistake(at, "the character U+%04X must not stand in this file", r)
}

// parse makes the tree. A line with broken syntax is told and left out, and the rest is tried again.
func (d *Document) parse(lines []string) {
	last := -2
	for range maxTorn {
		root, err := parse(lines)
		if err == nil {
			d.root = root
			return
		}
		at, text := d.place(err)
		if at.Line == last+1 || d.torn[at.Line] {
			return // most likely what follows from the mistake before
		}
		if !d.told(at.Line) {
			d.Mistake(at, "%s", text)
		}
		if at.Line < 1 || at.Line > len(lines) {
			return
		}
		last = at.Line
		d.torn[at.Line] = true
		if marker(lines[at.Line-1]) {
			lines = lines[:at.Line-1] // what belongs to another document is not looked at
			continue
		}
		lines[at.Line-1] = tornLine(lines[at.Line-1])
	}
}

// told says that there is a mistake in line already; a broken syntax there follows from it.
func (d *Document) told(line int) bool {
	return slices.ContainsFunc(d.mistakes, func(m Mistake) bool { return m.Line == line })
}

func parse(lines []string) (*yaml.Node, error) {
	var root yaml.Node
	if empty(lines) {
		return nil, nil
	}
	if err := yaml.Load([]byte(strings.Join(lines, "\n")), &root, yaml.WithPlugin(limits{})); err != nil {
		return nil, err
	}
	return &root, nil
}

// empty says that lines hold nothing but comments.
func empty(lines []string) bool {
	return !slices.ContainsFunc(lines, func(line string) bool {
		line = strings.TrimSpace(line)
		return line != "" && line[0] != '#' && line != "---" && line != "..."
	})
}

// limits are asked by the YAML library.
type limits struct{}

// CheckDepth bounds the nesting.
func (limits) CheckDepth(depth int, _ *yaml.DepthContext) error {
	if depth > maxDepth {
		return fmt.Errorf("lists and maps stand more than %d deep in one another", maxDepth)
	}
	return nil
}

// CheckAlias has nothing to bound: in a tree no alias is followed, and inspect refuses each with its place.
func (limits) CheckAlias(int, int) error { return nil }

var keyPart = regexp.MustCompile(`^\s*(?:- +)*[A-Za-z_][A-Za-z0-9_]*:(?:\s|$)`)

// tornTag marks the value of a line that was left out.
const tornTag = "!left-out"

// tornLine returns what stands for a line with broken syntax: its key with a marked value, if it has one, else nothing.
func tornLine(line string) string {
	if key := keyPart.FindString(line); key != "" && !strings.Contains(line, "\t") {
		return strings.TrimRight(key, " ") + " " + tornTag + ` ""`
	}
	return ""
}

// place says where an error of the YAML library is and what it is. What has no end is told where it begins.
func (d *Document) place(err error) (Pos, string) {
	var all *yaml.LoadErrors
	if errors.As(err, &all) && len(all.Errors) > 0 {
		err = all.Errors[0]
	}
	var e *yaml.LoadError
	if !errors.As(err, &e) {
		return Pos{}, err.Error()
	}
	switch {
	case strings.Contains(e.Message, "found multiple"):
		return Pos{Line: d.secondDocument(), Column: 1}, "a second document begins; a file holds one"
	case unended(e) && e.ContextMark.Line <= len(d.lines):
		begun := strings.TrimPrefix(e.ContextMsg, "while ")
		return Pos{e.ContextMark.Line, e.ContextMark.Column}, begun + " that begins here: " + e.Message
	}
	return Pos{min(e.Mark.Line, len(d.lines)), e.Mark.Column}, e.Message + advice(e.Message)
}

// unended says that e is about something that begins in an earlier line than the one where the library gave up.
func unended(e *yaml.LoadError) bool {
	if e.ContextMark.Line == 0 || e.ContextMark.Line == e.Mark.Line {
		return false
	}
	return strings.Contains(e.Message, "end of stream") || strings.Contains(e.ContextMsg, "flow") || strings.Contains(e.ContextMsg, "simple key")
}

// advice says what most likely has to be done about an error of the YAML library.
func advice(message string) string {
	switch {
	case strings.Contains(message, "mapping values are not allowed"):
		return `; a text with ": " in it has to be put in quotes, and keys of one group stand below one another`
	case strings.Contains(message, "cannot start any token"):
		return "; put the text in quotes"
	}
	return ""
}

// marker says whether line begins or ends a document.
func marker(line string) bool {
	return strings.HasPrefix(line, "---") || strings.HasPrefix(line, "...")
}

// secondDocument returns the line where the second document begins.
func (d *Document) secondDocument() int {
	content := false
	for i, line := range d.lines {
		if marker(line) && content {
			return i + 1
		}
		content = content || marker(line) || strings.TrimSpace(line) != "" && !strings.HasPrefix(line, "#")
	}
	return 0
}
