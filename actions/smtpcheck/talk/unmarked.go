package talk

import (
	"errors"
	"strings"

	"hikeshi/actions/smtpcheck/talk/lines"
)

// unmarked reads the rest of a reply to EHLO whose lines all look like the last one, and returns the whole. E-Post answers like that:
//
//	250 mail.example.jp Hello [198.51.100.7], pleased to meet you
//	250 SIZE 1048576
//	250 AUTH PLAIN LOGIN
//
// How many lines there are is not known, and waiting for silence would take a late one for the answer to the next command, in which a 250 is
// a finding. So HELP is said, which no server answers with 250.
func (c *Conn) unmarked(r Reply) (Reply, error) {
	if len(r.Lines) != 1 || c.in.Buffered() == 0 && !strings.Contains(c.Banner.Text(), "E-POST") && !strings.Contains(r.Text(), "pleased to meet you") {
		return r, nil
	}
	if err := c.write("HELP\r\n", "HELP"); err != nil {
		return r, err
	}
	for range lines.MaxLines {
		next, err := c.read()
		switch {
		case err != nil:
			return r, err
		case next.Code == 421:
			return next, nil
		case next.Code != 250:
			return r, nil
		}
		r.Lines = append(r.Lines, next.Lines...)
	}
	return r, c.fail("reading", errors.New("a reply to EHLO without an end"), ErrBroken)
}
