package engine_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"

	"hikeshi/runbook"
	"hikeshi/runbook/engine"
)

// full refuses records as a full disk does; they are kept in memory only.
func full(r runbook.Record) error {
	return fmt.Errorf("recording %s: %w", r.Event, runbook.ErrUnrecorded)
}

func TestUnrecorded(t *testing.T) {
	stop := setStep("stop", "down", "power")
	stop.Uses = "cells.stop"
	steps := []runbook.Step{lookStep("look"), stop, manualStep("call", runbook.AskText), setStep("set", "2", "a")}
	l := newLab(t, map[string]string{"power": "up", "a": "1"}, steps...)
	l.j.refuse = full
	h := l.stopped(engine.StopError, "set", true)
	l.results("look:done", "stop:done", "call:by-hand", "set:failed")
	l.cell("power", "down")
	l.cell("a", "1")
	if !errors.Is(func() error { _, err := l.run(context.Background()); return err }(), runbook.ErrUnrecorded) {
		t.Error("the error does not say that it was not recorded")
	}
	if c := h.Change("set.1"); c.InForce() || c.Pending() {
		t.Errorf("what was refused is not open: %+v", c)
	}

	// The next process knows nothing of it, finds the service down and goes on.
	l.fresh(nil)
	l.j.refuse = nil
	l.mustRun()
	l.results("look:done", "stop:done", "call:by-hand", "set:done")
	if p := l.history().Step("stop").Plan; p.State != runbook.NothingToDo {
		t.Errorf("%+v", p)
	}
}

// With room again the records of before come first, and nothing that was refused looks as if it had been made.
func TestRoomAgain(t *testing.T) {
	l := newLab(t, abc(), twoSteps(runbook.OnErrorContinue)...)
	l.j.refuse = func(r runbook.Record) error {
		if r.Step == "one" && r.Event == runbook.Intent {
			return full(r)
		}
		return nil
	}
	h := l.mustRun()
	l.results("one:failed", "two:done")
	l.cell("a", "1")
	if len(h.InForce()) != 1 || len(h.Pending()) != 0 {
		t.Errorf("in force %d, pending %d", len(h.InForce()), len(h.Pending()))
	}
}

func TestUnrecordedUndo(t *testing.T) {
	l := newLab(t, abc(), twoSteps("")...)
	l.mustRun()
	l.fresh(nil)
	l.j.refuse = full
	h, err := l.undo()
	if !errors.Is(err, runbook.ErrUnrecorded) || !strings.Contains(err.Error(), "recording the intent to undo two.1") {
		t.Errorf("error %v", err)
	}
	for _, cell := range []string{"a", "b", "c"} {
		l.cell(cell, "2")
	}
	if len(h.InForce()) != 3 || len(h.Pending()) != 0 {
		t.Errorf("in force %d, pending %d", len(h.InForce()), len(h.Pending()))
	}
	l.fresh(nil)
	l.j.refuse = nil
	if _, err := l.undo(); err != nil {
		t.Fatal(err)
	}
	l.atStart()
}

// A change that is half made stays so when the intent to carry it on is refused.
func TestHalfMadeAndNoRoom(t *testing.T) {
	l := newLab(t, abc(), twoSteps("")...)
	l.crashed("middle", "a")
	l.j.refuse = func(r runbook.Record) error {
		if r.Event == runbook.Intent {
			return full(r)
		}
		return nil
	}
	h := l.stopped(engine.StopError, "one", true)
	if c := h.Change("one.1"); c.State != runbook.Partial || !c.InForce() {
		t.Errorf("%+v", c)
	}
	l.fresh(nil)
	l.j.refuse = nil
	if _, err := l.undo(); err != nil {
		t.Fatal(err)
	}
	l.atStart()
}
