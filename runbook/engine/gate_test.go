package engine_test

import (
	"context"
	"errors"
	"strings"
	"testing"

	"hikeshi/runbook"
	"hikeshi/runbook/engine"
)

// closing is: look, shut the door, gate, start.
func closing(t *testing.T) *lab {
	look := lookStep("look")
	look2 := lookStep("look_again")
	gate := gateStep(t, "gate", `facts.look.door == "shut"`, look)
	gate.Gate = append(gate.Gate, runbook.Condition{Title: runbook.T("few", ""), That: condition(t, "facts.look_again.count <= inputs.limit && facts.look.count < 9", look, look2)})
	return newLab(t, map[string]string{"door": "open", "names": "p q r", "power": "off"}, look, look2, setStep("shut", "shut", "door"), gate, setStep("start", "on", "power"))
}

func TestGateStopsAndIsReadAgain(t *testing.T) {
	l := closing(t)
	l.op.script = skipping("shut")
	h := l.stopped(engine.StopGate, "gate", false)
	l.results("look:done", "look_again:done", "shut:skipped", "gate:pending", "start:pending")
	rows := h.Step("gate").Plan.Gate
	if len(rows) != 2 || rows[0].Holds || rows[1].Holds || rows[0].Why != "" {
		t.Errorf("rows %+v", rows)
	}
	if l.w.reads["look"] != 2 || l.w.reads["look_again"] != 2 {
		t.Errorf("each reading step is read once more by a gate: %v", l.w.reads)
	}

	l.w.cells["door"] = "shut" // by somebody else
	l.fresh(nil)
	h = l.stopped(engine.StopGate, "gate", false)
	if rows := h.Step("gate").Plan.Gate; !rows[0].Holds || rows[1].Holds {
		t.Errorf("rows %+v", rows)
	}

	l.w.cells["names"] = "p"
	l.fresh(nil)
	l.mustRun()
	l.cell("power", "on")
	same(t, "asked", l.op.asked, []string{"start:changes"})
}

func TestGateOpensAfterChange(t *testing.T) {
	l := closing(t)
	l.w.cells["names"] = "p q"
	l.mustRun()
	l.results("look:done", "look_again:done", "shut:done", "gate:done", "start:done")
	if string(l.history().Step("look").Facts) != `{"door":"open","names":["p","q"],"count":2}` {
		t.Error("the gate changed the facts of a step")
	}
}

// What cannot be told keeps the gate shut.
func TestGateUndetermined(t *testing.T) {
	look := lookStep("look")
	first := setStep("first", "2", "a")
	tests := []struct {
		name, that, why string
		skip            string
		broken          bool
		when            string
	}{
		{name: "cannot be read", that: `facts.look.door == "shut"`, broken: true, why: "step look: permission denied"},
		{name: "reading step left out", that: `facts.look.door == "shut"`, skip: "look", why: "step look: --skip look"},
		{name: "changing step left out", that: `facts.first.was == ""`, skip: "first", why: "depends on a step that was not done: first"},
		{name: "its own when", that: `facts.look.door == "shut"`, skip: "first", when: `facts.first.was == ""`, why: "depends on a step that was not done: first"},
		{name: "cannot be evaluated", that: `facts.look.names[9] == "x"`, why: "cannot be determined"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			gate := gateStep(t, "gate", test.that, look, first)
			if test.when != "" {
				gate.When = condition(t, test.when, look, first)
			}
			l := newLab(t, map[string]string{"door": "shut", "names": "p", "a": "1"}, look, first, gate, setStep("start", "on", "power"))
			if test.skip != "" {
				l.skip = []string{test.skip}
			}
			l.w.trouble = func(_ context.Context, where string, c runbook.Change) error {
				if test.broken && where == "plan" && c.Target == "look" && l.w.reads["look"] > 1 {
					return errors.New("permission denied")
				}
				return nil
			}
			h, err := l.run(context.Background())
			var stop *engine.Stop
			if !errors.As(err, &stop) || stop.Reason != engine.StopGate || !strings.Contains(err.Error(), test.why) {
				t.Errorf("error %v", err)
			}
			if p := h.Step("gate").Plan; p.State != runbook.Undetermined || !strings.Contains(p.Why, test.why) {
				t.Errorf("plan %+v", p)
			}
			l.cell("power", "")
		})
	}
}

func TestGateLeftOutByItsWhen(t *testing.T) {
	look := lookStep("look")
	gate := gateStep(t, "gate", `facts.look.door == "shut"`, look)
	gate.When = condition(t, `facts.look.count > 5`, look)
	l := newLab(t, map[string]string{"door": "open"}, look, gate)
	l.mustRun()
	l.results("look:done", "gate:skipped")
}

// A gate that was passed is decided anew as long as nothing behind it was begun: the world may have moved since.
func TestGateBetweenTwoProcesses(t *testing.T) {
	l := closing(t)
	l.w.cells["names"] = ""
	quit := func(v engine.View) (runbook.Decision, error) {
		if v.Step.ID == "start" {
			return answer(runbook.Quit, ""), nil
		}
		return do(), nil
	}
	l.op.script = quit
	l.stopped(engine.StopQuit, "start", true)
	l.results("look:done", "look_again:done", "shut:done", "gate:done", "start:pending")

	l.w.cells["door"] = "open" // a colleague
	l.fresh(nil)
	l.stopped(engine.StopGate, "gate", true)
	l.cell("power", "off")

	l.w.cells["door"] = "shut"
	l.fresh(nil)
	l.mustRun()
	l.w.cells["door"] = "open" // the run is through: a gate does not shut behind it
	l.fresh(nil)
	l.mustRun()
}

// Taking back a step before a gate shuts the gate again, also for what was begun behind it.
func TestGateAfterUndoBeforeIt(t *testing.T) {
	l := closing(t)
	l.w.cells["names"] = ""
	l.book.Steps = append(l.book.Steps, setStep("start2", "on", "power2"))
	l.j.records[0].Opening.Steps = append(l.j.records[0].Opening.Steps, runbook.StepHead{ID: "start2"})
	l.op.script = func(v engine.View) (runbook.Decision, error) {
		if v.Step.ID == "start2" {
			return answer(runbook.Quit, ""), nil
		}
		return do(), nil
	}
	l.stopped(engine.StopQuit, "start2", true)
	l.fresh(nil)
	if _, err := l.undo("shut"); err != nil {
		t.Fatal(err)
	}
	l.results("look:done", "look_again:done", "shut:undone", "gate:pending", "start:done", "start2:pending")
	l.fresh(nil)
	l.stopped(engine.StopGate, "gate", true)
	l.cell("power2", "")
}

// What a dead process left half done behind a gate is finished before the gate is decided anew, since half of it keeps the gate shut; but no
// service is brought back before that.
func TestGateAfterACrashBehindIt(t *testing.T) {
	behind := func() *lab {
		look := lookStep("look")
		whole := `facts.look.door == "shut" && facts.look.count == 2 || facts.look.door == "x" && facts.look.count == 1`
		start := setStep("start", "on", "power")
		start.Uses = "services.set"
		return newLab(t, map[string]string{"door": "shut", "names": "p q", "power": "off"}, look, gateStep(t, "gate", whole, look), setStep("back", "x", "door", "names"), start)
	}
	for _, where := range []string{"apply", "middle"} {
		for _, target := range []string{"door", "names", "power"} {
			l := behind()
			l.crashed(where, target)
			if target == "power" {
				l.w.cells["door"] = "open" // a colleague
				l.stopped(engine.StopGate, "gate", true)
				l.w.cells["door"] = "x"
				l.fresh(nil)
			}
			l.mustRun()
			l.results("look:done", "gate:done", "back:done", "start:done")
		}
	}
}

// A gate does not watch again; a run that comes back to it does, until it opens.
func TestGateGoesByAWatch(t *testing.T) {
	watch := lookStep("watch")
	l := newLab(t, map[string]string{"door": "open", "a": "1"}, watch, gateStep(t, "gate", `facts.watch.door == "shut"`, watch), setStep("start", "2", "a"))
	k := l.kinds["cells.look"]
	k.Watched = true
	l.kinds["cells.look"] = k
	for i, door := range []string{"open", "open", "shut", "open"} {
		l.w.cells["door"] = door
		if i > 0 {
			l.fresh(nil)
		}
		_, err := l.engine().Run(context.Background(), "run")
		if (err == nil) != (i >= 2) || l.w.reads["watch"] != min(i+1, 3) {
			t.Errorf("run %d: %v, watched %d times", i, err, l.w.reads["watch"])
		}
	}
	l.results("watch:done", "gate:done", "start:done")
}
