package service

import (
	"context"
	"fmt"
	"strings"

	"hikeshi/actions/service/guard"
	"hikeshi/runbook"
)

// canBar says whether the manager obeys drop-ins.
func (e Env) canBar() bool {
	b, ok := e.Manager.(interface{ Bars() bool })
	return !ok || b.Bars()
}

// planBar adds the change that bars the units that are there. A masked one cannot start anyway.
func (e Env) planBar(out runbook.Outcome, l look) (runbook.Outcome, error) {
	if !e.canBar() {
		out.Findings = append(out.Findings, runbook.Finding{Level: runbook.Warn, Text: runbook.T(
			"this service manager cannot bar a start: nobody, no timer and no reboot must start the services before the incident does",
			"このサービス管理では起動を禁止できない。事案の手順で起動するまで、手動でもタイマーでもOSの再起動でもサービスが動き出さないようにすること")})
		return out, nil
	}
	var data guard.Set
	for _, u := range l.seen {
		g := l.guards[u.Unit]
		if u.Missing() || u.Load == "masked" || g.Holds() && guard.Loaded(u.Unit, u.DropIns) {
			continue
		}
		p, err := g.Missing(l.in.Incident, e.Clock())
		if err != nil {
			return out, fmt.Errorf("barring %s: %w", u.Unit, err)
		}
		data.Guards = append(data.Guards, p)
	}
	return addGuards(out, data, "service.stop", "bar", barred{mayStart,
		runbook.T("no start until hikeshi service start, over a reboot too", "OSの再起動後も起動しない。hikeshi service start で解除")})
}

// planUnbar adds the change that takes away what stands of the guards.
func (e Env) planUnbar(out runbook.Outcome, l look) (runbook.Outcome, error) {
	var data guard.Set
	var before, ja []string
	for _, u := range l.seen {
		if g := l.guards[u.Unit]; g.Stands() {
			data.Guards = append(data.Guards, g.Standing())
			before = append(before, fmt.Sprintf("%s: barred by incident %s", u.Unit, g.Incident))
			ja = append(ja, fmt.Sprintf("%s: 事案 %s により起動禁止", u.Unit, g.Incident))
		}
	}
	return addGuards(out, data, "service.start", "unbar", barred{runbook.T(strings.Join(before, "; "), strings.Join(ja, "、")), mayStart})
}

// barred says for people how the units stand before a change of guards and after it.
type barred struct{ before, after runbook.Text }

var mayStart = runbook.T("may be started", "起動できる")

func addGuards(out runbook.Outcome, d guard.Set, kind, op string, words barred) (runbook.Outcome, error) {
	if len(d.Guards) == 0 {
		return out, nil
	}
	var names []string
	for _, p := range d.Guards {
		names = append(names, p.Unit)
	}
	c, err := runbook.NewChange(kind, op, strings.Join(names, ", "), d)
	c.Describe(words.before, words.after)
	if op == "bar" {
		c.UndoRisk = runbook.Reopening // the next reboot starts what is no longer barred
	}
	out.Changes = append(out.Changes, c)
	return out, err
}

// barOp puts guards up; back, it takes them away.
type barOp struct {
	env    Env
	guards guard.Set
}

func (o barOp) apply(ctx context.Context, _ runbook.Recorder) error {
	return o.guards.Put(ctx, o.env.Manager)
}

func (o barOp) undo(ctx context.Context, _ runbook.Recorder) error {
	return o.guards.Take(ctx, o.env.Manager)
}

func (o barOp) verify(ctx context.Context) (runbook.State, error) {
	return o.guards.State(ctx, o.env.Manager)
}

// unbarOp takes guards away; back, it puts up what stood there.
type unbarOp struct{ barOp }

func (o unbarOp) apply(ctx context.Context, rec runbook.Recorder) error {
	return o.barOp.undo(ctx, rec)
}
func (o unbarOp) undo(ctx context.Context, rec runbook.Recorder) error {
	return o.barOp.apply(ctx, rec)
}

func (o unbarOp) verify(ctx context.Context) (runbook.State, error) {
	state, err := o.barOp.verify(ctx)
	switch state {
	case runbook.Done:
		return runbook.None, err
	case runbook.None:
		return runbook.Done, err
	}
	return state, err
}
