package effect

import (
	"bytes"
	"errors"
	"fmt"
	"slices"
	"strings"

	"hikeshi/spool/epms/effect/pattern"
	"hikeshi/spool/epms/effect/target"
)

// An Edit adds denials to a file. It is plain data, so that it can be written down, made later, and
// taken back by [File.Remove] when the file has changed elsewhere.
type Edit struct {
	Offset     int64    `json:"offset"`               // where the bytes of Insert go in
	Line       int      `json:"line"`                 // 1-based number the first denial will have
	Unfinished int      `json:"unfinished,omitempty"` // length of the file's last line if it lacks its LF and the edit puts that in first
	Added      []Denial `json:"added"`                // in the order of the file
	Already    []string `json:"already,omitempty"`    // targets, as they were given, that the file denies without an edit
}

// A Denial is one line that an Edit adds.
type Denial struct {
	Target  string `json:"target"`  // as it was given
	Pattern string `json:"pattern"` // the line is the pattern, a space, "false" and LF
	Twins   int    `json:"twins"`   // lines of the same bytes that stood in the file before, all below this one
}

// denyAction is what follows the pattern of a denial: one space, the word, LF.
const denyAction = " false\n"

// Line returns the line of the denial, with its LF.
func (d Denial) Line() string { return d.Pattern + denyAction }

// Empty reports whether there is nothing to do.
func (e Edit) Empty() bool { return len(e.Added) == 0 }

// Insert returns the bytes that the edit adds at Offset, and nothing else changes.
func (e Edit) Insert() []byte {
	var b bytes.Buffer
	if e.Unfinished > 0 && !e.Empty() {
		b.WriteByte('\n')
	}
	for _, d := range e.Added {
		b.WriteString(d.Line())
	}
	return b.Bytes()
}

// Apply returns the file with the edit made. The file must be the one that the edit was planned for.
func (e Edit) Apply(f *File) (*File, error) {
	if e.Offset < 0 || e.Offset > int64(len(f.text)) {
		return nil, fmt.Errorf("adding denials at byte %d: the file has %d bytes", e.Offset, len(f.text))
	}
	return &File{text: f.text[:e.Offset] + string(e.Insert()) + f.text[e.Offset:]}, nil
}

// Deny plans the denial of one target; see [File.DenyAll].
func (f *File) Deny(target string) (Edit, error) { return f.DenyAll([]string{target}) }

// DenyAll plans the denial of several targets (see package target) as one edit. The lines go directly below
// the leading run of skipped lines and of #<> and #blank lines with the default rule or a denial: the
// vendor's place for own lines (FAQ bsd/01-99), above every line that could decide for the target first,
// above the first "only", which a line below would lift, and never where the last line's norelay flags
// hold. Should that place lie inside a line of more than 255 bytes, it is the beginning of that line.
//
// What the file already denies to every kind of sender is listed and not added again. The null sender and
// the empty one may keep the default rule of the run above, by which they reach local recipients only.
func (f *File) DenyAll(targets []string) (Edit, error) {
	all := make([]target.Target, len(targets))
	var errs []error
	for i, s := range targets {
		var err error
		if all[i], err = target.Parse(s); err != nil {
			errs = append(errs, err)
		}
	}
	if len(errs) > 0 {
		return Edit{}, errors.Join(errs...)
	}
	e := f.place()
	denied := f.denied(all)
	for i, t := range all {
		same := func(d Denial) bool { return d.Pattern == t.Pattern }
		switch {
		case denied[i]:
			e.Already = append(e.Already, targets[i])
		case !slices.ContainsFunc(e.Added, same):
			d := Denial{Target: targets[i], Pattern: t.Pattern}
			d.Twins = len(f.find(d.Line()))
			e.Added = append(e.Added, d)
		}
	}
	return e, nil
}

// place finds where denials go.
func (f *File) place() Edit {
	e := Edit{Line: 1}
	for l := range f.Lines() {
		if !l.Skipped && !spares(l) {
			break
		}
		e.Offset = l.Offset + int64(len(l.Raw))
	}
	begun := int64(strings.LastIndexByte(f.text[:e.Offset], '\n') + 1) // where the line begins that Offset is in
	if e.Offset < int64(len(f.text)) {
		e.Offset = begun
	} else if e.Unfinished = int(e.Offset - begun); e.Unfinished > 0 {
		e.Line++
	}
	e.Line += strings.Count(f.text[:e.Offset], "\n")
	return e
}

// spares reports whether a line may stand above a denial: it decides for no sender but the null and the
// empty one, refuses them or leaves them the default rule, and sets no flags.
func spares(l Line) bool {
	w := pattern.Parse(l.Pattern).Word
	return (w == pattern.NullSender || w == pattern.Blank) && (l.Action == False || l.Action.IsDefault())
}

// denied tells which targets the file denies: a line with false covers the target, and no line above it
// could decide otherwise for a part of it, whatever the sender or, for senders, the peer.
func (f *File) denied(targets []target.Target) []bool {
	denied := make([]bool, len(targets))
	open := make([]int, len(targets))
	for i := range open {
		open[i] = i
	}
	for l := range f.Lines() {
		if len(open) == 0 {
			break
		}
		if l.Skipped || l.Action != False && spares(l) {
			continue
		}
		p := pattern.Parse(l.Pattern)
		open = slices.DeleteFunc(open, func(i int) bool {
			if l.Action == False {
				denied[i] = targets[i].CoveredBy(&p)
				return denied[i]
			}
			return targets[i].TouchedBy(&p)
		})
	}
	return denied
}

// find returns the offsets of all lines, counted by LF, of exactly these bytes.
func (f *File) find(line string) (at []int) {
	for from := 0; ; {
		i := strings.Index(f.text[from:], line)
		if i < 0 {
			return at
		}
		i += from
		from = i + 1
		if i == 0 || f.text[i-1] == '\n' {
			at = append(at, i)
		}
	}
}
