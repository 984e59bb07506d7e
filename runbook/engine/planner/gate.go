package planner

import (
	"context"
	"maps"
	"slices"

	"hikeshi/runbook"
)

// gate reads the steps that the conditions name again and then decides each condition. A condition that cannot be told keeps the
// gate shut.
func (p *Planner) gate(ctx context.Context, step runbook.Step, f Facts, planned []runbook.Change) runbook.StepPlan {
	plan := runbook.StepPlan{State: runbook.Ready}
	fresh, unread := p.reread(ctx, step, f, planned)
	for _, c := range step.Gate {
		if id := p.gateAfter(c, planned); id != "" && plan.After == "" {
			plan.State, plan.After = runbook.AfterChange, id
		}
		plan.Gate = append(plan.Gate, p.row(c, fresh, unread))
	}
	for _, row := range plan.Gate {
		if row.Why != "" {
			plan.State, plan.Why, plan.WhyJA = runbook.Undetermined, row.Why, row.WhyJA
			break
		}
	}
	return plan
}

// row decides one condition. unread are the reasons why steps could not be read again.
func (p *Planner) row(c runbook.Condition, f Facts, unread map[string]runbook.Text) runbook.GateRow {
	row := runbook.GateRow{Title: c.Title}
	for _, id := range c.That.Steps() {
		if why := unread[id]; why.EN != "" {
			row.Why, row.WhyJA = "step "+id+": "+why.EN, "手順 "+id+": "+why.In("ja")
			return row
		}
	}
	var err error
	if row.Holds, err = p.holds(c.That, f); err != nil {
		row.Why, row.WhyJA = err.Error(), inJapanese(err)
	}
	return row
}

// reread plans each reading step that the gate's conditions name anew, since a gate decides on the world as it is now.
func (p *Planner) reread(ctx context.Context, gate runbook.Step, f Facts, planned []runbook.Change) (Facts, map[string]runbook.Text) {
	fresh, unread := maps.Clone(f), map[string]runbook.Text{}
	for _, step := range p.Book.Steps {
		if !p.looks(step) || !names(gate, step.ID) || p.Kinds[step.Uses].Watched {
			continue
		}
		delete(fresh, step.ID)
		plan := p.Step(ctx, step, fresh, planned)
		v, err := p.Value(step, plan.Facts)
		switch {
		case err != nil:
			unread[step.ID] = runbook.T(err.Error(), "")
		case v == nil:
			unread[step.ID] = runbook.T(plan.Why, plan.WhyJA)
		default:
			fresh[step.ID] = v
		}
	}
	return fresh, unread
}

// names says whether a condition of the gate uses the facts of the step id.
func names(gate runbook.Step, id string) bool {
	return slices.ContainsFunc(gate.Gate, func(c runbook.Condition) bool { return slices.Contains(c.That.Steps(), id) })
}

// gateAfter names the earlier step whose planned change alters what a condition reads, or "".
func (p *Planner) gateAfter(c runbook.Condition, planned []runbook.Change) string {
	for _, id := range c.That.Steps() {
		if step, ok := p.Book.Step(id); ok {
			if after := p.dependsOn(step, planned); after != "" {
				return after
			}
		}
	}
	return ""
}

func overlap(a, b []string) bool {
	return slices.ContainsFunc(a, func(word string) bool { return slices.Contains(b, word) })
}
