package hard

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"io/fs"
	"net/netip"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"hikeshi/runbook"
	"hikeshi/spool"
	"hikeshi/spool/epms"
	"hikeshi/spool/epms/lockout"
)

type quiet map[string]string

func (q quiet) Evidence(name string, r io.Reader) error { return q.Backup(name, r) }
func (q quiet) Progress(int64, int64)                   {}
func (q quiet) Backup(name string, r io.Reader) error {
	b, err := io.ReadAll(r)
	if _, there := q[name]; !there {
		q[name] = string(b)
	}
	return err
}

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

const (
	row   = "198.51.100.7\t133977517517477385\n"
	later = "192.0.2.99\t133977517517477390\n"
)

// site is a server with tables; "-" means: no such table.
func site(t testing.TB, tables map[string]string) (action, string) {
	t.Helper()
	root := t.TempDir()
	bin := filepath.Join(root, "usr/local/mta/bin")
	must(t, os.MkdirAll(filepath.Join(root, "var/spool/epms"), 0o755))
	must(t, os.MkdirAll(bin, 0o755))
	put(t, filepath.Join(bin, "effect.dat"), "#<> default\n")
	for name, text := range tables {
		put(t, filepath.Join(bin, "reject"+name+"ip.dat"), text)
	}
	return open(t, root), bin
}

func open(t testing.TB, root string) action {
	s, err := epms.New(epms.Config{Root: root})
	must(t, err)
	return action{Env{Server: s, Refuse: func([]string) error { return nil }, Clock: func() time.Time { return time.Date(2026, 11, 21, 3, 12, 0, 0, time.UTC) }}}
}

func put(t testing.TB, file, text string) {
	t.Helper()
	must(t, os.WriteFile(file, []byte(text), 0o640))
}

func get(t testing.TB, file string) string {
	t.Helper()
	b, err := os.ReadFile(file)
	must(t, err)
	return string(b)
}

func plan(a action, planned []runbook.Change, targets ...string) (runbook.Outcome, error) {
	raw, err := json.Marshal(map[string]any{"targets": targets})
	if err != nil {
		return runbook.Outcome{}, err
	}
	return a.Plan(context.Background(), runbook.Input{Incident: "20261121-0312", Step: "cut", With: raw, Planned: planned, Rec: quiet{}})
}

func changes(t testing.TB, a action, n int, targets ...string) []runbook.Change {
	t.Helper()
	out, err := plan(a, nil, targets...)
	if err != nil || len(out.Changes) != n {
		t.Fatalf("planned %v, %v", out.Changes, err)
	}
	return out.Changes
}

func apply(t testing.TB, a action, c runbook.Change) {
	t.Helper()
	must(t, a.Apply(context.Background(), c, quiet{}))
}

func undo(t testing.TB, a action, c runbook.Change) {
	t.Helper()
	must(t, a.Undo(context.Background(), c, quiet{}))
}

func wantState(t testing.TB, a action, c runbook.Change, want ...runbook.State) {
	t.Helper()
	got, err := a.Verify(context.Background(), c, quiet{})
	if err != nil || !slices.Contains(want, got) {
		t.Fatalf("%s is %s (%v), want %v: %q", c.Target, got, err, want, get(t, c.Target))
	}
}

func names(t testing.TB, dir string) (all []string) {
	t.Helper()
	entries, err := os.ReadDir(dir)
	must(t, err)
	for _, e := range entries {
		all = append(all, e.Name())
	}
	return all
}

func TestCutAndUndo(t *testing.T) {
	for name, tables := range map[string]map[string]string{
		"none": {}, "smtp": {"smtp": row}, "all": {"smtp": row, "pop": "", "imap": "198.51.100.8\t"}, "allowed": {"smtp": row + "203.0.113.*\ttrue\n" + row, "imap": "*\ttrue"},
	} {
		t.Run(name, func(t *testing.T) {
			a, bin := site(t, tables)
			before := names(t, bin)
			n := max(1, len(tables)) // that of the receiver is made
			all := changes(t, a, n, "203.0.113.9", "2001:DB8::5", "198.51.100.0/24")
			if got := names(t, bin); !slices.Equal(got, before) {
				t.Fatalf("planning made %v", got)
			}
			for _, c := range all {
				for range 2 {
					apply(t, a, c)
					wantState(t, a, c, runbook.Done)
				}
				if d := lockout.Parse([]byte(get(t, c.Target))).Decide(netip.MustParseAddr("203.0.113.9"), time.Now(), time.Minute); !d.Refused {
					t.Errorf("%s: not refused: %q", c.Target, get(t, c.Target))
				}
			}
			if out, err := plan(a, nil, "203.0.113.9"); err != nil || len(out.Changes) != 0 {
				t.Errorf("planned again: %v, %v", out.Changes, err)
			}
			for _, c := range all {
				for range 2 {
					undo(t, a, c)
				}
			}
			if got := names(t, bin); !slices.Equal(got, before) {
				t.Errorf("left: %v, want %v", got, before)
			}
			for name, text := range tables {
				if got := get(t, filepath.Join(bin, "reject"+name+"ip.dat")); got != text {
					t.Errorf("%s: %q, want %q", name, got, text)
				}
			}
		})
	}
}

// A service appends rows before the change, after it, and between both: none of them is lost.
func TestRowsOfTheService(t *testing.T) {
	a, bin := site(t, map[string]string{"smtp": row})
	file := filepath.Join(bin, "rejectsmtpip.dat")
	c := changes(t, a, 1, "203.0.113.9", "203.0.113.10")[0]
	put(t, file, row+later)
	apply(t, a, c)
	put(t, file, get(t, file)+later)
	if got, want := get(t, file), row+later+"203.0.113.9\t\n203.0.113.10\t\n"+later; got != want {
		t.Errorf("%q, want %q", got, want)
	}
	wantState(t, a, c, runbook.Done)
	undo(t, a, c)
	wantState(t, a, c, runbook.None)
	if got, want := get(t, file), row+later+later; got != want {
		t.Errorf("%q, want %q", got, want)
	}
}

// An undo that died behind its exchange, and a service that has appended since: the temporary file goes, no row does.
func TestUndoThatWasCutShort(t *testing.T) {
	a, bin := site(t, map[string]string{"smtp": row})
	file := filepath.Join(bin, "rejectsmtpip.dat")
	c := changes(t, a, 1, "203.0.113.9")[0]
	apply(t, a, c)
	found := get(t, file)
	undo(t, a, c)
	tmp := filepath.Join(bin, ".rejectsmtpip.dat.hikeshi-01234567")
	put(t, tmp, found)
	put(t, file, get(t, file)+later)
	wantState(t, a, c, runbook.Partial)
	undo(t, a, c)
	wantState(t, a, c, runbook.None)
	if got := get(t, file); got != row+later {
		t.Errorf("%q", got)
	}
	put(t, tmp, found+later+later) // rows that came to the old file only
	if err := a.Undo(context.Background(), c, quiet{}); !errors.Is(err, runbook.ErrDrift) || get(t, tmp) != found+later+later {
		t.Errorf("%v, want drift", err)
	}
}

// The machine died in the middle of the write: the row that was begun is brought to its end, and goes whole.
func TestTornRow(t *testing.T) {
	for _, table := range []string{row, "", "198.51.100.8"} {
		a, bin := site(t, map[string]string{"smtp": table})
		file := filepath.Join(bin, "rejectsmtpip.dat")
		c := changes(t, a, 1, "203.0.113.90", "203.0.113.10")[0]
		apply(t, a, c)
		whole := get(t, file)
		for n := len(table) + 1; n < len(whole); n++ {
			put(t, file, whole[:n])
			wantState(t, a, c, runbook.None, runbook.Partial)
			undo(t, a, c)
			if got := strings.TrimSuffix(get(t, file), "\n"); got != strings.TrimSuffix(table, "\n") {
				t.Errorf("cut at %d: undone %q", n, got)
			}
			put(t, file, whole[:n])
			apply(t, a, c)
			if got := get(t, file); got != whole {
				t.Errorf("cut at %d: %q, want %q", n, got, whole)
			}
		}
	}
}

// A row of somebody else without its newline is never made one of ours.
func TestUnfinishedRowOfOthers(t *testing.T) {
	a, bin := site(t, map[string]string{"smtp": "203.0.113.9"})
	c := changes(t, a, 1, "203.0.113.90")[0]
	apply(t, a, c)
	if got := get(t, filepath.Join(bin, "rejectsmtpip.dat")); got != "203.0.113.9\n203.0.113.90\t\n" {
		t.Errorf("%q", got)
	}
	undo(t, a, c)
	if got := get(t, filepath.Join(bin, "rejectsmtpip.dat")); got != "203.0.113.9" {
		t.Errorf("%q", got)
	}
}

func TestDrift(t *testing.T) {
	a, bin := site(t, map[string]string{"smtp": row})
	file := filepath.Join(bin, "rejectsmtpip.dat")
	c := changes(t, a, 1, "203.0.113.9")[0]
	put(t, file, row+"203.0.113.*\ttrue\n")
	if err := a.Apply(context.Background(), c, quiet{}); !errors.Is(err, runbook.ErrDrift) {
		t.Errorf("a row that allows has come in: %v", err)
	}
	put(t, file, row)
	apply(t, a, c)
	put(t, file, "203.0.113.*\ttrue\n"+get(t, file))
	wantState(t, a, c, runbook.Drifted)
	must(t, os.Remove(file))
	if err := a.Apply(context.Background(), c, quiet{}); !errors.Is(err, runbook.ErrDrift) {
		t.Errorf("the table is gone: %v", err)
	}
}

func TestRewriteNeedsTheServiceStopped(t *testing.T) {
	a, bin := site(t, map[string]string{"smtp": "203.0.113.9\ttrue\n"})
	var running []string
	a.env.InUse = func(_ context.Context, s []spool.Service) ([]string, error) {
		if len(s) != 1 || s[0].Process != "epstrd" {
			t.Errorf("asked for %v", s)
		}
		return running, nil
	}
	c := changes(t, a, 1, "203.0.113.9")[0]
	running = []string{"epstrd.service"}
	if _, err := plan(a, nil, "203.0.113.9"); err == nil {
		t.Error("planned while the receiver appends")
	}
	if out, err := plan(a, []runbook.Change{{Kind: "service.stop", Target: "epstdd.service, epstrd.service"}}, "203.0.113.9"); err != nil || len(out.Changes) != 1 {
		t.Errorf("after a planned stop: %v", err)
	}
	if err := a.Apply(context.Background(), c, quiet{}); err == nil || get(t, filepath.Join(bin, "rejectsmtpip.dat")) != "203.0.113.9\ttrue\n" {
		t.Errorf("rewritten while the receiver appends: %v", err)
	}
	if out, err := plan(a, nil, "198.51.100.7"); err != nil || len(out.Changes) != 1 { // an append needs no stop
		t.Errorf("%v, %v", out.Changes, err)
	}
}

// The advice names the unit: a stop of the services that use the queue leaves those of the mailboxes running.
func TestTheAdviceStopsTheRightService(t *testing.T) {
	a, _ := site(t, map[string]string{"pop": "203.0.113.9\ttrue\n"})
	a.env.InUse = func(_ context.Context, s []spool.Service) ([]string, error) {
		return []string{s[0].Process + " (process 7)"}, nil
	}
	queue := []runbook.Change{{Kind: "service.stop", Target: "epstdd.service, epstrd.service"}}
	for _, planned := range [][]runbook.Change{nil, queue} {
		if _, err := plan(a, planned, "203.0.113.9"); err == nil || !strings.HasSuffix(err.Error(), "(hikeshi service stop epstpop3d.service)") {
			t.Errorf("%v", err)
		}
	}
	if _, err := plan(a, []runbook.Change{{Kind: "service.stop", Target: "epstpop3d.service"}}, "203.0.113.9"); err != nil {
		t.Error(err)
	}
}

func TestRefused(t *testing.T) {
	a, bin := site(t, map[string]string{"smtp": row})
	for _, target := range []string{"example.com", "203.0.113.0/28", "203.0.113.9\n*", "127.0.0.1", ""} {
		if out, err := plan(a, nil, "203.0.113.9", target); !errors.Is(err, runbook.ErrInput) || len(out.Changes) != 0 {
			t.Errorf("%q: %v", target, err)
		}
	}
	a.env.Refuse = func([]string) error { return runbook.ErrInput }
	if _, err := plan(a, nil, "203.0.113.9"); !errors.Is(err, runbook.ErrInput) {
		t.Errorf("the guard is not asked: %v", err)
	}
	if get(t, filepath.Join(bin, "rejectsmtpip.dat")) != row {
		t.Error("planning changed the table")
	}
}

// A new table has the owner and mode of the deny file beside it; one that a service has made meanwhile is never replaced.
func TestNewTable(t *testing.T) {
	a, bin := site(t, nil)
	file := filepath.Join(bin, "rejectsmtpip.dat")
	c := changes(t, a, 1, "203.0.113.9")[0]
	apply(t, a, c)
	if fi, err := os.Stat(file); err != nil || fi.Mode() != 0o640 {
		t.Errorf("%v, %v", fi, err)
	}
	undo(t, a, c)
	if _, err := os.Stat(file); !errors.Is(err, fs.ErrNotExist) {
		t.Error("the table that was made is still there")
	}
	put(t, file, later)
	if err := a.Apply(context.Background(), c, quiet{}); !errors.Is(err, runbook.ErrDrift) || get(t, file) != later {
		t.Errorf("%v, %q", err, get(t, file))
	}
	cuts, err := Cuts(c)
	if err != nil || len(cuts) != 1 || cuts[0].Target != "203.0.113.9" || cuts[0].Table != "smtp" || cuts[0].Review.IsZero() {
		t.Errorf("%v, %v", cuts, err)
	}
}

func TestFindingsInBothLanguages(t *testing.T) {
	a, _ := site(t, map[string]string{"smtp": "203.0.113.9\t\n203.0.113.0/24\ttrue\n"})
	out, err := plan(a, nil, "203.0.113.9", "203.0.113.10")
	must(t, err)
	for _, f := range out.Findings {
		if f.Text.EN == "" || f.Text.JA == "" {
			t.Errorf("%+v", f)
		}
	}
	if len(out.Findings) < 4 || bytes.Contains(out.Changes[0].Data, []byte("password")) {
		t.Errorf("%+v", out.Findings)
	}
}
