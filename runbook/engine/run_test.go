package engine_test

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"hikeshi/runbook"
	"hikeshi/runbook/engine"
)

func TestReadingStepNeverAsks(t *testing.T) {
	l := newLab(t, map[string]string{"door": "open"}, lookStep("look"))
	h := l.mustRun()
	if len(l.op.asked) > 0 {
		t.Errorf("asked %v", l.op.asked)
	}
	l.results("look:done")
	if len(l.op.shown) != 1 || len(l.op.shown[0].Plan.Findings) != 1 {
		t.Errorf("shown: %+v", l.op.shown)
	}
	if got := string(h.Step("look").Facts); got != `{"door":"open","names":[],"count":0}` {
		t.Errorf("facts %s", got)
	}
	same(t, "kept", l.j.kept, []string{"look/seen=open backup=false"})
}

func TestNothingToDo(t *testing.T) {
	l := newLab(t, map[string]string{"door": "shut"}, setStep("shut", "shut", "door"))
	l.mustRun()
	if len(l.op.asked) > 0 {
		t.Errorf("asked %v", l.op.asked)
	}
	if p := l.history().Step("shut").Plan; p.State != runbook.NothingToDo {
		t.Errorf("state %s", p.State)
	}
	l.results("shut:done")
	l.atStart()
}

func TestChangesAreShownAskedRecordedMade(t *testing.T) {
	l := newLab(t, map[string]string{"a": "1", "b": "1", "c": "1"}, setStep("three", "2", "a", "b", "c"))
	h := l.mustRun()
	for _, cell := range []string{"a", "b", "c"} {
		l.cell(cell, "2")
	}
	same(t, "asked", l.op.asked, []string{"three:changes"})
	same(t, "ended", l.op.ended, []string{"three:done"})
	same(t, "kept", l.j.kept, []string{"three/before-a=1 backup=true", "three/before-b=1 backup=true", "three/before-c=1 backup=true"})
	same(t, "progress", l.op.steps, []string{"three2", "three2", "three2"})
	var events []string
	for _, r := range h.Records {
		events = append(events, strings.TrimSpace(string(r.Event)+" "+r.Change))
	}
	same(t, "records", events, []string{"opened", "began", "planned", "decided", "intent three.1", "result three.1", "intent three.2",
		"result three.2", "intent three.3", "result three.3", "ended", "closed"})
	for _, c := range h.Changes {
		if c.State != runbook.Done || c.Error != "" || !c.InForce() || c.Pending() {
			t.Errorf("%s: %+v", c.ID, c)
		}
	}
	if v := l.op.views[0]; v.Number != 1 || v.Of != 1 || v.Incident != "1121-0312" || v.Opened.IsZero() {
		t.Errorf("view %+v", v)
	}
}

func TestAnswers(t *testing.T) {
	tests := []struct {
		name   string
		answer runbook.Answer
		result string
	}{
		{"skip", runbook.Skip, "first:skipped"},
		{"by hand", runbook.ByHand, "first:by-hand"},
		{"left open", runbook.Open, "first:open"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			l := newLab(t, map[string]string{"a": "1"}, setStep("first", "2", "a"))
			l.op.script = func(engine.View) (runbook.Decision, error) { return answer(test.answer, "because"), nil }
			h := l.mustRun()
			l.results(test.result)
			l.atStart()
			if s := h.Step("first"); s.Why != "because" || s.Decision.Note != "because" || len(s.Facts) > 0 {
				t.Errorf("%+v", s)
			}
		})
	}
}

func TestQuitBeforeAndAfterAChange(t *testing.T) {
	quit := func(at string) func(v engine.View) (runbook.Decision, error) {
		return func(v engine.View) (runbook.Decision, error) {
			if v.Step.ID == at {
				return answer(runbook.Quit, ""), nil
			}
			return do(), nil
		}
	}
	l := newLab(t, map[string]string{"a": "1", "b": "1"}, setStep("one", "2", "a"), setStep("two", "2", "b"))
	l.op.script = quit("one")
	l.stopped(engine.StopQuit, "one", false)
	l.atStart()

	l.fresh(quit("two"))
	l.stopped(engine.StopQuit, "two", true)
	l.results("one:done", "two:pending")

	l.fresh(nil)
	l.mustRun()
	same(t, "asked", l.op.asked, []string{"two:changes"})
	l.results("one:done", "two:done")
}

func TestPerChangeApproval(t *testing.T) {
	l := newLab(t, map[string]string{"a": "1", "b": "1", "c": "1"}, setStep("some", "2", "a", "b", "c"))
	l.op.script = func(engine.View) (runbook.Decision, error) { return do("some.1", "some.3", "some.9"), nil }
	l.mustRun()
	l.cell("a", "2")
	l.cell("b", "1")
	l.cell("c", "2")
	l.results("some:done")
}

func TestYesToNoneIsNoYes(t *testing.T) {
	l := newLab(t, map[string]string{"a": "1"}, setStep("some", "2", "a"))
	l.op.script = func(engine.View) (runbook.Decision, error) {
		return runbook.Decision{Answer: runbook.Do, Changes: []string{}}, nil
	}
	l.mustRun()
	l.atStart()
	l.results("some:skipped")
}

func TestUnknownAnswerIsNoYes(t *testing.T) {
	for _, a := range []runbook.Answer{"", "yes", "DO"} {
		l := newLab(t, map[string]string{"a": "1"}, setStep("some", "2", "a"))
		l.op.script = func(engine.View) (runbook.Decision, error) { return runbook.Decision{Answer: a}, nil }
		l.stopped(engine.StopError, "some", false)
		l.atStart()
		l.op.script = nil
		l.mustRun()
		l.cell("a", "2")
	}
}

func TestManualEvidenceIsAFact(t *testing.T) {
	file := filepath.Join(t.TempDir(), "answer.eml")
	if err := os.WriteFile(file, []byte("bytes"), 0o600); err != nil {
		t.Fatal(err)
	}
	tests := []struct {
		name     string
		ask      runbook.Ask
		required bool
		give     runbook.Decision
		want     string
		result   string
	}{
		{"text", runbook.AskText, true, answer(runbook.Do, "go"), "go", "ask:by-hand"},
		{"text by hand", runbook.AskText, true, answer(runbook.ByHand, "go"), "go", "ask:by-hand"},
		{"choice", runbook.AskChoice, true, runbook.Decision{Answer: runbook.Do, Choice: "go"}, "go", "ask:by-hand"},
		{"file", runbook.AskFile, true, runbook.Decision{Answer: runbook.Do, File: file}, "answer.eml", "ask:by-hand"},
		{"nothing", runbook.AskNothing, true, answer(runbook.Do, ""), "", "ask:by-hand"},
		{"text wanted", runbook.AskText, true, answer(runbook.Do, ""), "", "ask:open"},
		{"file wanted", runbook.AskFile, true, answer(runbook.Do, "a note is no file"), "", "ask:open"},
		{"choice wanted", runbook.AskChoice, true, answer(runbook.Do, ""), "", "ask:open"},
		{"not a choice", runbook.AskChoice, false, runbook.Decision{Answer: runbook.Do, Choice: "never"}, "", "ask:open"},
		{"text not needed", runbook.AskText, false, answer(runbook.Do, ""), "", "ask:by-hand"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			ask := manualStep("ask", test.ask)
			ask.Manual.Required = test.required
			ask.Manual.Choices = []runbook.ManualChoice{{Value: "go"}, {Value: "stay"}}
			use := setStep("use", "2", "a")
			use.With["to"] = value(t, "${facts.ask.answer}!", ask)
			l := newLab(t, map[string]string{"a": "1"}, ask, use)
			l.op.script = func(v engine.View) (runbook.Decision, error) {
				if v.Ask == engine.AskManual {
					return test.give, nil
				}
				return do(), nil
			}
			l.mustRun()
			if test.result == "ask:open" {
				l.results("ask:open", "use:open")
				l.atStart()
				return
			}
			l.results(test.result, "use:done")
			l.cell("a", test.want+"!")
			if facts := string(l.history().Step("ask").Facts); facts != `{"answer":"`+test.want+`","by_hand":true}` {
				t.Errorf("facts %s", facts)
			}
			if test.ask == runbook.AskFile {
				same(t, "kept", l.j.kept[:1], []string{"ask/answer.eml=bytes backup=false"})
			}
		})
	}
}

func TestAttachingWhatIsNoFile(t *testing.T) {
	dir := t.TempDir()
	for _, path := range []string{dir, filepath.Join(dir, "missing")} {
		l := newLab(t, nil, manualStep("ask", runbook.AskFile))
		l.op.script = func(engine.View) (runbook.Decision, error) {
			return runbook.Decision{Answer: runbook.Do, File: path}, nil
		}
		h := l.stopped(engine.StopError, "ask", false)
		if e := h.Step("ask").Error; !strings.Contains(e, "attaching evidence") || !strings.Contains(e, path) {
			t.Errorf("error %q", e)
		}
		l.fresh(func(engine.View) (runbook.Decision, error) { return answer(runbook.Skip, "no file"), nil })
		l.mustRun()
	}
}

func TestOpenManualStepUnattended(t *testing.T) {
	l := newLab(t, map[string]string{"a": "1"}, manualStep("call", runbook.AskText), setStep("set", "2", "a"))
	open := func(v engine.View) (runbook.Decision, error) {
		if v.Ask == engine.AskManual {
			return answer(runbook.Open, "nobody was asked"), nil
		}
		return do(), nil
	}
	l.op.script = open
	l.mustRun()
	l.results("call:open", "set:done")
	l.fresh(nil)
	l.mustRun()
	same(t, "asked", l.op.asked, []string{"call:manual"})
	l.results("call:by-hand", "set:done")
}

func TestOperatorStops(t *testing.T) {
	l := newLab(t, map[string]string{"a": "1"}, setStep("set", "2", "a"))
	cause := errors.New("the risk disruptive has to be accepted")
	l.op.script = func(engine.View) (runbook.Decision, error) {
		return runbook.Decision{}, &engine.Stop{Reason: engine.StopRisk, Err: cause}
	}
	l.stopped(engine.StopRisk, "set", false)
	_, err := l.run(context.Background())
	if !errors.Is(err, cause) || err.Error() != "stopped at step set: the risk disruptive has to be accepted" {
		t.Errorf("error %q", err)
	}
	l.op.script = func(engine.View) (runbook.Decision, error) { return runbook.Decision{}, errors.New("no terminal") }
	l.stopped(engine.StopError, "set", false)
	l.atStart()
}

func TestAnotherRunbook(t *testing.T) {
	l := newLab(t, map[string]string{"a": "1"}, setStep("set", "2", "a"))
	l.book = &runbook.Runbook{Name: "other", Steps: []runbook.Step{setStep("else", "2", "a")}}
	_, err := l.run(context.Background())
	if err == nil || !strings.Contains(err.Error(), "no step else") {
		t.Errorf("error %v", err)
	}
	l.atStart()
}

func TestJournalWithoutOpening(t *testing.T) {
	l := newLab(t, nil, lookStep("look"))
	l.j.records = nil
	if h, err := l.run(context.Background()); err == nil || h != nil {
		t.Errorf("history %v, error %v", h, err)
	}
	if h, err := l.undo(); err == nil || h != nil {
		t.Errorf("history %v, error %v", h, err)
	}
}

// A step that is not to be done after a step that was left out is skipped, not left open.
func TestSkippedBehindSkipped(t *testing.T) {
	look := lookStep("look")
	watch := setStep("watch", "2", "a")
	watch.When = condition(t, `facts.look.door == "open"`, look)
	again := setStep("again", "3", "a")
	again.When = condition(t, `facts.look.door == "open" and facts.watch.was == "1"`, look, watch)
	needs := setStep("needs", "4", "a")
	needs.When = condition(t, `facts.watch.was == "1"`, look, watch)
	l := newLab(t, map[string]string{"door": "shut", "a": "1"}, look, watch, again, needs)
	l.mustRun()
	l.results("look:done", "watch:skipped", "again:skipped", "needs:open")
}

// An answer that a later step refuses is asked for again by the next run; it was no dead end.
func TestRefusedAnswerIsAskedAgain(t *testing.T) {
	ask := manualStep("ask", runbook.AskText)
	use := setStep("use", "", "a")
	use.With["to"] = value(t, "${facts.ask.answer}", ask)
	l := newLab(t, map[string]string{"a": "1"}, ask, use)
	answer := "nonsense"
	script := func(v engine.View) (runbook.Decision, error) {
		if v.Step.ID == "ask" {
			return runbook.Decision{Answer: runbook.ByHand, Note: answer}, nil
		}
		return do(), nil
	}
	l.op.script = script
	if _, err := l.run(context.Background()); err == nil {
		t.Error("nonsense was taken")
	}
	l.results("ask:open", "use:failed")
	answer = "2"
	l.fresh(script)
	l.mustRun()
	l.results("ask:by-hand", "use:done")
	l.cell("a", "2")
}
