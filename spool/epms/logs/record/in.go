package record

import (
	"bytes"

	"hikeshi/spool"
	"hikeshi/spool/epms/logs/field"
)

// In reads inlog, one line for each message that was taken: ID, time, peer, HELO, sender and every recipient, each behind one space
// (FAQ bsd/05-04). A null sender and an empty HELO leave two spaces.
//
//	<B0000097403@example.jp> [11/Nov/2017:17:58:25] 192.0.2.7 mail.example.com taro@example.jp hanako@example.com jiro@example.net
//
// A build of 2008 has no HELO column. Its lines are known by those with one recipient, which are too short otherwise: from such a line
// on, a line whose column of the HELO holds an @ is taken for one without HELO. A HELO of several words cannot be told from the fields
// behind it.
type In struct {
	clock field.Clock
	old   bool // lines without HELO were seen
}

// Wall is the time of a line.
func (p *In) Wall(line []byte) (int64, bool) {
	_, wall, _, ok := p.head(line)
	return wall, ok
}

// head reads `<B0000097403@example.jp> [11/Nov/2017:17:58:25] `.
func (p *In) head(line []byte) (id []byte, wall int64, rest []byte, ok bool) {
	id, rest, ok = field.Token(line)
	if !ok || len(id) < 3 || id[0] != '<' {
		return nil, 0, nil, false
	}
	if wall, rest, ok = p.clock.Head(rest); !ok || len(rest) == 0 || rest[0] != ' ' {
		return nil, 0, nil, false
	}
	return id, wall, rest[1:], true
}

// Parse reads a line.
func (p *In) Parse(line []byte, e *spool.Event) spool.Reading {
	*e = spool.Event{Service: spool.SMTP, Kind: spool.EventAccept, SenderSaid: true}
	id, wall, rest, ok := p.head(field.Trim(line))
	if !ok {
		return spool.LineUnknown
	}
	e.Wall = wall
	if e.ID, ok = field.ID(id); !ok {
		return spool.LineUnknown
	}
	if e.Client, rest, ok = at(rest); !ok {
		return spool.LineUnknown
	}
	if !p.columns(rest, e) {
		return spool.LineUnknown
	}
	return spool.LineSaid
}

// columns reads HELO, sender and recipients.
func (p *In) columns(text []byte, e *spool.Event) bool {
	first, rest, ok := field.Token(text)
	if !ok || len(rest) == 0 {
		return false
	}
	second, recipients, more := field.Token(rest)
	mail := bytes.IndexByte(first, '@') >= 0
	switch {
	case !more:
		p.old = true
	case len(first) > 0 && !mail:
		p.old = false
	}
	if p.old && (mail || len(first) == 0 || !more) {
		second, recipients = first, rest
	} else {
		e.HELO = first
	}
	if len(recipients) == 0 {
		return false
	}
	e.Sender, e.Recipients = field.Bare(second), recipients
	e.Count = 1 + bytes.Count(recipients, []byte{' '})
	return true
}
