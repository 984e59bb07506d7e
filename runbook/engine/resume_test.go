package engine_test

import (
	"context"
	"errors"
	"strings"
	"testing"

	"hikeshi/runbook"
	"hikeshi/runbook/engine"
)

// cancelAt cancels the run at a place of the world.
func cancelAt(l *lab, where, target string) context.Context {
	ctx, cancel := context.WithCancel(context.Background())
	l.w.trouble = func(ctx context.Context, at string, c runbook.Change) error {
		if at == where && c.Target == target {
			cancel()
			return ctx.Err()
		}
		return nil
	}
	return ctx
}

func TestInterrupted(t *testing.T) {
	tests := []struct {
		where, target string
		changed       bool
		asked         []string // on resume
	}{
		{"plan", "one", false, []string{"one:changes", "two:changes"}},
		{"apply", "a", false, []string{"two:changes"}}, // the agreement stands
		{"middle", "a", true, []string{"two:changes"}},
		{"applied", "a", true, []string{"two:changes"}},
		{"apply", "b", true, []string{"two:changes"}},
		{"middle", "b", true, []string{"two:changes"}},
	}
	for _, test := range tests {
		t.Run(test.where+" "+test.target, func(t *testing.T) {
			l := newLab(t, abc(), twoSteps(runbook.OnErrorContinue)...)
			_, err := l.run(cancelAt(l, test.where, test.target))
			l.isStop(err, engine.Stop{Reason: engine.StopInterrupted, Step: "one", Changed: test.changed})
			l.results("one:pending", "two:pending")
			l.w.trouble = nil
			l.fresh(nil)
			l.mustRun()
			same(t, "asked", l.op.asked, test.asked)
			l.results("one:done", "two:done")
			for _, cell := range []string{"a", "a.mark", "b", "b.mark", "c"} {
				l.cell(cell, "2")
			}
		})
	}
}

// deaf does not listen to its context: the engine itself stops before the next change.
func TestInterruptedBetweenChanges(t *testing.T) {
	l := newLab(t, abc(), twoSteps("")...)
	ctx, cancel := context.WithCancel(context.Background())
	l.w.trouble = func(_ context.Context, at string, c runbook.Change) error {
		cancel()
		return nil
	}
	l.op.script = func(engine.View) (runbook.Decision, error) { t.Error("asked after Ctrl-C"); return do(), nil }
	_, err := l.run(ctx)
	l.isStop(err, engine.Stop{Reason: engine.StopInterrupted, Step: "one"})

	l.w.trouble = nil
	l.fresh(nil)
	ctx, cancel = context.WithCancel(context.Background())
	l.w.trouble = func(_ context.Context, at string, c runbook.Change) error {
		if at == "applied" {
			cancel()
		}
		return nil
	}
	_, err = l.run(ctx)
	l.isStop(err, engine.Stop{Reason: engine.StopInterrupted, Step: "one", Changed: true})
	l.cell("a", "2")
	l.cell("b", "1")
	l.fresh(nil)
	l.w.trouble = nil
	l.mustRun()
	same(t, "asked", l.op.asked, []string{"two:changes"})
}

func TestInterruptedAtThePrompt(t *testing.T) {
	l := newLab(t, abc(), twoSteps("")...)
	ctx, cancel := context.WithCancel(context.Background())
	l.op.script = func(engine.View) (runbook.Decision, error) {
		cancel()
		return runbook.Decision{}, ctx.Err()
	}
	_, err := l.run(ctx)
	l.isStop(err, engine.Stop{Reason: engine.StopInterrupted, Step: "one"})
	if !errors.Is(err, context.Canceled) {
		t.Errorf("error %v", err)
	}
	l.atStart()
}

// crashed ends the process at a place of the world.
func (l *lab) crashed(where, target string) {
	l.t.Helper()
	type crash struct{}
	l.w.trouble = func(_ context.Context, at string, c runbook.Change) error {
		if at == where && c.Target == target {
			panic(crash{})
		}
		return nil
	}
	func() {
		defer func() {
			if _, ok := recover().(crash); !ok {
				l.t.Fatal("no crash")
			}
		}()
		l.run(context.Background())
	}()
	l.w.trouble = nil
	l.fresh(nil)
}

func TestCannotTellAfterACrash(t *testing.T) {
	l := newLab(t, abc(), twoSteps("")...)
	l.crashed("middle", "a")
	breaking(l.w, "verify", "a", 1)
	l.stopped(engine.StopError, "one", true)
	if len(l.op.asked) > 0 {
		t.Errorf("asked %v", l.op.asked)
	}
	_, err := l.run(cancelAt(l, "verify", "a"))
	l.isStop(err, engine.Stop{Reason: engine.StopInterrupted, Step: "one", Changed: true})
	l.w.trouble = nil
	l.mustRun()
	l.results("one:done", "two:done")
}

func TestRefusedAfterACrash(t *testing.T) {
	break1 := func(t *testing.T, change func(l *lab), want string) {
		l := newLab(t, abc(), twoSteps("")...)
		l.crashed("middle", "a")
		change(l)
		before := l.w.cells["b"]
		_, err := l.run(context.Background())
		l.isStop(err, engine.Stop{Reason: engine.StopError, Step: "one", Changed: true})
		if !strings.Contains(err.Error(), want) {
			t.Errorf("error %q, want %q", err, want)
		}
		if l.w.cells["b"] != before || l.w.cells["a.mark"] != "" {
			t.Error("the world was touched")
		}
	}
	t.Run("unknown kind", func(t *testing.T) {
		break1(t, func(l *lab) { delete(l.kinds, "cells.set") }, "kind cells.set, which this version does not have; it was written by version 9.8.7")
	})
	t.Run("newer data", func(t *testing.T) {
		break1(t, func(l *lab) { l.newer("one") }, "it has format 2, this version understands 1; it was written by version 9.8.7")
	})
	t.Run("kind that only looks", func(t *testing.T) {
		break1(t, func(l *lab) {
			l.kinds["cells.set"] = runbook.Kind{Name: "cells.set", Facts: lookFacts{}, Action: look{l.w}}
		}, "kind cells.set changes nothing")
	})
}

// What was agreed to and not begun meets a version that does not know it.
func TestRefusedBeforeItBegan(t *testing.T) {
	for want, change := range map[string]func(l *lab){
		"change one.1 is of kind cells.set, which this version does not have; it was written by version 9.8.7": func(l *lab) { delete(l.kinds, "cells.set") },
		"it has format 2, this version understands 1; it was written by version 9.8.7":                         func(l *lab) { l.newer("one") },
	} {
		l := newLab(t, abc(), twoSteps("")...)
		l.killAt(7) // after the decision
		if where, _ := l.process(func() error { return l.either(nil, false) }); where != "before recording intent one one.1" {
			t.Fatalf("killed %s", where)
		}
		l.killAt(0)
		l.fresh(nil)
		change(l)
		_, err := l.run(context.Background())
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("error %q, want %q", err, want)
		}
		l.atStart()
	}
}

func TestChangeOfAStepThatIsGone(t *testing.T) {
	l := newLab(t, abc(), twoSteps("")...)
	l.crashed("middle", "a")
	l.book.Steps = l.book.Steps[1:]
	_, err := l.run(context.Background())
	if err == nil || !strings.Contains(err.Error(), "change one.1 belongs to step one, which the runbook of this incident does not have") {
		t.Errorf("error %v", err)
	}
	l.cell("c", "1")
	if _, err := l.undo(); err != nil {
		t.Fatal(err)
	}
	l.atStart()
}

// What is done is not begun once more.
func TestDoneIsLeftAlone(t *testing.T) {
	l := newLab(t, abc(), twoSteps("")...)
	l.crashed("middle", "b")
	h := l.mustRun()
	intents := map[string]int{}
	for _, r := range h.Records {
		if r.Event == runbook.Intent {
			intents[r.Change]++
		}
	}
	if intents["one.1"] != 1 || intents["one.2"] != 2 || intents["two.1"] != 1 {
		t.Errorf("intents %v", intents)
	}
	if v := l.op.shown[0]; v.Step.ID != "one" || l.op.ended[0] != "one:done" {
		t.Errorf("shown %+v, ended %v", v, l.op.ended)
	}
}

// newer makes the changes of a step in the journal ones of a newer version.
func (l *lab) newer(step string) {
	for _, r := range l.j.records {
		if r.Event == runbook.Planned && r.Step == step {
			for i := range r.Plan.Changes {
				r.Plan.Changes[i].V = 2
			}
		}
	}
}

func TestCarriedOnWithTheFactsOfItsPlan(t *testing.T) {
	one := setStep("one", "shut", "door")
	two := setStep("two", "x", "power")
	two.With["to"] = value(t, "${facts.one.was}", one)
	l := newLab(t, map[string]string{"door": "open", "power": "off"}, one, two)
	l.crashed("applied", "door")
	l.mustRun()
	l.cell("power", "open")
}

// Facts that cannot be read are an error, wherever they are needed; nothing goes on with empty ones.
func TestDamagedFacts(t *testing.T) {
	for _, where := range []string{"one", "look"} {
		l := newLab(t, abc(), lookStep("look"), setStep("one", "2", "a"), setStep("two", "2", "b"))
		l.crashed("middle", "a")
		for i, r := range l.j.records {
			if r.Step == where && r.Plan != nil {
				r.Plan.Facts = []byte(`["damaged"]`)
			}
			if r.Step == where && r.Event == runbook.Ended {
				l.j.records[i].Facts = []byte(`["damaged"]`)
			}
		}
		_, err := l.run(context.Background())
		if err == nil || !strings.Contains(err.Error(), "reading the facts of step "+where) {
			t.Errorf("error %v", err)
		}
		l.cell("b", "1")
	}
}
