package service

import (
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"hikeshi/runbook"
)

func TestStart(t *testing.T) {
	t.Parallel()
	f, env := newFake(t)
	barAll(t, f, env)
	k := kindOf(t, env, "service.start")
	out := k.plan(t, nil)
	if diff := cmp.Diff(StartFacts{Started: []string{"epstdd.service", "epstrd.service"}}, out.Facts); diff != "" {
		t.Errorf("facts (-want +got):\n%s", diff)
	}
	f.calls = nil
	k.apply(t, out.Changes)
	if want := []string{"reload", "start epstdd.service", "start epstrd.service"}; !slices.Equal(f.calls, want) {
		t.Errorf("calls %q, want %q", f.calls, want)
	}
	f.calls = nil
	k.undo(t, out.Changes)
	if want := []string{"stop epstrd.service", "stop epstdd.service", "reload"}; !slices.Equal(f.calls, want) {
		t.Errorf("undone by %q, want %q", f.calls, want)
	}
	if f.Start(t.Context(), "epstdd.service"); f.units["epstdd.service"].Active != "inactive" {
		t.Error("after the undo the bar does not hold")
	}
}

// What ran before is not stopped by undoing a start.
func TestStartUndoLeavesOthers(t *testing.T) {
	t.Parallel()
	f, env := newFake(t)
	f.Stop(t.Context(), []string{"epstrd.service"})
	k := kindOf(t, env, "service.start")
	out := k.plan(t, nil)
	wantOps(t, out, "start epstrd.service")
	k.apply(t, out.Changes)
	k.undo(t, out.Changes)
	if f.units["epstdd.service"].Active != "active" || f.units["epstrd.service"].Active != "inactive" {
		t.Errorf("undone: delivery %s, receiver %s", f.units["epstdd.service"].Active, f.units["epstrd.service"].Active)
	}
}

// A unit that was about to start goes on when the start of it is undone.
func TestStartUndoOfWhatWasStarting(t *testing.T) {
	t.Parallel()
	f, env := newFake(t)
	f.units["epstdd.service"].Active = "activating"
	k := kindOf(t, env, "service.start")
	out := k.plan(t, nil)
	wantOps(t, out, "start epstdd.service")
	k.wantStates(t, out.Changes, runbook.Partial)
	k.apply(t, out.Changes)
	k.undo(t, out.Changes)
	if got := f.units["epstdd.service"].Active; got != "active" {
		t.Errorf("undone, it is %s", got)
	}
}

func TestStartFails(t *testing.T) {
	t.Parallel()
	f, env := newFake(t)
	f.Stop(t.Context(), []string{"epstdd.service"})
	f.lame["epstdd.service"] = "exit-code"
	k := kindOf(t, env, "service.start")
	changes := k.plan(t, nil).Changes
	err := k.changer.Apply(t.Context(), changes[0], k.rec)
	wantError(t, err, "starting epstdd.service", "failed (failed), result exit-code", "last of epstdd.service", "systemctl status epstdd.service", "resume")
	if strings.Contains(err.Error(), "\x1b") {
		t.Errorf("the error would act on a terminal: %q", err)
	}
	if !strings.Contains(k.rec["epstdd.service.log"], "licence") {
		t.Errorf("evidence: %q", k.rec)
	}
	k.wantStates(t, changes, runbook.None)
}

// A start that ends with "done" and an inactive unit is none; the error says who barred it.
func TestStartBarred(t *testing.T) {
	t.Parallel()
	f, env := newFake(t)
	f.Stop(t.Context(), []string{"epstdd.service"})
	k := kindOf(t, env, "service.start")
	changes := k.plan(t, nil).Changes
	barAll(t, f, env)
	err := k.changer.Apply(t.Context(), changes[0], k.rec)
	wantError(t, err, "ended without an error, but the unit does not run", "incident 1121-0312 barred it", "hikeshi service start")
}

func TestStartNever(t *testing.T) {
	t.Parallel()
	for load, want := range map[string]string{"masked": "systemctl unmask epstdd.service", "error": "unit file cannot be read", "not-found": "no such unit"} {
		f, env := newFake(t)
		u := f.units["epstdd.service"]
		u.Load, u.Active, u.PIDs = load, "inactive", nil
		for _, name := range []string{"service.start", "service.restart"} {
			out, err := kindOf(t, env, name).tryPlan(t, "a", nil)
			wantError(t, err, "epstdd.service", want)
			if len(out.Changes) > 0 || len(out.Findings) != 2 {
				t.Errorf("%s of a unit that is %s: planned %q, found %+v", name, load, ops(out), out.Findings)
			}
		}
	}
}

func TestRestart(t *testing.T) {
	t.Parallel()
	f, env := newFake(t)
	k := kindOf(t, env, "service.restart")
	changes := k.plan(t, map[string]any{"units": []string{"epstdd"}}).Changes
	k.wantStates(t, changes, runbook.None)
	f.Stop(t.Context(), []string{"epstdd.service"}) // and then the process died
	k.wantStates(t, changes, runbook.Partial)
	before := f.units["epstrd.service"].PIDs[0]
	k.apply(t, changes)
	if f.units["epstrd.service"].PIDs[0] != before {
		t.Error("another unit was restarted")
	}
	f.calls = nil
	k.apply(t, changes)
	if len(f.calls) > 0 {
		t.Errorf("restarted twice: %q", f.calls)
	}

	// After a reboot the numbers of the processes may come again.
	changes = k.plan(t, map[string]any{"units": []string{"epstdd"}}).Changes
	f.units["epstdd.service"].Since = env.Clock()
	k.wantStates(t, changes, runbook.Done)

	barAll(t, f, env)
	f.units["epstdd.service"].Active = "active"
	_, err := k.tryPlan(t, "a", nil)
	wantError(t, err, "incident 1121-0312 barred it")
}
