package planner

import (
	"context"
	"maps"
	"slices"
	"strings"

	"hikeshi/runbook"
)

// maxShut bounds what a gate shows of one step that keeps it shut.
const maxShut = 6

// gate reads the steps that the conditions name again and then decides each condition. A condition that cannot be told keeps the
// gate shut. What the steps of a shut one have found wrong is found at the gate, too.
func (p *Planner) gate(ctx context.Context, step runbook.Step, f Facts, planned []runbook.Change) runbook.StepPlan {
	plan := runbook.StepPlan{State: runbook.Ready}
	seen := p.reread(ctx, step, f, planned)
	for _, c := range step.Gate {
		if id := p.gateAfter(c, planned); id != "" && plan.After == "" {
			plan.State, plan.After = runbook.AfterChange, id
		}
		row := p.row(c, seen)
		plan.Gate = append(plan.Gate, row)
		if !row.Holds {
			plan.Findings = append(plan.Findings, seen.take(c.Steps())...)
		}
	}
	for _, row := range plan.Gate {
		if row.Why != "" {
			plan.State, plan.Why, plan.WhyJA = runbook.Undetermined, row.Why, row.WhyJA
			break
		}
	}
	return plan
}

// row decides one condition.
func (p *Planner) row(c runbook.Condition, seen again) runbook.GateRow {
	row := runbook.GateRow{Title: c.Title}
	asked, err := true, error(nil)
	if c.When != nil {
		asked, err = p.holds(c.When, seen.facts)
	}
	switch {
	case err != nil:
		row.Why, row.WhyJA = p.because(err, seen)
		return row
	case !asked:
		return runbook.GateRow{Title: c.Otherwise, Holds: true, Off: true}
	}
	if row.Holds, err = p.holds(c.That, seen.facts); err != nil {
		row.Why, row.WhyJA = p.because(err, seen)
	}
	return row
}

// again is what reading steps anew has given.
type again struct {
	facts  Facts
	unread map[string]runbook.Text      // why steps could not be read
	wrong  map[string][]runbook.Finding // what they found that is not well
}

// because says why a condition cannot be told.
func (p *Planner) because(err error, seen again) (en, ja string) {
	_, id, _ := strings.Cut(err.Error(), errNoFacts.Error()+": ")
	if why := seen.unread[id]; why.EN != "" {
		return "step " + id + ": " + why.EN, "手順 " + id + ": " + why.In("ja")
	}
	if step, ok := p.Book.Step(id); ok && step.Manual != nil {
		return "step " + id + " was not answered", "手順 " + id + " に答えていない"
	}
	return err.Error(), inJapanese(err)
}

// take takes out what the steps found, so that it is told once; of each no more than a screen can hold.
func (a again) take(steps []string) []runbook.Finding {
	var all []runbook.Finding
	for _, id := range steps {
		found := a.wrong[id]
		delete(a.wrong, id)
		all = append(all, found[:min(len(found), maxShut)]...)
		if more := len(found) - maxShut; more > 0 {
			all = append(all, runbook.Finding{Level: runbook.Warn, Text: runbook.Tf("and %d more, see step %s", "ほかに %d 件。手順 %s を参照", more, id)})
		}
	}
	return all
}

// reread plans each reading step that the gate's conditions name anew, since a gate decides on the world as it is now.
func (p *Planner) reread(ctx context.Context, gate runbook.Step, f Facts, planned []runbook.Change) again {
	a := again{maps.Clone(f), map[string]runbook.Text{}, map[string][]runbook.Finding{}}
	for _, step := range p.Book.Steps {
		if !p.looks(step) || !Names(gate, step.ID) || p.Kinds[step.Uses].Watched {
			continue
		}
		delete(a.facts, step.ID)
		plan := p.Step(ctx, step, a.facts, planned)
		for _, found := range plan.Findings {
			if found.Level == runbook.Warn || found.Level == runbook.Bad {
				a.wrong[step.ID] = append(a.wrong[step.ID], found)
			}
		}
		v, err := p.Value(step, plan.Facts)
		switch {
		case err != nil:
			a.unread[step.ID] = runbook.T(err.Error(), "")
		case v == nil:
			a.unread[step.ID] = runbook.T(plan.Why, plan.WhyJA)
		default:
			a.facts[step.ID] = v
		}
	}
	return a
}

// Names says whether a condition of the gate uses the facts of the step id.
func Names(gate runbook.Step, id string) bool {
	return slices.ContainsFunc(gate.Gate, func(c runbook.Condition) bool { return slices.Contains(c.Steps(), id) })
}

// Uses says whether a parameter of step goes by facts of the step id.
func Uses(step runbook.Step, id string) bool {
	for _, v := range step.With {
		if v.Expr != nil && slices.Contains(v.Expr.Steps(), id) {
			return true
		}
	}
	return false
}

// gateAfter names the earlier step whose planned change alters what a condition reads, or "".
func (p *Planner) gateAfter(c runbook.Condition, planned []runbook.Change) string {
	for _, id := range c.Steps() {
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
