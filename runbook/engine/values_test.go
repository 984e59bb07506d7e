package engine_test

import (
	"context"
	"errors"
	"strings"
	"testing"

	"hikeshi/runbook"
	"hikeshi/runbook/engine"
	"hikeshi/runbook/expression"
)

// skipped answers a step with skip and everything else with yes.
func skipping(ids ...string) func(v engine.View) (runbook.Decision, error) {
	return func(v engine.View) (runbook.Decision, error) {
		for _, id := range ids {
			if v.Step.ID == id {
				return answer(runbook.Skip, "not now"), nil
			}
		}
		return do(), nil
	}
}

func TestWhen(t *testing.T) {
	for door, want := range map[string]string{"open": "shut:done", "shut": "shut:skipped"} {
		look := lookStep("look")
		shut := setStep("shut", "2", "a")
		shut.When = condition(t, `facts.look.door == "open"`, look)
		l := newLab(t, map[string]string{"door": door, "a": "1"}, look, shut)
		l.mustRun()
		l.results("look:done", want)
		if want == "shut:skipped" {
			l.atStart()
			if why := l.history().Step("shut").Why; !strings.Contains(why, `facts.look.door == "open"`) {
				t.Errorf("why %q", why)
			}
		}
	}
}

// What depends on a step that was left out is open, never decided on an empty value.
func TestUndeterminedAfterSkip(t *testing.T) {
	first := setStep("first", "2", "a")
	when := setStep("on_when", "2", "b")
	when.When = condition(t, `facts.first.was != "1"`, first) // true of an empty value
	not := setStep("on_not", "2", "b")
	not.When = condition(t, `facts.first.was == ""`, first)
	each := setStep("on_each", "2", "b")
	each.ForEach = list(t, "facts.first.cells", first)
	with := setStep("on_with", "2", "b")
	with.With["to"] = value(t, "${facts.first.was}", first)
	manual := manualStep("on_manual", runbook.AskNothing)
	manual.When = condition(t, `facts.first.was == ""`, first)
	for _, how := range []string{"skip", "--skip", "by hand", "open"} {
		t.Run(how, func(t *testing.T) {
			l := newLab(t, map[string]string{"a": "1", "b": "1"}, first, when, not, each, with, manual)
			l.op.script = skipping("first")
			result := "first:skipped"
			switch how {
			case "--skip":
				l.skip = []string{"first"}
			case "by hand":
				result = "first:by-hand"
				l.op.script = func(engine.View) (runbook.Decision, error) { return answer(runbook.ByHand, "did it"), nil }
			case "open":
				result = "first:open"
				l.op.script = func(engine.View) (runbook.Decision, error) { return answer(runbook.Open, ""), nil }
			}
			want := []string{result, "on_when:open", "on_not:open", "on_each:open", "on_with:open", "on_manual:open"}
			h := l.mustRun()
			l.results(want...)
			l.atStart()
			if why := h.Step("on_when").Why; !strings.Contains(why, "depends on a step that was not done: first") {
				t.Errorf("why %q", why)
			}
			l.fresh(l.op.script) // again, with the facts from the journal
			l.mustRun()
			l.results(want...)
			l.atStart()
		})
	}
}

// A kind that leaves its step out may give facts to later steps, also to those of the next process.
func TestLeftOutByItsKind(t *testing.T) {
	stop := setStep("stop", "up", "power")
	stop.Uses = "cells.stop"
	use := setStep("use", "x", "a")
	use.When = condition(t, `facts.stop.was == "up"`, stop)
	for _, quit := range []bool{false, true} {
		l := newLab(t, map[string]string{"power": "up", "a": "1"}, stop, manualStep("call", runbook.AskNothing), use)
		k := l.kinds["cells.stop"]
		k.Action = gone{k.Action.(set)}
		l.kinds["cells.stop"] = k
		if quit {
			l.op.script = func(engine.View) (runbook.Decision, error) { return answer(runbook.Quit, ""), nil }
			l.stopped(engine.StopQuit, "call", false)
			l.fresh(nil)
		}
		h := l.mustRun()
		l.results("stop:skipped", "call:by-hand", "use:done")
		if why := h.Step("stop").Why; why != "there is no manager" {
			t.Errorf("why %q", why)
		}
	}
}

func TestForEach(t *testing.T) {
	look := lookStep("look")
	add := runbook.Step{ID: "add", Uses: "list.add"}
	add.ForEach = list(t, "facts.look.names", look)
	add.With = map[string]runbook.Value{"item": value(t, "x-${item}", look)}
	use := setStep("use", "2", "a")
	use.With["to"] = value(t, `${join(map(facts.add, .item), "+")}`, look, add)
	for names, want := range map[string]string{"p q r": "x-p x-q x-r", "p": "x-p", "": ""} {
		t.Run(names, func(t *testing.T) {
			l := newLab(t, map[string]string{"names": names, "a": "1"}, look, add, use)
			l.op.script = func(v engine.View) (runbook.Decision, error) {
				if v.Step.ID == "use" {
					return answer(runbook.Quit, ""), nil
				}
				return do(), nil
			}
			sum := strings.ReplaceAll(want, " ", "+")
			if _, err := l.run(context.Background()); err == nil {
				t.Fatal("not stopped")
			}
			l.cell("list", want)
			l.fresh(nil) // the facts of the list come from the journal now
			l.mustRun()
			l.cell("a", sum)
			if want == "" {
				if p := l.history().Step("add").Plan; p.State != runbook.NothingToDo || string(p.Facts) != "[]" {
					t.Errorf("plan %+v facts %s", p, p.Facts)
				}
			}
		})
	}
}

func TestForEachOverWhatCannotBeTold(t *testing.T) {
	look := lookStep("look")
	add := runbook.Step{ID: "add", Uses: "list.add"}
	add.ForEach = list(t, "facts.look.names", look)
	add.With = map[string]runbook.Value{"item": value(t, "x-${[item][facts.look.count]}", look)} // behind the end
	l := newLab(t, map[string]string{"names": "p"}, look, add)
	h := l.stopped(engine.StopError, "add", false)
	if e := h.Step("add").Error; !strings.Contains(e, "cannot be determined") {
		t.Errorf("error %q", e)
	}
	l.results("look:done", "add:failed")
}

// Kinds that give no facts, or some of another type, leave nothing behind that looks like a value.
func TestMissingFacts(t *testing.T) {
	mute := runbook.Step{ID: "mute", Uses: "cells.mute"}
	set := setStep("set", "2", "a")
	set.When = condition(t, "facts.mute.count == 0", mute)
	l := newLab(t, map[string]string{"a": "1"}, mute, set)
	l.mustRun()
	l.results("mute:done", "set:open")

	each := mute
	each.ForEach = list(t, `["a", "b"]`)
	set.When = condition(t, "len(facts.mute) == 2", each)
	l = newLab(t, map[string]string{"a": "1"}, each, set)
	l.mustRun()
	l.results("mute:done", "set:open")

	l = newLab(t, nil, lookStep("look"))
	k := l.kinds["cells.look"]
	k.Facts = setFacts{}
	l.kinds["cells.look"] = k
	h := l.stopped(engine.StopError, "look", false)
	if e := h.Step("look").Error; !strings.Contains(e, "lookFacts, not engine_test.setFacts") {
		t.Errorf("error %q", e)
	}
}

func TestUnreadable(t *testing.T) {
	l := newLab(t, nil, lookStep("look"), lookStep("again"))
	broken := true
	l.w.trouble = func(_ context.Context, where string, c runbook.Change) error {
		if broken && where == "plan" && c.Target == "look" {
			return errors.New("permission denied")
		}
		return nil
	}
	h := l.stopped(engine.StopError, "look", false)
	if s := h.Step("look"); s.Plan.State != runbook.Undetermined || s.Error != "permission denied" {
		t.Errorf("%+v", s)
	}
	broken = false
	l.mustRun()
	l.results("look:done", "again:done")
}

func TestUnknownKind(t *testing.T) {
	l := newLab(t, nil, runbook.Step{ID: "look", Uses: "cells.gone"})
	h := l.stopped(engine.StopError, "look", false)
	if e := h.Step("look").Error; !strings.Contains(e, "cells.gone, which this version does not have") {
		t.Errorf("error %q", e)
	}
}

func TestSkipAndFrom(t *testing.T) {
	steps := func() []runbook.Step {
		look := lookStep("look")
		late := setStep("late", "2", "b")
		late.When = condition(t, `facts.look.door == "open"`, look)
		return []runbook.Step{look, setStep("early", "2", "a"), manualStep("call", runbook.AskNothing), gateStep(t, "gate", `facts.look.door == "open"`, look), late}
	}
	cells := map[string]string{"door": "open", "a": "1", "b": "1"}
	l := newLab(t, cells, steps()...)
	l.skip = []string{"early"}
	l.mustRun()
	l.results("look:done", "early:skipped", "call:by-hand", "gate:done", "late:done")
	l.cell("a", "1")
	if why := l.history().Step("early").Why; why != "--skip early" {
		t.Errorf("why %q", why)
	}

	l = newLab(t, cells, steps()...)
	l.skip = []string{"gate"}
	if _, err := l.run(context.Background()); err == nil || !strings.Contains(err.Error(), "cannot be skipped") {
		t.Errorf("skipping a gate: %v", err)
	}

	l = newLab(t, cells, steps()...)
	l.from = "late"
	l.mustRun()
	l.results("look:done", "early:skipped", "call:skipped", "gate:done", "late:done")
	l.cell("a", "1")
	l.cell("b", "2")

	cells["door"] = "shut" // the gate is read, wherever the run begins
	l = newLab(t, cells, steps()...)
	l.from = "late"
	l.stopped(engine.StopGate, "gate", false)

	for _, name := range []string{"late", ""} {
		l = newLab(t, cells, steps()...)
		l.from, l.skip = "lat", []string{name}
		if name != "" {
			l.from, l.skip = "", []string{"nothing"}
		}
		if _, err := l.run(context.Background()); err == nil || !strings.Contains(err.Error(), `has no step`) {
			t.Errorf("error %v", err)
		}
		if _, err := l.engine().Plan(context.Background()); err == nil || !strings.Contains(err.Error(), `has no step`) {
			t.Errorf("error %v", err)
		}
		l.results("look:pending", "early:pending", "call:pending", "gate:pending", "late:pending")
	}
}

// What is known already is not asked, and later steps use it as an answer; where it is empty the step asks.
func TestGivenAnswer(t *testing.T) {
	first := manualStep("first", runbook.AskText)
	second := manualStep("second", runbook.AskText)
	given := func(src string) *expression.Program {
		p, err := env(newWorld(nil), nil, []runbook.Step{first}).Compile(src, expression.Want{Type: expression.String})
		if err != nil {
			t.Fatal(err)
		}
		return p
	}
	second.Manual.Given = given("facts.first.answer")
	third := manualStep("third", runbook.AskText)
	third.Manual.Given = given(`facts.first.answer == "x" ? "" : "known"`)
	gate := gateStep(t, "gate", `facts.second.answer == "x" and facts.third.answer == "x"`, first, second, third)
	l := newLab(t, nil, first, second, third, gate)
	l.op.script = func(engine.View) (runbook.Decision, error) {
		return runbook.Decision{Answer: runbook.ByHand, Note: "x"}, nil
	}
	l.mustRun()
	same(t, "asked", l.op.asked, []string{"first:manual", "third:manual"})
	l.results("first:by-hand", "second:done", "third:by-hand", "gate:done")
}
