package main

import (
	"context"
	"encoding/json"
	"errors"
	"strings"

	"hikeshi/runbook"
	"hikeshi/runbook/engine/planner"
	"hikeshi/runbook/journal"
)

// A glance is a kind that is asked again after the steps of an incident have ended, and its parameters.
type glance struct {
	kind string
	with map[string]any
}

// lookAgain asks kinds that only look, and writes down what they find in an incident that is there. What cannot be found out is said and
// stands in the record with its reason; it stops nobody.
func (a *app) lookAgain(ctx context.Context, w *world, jr *journal.Journal, glances []glance) error {
	for _, g := range glances {
		k, ok := w.kinds[g.kind]
		if _, changes := k.Changer(); !ok || changes {
			continue
		}
		if err := a.glance(ctx, jr, k, g.with); err != nil {
			return err
		}
	}
	return nil
}

func (a *app) glance(ctx context.Context, jr *journal.Journal, k runbook.Kind, with map[string]any) error {
	params, err := json.Marshal(with)
	if err != nil {
		return err
	}
	s := a.screenOn(a.stderr)
	rec := planner.Recorder{Journal: jr, Told: func(_ string, done, total int64) { s.Progress(k.Short.In(a.lang()), done, total) }}
	out, err := k.Action.Plan(ctx, runbook.Input{Incident: jr.ID(), Step: strings.ReplaceAll(k.Name, ".", "_"), With: params, Rec: rec})
	s.printf("") // takes the progress away
	if cerr := ctx.Err(); cerr != nil {
		return cerr
	}
	r := runbook.Record{Event: runbook.Looked, Kind: k.Name, Plan: &runbook.StepPlan{Findings: out.Findings}}
	switch {
	case errors.Is(err, runbook.ErrInput):
		return usagef("", "%w", err)
	case err != nil:
		r.Error = err.Error()
		a.once("look "+k.Name, a.word("%s: not found out: %v", "%s: 確認できない: %v"), k.Short.In(a.lang()), err)
	case !out.Left.IsZero():
		r.Text = out.Left.EN
	case out.Facts != nil:
		if r.Facts, err = json.Marshal(out.Facts); err != nil {
			return err
		}
	}
	if err := jr.Append(r); err != nil {
		return unfinishedLine(jr, err)
	}
	return nil
}
