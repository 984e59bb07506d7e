package service

import (
	"context"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"hikeshi/runbook"
)

// All are asked at once, delivery first, and only what runs.
func TestStopOrder(t *testing.T) {
	t.Parallel()
	f, env := newFake(t)
	k := kindOf(t, env, "service.stop")
	out := k.plan(t, map[string]any{"units": []string{"epstrd", "epstpop3d", "epstdd"}})
	want := StopFacts{Units: []string{"epstdd.service", "epstpop3d.service", "epstrd.service"}, FoundRunning: []string{"epstdd.service", "epstpop3d.service", "epstrd.service"}}
	if diff := cmp.Diff(want, out.Facts); diff != "" {
		t.Errorf("facts (-want +got):\n%s", diff)
	}
	wantFinding(t, out, runbook.Info, "undoing this starts mail again")
	k.apply(t, out.Changes)
	if want := []string{"stop epstdd.service epstpop3d.service epstrd.service", "reload"}; !slices.Equal(f.calls, want) {
		t.Errorf("calls %q, want %q", f.calls, want)
	}
	f.calls = nil
	k.undo(t, out.Changes)
	if want := []string{"reload", "start epstdd.service", "start epstpop3d.service", "start epstrd.service"}; !slices.Equal(f.calls, want) {
		t.Errorf("undone by %q, want %q", f.calls, want)
	}
}

// A stop that was interrupted is carried on with what is left, and undone to exactly what was found.
func TestStopInterrupted(t *testing.T) {
	t.Parallel()
	f, env := newFake(t)
	f.units["epstpop3d.service"].Active, f.units["epstpop3d.service"].PIDs = "inactive", nil
	k := kindOf(t, env, "service.stop")
	changes := k.plan(t, map[string]any{"units": []string{"epstrd", "epstdd", "epstpop3d"}}).Changes
	f.Stop(t.Context(), []string{"epstdd.service"})
	k.wantStates(t, changes[:1], runbook.Partial)
	f.calls = nil
	k.apply(t, changes)
	if f.calls[0] != "stop epstrd.service" {
		t.Errorf("carried on with %q", f.calls)
	}
	k.undo(t, changes)
	for unit, want := range map[string]string{"epstdd.service": "active", "epstrd.service": "active", "epstpop3d.service": "inactive"} {
		if got := f.units[unit].Active; got != want {
			t.Errorf("undone, %s is %s, want %s", unit, got, want)
		}
	}
}

func TestStopHangs(t *testing.T) {
	t.Parallel()
	f, env := newFake(t)
	f.deaf["epstdd.service"] = true
	k := kindOf(t, env, "service.stop")
	changes := k.plan(t, map[string]any{"timeout": "100ms"}).Changes
	err := k.changer.Apply(t.Context(), changes[0], k.rec)
	wantError(t, err, "stopping epstdd.service", "not done within 100ms", "deactivating (stop-sigterm), processes 10", "nothing was killed", "systemctl kill --signal=KILL epstdd.service", "resume")
	if !strings.Contains(k.rec["epstdd.service.log"], "last of epstdd.service") {
		t.Errorf("evidence: %q", k.rec)
	}
	if strings.Contains(err.Error(), "\x1b") {
		t.Errorf("the error would act on a terminal: %q", err)
	}
	k.wantStates(t, changes[:1], runbook.None)
}

// A responder who interrupts a stop learns what has become of it.
func TestStopBrokenOff(t *testing.T) {
	t.Parallel()
	f, env := newFake(t)
	f.deaf["epstrd.service"] = true
	k := kindOf(t, env, "service.stop")
	changes := k.plan(t, nil).Changes
	ctx, cancel := context.WithCancel(t.Context())
	time.AfterFunc(50*time.Millisecond, cancel)
	err := k.changer.Apply(ctx, changes[0], k.rec)
	wantError(t, err, "stopping epstrd.service", "context canceled", "deactivating (stop-sigterm)")
	k.wantStates(t, changes[:1], runbook.Partial)
}

// A stop that leaves processes behind is none, wherever they are.
func TestStopLeavesProcesses(t *testing.T) {
	t.Parallel()
	f, env := newFake(t)
	f.stray["epstdd"] = []int{4711}
	k := kindOf(t, env, "service.stop")
	out := k.plan(t, nil)
	err := k.changer.Apply(t.Context(), out.Changes[0], k.rec)
	wantError(t, err, "stopping epstdd.service", "4711", "do not belong to the unit", "nothing was killed")
	k.wantStates(t, out.Changes[:1], runbook.Partial)

	// The unit is down and its name still runs: that is not "stopped already".
	out = k.plan(t, nil)
	if !strings.HasPrefix(ops(out), "stop epstdd.service") {
		t.Errorf("planned: %q", ops(out))
	}
	wantFinding(t, out, runbook.Bad, "outside the service manager")
	if got := out.Facts.(StopFacts).FoundRunning; len(got) != 0 {
		t.Errorf("found running: %q", got)
	}
	f.stray = nil
	k.apply(t, out.Changes)

	// Undone, only what its manager ran is started again.
	k.undo(t, out.Changes)
	if got := f.units["epstdd.service"].Active; got != "inactive" {
		t.Errorf("undone, the delivery is %s", got)
	}

}

func TestStopLeavesProcessesInTheUnit(t *testing.T) {
	t.Parallel()
	f, env := newFake(t)
	f.leaves = map[string][]int{"epstrd.service": {5, 6}}
	k := kindOf(t, env, "service.stop")
	changes := k.plan(t, nil).Changes
	err := k.changer.Apply(t.Context(), changes[0], k.rec)
	wantError(t, err, "stopping epstrd.service: it is still inactive (dead), processes 5, 6", "left these processes behind")
	k.wantStates(t, changes[:1], runbook.Partial)
}

func TestStopMissing(t *testing.T) {
	t.Parallel()
	f, env := newFake(t)
	delete(f.units, "epstrd.service")
	k := kindOf(t, env, "service.stop")
	out := k.plan(t, nil)
	wantOps(t, out, "stop epstdd.service; bar epstdd.service")
	wantFinding(t, out, runbook.Bad, "epstrd.service (receiver): there is no such unit")
	delete(f.units, "epstdd.service")
	_, err := k.tryPlan(t, "a", nil)
	wantError(t, err, "there is no such unit", "services.units")
}

func TestStopMasked(t *testing.T) {
	t.Parallel()
	f, env := newFake(t)
	u := f.units["epstrd.service"]
	u.Load, u.Active, u.PIDs = "masked", "inactive", nil
	out := kindOf(t, env, "service.stop").plan(t, nil)
	wantOps(t, out, "stop epstdd.service; bar epstdd.service")
	wantFinding(t, out, runbook.Warn, "masked")
}

// A unit that is barred but whose guard the manager has not read is not barred.
func TestBarNotLoaded(t *testing.T) {
	t.Parallel()
	f, env := newFake(t)
	barAll(t, f, env)
	f.units["epstdd.service"].DropIns = nil
	k := kindOf(t, env, "service.stop")
	out := k.plan(t, nil)
	wantOps(t, out, "bar epstdd.service")
	k.wantStates(t, out.Changes, runbook.None)
	k.apply(t, out.Changes)
	k.undo(t, out.Changes)
	if holds, err := Held(env); len(holds) != 2 || holds[0].Forgotten || err != nil {
		t.Errorf("undone, what another incident made is %+v, %v", holds, err)
	}
}

// An edited guard is nobody's to overwrite.
func TestBarEdited(t *testing.T) {
	t.Parallel()
	f, env := newFake(t)
	k := kindOf(t, env, "service.stop")
	changes := k.plan(t, nil).Changes
	k.apply(t, changes)
	path := filepath.Join(f.dir, "epstdd.service.d", "50-hikeshi-hold.conf")
	if err := os.WriteFile(path, []byte("[Unit]\nConditionPathExists=/never\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	k.wantStates(t, changes[1:], runbook.Drifted)
	_, err := k.tryPlan(t, "b", nil)
	wantError(t, err, path, "by hand")
}
