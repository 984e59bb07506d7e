package service

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"hikeshi/actions/service/unit"
	"hikeshi/runbook"
	"hikeshi/spool"
)

// StopFacts are the facts of service.stop.
type StopFacts struct {
	Units        []string `json:"units" expr:"units"`
	FoundRunning []string `json:"found_running" expr:"found_running"` // before anything was stopped
}

// stopData are all units of one stop, in the order in which they are asked.
type stopData struct {
	Units []unit.Found  `json:"units"`
	Wait  time.Duration `json:"wait"` // nanoseconds
}

// planStop stops what runs, all at once, and bars all that is there.
func planStop(e Env, _ context.Context, l look) (runbook.Outcome, error) {
	facts, data := StopFacts{Units: []string{}, FoundRunning: []string{}}, stopData{Wait: l.wait}
	out := runbook.Outcome{Findings: l.found}
	for _, u := range l.seen {
		if !u.Down() {
			data.Units = append(data.Units, u.Found())
		}
		if !u.Missing() {
			facts.Units = append(facts.Units, u.Unit)
		}
		if u.Up() {
			facts.FoundRunning = append(facts.FoundRunning, u.Unit)
		}
	}
	if len(l.seen) > 0 && len(facts.Units)+len(data.Units) == 0 {
		return out, fmt.Errorf("stopping services: there is no such unit; this server's are %s, as services.units in the configuration names them", unit.Names(e.Services))
	}
	out.Facts = facts
	if len(data.Units) > 0 {
		c, err := stopChange(data)
		if err != nil {
			return out, err
		}
		out.Changes = append(out.Changes, c)
	}
	if len(facts.FoundRunning) > 0 {
		out.Findings = append(out.Findings, runbook.Finding{Level: runbook.Info, Text: runbook.T(
			"undoing this starts mail again: with the hole still open it leaks again", "取り消すと配送と受信が再開する。穴が開いたままなら再び流出する")})
	}
	return e.planBar(out, l)
}

func stopChange(data stopData) (runbook.Change, error) {
	var names, before []string
	for _, u := range data.Units {
		names = append(names, u.Unit)
		before = append(before, fmt.Sprintf("%s: %s (%s)", u.Unit, u.Active, u.Sub))
	}
	c, err := runbook.NewChange("service.stop", "stop", strings.Join(names, ", "), data)
	// Undone it starts mail again: with the hole still open, the spam goes on.
	c.Risk, c.UndoRisk = runbook.Disruptive, runbook.Reopening
	c.Describe(runbook.T(strings.Join(before, "; "), ""), runbook.T("inactive, no process left", "inactive、プロセスなし"))
	return c, err
}

type stopOp struct {
	env Env
	stopData
}

func (o stopOp) services() []spool.Service {
	var all []spool.Service
	for _, u := range o.Units {
		all = append(all, o.env.service(u.Unit))
	}
	return all
}

func (o stopOp) apply(ctx context.Context, rec runbook.Recorder) error {
	return o.env.hand().Stop(ctx, rec, o.services(), o.Wait)
}

func (o stopOp) verify(ctx context.Context) (runbook.State, error) {
	left, err := o.env.hand().Left(ctx, o.services())
	switch {
	case err != nil:
		return "", err
	case len(left) == 0:
		return runbook.Done, nil
	case len(left) == len(o.Units):
		return runbook.None, nil
	}
	return runbook.Partial, nil
}

// undo starts exactly what was found running, the receiver last.
func (o stopOp) undo(ctx context.Context, rec runbook.Recorder) error {
	var errs []error
	for _, u := range o.Units {
		if u.Up {
			errs = append(errs, o.env.start(ctx, rec, u.Unit, o.Wait))
		}
	}
	return errors.Join(errs...)
}
