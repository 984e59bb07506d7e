package settings

import (
	"context"
	"os"
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"

	"hikeshi/runbook"
	"hikeshi/spool/aside/trial"
	"hikeshi/spool/epms"
)

// A job is what the child of a crash test does.
type job struct {
	Root   string
	Change runbook.Change
	Undo   bool
}

func (j job) set(t testing.TB) set {
	s, err := epms.New(epms.Config{Root: j.Root})
	must(t, err)
	return set{Env{Server: s}}
}

func TestCrashChild(t *testing.T) {
	var j job
	trial.Child(t, &j)
	if j.Undo {
		must(t, j.set(t).Undo(context.Background(), j.Change, newQuiet()))
		return
	}
	must(t, j.set(t).Apply(context.Background(), j.Change, newQuiet()))
}

// The process ends before and after every writing call: what stands there is the old value or the new one, and both directions end
// where they should.
func TestCrash(t *testing.T) {
	c := trial.NewCrasher(t)
	for _, value := range []string{"SMTPAUTHOnly=2", "inlog=1", "receivelog=1"} {
		for _, undo := range []bool{false, true} {
			n := c.Every(t, func(t *testing.T, run func(any) bool) {
				env, base := site(t)
				root := filepath.Dir(filepath.Dir(filepath.Dir(base)))
				before := snapshot(t, base)
				change := changesOf(t, env, map[string]any{"values": []string{value}})[0]
				s := set{env}
				if undo {
					must(t, s.Apply(context.Background(), change, newQuiet()))
				}
				run(job{root, change, undo})
				wantState(t, s, change, runbook.None, runbook.Partial, runbook.Done)
				if b, err := os.ReadFile(filepath.Join(base, "reg/epost/ims/EPST5RS/SMTPAUTHOnly.1")); err != nil || string(b) != "0\n" && string(b) != "2\n" {
					t.Errorf("a value in half: %q, %v", b, err)
				}
				if !undo {
					must(t, s.Apply(context.Background(), change, newQuiet()))
					wantState(t, s, change, runbook.Done)
				}
				must(t, s.Undo(context.Background(), change, newQuiet()))
				wantState(t, s, change, runbook.None)
				if d := cmp.Diff(before, snapshot(t, base)); d != "" {
					t.Errorf("undo left a difference:\n%s", d)
				}
			})
			t.Logf("%s, undo %v: %d writing calls", value, undo, n)
		}
	}
}
