package service

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"hikeshi/runbook"
	"hikeshi/spool"
)

var services = []spool.Service{
	{Role: spool.Receiver, Unit: "epstrd.service", Process: "epstrd", Queue: true},
	{Role: spool.Delivery, Unit: "epstdd.service", Process: "epstdd", Queue: true},
	{Role: spool.Mailbox, Unit: "epstpop3d.service", Process: "epstpop3d"},
}

// fake is a service manager with a process table. It reads drop-ins at a reload and obeys guards, as systemd does.
type fake struct {
	dir    string // of units
	units  map[string]*spool.UnitState
	stray  map[string][]int // processes by name, outside of units
	deaf   map[string]bool  // does not stop
	leaves map[string][]int // by unit: what a stop leaves in it
	calls  []string
	lame   map[string]string // cannot start: the result
	pids   int
	dead   error
}

func (f *fake) Look(ctx context.Context, unit string) (spool.UnitState, error) {
	if ctx.Err() != nil {
		return spool.UnitState{}, ctx.Err()
	}
	if u := f.units[unit]; u != nil {
		return *u, f.dead
	}
	return spool.UnitState{Unit: unit, Load: "not-found", Active: "inactive", Sub: "dead"}, f.dead
}

func (f *fake) Stop(ctx context.Context, units []string) error {
	f.calls = append(f.calls, "stop "+strings.Join(units, " "))
	for _, name := range units {
		u := f.units[name]
		if f.deaf[name] {
			u.Active, u.Sub = "deactivating", "stop-sigterm"
			<-ctx.Done()
			return fmt.Errorf("stopping %s: %w", name, context.Cause(ctx))
		}
		u.Active, u.Sub, u.PIDs = "inactive", "dead", f.leaves[name]
	}
	return nil
}

func (f *fake) Start(_ context.Context, unit string) error {
	f.calls = append(f.calls, "start "+unit)
	u := f.units[unit]
	if u == nil {
		return errors.New("no such unit")
	}
	u.Condition = !f.barred(u)
	switch {
	case !u.Condition:
		return nil
	case f.lame[unit] != "":
		u.Active, u.Sub, u.Result = "failed", "failed", f.lame[unit]
		return nil
	}
	f.pids++
	u.Active, u.Sub, u.PIDs, u.Since = "active", "running", []int{f.pids}, time.Unix(int64(f.pids), 0).UTC()
	return nil
}

func (f *fake) Reload(context.Context) error {
	f.calls = append(f.calls, "reload")
	for _, u := range f.units {
		u.DropIns, _ = filepath.Glob(filepath.Join(f.dir, u.Unit+".d", "*.conf"))
	}
	return nil
}

func (f *fake) Log(_ context.Context, unit string, lines int) ([]string, error) {
	return []string{"first", "epstdd: licence \x1b[31mexpired", "last of " + unit}, nil
}

// barred evaluates the condition of the drop-ins that were read.
func (f *fake) barred(u *spool.UnitState) bool {
	for _, path := range u.DropIns {
		b, _ := os.ReadFile(path)
		_, hold, ok := strings.Cut(string(b), "ConditionPathExists=!")
		if _, err := os.Stat(strings.TrimSpace(hold)); ok && err == nil {
			return true
		}
	}
	return false
}

// ByName returns the processes of units and strays.
func (f *fake) ByName(name string) ([]spool.Process, error) {
	var all []spool.Process
	if u := f.units[name+".service"]; u != nil {
		for _, pid := range u.PIDs {
			all = append(all, spool.Process{PID: pid, Name: name})
		}
	}
	for _, pid := range f.stray[name] {
		all = append(all, spool.Process{PID: pid, Name: name})
	}
	return all, nil
}

// newFake has three services that run.
func newFake(t *testing.T) (*fake, Env) {
	t.Helper()
	root := t.TempDir()
	f := &fake{dir: filepath.Join(root, "system"), units: map[string]*spool.UnitState{}, stray: map[string][]int{}, deaf: map[string]bool{}, lame: map[string]string{}, pids: 100}
	if err := os.Mkdir(f.dir, 0o755); err != nil {
		t.Fatal(err)
	}
	for _, s := range services {
		f.units[s.Unit] = &spool.UnitState{Unit: s.Unit, Load: "loaded", Active: "inactive", Sub: "dead", Result: "success", Enabled: "enabled"}
		if err := f.Start(t.Context(), s.Unit); err != nil {
			t.Fatal(err)
		}
	}
	f.calls = nil
	clock := func() time.Time { return time.Date(2026, 11, 21, 3, 12, 0, 0, time.UTC) }
	return f, Env{Services: services, Manager: f, Processes: f, UnitDir: f.dir, State: filepath.Join(root, "state"), Clock: clock}
}

// recorder keeps evidence in memory.
type recorder map[string]string

func (r recorder) Evidence(name string, from io.Reader) error {
	b, err := io.ReadAll(from)
	r[name] = string(b)
	return err
}
func (r recorder) Backup(string, io.Reader) error { return errors.New("no backups here") }
func (r recorder) Progress(int64, int64)          {}

// kind is one kind of the catalogue in use by a test.
type kind struct {
	runbook.Kind
	changer runbook.Changer
	rec     recorder
}

func kindOf(t *testing.T, env Env, name string) kind {
	t.Helper()
	all := Kinds(env)
	i := slices.IndexFunc(all, func(k runbook.Kind) bool { return k.Name == name })
	if i < 0 {
		t.Fatalf("there is no kind %s", name)
	}
	c, _ := all[i].Changer()
	return kind{Kind: all[i], changer: c, rec: recorder{}}
}

func (k kind) tryPlan(t *testing.T, incident string, with map[string]any) (runbook.Outcome, error) {
	t.Helper()
	in := runbook.Input{Incident: incident, Step: "step", Rec: k.rec}
	if with != nil {
		in.With, _ = json.Marshal(with)
	}
	out, err := k.Action.Plan(t.Context(), in)
	for i := range out.Changes {
		out.Changes[i].ID = fmt.Sprintf("step.%d", i+1)
	}
	return out, err
}

func (k kind) plan(t *testing.T, with map[string]any) runbook.Outcome {
	t.Helper()
	out, err := k.tryPlan(t, "1121-0312", with)
	if err != nil {
		t.Fatal(err)
	}
	return out
}

// ops says what is planned: "stop a, b; bar a, b".
func ops(out runbook.Outcome) string {
	var all []string
	for _, c := range out.Changes {
		all = append(all, c.Op+" "+c.Target)
	}
	return strings.Join(all, "; ")
}

func wantOps(t *testing.T, out runbook.Outcome, want string) {
	t.Helper()
	if got := ops(out); got != want {
		t.Fatalf("planned: %q, want %q", got, want)
	}
}

func (k kind) wantStates(t *testing.T, changes []runbook.Change, want runbook.State) {
	t.Helper()
	for _, c := range changes {
		if got, err := k.changer.Verify(t.Context(), c, k.rec); err != nil || got != want {
			t.Errorf("%s %s is %q, %v, want %q", c.Op, c.Target, got, err, want)
		}
	}
}

// apply makes all changes, each of which has to be done then.
func (k kind) apply(t *testing.T, changes []runbook.Change) {
	t.Helper()
	for _, c := range changes {
		if err := k.changer.Apply(t.Context(), c, k.rec); err != nil {
			t.Fatalf("%s %s: %v", c.Op, c.Target, err)
		}
		k.wantStates(t, []runbook.Change{c}, runbook.Done)
	}
}

// undo takes all back, newest first.
func (k kind) undo(t *testing.T, changes []runbook.Change) {
	t.Helper()
	for _, c := range slices.Backward(changes) {
		if err := k.changer.Undo(t.Context(), c, k.rec); err != nil {
			t.Fatalf("undoing %s %s: %v", c.Op, c.Target, err)
		}
	}
}

func wantError(t *testing.T, err error, parts ...string) {
	t.Helper()
	for _, p := range parts {
		if err == nil || !strings.Contains(err.Error(), p) {
			t.Errorf("the error is %v, want %q in it", err, p)
		}
	}
}

// said says whether a finding of that level holds the text.
func said(out runbook.Outcome, level runbook.Level, text string) bool {
	return slices.ContainsFunc(out.Findings, func(f runbook.Finding) bool { return f.Level == level && strings.Contains(f.Text.EN, text) })
}

func wantFinding(t *testing.T, out runbook.Outcome, level runbook.Level, text string) {
	t.Helper()
	if !said(out, level, text) {
		t.Errorf("no finding %s with %q among %+v", level, text, out.Findings)
	}
}
