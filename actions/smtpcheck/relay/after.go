package relay

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"hikeshi/actions/smtpcheck/consent"
	"hikeshi/actions/smtpcheck/pattern"
	"hikeshi/actions/smtpcheck/relay/judge"
	"hikeshi/runbook"
)

// After makes the tests that may let in everybody behind this address for a while (R36, POP before SMTP), and enters them in the report that Test
// has given for the grant. They come when all else was asked of every listener: what the login opens would be taken for open before.
func (r Run) After(ctx context.Context, rep *judge.Report, grant consent.Grant) error {
	if !grant.Valid(rep.At) {
		return fmt.Errorf("%w: testing %s: %w", runbook.ErrInput, rep.At, consent.ErrNone)
	}
	r.Limit = cmp.Or(r.Limit, DefaultLimit)
	for _, p := range r.Table.Ordered() {
		if !r.lasting(p) {
			continue
		}
		s := &session{run: r, ctx: ctx, grant: grant, rep: rep, end: time.Now().Add(r.Limit), most: rep.Rcpts + MaxRcpts}
		for i := range p.Forms {
			res := s.result(p, i)
			if at := slices.IndexFunc(rep.Results, func(x judge.Result) bool { return x.ID == res.ID }); at >= 0 {
				rep.Results[at] = rep.Worth(res)
			}
		}
		s.close()
	}
	return ctx.Err()
}

// lasting says whether a test is one for After.
func (r Run) lasting(p pattern.Pattern) bool {
	return slices.Contains(p.Needs, pattern.POP) && r.Lacks(pattern.POP).IsZero()
}

// loggedIn is a third control, for a port of users that has refused the others: whether the same mail is taken after a login. Postfix says 554
// where it wants one (permit_sasl_authenticated, reject), and not 530.
func (s *session) loggedIn() {
	r := s.run
	if s.rep.Control != judge.ControlFailed || !s.submission() || r.Login == nil || r.Account == "" || r.Domain == "" || !s.rep.Stopped.IsZero() {
		return
	}
	from := r.Login.User
	if !strings.Contains(from, "@") {
		from += "@" + r.Domain
	}
	need := pattern.Credentials
	a := s.try(pattern.Form{From: from, To: []string{s.values()["U"] + "@" + r.Domain}}, pattern.Control, &need)
	s.rep.LoginOpens = a.verdict == judge.Passed
	s.close()
}
