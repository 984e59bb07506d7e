package record

import (
	"bytes"

	"hikeshi/spool"
	"hikeshi/spool/epms/logs/field"
)

// Out reads outlog and outlocallog, one line for each delivery to another server or to a mailbox, with a minus sign for the null
// sender and perhaps several recipients (FAQ bsd/05-43), and faillog, one line for each final failure, with the answer of the peer
// (FAQ bsd/05-09):
//
//	B0000055688@example.jp sent on [01/Nov/2017:10:29:51] to 192.0.2.99 mx.example.com from taro@example.jp to hanako@example.com
//	B0000055688@example.jp send fail on [01/Nov/2017:10:29:51] from taro@example.jp to hanako@example.com [550 User Unknown]
//
// The peer is the server that took the message, or did not.
type Out struct {
	clock field.Clock
	kind  spool.EventKind
}

// NewOut reads outlog (spool.EventSent), outlocallog (spool.EventLocal) or faillog (spool.EventBounced).
func NewOut(kind spool.EventKind) *Out { return &Out{kind: kind} }

// Wall is the time of a line.
func (p *Out) Wall(line []byte) (int64, bool) {
	_, wall, _, ok := p.head(line)
	return wall, ok
}

// head reads `B0000055688@example.jp sent on [01/Nov/2017:10:29:51] `.
func (p *Out) head(line []byte) (id []byte, wall int64, rest []byte, ok bool) {
	id, rest, ok = field.Token(line)
	if !ok {
		return nil, 0, nil, false
	}
	words := "sent on "
	if p.kind == spool.EventBounced {
		words = "send fail on "
	}
	if rest, ok = has(rest, words); !ok {
		return nil, 0, nil, false
	}
	if wall, rest, ok = p.clock.Head(rest); !ok || len(rest) == 0 || rest[0] != ' ' {
		return nil, 0, nil, false
	}
	return id, wall, rest[1:], true
}

// Parse reads a line.
func (p *Out) Parse(line []byte, e *spool.Event) spool.Reading {
	*e = spool.Event{Service: spool.SMTP, Kind: p.kind, SenderSaid: true}
	id, wall, rest, ok := p.head(field.Trim(line))
	if !ok {
		return spool.LineUnknown
	}
	e.Wall = wall
	if e.ID, ok = field.ID(id); !ok {
		return spool.LineUnknown
	}
	if p.kind == spool.EventBounced {
		ok = failure(rest, e)
	} else {
		ok = delivery(rest, e)
	}
	if !ok {
		return spool.LineUnknown
	}
	return spool.LineSaid
}

// delivery reads `to 192.0.2.99 mx.example.com from taro@example.jp to hanako@example.com`.
func delivery(text []byte, e *spool.Event) bool {
	text, ok := has(text, "to ")
	if !ok {
		return false
	}
	if e.Client, text, ok = at(text); !ok {
		return false
	}
	if _, text, ok = field.Token(text); !ok {
		return false
	}
	if text, ok = has(text, "from "); !ok {
		return false
	}
	to, ok := sender(text, e, true)
	if !ok || len(to) == 0 {
		return false
	}
	if string(e.Sender) == "-" {
		e.Sender = e.Sender[:0]
	}
	if n := len(to); n > 2 && to[0] == '[' && to[n-1] == ']' {
		to = to[1 : n-1]
	}
	e.Recipients, e.Count = to, 1+bytes.Count(to, []byte{' '})
	return true
}

// failure reads `from taro@example.jp to hanako@example.com [550 User Unknown]`.
func failure(text []byte, e *spool.Event) bool {
	text, ok := has(text, "from ")
	if !ok {
		return false
	}
	to, ok := sender(text, e, false)
	if !ok {
		return false
	}
	rcpt, answer := field.Address(to)
	if reply, ok := has(answer, " ["); ok {
		answer = reply
	} else if rcpt, answer, ok = between(to, " ["); !ok {
		return false
	}
	if n := len(answer); n > 0 && answer[n-1] == ']' {
		answer = answer[:n-1]
	}
	e.Recipients, e.Count, e.Reply = field.Bare(rcpt), 1, answer
	return true
}

// sender reads the sender, and returns what stands behind the " to ": the one behind the address, or the last or first one of all if
// the sender is no address.
func sender(text []byte, e *spool.Event, final bool) (to []byte, ok bool) {
	from, rest := field.Address(text)
	if to, ok = has(rest, " to "); ok {
		e.Sender = field.Bare(from)
		return to, true
	}
	i := bytes.Index(text, []byte(" to "))
	if final {
		i = bytes.LastIndex(text, []byte(" to "))
	}
	if i < 0 {
		return nil, false
	}
	e.Sender = field.Bare(text[:i])
	return text[i+4:], true
}
