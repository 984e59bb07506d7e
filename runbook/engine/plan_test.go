package engine_test

import (
	"context"
	"errors"
	"fmt"
	"testing"

	"hikeshi/runbook"
)

func (l *lab) plan() []string {
	l.t.Helper()
	before := len(l.j.records)
	l.w.guard = func(cell string) { l.t.Fatalf("planning writes %s", cell) }
	defer func() { l.w.guard = l.guard }()
	all, err := l.engine().Plan(context.Background())
	if err != nil {
		l.t.Fatal(err)
	}
	if len(l.j.records) != before || len(l.j.kept) > 0 {
		l.t.Error("planning left something in the journal")
	}
	if len(l.op.asked) > 0 {
		l.t.Errorf("planning asked %v", l.op.asked)
	}
	l.atStart()
	var got []string
	for _, p := range all {
		text := p.Step.ID + ":" + string(p.State)
		if p.After != "" {
			text += " after " + p.After
		}
		for _, c := range p.Changes {
			text += " " + c.ID
		}
		got = append(got, text)
	}
	return got
}

func TestPlan(t *testing.T) {
	look := lookStep("look")
	shut := setStep("shut", "shut", "door", "window")
	again := lookStep("look_again")
	queue := runbook.Step{ID: "queue", Uses: "queue.move"}
	ask := manualStep("ask", runbook.AskText)
	dep := setStep("dep", "2", "c")
	dep.With["to"] = value(t, "${facts.ask.answer}", ask)
	not := setStep("not", "2", "c")
	not.When = condition(t, `facts.look.door == "nowhere"`, look)
	idle := setStep("idle", "1", "c")
	gate := gateStep(t, "gate", `facts.look_again.door == "shut"`, look, again)
	gate2 := gateStep(t, "gate2", `facts.ask.answer == "yes"`, ask)
	l := newLab(t, map[string]string{"door": "open", "window": "open", "c": "1"}, idle, look, shut, again, queue, ask, dep, not, gate, gate2)
	l.skip = nil
	same(t, "plan", l.plan(), []string{
		"idle:nothing-to-do", "look:nothing-to-do", "shut:ready shut.1 shut.2", "look_again:after-change after shut", "queue:nothing-to-do",
		"ask:ready", "dep:undetermined", "not:skipped", "gate:after-change after shut", "gate2:undetermined",
	})
	if len(l.op.shown) != 10 || l.op.shown[9].Number != 10 || l.op.shown[9].Of != 10 {
		t.Errorf("shown %d", len(l.op.shown))
	}
	if row := l.op.shown[8].Plan.Gate[0]; row.Holds || row.Why != "" {
		t.Errorf("row %+v", row)
	}
	same(t, "a second plan", l.plan(), l.plan())
}

func TestPlanSeesEarlierChanges(t *testing.T) {
	seen := map[string]int{}
	l := newLab(t, abc(), setStep("one", "2", "a", "b"), setStep("two", "2", "c"))
	k := l.kinds["cells.set"]
	k.Action = watching{k.Action, seen}
	l.kinds["cells.set"] = k
	l.plan()
	if seen["one"] != 0 || seen["two"] != 2 {
		t.Errorf("planned changes handed over: %v", seen)
	}
	k.Action = watchingChanger{l.w.kinds()["cells.set"].Action.(runbook.Changer), seen}
	l.kinds["cells.set"] = k
	clear(seen)
	l.mustRun()
	if seen["one"] != 0 || seen["two"] != 0 {
		t.Errorf("in a run there are none: %v", seen)
	}
}

type watching struct {
	runbook.Action
	seen map[string]int
}

func (k watching) Plan(ctx context.Context, in runbook.Input) (runbook.Outcome, error) {
	k.seen[in.Step] = len(in.Planned)
	return k.Action.Plan(ctx, in)
}

type watchingChanger struct {
	runbook.Changer
	seen map[string]int
}

func (k watchingChanger) Plan(ctx context.Context, in runbook.Input) (runbook.Outcome, error) {
	return watching{k.Changer, k.seen}.Plan(ctx, in)
}

func TestPlanGoesOnPastErrors(t *testing.T) {
	l := newLab(t, abc(), lookStep("look"), setStep("one", "2", "a"))
	l.w.trouble = func(_ context.Context, where string, c runbook.Change) error {
		if c.Target == "look" {
			return fmt.Errorf("reading: %w", runbook.ErrUndetermined)
		}
		return nil
	}
	same(t, "plan", l.plan(), []string{"look:undetermined", "one:ready one.1"})
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	if _, err := l.engine().Plan(ctx); !errors.Is(err, context.Canceled) {
		t.Errorf("error %v", err)
	}
}

// The plan of a journal that is there is as dry as one without.
func TestPlanWithoutJournal(t *testing.T) {
	l := newLab(t, abc(), lookStep("look"), setStep("one", "2", "a"))
	e := l.engine()
	e.Journal = nil
	if _, err := e.Plan(context.Background()); err != nil {
		t.Fatal(err)
	}
	l.atStart()
}
