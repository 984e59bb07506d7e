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

type bookFlags struct {
	set, skip []string
	from      string
}

func (b *bookFlags) add(cmd *cobra.Command) {
	f := cmd.Flags()
	f.StringArrayVar(&b.set, "set", nil, "give an input: `NAME=VALUE` (commas separate values of list inputs)")
	f.StringArrayVar(&b.skip, "skip", nil, "leave `STEP` out (repeatable)")
	f.StringVar(&b.from, "from", "", "begin at `STEP`; steps before it are only read")
}

// job reads the runbook and binds its inputs.
func (a *app) job(w *world, name string, b bookFlags, flags changeFlags) (job, error) {
	rb, err := a.readBook(w, name)
	if err != nil {
		return job{}, err
	}
	inputs, err := book.Bind(rb, b.set)
	if err != nil {
		return job{}, usagef("`hikeshi runbooks "+rb.Name+"` lists the inputs", "%w", err)
	}
	return job{book: rb, inputs: inputs, skip: b.skip, from: b.from, flags: flags}, nil
}

func (a *app) planVerb() *cobra.Command {
	var b bookFlags
	cmd := &cobra.Command{
		Use: "plan RUNBOOK", Short: "everything `run` would do, in full, doing nothing", Args: cobra.ExactArgs(1),
		Long: `Plan runs the reading side of every step against the server as it is now. It
takes no lock and leaves no state. A step whose plan depends on a change not yet
made says so; a step that cannot be planned is shown as undetermined.

Exit codes: 0 nothing to do, 3 there are changes, 7 a step is undetermined.`,
		Example: "  hikeshi plan mail-abuse --set sources=203.0.113.9,203.0.113.10\n  hikeshi plan mail-abuse --output json | jq '.steps[].changes[]'",
		RunE: func(cmd *cobra.Command, args []string) error {
			w, err := a.world(cmd.Context(), "")
			if err != nil {
				return err
			}
			j, err := a.job(w, args[0], b, changeFlags{})
			if err != nil {
				return err
			}
			if err := j.check(); err != nil {
				return err
			}
			return a.planJob(cmd.Context(), w, j)
		},
		ValidArgsFunction: a.completeRunbooks,
	}
	b.add(cmd)
	return cmd
}

// planJob shows what a job would do.
func (a *app) planJob(ctx context.Context, w *world, j job) error {
	e := a.engine(w, j, nil, unattended{screen: a.screen()})
	id, err := a.store(w.state).NextID()
	if err != nil {
		return err
	}
	e.Incident = id
	if a.isJSON() {
		e.Operator = silentOperator{}
	}
	steps, err := e.Plan(ctx)
	if err != nil {
		return err
	}
	changes, unknown := 0, 0
	for _, p := range steps {
		if errors.Is(p.Err, runbook.ErrInput) {
			return usagef("nothing was touched", "%w", p.Err)
		}
		changes += len(p.Changes)
		if p.State == runbook.Undetermined {
			unknown++
		}
	}
	if a.isJSON() {
		if err := a.json(planDocumentOf(w, j, steps, a.lang())); err != nil {
			return err
		}
	} else {
		fmt.Fprintf(a.stdout, a.word("\n%d changes planned, %d steps undetermined; nothing was done\n", "\n変更 %d 件を計画、判定できない手順 %d 件。何も実行していない\n"), changes, unknown)
	}
	switch {
	case unknown > 0:
		return silent(exitUndetermined)
	case changes > 0:
		return silent(exitFound)
	}
	return nil
}

func (a *app) runVerb() *cobra.Command {
	var b bookFlags
	var c changeFlags
	cmd := &cobra.Command{
		Use: "run RUNBOOK", Short: "open an incident and go through the steps", Args: cobra.ExactArgs(1),
		Long: `Run opens an incident and goes through the runbook step by step. Steps that only
look never ask. Every change is shown and asked; Enter alone does nothing.
Without a terminal --yes is needed, and --accept-risk for risks by their name.

Ctrl-C and a crash are normal events: ` + "`hikeshi resume`" + ` goes on.
Exit codes: 0 the end was reached, 4 aborted and nothing changed, 5 another
responder is at work, 6 stopped at a step or gate.`,
		Example: `  hikeshi run mail-abuse
  hikeshi run mail-abuse --yes --accept-risk disruptive --set sources=203.0.113.9
  hikeshi run ./our-runbook.yaml --skip notices`,
		RunE: func(cmd *cobra.Command, args []string) error {
			w, err := a.world(cmd.Context(), c.manager)
			if err != nil {
				return err
			}
			j, err := a.job(w, args[0], b, c)
			if err != nil {
				return err
			}
			return a.perform(cmd.Context(), w, j)
		},
		ValidArgsFunction: a.completeRunbooks,
	}
	b.add(cmd)
	c.add(cmd)
	return cmd
}

func (a *app) resumeVerb() *cobra.Command {
	var c changeFlags
	cmd := &cobra.Command{
		Use: "resume [INCIDENT]", Short: "go on after a stop or a crash", Args: cobra.MaximumNArgs(1),
		Long: `Resume asks the world about every change that was begun and not finished, goes
forward with it, and then goes on with the steps that are left. Without INCIDENT
it takes the newest one that is not done.`,
		Example: "  hikeshi resume\n  hikeshi resume 20261121-0312 --yes --accept-risk disruptive",
		RunE: func(cmd *cobra.Command, args []string) error {
			w, err := a.world(cmd.Context(), c.manager)
			if err != nil {
				return err
			}
			return a.resume(cmd.Context(), w, args, c)
		},
		ValidArgsFunction: a.completeIncidents,
	}
	c.add(cmd)
	return cmd
}

func (a *app) resume(ctx context.Context, w *world, args []string, flags changeFlags) error {
	accept, err := riskNames(flags.accept)
	if err != nil {
		return err
	}
	id, err := a.unfinished(w, args)
	if err != nil {
		return err
	}
	if flags.dryRun {
		return usagef("`hikeshi show "+id+"` tells what is left", "resume has no plan of its own")
	}
	op, err := a.operator(flags.yes, accept)
	if err != nil {
		return err
	}
	jr, l, err := a.hold(w, id)
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
	if flags.dryRun {
		return a.undoPlan(w, args)
	}
	op, err := a.operator(flags.yes, accept)
	if err != nil {
		return err
	}
	jr, l, err := a.hold(w, args[0])
	if err != nil {
		return err
	}
	defer l.Unlock()
	defer jr.Close()
	tellHolder(op, l, jr.ID())
	e := &engine.Engine{Kinds: w.kinds, Operator: op, Journal: jr, Incident: jr.ID()}
	_, err = e.Undo(ctx, args[1:])
	return a.finishUndo(jr, err)
}

// hold takes the lock and the journal of an incident, and repairs what a crash left of its last line.
func (a *app) hold(w *world, name string) (*journal.Journal, *lock.Lock, error) {
	jr, err := journal.Open(a.store(w.state), name)
	if err != nil {
		return nil, nil, failf(exitUsage, "`hikeshi incidents` lists them", "%w", err)
	}
	if err := sameServer(w, jr); err != nil {
		return nil, nil, errors.Join(err, jr.Close())
	}
	l, err := a.lock(w, jr.ID())
	if err != nil {
		return nil, nil, errors.Join(err, jr.Close())
	}
	if err := jr.Hold(l); err != nil {
		return nil, nil, errors.Join(err, jr.Close(), l.Unlock())
	}
	return jr, l, nil
}

// sameServer refuses to go on with an incident on another server than the one it was opened for: lock and services would be those of
// the other one.
func sameServer(w *world, jr *journal.Journal) error {
	records, err := jr.Records()
	if err != nil && len(records) == 0 || len(records) == 0 || records[0].Opening == nil {
		return err // what follows says what is wrong with the record
	}
	o := records[0].Opening
	if o.Root != w.root || o.Base != "" && o.Base != w.server.Root() {
		return usagef("use the same --root and configuration as then", "incident %s was opened for %s below %s, and this is %s below %s", jr.ID(), o.Base, o.Root, w.server.Root(), w.root)
	}
	return nil
}
