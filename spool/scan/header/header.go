// Package header reads single fields of the header of a mail, bounded, and makes their texts readable: folded lines are put together
// (RFC 5322 section 2.2.3), encoded words are decoded (RFC 2047), and so is Japanese that stands there as it is, in ISO-2022-JP,
// Shift_JIS or EUC-JP. What comes out is safe to show.
package header

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"strings"
)

// The bounds of reading, in bytes.
const (
	Max      = 64 << 10 // of a header
	maxField = 8 << 10
)

// Take returns the first field of each of some names, as it stands there but in one line; "" for those that are not there. It reads no
// further than to the last of them, and never beyond the header.
func Take(r io.Reader, names ...string) ([]string, error) {
	t := taker{names: names, found: make([]string, len(names)), seen: make([]bool, len(names)), at: -1}
	lines := bufio.NewReaderSize(io.LimitReader(r, Max), 1024)
	for fresh := true; ; {
		part, err := lines.ReadSlice('\n')
		full := errors.Is(err, bufio.ErrBufferFull)
		if err != nil && err != io.EOF && !full {
			return nil, fmt.Errorf("reading header: %w", err)
		}
		if !t.line(part, fresh) || err == io.EOF {
			break
		}
		fresh = !full
	}
	t.end()
	return t.found, nil
}

// A taker puts fields together.
type taker struct {
	names, found []string
	seen         []bool
	at           int // the field that goes on; -1 none
	text         []byte
}

// line takes a line, or a part of one that is not fresh; false says that nothing is wanted any more.
func (t *taker) line(part []byte, fresh bool) bool {
	bare := bytes.TrimRight(part, "\r\n")
	switch {
	case !fresh:
	case len(bare) == 0:
		return false
	case bare[0] == ' ' || bare[0] == '\t':
		bare = append([]byte{' '}, bytes.TrimLeft(bare, " \t")...)
	default:
		t.end()
		if t.whole() {
			return false
		}
		bare = t.begin(bare)
	}
	if t.at >= 0 {
		t.text = append(t.text, bare[:min(len(bare), maxField-len(t.text))]...)
	}
	return true
}

// begin looks whether a field is wanted, and returns its text.
func (t *taker) begin(line []byte) []byte {
	name, text, _ := bytes.Cut(line, []byte{':'})
	for i, n := range t.names {
		if !t.seen[i] && strings.EqualFold(string(bytes.TrimRight(name, " \t")), n) {
			t.at, t.seen[i] = i, true
		}
	}
	return text
}

// end closes the field that was begun.
func (t *taker) end() {
	if t.at >= 0 {
		t.found[t.at] = strings.TrimSpace(string(t.text))
	}
	t.at, t.text = -1, t.text[:0]
}

// whole says that all fields were found.
func (t *taker) whole() bool {
	for _, s := range t.seen {
		if !s {
			return false
		}
	}
	return true
}

// HELO is the name that a client gave itself, of a Received field such as "from HELO (unverified [203.0.113.9]) by …": all before the
// first bracket, safe to show. It is "" where the field does not begin so.
func HELO(received string) string {
	rest, ok := strings.CutPrefix(strings.TrimSpace(received), "from ")
	if !ok {
		return ""
	}
	name, _, ok := strings.Cut(rest, " (")
	if !ok {
		return ""
	}
	return Safe(strings.TrimSpace(name))
}
