package record

import (
	"bytes"
	"net/netip"

	"hikeshi/spool"
	"hikeshi/spool/epms/logs/field"
)

// Accept reads acceptlog: two lines a session that are not adjacent, one when it begins and one when it ends (FAQ bsd/05-03,
// bsd/05-24, bsd/05-36):
//
//	[30/Nov/2017:08:20:44], (example.jp), [192.0.2.7]:25, Client accept now.
//	[30/Nov/2017:08:22:06], (example.jp), 192.0.2.7 [192.0.2.7], taro@example.jp,<B0000097586>,ok
//	[12/Dec/2017:00:01:49], (example.jp), 192.0.2.7[192.0.2.7],AUTH-LOGIN:admin [failed],,abort
//	[12/Dec/2017:00:01:49], (example.jp), 192.0.2.7[192.0.2.7], AUTH-LOGIN:taro@example.jp [success],<B0000097587>,ok
//
// The last state of a session alone is written, so figures are lower bounds; a session with AUTH shows the login and no sender.
// Somebody who writes MAIL FROM:<AUTH-LOGIN:taro@example.jp [success]> leaves the same line as a login. What no login can be is not
// taken for one: an unknown mechanism, a name with a space, a bracket or a comma, a failed login by which a message was taken. For the
// rest, inlog names the sender of the message: one that begins with AUTH- is such a forgery.
type Accept struct {
	clock field.Clock
	door  spool.Protocol // SMTP if not set
}

// Wall is the time of a line.
func (p *Accept) Wall(line []byte) (int64, bool) {
	wall, _, ok := p.clock.Head(line)
	return wall, ok
}

// Parse reads a line.
func (p *Accept) Parse(line []byte, e *spool.Event) spool.Reading {
	*e = spool.Event{Service: max(p.door, spool.SMTP)}
	var rest []byte
	var ok bool
	if e.Wall, rest, ok = p.clock.Head(line); !ok {
		return spool.LineUnknown
	}
	return p.parse(field.Trim(rest), e)
}

// parse reads `, (example.jp), …`.
func (p *Accept) parse(rest []byte, e *spool.Event) spool.Reading {
	rest, ok := has(rest, ", (")
	if !ok {
		return spool.LineUnknown
	}
	if _, rest, ok = between(rest, "), "); !ok {
		return spool.LineUnknown
	}
	if len(rest) > 0 && rest[0] == '[' && bytes.HasSuffix(rest, []byte(", Client accept now.")) {
		peer, _, ok := between(rest[1:], "]:")
		e.Kind = spool.EventConnect
		return p.client(peer, ok, e)
	}
	if _, rest, ok = between(rest, "["); !ok {
		return spool.LineUnknown
	}
	peer, state, ok := between(rest, "],")
	if p.client(peer, ok, e) != spool.LineSaid {
		return spool.LineUnknown
	}
	return ending(state, e)
}

// client reads the address of the peer. The samples of the vendor mask it, so it needs not be one.
func (p *Accept) client(peer []byte, ok bool, e *spool.Event) spool.Reading {
	if !ok || len(peer) == 0 || len(peer) > field.MaxAddress || bytes.IndexByte(peer, ' ') >= 0 {
		return spool.LineUnknown
	}
	e.Client = field.Addr(peer)
	return spool.LineSaid
}

// ending reads `STATE,<B0000097586>,ok` from its end: the state may hold commas.
func ending(text []byte, e *spool.Event) spool.Reading {
	i := bytes.LastIndexByte(text, ',')
	if i < 0 {
		return spool.LineUnknown
	}
	result := text[i+1:]
	if len(result) > 0 && result[0] == ' ' {
		result = result[1:]
	}
	j := bytes.LastIndexByte(text[:i], ',')
	if j < 0 {
		return spool.LineUnknown
	}
	if id := bytes.TrimSpace(text[j+1 : i]); len(id) > 0 {
		var ok bool
		if e.ID, ok = field.ID(id); !ok {
			return spool.LineUnknown
		}
	}
	state := text[:j]
	if len(state) > 0 && state[0] == ' ' {
		state = state[1:]
	}
	switch string(result) {
	case "ok":
		return said(state, spool.EventEnd, e)
	case "abort":
		return said(state, spool.EventReject, e)
	case "connection timeout":
		return said(state, spool.EventEnd, e)
	}
	return spool.LineUnknown
}

// said reads the state: a login, a reason of the server, or the envelope sender. without is the kind of a session without a login.
func said(state []byte, without spool.EventKind, e *spool.Event) spool.Reading {
	e.Kind = without
	switch user, failed, ok := login(state); {
	case ok && failed && (without == spool.EventReject || e.ID == nil):
		e.Kind, e.Login = spool.EventLoginFail, user
	case ok && !failed:
		e.Kind, e.Login = spool.EventLogin, user
	case string(state) == "It was in the ORDB IP." || string(state) == `"Revers DNS" was failed.`:
		e.Reply = state
	case len(state) > 0:
		e.Sender, e.SenderSaid = field.Bare(state), true
	}
	return spool.LineSaid
}

// login reads `AUTH-LOGIN:taro@example.jp [success]`. A name that failed may be anything, one that succeeded is that of an account.
func login(state []byte) (user []byte, failed, ok bool) {
	text, ok := has(state, "AUTH-")
	if !ok {
		return nil, false, false
	}
	i := bytes.IndexByte(text, ':')
	if i < 0 || !mechanism(text[:i]) {
		return nil, false, false
	}
	user = text[i+1:]
	if name, ok := bytes.CutSuffix(user, []byte(" [failed]")); ok {
		return name, true, true
	}
	user, ok = bytes.CutSuffix(user, []byte(" [success]"))
	return user, false, ok && isAccount(user)
}

func mechanism(name []byte) bool {
	switch string(name) {
	case "PLAIN", "LOGIN", "CRAM-MD5", "XAOUTH2", "XOAUTH2", "unknown":
		return true
	}
	return false
}

// isAccount says whether an account can have the name.
func isAccount(name []byte) bool {
	for _, c := range name {
		switch {
		case c >= 'a' && c <= 'z', c >= '0' && c <= '9', c == '.', c == '@': // most of all bytes
		case c <= ' ', c == 0x7f, c == '<', c == '>', c == ',', c == '"', c == '[', c == ']':
			return false
		}
	}
	return len(name) > 0 && len(name) <= maxName
}

// at is the address of a peer that is a word of a line, and what follows.
func at(text []byte) (peer netip.Addr, rest []byte, ok bool) {
	word, rest, ok := field.Token(text)
	if !ok || len(word) > field.MaxAddress {
		return peer, nil, false
	}
	return field.Addr(word), rest, true
}
