package hard

import (
	"context"
	"path/filepath"
	"strings"
	"testing"

	"hikeshi/runbook"
	"hikeshi/spool/aside/trial"
)

// A job is what the child of a crash test does.
type job struct {
	Root   string
	Change runbook.Change
	Undo   bool
}

// lifted is a Lifter as relay.allow has it.
type lifted struct {
	runbook.Action
	Lifter
}

func (l lifted) Plan(ctx context.Context, in runbook.Input) (runbook.Outcome, error) {
	return l.Action.Plan(ctx, in)
}

func TestCrashChild(t *testing.T) {
	var j job
	trial.Child(t, &j)
	var a runbook.Changer = open(t, j.Root)
	if IsLift(j.Change) {
		a = lifted{Action: a, Lifter: Lifter{Env{Server: open(t, j.Root).env.Server}}}
	}
	if j.Undo {
		must(t, a.Undo(context.Background(), j.Change, quiet{}))
		return
	}
	must(t, a.Apply(context.Background(), j.Change, quiet{}))
}

// The process ends before and after every writing call, and a service appends a row before anybody looks again: no row of it is lost,
// and both directions end where they should.
func TestCrash(t *testing.T) {
	c := trial.NewCrasher(t)
	for name, table := range map[string]string{"append": row, "insert": row + "203.0.113.*\ttrue\n", "unfinished": "198.51.100.8"} {
		for _, undone := range []bool{false, true} {
			n := c.Every(t, func(t *testing.T, run func(any) bool) {
				a, bin := site(t, map[string]string{"smtp": table})
				file := filepath.Join(bin, "rejectsmtpip.dat")
				change := changes(t, a, 1, "203.0.113.9", "203.0.113.10")[0]
				if undone {
					apply(t, a, change)
				}
				run(job{filepath.Dir(filepath.Dir(filepath.Dir(filepath.Dir(bin)))), change, undone})
				wantState(t, a, change, runbook.None, runbook.Partial, runbook.Done)
				want := table
				if name != "insert" || undone {
					if got := get(t, file); !strings.HasSuffix(got, "\n") {
						put(t, file, got+"\n")
						want += "\n"
					} else if want != "" && !strings.HasSuffix(want, "\n") {
						want += "\n"
					}
					put(t, file, get(t, file)+later)
					want += later
				}
				if !undone {
					apply(t, a, change)
					wantState(t, a, change, runbook.Done)
				}
				undo(t, a, change)
				wantState(t, a, change, runbook.None)
				if got := get(t, file); got != want {
					t.Errorf("%q, want %q", got, want)
				}
				if left := names(t, bin); len(left) != 2 {
					t.Errorf("left: %v", left)
				}
			})
			t.Logf("%s, undo %v: %d writing calls", name, undone, n)
		}
	}
}
