package story

import (
	"slices"
	"strings"

	"hikeshi/runbook"
)

// Overtaken is the step that has started again what c stopped or barred, or "". A start does not take a stop back, which can still be
// undone; but nothing is stopped by it any more.
func Overtaken(h *runbook.History, c *runbook.ChangeHistory) (step string) {
	if c.Kind != "service.stop" {
		return ""
	}
	for unit := range strings.SplitSeq(c.Target, ", ") {
		i := slices.IndexFunc(h.Changes, func(o *runbook.ChangeHistory) bool {
			return o.Kind == "service.start" && o.Target == unit && o.InForce() && o.State == runbook.Done && o.Began.After(c.Began)
		})
		if i < 0 {
			return ""
		}
		step = h.Changes[i].Step
	}
	return step
}
