package planner_test

import (
	"context"
	"encoding/json"
	"errors"
	"math"
	"strings"
	"testing"
	"time"

	"hikeshi/runbook"
	"hikeshi/runbook/engine/planner"
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
		if test.state == runbook.NothingToDo && (err != nil || v != facts{2} || len(plan.Findings) != 1) || test.state == runbook.Undetermined && v != nil {
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
