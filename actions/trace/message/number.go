package message

import (
	"bytes"
	"slices"
)

// number gives every field whose place is known the number of its line in text, the whole file. Where a file knows no LF, CR ends its lines.
func (f File) number(text []byte) {
	var all []*Field
	for _, m := range f.Mails {
		for i := range m.Found {
			for k := range m.Found[i].Fields {
				if x := &m.Found[i].Fields[k]; x.Offset >= 0 && x.Offset <= int64(len(text)) {
					all = append(all, x)
				}
			}
		}
	}
	slices.SortStableFunc(all, func(a, b *Field) int { return int(a.Offset - b.Offset) })
	end := []byte{'\n'}
	if !bytes.Contains(text, end) {
		end = []byte{'\r'}
	}
	line, at := 1, int64(0)
	for _, x := range all {
		line += bytes.Count(text[at:x.Offset], end)
		x.Line, at = line, x.Offset
	}
}
