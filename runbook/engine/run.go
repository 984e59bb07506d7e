package engine

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"

	"hikeshi/runbook"
	"hikeshi/runbook/engine/planner"
)

// Run goes through the runbook of an incident whose journal holds its opening, or goes on where an earlier run stopped or
// died: that is the same thing. how is the verb, for the record. It returns the history, and a *Stop if it did not reach the end;
// any other error is the journal's or says that the runbook is not the one of the incident. The history is nil if there is none.
func (e *Engine) Run(ctx context.Context, how string) (*runbook.History, error) {
	r, err := e.begin(how)
	if err != nil {
		return nil, err
	}
	state := runbook.IncidentDone
	if err = r.all(ctx); err != nil {
		state = runbook.IncidentStopped
	}
	return r.close(state, err)
}

func (r *running) all(ctx context.Context) error {
	if err := r.matches(); err != nil {
		return err
	}
	if err := r.settle(ctx); err != nil {
		return err
	}
	for i := range r.Book.Steps {
		if err := r.step(ctx, i); err != nil {
			return err
		}
	}
	return nil
}

// running is one run, resume or undo.
type running struct {
	*Engine
	plan  *planner.Planner
	h     *runbook.History
	facts planner.Facts
}

func (e *Engine) begin(how string) (*running, error) {
	r := &running{Engine: e, plan: e.planner(), facts: planner.Facts{}}
	return r, r.append(runbook.Record{Event: runbook.Began, Text: how})
}

// matches says whether the runbook is the one that the incident was opened with.
func (r *running) matches() error {
	for _, step := range r.Book.Steps {
		if r.h.Step(step.ID) == nil {
			return fmt.Errorf("incident %s was not opened with this runbook: it has no step %s", r.Incident, step.ID)
		}
	}
	return r.plan.Check()
}

// append records rec and reads the history anew. A journal that could keep it only elsewhere is no error here: that matters before
// a change, see intent.
func (r *running) append(rec runbook.Record) error {
	if err := r.Journal.Append(rec); err != nil && !errors.Is(err, runbook.ErrUnrecorded) {
		return err
	}
	records, err := r.Journal.Records()
	if err != nil {
		return err
	}
	h, err := runbook.Fold(records)
	if err == nil {
		r.h = h
	}
	return err
}

// stop is the end of the run at step. An operator that stopped it has said why.
func (r *running) stop(step string, why Reason, err error) error {
	var said *Stop
	if errors.As(err, &said) {
		why, err = said.Reason, said.Err
	}
	return &Stop{Reason: why, Step: step, Changed: len(r.h.InForce()) > 0, Err: err}
}

// close records how a run or undo ended and returns its history.
func (r *running) close(state runbook.IncidentState, err error) (*runbook.History, error) {
	rec := runbook.Record{Event: runbook.Closed, Text: string(state)}
	if err != nil {
		rec.Error = err.Error()
	}
	if cerr := r.append(rec); cerr != nil {
		err = errors.Join(err, cerr)
	}
	return r.h, err
}

func (r *running) view(i int) View {
	return View{Incident: r.Incident, Opened: r.h.Opened, Number: i + 1, Of: len(r.Book.Steps), Step: r.Book.Steps[i]}
}

func (r *running) index(id string) int {
	return slices.IndexFunc(r.Book.Steps, func(s runbook.Step) bool { return s.ID == id })
}

// step does step i, unless it has ended well before.
func (r *running) step(ctx context.Context, i int) error {
	v := r.view(i)
	step, s := v.Step, r.h.Step(v.Step.ID)
	switch {
	case s.Result == runbook.ResultUndone: // its facts are true no more
		return nil
	case r.ended(i, s):
		return r.remember(step, s.Facts)
	}
	goesOn := s.Agreed && s.Result == runbook.ResultPending
	looksAgain := s.Result == runbook.ResultOpen && s.Plan != nil && s.Plan.ByHand // its own part is made; a person may have done the rest
	if s.Plan != nil && len(s.Plan.Changes) > 0 && (goesOn || r.begun(s)) && !looksAgain {
		v.Plan = *s.Plan
		r.Operator.Show(v)
		if goesOn {
			v.Ask = AskChanges
			return r.carryOut(ctx, v, *s.Decision)
		}
		return r.decide(ctx, v)
	}
	if step.Gate != nil {
		if err := r.carryOn(ctx, i); err != nil {
			return err
		}
	}
	v.Plan = r.plan.Step(ctx, step, r.facts, nil)
	if ctx.Err() != nil {
		return r.stop(step.ID, StopInterrupted, ctx.Err())
	}
	planner.Number(step.ID, r.h.NextChange(step.ID), v.Plan.Changes)
	if err := r.append(runbook.Record{Event: runbook.Planned, Step: step.ID, Plan: &v.Plan}); err != nil {
		return err
	}
	r.Operator.Show(v)
	return r.decide(ctx, v)
}

// ended says that nothing is left to do in step i. A gate is decided anew, on the world as it is now, until everything behind it that
// brings services back has ended.
func (r *running) ended(i int, s *runbook.StepHistory) bool {
	switch s.Result {
	case runbook.ResultDone:
		if r.Book.Steps[i].Gate != nil {
			return r.passed(i)
		}
		return !r.inVain(i)
	case runbook.ResultByHand, runbook.ResultSkipped:
		return true
	}
	return false
}

// inVain says that step i has watched a span of time, and that a gate that goes by it has stayed shut: it watches again, since the gate
// itself does not.
func (r *running) inVain(i int) bool {
	step := r.Book.Steps[i]
	return r.Kinds[step.Uses].Watched && slices.ContainsFunc(r.Book.Steps[i+1:], func(gate runbook.Step) bool {
		s := r.h.Step(gate.ID)
		return s.Result == runbook.ResultPending && s.Plan != nil && planner.Names(gate, step.ID)
	})
}

// passed says that what gate i guards has happened: every later step that brings services back has ended, and one of them has had
// an effect; where no later step does that, something behind the gate is in force.
func (r *running) passed(i int) bool {
	starts, effect := false, false
	for _, step := range r.Book.Steps[i+1:] {
		if !r.onServices(step) {
			continue
		}
		starts = true
		switch s := r.h.Step(step.ID); s.Result {
		case runbook.ResultDone:
			effect = effect || len(s.Plan.Changes) > 0
		case runbook.ResultByHand, runbook.ResultSkipped:
		default:
			return false
		}
	}
	if !starts {
		return slices.ContainsFunc(r.h.InForce(), func(c *runbook.ChangeHistory) bool { return r.index(c.Step) > i })
	}
	return effect
}

// onServices says whether a step changes services.
func (r *running) onServices(step runbook.Step) bool {
	return step.Uses != "" && slices.Contains(r.Kinds[step.Uses].Touches, "services")
}

// carryOn ends what was begun behind gate i and broken off, as far as it brings no service back: a queue half of which was put back would
// keep the gate shut for ever.
func (r *running) carryOn(ctx context.Context, i int) error {
	for j := i + 1; j < len(r.Book.Steps); j++ {
		step := r.Book.Steps[j]
		s := r.h.Step(step.ID)
		if r.onServices(step) || s.Plan == nil || r.ended(j, s) || s.Result == runbook.ResultUndone || !r.begun(s) {
			continue
		}
		if err := r.step(ctx, j); err != nil {
			return err
		}
	}
	return nil
}

// remember keeps the facts of a step for later ones.
func (r *running) remember(step runbook.Step, facts json.RawMessage) error {
	f, err := r.plan.Value(step, facts)
	if f != nil {
		r.facts[step.ID] = f
	}
	return err
}

// begun says that the plan of a step has an effect on the world and still fits it. A new plan would not know how the world was before.
func (r *running) begun(s *runbook.StepHistory) bool {
	begun := false
	for _, c := range s.Plan.Changes {
		ch := r.h.Change(c.ID)
		if ch.InForce() && ch.State == runbook.Drifted {
			return false
		}
		begun = begun || ch.InForce()
	}
	return begun
}
