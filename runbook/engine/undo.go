package engine

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"hikeshi/runbook"
)

// Undo takes back the changes in force of the named steps, or of all, newest first. Each is undone by the inverse edit on what
// stands now; it goes on past failures, and can be repeated. The operator decides which of them, risk by risk. It returns the
// history, nil if there is none, and the errors of what could not be undone; a *Stop among them says that it broke off.
func (e *Engine) Undo(ctx context.Context, steps []string) (*runbook.History, error) {
	r, err := e.begin("undo")
	if err != nil {
		return nil, err
	}
	state := r.h.StateBefore()
	err = r.undoAll(ctx, steps)
	if len(r.h.InForce()) == 0 && slices.ContainsFunc(r.h.Changes, (*runbook.ChangeHistory).Undone) {
		state = runbook.IncidentUndone
	}
	return r.close(state, err)
}

func (r *running) undoAll(ctx context.Context, steps []string) error {
	for _, id := range steps {
		if r.h.Step(id) == nil {
			return fmt.Errorf("incident %s has no step %s", r.Incident, id)
		}
	}
	v := r.undoView(steps)
	if len(v.Plan.Changes) == 0 {
		return nil
	}
	r.Operator.Show(v)
	d, err := r.ask(ctx, v)
	if err != nil {
		var stop *Stop
		if errors.As(err, &stop) {
			stop.Changed = false
		}
		return err
	}
	var failures error
	var stuck []runbook.Change // what could not be taken back
	for _, c := range v.Plan.Changes {
		if d.Answer != runbook.Do || !d.Approves(c.ID) {
			continue
		}
		if ctx.Err() != nil {
			return errors.Join(failures, r.stop(r.h.Change(c.ID).Step, StopInterrupted, ctx.Err()))
		}
		if on := r.restsOn(stuck, c); on != "" {
			failures = errors.Join(failures, fmt.Errorf("left: undoing %s of %s: %s has to be undone before", c.Op, c.Target, on))
			stuck = append(stuck, c)
			continue
		}
		recorded, err := r.undo(ctx, v, c)
		if err != nil {
			failures, stuck = errors.Join(failures, err), append(stuck, c)
		}
		if !recorded {
			break
		}
	}
	return failures
}

// restsOn names a change that could not be taken back and still needs what c has made: a queue that is half put back needs its services
// down, and nothing reopens a door while what runs could not be stopped. It returns "" if there is none.
func (r *running) restsOn(stuck []runbook.Change, c runbook.Change) string {
	for _, s := range stuck {
		if s.UndoRisk == runbook.Disruptive && c.UndoRisk == runbook.Reopening {
			return s.Op + " of " + s.Target // what would have shut the door first
		}
		for _, word := range r.Kinds[c.Kind].Touches {
			if s.Kind != c.Kind && slices.Contains(r.Kinds[s.Kind].Reads, word) && !slices.Contains(r.Kinds[s.Kind].Touches, word) {
				return s.Op + " of " + s.Target
			}
		}
	}
	return ""
}

// undoView lists what can be undone, newest first.
func (r *running) undoView(steps []string) View {
	v := View{Incident: r.Incident, Opened: r.h.Opened, Of: len(r.h.Steps), Ask: AskUndo}
	v.Plan.State = runbook.Ready
	for _, c := range slices.Backward(r.h.InForce()) {
		if len(steps) == 0 || slices.Contains(steps, c.Step) {
			v.Plan.Changes = append(v.Plan.Changes, c.Change)
		}
	}
	return v
}

// undo takes one change back. A failure leaves it in force, to be tried again. Where the journal does
// not take the records, nothing older may be undone before it.
func (r *running) undo(ctx context.Context, v View, c runbook.Change) (recorded bool, err error) {
	v.Step.ID, v.Plan.Changes = r.h.Change(c.ID).Step, []runbook.Change{c}
	if s := r.h.Step(v.Step.ID); s != nil {
		v.Step.Title, v.Step.Phase = s.Head.Title, s.Head.Phase
	}
	recorded, err = r.takeBack(ctx, v.Step.ID, c)
	result := runbook.ResultUndone
	if err != nil {
		result = runbook.ResultFailed
	}
	r.Operator.Ended(v, result, err)
	return recorded, err
}

func (r *running) takeBack(ctx context.Context, step string, c runbook.Change) (recorded bool, err error) {
	_, changer, err := r.changer(c)
	if err != nil {
		return true, err
	}
	rec := runbook.Record{Event: runbook.Undone, Step: step, Change: c.ID, State: runbook.None}
	err = r.Journal.Append(runbook.Record{Event: runbook.UndoIntent, Step: step, Change: c.ID})
	if recorded = err == nil; !recorded {
		err = fmt.Errorf("recording the intent to undo %s: %w", c.ID, err)
	} else if err = changer.Undo(ctx, c, r.recorder(step)); err != nil {
		err = fmt.Errorf("undoing %s of %s: %w", c.Op, c.Target, r.versioned(err))
	}
	if err != nil {
		rec.State, rec.Error = "", err.Error()
	}
	aerr := r.append(rec)
	return recorded && aerr == nil, errors.Join(err, aerr)
}
