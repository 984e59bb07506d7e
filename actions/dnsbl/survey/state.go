package survey

import (
	"slices"

	"hikeshi/actions/dnsbl/verdict"
	"hikeshi/runbook"
)

// Untold is the State of a list that is not asked since another one tells as much.
const Untold verdict.State = "covered"

// State is what is to be said of a list in one word: the worst that its self-tests have shown.
func (z Zone) State() (verdict.State, runbook.Text) {
	if z.Covered {
		return Untold, z.Why
	}
	order := []verdict.State{verdict.World, verdict.Blocked, verdict.Broken, verdict.Failing, verdict.Empty, verdict.Unproven, verdict.Healthy}
	worst, why := verdict.Untried, z.Why
	for _, kind := range z.List.Kinds {
		if h, ok := z.Health[kind]; ok && (worst == verdict.Untried || slices.Index(order, h.State) < slices.Index(order, worst)) {
			worst, why = h.State, h.Why
		}
	}
	return worst, why
}
