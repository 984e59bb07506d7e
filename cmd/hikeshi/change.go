package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"hikeshi/runbook"
	"hikeshi/runbook/book"
	"hikeshi/runbook/engine"
	"hikeshi/runbook/journal"
	"hikeshi/runbook/journal/lock"
)

// changeFlags are the flags of every verb that changes something.
type changeFlags struct {
	yes     bool
	accept  []string
	manager string
	reason  string
	dryRun  bool
}

func (c *changeFlags) add(cmd *cobra.Command) {
	f := cmd.Flags()
	f.BoolVar(&c.yes, "yes", false, "approve what is reversible without asking")
	f.StringArrayVar(&c.accept, "accept-risk", nil, "approve these risks by `NAME`: disruptive, irreversible, reopening")
	f.StringVar(&c.manager, "manager", "", "service manager: systemd, command or none (default: configuration)")
	f.StringVar(&c.reason, "reason", "", "why, for the record")
	f.BoolVar(&c.dryRun, "dry-run", false, "plan only, change nothing")
	_ = cmd.RegisterFlagCompletionFunc("accept-risk", cobra.FixedCompletions([]string{"disruptive", "irreversible", "reopening"}, cobra.ShellCompDirectiveNoFileComp))
	_ = cmd.RegisterFlagCompletionFunc("manager", cobra.FixedCompletions([]string{"systemd", "command", "none"}, cobra.ShellCompDirectiveNoFileComp))
}

// riskNames reads --accept-risk: repeated or separated by commas; one name does not include another.
func riskNames(list []string) ([]string, error) {
	var all []string
	for _, item := range list {
		for _, name := range strings.Split(item, ",") {
			name = strings.TrimSpace(name)
			if !slices.Contains([]string{"disruptive", "irreversible", "reopening"}, name) {
				return nil, usagef("the risks are disruptive, irreversible and reopening", "--accept-risk %q: no such risk", name)
			}
			all = append(all, name)
		}
	}
	return all, nil
}

// job is a runbook that is about to be planned or run.
type job struct {
	book   *runbook.Runbook
	inputs map[string]any
	skip   []string
	from   string
	flags  changeFlags

	takeOver bool // from the responder who holds the lock
}

// perform runs a job as a new incident, or plans it with --dry-run.
func (a *app) perform(ctx context.Context, w *world, j job) error {
	accept, err := riskNames(j.flags.accept)
	if err != nil {
		return err
	}
	if err := j.check(); err != nil {
		return err
	}
	if j.flags.dryRun {
		return a.planJob(ctx, w, j)
	}
	op, err := a.operator(j.flags.yes, accept, w.kinds)
	if err != nil {
		return err
	}
	if u, ok := op.(unattended); ok {
		if err := j.risks(w, u); err != nil {
			return err
		}
	}
	held, from, err := a.lockOrTake(ctx, w, "", j.takeOver)
	if err != nil {
		return err
	}
	defer held.Unlock()
	if err := a.noOpenIntent(w); err != nil {
		return err
	}
	jr, err := journal.Create(a.store(w.state), j.opening(a, w), j.book.Source)
	if err != nil {
		return fmt.Errorf("opening an incident: %w", err)
	}
	defer jr.Close()
	if n, text := jr.Unrecorded(); n > 0 {
		a.once("unrecorded", "%s", text.In(a.lang()))
	}
	if err := errors.Join(jr.Hold(held), takenOver(jr, from)); err != nil {
		return err
	}
	tellHolder(op, held, jr.ID())
	_, err = a.engine(w, j, jr, op).Run(ctx, "run")
	return a.finish(jr, err)
}

// check refuses step names that the runbook does not have.
func (j job) check() error {
	for _, id := range append(slices.Clone(j.skip), j.from) {
		step, ok := j.book.Step(id)
		if !ok && id != "" {
			return usagef("`hikeshi runbooks "+j.book.Name+"` lists the steps", "runbook %s has no step %q", j.book.Name, id)
		}
		if step.Gate != nil && slices.Contains(j.skip, id) {
			return usagef("a gate opens when its conditions hold; `hikeshi plan` shows them", "--skip %s: a gate cannot be skipped", id)
		}
	}
	return nil
}

// risks refuses a run without questions before its first step, if a step may need a risk that was not accepted.
func (j job) risks(w *world, u unattended) error {
	var missing []string
	for _, s := range j.book.Steps {
		r := w.kinds[s.Uses].RiskOf(s.With)
		if r != "" && !slices.Contains(j.skip, s.ID) && !u.accepts(r) && !slices.Contains(missing, string(r)) {
			missing = append(missing, string(r))
		}
	}
	if len(missing) > 0 {
		return riskError(missing)
	}
	return nil
}

// operator returns who decides: --yes, or the person at the terminal. Off a terminal without --yes it refuses.
func (a *app) operator(yes bool, accept []string, kinds map[string]runbook.Kind) (engine.Operator, error) {
	outlivePipes()
	if yes {
		return unattended{screen: a.screen(), accept: accept}, nil
	}
	p := a.prompter()
	if p == nil {
		return nil, failf(exitUnconfirmed, "look with --dry-run, then add --yes (and --accept-risk for risks by name)",
			"aborted, no changes made: there is no terminal to ask at")
	}
	return a.attended(p, accept, kinds), nil
}

func (j job) opening(a *app, w *world) runbook.Opening {
	o := runbook.Opening{
		Version: version(), Runbook: j.book.Name, Title: j.book.Title, Server: w.serverName(), Host: hostname(), Root: w.root, Base: w.base(),
		Manager: w.manager, Reason: j.flags.reason, Skip: j.skip, From: j.from, Inputs: map[string]string{},
	}
	for name, v := range j.inputs {
		o.Inputs[name] = fmt.Sprint(v)
	}
	if raw, err := json.Marshal(j.inputs); err == nil {
		o.With = raw
	}
	for _, s := range j.book.Steps {
		o.Steps = append(o.Steps, runbook.StepHead{ID: s.ID, Phase: s.Phase, Title: s.Title, Uses: s.Uses, Manual: s.Manual != nil, Gate: s.Gate != nil, Headline: s.Headline})
	}
	return o
}

func (a *app) engine(w *world, j job, jr *journal.Journal, op engine.Operator) *engine.Engine {
	e := &engine.Engine{Book: j.book, Kinds: w.kinds, Inputs: j.inputs, Operator: op, From: j.from, Skip: map[string]bool{}}
	for _, id := range j.skip {
		e.Skip[id] = true
	}
	if jr != nil {
		e.Journal, e.Incident = jr, jr.ID()
	}
	return e
}

// readBook reads a runbook by name or file.
func (a *app) readBook(w *world, name string) (*runbook.Runbook, error) {
	data, file, err := bookSource(name)
	if err != nil {
		return nil, err
	}
	b, err := book.Load(file, data, w.kinds)
	if err != nil {
		return nil, &failure{code: exitUsage, err: err, hint: "`hikeshi lint " + file + "` shows the mistakes again; nothing was touched"}
	}
	return b, nil
}

// frozenBook reads the runbook of an incident as it was run.
func (a *app) frozenBook(w *world, jr *journal.Journal) (*runbook.Runbook, error) {
	data, err := os.ReadFile(filepath.Join(jr.Path(), "runbook.yaml"))
	if err != nil {
		return nil, fmt.Errorf("reading the runbook of incident %s: %w", jr.ID(), err)
	}
	return a.loadFrozen(w, filepath.Join(jr.Path(), "runbook.yaml"), data)
}

// tellHolder writes down at every step where the responder is, so that another one is told. That it cannot be written anywhere is
// no reason to stop.
func tellHolder(op engine.Operator, l *lock.Lock, incident string) {
	var s *screen
	switch op := op.(type) {
	case unattended:
		s = op.screen
	case attended:
		s = op.screen
	case labHand:
		s = op.screen
	case cutting:
		tellHolder(op.Operator, l, incident)
		return
	default:
		return
	}
	s.stage = func(step string) { _ = l.Set(incident, step) }
}
