package effect

import (
	"errors"
	"fmt"
	"slices"
	"strings"
)

// span is a part of the text.
type span struct{ from, to int }

// ErrDrift means that the lines of an edit do not stand in the file as it left them.
var ErrDrift = errors.New("the file has changed there")

// Remove takes out exactly the bytes that the edit added and leaves every other byte, so that changes made
// elsewhere since then stay. Each line must stand there byte for byte, and as often as it did after the
// edit: lines that were changed, doubled or are gone are ErrDrift, and then nothing is removed. Of equal
// lines the first goes, because the edit put its own above the others. An LF that the edit put behind an
// unfinished line goes too, if that line, told by its length, would end the file again.
func (f *File) Remove(e Edit) (*File, error) {
	if e.Empty() {
		return f, nil
	}
	cuts := make([]span, 0, len(e.Added))
	var errs []error
	for _, d := range e.Added {
		at := f.find(d.Line())
		if len(at) != d.Twins+1 {
			errs = append(errs, fmt.Errorf("the line %q stands there %d times instead of %d: %w",
				strings.TrimSuffix(d.Line(), "\n"), len(at), d.Twins+1, ErrDrift))
			continue
		}
		cuts = append(cuts, span{at[0], at[0] + len(d.Line())})
	}
	if len(errs) > 0 {
		return nil, fmt.Errorf("removing denials: %w", errors.Join(errs...))
	}
	slices.SortFunc(cuts, func(a, b span) int { return a.from - b.from })
	var kept strings.Builder
	end := 0
	for _, c := range cuts {
		kept.WriteString(f.text[end:c.from])
		end = c.to
	}
	kept.WriteString(f.text[end:])
	text := kept.String()
	if above := f.text[:cuts[0].from]; e.Unfinished > 0 && end == len(f.text) && lastLine(above) == e.Unfinished {
		text = strings.TrimSuffix(text, "\n")
	}
	return &File{text: text}, nil
}

// lastLine returns the length of the last line of a text that ends in LF, without the LF.
func lastLine(text string) int {
	text = strings.TrimSuffix(text, "\n")
	return len(text) - strings.LastIndexByte(text, '\n') - 1
}
