package engine_test

import (
	"context"
	"errors"
	"strings"
	"testing"

	"hikeshi/runbook"
	"hikeshi/runbook/engine"
)

func TestUndoAfterACrash(t *testing.T) {
	l := threeSteps(t)
	type crash struct{}
	l.w.trouble = func(_ context.Context, at string, c runbook.Change) error {
		if at == "unmiddle" && c.Target == "c" {
			panic(crash{})
		}
		return nil
	}
	func() {
		defer func() { recover() }()
		l.undo()
		t.Fatal("no crash")
	}()
	l.w.trouble = nil
	l.fresh(nil)
	if c := l.history().Change("two.1"); !c.UndoPending() || !c.InForce() || c.Undone() {
		t.Fatalf("%+v", c)
	}
	// A run does not go on over a half undone change.
	_, err := l.run(context.Background())
	l.isStop(err, engine.Stop{Reason: engine.StopError, Step: "two", Changed: true})
	if !strings.Contains(err.Error(), "the undo of change two.1 (set c) was interrupted: undo goes on with it") {
		t.Errorf("error %q", err)
	}
	l.fresh(nil)
	h, err := l.undo()
	if err != nil || h.State != runbook.IncidentUndone {
		t.Errorf("state %s, error %v", h.State, err)
	}
	same(t, "shown", targets(l.op.views[0]), []string{"c", "b", "a"})
	l.atStart()
}

// An undo withdraws the yes: what was agreed to and not done yet is asked about again.
func TestUndoWithdrawsTheAgreement(t *testing.T) {
	l := newLab(t, abc(), twoSteps("")...)
	l.crashed("apply", "b")
	breaking(l.w, "undo", "a", 1)
	if _, err := l.undo(); !errors.Is(err, errBroken) {
		t.Fatal(err)
	}
	l.cell("a", "2")
	if !l.history().Change("one.2").Undone() {
		t.Error("what never took effect is undone")
	}
	l.fresh(nil)
	l.mustRun()
	same(t, "asked", l.op.asked, []string{"one:changes", "two:changes"})
}

// A change that was carried on late is newer than what was made meanwhile.
func TestUndoInTheOrderOfMaking(t *testing.T) {
	l := newLab(t, abc(), twoSteps(runbook.OnErrorContinue)...)
	breaking(l.w, "middle", "a", 1)
	l.mustRun()
	l.results("one:failed", "two:done")
	l.fresh(nil)
	l.mustRun()
	l.fresh(nil)
	if _, err := l.undo(); err != nil {
		t.Fatal(err)
	}
	same(t, "shown", targets(l.op.views[0]), []string{"b", "a", "c"})
	l.atStart()
}

func TestUndoOfNothing(t *testing.T) {
	l := newLab(t, nil, lookStep("look"))
	l.mustRun()
	h, err := l.undo()
	if err != nil || h.State != runbook.IncidentDone || len(l.op.asked) > 0 {
		t.Errorf("state %s, asked %v, error %v", h.State, l.op.asked, err)
	}
}
