package engine_test

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"testing"
	"time"

	"hikeshi/runbook"
	"hikeshi/runbook/engine"
)

// signature is what a responder agrees to: the deed itself, whatever its id.
func signature(undo bool, c runbook.Change) string {
	return fmt.Sprintf("undo=%v %s %s %s %s", undo, c.Kind, c.Op, c.Target, c.Data)
}

func do(ids ...string) runbook.Decision {
	return runbook.Decision{Answer: runbook.Do, Via: "prompt", Changes: ids}
}

func answer(a runbook.Answer, note string) runbook.Decision {
	return runbook.Decision{Answer: a, Via: "prompt", Note: note}
}

// tester is a *testing.T or a *rapid.T.
type tester interface {
	Helper()
	Errorf(format string, args ...any)
	Fatalf(format string, args ...any)
	Error(args ...any)
	Fatal(args ...any)
}

// lab is one incident with everything around it.
type lab struct {
	t       tester
	w       *world
	j       *memory
	op      *responder
	book    *runbook.Runbook
	kinds   map[string]runbook.Kind
	skip    []string
	from    string
	started map[string]string // the cells at the beginning
}

func newLab(t testing.TB, cells map[string]string, steps ...runbook.Step) *lab {
	w := newWorld(cells)
	l := &lab{t: t, w: w, j: &memory{now: time.Date(2026, 11, 21, 3, 12, 0, 0, time.UTC)}, op: newResponder(), kinds: w.kinds(), started: maps.Clone(cells)}
	l.book = &runbook.Runbook{Format: 1, Name: "test", Steps: steps}
	var heads []runbook.StepHead
	for _, s := range steps {
		heads = append(heads, runbook.StepHead{ID: s.ID, Title: s.Title, Uses: s.Uses, Manual: s.Manual != nil, Gate: s.Gate != nil})
	}
	opening := runbook.Opening{Incident: "1121-0312", Format: 1, Version: "9.8.7", Runbook: "test", Steps: heads}
	if err := l.j.Append(runbook.Record{Event: runbook.Opened, Opening: &opening}); err != nil {
		t.Fatal(err)
	}
	w.guard = l.guard
	return l
}

func newResponder() *responder { return &responder{yes: map[string]int{}} }

// guard checks the promise before every write: the deed was shown and agreed to, and its intent was recorded last.
func (l *lab) guard(cell string) {
	records, _ := l.j.Records()
	last := records[len(records)-1]
	if last.Event != runbook.Intent && last.Event != runbook.UndoIntent {
		l.t.Fatalf("writing %s: the last record is %s", cell, last.Event)
	}
	c := l.history().Change(last.Change)
	undo := last.Event == runbook.UndoIntent
	if c.UndoPending() != undo || !undo && !c.Pending() {
		l.t.Fatalf("writing %s: change %s is not open", cell, c.ID)
	}
	if l.op.yes[signature(undo, c.Change)] == 0 {
		l.t.Fatalf("writing %s for change %s (undo %v), which nobody agreed to", cell, c.ID, undo)
	}
}

func (l *lab) history() *runbook.History {
	records, err := l.j.Records()
	if err != nil {
		l.t.Fatal(err)
	}
	h, err := runbook.Fold(records)
	if err != nil {
		l.t.Fatal(err)
	}
	return h
}

func (l *lab) engine() *engine.Engine {
	e := &engine.Engine{
		Book: l.book, Kinds: l.kinds, Incident: "1121-0312", Journal: l.j, Operator: l.op, Skip: map[string]bool{}, From: l.from,
		Inputs: map[string]any{"limit": 2},
	}
	for _, id := range l.skip {
		e.Skip[id] = true
	}
	return e
}

// fresh is the responder of the next process; what was agreed to stays agreed.
func (l *lab) fresh(script func(v engine.View) (runbook.Decision, error)) {
	yes := l.op.yes
	l.op = &responder{yes: yes, script: script}
	l.j.lost = nil
}

func (l *lab) run(ctx context.Context) (*runbook.History, error) { return l.engine().Run(ctx, "run") }

func (l *lab) undo(steps ...string) (*runbook.History, error) {
	return l.engine().Undo(context.Background(), steps)
}

// mustRun runs to the end.
func (l *lab) mustRun() *runbook.History {
	l.t.Helper()
	h, err := l.run(context.Background())
	if err != nil {
		l.t.Fatalf("run: %v", err)
	}
	if h.State != runbook.IncidentDone {
		l.t.Fatalf("the incident is %s", h.State)
	}
	return h
}

// stopped runs and wants a stop of this reason at this step.
func (l *lab) stopped(reason engine.Reason, step string, changed bool) *runbook.History {
	l.t.Helper()
	h, err := l.run(context.Background())
	l.isStop(err, engine.Stop{Reason: reason, Step: step, Changed: changed})
	if h.State != runbook.IncidentStopped {
		l.t.Fatalf("the incident is %s", h.State)
	}
	return h
}

func (l *lab) isStop(err error, want engine.Stop) {
	l.t.Helper()
	var stop *engine.Stop
	if !errors.As(err, &stop) {
		l.t.Fatalf("got %v, want a stop", err)
	}
	if stop.Reason != want.Reason || stop.Step != want.Step || stop.Changed != want.Changed {
		l.t.Fatalf("stopped with %+v (%v), want %+v", *stop, err, want)
	}
}

func (l *lab) results(want ...string) {
	l.t.Helper()
	var got []string
	for _, s := range l.history().Steps {
		got = append(got, s.Head.ID+":"+string(s.Result))
	}
	same(l.t, "results", got, want)
}

func (l *lab) cell(name, want string) {
	l.t.Helper()
	if got := l.w.cells[name]; got != want {
		l.t.Errorf("cell %s is %q, want %q", name, got, want)
	}
}

func (l *lab) atStart() {
	l.t.Helper()
	if !maps.Equal(l.w.cells, l.started) {
		l.t.Fatalf("the world is %v, was %v", l.w.cells, l.started)
	}
}

func same(t tester, what string, got, want []string) {
	t.Helper()
	if !slices.Equal(got, want) {
		t.Errorf("%s:\n got %q\nwant %q", what, got, want)
	}
}
