package engine_test

import (
	"context"
	"errors"
	"testing"

	"hikeshi/runbook"
	"hikeshi/runbook/engine"
)

func TestDriftAfterACrash(t *testing.T) {
	tests := []struct {
		answer runbook.Answer
		want   string
		asked  []string
		cell   string
	}{
		{runbook.Skip, "one:skipped", []string{"one:drift", "two:changes"}, "mine"},
		{runbook.ByHand, "one:by-hand", []string{"one:drift", "two:changes"}, "mine"},
		{runbook.Do, "one:done", []string{"one:drift", "one:changes", "two:changes"}, "2"},
	}
	for _, test := range tests {
		t.Run(string(test.answer), func(t *testing.T) {
			l := newLab(t, abc(), twoSteps("")...)
			l.crashed("middle", "a")
			l.w.cells["a"] = "mine"
			l.fresh(func(v engine.View) (runbook.Decision, error) {
				if v.Ask == engine.AskDrift {
					if v.Number != 1 || v.Step.ID != "one" || !errors.Is(v.Err, runbook.ErrDrift) || len(v.Plan.Changes) != 1 {
						t.Errorf("view %+v", v)
					}
					return answer(test.answer, "seen"), nil
				}
				return do(), nil
			})
			l.mustRun()
			same(t, "asked", l.op.asked, test.asked)
			l.results(test.want, "two:done")
			l.cell("a", test.cell)
		})
	}
}

// An answer about a drift that dies before it is carried out agrees to nothing more than the first yes.
func TestCrashAfterTheDriftWasAnswered(t *testing.T) {
	l := newLab(t, abc(), setStep("one", "2", "a", "b", "c"))
	l.op.script = func(engine.View) (runbook.Decision, error) { return do("one.1", "one.3"), nil }
	type crash struct{}
	l.w.trouble = func(_ context.Context, at string, c runbook.Change) error {
		if at == "middle" {
			panic(crash{})
		}
		return nil
	}
	dies := func() {
		defer func() { recover() }()
		l.run(context.Background())
		t.Fatal("no crash")
	}
	dies()
	l.w.trouble = nil
	was := l.w.cells["a"]
	l.w.cells["a"] = "mine"
	l.fresh(func(engine.View) (runbook.Decision, error) { return do(), nil })
	l.j.point = func(where string) {
		if where == "after recording decided one " {
			panic(crash{})
		}
	}
	dies()
	l.j.point = nil
	l.w.cells["a"] = was // the colleague put it back
	l.fresh(func(v engine.View) (runbook.Decision, error) {
		t.Errorf("asked %s", v.Ask)
		return do(), nil
	})
	l.mustRun()
	l.cell("a", "2")
	l.cell("b", "1")
	l.cell("c", "2")
}
