// Package lines reads the lines of SMTP replies from a peer that may be hostile, within bounds: a reply has at most MaxLines lines and MaxReply
// bytes, of which Max+Spare of each line are kept, and a conversation has a bound too. What the lines say is for package talk.
package lines

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"strings"
)

// The bounds of one reply; RFC 5321 section 4.5.3.1.5 gives a line 512 bytes.
const (
	Max      = 2 << 10  // bytes of a line that are kept in the end
	Spare    = 2 << 10  // and read beyond it, so that a secret at the cut is found as a whole before the line is cut
	MaxLines = 100      // lines
	MaxReply = 64 << 10 // bytes that are read
)

// ErrBound is wrapped by the error for what is larger than it may be.
var ErrBound = errors.New("larger than any reply of a mail server")

// A Reader reads replies within their bounds.
type Reader struct {
	*bufio.Reader
	Left int64 // bytes that may still be read in this conversation
}

// New reads from r at most left bytes.
func New(r io.Reader, left int64) Reader { return Reader{bufio.NewReader(r), left} }

// Reply reads the lines of one reply, as they came but for their ends, each cut to Max+Spare bytes. What came before an error is returned too.
func (r *Reader) Reply() ([]string, error) {
	var all []string
	for budget := MaxReply; ; {
		line, n, err := r.line(budget)
		if budget -= n; err != nil {
			return append(all, line), err
		}
		all = append(all, line)
		if len(line) < 4 || line[3] != '-' {
			return all, nil
		}
		if len(all) == MaxLines {
			return all, fmt.Errorf("a reply of more than %d lines: %w", MaxLines, ErrBound)
		}
	}
}

// line reads a line of at most budget bytes and returns it with the number of bytes read. What came before an error is returned too.
func (r *Reader) line(budget int) (string, int, error) {
	var b strings.Builder
	for n := 0; ; {
		if n >= budget || r.Left <= 0 {
			return b.String(), n, fmt.Errorf("%d bytes: %w", n, ErrBound)
		}
		c, err := r.ReadByte()
		if err != nil {
			if errors.Is(err, io.EOF) && n > 0 {
				err = io.ErrUnexpectedEOF
			}
			return b.String(), n, err
		}
		n++
		r.Left--
		if c == '\n' {
			return strings.TrimSuffix(b.String(), "\r"), n, nil
		}
		if b.Len() < Max+Spare {
			b.WriteByte(c)
		}
	}
}
