package planner_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"strings"
	"testing"
	"time"

	"hikeshi/runbook"
	"hikeshi/runbook/engine/planner"
	"hikeshi/runbook/expression"
)

type facts struct {
	Count int `json:"count" expr:"count"`
}

// counting gives facts, and fails as long as errs lasts.
type counting struct {
	errs  []error
	calls int
	facts any
}

func (c *counting) Plan(context.Context, runbook.Input) (runbook.Outcome, error) {
	c.calls++
	out := runbook.Outcome{Facts: c.facts, Findings: []runbook.Finding{{Level: runbook.Info}}}
	if c.calls <= len(c.errs) {
		return out, c.errs[c.calls-1]
	}
	return out, nil
}

func plannerOf(a runbook.Action, step runbook.Step) *planner.Planner {
	return &planner.Planner{
		Book:     &runbook.Runbook{Name: "test", Steps: []runbook.Step{step}},
		Kinds:    map[string]runbook.Kind{"x.y": {Name: "x.y", Facts: facts{}, Action: a}},
		Recorder: func(step string) planner.Recorder { return planner.Recorder{Step: step} },
	}
}

func TestStep(t *testing.T) {
	broken := errors.New("broken")
	step := runbook.Step{ID: "a", Uses: "x.y", Retries: 1}
	tests := []struct {
		name   string
		action *counting
		with   any
		state  runbook.PlanState
		why    string
	}{
		{"facts", &counting{facts: facts{2}}, 1, runbook.NothingToDo, ""},
		{"second try", &counting{facts: facts{2}, errs: []error{broken}}, 1, runbook.NothingToDo, ""},
		{"no third try", &counting{facts: facts{2}, errs: []error{broken, broken}}, 1, runbook.Undetermined, "broken"},
		{"not supported", &counting{facts: facts{2}, errs: []error{errors.ErrUnsupported}}, 1, runbook.Undetermined, "unsupported operation"},
		{"facts of another type", &counting{facts: 2}, 1, runbook.Undetermined, "the facts of x.y are int, not planner_test.facts"},
		{"facts behind a pointer", &counting{facts: &facts{2}}, 1, runbook.Undetermined, "the facts of x.y are *planner_test.facts"},
		{"a parameter that is no number", &counting{facts: facts{2}}, math.NaN(), runbook.Undetermined, "encoding the parameters of step a"},
	}
	for _, test := range tests {
		step.With = map[string]runbook.Value{"n": {Literal: test.with}}
		p := plannerOf(test.action, step)
		plan := p.Step(context.Background(), step, planner.Facts{}, nil)
		if plan.State != test.state || !strings.Contains(plan.Why, test.why) {
			t.Errorf("%s: %+v", test.name, plan)
		}
		v, err := p.Value(step, plan.Facts)
		if test.state == runbook.NothingToDo && (err != nil || v != facts{2}) || test.state == runbook.Undetermined && v != nil || test.action.calls > 0 && len(plan.Findings) != 1 {
			t.Errorf("%s: facts %v, error %v, findings %v", test.name, v, err, plan.Findings)
		}
	}
}

func TestValueOfDamagedFacts(t *testing.T) {
	step := runbook.Step{ID: "a", Uses: "x.y"}
	p := plannerOf(&counting{}, step)
	for raw, want := range map[string]string{`{"count":"x"}`: "reading the facts of step a", `{`: "reading the facts of step a", "null": "", "": ""} {
		v, err := p.Value(step, json.RawMessage(raw))
		if v != nil || (err == nil) != (want == "") || err != nil && !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v, error %v", raw, v, err)
		}
	}
}

// A gate takes nothing from an earlier look that cannot be had again, and names the first change and reason of several.
func TestGate(t *testing.T) {
	look := runbook.Step{ID: "a", Uses: "x.y"}
	b := look
	b.ID = "b"
	env := expression.NewEnv(expression.Names{Facts: map[string]any{"a": facts{}, "b": facts{}}})
	gate := runbook.Step{ID: "gate"}
	for _, src := range []string{"facts.a.count == 2", "facts.b.count == 2"} {
		that, err := env.Compile(src, expression.Want{Type: expression.Bool})
		if err != nil {
			t.Fatal(err)
		}
		gate.Gate = append(gate.Gate, runbook.Condition{Title: runbook.T(src, ""), That: that})
	}
	p := plannerOf(&counting{}, look)
	p.Book.Steps = []runbook.Step{look, b, gate}
	p.Kinds["set"] = runbook.Kind{Name: "set", Touches: []string{"x"}}
	k := p.Kinds["x.y"]
	k.Reads = []string{"x"}
	p.Kinds["x.y"] = k
	before := planner.Facts{"a": facts{2}, "b": facts{2}}
	plan := p.Step(context.Background(), gate, before, []runbook.Change{{ID: "one.1", Kind: "other"}, {ID: "two.1", Kind: "set"}, {ID: "three.1", Kind: "set"}})
	if plan.State != runbook.Undetermined || plan.After != "two" || !strings.HasSuffix(plan.Why, "not done: a") || plan.Open() || len(plan.Gate) != 2 {
		t.Errorf("%+v", plan)
	}
	if len(before) != 2 {
		t.Error("the facts of the run were changed")
	}
}

// leaving leaves out what its script says, item by item, and changes the rest.
type leaving struct{ script []bool }

func (l *leaving) Plan(context.Context, runbook.Input) (runbook.Outcome, error) {
	left := l.script[0]
	l.script = l.script[1:]
	if left {
		return runbook.Outcome{Left: runbook.T("not here", "")}, nil
	}
	return runbook.Outcome{Changes: []runbook.Change{{Kind: "x.y"}}}, nil
}

// A step is left out only if none of its items changes anything.
func TestLeftOut(t *testing.T) {
	each, err := expression.NewEnv(expression.Names{}).Compile(`["a", "b"]`, expression.Want{Type: expression.List})
	if err != nil {
		t.Fatal(err)
	}
	step := runbook.Step{ID: "a", Uses: "x.y", ForEach: each}
	for _, script := range [][]bool{{true, true}, {true, false}, {false, true}, {false, false}} {
		want := runbook.Ready
		if script[0] && script[1] {
			want = runbook.Skipped
		}
		p := plannerOf(&leaving{script: script}, step)
		plan := p.Step(context.Background(), step, planner.Facts{}, nil)
		if plan.State != want || (plan.State == runbook.Skipped) != (plan.Why == "not here") || plan.State == runbook.Skipped && len(plan.Changes) > 0 {
			t.Errorf("%v: %+v", script, plan)
		}
	}
}

func TestTry(t *testing.T) {
	calls := 0
	err := planner.Try(context.Background(), runbook.Step{Retries: 2, Timeout: 5 * time.Millisecond}, func(ctx context.Context) error {
		calls++
		<-ctx.Done()
		return ctx.Err()
	})
	if calls != 3 || !errors.Is(err, context.DeadlineExceeded) || !strings.HasPrefix(err.Error(), "not done within 5ms") {
		t.Errorf("%d calls, error %v", calls, err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	calls = 0
	err = planner.Try(ctx, runbook.Step{Retries: 9}, func(ctx context.Context) error {
		calls++
		cancel()
		return ctx.Err()
	})
	if calls != 1 || err == nil || err.Error() != "context canceled" {
		t.Errorf("%d calls, error %v", calls, err)
	}
}

// A gate reads its steps again, but for those that have watched a span of time: watching again would tell of another one.
func TestGateDoesNotWatchAgain(t *testing.T) {
	that, err := expression.NewEnv(expression.Names{Facts: map[string]any{"a": facts{}}}).Compile("facts.a.count == 2", expression.Want{Type: expression.Bool})
	if err != nil {
		t.Fatal(err)
	}
	for _, watched := range []bool{false, true} {
		action := &counting{facts: facts{1}} // the world is another one by now
		look := runbook.Step{ID: "a", Uses: "x.y"}
		p := plannerOf(action, look)
		p.Kinds["x.y"] = runbook.Kind{Name: "x.y", Facts: facts{}, Watched: watched, Action: action}
		gate := runbook.Step{ID: "g", Gate: []runbook.Condition{{That: that}}}
		plan := p.Step(context.Background(), gate, planner.Facts{"a": facts{2}}, nil)
		if plan.Open() != watched || action.calls > 0 == watched {
			t.Errorf("watched %v: open %v after %d looks", watched, plan.Open(), action.calls)
		}
	}
}

// telling finds as many things wrong as it counts.
type telling struct{ n int }

func (a telling) Plan(context.Context, runbook.Input) (runbook.Outcome, error) {
	out := runbook.Outcome{Facts: facts{a.n}, Findings: []runbook.Finding{{Level: runbook.OK, Text: runbook.T("a good one", "")}}}
	for i := range a.n {
		out.Findings = append(out.Findings, runbook.Finding{Level: runbook.Bad, Text: runbook.T(fmt.Sprint("open: ", i+1), "")})
	}
	return out, nil
}

// A shut gate shows what its steps have found wrong, bounded and once; an open one shows nothing.
func TestGateShowsWhatIsWrong(t *testing.T) {
	that, err := expression.NewEnv(expression.Names{Facts: map[string]any{"a": facts{}}}).Compile("facts.a.count == 0", expression.Want{Type: expression.Bool})
	if err != nil {
		t.Fatal(err)
	}
	for wrong, want := range map[int]string{0: "", 2: "open: 1, open: 2", 9: "open: 1, open: 2, open: 3, open: 4, open: 5, open: 6, and 3 more, see step a"} {
		p := plannerOf(&counting{}, runbook.Step{ID: "a", Uses: "x.y"})
		k := p.Kinds["x.y"]
		k.Action = telling{wrong}
		p.Kinds["x.y"] = k
		gate := runbook.Step{ID: "g", Gate: []runbook.Condition{{That: that}, {That: that}}}
		plan := p.Step(context.Background(), gate, planner.Facts{}, nil)
		var got []string
		for _, f := range plan.Findings {
			got = append(got, f.Text.EN)
		}
		if strings.Join(got, ", ") != want || plan.Open() != (wrong == 0) {
			t.Errorf("%d wrong: %q, open %v", wrong, got, plan.Open())
		}
	}
}

// An answer that would be known from a step that was not done is asked for; one that an input gives needs no such step.
func TestGivenByAStepThatWasNotDone(t *testing.T) {
	env := expression.NewEnv(expression.Names{Inputs: map[string]expression.Type{"who": expression.String}, Facts: map[string]any{"a": facts{}}})
	given, err := env.Compile(`inputs.who != "" ? inputs.who : facts.a.count == 0 ? "none" : ""`, expression.Want{Type: expression.String})
	if err != nil {
		t.Fatal(err)
	}
	step := runbook.Step{ID: "m", Manual: &runbook.Manual{Ask: runbook.AskText, Given: given}}
	for who, want := range map[string]runbook.PlanState{"": runbook.Ready, "taro": runbook.NothingToDo} {
		p := plannerOf(&counting{}, step)
		p.Inputs = map[string]any{"who": who}
		if plan := p.Step(context.Background(), step, planner.Facts{}, nil); plan.State != want {
			t.Errorf("%q: %+v", who, plan)
		}
	}
}

// A condition that goes by an answer that nobody gave says so; with the other half of it given the answer is not needed.
func TestGateWithoutAnAnswer(t *testing.T) {
	that, err := expression.NewEnv(expression.Names{Facts: map[string]any{"a": facts{}, "m": runbook.ManualFacts{}}}).Compile(`facts.a.count == 0 or facts.m.answer != ""`, expression.Want{Type: expression.Bool})
	if err != nil {
		t.Fatal(err)
	}
	for n, want := range map[int]string{0: "", 1: "step m was not answered"} {
		p := plannerOf(&counting{facts: facts{n}}, runbook.Step{ID: "a", Uses: "x.y"})
		p.Book.Steps = append(p.Book.Steps, runbook.Step{ID: "m", Manual: &runbook.Manual{}})
		row := p.Step(context.Background(), runbook.Step{ID: "g", Gate: []runbook.Condition{{That: that}}}, planner.Facts{}, nil).Gate[0]
		if row.Why != want || row.Holds != (want == "") || (row.WhyJA == "") != (want == "") {
			t.Errorf("%d: %+v", n, row)
		}
	}
}

// What a manual step offers is what an earlier step found; where that was not done, the person is asked without it.
func TestOffer(t *testing.T) {
	env := expression.NewEnv(expression.Names{Inputs: map[string]expression.Type{"names": expression.Strings}, Facts: map[string]any{"a": facts{}}})
	offer, err := env.Compile(`facts.a.count > 0 ? map(inputs.names, # + " suspect") : []`, expression.Want{Type: expression.List})
	if err != nil {
		t.Fatal(err)
	}
	step := runbook.Step{ID: "m", Manual: &runbook.Manual{Ask: runbook.AskText, Offer: offer}}
	p := plannerOf(&counting{}, step)
	p.Inputs = map[string]any{"names": []string{"taro", "hanako"}}
	for _, c := range []struct {
		facts planner.Facts
		want  string
	}{{planner.Facts{"a": facts{1}}, "taro suspect,hanako suspect"}, {planner.Facts{"a": facts{0}}, ""}, {planner.Facts{}, ""}} {
		plan := p.Step(context.Background(), step, c.facts, nil)
		if got := strings.Join(plan.Offer, ","); got != c.want || plan.State != runbook.Ready {
			t.Errorf("%v: %q, %s", c.facts, got, plan.State)
		}
	}
}
