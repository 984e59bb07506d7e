package relaytest

import (
	"slices"
	"strings"

	"hikeshi/actions/smtpcheck/pattern"
	"hikeshi/actions/smtpcheck/relay/finding"
	"hikeshi/actions/smtpcheck/relay/headline"
	"hikeshi/actions/smtpcheck/relay/judge"
	"hikeshi/runbook"
)

// Facts are the facts of smtp.relaytest.
type Facts struct {
	State      string         `json:"state" expr:"state"` // safe, undetermined, suspect, open, interrupted
	Listeners  []ListenerFact `json:"listeners" expr:"listeners"`
	Controls   []Test         `json:"controls" expr:"controls"`
	Tests      []Test         `json:"tests" expr:"tests"`
	Refused    int            `json:"refused" expr:"refused"`     // tests that every listener refused, in all of their forms
	Count      int            `json:"count" expr:"count"`         // tests there are: controls are none, and the forms of a test are one
	Strong     int            `json:"strong" expr:"strong"`       // tests by which a stranger's mail was taken, of weight S
	Weak       int            `json:"weak" expr:"weak"`           // and of weight W
	Proven     int            `json:"proven" expr:"proven"`       // and those whose message has arrived
	Strangers  int            `json:"strangers" expr:"strangers"` // strong and weak ones that needed no login: what a stranger outside can do
	Inside     bool           `json:"inside" expr:"inside"`       // something was asked from where servers trust their own
	Account    string         `json:"account" expr:"account"`
	Delivered  bool           `json:"delivered" expr:"delivered"`   // real messages were allowed
	Sent       int            `json:"sent" expr:"sent"`             // messages that the server was given
	Off        []string       `json:"off" expr:"off"`               // tests that the own file switches off
	Transcript string         `json:"transcript" expr:"transcript"` // name of the evidence
}

// A ListenerFact is one address and port.
type ListenerFact struct {
	Listener string       `json:"listener" expr:"listener"`
	State    string       `json:"state" expr:"state"`
	Control  string       `json:"control" expr:"control"` // passed, login-wanted, failed, deferred, unanswered, not-run
	Banner   string       `json:"banner" expr:"banner"`
	TLS      bool         `json:"tls" expr:"tls"`
	SeenAs   string       `json:"seen_as" expr:"seen_as"` // our address in the server's words; "" if it does not say
	Inside   bool         `json:"inside" expr:"inside"`
	Where    runbook.Text `json:"where" expr:"where"` // why inside
	By       string       `json:"by" expr:"by"`       // who said yes
	Rcpts    int          `json:"rcpts" expr:"rcpts"`
	Nothing  bool         `json:"nothing" expr:"nothing"` // nothing listens there
	Stopped  runbook.Text `json:"stopped" expr:"stopped"`
}

// A Test is one test at one listener.
type Test struct {
	ID       string       `json:"id" expr:"id"`
	Listener string       `json:"listener" expr:"listener"`
	Weight   string       `json:"weight" expr:"weight"`
	Verdict  string       `json:"verdict" expr:"verdict"`
	Said     string       `json:"said" expr:"said"`
	Reply    string       `json:"reply" expr:"reply"`
	Inside   bool         `json:"inside" expr:"inside"`
	Why      runbook.Text `json:"why" expr:"why"`         // why the verdict is what it is
	Asked    int          `json:"asked" expr:"asked"`     // how often it was answered, each time in another connection, where that was counted; else 0
	Taken    int          `json:"taken" expr:"taken"`     // how often of these
	Catches  runbook.Text `json:"catches" expr:"catches"` // what the test is for
	Cookie   string       `json:"cookie" expr:"cookie"`   // of the message that was sent
}

// transcript is the name of the evidence.
const transcript = "relaytest.txt"

// Facts says in short what was seen.
func (r Report) Facts() Facts {
	f := Facts{State: string(r.State()), Sent: len(judge.Sent(r.Listeners)), Listeners: []ListenerFact{}, Controls: []Test{}, Tests: []Test{}, Account: r.Account, Delivered: r.Delivered, Off: slices.Concat([]string{}, r.Table.Off), Transcript: transcript}
	for _, l := range r.Listeners {
		one := ListenerFact{Listener: l.Listener(), State: string(l.State()), Control: string(l.Control), Banner: cut(l.Banner), TLS: l.TLS, Inside: l.Vantage.Inside, Where: l.Vantage.Why, By: l.By,
			Rcpts: l.Rcpts, Nothing: l.Nothing, Stopped: l.Stopped}
		if l.Vantage.Seen.IsValid() {
			one.SeenAs = l.Vantage.Seen.String()
		}
		f.Inside = f.Inside || one.Inside
		f.Listeners = append(f.Listeners, one)
		for _, x := range l.Results {
			t := Test{x.ID, x.Listener, string(x.Weight), string(x.Verdict), x.Said, cut(x.Reply), x.Inside, x.Reason(), x.Asked, x.Taken, r.catches(x.ID), x.Cookie}
			if x.Weight == pattern.Control {
				f.Controls = append(f.Controls, t)
				continue
			}
			f.Tests = append(f.Tests, t)
		}
	}
	r.count(&f)
	return f
}

// count counts tests by which something was taken: a test of several forms, asked of several listeners, is one, and counts as the worst of them.
func (r Report) count(f *Facts) {
	strong, weak, proven, strangers := map[string]bool{}, map[string]bool{}, map[string]bool{}, map[string]bool{}
	for _, l := range r.Listeners {
		for _, x := range l.Results {
			if x.Weight == pattern.Control || !x.Verdict.Hit() {
				continue
			}
			id := x.Test()
			if x.Weight == pattern.Weak || x.Verdict == judge.WeakSuspect {
				weak[id] = true
			} else {
				strong[id] = true
			}
			if x.Verdict == judge.Proven {
				proven[id] = true
			}
			if !r.wants(id, pattern.Credentials) {
				strangers[id] = true
			}
		}
	}
	for id := range strong {
		delete(weak, id)
	}
	f.Refused, f.Count = headline.Tests(r.Listeners)
	f.Strong, f.Weak, f.Proven, f.Strangers = len(strong), len(weak), len(proven), len(strangers)
}

// wants says whether the test with an id has a need.
func (r Report) wants(id string, n pattern.Need) bool {
	return slices.ContainsFunc(r.Table.Patterns, func(p pattern.Pattern) bool { return p.ID == id && p.Wants(n) })
}

// catches is what the test of a result is for.
func (r Report) catches(id string) runbook.Text {
	id, _, _ = strings.Cut(id, ".")
	for _, p := range r.Table.Patterns {
		if p.ID == id {
			return p.Why
		}
	}
	return runbook.Text{}
}

func cut(s string) string { return finding.Short(s) }
