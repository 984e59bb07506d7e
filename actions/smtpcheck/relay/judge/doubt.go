package judge

import "hikeshi/actions/smtpcheck/pattern"

// A doubt is why a listener that took nothing cannot be called safe. Of several the largest is told.
type doubt int

const (
	sure     doubt = iota
	inside         // asked from where servers trust their own
	unsent         // some tests were taken at RCPT, and their messages could not be sent
	noSender       // the test with an account as sender was not made
	open           // some tests have no answer
	nothing        // none was refused
	unknown        // no account is known for the controls
	silent         // the controls have no answer
	failed         // the controls were refused too
	deferred       // the controls were put off
	missed         // nothing listens there
)

// doubt looks for the largest one.
func (r Report) doubt() doubt {
	switch d, ok := map[Control]doubt{ControlUnknown: unknown, ControlSilent: silent, ControlFailed: failed, ControlDeferred: deferred}[r.Control]; {
	case r.Nothing:
		return missed
	case ok:
		return d
	case !r.Counts(): // it was left before the controls
		return silent
	}
	worst, refused := sure, false
	if r.Vantage.Inside {
		worst = inside
	}
	for _, x := range r.Results {
		switch {
		case x.Weight == pattern.Control:
		case x.Verdict.Closed():
			refused = true
		case x.Open:
			worst = max(worst, open)
		case x.unasked():
			worst = max(worst, noSender)
		case r.unsent(x):
			worst = max(worst, unsent)
		}
	}
	if !refused {
		worst = max(worst, nothing)
	}
	return worst
}
