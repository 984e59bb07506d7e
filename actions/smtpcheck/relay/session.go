package relay

import (
	"context"
	"time"

	"hikeshi/actions/smtpcheck/consent"
	"hikeshi/actions/smtpcheck/pattern"
	"hikeshi/actions/smtpcheck/relay/judge"
	"hikeshi/actions/smtpcheck/talk"
	"hikeshi/runbook"
)

// A session is the testing of one listener.
type session struct {
	run   Run
	ctx   context.Context
	grant consent.Grant
	rep   *judge.Report
	end   time.Time // of the time for the listener
	most  int       // recipients that may be named until now

	conn   *talk.Conn // nil: the next test opens one
	helo   string     // what was said in it
	used   int        // tests in it
	last   time.Time  // end of the test before
	dead   int        // connections in a row that came to nothing
	fickle int        // tests that were taken in some connections and refused in others
	tls    bool       // STARTTLS is said in every new connection
	clear  bool       // STARTTLS was tried, and cannot be had
}

// An attempt is what one transaction has shown.
type attempt struct {
	verdict judge.Verdict
	reply   talk.Reply
	why     runbook.Text
	at      judge.Stage
}

// submission says whether the listener is for the mail of users, not of other servers.
func (s *session) submission() bool { return s.rep.At.Port() == 465 || s.rep.At.Port() == 587 }

func (a attempt) hit() bool { return a.at == judge.Rcpt && a.reply.Good() }

// meet makes sure that the server has been met, so that its name and our vantage are known.
func (s *session) meet(res *judge.Result) bool {
	if s.rep.Vantage.Remote.IsValid() {
		return true
	}
	s.pause()
	a, ok := s.open(s.run.Helo)
	if !ok {
		res.Verdict, res.Reply, res.Why, res.Open = a.verdict, a.reply.String(), a.why, true
	}
	return ok
}

// ask makes the transaction of a test, again in a fresh connection if it was taken, and enters the verdict.
func (s *session) ask(p pattern.Pattern, f, filled pattern.Form, res *judge.Result) {
	login := loginOf(p)
	a := s.try(filled, p.Weight, login)
	res.Verdict, res.Reply, res.Why = a.verdict, a.reply.String(), a.why
	if a.hit() && p.Weight != pattern.Control {
		s.again(p, f, filled, res)
	}
	switch res.Verdict {
	case judge.Deferred, judge.Inconclusive, judge.Timeout:
		res.Open = true
	}
	if p.Weight == pattern.Control { // what controls prove is asked of them as a whole
		res.Open = false
	}
	if login != nil {
		s.close() // whatever the login has done ends here
	}
}

// loginOf is what a test does before it asks, or nil.
func loginOf(p pattern.Pattern) *pattern.Need {
	for _, n := range p.Needs {
		if n == pattern.FailingLogin || n == pattern.Credentials || n == pattern.POP {
			return &n
		}
	}
	return nil
}

// try makes one transaction up to RCPT. Where the server wants TLS first, it is made once more inside TLS; where it hangs up between tests, once
// more in a fresh connection.
func (s *session) try(f pattern.Form, w pattern.Weight, login *pattern.Need) attempt {
	var a attempt
	for range 3 {
		reused := s.conn != nil && s.used > 0
		if a = s.transaction(f, w, login); a.reply.Code > 0 {
			s.dead = 0
		}
		switch {
		case judge.WantsTLS(a.reply) && !s.tls && !s.clear:
			s.tls = true
			s.close()
		case judge.WantsTLS(a.reply):
			a.verdict, a.why = judge.Inconclusive, runbook.T("TLS is wanted, and cannot be had", "TLS が必要だが、確立できない")
			return a
		case reused && s.conn == nil && a.verdict == judge.Inconclusive && s.rep.Stopped.IsZero() && s.ctx.Err() == nil: // cut off, perhaps for the tests before
		default:
			return a
		}
	}
	return a
}

// ready sees to a connection in which helo was said. Another name is said in the same one, where the server lets us (RFC 5321 section 4.1.4):
// sendmail as Debian installs it takes ten connections in ten minutes from one client.
func (s *session) ready(helo string, fresh bool) (attempt, bool) {
	if s.conn == nil || s.used >= perConn || fresh {
		return s.open(helo)
	}
	if s.helo == helo {
		return attempt{}, true
	}
	if _, ok := s.hello(helo); ok {
		s.helo = helo
		return attempt{}, true
	}
	if !s.rep.Stopped.IsZero() {
		return attempt{verdict: judge.Inconclusive, why: s.rep.Stopped, at: judge.Hello}, false
	}
	return s.open(helo)
}

func (s *session) transaction(f pattern.Form, w pattern.Weight, login *pattern.Need) attempt {
	s.pause()
	defer func() { s.last = time.Now() }()
	helo := s.run.Helo
	if f.Helo != "" {
		helo = f.Helo
	}
	if a, ok := s.ready(helo, login != nil); !ok {
		return a
	}
	if login != nil {
		if a, ok := s.login(*login); !ok {
			return a
		}
	}
	if s.used > 0 {
		if _, a, ok := s.say(judge.Mail, w, "RSET"); !ok {
			return a
		}
	}
	s.used++
	r, a, ok := s.say(judge.Mail, w, f.Mail())
	if !ok || !r.Good() {
		return a
	}
	for _, rcpt := range f.Rcpt() {
		if s.rep.Rcpts >= s.most {
			return attempt{verdict: judge.Inconclusive, why: runbook.T("no more recipients may be named", "宛先数の上限に達した"), at: judge.Mail}
		}
		s.rep.Rcpts++
		if _, a, ok = s.say(judge.Rcpt, w, rcpt); !ok {
			return a
		}
	}
	return a
}

// say gives a command and judges the reply. ok is false if the conversation is over.
func (s *session) say(at judge.Stage, w pattern.Weight, line string) (talk.Reply, attempt, bool) {
	r, err := s.conn.Cmd(line)
	if err != nil {
		v, why := judge.Broken(at, err)
		s.count(v, why)
		s.close()
		return r, attempt{v, r, why, at}, false
	}
	v, why := judge.Reply(at, w, r)
	if r.Code == 421 {
		s.stop(runbook.Tf("not asked: the server hung up with %s", "未実施: サーバが打ち切った: %s", r))
		return r, attempt{v, r, why, at}, false
	}
	return r, attempt{v, r, why, at}, true
}
