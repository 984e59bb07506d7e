package relay

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"strings"
	"time"

	"hikeshi/actions/smtpcheck/consent"
	"hikeshi/actions/smtpcheck/pattern"
	"hikeshi/actions/smtpcheck/relay/judge"
	"hikeshi/actions/smtpcheck/relay/parties"
	"hikeshi/actions/smtpcheck/talk"
	"hikeshi/runbook"
)

// DefaultLimit is the time for one listener. A tarpit would take hours.
const DefaultLimit = 15 * time.Minute

// The manners of a tester.
const (
	Pause     = time.Second // between tests, at least
	MaxRcpts  = 45          // recipients named to one listener: as many as all built-in tests name to a healthy server
	perConn   = 8           // tests in one connection: servers cut off clients with many errors, and those with many connections
	maxOften  = 6           // more times that a plain test is asked where answers differ from connection to connection
	maxFickle = 3           // such tests, after which others are asked twice only
	maxDead   = 2           // connections in a row that come to nothing, after which a listener is left alone
)

// A Run says how listeners are asked, and by whom.
type Run struct {
	Dial  func(ctx context.Context, network, address string) (net.Conn, error)
	Clock func() time.Time
	Log   *talk.Log     // the transcript of everything
	Wait  time.Duration // for one reply; 0: talk.DefaultWait
	Pause time.Duration // between tests
	Again time.Duration // after which what was put off is asked again, and twice that once more; 0: not at all
	Limit time.Duration // for one listener, without the waiting of Again; 0: DefaultLimit
	Table pattern.Table
	parties.Parties
	Helo     string // our name
	Own      func(netip.Addr) bool
	Deliver  *Delivery               // nil: nothing is ever sent
	Progress func(done, total int64) // in tests; the controls come before the first
}

// A Login is a test account at the target.
type Login = parties.Login

// Test asks one listener. host is the name that it was asked for by, or "". Without a grant for at nothing is sent. Where ctx ends, the report
// is there with the error, and says what was found until then.
func (r Run) Test(ctx context.Context, at netip.AddrPort, host string, grant consent.Grant) (judge.Report, error) {
	if !grant.Valid(at) {
		return judge.Report{}, fmt.Errorf("%w: testing %s: %w", runbook.ErrInput, at, consent.ErrNone)
	}
	r.Limit = cmp.Or(r.Limit, DefaultLimit)
	rep := judge.Report{At: at, Host: host, By: grant.By, Control: judge.ControlUnknown}
	s := &session{run: r, ctx: ctx, grant: grant, rep: &rep, end: time.Now().Add(r.Limit), most: MaxRcpts}
	defer s.close()
	all := r.Table.Ordered()
	controls := len(all) - r.Table.Tests()
	for i, p := range all {
		if r.Progress != nil {
			r.Progress(int64(max(0, i-controls)), int64(r.Table.Tests()))
		}
		s.pattern(p)
		if p.Weight == pattern.Control {
			rep.Controlled()
		}
		if i+1 < len(all) && p.Weight == pattern.Control && all[i+1].Weight != pattern.Control {
			s.loggedIn()
			rep.Controlled()
		}
	}
	s.others()
	s.later(all)
	rep.Weigh()
	return rep, ctx.Err()
}

// pattern runs all forms of a test.
func (s *session) pattern(p pattern.Pattern) {
	if len(p.Same) > 0 {
		s.rep.Results = append(s.rep.Results, s.same(p))
	}
	for i := range p.Forms {
		if s.run.lasting(p) {
			s.rep.Results = append(s.rep.Results, judge.Result{ID: p.Name(i), Listener: s.rep.Listener(), Weight: p.Weight, Verdict: judge.NotRun, Open: true,
				Why: runbook.T("not asked: it comes after all others, and that was not reached", "未実施: ほかの試験をすべて終えた後に行うが、そこまで進まなかった")})
			continue
		}
		s.rep.Results = append(s.rep.Results, s.result(p, i))
	}
}

// result runs one form of a test.
func (s *session) result(p pattern.Pattern, i int) judge.Result {
	res := judge.Result{ID: p.Name(i), Listener: s.rep.Listener(), Weight: p.Weight, Login: p.Wants(pattern.Credentials), Verdict: judge.NotRun}
	s.form(p, p.Forms[i], &res)
	res.Inside = s.rep.Vantage.Inside && res.Verdict != judge.NotRun
	return res
}

// same is a test that is the worst of others.
func (s *session) same(p pattern.Pattern) judge.Result {
	res := judge.Result{ID: p.ID, Listener: s.rep.Listener(), Weight: p.Weight, Verdict: judge.NotRun, Why: judge.Only(p.Ports)}
	if p.On(s.rep.At.Port()) {
		res.Why = runbook.Tf("as %s", "%s の結果による", strings.Join(p.Same, ", "))
		res.Worst(s.rep.Results, p.Same)
	}
	return res
}

// form runs one form of a test and enters what it has shown.
func (s *session) form(p pattern.Pattern, f pattern.Form, res *judge.Result) {
	if why := s.cannot(p, f); !why.IsZero() {
		res.Why = why
		return
	}
	if s.ctx.Err() != nil {
		s.stop(runbook.T("not asked: interrupted", "未実施: 中断された"))
	}
	if time.Now().After(s.end) {
		s.stop(runbook.Tf("not asked: the time for a listener (%s) is over", "未実施: リスナーあたりの制限時間 (%s) を超えた", s.run.Limit))
	}
	if !s.rep.Stopped.IsZero() {
		res.Why, res.Open = s.rep.Stopped, true
		return
	}
	if s.submission() && s.rep.LoginWanted() && loginOf(p) == nil {
		res.Why = runbook.T("not asked: the listener takes nothing without a login, whoever the sender is", "省略: 差出人が誰でも認証なしでは受け付けない")
		return
	}
	if !s.meet(res) {
		return
	}
	filled, err := f.Fill(s.values())
	if err != nil {
		res.Why, res.Open = runbook.Tf("not asked: %s", "未実施: %s", err), errors.Is(err, pattern.ErrUnknown)
		return
	}
	if s.rep.Rcpts+len(filled.To) > s.most {
		res.Why, res.Open = runbook.Tf("not asked: %d recipients were named already", "未実施: 宛先 %d 件の上限に達した", s.rep.Rcpts), true
		return
	}
	res.Said = strings.Join(append([]string{filled.Mail()}, filled.Rcpt()...), ", ")
	s.ask(p, f, filled, res)
}

// cannot says why a test cannot be made here, whatever the server answers.
func (s *session) cannot(p pattern.Pattern, f pattern.Form) runbook.Text {
	if !p.On(s.rep.At.Port()) {
		return judge.Only(p.Ports)
	}
	for _, n := range append(append([]pattern.Need{}, p.Needs...), f.Needs...) {
		if why := s.run.Lacks(n); !why.IsZero() {
			return why
		}
	}
	return runbook.Text{}
}

// values fills the place-holders for the listener, which has been met.
func (s *session) values() pattern.Values {
	return s.run.Values(s.rep.Host, s.rep.At.Addr(), s.rep.Vantage.Foreign())
}
