package record

import (
	"hikeshi/spool"
	"hikeshi/spool/epms/logs/field"
)

// Sender reads senderlog, the dialogue of the delivery service with other servers (FAQ bsd/05-10). A line has a time of day alone, so
// the day is that of the file, and free text behind it, mostly with the ID and the domain first:
//
//	[10:29:51:123] [B0000097013] [example.com] GetTryServer:()
//
// Where the text is an answer of a peer that begins with 4, the message will be tried again. Final failures stand in faillog.
type Sender struct{ day int64 }

// NewSender reads a file of the day that begins at wall, 0 if that is not known: then nothing is understood.
func NewSender(wall int64) *Sender { return &Sender{wall - wall%86400} }

// Wall is the time of a line.
func (p *Sender) Wall(line []byte) (int64, bool) {
	wall, _, ok := p.head(line)
	return wall, ok
}

func (p *Sender) head(line []byte) (wall int64, rest []byte, ok bool) {
	if len(line) < 2 || line[0] != '[' || p.day == 0 {
		return 0, nil, false
	}
	stamp, rest, ok := between(line[1:min(len(line), 24)], "]")
	if !ok {
		return 0, nil, false
	}
	seconds, ok := field.TimeOfDay(stamp)
	return p.day + seconds, line[len(stamp)+2:], ok && (len(rest) == 0 || rest[0] == ' ')
}

// Parse reads a line.
func (p *Sender) Parse(line []byte, e *spool.Event) spool.Reading {
	*e = spool.Event{Service: spool.SMTP}
	wall, rest, ok := p.head(field.Trim(line))
	if !ok {
		return spool.LineUnknown
	}
	e.Wall = wall
	if id, text, ok := label(rest); ok {
		if e.ID, ok = field.ID(id); ok {
			rest = text
		}
	}
	var domain []byte
	if name, text, ok := label(rest); ok {
		domain, rest = name, text
	}
	rest, _ = has(rest, " ")
	if e.ID == nil || !field.IsReply(rest) || rest[0] != '4' {
		return spool.LineQuiet
	}
	e.Kind, e.Domain, e.Reply = spool.EventDeferred, domain, rest
	return spool.LineSaid
}

// label cuts off ` [example.com]`.
func label(text []byte) (label, rest []byte, ok bool) {
	text, ok = has(text, " [")
	if !ok {
		return nil, nil, false
	}
	return between(text, "]")
}
