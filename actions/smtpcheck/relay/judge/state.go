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
	ControlPassed  Control = "passed"       // mail to an account would be taken: refusals of the others count
	ControlLogin   Control = "login-wanted" // 530 to everybody: nothing is taken without a login, and refusals count (RFC 6409)
	ControlFailed  Control = "failed"       // refused too: no refusal proves anything
	ControlUnknown Control = "not-run"      // no account is known: no refusal proves anything
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
			r.Verdict, r.Reply, r.Inside = other.Verdict, other.Reply, other.Inside
		}
	}
}

// State is what is said of a server in a word.
type State string

// The states.
const (
	Safe         State = "safe"         // everything was refused, and the controls show that refusals count
	Undetermined State = "undetermined" // nothing was taken, and it is not known whether that counts
	Doubtful     State = "suspect"      // something was taken
	OpenRelay    State = "open"         // and has arrived
)

// Counts says whether refusals are worth something.
func (r Report) Counts() bool { return r.Control == ControlPassed || r.Control == ControlLogin }

// Weigh writes beside every refusal that it proves nothing, where that is so.
func (r *Report) Weigh() {
	for i := range r.Results {
		if x := &r.Results[i]; !r.Counts() && x.Weight != pattern.Control && x.Verdict.Closed() {
			nothing := runbook.T("proves nothing: no control has passed", "証明にならない: 対照試験を通っていない")
			if !x.Why.IsZero() {
				nothing = runbook.T(x.Why.EN+"; "+nothing.EN, x.Why.In("ja")+"。"+nothing.JA)
			}
			x.Why = nothing
		}
	}
}

// State says what the listener has shown.
func (r Report) State() State {
	state := Safe
	if !r.Counts() {
		state = Undetermined
	}
	asked := false
	for _, x := range r.Results {
		if x.Weight == pattern.Control {
			continue
		}
		asked = asked || x.Verdict.Closed()
		switch {
		case x.Verdict == Proven:
			return OpenRelay
		case x.Verdict.Hit():
			state = Doubtful
		case state == Safe && (x.Open || x.unasked()):
			state = Undetermined
		}
	}
	if state == Safe && !asked {
		return Undetermined
	}
	return state
}

// unasked says that one of the tests that a judgement cannot do without was not made.
func (r Result) unasked() bool {
	return r.Verdict == NotRun && r.ID == "R06"
}

// Overall is the state of all listeners together. One on which nothing listens counts only where mail from outside comes in: on port 25, or
// where there is no other.
func Overall(reports []Report) State {
	state, tested := Safe, false
	for _, r := range reports {
		if r.Nothing && r.At.Port() != 25 && len(reports) > 1 {
			continue
		}
		tested = true
		switch s := r.State(); {
		case s == OpenRelay:
			return OpenRelay
		case s == Doubtful:
			state = Doubtful
		case s == Undetermined && state == Safe:
			state = Undetermined
		}
	}
	if !tested {
		return Undetermined
	}
	return state
}

// Text is the state for people.
func (s State) Text() runbook.Text {
	switch s {
	case Safe:
		return runbook.T("no relay: every test was refused, and the controls passed", "中継しない: すべての試験で拒否され、対照試験も通った")
	case Doubtful:
		return runbook.T("SUSPECT: mail of strangers would be taken; only delivery proves a relay", "疑いあり: 第三者のメールを受け付ける。中継の証明は実際の配送による")
	case OpenRelay:
		return runbook.T("OPEN RELAY: mail of strangers was relayed", "オープンリレー: 第三者のメールを実際に中継した")
	}
	return runbook.T("undetermined: nothing was taken, but the refusals do not prove enough", "判定できない: 受理はなかったが、拒否だけでは証明にならない")
}
