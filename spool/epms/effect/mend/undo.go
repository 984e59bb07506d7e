package mend

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io/fs"
	"slices"

	"hikeshi/spool/epms/effect"
)

// edit is one line that was changed, or added if there is no Old. Lines are bytes: they need not be text.
type edit struct {
	Line int    `json:"line"` // 1-based, when it was mended
	Old  []byte `json:"old,omitempty"`
	New  []byte `json:"new"`
	Nth  int    `json:"nth"` // of the lines of the bytes New in the file that was left, which one it is, from 0
	Of   int    `json:"of"`  // how many of these there were
}

// undo is what the inverse edit needs.
type undo struct {
	Lines []edit `json:"lines"`
}

// count tells equal lines apart.
func (u *undo) count(after [][]byte) {
	for i := range u.Lines {
		e := &u.Lines[i]
		for n, line := range after {
			if bytes.Equal(line, e.New) {
				if n < e.Line-1 {
					e.Nth++
				}
				e.Of++
			}
		}
	}
}

// Undo puts the lines of a MendEdit back, as they stood, wherever they stand in file now, and leaves every other byte. A line that
// is gone, changed or doubled since is an error that wraps effect.ErrDrift, and then nothing is put back; when all of them are gone
// the error wraps fs.ErrNotExist.
func Undo(file []byte, made json.RawMessage) ([]byte, error) {
	var u undo
	if err := json.Unmarshal(made, &u); err != nil {
		return nil, fmt.Errorf("putting mended lines back: reading what was mended: %w", err)
	}
	lines := split(file)
	at := make([]int, 0, len(u.Lines))
	gone := 0
	for _, e := range u.Lines {
		var same []int
		for n, line := range lines {
			if bytes.Equal(line, e.New) {
				same = append(same, n)
			}
		}
		switch {
		case len(same) == e.Of && e.Nth < e.Of:
			at = append(at, same[e.Nth])
		case len(same) == 0:
			gone++
		}
	}
	switch {
	case gone == len(u.Lines):
		return nil, fmt.Errorf("putting mended lines back: none of them stands there as it was mended: %w", fs.ErrNotExist)
	case len(at) != len(u.Lines):
		return nil, fmt.Errorf("putting mended lines back: %d of %d lines do not stand there as they were mended: %w", len(u.Lines)-len(at), len(u.Lines), effect.ErrDrift)
	}
	return putBack(lines, at, u.Lines), nil
}

func putBack(lines [][]byte, at []int, edits []edit) []byte {
	for i, e := range edits {
		lines[at[i]] = e.Old
	}
	last := len(lines) - 1
	for last >= 0 && len(lines[last]) == 0 {
		last-- // an added line that ends the file
	}
	for i, e := range edits {
		if n := at[i]; len(e.Old) > 0 && !bytes.HasSuffix(e.Old, []byte("\n")) && n < last {
			lines[n] = append(slices.Clone(e.Old), '\n') // something stands below it by now
		}
	}
	return bytes.Join(lines, nil)
}
