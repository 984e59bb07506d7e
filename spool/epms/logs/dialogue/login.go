package dialogue

import (
	"bytes"

	"hikeshi/spool/epms/logs/field"
)

// begin reads the mechanism of a login, and what comes with it.
func (s *session) begin(mechanism, first []byte) {
	s.verb, s.mode = auth, modeOf(field.Trim(mechanism))
	s.login.wipe()
	if s.named = len(first) > 0; s.named {
		s.login.take(s.mode, first)
	}
}

// ask is the server asking the client to go on with its login.
func (s *session) ask() {
	s.turn = secret
	if (s.mode == login || s.mode == bare) && !s.named {
		s.turn = name
	}
}

// client reads what the client says when it was asked. A literal name of IMAP4 is followed by the announcement of the password.
func (s *session) client(said []byte) {
	switch {
	case s.turn == name && s.mode == bare:
		if who, rest, ok := field.Token(said); ok && len(rest) > 0 && rest[0] == '{' {
			s.login.set(bytes.Trim(who, `"`))
		}
	case s.turn == name:
		s.login.take(login, said)
	case !s.named && s.mode != unnamed:
		s.login.take(s.mode, said)
	}
	s.turn, s.named = answer, true
}
