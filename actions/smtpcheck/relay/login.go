package relay

import (
	"slices"
	"strings"

	"hikeshi/actions/smtpcheck/pattern"
	"hikeshi/actions/smtpcheck/relay/judge"
	"hikeshi/actions/smtpcheck/relay/parties"
	"hikeshi/actions/smtpcheck/talk"
	"hikeshi/runbook"
)

// login does what a test wants done before it asks. ok is false if that could not be done; nothing is asked then.
func (s *session) login(n pattern.Need) (attempt, bool) {
	no := func(en, ja string) (attempt, bool) {
		return attempt{verdict: judge.NotRun, why: runbook.T(en, ja), at: judge.Auth}, false
	}
	if n == pattern.POP {
		if err := s.run.POP(s.ctx, s.rep.At.Addr(), *s.run.Login); err != nil {
			return no("no POP login: "+err.Error(), "POP でログインできない: "+err.Error())
		}
		return attempt{}, true
	}
	if !s.conn.TLS().On && !s.clear && !s.secure(s.helo) {
		if a, ok := s.open(s.helo); !ok {
			return a, false
		}
	}
	m, offered := Mechanism(s.conn.Caps)
	if !offered {
		return no("the server offers no AUTH PLAIN or LOGIN here", "AUTH PLAIN も LOGIN も提供されていない")
	}
	user, password := "nosuch-"+parties.Letters(12), parties.Letters(20)
	if n == pattern.Credentials {
		if !s.conn.Private() {
			return no("no TLS: the password would go out in clear", "TLS がなく、パスワードが平文で流れてしまう")
		}
		user, password = s.run.Login.User, s.run.Login.Password
	}
	r, err := s.conn.Login(m, user, password)
	if err != nil {
		v, why := judge.Broken(judge.Auth, err)
		s.count(v, why)
		s.close()
		return attempt{v, r, why, judge.Auth}, false
	}
	if r.Code == 421 {
		v, why := judge.Reply(judge.Auth, "", r)
		s.stop(runbook.Tf("not asked: the server hung up with %s", "未実施: サーバが打ち切った: %s", r))
		return attempt{v, r, why, judge.Auth}, false
	}
	if n == pattern.Credentials && !r.Good() {
		return no("the test account cannot log in: "+r.String(), "試験用アカウントでログインできない: "+r.String())
	}
	return attempt{}, true
}

// Mechanism is one that both sides know.
func Mechanism(c talk.Caps) (talk.Mechanism, bool) {
	for _, list := range []string{c.Params["AUTH"], c.Params["AUTH="]} {
		for _, m := range []talk.Mechanism{talk.Plain, talk.Login} {
			if slices.Contains(strings.Fields(strings.ToUpper(list)), string(m)) {
				return m, true
			}
		}
	}
	return "", false
}
