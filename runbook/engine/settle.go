package engine

import (
	"context"
	"fmt"

	"hikeshi/runbook"
)

// settle asks the world about every change that a dead process left in the middle, and goes forward.
func (r *running) settle(ctx context.Context) error {
	for _, ch := range r.h.Changes {
		if ch.UndoPending() {
			return r.stop(ch.Step, StopError, fmt.Errorf("the undo of change %s (%s %s) was interrupted: undo goes on with it", ch.ID, ch.Op, ch.Target))
		}
		if !ch.Unsettled() {
			continue
		}
		if err := r.settleOne(ctx, ch); err != nil {
			return err
		}
	}
	return nil
}

func (r *running) settleOne(ctx context.Context, ch *runbook.ChangeHistory) error {
	i := r.index(ch.Step)
	_, changer, err := r.changer(ch.Change)
	if i < 0 {
		err = fmt.Errorf("change %s belongs to step %s, which the runbook of this incident does not have", ch.ID, ch.Step)
	}
	if err != nil {
		return r.stop(ch.Step, StopError, err)
	}
	look, cancel := context.WithTimeout(ctx, verifyTime)
	defer cancel()
	state, err := changer.Verify(look, ch.Change, r.recorder(ch.Step))
	switch {
	case ctx.Err() != nil:
		return r.stop(ch.Step, StopInterrupted, ctx.Err())
	case err != nil && !ch.Pending():
		return nil // known since it was made; the step decides what follows
	case err != nil:
		return r.stop(ch.Step, StopError, fmt.Errorf("finding out how far change %s got: %w", ch.ID, r.versioned(err)))
	case state == runbook.Drifted:
		return r.drifted(ctx, i, ch)
	}
	// The agreement to the step stands: what is not done yet is carried on when the run comes to it.
	return r.append(runbook.Record{Event: runbook.Applied, Step: ch.Step, Change: ch.ID, State: state, Text: "found so after an interruption"})
}

// drifted asks what to do with a change whose place somebody else has altered meanwhile.
func (r *running) drifted(ctx context.Context, i int, ch *runbook.ChangeHistory) error {
	v := r.view(i)
	v.Ask, v.Err = AskDrift, fmt.Errorf("%s: %w", ch.Target, runbook.ErrDrift)
	v.Plan.Changes = []runbook.Change{ch.Change}
	d, err := r.ask(ctx, v)
	if err != nil {
		return err
	}
	rec := runbook.Record{Event: runbook.Applied, Step: ch.Step, Change: ch.ID, State: runbook.Drifted, Error: v.Err.Error(), Text: d.Note}
	if err := r.append(rec); err != nil {
		return err
	}
	switch d.Answer {
	case runbook.Do:
		return r.anew(v)
	case runbook.ByHand:
		return r.byHand(v, d)
	}
	return r.end(v, runbook.Record{Result: runbook.ResultSkipped, Text: d.Note})
}
