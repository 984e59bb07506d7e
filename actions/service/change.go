package service

import (
	"context"
	"fmt"
	"time"

	"hikeshi/actions/service/guard"
	"hikeshi/actions/service/unit"
	"hikeshi/runbook"
	"hikeshi/spool"
)

// dataV is the newest version of Change.Data that this package reads and the one it writes.
const dataV = 1

// changer is the action of one kind; what it planned is carried out by its op, which is the same for whichever kind planned it.
type changer struct {
	env  Env
	plan func(Env, context.Context, look) (runbook.Outcome, error)
	idle any // the facts where nothing is done
}

// look is what every plan begins with: the services that are meant, what is seen of them, and their guards.
type look struct {
	in     runbook.Input
	wait   time.Duration
	seen   []unit.Sight
	guards map[string]guard.Guard // by unit
	found  []runbook.Finding
}

// An op is a change that was decoded.
type op interface {
	apply(ctx context.Context, rec runbook.Recorder) error
	verify(ctx context.Context) (runbook.State, error)
	undo(ctx context.Context, rec runbook.Recorder) error
}

// Plan says what it would do. Without a service manager that is nothing.
func (k changer) Plan(ctx context.Context, in runbook.Input) (runbook.Outcome, error) {
	if n, ok := k.env.Manager.(none); ok {
		return noManager(n, k.idle), nil
	}
	l, err := k.env.look(ctx, in)
	if err != nil {
		return runbook.Outcome{}, err
	}
	return k.plan(k.env, ctx, l)
}

// Apply makes the change.
func (k changer) Apply(ctx context.Context, c runbook.Change, rec runbook.Recorder) error {
	o, err := k.env.op(c)
	if err != nil {
		return err
	}
	return o.apply(ctx, rec)
}

// Verify asks the manager, the process table and the disk.
func (k changer) Verify(ctx context.Context, c runbook.Change, _ runbook.Recorder) (runbook.State, error) {
	o, err := k.env.op(c)
	if err != nil {
		return "", err
	}
	return o.verify(ctx)
}

// Undo takes the change back.
func (k changer) Undo(ctx context.Context, c runbook.Change, rec runbook.Recorder) error {
	o, err := k.env.op(c)
	if err != nil {
		return err
	}
	return o.undo(ctx, rec)
}

func (e Env) op(c runbook.Change) (op, error) {
	switch c.Op {
	case "stop":
		o := stopOp{env: e}
		return o, c.Decode(dataV, &o.stopData)
	case "start":
		o := startOp{env: e}
		return o, c.Decode(dataV, &o.startData)
	case "restart":
		o := restartOp{env: e}
		return o, c.Decode(dataV, &o.restartData)
	case "bar":
		o := barOp{env: e}
		return o, c.Decode(dataV, &o.guards)
	case "unbar":
		o := barOp{env: e}
		err := c.Decode(dataV, &o.guards)
		return unbarOp{o}, err
	}
	return nil, fmt.Errorf("change %s of %s: operation %q: %w", c.ID, c.Kind, c.Op, runbook.ErrNewer)
}

// noManager is the outcome where services are left alone; facts say that nothing was done, or nil that nothing is known.
func noManager(n none, facts any) runbook.Outcome {
	return runbook.Outcome{Facts: facts, Left: runbook.Tf("service manager is none: %s", "サービス管理は none (%s)", n.why), Findings: []runbook.Finding{{Level: runbook.Info,
		Text: runbook.Tf("service manager is none: %s; services are left alone", "サービス管理は none (%s)。サービスには触れない", n.why)}}}
}

// params are the parameters of the kinds.
type params struct {
	Units   []string `json:"units"`
	Only    string   `json:"only"`
	Timeout string   `json:"timeout"`
}

const defaultWait = 90 * time.Second

func (p params) wait() (time.Duration, error) {
	if p.Timeout == "" {
		return defaultWait, nil
	}
	d, err := time.ParseDuration(p.Timeout)
	if err != nil || d <= 0 {
		return 0, fmt.Errorf("reading parameter timeout: %q is no time to wait, such as 90s or 5m (units: s, m, h; no days)", p.Timeout)
	}
	return d, nil
}

func (e Env) look(ctx context.Context, in runbook.Input) (look, error) {
	var p params
	l := look{in: in}
	err := in.Decode(&p)
	if err == nil {
		l.wait, err = p.wait()
	}
	if err != nil {
		return l, err
	}
	services, err := unit.Pick(e.Services, p.Units, spool.Role(p.Only))
	if err != nil {
		return l, err
	}
	return l, e.lookAt(ctx, &l, services)
}

func (e Env) lookAt(ctx context.Context, l *look, services []spool.Service) (err error) {
	if l.seen, err = e.hand().SeeAll(ctx, services); err != nil {
		return err
	}
	l.guards = map[string]guard.Guard{}
	for _, u := range l.seen {
		g, err := e.place().Read(u.Unit)
		if err != nil {
			return fmt.Errorf("%w: %w", runbook.ErrUndetermined, err)
		}
		l.guards[u.Unit] = g
		l.found = append(l.found, finding(u, g, e.hand().StatusLine(u.Unit)))
	}
	return nil
}
