package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"

	"github.com/spf13/cobra"

	"hikeshi/runbook"
	"hikeshi/runbook/book"
	"hikeshi/runbook/engine"
	"hikeshi/runbook/journal"
	"hikeshi/runbook/journal/lock"
)

func (a *app) resumeVerb() *cobra.Command {
	var c changeFlags
	var take bool
	cmd := &cobra.Command{
		Use: "resume [INCIDENT]", Short: "go on after a stop or a crash", Args: cobra.MaximumNArgs(1),
		Long: `Resume asks the world about every change that was begun and not finished, goes
forward with it, and then goes on with the steps that are left. Without INCIDENT
it takes the newest one that is not done.`,
		Example: "  hikeshi resume\n  hikeshi resume 20261121-0312 --yes --accept-risk disruptive",
		RunE: func(cmd *cobra.Command, args []string) error {
			w, err := a.worldOr(c.manager, func(w *world) bool { return a.wasApart(w, args) })
			if err != nil {
				return err
			}
			return a.resume(cmd.Context(), w, args, c, take)
		},
		ValidArgsFunction: a.completeIncidents,
	}
	c.add(cmd)
	takeOverFlag(cmd, &take)
	return cmd
}

func takeOverFlag(cmd *cobra.Command, take *bool) {
	cmd.Flags().BoolVar(take, "take-over", false, "end the process of the responder who holds the lock, in order, and go on in his place")
}

func (a *app) resume(ctx context.Context, w *world, args []string, flags changeFlags, take bool) error {
	accept, err := riskNames(flags.accept)
	if err != nil {
		return err
	}
	id, err := a.unfinished(w, args)
	if err != nil {
		return err
	}
	if _, err := a.store(w.state).Find(id); err != nil {
		return usagef("`hikeshi incidents` lists them", "%w", err)
	}
	if flags.dryRun {
		return a.resumePlan(id)
	}
	op, err := a.operator(flags.yes, accept, w.kinds)
	if err != nil {
		return err
	}
	jr, l, err := a.hold(ctx, w, id, take)
	if err != nil {
		return err
	}
	defer l.Unlock()
	defer jr.Close()
	tellHolder(op, l, jr.ID())
	e, err := a.engineOf(w, jr, op)
	if err != nil {
		return err
	}
	_, err = e.Run(ctx, "resume")
	return a.finish(jr, err)
}

// engineOf is the engine of an incident that is there already: its runbook, inputs and choices are those it was opened with.
func (a *app) engineOf(w *world, jr *journal.Journal, op engine.Operator) (*engine.Engine, error) {
	records, err := jr.Records()
	if err != nil {
		return nil, err
	}
	h, err := runbook.Fold(records)
	if err != nil {
		return nil, err
	}
	rb, err := a.frozenBook(w, jr)
	if err != nil {
		return nil, err
	}
	var given map[string]any
	if len(h.Opening.With) > 0 {
		if err := json.Unmarshal(h.Opening.With, &given); err != nil {
			return nil, fmt.Errorf("reading the inputs of incident %s: %w", jr.ID(), err)
		}
	}
	inputs, err := book.Restore(rb, given)
	if err != nil {
		return nil, err
	}
	return a.engine(w, job{book: rb, inputs: inputs, skip: h.Opening.Skip, from: h.Opening.From}, jr, op), nil
}

func (a *app) undoVerb() *cobra.Command {
	var c changeFlags
	cmd := &cobra.Command{
		Use: "undo INCIDENT [STEP...]", Short: "walk back what an incident changed", Args: cobra.MinimumNArgs(1),
		Long: `Undo takes back the changes of an incident, newest first, each by the inverse edit
on what stands now: exactly the added bytes out, the folders back. What would
reopen a door (a denial lifted, set-aside mail put back) is left unless it is
named with --accept-risk reopening. It goes on past failures and can be repeated.`,
		Example: "  hikeshi undo 20261121-0312\n  hikeshi undo 20261121-0312 deny --yes --accept-risk reopening",
		RunE: func(cmd *cobra.Command, args []string) error {
			w, err := a.world(cmd.Context(), c.manager)
			if err != nil {
				return err
			}
			return a.undo(cmd.Context(), w, args, c)
		},
		ValidArgsFunction: a.completeIncidents,
	}
	c.add(cmd)
	return cmd
}

func (a *app) undo(ctx context.Context, w *world, args []string, flags changeFlags) error {
	accept, err := riskNames(flags.accept)
	if err != nil {
		return err
	}
	if _, err := a.store(w.state).Find(args[0]); err != nil {
		return usagef("`hikeshi incidents` lists them", "%w", err)
	}
	if flags.dryRun {
		return a.undoPlan(w, args)
	}
	op, err := a.operator(flags.yes, accept, w.kinds)
	if err != nil {
		return err
	}
	jr, l, err := a.hold(ctx, w, args[0], false)
	if err != nil {
		return err
	}
	defer l.Unlock()
	defer jr.Close()
	if err := hasSteps(jr, args[1:]); err != nil {
		return err
	}
	tellHolder(op, l, jr.ID())
	e := &engine.Engine{Kinds: w.kinds, Operator: op, Journal: jr, Incident: jr.ID()}
	_, err = e.Undo(ctx, args[1:])
	return a.finishUndo(jr, args[1:], err)
}

// hold takes the lock and the journal of an incident, and repairs what a crash left of its last line.
func (a *app) hold(ctx context.Context, w *world, name string, take bool) (*journal.Journal, *lock.Lock, error) {
	jr, err := journal.Open(a.store(w.state), name)
	if err != nil {
		return nil, nil, failf(exitUsage, "`hikeshi incidents` lists them", "%w", err)
	}
	if err := sameServer(w, jr); err != nil {
		return nil, nil, errors.Join(err, jr.Close())
	}
	l, from, err := a.lockOrTake(ctx, w, jr.ID(), take)
	if err != nil {
		return nil, nil, errors.Join(err, jr.Close())
	}
	if err := errors.Join(jr.Hold(l), takenOver(jr, from)); err != nil {
		return nil, nil, errors.Join(err, jr.Close(), l.Unlock())
	}
	return jr, l, nil
}

// resumePlan lists the steps that a resume would come to, and changes nothing.
func (a *app) resumePlan(id string) error {
	jr, records, err := a.openIncident(id)
	if err != nil {
		return err
	}
	defer jr.Close()
	if a.isJSON() {
		err = a.incidentJSON(jr, records, nil)
	}
	h, ferr := runbook.Fold(records)
	if err = errors.Join(err, ferr); err != nil {
		return err
	}
	left := 0
	for _, s := range h.Steps {
		switch s.Result {
		case runbook.ResultPending, runbook.ResultFailed, runbook.ResultOpen:
			left++
			if !a.isJSON() {
				fmt.Fprintf(a.stdout, "[ ] %s  (%s, %s)\n", s.Head.Title.In(a.lang()), s.Head.ID, s.Result)
			}
		}
	}
	if left > 0 {
		return silent(exitFound)
	}
	return nil
}

// hasSteps refuses names of steps that the incident does not have.
func hasSteps(jr *journal.Journal, steps []string) error {
	records, err := jr.Records()
	if err != nil {
		return err
	}
	h, err := runbook.Fold(records)
	if err != nil {
		return err
	}
	for _, id := range steps {
		if h.Step(id) == nil {
			return usagef("`hikeshi show "+jr.ID()+"` lists the steps", "incident %s has no step %q", jr.ID(), id)
		}
	}
	return nil
}

// sameServer refuses to go on with an incident on another server than the one it was opened for: lock and services would be those of
// the other one.
func sameServer(w *world, jr *journal.Journal) error {
	records, err := jr.Records()
	if err != nil && len(records) == 0 || len(records) == 0 || records[0].Opening == nil {
		return err // what follows says what is wrong with the record
	}
	o := records[0].Opening
	if o.Root != w.root || o.Base != "" && o.Base != w.base() {
		return usagef("use the same --root and configuration as then", "incident %s was opened for %s below %s, and this is %s below %s", jr.ID(), o.Base, o.Root, w.base(), w.root)
	}
	return nil
}
