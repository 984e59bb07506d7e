package verdict

import (
	"slices"
	"strings"

	"hikeshi/actions/dnsbl/ask"
	"hikeshi/actions/dnsbl/table"
	"hikeshi/runbook"
)

// State is whether a list may be believed.
type State string

// The states. Of a Healthy list everything is believed, of an Unproven one listings only, of all others nothing.
const (
	Healthy  State = "healthy"
	Unproven State = "unproven" // known to have no test entry: that it lists nothing proves nothing
	World    State = "world"    // lists what must not be listed
	Empty    State = "empty"    // does not list what must be
	Blocked  State = "blocked"  // refuses this resolver
	Broken   State = "broken"   // answers what no blocklist answers
	Failing  State = "failing"  // no answers
	Untried  State = "untried"  // was not asked
)

// Health is what the self-test of a list has shown for one kind of subjects.
type Health struct {
	State  State
	Why    runbook.Text // why it is not healthy
	Status ask.Status   // of the reply that decided, where it was a failure
	By     table.Kind   // the kind of the entries that prove it, where those of its own kind are missing
}

// Judge judges a self-test (RFC 5782 section 5): listed are the readings of entries that must be listed, of which one is enough; clean
// those of entries that must not be. A refusal or a failure among the first decides alone; clean may then be empty.
func Judge(l table.List, listed, clean []Reading) Health {
	for _, r := range clean {
		switch {
		case r.Sense == Entry, r.Sense == Remark: // a remark on everybody says nothing of anybody
			return Health{State: World, Why: runbook.Tf("lists what must not be listed (%s): it lists the whole world", "掲載されてはならない試験項目まで掲載 (%s): 全世界を掲載している", joined(r))}
		case r.Sense != Absent:
			return unwell(r)
		}
	}
	proof, answered := false, false
	for _, r := range listed {
		proof = proof || Proves(r.Sense)
		answered = answered || r.Sense == Absent
	}
	switch {
	case proof:
		return Health{State: Healthy}
	case !answered && len(listed) > 0 || bad(listed):
		return unwell(worst(listed))
	case l.Test == table.Lacking:
		return Health{State: Unproven, Why: runbook.T("it has no test entry: that it lists nothing proves nothing", "試験項目がないリストのため、掲載なしの応答では判断できない")}
	}
	return Health{State: Empty, Why: runbook.T("its test entry is missing: the list is dead or empty, or the resolver hides it", "試験項目がない: リストが停止または空、もしくはリゾルバーが隠している")}
}

// Proves says whether such an answer at a test entry that must be listed proves the list. The entries of many lists answer 127.0.0.2, whatever
// their codes are.
func Proves(s Sense) bool { return s == Entry || s == Remark || s == Strange }

// bad says whether a reading is a refusal or no answer of the list.
func bad(all []Reading) bool {
	w := worst(all)
	return w.Sense == Refusal || w.Sense == Foreign
}

// worst is the reading that tells most of why a list cannot be believed.
func worst(all []Reading) Reading {
	if len(all) == 0 {
		return Reading{}
	}
	order := []Sense{Refusal, Foreign, Failure, Strange, Entry, Remark, Absent}
	return slices.MinFunc(all, func(x, y Reading) int { return slices.Index(order, x.Sense) - slices.Index(order, y.Sense) })
}

func unwell(r Reading) Health {
	state := map[Sense]State{Refusal: Blocked, Foreign: Broken, Strange: Broken}[r.Sense]
	switch {
	case r.Status == ask.Refused: // how some lists refuse on purpose
		state = Blocked
	case state == "":
		state = Failing
	}
	return Health{State: state, Why: r.Why, Status: r.Status}
}

// Dead says whether a list with that health is not worth another question.
func (h Health) Dead() bool { return h.State != Healthy && h.State != Unproven && h.State != Empty }

// A Result is what is said of one subject on one list.
type Result struct {
	Outcome Outcome
	Why     runbook.Text // why it is not tested; a remark otherwise
	Codes   []table.Code // of the answer
}

// Decide says what the reading of a subject means on a list of that health.
func Decide(l table.List, h Health, r Reading) Result {
	if h.Dead() {
		return Result{Outcome: NotTested, Why: h.Why}
	}
	switch r.Sense {
	case Entry:
		if h.State == Empty {
			return Result{Outcome: NotTested, Why: runbook.Tf("answered %s, but its test entry is missing: not believed, look it up by hand", "応答 %s があるが試験項目がないため信用できない。手作業で照会すること", joined(r))}
		}
		return Result{Outcome: Listed, Codes: r.Codes}
	case Absent, Remark:
		if h.State != Healthy {
			return Result{Outcome: NotTested, Why: h.Why, Codes: r.Codes}
		}
		if r.Sense == Remark {
			return Result{Outcome: NotListed, Why: runbook.T("the answer is a remark, not a listing", "応答は参考情報で、掲載ではない"), Codes: r.Codes}
		}
		return Result{Outcome: NotListed}
	}
	return Result{Outcome: NotTested, Why: r.Why}
}

// joined is the answers as text.
func joined(r Reading) string {
	var all []string
	for _, a := range r.Answers {
		all = append(all, a.String())
	}
	return strings.Join(all, ", ")
}
