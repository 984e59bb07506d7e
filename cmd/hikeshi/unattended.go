package main

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"hikeshi/runbook"
	"hikeshi/runbook/engine"
)

// unattended decides as --yes and --accept-risk say, and never asks.
type unattended struct {
	*screen
	accept []string // risks accepted by name
}

// Decide approves what is reversible or accepted by name, leaves manual steps open, and stops at everything else.
func (u unattended) Decide(_ context.Context, v engine.View) (runbook.Decision, error) {
	switch v.Ask {
	case engine.AskManual:
		return runbook.Decision{Answer: runbook.Open, Via: "--yes", Note: "nobody was asked"}, nil
	case engine.AskUndo:
		return u.undo(v)
	case engine.AskChanges:
		if missing := u.missing(v.Plan.Changes); len(missing) > 0 {
			return runbook.Decision{}, &engine.Stop{Reason: engine.StopRisk, Err: riskError(missing)}
		}
		return runbook.Decision{Answer: runbook.Do, Via: u.via()}, nil
	}
	return runbook.Decision{}, fmt.Errorf("a person has to decide this: %w", v.Err)
}

// undo approves what may be undone without asking. What reopens a door is left unless it was named, and with it what was done before in
// the same room: a service that was stopped and started again would not end as it was found if the stop alone were undone.
func (u unattended) undo(v engine.View) (runbook.Decision, error) {
	d := runbook.Decision{Answer: runbook.Do, Via: u.via()}
	left := map[string]bool{}
	for _, c := range v.Plan.Changes { // newest first
		room, _, _ := strings.Cut(c.Kind, ".")
		if left[room] = left[room] || !u.accepts(c.UndoRisk); !left[room] {
			d.Changes = append(d.Changes, c.ID)
		}
	}
	if len(d.Changes) == 0 {
		return d, &engine.Stop{Reason: engine.StopRisk, Err: riskError(undoRisks(v.Plan.Changes))}
	}
	return d, nil
}

func (u unattended) via() string {
	if len(u.accept) == 0 {
		return "--yes"
	}
	return "--yes --accept-risk " + strings.Join(u.accept, ",")
}

func (u unattended) accepts(r runbook.Risk) bool {
	return r == runbook.Reversible || r == "" || slices.Contains(u.accept, string(r))
}

// missing are the risks of changes that were not accepted.
func (u unattended) missing(changes []runbook.Change) []string {
	var all []string
	for _, c := range changes {
		if !u.accepts(c.Risk) && !slices.Contains(all, string(c.Risk)) {
			all = append(all, string(c.Risk))
		}
	}
	return all
}

func undoRisks(changes []runbook.Change) []string {
	var all []string
	for _, c := range changes {
		if c.UndoRisk != runbook.Reversible && !slices.Contains(all, string(c.UndoRisk)) {
			all = append(all, string(c.UndoRisk))
		}
	}
	return all
}

// riskError says which risks have to be accepted by name.
func riskError(risks []string) error {
	return failf(exitUnconfirmed, "read the plan, then add --accept-risk "+strings.Join(risks, ","),
		"the risk %s has to be accepted by its name", strings.Join(risks, " and "))
}
