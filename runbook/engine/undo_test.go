package engine_test

import (
	"errors"
	"strings"
	"testing"

	"hikeshi/runbook"
	"hikeshi/runbook/engine"
)

// threeSteps runs three steps to their end.
func threeSteps(t *testing.T) *lab {
	three := setStep("three", "2", "d")
	three.With["risk"] = runbook.Value{Literal: "reopening"}
	two := setStep("two", "2", "c")
	two.Title = runbook.T("the second", "")
	l := newLab(t, map[string]string{"a": "1", "b": "1", "c": "1", "d": "1"}, setStep("one", "2", "a", "b"), two, three)
	l.mustRun()
	l.fresh(nil)
	return l
}

func targets(v engine.View) []string {
	var all []string
	for _, c := range v.Plan.Changes {
		all = append(all, c.Target)
	}
	return all
}

func TestUndoNewestFirst(t *testing.T) {
	l := threeSteps(t)
	h, err := l.undo()
	if err != nil {
		t.Fatal(err)
	}
	l.atStart()
	same(t, "asked", targets(l.op.views[0]), []string{"d", "c", "b", "a"})
	if len(l.op.shown) != 1 || l.op.shown[0].Ask != engine.AskUndo || l.op.shown[0].Of != 3 || l.op.shown[0].Plan.State != runbook.Ready {
		t.Errorf("shown %+v", l.op.shown)
	}
	same(t, "ended", l.op.ended, []string{"three:undone", "two:undone", "one:undone", "one:undone"})
	l.results("one:undone", "two:undone", "three:undone")
	if h.State != runbook.IncidentUndone || len(h.InForce()) > 0 {
		t.Errorf("state %s, in force %d", h.State, len(h.InForce()))
	}
	l.fresh(nil)
	if h, err = l.undo(); err != nil || h.State != runbook.IncidentUndone || len(l.op.asked) > 0 {
		t.Errorf("again: state %s, asked %v, error %v", h.State, l.op.asked, err)
	}
	l.fresh(nil)
	l.mustRun() // what was taken back on purpose is not done again
	l.atStart()
	l.results("one:undone", "two:undone", "three:undone")
}

func TestUndoOfSteps(t *testing.T) {
	l := threeSteps(t)
	h, err := l.undo("one", "three")
	if err != nil {
		t.Fatal(err)
	}
	same(t, "shown", targets(l.op.views[0]), []string{"d", "b", "a"})
	l.results("one:undone", "two:done", "three:undone")
	l.cell("c", "2")
	if h.State != runbook.IncidentDone {
		t.Errorf("state %s", h.State)
	}
	if _, err := l.undo("four"); err == nil || !strings.Contains(err.Error(), "has no step four") {
		t.Errorf("error %v", err)
	}
	if _, err := l.undo("one"); err != nil {
		t.Errorf("nothing to undo any more is no error: %v", err)
	}
}

func TestUndoByRisk(t *testing.T) {
	l := threeSteps(t)
	l.op.script = func(v engine.View) (runbook.Decision, error) {
		var ids []string
		for _, c := range v.Plan.Changes {
			if c.UndoRisk != runbook.Reopening {
				ids = append(ids, c.ID)
			}
		}
		return do(ids...), nil
	}
	h, err := l.undo()
	if err != nil {
		t.Fatal(err)
	}
	l.results("one:undone", "two:undone", "three:done")
	l.cell("d", "2")
	if h.State != runbook.IncidentDone {
		t.Errorf("state %s", h.State)
	}
	l.fresh(nil)
	if h, err = l.undo(); err != nil || h.State != runbook.IncidentUndone {
		t.Errorf("state %s, error %v", h.State, err)
	}
	l.atStart()
}

func TestUndoDeclined(t *testing.T) {
	tests := []struct {
		name   string
		script func(engine.View) (runbook.Decision, error)
		stop   *engine.Stop
	}{
		{"quit", func(engine.View) (runbook.Decision, error) { return answer(runbook.Quit, ""), nil }, &engine.Stop{Reason: engine.StopQuit}},
		{"skip", func(engine.View) (runbook.Decision, error) { return answer(runbook.Skip, ""), nil }, nil},
		{"none", func(engine.View) (runbook.Decision, error) {
			return runbook.Decision{Answer: runbook.Do, Changes: []string{}}, nil
		}, nil},
		{"no answer", func(engine.View) (runbook.Decision, error) { return runbook.Decision{}, nil }, nil},
		{"risk", func(engine.View) (runbook.Decision, error) {
			return do(), &engine.Stop{Reason: engine.StopRisk, Err: errBroken}
		}, &engine.Stop{Reason: engine.StopRisk}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			l := threeSteps(t)
			l.op.script = test.script
			h, err := l.undo()
			if test.stop != nil {
				l.isStop(err, *test.stop)
				if strings.Contains(err.Error(), "step") {
					t.Errorf("error %q", err)
				}
			} else if err != nil {
				t.Fatal(err)
			}
			if h.State != runbook.IncidentDone || len(h.InForce()) != 4 {
				t.Errorf("state %s, in force %d", h.State, len(h.InForce()))
			}
			l.results("one:done", "two:done", "three:done")
		})
	}
}

func TestUndoGoesOnPastFailures(t *testing.T) {
	for where, left := range map[string]string{"undo": "2", "unmiddle": "2"} {
		l := threeSteps(t)
		breaking(l.w, where, "c", 1)
		h, err := l.undo()
		if !errors.Is(err, errBroken) || !strings.Contains(err.Error(), "undoing set of c") {
			t.Errorf("error %v", err)
		}
		l.results("one:undone", "two:done", "three:undone")
		same(t, "ended", l.op.ended, []string{"three:undone", "two:failed", "one:undone", "one:undone"})
		l.cell("c", left)
		if c := h.Change("two.1"); c.Undone() || !c.InForce() || c.UndoPending() || c.UndoError == "" {
			t.Errorf("%+v", c)
		}
		if h.State != runbook.IncidentDone {
			t.Errorf("state %s", h.State)
		}
		l.fresh(nil)
		if _, err := l.undo(); err != nil {
			t.Fatal(err)
		}
		same(t, "shown", targets(l.op.views[0]), []string{"c"})
		l.atStart()
	}
}

func TestUndoReportsDriftAndLeavesIt(t *testing.T) {
	l := threeSteps(t)
	l.w.cells["c"] = "a colleague's"
	_, err := l.undo()
	if !errors.Is(err, runbook.ErrDrift) {
		t.Errorf("error %v", err)
	}
	l.cell("c", "a colleague's")
	l.results("one:undone", "two:done", "three:undone")
	same(t, "errors", l.op.errs, []string{"two the second: undoing set of c: c: changed meanwhile by somebody else"})
}

func TestUndoRefusesWhatItDoesNotKnow(t *testing.T) {
	l := threeSteps(t)
	l.newer("two")
	_, err := l.undo()
	if err == nil || !strings.Contains(err.Error(), "format 2, this version understands 1; it was written by version 9.8.7") {
		t.Errorf("error %v", err)
	}
	l.results("one:undone", "two:done", "three:undone")
	if last := l.j.records[len(l.j.records)-1]; last.Event != runbook.Closed || !strings.Contains(last.Error, "version 9.8.7") {
		t.Errorf("the record of the end: %+v", last)
	}
}

func TestUndoWithoutAKind(t *testing.T) {
	stop := setStep("two", "2", "c")
	stop.Uses = "cells.stop"
	l := newLab(t, abc(), setStep("one", "2", "a"), stop)
	l.mustRun()
	delete(l.kinds, "cells.stop")
	l.fresh(nil)
	h, err := l.undo()
	if err == nil || !strings.Contains(err.Error(), "kind cells.stop, which this version does not have; it was written by version 9.8.7") {
		t.Errorf("error %v", err)
	}
	if len(h.Pending()) > 0 {
		t.Error("a refused undo is left open")
	}
	l.results("one:undone", "two:done")
	l.cell("c", "2")
}

func TestUndoInterrupted(t *testing.T) {
	l := threeSteps(t)
	ctx := cancelAt(l, "undo", "c")
	h, err := l.engine().Undo(ctx, nil)
	l.isStop(err, engine.Stop{Reason: engine.StopInterrupted, Step: "one", Changed: true})
	l.results("one:done", "two:done", "three:undone")
	if h.State != runbook.IncidentDone {
		t.Errorf("state %s", h.State)
	}
	l.w.trouble = nil
	l.fresh(nil)
	if _, err := l.undo(); err != nil {
		t.Fatal(err)
	}
	l.atStart()
}

// Where what would shut the door first could not be taken back, nothing reopens one; what is harmless still goes back.
func TestUndoReopensNothingAfterAFailure(t *testing.T) {
	step := func(id, cell, risk string) runbook.Step {
		s := setStep(id, "2", cell)
		s.With["risk"] = runbook.Value{Literal: risk}
		return s
	}
	l := newLab(t, map[string]string{"deny": "1", "note": "1", "service": "1"}, step("deny", "deny", "reopening"), step("note", "note", "reversible"), step("start", "service", "disruptive"))
	l.mustRun()
	l.fresh(nil)
	l.w.cells["service"] = "somebody else's" // cannot be stopped again
	_, err := l.undo()
	if err == nil || !strings.Contains(err.Error(), "left: undoing set of deny") {
		t.Errorf("error %v", err)
	}
	l.results("deny:done", "note:undone", "start:done")
	l.cell("deny", "2")
	l.cell("note", "1")
	l.w.cells["service"] = "2"
	l.fresh(nil)
	if _, err := l.undo(); err != nil {
		t.Error(err)
	}
	l.atStart()
}
