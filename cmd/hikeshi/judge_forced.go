package main

import (
	"encoding/json"
	"slices"

	"hikeshi/actions/service"
	"hikeshi/runbook"
)

// forced are the services that run though an incident that is not done has stopped them and not started them again: somebody has
// passed over its gate.
func (a *app) forced(w *world, doc *statusDocument) []string {
	if doc.Incident == nil {
		return nil
	}
	all, _, err := a.histories(w.state)
	h := all[doc.Incident.ID]
	if err != nil || h == nil {
		return nil
	}
	stopped := stoppedUnits(h)
	var running []string
	for _, r := range doc.Services {
		if r.Active == "active" && slices.Contains(stopped, r.Unit) {
			running = append(running, r.Unit)
		}
	}
	return running
}

// stoppedUnits are the units that ran before an incident stopped them, without those that it has started again.
func stoppedUnits(h *runbook.History) []string {
	var units []string
	for _, c := range h.InForce() {
		switch c.Kind {
		case "service.stop":
			var f service.StopFacts
			if s := h.Step(c.Step); s != nil && s.Plan != nil && json.Unmarshal(s.Plan.Facts, &f) == nil {
				units = append(units, f.FoundRunning...)
			}
		case "service.start":
			units = slices.DeleteFunc(units, func(u string) bool { return u == c.Target })
		}
	}
	return units
}
