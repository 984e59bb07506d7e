package engine_test

import (
	"context"
	"strings"
	"testing"

	"hikeshi/runbook"
)

// half sets cells and leaves the rest to a person until the cell "rest" says that it is done.
type half struct{ set }

func (k half) Plan(ctx context.Context, in runbook.Input) (runbook.Outcome, error) {
	out, err := k.set.Plan(ctx, in)
	if in.Step == "first" && k.w.cells["rest"] != "done" {
		out.ByHand = runbook.T("the rest is for the console", "残りはコンソールで行う")
	}
	return out, err
}

// TestLeftToAPerson: a step of which a part is left to a person makes its own part and ends open, with its facts, and the run goes on. Going
// on later looks again, asks nothing that was agreed to, and undo takes its part back.
func TestLeftToAPerson(t *testing.T) {
	for name, was := range map[string]string{"half": "1", "all": "2"} {
		t.Run(name, func(t *testing.T) {
			l := newLab(t, map[string]string{"a": was, "b": "1", "rest": ""}, setStep("first", "2", "a"), setStep("next", "2", "b"))
			k := l.kinds["cells.set"]
			k.Action = half{set{l.w, "cells.set"}}
			l.kinds["cells.set"] = k
			h := l.mustRun()
			l.results("first:open", "next:done")
			l.cell("a", "2")
			s := h.Step("first")
			if s.Why != "the rest is for the console" || s.Plan.WhyJA == "" || s.Plan.State != runbook.Ready || !strings.Contains(string(s.Facts), `"cells":["a"]`) {
				t.Errorf("%+v, plan %+v, facts %s", s, s.Plan, s.Facts)
			}
			l.fresh(nil)
			l.mustRun()
			l.results("first:open", "next:done")
			l.w.cells["rest"] = "done"
			l.fresh(nil)
			l.mustRun()
			l.results("first:done", "next:done")
			if len(l.op.asked) > 0 {
				t.Errorf("asked %v", l.op.asked)
			}
			if _, err := l.undo(); err != nil {
				t.Fatal(err)
			}
			l.cell("a", was)
		})
	}
}
