package engine

import (
	"context"

	"hikeshi/runbook"
	"hikeshi/runbook/engine/planner"
)

// An Engine goes through one runbook. Its fields are set once and not changed.
type Engine struct {
	Book     *runbook.Runbook
	Kinds    map[string]runbook.Kind
	Inputs   map[string]any  // by name, of the Go types of their definitions
	Incident string          // id, or the one a run would get
	Journal  runbook.Journal // Plan needs none
	Operator Operator
	Skip     map[string]bool // steps not to do
	From     string          // steps before it are only read, if they read
}

// A PlannedStep is one step of a plan.
type PlannedStep struct {
	Step runbook.Step
	runbook.StepPlan
}

// Plan runs the reading side of every step against the world as it is now; it changes nothing and records nothing. A step that
// cannot be planned is undetermined and the plan goes on; the error is the context's, or that Skip or From name no step.
func (e *Engine) Plan(ctx context.Context) ([]PlannedStep, error) {
	dry := *e
	dry.Journal = nil
	p := dry.planner()
	if err := p.Check(); err != nil {
		return nil, err
	}
	f := planner.Facts{}
	var all []PlannedStep
	planned := []runbook.Change{} // not nil: see runbook.Input
	for i, step := range e.Book.Steps {
		plan := p.Step(ctx, step, f, planned)
		if err := ctx.Err(); err != nil {
			return all, err
		}
		if v, err := p.Value(step, plan.Facts); err == nil && v != nil {
			f[step.ID] = v
		}
		planner.Number(step.ID, 1, plan.Changes)
		planned = append(planned, plan.Changes...)
		all = append(all, PlannedStep{Step: step, StepPlan: plan})
		e.Operator.Show(View{Incident: e.Incident, Number: i + 1, Of: len(e.Book.Steps), Step: step, Plan: plan})
	}
	return all, nil
}

func (e *Engine) planner() *planner.Planner {
	return &planner.Planner{
		Book: e.Book, Kinds: e.Kinds, Inputs: e.Inputs, Incident: e.Incident, Skip: e.Skip, From: e.From, Recorder: e.recorder,
	}
}

func (e *Engine) recorder(step string) planner.Recorder {
	return planner.Recorder{Step: step, Journal: e.Journal, Told: e.Operator.Progress}
}
