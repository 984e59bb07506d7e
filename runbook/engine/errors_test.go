package engine_test

import (
	"context"
	"errors"
	"strings"
	"testing"

	"hikeshi/runbook"
	"hikeshi/runbook/engine"
)

var errBroken = errors.New("disk is broken")

// breaking makes the world err at where for the change of target, n times.
func breaking(w *world, where, target string, n int) {
	w.trouble = func(_ context.Context, at string, c runbook.Change) error {
		if at == where && c.Target == target && n > 0 {
			n--
			return errBroken
		}
		return nil
	}
}

func twoSteps(onError runbook.OnError) []runbook.Step {
	one := setStep("one", "2", "a", "b")
	one.OnError = onError
	return []runbook.Step{one, setStep("two", "2", "c")}
}

func abc() map[string]string { return map[string]string{"a": "1", "b": "1", "c": "1"} }

func TestOnErrorStop(t *testing.T) {
	l := newLab(t, abc(), twoSteps("")...)
	breaking(l.w, "apply", "b", 1)
	h := l.stopped(engine.StopError, "one", true)
	l.results("one:failed", "two:pending")
	if e := h.Step("one").Error; !strings.Contains(e, "disk is broken") {
		t.Errorf("error %q", e)
	}
	if c := h.Change("one.2"); c.State != runbook.None || c.InForce() || c.Error == "" {
		t.Errorf("%+v", c)
	}
	same(t, "ended", l.op.ended, []string{"one:failed"})
	same(t, "errors", l.op.errs, []string{"one : disk is broken"})
	l.fresh(nil)
	h = l.mustRun()
	same(t, "asked", l.op.asked, []string{"one:changes", "two:changes"})
	l.results("one:done", "two:done")
	if h.Change("one.3") != nil || string(h.Step("one").Facts) != `{"was":"1","cells":["a","b"]}` {
		t.Errorf("begun, so not planned anew: facts %s", h.Step("one").Facts)
	}
}

func TestNothingBegunIsPlannedAnew(t *testing.T) {
	l := newLab(t, abc(), twoSteps("")...)
	breaking(l.w, "apply", "a", 1)
	l.stopped(engine.StopError, "one", false)
	l.fresh(nil)
	if h := l.mustRun(); h.Change("one.3") == nil {
		t.Error("not planned anew")
	}
	same(t, "asked", l.op.asked, []string{"one:changes", "two:changes"})
}

func TestOnErrorContinue(t *testing.T) {
	l := newLab(t, abc(), twoSteps(runbook.OnErrorContinue)...)
	breaking(l.w, "apply", "a", 1)
	l.mustRun()
	l.results("one:failed", "two:done")
	l.cell("b", "1")
	l.fresh(nil)
	l.mustRun()
	l.results("one:done", "two:done")
}

func TestOnErrorAsk(t *testing.T) {
	tests := []struct {
		name   string
		answer runbook.Answer
		want   []string
		asked  []string
	}{
		{"again", runbook.Do, []string{"one:done", "two:done"}, []string{"one:changes", "one:error", "two:changes"}},
		{"go on", runbook.Skip, []string{"one:failed", "two:done"}, []string{"one:changes", "one:error", "two:changes"}},
		{"by hand", runbook.ByHand, []string{"one:by-hand", "two:done"}, []string{"one:changes", "one:error", "two:changes"}},
		{"quit", runbook.Quit, []string{"one:pending", "two:pending"}, []string{"one:changes", "one:error"}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			l := newLab(t, abc(), twoSteps(runbook.OnErrorAsk)...)
			breaking(l.w, "apply", "b", 1)
			l.op.script = func(v engine.View) (runbook.Decision, error) {
				if v.Ask == engine.AskFailure {
					if !errors.Is(v.Err, errBroken) {
						t.Errorf("asked with error %v", v.Err)
					}
					return answer(test.answer, "so be it"), nil
				}
				return do(), nil
			}
			_, err := l.run(context.Background())
			if test.answer == runbook.Quit {
				l.isStop(err, engine.Stop{Reason: engine.StopQuit, Step: "one", Changed: true})
			} else if err != nil {
				t.Fatal(err)
			}
			l.results(test.want...)
			same(t, "asked", l.op.asked, test.asked)
			l.fresh(nil)
			l.mustRun()
			if test.answer != runbook.ByHand {
				l.results("one:done", "two:done")
			}
		})
	}
}

// "Try again" is a yes to what was agreed before, never to the changes that were refused.
func TestTryingAgainAgreesToNothingMore(t *testing.T) {
	for _, at := range []string{"apply a", "middle a", "apply c", "middle c"} {
		step := setStep("one", "2", "a", "b", "c")
		step.OnError = runbook.OnErrorAsk
		l := newLab(t, abc(), step)
		where, target, _ := strings.Cut(at, " ")
		breaking(l.w, where, target, 1)
		l.op.script = func(v engine.View) (runbook.Decision, error) {
			if v.Ask == engine.AskFailure {
				return do(), nil
			}
			var ids []string
			for _, c := range v.Plan.Changes {
				if c.Target != "b" {
					ids = append(ids, c.ID)
				}
			}
			return do(ids...), nil
		}
		l.mustRun()
		l.cell("a", "2")
		l.cell("b", "1")
		l.cell("c", "2")
		l.cell("c.mark", "2")
		want := []string{"one:changes", "one:error"} // begun: carried on
		if at == "apply a" {
			want = append(want, "one:changes") // nothing begun: planned and asked anew
		}
		same(t, "asked", l.op.asked, want)
	}
}

// A step that failed half-way goes on with the plan it has, not with one that takes a half-made world for how it was before. It asks,
// since what failed may fail again.
func TestPartialIsCarriedOn(t *testing.T) {
	l := newLab(t, abc(), twoSteps("")...)
	breaking(l.w, "middle", "b", 1)
	h := l.stopped(engine.StopError, "one", true)
	l.results("one:failed", "two:pending")
	if c := h.Change("one.2"); c.State != runbook.Partial || !c.InForce() {
		t.Errorf("%+v", c)
	}
	plans := l.w.reads["one"]
	l.fresh(nil)
	h = l.mustRun()
	if l.w.reads["one"] != plans || h.Change("one.3") != nil {
		t.Error("the step was planned anew")
	}
	same(t, "asked", l.op.asked, []string{"one:changes", "two:changes"})
	if len(l.op.shown) != 2 || len(l.op.shown[0].Plan.Changes) != 2 {
		t.Errorf("what is carried on is shown: %+v", l.op.shown)
	}
	l.cell("b.mark", "2")
}

// Where the last word was no yes, what is half made is asked about again.
func TestPartialIsAskedAfterSkip(t *testing.T) {
	l := newLab(t, abc(), twoSteps(runbook.OnErrorAsk)...)
	breaking(l.w, "middle", "b", 1)
	l.op.script = func(v engine.View) (runbook.Decision, error) {
		if v.Ask == engine.AskFailure {
			return answer(runbook.Skip, "later"), nil
		}
		return do(), nil
	}
	l.mustRun()
	l.results("one:failed", "two:done")
	l.fresh(nil)
	h := l.mustRun()
	same(t, "asked", l.op.asked, []string{"one:changes"})
	if h.Change("one.3") != nil {
		t.Error("planned anew")
	}
	l.cell("b.mark", "2")
	l.results("one:done", "two:done")
}

// What is named together with "try again" changes nothing about what was agreed to.
func TestTryingAgainAgreesToNothingLess(t *testing.T) {
	step := setStep("one", "2", "a", "b", "c")
	step.OnError = runbook.OnErrorAsk
	l := newLab(t, abc(), step)
	breaking(l.w, "middle", "a", 1)
	l.op.script = func(v engine.View) (runbook.Decision, error) {
		if v.Ask == engine.AskFailure {
			return do("one.1"), nil
		}
		return do(), nil
	}
	l.mustRun()
	for _, cell := range []string{"a", "b", "c"} {
		l.cell(cell, "2")
	}
}

func TestDriftDuringTheRun(t *testing.T) {
	l := newLab(t, abc(), twoSteps("")...)
	l.op.script = func(v engine.View) (runbook.Decision, error) {
		if v.Step.ID == "one" {
			l.w.cells["a"] = "a colleague's" // between the plan and the change
		}
		return do(), nil
	}
	l.stopped(engine.StopError, "one", true)
	l.cell("a", "a colleague's")
	l.cell("b", "1")
	l.fresh(nil)
	h := l.mustRun()
	if c := h.Change("one.3"); c == nil || !strings.Contains(string(c.Data), "colleague") {
		t.Error("not planned anew on what stands now")
	}
}

// The world's word counts: what cannot be verified is not done, and is asked about before anything else next time.
func TestVerifyCannotTell(t *testing.T) {
	l := newLab(t, abc(), twoSteps("")...)
	breaking(l.w, "verify", "a", 2)
	h := l.stopped(engine.StopError, "one", true)
	if c := h.Change("one.1"); c.State != "" || !c.InForce() || !c.Unsettled() || c.Pending() {
		t.Errorf("%+v", c)
	}
	l.fresh(nil)
	h = l.mustRun() // it cannot be told at the beginning either; then it is made once more
	if c := h.Change("one.1"); c.State != runbook.Done {
		t.Errorf("%+v", c)
	}
	same(t, "asked", l.op.asked, []string{"one:changes", "two:changes"})
}

func TestApplyThatDoesNothing(t *testing.T) {
	l := newLab(t, map[string]string{"a": "1"}, setStep("one", "2", "a"))
	k := l.kinds["cells.set"]
	k.Action = idle{k.Action.(set)}
	l.kinds["cells.set"] = k
	h := l.stopped(engine.StopError, "one", false)
	if e := h.Step("one").Error; e != "set a: after it the state is none" {
		t.Errorf("error %q", e)
	}
}

// idle says that it applied and did not.
type idle struct{ set }

func (idle) Apply(context.Context, runbook.Change, runbook.Recorder) error { return nil }
