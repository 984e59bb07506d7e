package service

import (
	"context"
	"errors"
	"fmt"
	"time"

	"hikeshi/actions/service/unit"
	"hikeshi/runbook"
	"hikeshi/spool"
)

// StartFacts are the facts of service.start.
type StartFacts struct {
	Started []string `json:"started" expr:"started"` // the units that are started; not those that ran already
}

type startData struct {
	Found unit.Found    `json:"found"`
	Wait  time.Duration `json:"wait"` // nanoseconds
}

// planStart takes the guards away and starts what does not run, one by one.
func planStart(e Env, _ context.Context, l look) (runbook.Outcome, error) {
	out := runbook.Outcome{Findings: l.found}
	if err := startable(l.seen); err != nil {
		return out, err
	}
	out, err := e.planUnbar(out, l)
	if err != nil {
		return out, err
	}
	facts := StartFacts{Started: []string{}}
	for _, u := range l.seen {
		if u.Active == "active" {
			continue
		}
		c, err := runbook.NewChange("service.start", "start", u.Unit, startData{Found: u.Found(), Wait: l.wait})
		if err != nil {
			return out, err
		}
		c.UndoRisk = runbook.Disruptive
		c.Describe(seen(u), runbook.T("active", ""))
		out.Changes = append(out.Changes, c)
		facts.Started = append(facts.Started, u.Unit)
	}
	out.Facts = facts
	return out, nil
}

// startable refuses what can never be started, before anything is tried.
func startable(seen []unit.Sight) error {
	var errs []error
	for _, u := range seen {
		if why := unit.Never(u); why != "" {
			errs = append(errs, fmt.Errorf("starting %s: %s", u.Unit, why))
		}
	}
	return errors.Join(errs...)
}

type startOp struct {
	env Env
	startData
}

func (o startOp) apply(ctx context.Context, rec runbook.Recorder) error {
	return o.env.start(ctx, rec, o.Found.Unit, o.Wait)
}

func (o startOp) verify(ctx context.Context) (runbook.State, error) {
	u, err := o.env.hand().See(ctx, o.env.service(o.Found.Unit))
	switch {
	case err != nil:
		return "", err
	case u.Active == "active":
		return runbook.Done, nil
	case u.Up():
		return runbook.Partial, nil
	}
	return runbook.None, nil
}

// undo goes back to what was found.
func (o startOp) undo(ctx context.Context, rec runbook.Recorder) error {
	if o.Found.Up {
		return nil
	}
	return o.env.hand().Stop(ctx, rec, []spool.Service{o.env.service(o.Found.Unit)}, o.Wait)
}

// start starts a unit, and says which incident barred it if that is why it does not run.
func (e Env) start(ctx context.Context, rec runbook.Recorder, name string, wait time.Duration) error {
	err := e.hand().Start(ctx, rec, e.service(name), wait)
	if !errors.Is(err, unit.ErrCondition) {
		return err
	}
	if g, gerr := e.place().Read(name); gerr == nil && g.Holds() {
		return fmt.Errorf("%w; incident %s barred it: hikeshi service start takes the bar away", err, g.Incident)
	}
	return err
}
