package main

import (
	"context"
	"errors"
	"fmt"

	"github.com/spf13/cobra"

	"hikeshi/runbook"
	"hikeshi/runbook/book"
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
made says so; a step that cannot be planned is shown as undetermined. Steps that
test a mail server or a blocklist ask it, as the runbook would: over SMTP up to
RCPT, with no message sent, and only servers that are yours or authorised.

Exit codes: 0 nothing to do, 3 there are changes, 7 a step is undetermined.`,
		Example: "  hikeshi plan mail-abuse --set sources=203.0.113.9,203.0.113.10\n  hikeshi plan mail-abuse --output json | jq '.steps[].changes[]'",
		RunE: func(cmd *cobra.Command, args []string) error {
			w, err := a.worldOf("", args[0], b)
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
	changes, unknown, byHand := 0, 0, false
	for _, p := range steps {
		if errors.Is(p.Err, runbook.ErrInput) {
			return usagef("nothing was touched", "%w", p.Err)
		}
		changes, byHand = changes+len(p.Changes), byHand || p.ByHand
		if p.State == runbook.Undetermined {
			unknown++
		}
	}
	if a.isJSON() {
		if err := a.json(planDocumentOf(w, j, steps, a.lang())); err != nil {
			return err
		}
	} else {
		fmt.Fprintf(a.stdout, a.word("\n%[3]s planned, %[4]s undetermined; nothing was done\n", "\n変更 %[1]d 件を計画、判定できない手順 %[2]d 件。何も実行していない\n"),
			changes, unknown, runbook.Count(int64(changes), "change"), runbook.Count(int64(unknown), "step"))
	}
	switch {
	case unknown > 0:
		return silent(exitUndetermined)
	case changes > 0 || byHand:
		return silent(exitFound)
	}
	return nil
}

func (a *app) runVerb() *cobra.Command {
	var b bookFlags
	var c changeFlags
	var take bool
	cmd := &cobra.Command{
		Use: "run RUNBOOK", Short: "open an incident and go through the steps", Args: cobra.ExactArgs(1),
		Long: `Run opens an incident and goes through the runbook step by step. Steps that only
look never ask. Every change is shown and asked; Enter alone does nothing.
Without a terminal --yes is needed, and --accept-risk for risks by their name.

A runbook that only looks (relay-check) asks its questions all the same: answers that
nobody gives keep its gate shut. It needs no mail server here when it is told which
servers to ask (--set targets=): what reads files is left out then.

Ctrl-C and a crash are normal events: ` + "`hikeshi resume`" + ` goes on.
Exit codes: 0 the end was reached, 4 aborted and nothing changed, 5 another
responder is at work, 6 stopped at a step or gate.`,
		Example: `  hikeshi run mail-abuse
  hikeshi run mail-abuse --yes --accept-risk disruptive --set sources=203.0.113.9
  hikeshi run ./our-runbook.yaml --skip notices
  hikeshi run relay-check --set targets=mail.example.jp --set account=taro@example.jp`,
		RunE: func(cmd *cobra.Command, args []string) error {
			w, err := a.worldOf(c.manager, args[0], b)
			if err != nil {
				return err
			}
			j, err := a.job(w, args[0], b, c)
			if err != nil {
				return err
			}
			j.takeOver = take
			return a.perform(cmd.Context(), w, j)
		},
		ValidArgsFunction: a.completeRunbooks,
	}
	b.add(cmd)
	c.add(cmd)
	takeOverFlag(cmd, &take)
	return cmd
}
