package casefile

import (
	"cmp"
	"encoding/json"
	"slices"

	"hikeshi/runbook"
)

// measure is what a change of a kind is called, whether it closed the hole, and the list in the facts of its step that counts it.
type measure struct {
	what  string
	fix   bool
	count string
}

var byKind = map[string]measure{
	"account.lock":   {"passwords", true, "locked"},
	"account.rename": {"renamed", true, "accounts"},
	"account.clean":  {"planted", true, "files"},
	"relay.fix":      {"relay", true, ""},
	"relay.deny":     {"denied", true, "denied"},
	"relay.hard":     {"cut", false, "denied"},
	"settings.set":   {"settings", true, ""},
}

// byStep tells apart what the runbook mail-abuse sets; other runbooks have other steps.
var byStep = map[string]measure{
	"demand_login": {"login", true, ""},
	"logs_on":      {"logs", false, ""},
	"lockouts":     {"lockouts", false, ""},
}

// measures reads what was done and still stands, what closed the hole apart from what guards against a repeat, oldest first.
func (r *reader) measures() (fixes, guards []Measure) {
	found := map[string]*Measure{}
	fix := map[string]bool{}
	add := func(m measure, x Measure) {
		if old := found[m.what]; old != nil {
			old.Count, old.At = old.Count+x.Count, x.At
			return
		}
		found[m.what], fix[m.what] = &x, m.fix
	}
	counted := map[string]bool{}
	for _, c := range r.InForce() {
		m, ok := byStep[c.Step]
		if !ok {
			m, ok = byKind[c.Kind]
		}
		if !ok || c.State != runbook.Done {
			continue
		}
		n := 0
		if !counted[c.Step] {
			n = r.count(c.Step, m.count)
		}
		counted[c.Step] = true
		if m.what == "relay" && r.fixed(c.Step) == 0 {
			m.what = "tightened" // no line was open: a last one was added
		}
		add(m, Measure{m.what, n, c.Ended.UTC()})
	}
	if cause, done := r.answer("cause"), r.answer("by_hand"); done != "" && done != "not needed" && slices.Contains([]string{"d", "e", "f", "g"}, cause) {
		add(measure{"hand_" + cause, true, ""}, Measure{"hand_" + cause, 0, r.Step("by_hand").Ended.UTC()})
	}
	if owners := split(r.answer("new_passwords")); len(owners) > 0 {
		add(measure{what: "owners"}, Measure{"owners", len(owners), r.Step("new_passwords").Ended.UTC()})
	}
	for what, x := range found {
		if fix[what] {
			fixes = append(fixes, *x)
		} else {
			guards = append(guards, *x)
		}
	}
	order := func(a, b Measure) int { return cmp.Or(a.At.Compare(b.At), cmp.Compare(a.What, b.What)) }
	slices.SortFunc(fixes, order)
	slices.SortFunc(guards, order)
	return fixes, guards
}

// count is the length of a list in the facts of a step; 0 where there is none.
func (r *reader) count(step, list string) int {
	s := r.Step(step)
	if s == nil || list == "" {
		return 0
	}
	var facts map[string]json.RawMessage
	var all []json.RawMessage
	if json.Unmarshal(s.Facts, &facts) != nil || json.Unmarshal(facts[list], &all) != nil {
		return 0
	}
	return len(all)
}

// fixed is how many open lines of the relay settings a step has mended.
func (r *reader) fixed(step string) int {
	var f struct {
		Fixed int `json:"fixed"`
	}
	if s := r.Step(step); s != nil && json.Unmarshal(s.Facts, &f) == nil {
		return f.Fixed
	}
	return 0
}
