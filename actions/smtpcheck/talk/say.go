package talk

import (
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
	"time"

	"hikeshi/actions/smtpcheck/talk/lines"
)

// Cmd gives one command and reads its reply. A command that is not one line of printable ASCII text is an error wrapping ErrLine, after which
// the conversation goes on.
func (c *Conn) Cmd(line string) (Reply, error) {
	if !oneLine(line) {
		return Reply{}, fmt.Errorf("sending %q: %w", Safe(head(line, 80)), ErrLine)
	}
	return c.say(line+"\r\n", line)
}

func oneLine(s string) bool {
	return len(s) <= maxCommand && strings.IndexFunc(s, func(r rune) bool { return r < ' ' || r > '~' }) < 0
}

// say writes data, which is shown as the text shown, and reads one reply.
func (c *Conn) say(data, shown string) (Reply, error) {
	if r, early := c.early(); early {
		return r, c.err
	}
	if err := c.write(data, shown); err != nil {
		return Reply{}, err
	}
	return c.read()
}

// early looks for what came before it was asked for. A 421 is what servers say before they hang up, and is the reply then.
func (c *Conn) early() (Reply, bool) {
	if c.err != nil {
		return Reply{}, true
	}
	if c.in.Buffered() == 0 {
		return Reply{}, false
	}
	r, err := c.read()
	if err == nil && r.Code != 421 {
		r = Reply{}
		c.fail("reading", errors.New("a reply before the command"), ErrBroken)
	}
	return r, true
}

// Raw writes data as it is, which the transcript shows line by line, and reads no reply. Whatever else was received unasked is not looked at.
func (c *Conn) Raw(data string) error {
	return c.write(data, strings.Split(strings.TrimSuffix(data, "\r\n"), "\r\n")...)
}

// Next reads one more reply, after Raw.
func (c *Conn) Next() (Reply, error) { return c.read() }

// Stray waits for a reply that nobody asked for. Silence until then is the good case: ok is false, and the conversation goes on.
func (c *Conn) Stray(wait time.Duration) (r Reply, ok bool, err error) {
	if c.err != nil {
		return Reply{}, false, c.err
	}
	c.net.SetReadDeadline(time.Now().Add(wait))
	if _, err := c.in.Peek(1); errors.Is(err, os.ErrDeadlineExceeded) && c.ctx.Err() == nil {
		return Reply{}, false, nil
	}
	r, err = c.read()
	return r, err == nil, err
}

// Message gives the text of a message after the 354 of DATA, with dots doubled and line ends CRLF (RFC 5321 section 4.5.2), and reads the reply
// to its final dot.
func (c *Conn) Message(text string) (Reply, error) {
	var b strings.Builder
	all := strings.Split(strings.TrimRight(strings.ReplaceAll(text, "\r\n", "\n"), "\n"), "\n")
	for _, line := range all {
		if strings.HasPrefix(line, ".") {
			b.WriteByte('.')
		}
		b.WriteString(strings.ReplaceAll(line, "\r", "") + "\r\n")
	}
	if r, early := c.early(); early {
		return r, c.err
	}
	if err := c.write(b.String()+".\r\n", append(all, ".")...); err != nil {
		return Reply{}, err
	}
	return c.read()
}

func (c *Conn) write(data string, shown ...string) error {
	if c.err != nil {
		return c.err
	}
	for _, line := range shown {
		if c.last == 334 { // whatever answers a challenge of AUTH
			line = hidden
		}
		c.Log.Add(c.cfg.Clock(), Client, c.redact(line))
	}
	c.last = 0
	if err := c.deadline(); err != nil {
		return err
	}
	if _, err := io.WriteString(c.net, data); err != nil {
		return c.fail("writing", err, ErrClosed)
	}
	return nil
}

func (c *Conn) read() (Reply, error) {
	if c.err != nil {
		return Reply{}, c.err
	}
	if err := c.deadline(); err != nil {
		return Reply{}, err
	}
	raw, err := c.in.Reply()
	for i, line := range raw {
		raw[i] = c.received(line, err != nil && i == len(raw)-1)
	}
	if errors.Is(err, lines.ErrBound) {
		return Reply{}, c.fail("reading", err, ErrBroken)
	}
	if err != nil {
		return Reply{}, c.fail("reading", err, ErrClosed)
	}
	r, err := parse(raw)
	if err != nil {
		return Reply{}, c.fail("reading", err, ErrBroken)
	}
	c.last = r.Code
	return r, nil
}

// received writes a line of the peer down and returns it, without secrets. A part of one could stand at the end of what is torn or cut.
func (c *Conn) received(line string, torn bool) string {
	whole := c.redact(line)
	switch {
	case torn && len(c.secrets) > 0 && line != "":
		whole = hidden
	case len(line) >= lines.Max+lines.Spare:
		whole = whole[:max(0, len(whole)-maxBlob)]
	}
	if whole != "" || !torn {
		c.Log.Add(c.cfg.Clock(), Server, whole)
	}
	return whole
}
