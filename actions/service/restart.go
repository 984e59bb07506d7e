package service

import (
	"context"
	"fmt"
	"slices"
	"time"

	"hikeshi/actions/service/unit"
	"hikeshi/runbook"
	"hikeshi/spool"
)

// RestartFacts are the facts of service.restart.
type RestartFacts struct {
	Restarted []string `json:"restarted" expr:"restarted"`
}

type restartData struct {
	Found unit.Found    `json:"found"`
	Since time.Time     `json:"since"` // of the state that was found; UTC
	Wait  time.Duration `json:"wait"`  // nanoseconds
}

// planRestart restarts what runs. A restart is never "done already": who asks for one has a reason that cannot be seen here.
func planRestart(_ Env, _ context.Context, l look) (runbook.Outcome, error) {
	out := runbook.Outcome{Findings: l.found}
	if err := startable(l.seen); err != nil {
		return out, err
	}
	facts := RestartFacts{Restarted: []string{}}
	for _, u := range l.seen {
		if !u.Up() {
			continue
		}
		if g := l.guards[u.Unit]; g.Holds() {
			return out, fmt.Errorf("restarting %s: incident %s barred it, so it would not come back; hikeshi service start takes the bar away", u.Unit, g.Incident)
		}
		c, err := runbook.NewChange("service.restart", "restart", u.Unit, restartData{Found: u.Found(), Since: u.Since, Wait: l.wait})
		if err != nil {
			return out, err
		}
		c.Risk = runbook.Disruptive
		c.Describe(seen(u), runbook.T("active, with new processes", "active、プロセスは新しくなる"))
		out.Changes = append(out.Changes, c)
		facts.Restarted = append(facts.Restarted, u.Unit)
	}
	out.Facts = facts
	return out, nil
}

type restartOp struct {
	env Env
	restartData
}

func (o restartOp) apply(ctx context.Context, rec runbook.Recorder) error {
	s := o.env.service(o.Found.Unit)
	u, err := o.env.hand().See(ctx, s)
	if err != nil || o.restarted(u) {
		return err
	}
	if err := o.env.hand().Stop(ctx, rec, []spool.Service{s}, o.Wait); err != nil {
		return err
	}
	return o.env.start(ctx, rec, s.Unit, o.Wait)
}

func (o restartOp) verify(ctx context.Context) (runbook.State, error) {
	u, err := o.env.hand().See(ctx, o.env.service(o.Found.Unit))
	switch {
	case err != nil:
		return "", err
	case o.restarted(u):
		return runbook.Done, nil
	case u.Active == "active":
		return runbook.None, nil
	}
	return runbook.Partial, nil
}

func (o restartOp) undo(context.Context, runbook.Recorder) error { return nil } // the unit runs as it did

// restarted says whether the unit runs, and not as it did when it was found: with none of the old processes, or (after a reboot
// their numbers may come again) since another time. Where neither is known every running unit counts.
func (o restartOp) restarted(u unit.Sight) bool {
	if u.Active != "active" {
		return false
	}
	kept := slices.ContainsFunc(u.All(), func(pid int) bool { return slices.Contains(o.Found.PIDs, pid) })
	return !kept || !o.Since.Equal(u.Since)
}
