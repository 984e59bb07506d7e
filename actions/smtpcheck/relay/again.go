package relay

import (
	"slices"
	"time"

	"hikeshi/actions/smtpcheck/pattern"
	"hikeshi/actions/smtpcheck/relay/judge"
	"hikeshi/runbook"
)

// again asks what was taken once more in a fresh connection, since the first answer may be about what was said before; with a
// message, if that is allowed. What is named for that does not count against the other tests.
func (s *session) again(p pattern.Pattern, f, filled pattern.Form, res *judge.Result) {
	if s.close(); !s.rep.Stopped.IsZero() || s.ctx.Err() != nil {
		res.Why = runbook.T("taken once; not asked again", "一度受理。再確認はしていない")
		return
	}
	a := s.repeat(p, filled)
	switch {
	case a.hit():
		res.Reply = a.reply.String()
		s.deliver(f, filled, res)
	case a.verdict.Closed() && p.Weight == pattern.Strong:
		res.Asked, res.Taken, res.Refusal = 2, 1, a.reply.String()
		if s.fickle++; s.fickle <= maxFickle && loginOf(p) == nil { // a login is made twice at most
			s.often(p, f, filled, res)
		}
	case a.verdict.Closed():
		res.Verdict, res.Once, res.Why = judge.WeakSuspect, true, runbook.Tf("taken once, refused in a fresh connection: %s", "一度受理されたが、新しい接続では拒否: %s", a.reply)
	default:
		res.Why = runbook.T("taken once; could not be asked again", "一度受理。再確認できなかった")
	}
}

// repeat makes a test once more, in a fresh connection, and does not count what is named for it.
func (s *session) repeat(p pattern.Pattern, filled pattern.Form) attempt {
	s.close()
	most, named := s.most, s.rep.Rcpts
	s.most += len(filled.To)
	a := s.try(filled, p.Weight, loginOf(p))
	s.most = most + s.rep.Rcpts - named
	return a
}

// often asks a plain test some more times, each in a fresh connection, and counts: behind one address there may be several hosts, one of which is
// open, and a stranger meets that one as often as we do. The message, if one is allowed, goes with the first time that it is taken.
func (s *session) often(p pattern.Pattern, f, filled pattern.Form, res *judge.Result) {
	for range maxOften {
		if !s.rep.Stopped.IsZero() || s.ctx.Err() != nil || time.Now().After(s.end) {
			return
		}
		switch a := s.repeat(p, filled); {
		case a.hit():
			if res.Taken++; res.Taken == 1 {
				res.Verdict, res.Refusal, res.Reply = judge.Suspect, res.Reply, a.reply.String()
			}
			if res.Cookie == "" && res.Verdict == judge.Suspect && !res.Unsent {
				s.deliver(f, filled, res)
			}
		case a.verdict.Closed():
		default:
			continue
		}
		res.Asked++
	}
}

// plain is the test of a stranger's mail to a stranger.
const plain = "R01"

// others asks the plain test often, though it was refused, where any test was taken in one connection and refused in another: the host that took it
// may take everything, and has met another test by chance.
func (s *session) others() {
	differs := func(x judge.Result) bool { return x.Weight != pattern.Control && (x.Once || x.Fickle()) }
	at := slices.IndexFunc(s.rep.Results, func(x judge.Result) bool { return x.ID == plain && x.Verdict.Closed() })
	of := slices.IndexFunc(s.run.Table.Patterns, func(p pattern.Pattern) bool { return p.ID == plain && len(p.Forms) > 0 })
	if at < 0 || of < 0 || !slices.ContainsFunc(s.rep.Results, differs) {
		return
	}
	p, res := s.run.Table.Patterns[of], &s.rep.Results[at]
	filled, err := p.Forms[0].Fill(s.values())
	if err != nil {
		return // it was refused, so that it could be filled
	}
	res.Asked = 1
	s.often(p, p.Forms[0], filled, res)
	s.rep.Repeat(s.run.Table)
}
