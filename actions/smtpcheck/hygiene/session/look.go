package session

import (
	"errors"
	"time"

	"hikeshi/actions/smtpcheck/relay"
	"hikeshi/actions/smtpcheck/relay/judge"
	"hikeshi/actions/smtpcheck/talk"
	"hikeshi/runbook"
)

// stray is the time in which an answer that nobody asked for would come.
const stray = 1500 * time.Millisecond

// Unasked waits for an answer that nobody asked for, as talk.Conn.Stray.
func (s *Session) Unasked() (talk.Reply, bool, error) { return s.Conn.Stray(min(stray, s.Wait())) }

// Look finds out what is offered in clear and inside TLS, once for a listener.
func (s *Session) Look(row *Row) bool {
	if s.looked {
		return true
	}
	if !s.Open(row, false) {
		return false
	}
	if s.Implicit() {
		caps := s.Conn.Caps
		s.Secured = &caps
	} else {
		caps := s.Conn.Caps
		s.Clear = &caps
		s.inside()
	}
	s.Close()
	s.looked = true
	return true
}

// inside begins TLS and looks again.
func (s *Session) inside() {
	if !s.Conn.Caps.Has("STARTTLS") {
		s.NoTLS = runbook.T("STARTTLS is not offered", "STARTTLS が提供されていない")
		return
	}
	r, err := s.Conn.Secure()
	switch {
	case errors.Is(err, talk.ErrNoTLS) && r.Hard():
		s.NoTLS = runbook.Tf("STARTTLS is offered and refused: %s", "STARTTLS を提供しながら拒否: %s", Cut(r.String()))
		return
	case errors.Is(err, talk.ErrNoTLS):
		s.NoTLS, s.Torn = runbook.Tf("STARTTLS is offered, and refused for now: %s", "STARTTLS を一時的に拒否: %s", Cut(r.String())), true
		return
	case err != nil:
		_, s.NoTLS = judge.Broken("STARTTLS", err)
		s.Torn = true
		return
	}
	switch r, err = s.Conn.Hello(s.Run.Helo); {
	case err != nil:
		_, s.NoTLS = judge.Broken(judge.Hello, err)
		s.Torn = true
		return
	case !r.Good():
		_, s.NoTLS = judge.Reply(judge.Hello, "", r)
		s.Torn = true
		return
	}
	s.Rep.TLS = true
	caps := s.Conn.Caps
	s.Secured = &caps
}

// LoggedIn logs in with the test account, never in clear over a network.
func (s *Session) LoggedIn(row *Row) bool {
	if !s.Conn.Private() {
		row.Verdict, row.Why = NotRun, runbook.T("no TLS, and the password would go out in clear", "TLS がなく、パスワードが平文で流れてしまう")
		return false
	}
	m, ok := relay.Mechanism(s.Conn.Caps)
	if !ok {
		row.Verdict, row.Why = NotRun, runbook.T("no AUTH PLAIN or LOGIN is offered here", "AUTH PLAIN も LOGIN も提供されていない")
		return false
	}
	r, err := s.Conn.Login(m, s.Run.Login.User, s.Run.Login.Password)
	row.Enter("AUTH "+string(m), r)
	switch {
	case err != nil:
		s.Unmet(row, judge.Auth, err)
		return false
	case !r.Good():
		row.Why = runbook.T("the test account cannot log in", "試験用アカウントでログインできない")
		return false
	}
	return true
}

// Wait is the time for one reply.
func (s *Session) Wait() time.Duration {
	if s.Run.Wait > 0 {
		return s.Run.Wait
	}
	return talk.DefaultWait
}
