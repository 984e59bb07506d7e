package headline

import (
	"strings"
	"testing"

	"hikeshi/actions/smtpcheck/pattern"
	"hikeshi/actions/smtpcheck/relay/judge"
)

// TestOf: what was taken is called what it is: of a stranger or after a login, always or in some connections, plain or odd, with a message allowed
// or not.
func TestOf(t *testing.T) {
	strong, weak := pattern.Strong, pattern.Weak
	for want, results := range map[string][]judge.Result{
		"OPEN RELAY: mail of strangers was relayed (R01); close it now":                                                               {{ID: "R01", Weight: strong, Verdict: judge.Proven, Cookie: "x"}},
		"OPEN RELAY: mail of strangers was relayed (R14); close it now":                                                               {{ID: "R14", Weight: weak, Verdict: judge.Proven, Cookie: "x"}},
		"OPEN RELAY: mail of strangers was relayed (R14, R35)":                                                                        {{ID: "R14", Weight: weak, Verdict: judge.Proven}, {ID: "R35", Weight: strong, Login: true, Verdict: judge.Proven}},
		"mail of one account was relayed in the name of another, after a login (R35)":                                                 {{ID: "R01", Weight: strong, Verdict: judge.Suspect}, {ID: "R35", Weight: strong, Login: true, Verdict: judge.Proven}},
		"SUSPECT: after a login mail in the name of another account would be taken (R35); bind":                                       {{ID: "R01", Weight: strong, Verdict: judge.Refused}, {ID: "R35", Weight: strong, Login: true, Verdict: judge.Suspect}},
		"SUSPECT: mail of strangers would be taken (R01, R35); only delivery proves a relay (--deliver); until then treat it as open": {{ID: "R01", Weight: strong, Verdict: judge.Suspect}, {ID: "R35", Weight: strong, Login: true, Verdict: judge.Suspect}},
		"SUSPECT: mail of strangers would be taken (R12); only delivery proves a relay; until then treat it as open":                  {{ID: "R12", Weight: strong, Verdict: judge.Suspect, Unsent: true}},
		"SUSPECT: mail of strangers was taken in some connections and refused in others (R01: 3 of 8, R11: 2 of 10): one of several": {
			{ID: "R01", Weight: strong, Verdict: judge.Suspect, Asked: 8, Taken: 3}, {ID: "R11", Weight: strong, Verdict: judge.Suspect, Asked: 8, Taken: 1}, {ID: "R11.2", Weight: strong, Verdict: judge.Suspect, Asked: 2, Taken: 1}},
		"WEAK suspect: odd addresses were taken once, and refused when asked again (R14); only delivery proves a relay (--deliver)": {{ID: "R14", Weight: weak, Verdict: judge.WeakSuspect, Once: true}},
		"WEAK suspect: odd addresses were taken, perhaps as local names (R14, R15)":                                                 {{ID: "R14", Weight: weak, Verdict: judge.WeakSuspect, Once: true}, {ID: "R15", Weight: weak, Verdict: judge.WeakSuspect}},
	} {
		reports := []judge.Report{{Control: judge.ControlPassed, Results: results}}
		if head := Of(reports); !strings.HasPrefix(head.EN, want) || head.JA == "" || strings.Contains(head.EN+head.JA, "%!") || Weak(reports) != strings.HasPrefix(want, "WEAK") {
			t.Errorf("%s\n%s\nwant %s", head.EN, head.JA, want)
		}
	}
}

// TestTests: a test of several forms is one, controls are none, what one listener took is not refused, and a listener that need not be there does
// not count.
func TestTests(t *testing.T) {
	result := func(id string, v judge.Verdict) judge.Result {
		return judge.Result{ID: id, Weight: pattern.Strong, Verdict: v}
	}
	one := judge.Report{Results: []judge.Result{{ID: "C1", Weight: pattern.Control, Verdict: judge.Refused}, result("R01", judge.Refused), result("R11", judge.Refused), result("R11.2", judge.Suspect), result("R33", judge.NotRun)}}
	two := judge.Report{Results: []judge.Result{result("R01", judge.Suspect), result("R11", judge.Refused), result("R33", judge.Refused)}}
	spare := judge.Report{Nothing: true, Spare: true, Results: []judge.Result{result("R99", judge.NotRun)}}
	for _, tc := range []struct {
		reports     []judge.Report
		refused, of int
	}{{[]judge.Report{one}, 1, 3}, {[]judge.Report{two}, 2, 3}, {[]judge.Report{one, two, spare}, 1, 3}, {nil, 0, 0}} {
		if refused, of := Tests(tc.reports); refused != tc.refused || of != tc.of {
			t.Errorf("%d of %d, want %d of %d", refused, of, tc.refused, tc.of)
		}
	}
}
