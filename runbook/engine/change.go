package engine

import (
	"context"
	"errors"
	"fmt"
	"time"

	"hikeshi/runbook"
	"hikeshi/runbook/engine/planner"
)

// verifyTime bounds a look at the world after an interruption, when the run's own context is gone.
const verifyTime = 30 * time.Second

// change makes one change: intent, apply, verify, result. A change that is done already is left alone.
func (r *running) change(ctx context.Context, v View, c runbook.Change) error {
	ch := r.h.Change(c.ID)
	if ch != nil && ch.InForce() && ch.State == runbook.Done && ch.UndoError == "" {
		return nil
	}
	kind, changer, err := r.changer(c)
	if err != nil {
		return err
	}
	rec := runbook.Record{Event: runbook.Applied, Step: v.Step.ID, Change: c.ID, State: runbook.None}
	if ch != nil && ch.InForce() {
		rec.State = ch.State // half made before; it stays so if the intent is refused
	}
	if err = r.intent(kind, v.Step.ID, c); err == nil {
		rec.State, err = r.applied(ctx, v.Step, c, changer)
	}
	if err == nil && rec.State != runbook.Done {
		err = fmt.Errorf("%s %s: after it the state is %s", c.Op, c.Target, rec.State)
	}
	if err != nil {
		err = r.versioned(err)
		rec.Error = said(err)
	}
	return errors.Join(err, r.append(rec))
}

// intent records that c is about to be made. Unless it is on disk, only what stops the damage is made.
func (r *running) intent(kind runbook.Kind, step string, c runbook.Change) error {
	err := r.Journal.Append(runbook.Record{Event: runbook.Intent, Step: step, Change: c.ID})
	if err == nil || errors.Is(err, runbook.ErrUnrecorded) && kind.Unrecorded {
		return nil
	}
	return fmt.Errorf("recording the intent of %s: %w", c.ID, err)
}

// applied applies c, as often as the step allows, and looks what became of it.
func (r *running) applied(ctx context.Context, step runbook.Step, c runbook.Change, changer runbook.Changer) (runbook.State, error) {
	err := planner.Try(ctx, step, func(ctx context.Context) error { return changer.Apply(ctx, c, r.recorder(step.ID)) })
	look, cancel := context.WithTimeout(context.WithoutCancel(ctx), verifyTime)
	defer cancel()
	state, verr := changer.Verify(look, c, r.recorder(step.ID))
	if verr != nil {
		return "", errors.Join(err, fmt.Errorf("verifying %s: %w", c.Target, verr))
	}
	return state, err
}

func (r *running) changer(c runbook.Change) (runbook.Kind, runbook.Changer, error) {
	kind, ok := r.Kinds[c.Kind]
	if !ok {
		return kind, nil, fmt.Errorf("change %s is of kind %s, which this version does not have; it was written by version %s", c.ID, c.Kind, r.h.Opening.Version)
	}
	changer, ok := kind.Changer()
	if !ok {
		return kind, nil, fmt.Errorf("change %s: kind %s changes nothing", c.ID, c.Kind)
	}
	return kind, changer, nil
}

// versioned adds to the error about a newer change which version can read it.
func (r *running) versioned(err error) error {
	if !errors.Is(err, runbook.ErrNewer) {
		return err
	}
	return fmt.Errorf("%w; it was written by version %s", err, r.h.Opening.Version)
}

// failed records that a step went wrong and does what its on_error says.
func (r *running) failed(ctx context.Context, v View, err error) error {
	if ctx.Err() != nil {
		return r.stop(v.Step.ID, StopInterrupted, err)
	}
	if v.Step.OnError == runbook.OnErrorAsk {
		return r.askFailure(ctx, v, err)
	}
	eerr := r.end(v, runbook.Record{Result: runbook.ResultFailed, Error: err.Error()})
	if errors.Is(err, runbook.ErrInput) {
		eerr = errors.Join(eerr, r.askAgain(v.Step))
	}
	if eerr == nil && v.Step.OnError == runbook.OnErrorContinue {
		return nil
	}
	return errors.Join(r.stop(v.Step.ID, StopError, err), eerr)
}

// askAgain opens the manual steps whose answers step goes by: they are refused, and a run that is taken up again asks for others.
func (r *running) askAgain(step runbook.Step) error {
	var err error
	for _, s := range r.Book.Steps {
		h := r.h.Step(s.ID)
		if s.Manual == nil || h == nil || h.Result != runbook.ResultByHand || !planner.Uses(step, s.ID) {
			continue
		}
		err = errors.Join(err, r.append(runbook.Record{Event: runbook.Ended, Step: s.ID, Result: runbook.ResultOpen, Text: "the answer was refused in step " + step.ID}))
	}
	return err
}

func (r *running) askFailure(ctx context.Context, v View, failure error) error {
	v.Ask, v.Err = AskFailure, failure
	d, err := r.ask(ctx, v)
	if err != nil {
		return err
	}
	switch d.Answer {
	case runbook.Do:
		return r.again(ctx, v)
	case runbook.ByHand:
		return r.byHand(v, d)
	}
	return r.end(v, runbook.Record{Result: runbook.ResultFailed, Error: failure.Error(), Text: d.Note})
}

// again does a step once more after an error: what was begun is carried on, everything else is planned and asked anew.
func (r *running) again(ctx context.Context, v View) error {
	if !r.begun(r.h.Step(v.Step.ID)) {
		if err := r.anew(v); err != nil {
			return err
		}
	}
	return r.step(ctx, v.Number-1)
}

// anew ends the agreement to a plan that does not fit the world any more.
func (r *running) anew(v View) error {
	return r.append(runbook.Record{Event: runbook.Ended, Step: v.Step.ID, Result: runbook.ResultPending, Error: v.Err.Error()})
}
