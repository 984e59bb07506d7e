// Package planner finds out what a step of a runbook would do. It looks at the world through Action.Plan and has no way to change it.
//
// Facts of a step are always what its JSON gives, also right after it was planned: a run that goes on after a crash sees exactly
// what an uninterrupted one sees.
package planner

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"reflect"
	"time"

	"hikeshi/runbook"
)

// A Planner plans the steps of one runbook. Its fields are set once and not changed.
type Planner struct {
	Book     *runbook.Runbook
	Kinds    map[string]runbook.Kind
	Inputs   map[string]any // by name, of the Go types of their definitions
	Incident string
	Skip     map[string]bool // steps not to do
	From     string          // steps before it are only read, if they read
	Recorder func(step string) Recorder
}

// Check says whether Skip and From name steps of the runbook; a From that it does not have would leave out everything.
func (p *Planner) Check() error {
	names := []string{p.From}
	for id, skip := range p.Skip {
		if skip {
			names = append(names, id)
		}
	}
	for _, id := range names {
		step, ok := p.Book.Step(id)
		if !ok && id != "" {
			return fmt.Errorf("runbook %s has no step %q", p.Book.Name, id)
		}
		if step.Gate != nil && p.Skip[id] {
			return fmt.Errorf("step %s is a gate, which cannot be skipped", id)
		}
	}
	return nil
}

// Step plans one step. planned are the changes of earlier steps that were planned and not made; none in a run.
func (p *Planner) Step(ctx context.Context, step runbook.Step, f Facts, planned []runbook.Change) runbook.StepPlan {
	why := p.excluded(step)
	if why != "" && (step.Manual == nil || p.Skip[step.ID]) {
		return runbook.StepPlan{State: runbook.Skipped, Why: why}
	}
	yes, err := p.when(step, f)
	if why != "" { // before --from: what is known already is read, and nobody is asked
		if plan := p.manual(step, f); err == nil && yes && plan.State == runbook.NothingToDo {
			return plan
		}
		return runbook.StepPlan{State: runbook.Skipped, Why: why}
	}
	if err != nil {
		return undetermined(err)
	}
	if !yes {
		return runbook.StepPlan{State: runbook.Skipped, Why: "not needed: " + step.When.Source() + " does not hold", WhyJA: "条件 " + step.When.Source() + " を満たさない"}
	}
	switch {
	case step.Manual != nil:
		return p.manual(step, f)
	case step.Gate != nil:
		return p.gate(ctx, step, f, planned)
	}
	return p.uses(ctx, step, f, planned)
}

// manual plans a step that a person does, unless its answer is known already. Where it would depend on a step that was not done, it is
// not known, and the person is asked.
func (p *Planner) manual(step runbook.Step, f Facts) runbook.StepPlan {
	m := step.Manual
	ask := runbook.StepPlan{State: runbook.Ready, Offer: p.offer(m, f)}
	if m.Given == nil {
		return ask
	}
	v, err := p.eval(m.Given, f, nil)
	if errors.Is(err, errNoFacts) {
		return ask
	}
	if err != nil {
		return undetermined(err)
	}
	answer, ok := v.(string)
	if !ok || answer == "" || m.Ask == runbook.AskChoice && !m.Has(answer) {
		return ask
	}
	raw, err := json.Marshal(runbook.ManualFacts{Answer: answer})
	if err != nil {
		return undetermined(err)
	}
	known := runbook.Finding{Level: runbook.Info, Text: runbook.Tf("known already: %s", "すでに分かっている: %s", answer)}
	return runbook.StepPlan{State: runbook.NothingToDo, Findings: []runbook.Finding{known}, Facts: raw}
}

// offer is what a manual step offers; nothing where that cannot be told, since the person is asked all the same.
func (p *Planner) offer(m *runbook.Manual, f Facts) []string {
	if m.Offer == nil {
		return nil
	}
	v, err := p.eval(m.Offer, f, nil)
	list := reflect.ValueOf(v)
	if err != nil || list.Kind() != reflect.Slice {
		return nil
	}
	all := []string{}
	for i := range min(list.Len(), maxOffer) {
		all = append(all, fmt.Sprint(list.Index(i).Interface()))
	}
	return all
}

// maxOffer bounds what a step offers: more is no choice any more.
const maxOffer = 200

// excluded says why the responder does not want the step, or "".
func (p *Planner) excluded(step runbook.Step) string {
	if p.Skip[step.ID] {
		return "--skip " + step.ID
	}
	if p.From == "" || p.looks(step) || step.Gate != nil {
		return ""
	}
	for _, s := range p.Book.Steps {
		if s.ID == p.From {
			return ""
		}
		if s.ID == step.ID {
			return "--from " + p.From
		}
	}
	return ""
}

// looks says whether a step uses a kind that changes nothing.
func (p *Planner) looks(step runbook.Step) bool {
	kind, ok := p.Kinds[step.Uses]
	if !ok {
		return false
	}
	_, changes := kind.Changer()
	return !changes
}

// uses plans a step that uses a kind.
func (p *Planner) uses(ctx context.Context, step runbook.Step, f Facts, planned []runbook.Change) runbook.StepPlan {
	var out outcome
	err := Try(ctx, step, func(ctx context.Context) (err error) {
		out, err = p.outcome(ctx, step, f, planned)
		return err
	})
	if err != nil {
		u := undetermined(err)
		u.Findings = out.findings
		return u
	}
	plan := runbook.StepPlan{State: runbook.Ready, Findings: out.findings, Changes: out.changes, Facts: out.facts}
	if out.left.EN != "" && len(out.changes) == 0 {
		plan.State, plan.Why, plan.WhyJA = runbook.Skipped, out.left.EN, out.left.JA
		return plan
	}
	switch {
	case out.byHand.EN != "":
		plan.ByHand, plan.Why, plan.WhyJA = true, out.byHand.EN, out.byHand.JA
	case len(plan.Changes) == 0:
		plan.State = runbook.NothingToDo
	}
	if id := p.dependsOn(step, planned); id != "" {
		plan.State, plan.After = runbook.AfterChange, id
	}
	return plan
}

func undetermined(err error) runbook.StepPlan {
	return runbook.StepPlan{State: runbook.Undetermined, Why: err.Error(), WhyJA: inJapanese(err), Err: err, NoFacts: errors.Is(err, errNoFacts)}
}

// dependsOn names the earlier step whose planned change alters what this step reads, or "".
func (p *Planner) dependsOn(step runbook.Step, planned []runbook.Change) string {
	for _, c := range planned {
		if overlap(p.Kinds[c.Kind].Touches, p.Kinds[step.Uses].Reads) {
			return runbook.StepOf(c.ID)
		}
	}
	return ""
}

// Number gives the changes of step their ids, from first on.
func Number(step string, first int, changes []runbook.Change) {
	for i := range changes {
		changes[i].ID = fmt.Sprintf("%s.%d", step, first+i)
	}
}

// Try calls do as often as the step allows, each time within its time limit, until it succeeds or another time would be no use.
func Try(ctx context.Context, step runbook.Step, do func(context.Context) error) error {
	for try := 0; ; try++ {
		limited, cancel := bounded(ctx, step.Timeout)
		err := do(limited)
		if cause := context.Cause(limited); err != nil && cause != nil && ctx.Err() == nil {
			err = fmt.Errorf("%w: %w", cause, err)
		}
		cancel()
		if err == nil || try >= step.Retries || ctx.Err() != nil || final(err) {
			return err
		}
	}
}

// bounded gives ctx the time limit of a step.
func bounded(ctx context.Context, limit time.Duration) (context.Context, context.CancelFunc) {
	if limit <= 0 {
		return context.WithCancel(ctx)
	}
	return context.WithTimeoutCause(ctx, limit, fmt.Errorf("not done within %s", limit))
}

// final says that an error will be the same next time.
func final(err error) bool {
	for _, e := range []error{runbook.ErrDrift, runbook.ErrNewer, errors.ErrUnsupported, errNoFacts} {
		if errors.Is(err, e) {
			return true
		}
	}
	return false
}
