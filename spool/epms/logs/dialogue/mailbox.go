package dialogue

import (
	"bytes"

	"hikeshi/spool"
	"hikeshi/spool/epms/logs/field"
)

// pop reads a line of a POP3 session (RFC 1939, RFC 5034). Once logged in nobody logs in again, so what looks like it is the text of
// a mail.
func (s *session) pop(said []byte, e *spool.Event) spool.Reading {
	ok, failed := field.FoldPrefix(said, "+OK"), field.FoldPrefix(said, "-ERR")
	switch s.turn {
	case name, secret:
		s.client(said)
	case answer:
		if s.verb == auth && len(said) > 0 && said[0] == '+' && !ok {
			s.ask()
		} else if ok || failed {
			e.Secret = false
			return s.outcome(ok, e)
		} else if s.verb == other && field.FoldPrefix(said, "RETR ") {
			s.verb = fetch // the text of another mail has come between
		}
	default:
		s.turn, s.verb = answer, other
		word, rest, _ := field.Token(said)
		switch {
		case ok:
			s.reset() // the greeting
		case failed:
			s.settled()
		case field.Fold(word, "RETR"):
			s.verb = fetch
		case field.Fold(word, "QUIT"):
			s.verb = quit
		case s.known:
		case field.Fold(word, "USER"):
			s.login.set(field.Trim(rest))
		case field.Fold(word, "PASS"):
			s.verb, s.mode, s.named = auth, bare, true
		case field.Fold(word, "APOP"):
			s.verb, s.mode, s.named = auth, bare, true
			who, _, _ := field.Token(rest)
			s.login.set(who)
		case field.Fold(word, "AUTH"):
			word, first, _ := field.Token(rest)
			s.begin(word, first)
		}
	}
	return spool.LineQuiet
}

// imap reads a line of an IMAP4 session (RFC 3501). Its commands and their answers begin with a tag that the client makes up.
func (s *session) imap(said []byte, e *spool.Event) spool.Reading {
	tag, rest, _ := field.Token(said)
	switch s.turn {
	case name, secret:
		s.client(said)
	case answer:
		switch {
		case s.tag.n > 0 && bytes.Equal(tag, s.tag.bytes()):
			ok := field.FoldPrefix(rest, "OK")
			if ok || field.FoldPrefix(rest, "NO") || field.FoldPrefix(rest, "BAD") {
				e.Secret = false
				return s.outcome(ok, e)
			}
		case s.verb == auth && string(tag) == "+":
			s.ask()
		}
	default:
		if string(tag) != "*" {
			s.asks(tag, rest)
		} else if field.FoldPrefix(rest, "OK") && (!s.known || bytes.Contains(rest, []byte("IMAP"))) {
			s.reset() // the greeting
		}
	}
	return spool.LineQuiet
}

// asks reads a command of IMAP4. The answers of those that do not matter are not waited for, nor is their tag kept: where the log is
// entered in the middle of a login it may be a password.
func (s *session) asks(tag, said []byte) {
	word, rest, _ := field.Token(said)
	if field.Fold(word, "UID") {
		word, rest, _ = field.Token(rest)
	}
	switch {
	case field.Fold(word, "FETCH"):
		if _, items, _ := field.Token(rest); field.Reads(items) {
			s.verb = fetch
		}
	case field.Fold(word, "LOGOUT"):
		s.verb = quit
	case s.known:
	case field.Fold(word, "LOGIN"):
		s.verb, s.mode, s.named = auth, bare, len(rest) == 0 || rest[0] != '{'
		s.login.set(first(rest))
	case field.Fold(word, "AUTHENTICATE"):
		word, first, _ := field.Token(rest)
		s.begin(word, first)
	}
	if s.verb != none {
		s.turn = answer
		s.tag.set(tag)
	}
}

// first is the first word of a command of IMAP4: an atom or a quoted string; nothing of a literal, whose text is on the next line.
func first(text []byte) []byte {
	if len(text) > 0 && text[0] == '"' {
		if i := bytes.IndexByte(text[1:], '"'); i >= 0 {
			return text[1 : 1+i]
		}
		return nil
	}
	word, _, ok := field.Token(text)
	if !ok || len(word) > 0 && word[0] == '{' {
		return nil
	}
	return word
}

// outcome reads the answer to a command.
func (s *session) outcome(ok bool, e *spool.Event) spool.Reading {
	asked := s.verb
	s.settled()
	e.Login = s.login.or()
	switch {
	case asked == auth && ok:
		e.Kind, s.known = spool.EventLogin, true
	case asked == auth:
		e.Kind = spool.EventLoginFail
	case asked == fetch && ok:
		e.Kind = spool.EventRead
	default:
		e.Login = nil
		return spool.LineQuiet
	}
	return spool.LineSaid
}
