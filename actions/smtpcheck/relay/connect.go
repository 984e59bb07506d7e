package relay

import (
	"errors"
	"strings"
	"time"

	"hikeshi/actions/smtpcheck/relay/judge"
	"hikeshi/actions/smtpcheck/talk"
	"hikeshi/actions/smtpcheck/target"
	"hikeshi/runbook"
)

// open opens a connection and says EHLO, with TLS where it belongs.
func (s *session) open(helo string) (attempt, bool) {
	s.close()
	cfg := talk.Config{Dial: s.run.Dial, Wait: s.run.Wait, Clock: s.run.Clock, Log: s.run.Log}
	if target.IsName(s.rep.Host) {
		cfg.Name = s.rep.Host
	}
	c, err := talk.Open(s.ctx, cfg, s.rep.At.String(), s.rep.At.Port() == 465)
	if err != nil {
		return s.unmet(err), false
	}
	s.conn, s.helo, s.used = c, helo, 0
	s.rep.Banner = c.Banner.String()
	if c.Banner.Code != 220 {
		v, why := judge.Reply(judge.Connect, "", c.Banner)
		s.stop(runbook.Tf("not asked: the server greets us with %s", "未実施: 挨拶が %s", c.Banner))
		return attempt{v, c.Banner, why, judge.Connect}, false
	}
	if a, ok := s.hello(helo); !ok {
		return a, false
	}
	if (s.tls || s.rep.At.Port() == 587) && !s.clear && !c.TLS().On && !s.secure(helo) {
		return s.open(helo) // in clear, since TLS cannot be had
	}
	s.rep.TLS = s.conn.TLS().On
	s.rep.Vantage = judge.Stand(s.conn.Local(), s.conn.Remote(), s.conn.Caps.Greeting, s.run.Own)
	if word, _, _ := strings.Cut(c.Banner.Text(), " "); s.rep.Host == "" && target.IsName(word) {
		s.rep.Host = word
	}
	return attempt{}, true
}

func (s *session) hello(helo string) (attempt, bool) {
	r, err := s.conn.Hello(helo)
	if err != nil {
		return s.unmet(err), false
	}
	if !r.Good() {
		v, why := judge.Reply(judge.Hello, "", r)
		if r.Code == 421 {
			s.stop(runbook.Tf("not asked: the server hung up with %s", "未実施: サーバが打ち切った: %s", r))
		}
		s.close()
		return attempt{v, r, why, judge.Hello}, false
	}
	return attempt{}, true
}

// secure begins TLS if it is offered, and says EHLO again. It is false if the connection was lost on the way: then TLS is not tried any more.
func (s *session) secure(helo string) bool {
	s.clear = true
	if !s.conn.Caps.Has("STARTTLS") {
		return true
	}
	_, err := s.conn.Secure()
	if errors.Is(err, talk.ErrNoTLS) {
		return true
	}
	if err != nil {
		return false
	}
	s.clear = false
	s.tls = true
	_, ok := s.hello(helo)
	return ok
}

// unmet is a connection that came to nothing. After some of them in a row the listener is left alone.
func (s *session) unmet(err error) attempt {
	at := judge.Connect
	if s.conn != nil {
		at = judge.Hello
	}
	v, why := judge.Broken(at, err)
	if errors.Is(err, talk.ErrClosed) && at == judge.Connect && s.rep.Vantage.Remote.IsValid() {
		why = runbook.T("closed before the greeting, after other connections were answered: perhaps a limit on clients", "挨拶の前に切断。先の接続には応答があり、接続数などの制限の可能性がある")
	}
	s.close()
	s.count(v, why)
	if errors.Is(err, talk.ErrConnect) {
		s.rep.Nothing = !s.rep.Vantage.Remote.IsValid()
		s.stop(runbook.T("not asked: no connection", "未実施: 接続できない"))
	}
	return attempt{v, talk.Reply{}, why, at}
}

// count counts what comes to nothing: silence, no SMTP, the connection closed.
func (s *session) count(v judge.Verdict, why runbook.Text) {
	if s.dead++; s.dead >= maxDead && s.ctx.Err() == nil {
		if v == judge.Timeout {
			why = runbook.T("the server no longer answers in time", "サーバが時間内に応答しない")
		}
		s.stop(runbook.T("not asked: "+why.EN, "未実施: "+why.In("ja")))
	}
}

// stop leaves the listener alone from now on.
func (s *session) stop(why runbook.Text) {
	if s.conn != nil {
		s.conn.Quit() // without RSET: it may not be answered any more
		s.conn = nil
	}
	if s.rep.Stopped.IsZero() {
		s.rep.Stopped = why
	}
}

func (s *session) close() {
	if s.conn == nil {
		return
	}
	if s.conn.Err() == nil && s.used > 0 {
		s.conn.Cmd("RSET")
	}
	s.conn.Quit()
	s.conn = nil
}

// pause waits until the next test may begin.
func (s *session) pause() {
	if !s.last.IsZero() {
		s.rest(s.run.Pause - time.Since(s.last))
	}
}

// rest is false if it was cut short.
func (s *session) rest(d time.Duration) bool {
	select {
	case <-time.After(d):
		return true
	case <-s.ctx.Done():
		return false
	}
}
