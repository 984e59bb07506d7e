package record

import (
	"bytes"

	"hikeshi/spool"
	"hikeshi/spool/epms/logs/field"
)

// Mailbox reads imap4log, one line for each command, and pop3log, whose format is not documented and is taken to be alike: time, user
// or a minus sign, peer, command, argument, outcome. The password of LOGIN is masked:
//
//	[01/Nov/2017:10:29:51] taro@example.jp from 192.0.2.7 LOGIN taro@example.jp **** failed
//
// A line in the form of acceptlog is read as that. Of other commands the argument is not known to be masked: lines of which that may
// hold a password are Secret, and so are those that make no sense.
type Mailbox struct {
	accept Accept
	door   spool.Protocol
}

// NewMailbox reads pop3log (spool.POP3) or imap4log (spool.IMAP4).
func NewMailbox(door spool.Protocol) *Mailbox { return &Mailbox{Accept{door: door}, door} }

// Wall is the time of a line.
func (p *Mailbox) Wall(line []byte) (int64, bool) { return p.accept.Wall(line) }

// Parse reads a line.
func (p *Mailbox) Parse(line []byte, e *spool.Event) spool.Reading {
	*e = spool.Event{Service: p.door}
	wall, rest, ok := p.accept.clock.Head(line)
	rest = field.Trim(rest)
	reading := spool.LineUnknown
	switch {
	case !ok:
	case len(rest) > 0 && rest[0] == ',':
		e.Wall = wall
		reading = p.accept.parse(rest, e)
	default:
		e.Wall = wall
		reading = p.command(rest, e)
	}
	if reading == spool.LineUnknown {
		*e = spool.Event{Wall: wall, Service: p.door, Secret: true}
	}
	return reading
}

// command reads ` taro@example.jp from 192.0.2.7 LOGIN taro@example.jp **** failed`.
func (p *Mailbox) command(text []byte, e *spool.Event) spool.Reading {
	text, ok := has(text, " ")
	if !ok {
		return spool.LineUnknown
	}
	user, text, ok := field.Token(text)
	if !ok || len(user) == 0 {
		return spool.LineUnknown
	}
	if text, ok = has(text, "from "); !ok {
		return spool.LineUnknown
	}
	if e.Client, text, ok = at(text); !ok || len(text) == 0 {
		return spool.LineUnknown
	}
	command, argument, _ := field.Token(text)
	argument, outcome := last(argument)
	if outcome == unsaid && p.door == spool.IMAP4 {
		return spool.LineUnknown
	}
	if string(user) != "-" {
		e.Login = user
	}
	return p.says(command, argument, outcome, e)
}

// An outcome is what the last word of a line says.
type outcome uint8

const (
	unsaid outcome = iota
	good
	bad
)

// last cuts off the word that tells the outcome.
func last(text []byte) (argument []byte, o outcome) {
	i := bytes.LastIndexByte(text, ' ')
	word := text[i+1:]
	switch {
	case field.Fold(word, "SUCCESS"), field.Fold(word, "+OK"), field.Fold(word, "OK"):
		o = good
	case field.Fold(word, "FAILED"), field.Fold(word, "-ERR"), field.Fold(word, "NO"):
		o = bad
	default:
		return text, unsaid
	}
	return text[:max(i, 0)], o
}

func (p *Mailbox) says(command, argument []byte, o outcome, e *spool.Event) spool.Reading {
	switch {
	case logsIn(command, p.door):
		e.Secret = !bytes.HasSuffix(argument, []byte("****"))
		return p.login(command, argument, o, e)
	case p.door == spool.POP3 && field.Fold(command, "RETR") && o != bad,
		p.door == spool.IMAP4 && fetches(command, argument) && o == good:
		e.Kind = spool.EventRead
		return spool.LineSaid
	}
	return spool.LineQuiet
}

// logsIn says whether a command tries to log in. USER of POP3 only says who.
func logsIn(command []byte, door spool.Protocol) bool {
	if door == spool.POP3 {
		return field.Fold(command, "PASS") || field.Fold(command, "APOP") || field.Fold(command, "AUTH")
	}
	return field.Fold(command, "LOGIN") || field.Fold(command, "AUTHENTICATE")
}

func (p *Mailbox) login(command, argument []byte, o outcome, e *spool.Event) spool.Reading {
	if forged(argument) {
		return spool.LineUnknown
	}
	if e.Login == nil && (field.Fold(command, "LOGIN") || field.Fold(command, "APOP")) {
		if name, _, ok := field.Token(argument); ok && len(name) > 0 {
			e.Login = bytes.Trim(name, `"`)
		}
	}
	switch o {
	case good:
		e.Kind = spool.EventLogin
	case bad:
		e.Kind = spool.EventLoginFail
	default:
		e.Login = nil
		return spool.LineQuiet
	}
	return spool.LineSaid
}

// forged says whether the argument holds what stands before it in a line: then the name of a login is made to look like a line, and
// the address that stands first may be part of the name.
func forged(argument []byte) bool {
	for {
		_, after, ok := between(argument, " from ")
		if !ok {
			return false
		}
		if peer, _, ok := at(after); ok && peer.IsValid() {
			return true
		}
		argument = after
	}
}

// fetches says whether a command reads the text of mails; where the items are not said it is taken to.
func fetches(command, argument []byte) bool {
	if field.Fold(command, "UID") {
		command, argument, _ = field.Token(argument)
	}
	if !field.Fold(command, "FETCH") {
		return false
	}
	_, items, ok := field.Token(argument)
	return !ok || field.Reads(items)
}
