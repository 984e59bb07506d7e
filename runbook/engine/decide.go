package engine

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"

	"hikeshi/runbook"
)

// decide does with a planned step what its state or the responder says.
func (r *running) decide(ctx context.Context, v View) error {
	switch {
	case v.Plan.State == runbook.Skipped:
		// A kind that leaves a step out by itself may know its facts: nothing was stopped, so nothing is to be started.
		return r.finish(v, runbook.Record{Result: runbook.ResultSkipped, Text: v.Plan.Why})
	case v.Step.Gate != nil:
		return r.gate(v)
	case v.Plan.State == runbook.Undetermined:
		return r.undetermined(ctx, v)
	case v.Plan.State == runbook.NothingToDo || v.Step.Manual == nil && len(v.Plan.Changes) == 0:
		return r.finish(v, runbook.Record{Result: runbook.ResultDone})
	}
	v.Ask = AskChanges
	if v.Step.Manual != nil {
		v.Ask = AskManual
	}
	d, err := r.ask(ctx, v)
	if err != nil {
		return err
	}
	return r.carryOut(ctx, v, d)
}

// gate lets the run through or keeps it where it is. What cannot be told keeps it shut.
func (r *running) gate(v View) error {
	if v.Plan.State != runbook.Undetermined && v.Plan.Open() {
		return r.end(v, runbook.Record{Result: runbook.ResultDone})
	}
	why := cmp.Or(v.Plan.Why, "not so: "+missing(v.Plan.Gate))
	if err := r.end(v, runbook.Record{Result: runbook.ResultPending, Text: why}); err != nil {
		return err
	}
	return r.stop(v.Step.ID, StopGate, errors.New("the gate does not open: "+why))
}

// missing are the titles of the conditions that do not hold.
func missing(rows []runbook.GateRow) string {
	var all []string
	for _, r := range rows {
		if !r.Holds {
			all = append(all, r.Title.EN)
		}
	}
	return strings.Join(all, "; ")
}

// undetermined: what depends on a step that was left out is left open; what cannot be read is an error of the step.
func (r *running) undetermined(ctx context.Context, v View) error {
	if v.Step.Manual != nil || v.Plan.NoFacts {
		return r.end(v, runbook.Record{Result: runbook.ResultOpen, Text: v.Plan.Why})
	}
	err := v.Plan.Err // of which callers may know what to do
	if err == nil {
		err = errors.New(v.Plan.Why)
	}
	return r.failed(ctx, v, err)
}

// ask asks the responder and records the answer.
func (r *running) ask(ctx context.Context, v View) (runbook.Decision, error) {
	d, err := r.Operator.Decide(ctx, v)
	if err != nil {
		why := StopError
		if ctx.Err() != nil {
			why = StopInterrupted
		}
		return d, r.stop(v.Step.ID, why, err)
	}
	r.narrow(v, &d)
	if err := r.append(runbook.Record{Event: runbook.Decided, Step: v.Step.ID, Decision: &d}); err != nil {
		return d, err
	}
	if d.Answer == runbook.Quit {
		return d, r.stop(v.Step.ID, StopQuit, errors.New("the responder quit"))
	}
	return d, nil
}

// narrow keeps a yes within what it was said to: trying again agrees to nothing more than before, and a list of none is no yes,
// though the record cannot tell it from a list of all.
func (r *running) narrow(v View, d *runbook.Decision) {
	if v.Ask == AskFailure || v.Ask == AskDrift {
		if s := r.h.Step(v.Step.ID); s != nil && s.Decision != nil {
			d.Changes = s.Decision.Changes
		}
		return
	}
	if d.Answer == runbook.Do && d.Changes != nil && len(d.Changes) == 0 {
		d.Answer = runbook.Skip
	}
}

// carryOut does what was decided.
func (r *running) carryOut(ctx context.Context, v View, d runbook.Decision) error {
	if d.File != "" {
		if err := r.recorder(v.Step.ID).Attach(d.File); err != nil {
			return r.failed(ctx, v, err)
		}
	}
	switch {
	case d.Answer == runbook.Skip:
		return r.end(v, runbook.Record{Result: runbook.ResultSkipped, Text: d.Note})
	case d.Answer == runbook.Open:
		return r.end(v, runbook.Record{Result: runbook.ResultOpen, Text: d.Note})
	case d.Answer == runbook.ByHand, d.Answer == runbook.Do && v.Step.Manual != nil:
		return r.byHand(v, d)
	case d.Answer != runbook.Do: // must never count as a yes
		return r.failed(ctx, v, fmt.Errorf("the answer %q is not known", d.Answer))
	}
	for _, c := range v.Plan.Changes {
		if !d.Approves(c.ID) {
			continue
		}
		if ctx.Err() != nil {
			return r.stop(v.Step.ID, StopInterrupted, ctx.Err())
		}
		if err := r.change(ctx, v, c); err != nil {
			return r.failed(ctx, v, err)
		}
	}
	return r.finish(v, runbook.Record{Result: runbook.ResultDone})
}

// byHand records what a person did, with the answer as facts for later steps.
func (r *running) byHand(v View, d runbook.Decision) error {
	if v.Step.Manual == nil {
		return r.end(v, runbook.Record{Result: runbook.ResultByHand, Text: d.Note})
	}
	answer, ok := v.Step.Manual.Answer(d)
	if !ok {
		return r.end(v, runbook.Record{Result: runbook.ResultOpen, Text: "the evidence that the step needs was not given"})
	}
	f := runbook.ManualFacts{Answer: answer, ByHand: true}
	raw, err := json.Marshal(f)
	if err != nil {
		return err
	}
	r.facts[v.Step.ID] = f
	return r.end(v, runbook.Record{Result: runbook.ResultByHand, Facts: raw, Text: d.Note})
}

// finish ends a step as its plan or its changes say, and keeps the facts of the plan for later steps. What is left to a person stays open.
func (r *running) finish(v View, rec runbook.Record) error {
	if rec.Result == runbook.ResultDone && v.Plan.ByHand {
		rec.Result, rec.Text = runbook.ResultOpen, v.Plan.Why
	}
	if err := r.remember(v.Step, v.Plan.Facts); err != nil {
		return err
	}
	rec.Facts = v.Plan.Facts
	return r.end(v, rec)
}

func (r *running) end(v View, rec runbook.Record) error {
	rec.Event, rec.Step = runbook.Ended, v.Step.ID
	err := r.append(rec)
	v.Err = err
	if rec.Error != "" {
		v.Err = errors.New(rec.Error)
	}
	r.Operator.Ended(v, rec.Result, v.Err)
	return err
}
