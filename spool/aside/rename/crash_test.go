package rename

import (
	"context"
	"testing"

	"github.com/google/go-cmp/cmp"

	"hikeshi/spool/aside"
	"hikeshi/spool/aside/trial"
)

// A job is what the child of a crash test does.
type job struct {
	Undo    bool
	InSteps bool
	Set     Set
	Base    string
}

func TestCrashChild(t *testing.T) {
	var j job
	trial.Child(t, &j)
	j.Set.inSteps = j.InSteps
	if j.Undo {
		trial.Must(t, j.Set.Undo(context.Background(), trial.Server{Base: j.Base}, quiet))
		return
	}
	trial.Must(t, j.Set.Apply(context.Background()))
}

// The process ends before and after every writing call of Apply, and of Undo. No file is ever lost, and both Apply and Undo end where
// they would have ended without that.
func TestCrash(t *testing.T) {
	c := trial.NewCrasher(t)
	ctx := context.Background()
	apply := func(finish func(t *testing.T, s trial.Server, set Set, before map[string]string)) func(*testing.T, bool) {
		return func(t *testing.T, inSteps bool) {
			n := c.Every(t, func(t *testing.T, run func(any) bool) {
				s := filled(t)
				before, files := s.Tree(t), s.Files(t)
				set := plan(t, s)
				set.inSteps = inSteps
				run(job{InSteps: inSteps, Set: set, Base: s.Base})
				if d := cmp.Diff(files, s.Files(t)); d != "" {
					t.Errorf("files after the crash differ:\n%s", d)
				}
				if st, err := set.State(ctx); err != nil || st == aside.Drifted {
					t.Errorf("state after the crash is %v (%v)", st, err)
				}
				finish(t, s, set, before)
			})
			t.Logf("%d writing calls", n)
		}
	}
	t.Run("apply, apply", func(t *testing.T) {
		ways(t, apply(func(t *testing.T, s trial.Server, set Set, before map[string]string) {
			trial.Must(t, set.Apply(ctx))
			want(t, set, aside.Done)
			after := s.Tree(t)
			for _, p := range set.Parts {
				if after[p.Name] != before[p.Name] {
					t.Errorf("%s is %q, was %q", p.Name, after[p.Name], before[p.Name])
				}
			}
			trial.Must(t, set.Undo(ctx, s, quiet))
			if d := cmp.Diff(before, s.Tree(t)); d != "" {
				t.Error(d)
			}
		}))
	})
	t.Run("apply, undo", func(t *testing.T) {
		ways(t, apply(func(t *testing.T, s trial.Server, set Set, before map[string]string) {
			trial.Must(t, set.Undo(ctx, s, quiet))
			if d := cmp.Diff(before, s.Tree(t)); d != "" {
				t.Error(d)
			}
		}))
	})
	t.Run("undo, undo", func(t *testing.T) {
		ways(t, func(t *testing.T, inSteps bool) { crashedUndo(t, c, inSteps) })
	})
}

// crashedUndo interrupts the undoing of a set in whose place mail has come meanwhile.
func crashedUndo(t *testing.T, c trial.Crasher, inSteps bool) {
	var last map[string]string
	n := c.Every(t, func(t *testing.T, run func(any) bool) {
		s := filled(t)
		set := plan(t, s)
		set.inSteps = inSteps
		trial.Must(t, set.Apply(context.Background()))
		s.Incoming(t, "B0000000011", "hanako@example.jp", "e@example.com")
		s.Retry(t, "B0000000012-R0001", "hanako@example.jp", "f@example.com")
		files := s.Files(t)
		run(job{Undo: true, InSteps: inSteps, Set: set, Base: s.Base})
		if d := cmp.Diff(files, s.Files(t)); d != "" {
			t.Errorf("files after the crash differ:\n%s", d)
		}
		trial.Must(t, set.Undo(context.Background(), s, quiet))
		want(t, set, aside.None)
		names := map[string]string{}
		for name := range s.Tree(t) {
			names[name] = ""
		}
		if d := cmp.Diff(last, names); last != nil && d != "" {
			t.Errorf("ended elsewhere than before:\n%s", d)
		}
		last = names
	})
	t.Logf("%d writing calls", n)
}
