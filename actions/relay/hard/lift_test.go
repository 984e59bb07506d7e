package hard

import (
	"context"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"hikeshi/runbook"
	"hikeshi/spool/aside/trial"
)

// lifting is the change that takes rows for some targets out again which an incident has put in.
func lifting(t testing.TB, a action, cuts []runbook.Change, targets ...string) (Lifter, []runbook.Change) {
	t.Helper()
	var rows []Row
	for _, c := range cuts {
		all, err := Cuts(c)
		must(t, err)
		for _, cut := range all {
			if slices.Contains(targets, cut.Target) {
				rows = append(rows, Row{Incident: "20261121-0312", Table: cut.Table, Target: cut.Target, Back: cut.Back})
			}
		}
	}
	l := Lifter{Env{Server: a.env.Server, InUse: a.env.InUse}}
	all, n, err := l.Plan(rows)
	must(t, err)
	if n < len(all) {
		t.Fatalf("%d rows in %d changes", n, len(all))
	}
	return l, all
}

func stands(t testing.TB, l Lifter, c runbook.Change, want runbook.State) {
	t.Helper()
	got, err := l.Verify(context.Background(), c, quiet{})
	if err != nil || got != want {
		t.Fatalf("state %q (%v), want %q", got, err, want)
	}
}

// TestLift takes exactly the rows of the named targets out of every table, beside what a service has appended since, and puts them back.
func TestLift(t *testing.T) {
	for name, table := range map[string]string{"append": row, "insert": row + "203.0.113.*\ttrue\n", "unfinished": "198.51.100.8", "twin": "203.0.113.9\ttrue\n203.0.113.9\t\n" + row} {
		t.Run(name, func(t *testing.T) {
			a, bin := site(t, map[string]string{"smtp": table, "pop": row})
			cuts := changes(t, a, 2, "203.0.113.9", "203.0.113.10", "203.0.113.11")
			for _, c := range cuts {
				apply(t, a, c)
			}
			file := filepath.Join(bin, "rejectsmtpip.dat")
			denied := get(t, file)
			l, all := lifting(t, a, cuts, "203.0.113.10")
			if len(all) != 2 || all[0].Risk != runbook.Reopening || !IsLift(all[0]) || !strings.Contains(all[0].After, "-203.0.113.10") || strings.Contains(all[0].After, "-203.0.113.11") {
				t.Fatalf("%+v", all)
			}
			lifted := strings.Replace(denied, "203.0.113.10\t\n", "", 1)
			for range 2 {
				stands(t, l, all[0], runbook.None)
				for range 2 {
					must(t, l.Apply(context.Background(), all[0], quiet{}))
					stands(t, l, all[0], runbook.Done)
				}
				if got := get(t, file); got != lifted {
					t.Fatalf("%q, want %q", got, lifted)
				}
				for range 2 {
					must(t, l.Undo(context.Background(), all[0], quiet{}))
				}
				if got := get(t, file); got != denied {
					t.Fatalf("undone %q, want %q", got, denied)
				}
			}
			put(t, file, denied+later) // appended between plan and apply
			must(t, l.Apply(context.Background(), all[0], quiet{}))
			if got := get(t, file); got != lifted+later {
				t.Errorf("%q, want %q", got, lifted+later)
			}
			rows, err := Lifted(all[0])
			if err != nil || len(rows) != 1 || rows[0].Target != "203.0.113.10" || rows[0].Table != "smtp" {
				t.Errorf("%+v, %v", rows, err)
			}
			undo(t, a, cuts[0]) // of the incident, with a row gone
			if got := strings.TrimSuffix(get(t, file), later); got != table && got != table+"\n" {
				t.Errorf("after all %q, want %q", got, table)
			}
			if _, again := lifting(t, a, cuts[:1], "203.0.113.10", "203.0.113.9"); len(again) != 0 {
				t.Errorf("planned though nothing stands there: %+v", again)
			}
			if left := names(t, bin); len(left) != 3 {
				t.Errorf("left: %v", left)
			}
		})
	}
}

// TestLiftIsUndoneInAnotherTable: the table has changed or is gone, and the target is refused all the same; a row that allows needs the
// service stopped.
func TestLiftIsUndoneInAnotherTable(t *testing.T) {
	a, bin := site(t, map[string]string{"smtp": row})
	cuts := changes(t, a, 1, "203.0.113.9", "203.0.113.10")
	apply(t, a, cuts[0])
	file := filepath.Join(bin, "rejectsmtpip.dat")
	l, all := lifting(t, a, cuts, "203.0.113.9")
	must(t, l.Apply(context.Background(), all[0], quiet{}))
	lifted := get(t, file)
	for name, x := range map[string]struct{ now, want string }{
		"appended":    {lifted + later, lifted + later + "203.0.113.9\t\n"},
		"torn":        {lifted + "203.0.1", lifted + "203.0.113.9\t\n"},
		"denied anew": {lifted + "203.0.113.*\t\n", lifted + "203.0.113.*\t\n"},
		"allowed":     {"203.0.113.*\ttrue\n" + lifted, "203.0.113.9\t\n203.0.113.*\ttrue\n" + lifted},
		"gone":        {"-", "203.0.113.9\t\n"},
	} {
		must(t, os.RemoveAll(file))
		if x.now != "-" {
			put(t, file, x.now)
		}
		must(t, l.Undo(context.Background(), all[0], quiet{}))
		if got := get(t, file); got != x.want {
			t.Errorf("%s: %q, want %q", name, got, x.want)
		}
	}
}

// The process ends before and after every writing call, and a service appends a row before anybody looks again.
func TestLiftCrash(t *testing.T) {
	c := trial.NewCrasher(t)
	for _, undone := range []bool{false, true} {
		n := c.Every(t, func(t *testing.T, run func(any) bool) {
			a, bin := site(t, map[string]string{"smtp": row})
			file := filepath.Join(bin, "rejectsmtpip.dat")
			cuts := changes(t, a, 1, "203.0.113.9", "203.0.113.10")
			apply(t, a, cuts[0])
			l, all := lifting(t, a, cuts, "203.0.113.9")
			if undone {
				must(t, l.Apply(context.Background(), all[0], quiet{}))
			}
			run(job{filepath.Dir(filepath.Dir(filepath.Dir(filepath.Dir(bin)))), all[0], undone})
			put(t, file, get(t, file)+later)
			if !undone {
				must(t, l.Apply(context.Background(), all[0], quiet{}))
				stands(t, l, all[0], runbook.Done)
				if got := get(t, file); got != row+"203.0.113.10\t\n"+later {
					t.Errorf("%q", got)
				}
			}
			must(t, l.Undo(context.Background(), all[0], quiet{}))
			stands(t, l, all[0], runbook.None)
			got := get(t, file)
			for _, r := range []string{row, later, "203.0.113.9\t\n", "203.0.113.10\t\n"} {
				if strings.Count(got, r) != 1 {
					t.Errorf("%q in %q", r, got)
				}
			}
			if left := names(t, bin); len(left) != 2 {
				t.Errorf("left: %v", left)
			}
		})
		t.Logf("undo %v: %d writing calls", undone, n)
	}
}
