package judge

import (
	"slices"
	"strings"

	"hikeshi/actions/smtpcheck/pattern"
	"hikeshi/actions/smtpcheck/talk"
	"hikeshi/runbook"
)

// Late enters an answer to DATA, or to the end of the message, that is no yes. 5xx refuses the message; 4xx puts it off, as greylisting does.
func (r *Result) Late(reply talk.Reply) {
	r.Reply = reply.String()
	switch {
	case reply.Hard():
		r.Verdict, r.Why = RefusedLate, runbook.T("taken at RCPT, refused at DATA or after it", "RCPT では受理、DATA 以降で拒否")
	case reply.Soft():
		r.Verdict, r.Why = Deferred, runbook.T("taken at RCPT, put off at DATA: ask again in 5 to 15 minutes (--retry-deferred)", "RCPT では受理、DATA 以降で保留。5-15分後に再試験すること (--retry-deferred)")
	}
}

// Seen enters what has come to the probe mailbox with the cookie of the test: the message itself or, if it is a bounce or quotes it, what was made
// of it. It says whether that is news: once the message itself has come nothing else counts.
func (r *Result) Seen(bounce, quoted bool) bool {
	switch {
	case r.Verdict == Proven || r.Verdict == Backscatter && (bounce || quoted):
		return false
	case bounce:
		r.Verdict, r.Why = Backscatter, runbook.T("taken, and returned to the sender of the envelope", "受理した後、エンベロープの差出人へ返送")
	case quoted:
		r.Verdict, r.Why = Backscatter, runbook.T("taken, and returned or quoted in another message, such as an automatic reply; it has not arrived itself", "受理した後、別のメール (自動応答など) に引用または返送された。試験メール自体は届いていない")
	default:
		r.Verdict, r.Why = Proven, runbook.T("the message has arrived", "メールが実際に届いた")
	}
	return true
}

// Waits says whether what becomes of the message of the test is still to be seen: it may have been taken, and nothing of it has come.
func (r Result) Waits() bool {
	return r.Cookie != "" && (r.Verdict == Accepted || r.Verdict == Suspect || r.Verdict == WeakSuspect)
}

// Sent are the results of tests whose messages the server was given, to be changed in place.
func Sent(reports []Report) []*Result {
	var all []*Result
	for i := range reports {
		for j := range reports[i].Results {
			if x := &reports[i].Results[j]; x.Cookie != "" {
				all = append(all, x)
			}
		}
	}
	return all
}

// Given says whether the server has, or may have, a message of a form of the test already. One that it refused it does not have.
func (r Report) Given(id string) bool {
	id, _, _ = strings.Cut(id, ".")
	return slices.ContainsFunc(r.Results, func(x Result) bool {
		same, _, _ := strings.Cut(x.ID, ".")
		return same == id && x.Cookie != "" && x.Verdict != RefusedLate && x.Verdict != Deferred
	})
}

// Repeat enters the verdicts again of those tests that stand for others.
func (r *Report) Repeat(t pattern.Table) {
	for _, p := range t.Patterns {
		if len(p.Same) == 0 || !p.On(r.At.Port()) {
			continue
		}
		for i := range r.Results {
			if r.Results[i].ID == p.ID {
				r.Results[i].Worst(r.Results, p.Same)
			}
		}
	}
}

// Unsent says whether a hit tells little: the server took it at RCPT, has refused late what was sent to it, and this was not sent, since others
// would get the message too. Such a server looks at recipients late, and what it would do here is not known.
func (r Report) Unsent(x Result) bool {
	return x.Unsent && slices.ContainsFunc(r.Results, func(y Result) bool { return y.Weight == pattern.Strong && y.Verdict == RefusedLate })
}
