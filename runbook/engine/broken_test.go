package engine_test

import (
	"context"
	"errors"
	"testing"

	"hikeshi/runbook"
	"hikeshi/runbook/engine"
)

// breakAt makes the nth record fail from now on, and with all every one after it.
func (l *lab) breakAt(n int, all bool) *int {
	count := 0
	l.j.refuse = func(runbook.Record) error {
		count++
		if count == n || all && count > n {
			return errBroken
		}
		return nil
	}
	return &count
}

// A journal that breaks at any record, for good or once: the run says so, and the next one ends as if nothing had been.
func TestJournalBreaksAnywhere(t *testing.T) {
	for _, all := range []bool{true, false} {
		start := procedure(t)
		want, _ := uninterrupted(t, start)
		for n := 1; ; n++ {
			l := start.clone()
			count := l.breakAt(n, all)
			_, err := l.run(context.Background())
			if *count < n {
				if n < 30 || err != nil {
					t.Fatalf("%d records, error %v", *count, err)
				}
				break
			}
			if !errors.Is(err, errBroken) {
				t.Fatalf("record %d broken, all after %v: error %v", n, all, err)
			}
			l.j.refuse = nil
			undone := l.clone()
			l.runProcess(0)
			if got := l.end(); got != want {
				t.Fatalf("record %d broken, all after %v:\n%s\nwant:\n%s", n, all, got, want)
			}
			undone.undoProcess(0)
			undone.undoneAll("broken journal")
		}
	}
}

// The same for an undo.
func TestJournalBreaksDuringUndo(t *testing.T) {
	ended := procedure(t)
	ended.runProcess(0)
	for _, all := range []bool{true, false} {
		for n := 1; ; n++ {
			l := ended.clone()
			count := l.breakAt(n, all)
			_, err := l.undo()
			if *count < n {
				break
			}
			if !errors.Is(err, errBroken) {
				t.Fatalf("record %d broken, all after %v: error %v", n, all, err)
			}
			l.j.refuse = nil
			l.undoProcess(0)
			l.undoneAll("broken journal")
		}
	}
}

// The same where a drift, an error or a closed gate is being answered.
func TestJournalBreaksAtAQuestion(t *testing.T) {
	for _, a := range []runbook.Answer{runbook.Do, runbook.Skip, runbook.ByHand} {
		script := func(v engine.View) (runbook.Decision, error) {
			if v.Ask == engine.AskChanges {
				return do(), nil
			}
			return answer(a, ""), nil
		}
		drift := newLab(t, abc(), twoSteps("")...)
		drift.crashed("middle", "a")
		drift.w.cells["a"] = "mine"
		failure := newLab(t, abc(), twoSteps(runbook.OnErrorAsk)...)
		shut := newLab(t, map[string]string{"door": "open"}, lookStep("look"), gateStep(t, "gate", "facts.look.count > 0", lookStep("look")))
		for name, start := range map[string]*lab{"drift": drift, "failure": failure, "gate": shut} {
			trouble := func(l *lab) {
				l.op.script = script
				if start == failure {
					breaking(l.w, "apply", "b", 1)
				}
			}
			start.breaks(name+" answered "+string(a), trouble, true)
			if start != failure { // trying again is an answer to a journal that broke once, too
				start.breaks(name+" answered "+string(a), trouble, false)
			}
		}
	}
}

// breaks runs with a journal that breaks at record 1, 2, … and wants to be told.
func (l *lab) breaks(story string, trouble func(*lab), all bool) {
	for n := 1; ; n++ {
		c := l.clone()
		trouble(c)
		count := c.breakAt(n, all)
		_, err := c.run(context.Background())
		if *count < n {
			return
		}
		if !errors.Is(err, errBroken) {
			l.t.Fatalf("%s, record %d broken, all after %v: error %v", story, n, all, err)
		}
	}
}

func TestJournalThatCannotBeRead(t *testing.T) {
	l := newLab(t, abc(), twoSteps("")...)
	reads := 0
	l.j.unreadable = func() error {
		if reads++; reads == 3 {
			return errBroken
		}
		return nil
	}
	if _, err := l.run(context.Background()); !errors.Is(err, errBroken) {
		t.Errorf("error %v", err)
	}
	l.atStart()
}
