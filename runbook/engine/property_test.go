package engine_test

import (
	"context"
	"errors"
	"testing"

	"pgregory.net/rapid"

	"hikeshi/runbook"
	"hikeshi/runbook/engine"
)

// Whatever a responder answers, whatever breaks and whenever the process dies, run and undo in any order: nothing is written that
// was not agreed to (the guard of the lab), and in the end everything can be taken back.
func TestEverythingCanBeTakenBack(t *testing.T) {
	start := procedure(t)
	for i := range start.book.Steps {
		step := &start.book.Steps[i]
		step.OnError = []runbook.OnError{runbook.OnErrorAsk, runbook.OnErrorContinue, runbook.OnErrorStop}[i%3]
		if step.ID == "start" {
			// Where the undo of the newer of two changes fails, that of the older one cannot be right: each has its own cell here.
			step.With["cells"] = runbook.Value{Literal: []string{"power"}}
		}
	}
	rapid.Check(t, func(rt *rapid.T) {
		l := start.clone()
		l.t = rt
		for range rapid.IntRange(1, 6).Draw(rt, "processes") {
			l.disturb(rt)
			l.fresh(randomly(rt))
			l.killAt(rapid.IntRange(0, 110).Draw(rt, "kill"))
			undo := rapid.IntRange(0, 3).Draw(rt, "undo") == 0
			_, err := l.process(func() error { return l.either(rt, undo) })
			if err != nil && !expected(err) {
				rt.Fatalf("error %v", err)
			}
		}
		l.w.trouble, l.j.refuse = nil, nil
		l.undoProcess(0)
		l.undoneAll("in the end")
	})
}

func expected(err error) bool {
	var stop *engine.Stop
	return errors.As(err, &stop) || errors.Is(err, errBroken) || errors.Is(err, runbook.ErrUnrecorded)
}

func (l *lab) either(rt *rapid.T, undo bool) error {
	if !undo {
		_, err := l.run(context.Background())
		return err
	}
	steps := rapid.SliceOfDistinct(rapid.SampledFrom([]string{"look", "stop", "aside", "deny", "start"}), func(s string) string { return s }).Draw(rt, "steps")
	_, err := l.undo(steps...)
	return err
}

// disturb lets the world break now and then, and the disk be full for a while.
func (l *lab) disturb(rt *rapid.T) {
	odds := rapid.SampledFrom([]int{0, 3, 10}).Draw(rt, "odds")
	l.w.trouble = func(_ context.Context, _ string, c runbook.Change) error {
		if odds > 0 && rapid.IntRange(0, odds).Draw(rt, "trouble") == 0 {
			return errBroken
		}
		return nil
	}
	l.j.refuse = nil
	if rapid.IntRange(0, 4).Draw(rt, "disk") == 0 {
		left := rapid.IntRange(0, 40).Draw(rt, "room")
		l.j.refuse = func(r runbook.Record) error {
			if left--; left < 0 && left > -10 {
				return full(r)
			}
			return nil
		}
	}
}

// randomly answers anything.
func randomly(rt *rapid.T) func(v engine.View) (runbook.Decision, error) {
	return func(v engine.View) (runbook.Decision, error) {
		answers := []runbook.Answer{runbook.Do, runbook.Do, runbook.Do, runbook.Do, runbook.Skip, runbook.ByHand, runbook.Open, runbook.Quit}
		d := answer(rapid.SampledFrom(answers).Draw(rt, "answer"), "why-not") // a word: it becomes an item of the list
		if rapid.Bool().Draw(rt, "some") {
			d.Changes = []string{}
			for _, c := range v.Plan.Changes {
				if rapid.Bool().Draw(rt, "this") {
					d.Changes = append(d.Changes, c.ID)
				}
			}
		}
		return d, nil
	}
}
