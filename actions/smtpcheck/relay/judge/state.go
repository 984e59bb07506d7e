package judge

import (
	"slices"
	"strings"

	"hikeshi/actions/smtpcheck/pattern"
	"hikeshi/runbook"
)

// Control says what the controls prove.
type Control string

// What the controls prove.
const (
	ControlPassed   Control = "passed"       // mail to an account would be taken: refusals of the others count
	ControlLogin    Control = "login-wanted" // 530 to everybody, or taken after a login only: nothing is taken without one, and refusals count (RFC 6409)
	ControlFailed   Control = "failed"       // refused too: no refusal proves anything
	ControlDeferred Control = "deferred"     // put off, as greylisting does: no refusal proves anything yet
	ControlSilent   Control = "unanswered"   // no answer, or none that fits: no refusal proves anything
	ControlUnknown  Control = "not-run"      // no account is known: no refusal proves anything
)

// Controls judges the controls. C1, mail to an account, decides; a server that wants a login of everybody may say so to any of them.
func Controls(results []Result) Control {
	c := ControlUnknown
	for _, r := range results {
		if r.Weight != pattern.Control || r.Verdict == NotRun {
			continue
		}
		switch {
		case wantsLogin(r.Reply):
			if c == ControlUnknown {
				c = ControlLogin
			}
		case r.Verdict == Deferred:
			return ControlDeferred
		case r.Verdict == Timeout || r.Verdict == Inconclusive:
			return ControlSilent
		case r.Verdict != Passed:
			return ControlFailed
		case r.ID != "C2": // postmaster is taken by servers that refuse all others
			c = ControlPassed
		case c == ControlLogin:
			return ControlFailed
		}
	}
	return c
}

// LoginWanted says that the listener wants a login of every sender there is: strangers, the null sender and its own. Recipients are judged
// after senders, so that all other tests would get the same answer.
func (r Report) LoginWanted() bool {
	if r.Control != ControlLogin {
		return false
	}
	asked := 0
	for _, id := range []string{"R01", "R03", "R05", "R06", "R07"} {
		i := slices.IndexFunc(r.Results, func(x Result) bool { return x.ID == id })
		if i < 0 || r.Results[i].Verdict != NotRun && !wantsLogin(r.Results[i].Reply) {
			return false
		}
		if r.Results[i].Verdict != NotRun {
			asked++
		}
	}
	return asked >= 2
}

// Worst enters the worst of the results of other tests, given by their ids.
func (r *Result) Worst(all []Result, ids []string) {
	for _, other := range all {
		id, _, _ := strings.Cut(other.ID, ".")
		if !slices.Contains(ids, id) || other.ID == r.ID {
			continue
		}
		r.Open = r.Open || other.Open
		if other.Verdict.rank() > r.Verdict.rank() || r.Verdict == NotRun {
			r.Verdict, r.Reply, r.Inside, r.Asked, r.Taken, r.Refusal = other.Verdict, other.Reply, other.Inside, other.Asked, other.Taken, other.Refusal
		}
	}
}

// State is what is said of a server in a word.
type State string

// The states.
const (
	Safe         State = "safe"         // asked from outside everything was refused, and the controls show that refusals count
	Undetermined State = "undetermined" // nothing was taken, and it is not known whether that counts
	Doubtful     State = "suspect"      // something was taken
	OpenRelay    State = "open"         // and has arrived
	Interrupted  State = "interrupted"  // of a whole test: it was cut short, whatever was found until then
)

// Counts says whether refusals are worth something.
func (r Report) Counts() bool { return r.Control == ControlPassed || r.Control == ControlLogin }

// Controlled enters what the controls prove by now.
func (r *Report) Controlled() {
	if r.Control = Controls(r.Results); r.Control == ControlFailed && r.LoginOpens {
		r.Control = ControlLogin
	}
}

// Weigh writes beside every refusal that it proves nothing, where that is so.
func (r *Report) Weigh() {
	for i, x := range r.Results {
		r.Results[i] = r.Worth(x)
	}
}

// Worth is a result that Weigh has not seen, with that beside it.
func (r Report) Worth(x Result) Result {
	if r.Counts() || x.Weight == pattern.Control || !x.Verdict.Closed() {
		return x
	}
	nothing := runbook.T("proves nothing: no control has passed", "証明にならない: 対照試験を通っていない")
	if !x.Why.IsZero() {
		nothing = runbook.T(x.Why.EN+"; "+nothing.EN, x.Why.In("ja")+"。"+nothing.JA)
	}
	x.Why = nothing
	return x
}

// State says what the listener has shown.
func (r Report) State() State {
	state := Safe
	if r.Doubt() != Sure {
		state = Undetermined
	}
	for _, x := range r.Results {
		switch {
		case x.Weight == pattern.Control:
		case x.Verdict == Proven:
			return OpenRelay
		case x.Verdict.Hit() && !r.Unsent(x):
			state = Doubtful
		}
	}
	return state
}

// unasked says that one of the tests that a judgement cannot do without was not made.
func (r Result) unasked() bool {
	return r.Verdict == NotRun && r.ID == "R06"
}

// Missed says whether the listener is missing: nothing listens there, and something has to.
func (r Report) Missed() bool { return r.Nothing && !r.Spare }

// Counted are the reports without those of listeners that need not be there, and are not.
func Counted(reports []Report) []Report {
	return slices.DeleteFunc(slices.Clone(reports), func(r Report) bool { return r.Nothing && r.Spare })
}

// Overall is the state of all listeners together. One on which nothing listens leaves the question open, unless nobody named it.
func Overall(reports []Report) State {
	reports = Counted(reports)
	states := make([]State, len(reports))
	for i, r := range reports {
		states[i] = r.State()
	}
	for _, s := range []State{OpenRelay, Doubtful, Undetermined} {
		if slices.Contains(states, s) {
			return s
		}
	}
	if len(reports) == 0 {
		return Undetermined
	}
	return Safe
}
