package edit

import (
	"bytes"

	"hikeshi/spool/disk"
)

// Cut is a line that was taken out, and the offset in the old file at which it stood, in bytes.
type Cut struct {
	At   int    `json:"at"`
	Line []byte `json:"line"`
}

// Cuts says which lines of before are not in after.
func Cuts(before, after []byte) []Cut {
	var all []Cut
	at := 0
	for line := range bytes.Lines(before) {
		if bytes.HasPrefix(after, line) {
			after = after[len(line):]
		} else {
			all = append(all, Cut{at, bytes.Clone(line)})
		}
		at += len(line)
	}
	return all
}

// PutBack is the file as it was before the lines were taken out of it; ok is false if now is not what was left then. old is the hash of
// the file as it was.
func PutBack(now []byte, cuts []Cut, old string) (before []byte, ok bool) {
	for _, c := range cuts {
		n := c.At - len(before)
		if n < 0 || n > len(now) {
			return nil, false
		}
		before = append(append(before, now[:n]...), c.Line...)
		now = now[n:]
	}
	before = append(before, now...)
	return before, disk.Hash(before) == old
}
