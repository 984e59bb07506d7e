package judge

import "hikeshi/actions/smtpcheck/pattern"

// A Doubt is why a listener that took nothing cannot be called safe. Of several the largest is told.
type Doubt int

// The doubts, from none to the largest.
const (
	Sure          Doubt = iota
	DoubtInside         // asked from where servers trust their own
	DoubtUnsent         // some tests were taken at RCPT, and their messages could not be sent
	DoubtNoSender       // the test with an account as sender was not made
	DoubtOpen           // some tests have no answer
	DoubtNothing        // none was refused
	DoubtUnknown        // no account is known for the controls
	DoubtSilent         // the controls have no answer
	DoubtFailed         // the controls were refused too
	DoubtDeferred       // the controls were put off
	DoubtMissed         // nothing listens there
)

// Doubt looks for the largest one.
func (r Report) Doubt() Doubt {
	switch d, ok := map[Control]Doubt{ControlUnknown: DoubtUnknown, ControlSilent: DoubtSilent, ControlFailed: DoubtFailed, ControlDeferred: DoubtDeferred}[r.Control]; {
	case r.Nothing:
		return DoubtMissed
	case ok:
		return d
	case !r.Counts(): // it was left before the controls
		return DoubtSilent
	}
	worst, refused := Sure, false
	if r.Vantage.Inside {
		worst = DoubtInside
	}
	for _, x := range r.Results {
		switch {
		case x.Weight == pattern.Control:
		case x.Verdict.Closed():
			refused = true
		case x.Open:
			worst = max(worst, DoubtOpen)
		case x.unasked():
			worst = max(worst, DoubtNoSender)
		case r.Unsent(x):
			worst = max(worst, DoubtUnsent)
		}
	}
	if !refused {
		worst = max(worst, DoubtNothing)
	}
	return worst
}
