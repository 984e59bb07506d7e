package relay

import (
	"slices"

	"hikeshi/actions/smtpcheck/pattern"
	"hikeshi/actions/smtpcheck/relay/judge"
)

// later asks twice at most, after a while, what the server has put off: greylisting takes the same mail then. Each time as many recipients may
// be named again. What is not answered now stays as it was.
func (s *session) later(all []pattern.Pattern) {
	off := func(r judge.Result) bool { return r.Verdict == judge.Deferred }
	for wait := s.run.Again; s.run.Again > 0 && wait <= 2*s.run.Again; wait += s.run.Again {
		if !slices.ContainsFunc(s.rep.Results, off) || !s.rep.Stopped.IsZero() {
			return
		}
		s.close()
		if !s.rest(wait) {
			return
		}
		s.end, s.most = s.end.Add(wait), s.rep.Rcpts+MaxRcpts
		at := 0
		for _, p := range all {
			if len(p.Same) > 0 {
				s.rep.Results[at] = s.same(p)
				at++
			}
			for i := range p.Forms {
				if off(s.rep.Results[at]) {
					if r := s.result(p, i); r.Verdict != judge.NotRun {
						s.rep.Results[at] = r
					}
				}
				at++
			}
			if p.Weight == pattern.Control {
				s.rep.Controlled()
			}
		}
	}
}
