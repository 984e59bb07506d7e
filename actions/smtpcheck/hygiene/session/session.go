package session

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"strings"
	"time"

	"hikeshi/actions/smtpcheck/consent"
	"hikeshi/actions/smtpcheck/relay"
	"hikeshi/actions/smtpcheck/relay/judge"
	"hikeshi/actions/smtpcheck/talk"
	"hikeshi/actions/smtpcheck/target"
	"hikeshi/runbook"
)

// New begins with a listener, for which it needs a grant. The caller calls Close.
func New(ctx context.Context, r Run, rep *Report, grant consent.Grant) (*Session, error) {
	if !grant.Valid(rep.At) {
		return nil, fmt.Errorf("%w: testing %s: %w", runbook.ErrInput, rep.At, consent.ErrNone)
	}
	if r.Limit <= 0 {
		r.Limit = relay.DefaultLimit
	}
	return &Session{Run: r, Ctx: ctx, Grant: grant, Rep: rep, end: time.Now().Add(r.Limit), Stood: "nosuch-" + letters(8), Also: "nosuch-" + letters(8)}, nil
}

// Try makes one test, once more inside TLS where the server wants that first.
func (s *Session) Try(id string, needs []Need, ask func(*Session, *Row)) Row {
	row := Row{ID: id, Listener: s.Rep.Listener(), Verdict: Unknown}
	if v, why := s.lacks(needs); v != "" {
		row.Verdict, row.Why = v, why
		return row
	}
	for range 2 {
		if time.Now().After(s.end) {
			s.Stop(runbook.Tf("not asked: the time for a listener (%s) is over", "未実施: リスナーあたりの制限時間 (%s) を超えた", s.Run.Limit))
		}
		if !s.Rep.Stopped.IsZero() {
			row.Why = s.Rep.Stopped
			break
		}
		s.pause()
		s.want = false
		ask(s, &row)
		s.last = time.Now()
		if s.used++; s.used >= perConn {
			s.Close()
		}
		if !s.want || s.tls || s.Torn || s.Implicit() {
			break
		}
		s.tls = true
		s.Close()
		row = Row{ID: id, Listener: row.Listener, Verdict: Unknown}
	}
	if row.Verdict == Unknown && row.Why.IsZero() {
		row.Why = runbook.T("an answer that fits nothing", "想定外の応答")
	}
	row.Inside = s.Rep.Vantage.Inside && len(row.Asked) > 0
	return row
}

// Meet makes sure that there is a conversation, inside TLS where transactions are. If there is none, row says why.
func (s *Session) Meet(row *Row) bool {
	if s.Conn != nil && s.Conn.Err() == nil {
		return true
	}
	return s.Open(row, s.tls || s.Submission())
}

// Open opens a new conversation and says EHLO. With secure TLS is begun, if it is offered and can be had.
func (s *Session) Open(row *Row, secure bool) bool {
	s.Close()
	c, err := talk.Open(s.Ctx, s.Config(), s.Rep.At.String(), s.Implicit())
	if err != nil {
		s.Unmet(row, judge.Connect, err)
		return false
	}
	s.Conn, s.used = c, 0
	s.greeted(c)
	if c.Banner.Code != 220 {
		_, row.Why = judge.Reply(judge.Connect, "", c.Banner)
		s.Stop(runbook.Tf("not asked: the server greets us with %s", "未実施: 挨拶が %s", Cut(c.Banner.String())))
		return false
	}
	if !s.hello(row) {
		return false
	}
	s.Rep.Vantage = judge.Stand(c.Local(), c.Remote(), c.Caps.Greeting, s.Run.Own)
	s.Rep.TLS = s.Rep.TLS || c.TLS().On
	if !secure || s.Implicit() || s.Torn || !c.Caps.Has("STARTTLS") {
		return true
	}
	if _, err := c.Secure(); errors.Is(err, talk.ErrNoTLS) {
		return true
	} else if err != nil {
		s.Torn = true
		return s.Open(row, false) // in clear, since TLS cannot be had
	}
	s.Rep.TLS = true
	return s.hello(row)
}

// Config says how a connection of its own is to be opened.
func (s *Session) Config() talk.Config {
	cfg := talk.Config{Dial: s.Run.Dial, Wait: s.Run.Wait, Total: time.Until(s.end) + time.Second, Clock: s.Run.Clock, Log: s.Run.Log}
	if target.IsName(s.Rep.Host) {
		cfg.Name = s.Rep.Host
	}
	return cfg
}

// greeted keeps the banner, and the name that the server says of itself.
func (s *Session) greeted(c *talk.Conn) {
	if s.Rep.Banner == "" {
		s.Rep.Banner = c.Banner.String()
		s.Rep.Said = c.Banner.Text()
	}
	if word := named(c.Banner); s.Rep.Host == "" && target.IsName(word) {
		s.Rep.Host = word
	}
}

// named is the name at the head of a banner.
func named(r talk.Reply) string {
	word, _, _ := strings.Cut(r.Text(), " ")
	return word
}

func (s *Session) hello(row *Row) bool {
	r, err := s.Conn.Hello(s.Run.Helo)
	switch {
	case err != nil:
		s.Unmet(row, judge.Hello, err)
		return false
	case !r.Good():
		_, row.Why = judge.Reply(judge.Hello, "", r)
		s.Stop(runbook.Tf("not asked: EHLO is answered with %s", "未実施: EHLO への応答が %s", Cut(r.String())))
		return false
	}
	return true
}

// Unmet is a connection that came to nothing. After some of them in a row the listener is left alone.
func (s *Session) Unmet(row *Row, at judge.Stage, err error) {
	_, row.Why = judge.Broken(at, err)
	row.Verdict = Unknown
	s.drop()
	if errors.Is(err, talk.ErrConnect) {
		s.Rep.Nothing = s.Rep.Banner == ""
		s.Stop(runbook.T("not asked: no connection", "未実施: 接続できない"))
		return
	}
	if s.dead++; s.dead >= maxDead {
		s.Stop(runbook.T("not asked: "+row.Why.EN, "未実施: "+row.Why.In("ja")))
	}
}

// Say gives a command and enters both in the row. It is false if the conversation is over, or wants TLS first; the row says why then.
func (s *Session) Say(row *Row, line string) (talk.Reply, bool) {
	r, err := s.Conn.Cmd(line)
	row.Enter(line, r)
	verb, _, _ := strings.Cut(line, " ")
	switch {
	case err != nil:
		s.Unmet(row, judge.Stage(verb), err)
		return r, false
	case r.Code == 421:
		row.Why = runbook.T("the server hung up (421)", "サーバが接続を打ち切った (421)")
		s.Stop(runbook.Tf("not asked: the server hung up with %s", "未実施: サーバが打ち切った: %s", Cut(r.String())))
		return r, false
	case judge.WantsTLS(r) && !s.Conn.TLS().On:
		s.want = true
		row.Why = runbook.T("TLS is wanted, and cannot be had", "TLS が必要だが、確立できない")
		return r, false
	}
	s.dead = 0
	return r, true
}

// Enter enters a command and its reply.
func (r *Row) Enter(line string, reply talk.Reply) {
	r.Asked = append(r.Asked, talk.Safe(line))
	r.Answered = append(r.Answered, Cut(reply.String()))
}

// Stop leaves the listener alone from now on.
func (s *Session) Stop(why runbook.Text) {
	if s.Rep.Stopped.IsZero() {
		s.Rep.Stopped = why
	}
	if s.Conn != nil {
		s.Conn.Quit()
		s.Conn = nil
	}
}

func (s *Session) drop() {
	if s.Conn != nil {
		s.Conn.Close()
		s.Conn = nil
	}
}

// Close ends the conversation, if there is one.
func (s *Session) Close() {
	if s.Conn != nil {
		s.Conn.Quit()
		s.Conn = nil
	}
}

// pause waits until the next test may begin.
func (s *Session) pause() {
	if s.last.IsZero() {
		return
	}
	s.Rest(s.Run.Pause - time.Since(s.last))
}

// Rest waits.
func (s *Session) Rest(d time.Duration) {
	if d <= 0 {
		return
	}
	select {
	case <-time.After(d):
	case <-s.Ctx.Done():
	}
}

// Cut bounds a reply.
func Cut(s string) string {
	if len(s) > maxReply {
		return strings.ToValidUTF8(s[:maxReply], "") + "..."
	}
	return s
}

// letters returns n random small letters.
func letters(n int) string {
	b := make([]byte, n)
	rand.Read(b) // never fails
	for i := range b {
		b[i] = 'a' + b[i]%26
	}
	return string(b)
}
