package engine_test

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"

	"hikeshi/runbook"
	"hikeshi/runbook/engine"
)

// killed is the end of a process at a crash point: before or after an append to the journal or a write to the world.
type killed struct{ where string }

// killAt ends the process at point n, counted from 1 and from now on; 0 never does. It returns the counter.
func (l *lab) killAt(n int) *int {
	count := 0
	point := func(where string) {
		count++
		if count == n {
			panic(killed{where})
		}
	}
	l.w.point, l.j.point = point, point
	return &count
}

// process runs f as a process of its own and says whether and where it was killed.
func (l *lab) process(f func() error) (where string, err error) {
	defer func() {
		l.j.lost = nil
		switch r := recover().(type) {
		case nil:
		case killed:
			where = r.where
		default:
			panic(r)
		}
	}()
	return "", f()
}

// procedure is a small incident: read, stop, note, set aside, deny each, gate, start, and a step that is not wanted.
func procedure(t testing.TB) *lab {
	look := lookStep("look")
	stop := setStep("stop", "down", "receiver", "delivery")
	note := manualStep("note", runbook.AskText)
	aside := runbook.Step{ID: "aside", Uses: "queue.move"}
	deny := runbook.Step{ID: "deny", Uses: "list.add", Confirm: runbook.ConfirmEach}
	deny.ForEach = list(t, "facts.look.names", look)
	deny.With = map[string]runbook.Value{"item": value(t, "${item}/${facts.note.answer}", look, note)}
	again := lookStep("again")
	gate := gateStep(t, "gate", `facts.again.count == facts.look.count && len(facts.deny) == 3`, look, again, deny)
	start := setStep("start", "", "receiver")
	start.With["to"] = value(t, "${facts.stop.was}", stop)
	never := setStep("never", "x", "door")
	never.When = condition(t, "facts.look.count > 3", look)
	cells := map[string]string{
		"door": "open", "names": "p q r", "receiver": "up", "delivery": "up", "queue/1": "one", "queue/2": "two", "queue/3": "three", "list": "old",
	}
	l := newLab(t, cells, look, stop, note, aside, deny, again, gate, start, never)
	l.op.script = deciding
	return l
}

// deciding says yes, but not to the denial of q.
func deciding(v engine.View) (runbook.Decision, error) {
	d := do()
	for _, c := range v.Plan.Changes {
		if !strings.HasPrefix(c.Target, "q/") || v.Ask == engine.AskUndo {
			d.Changes = append(d.Changes, c.ID)
		}
	}
	if v.Ask == engine.AskManual {
		d.Note = "seen"
	}
	return d, nil
}

// end is what has to be the same at the end, however often the process died: the world, the steps, and what is in force.
func (l *lab) end() string {
	var b strings.Builder
	for _, cell := range slices.Sorted(maps.Keys(l.w.cells)) {
		fmt.Fprintf(&b, "%s=%s\n", cell, l.w.cells[cell])
	}
	h := l.history()
	for _, s := range h.Steps {
		fmt.Fprintf(&b, "%s %s %s %s\n", s.Head.ID, s.Result, s.Facts, s.Why)
	}
	for _, c := range h.InForce() {
		fmt.Fprintf(&b, "%s %s\n", signature(false, c.Change), c.State)
	}
	fmt.Fprintln(&b, h.State, len(h.Pending()))
	return b.String()
}

func (l *lab) runProcess(kill int) (where string, points int) {
	l.fresh(deciding)
	count := l.killAt(kill)
	where, err := l.process(func() error { _, err := l.run(context.Background()); return err })
	if err != nil {
		l.t.Fatalf("killed before; run: %v", err)
	}
	return where, *count
}

func (l *lab) undoProcess(kill int) (where string, points int) {
	l.fresh(deciding)
	count := l.killAt(kill)
	where, err := l.process(func() error { _, err := l.undo(); return err })
	if err != nil {
		l.t.Fatalf("undo: %v", err)
	}
	return where, *count
}

// undoneAll checks that the world is as it was and nothing is open.
func (l *lab) undoneAll(story string) {
	l.t.Helper()
	if !maps.Equal(l.w.cells, l.started) {
		l.t.Fatalf("%s: the world is %v, was %v", story, l.w.cells, l.started)
	}
	if h := l.history(); len(h.InForce()) > 0 || len(h.Pending()) > 0 {
		l.t.Fatalf("%s: %d in force, %d open", story, len(h.InForce()), len(h.Pending()))
	}
}

// uninterrupted is the end without a crash, and the number of crash points on the way.
func uninterrupted(t *testing.T, start *lab) (string, int) {
	l := start.clone()
	_, points := l.runProcess(0)
	l.results("look:done", "stop:done", "note:by-hand", "aside:done", "deny:done", "again:done", "gate:done", "start:done", "never:skipped")
	l.cell("list", "old p/seen r/seen")
	l.cell("receiver", "up")
	l.cell("delivery", "down")
	return l.end(), points
}

// clone is the same incident in another world, as far as it has come.
func (l *lab) clone() *lab {
	c := *l
	c.w = newWorld(l.w.cells)
	c.kinds = c.w.kinds()
	c.w.guard = c.guard
	c.j = &memory{records: slices.Clone(l.j.records), now: l.j.now}
	c.op = &responder{yes: maps.Clone(l.op.yes), script: l.op.script}
	return &c
}

// Killed at any point and run again, the incident ends as without the crash; undone instead, the world is as it was. The same when
// it is killed once more while it goes on.
func TestKilledAnywhere(t *testing.T) {
	start := procedure(t)
	want, points := uninterrupted(t, start)
	twice := 0
	for n := 1; n <= points; n++ {
		once := start.clone()
		first, _ := once.runProcess(n)
		if first == "" {
			t.Fatalf("not killed at point %d of %d", n, points)
		}
		left := once.goesOn("killed "+first, want)
		resumed := once.clone()
		resumed.runProcess(0)
		resumed.undoProcess(0)
		resumed.undoneAll("killed " + first + ", resumed")
		for m := 1; m <= left; m += stride() {
			again := once.clone()
			then, _ := again.runProcess(m)
			again.goesOn("killed "+first+", then "+then, want)
			twice++
		}
	}
	t.Logf("%d crash points, %d pairs of two", points, twice)
}

// stride leaves out most second crashes with -short.
func stride() int {
	if testing.Short() {
		return 9
	}
	return 1
}

// goesOn checks both ways on from a crash, each in a world of its own. It returns the crash points on the way to the end.
func (l *lab) goesOn(story, want string) int {
	l.t.Helper()
	resumed := l.clone()
	_, points := resumed.runProcess(0)
	if got := resumed.end(); got != want {
		l.t.Fatalf("%s:\n%s\nwant:\n%s", story, got, want)
	}
	undone := l.clone()
	undone.undoProcess(0)
	undone.undoneAll(story)
	return points
}

// Killed at any point, or not at all, and undone, and that killed at any point, too: undone once more the world is as it was.
func TestUndoKilledAnywhere(t *testing.T) {
	start := procedure(t)
	_, points := uninterrupted(t, start)
	pairs := 0
	for n := 1; n <= points+1; n++ {
		once := start.clone()
		first, _ := once.runProcess(n)
		for m := 1; ; m += stride() {
			undone := once.clone()
			then, _ := undone.undoProcess(m)
			undone.undoProcess(0)
			undone.undoneAll("killed " + first + ", undo killed " + then)
			if then == "" {
				break
			}
			pairs++
		}
	}
	t.Logf("%d crash points, %d pairs of two", points+1, pairs)
}

// An undo that was killed, whatever comes next: a run stops at what is half undone and at nothing else, and a second undo ends it.
func TestUndoKilledThenRun(t *testing.T) {
	ended := procedure(t)
	ended.runProcess(0)
	_, points := ended.clone().undoProcess(0)
	for m := 1; m <= points; m++ {
		l := ended.clone()
		where, _ := l.undoProcess(m)
		open := len(l.history().Pending()) > 0
		l.fresh(deciding)
		l.killAt(0)
		_, err := l.process(func() error { _, err := l.run(context.Background()); return err })
		var stop *engine.Stop
		switch {
		case open && (!errors.As(err, &stop) || !strings.Contains(err.Error(), "undo goes on with it")):
			t.Fatalf("undo killed %s: run: %v", where, err)
		case !open && err != nil && (!errors.As(err, &stop) || stop.Reason != engine.StopGate):
			t.Fatalf("undo killed %s: run: %v", where, err)
		}
		l.undoProcess(0)
		l.undoneAll("undo killed " + where + ", run")
	}
}
