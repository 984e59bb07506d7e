package service

import (
	"encoding/json"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"hikeshi/runbook"
)

// world is what the changes of this package can alter: who runs, and the files below the unit folder and the state folder.
func world(t *testing.T, f *fake) map[string]string {
	t.Helper()
	all := map[string]string{}
	for name, u := range f.units {
		all[name] = u.Active
	}
	err := filepath.WalkDir(filepath.Dir(f.dir), func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		info, err := d.Info()
		all[path] = info.Mode().String()
		if info.Mode().IsRegular() {
			b, _ := os.ReadFile(path)
			all[path] += " " + string(b)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	// The state folder is Hikeshi's own; an empty folder in it is nothing.
	delete(all, filepath.Join(filepath.Dir(f.dir), "state"))
	delete(all, filepath.Join(filepath.Dir(f.dir), "state", "hold"))
	return all
}

// TestConformance: plan twice is the same and changes nothing; each change is none before it is made and done after; making it again
// changes nothing; a plan after it has nothing to do; undone it is none, and the world as it was; so it is when undone again.
func TestConformance(t *testing.T) {
	t.Parallel()
	tests := []struct {
		kind  string
		with  map[string]any
		begin func(*testing.T, *fake, Env)
		ops   string
		again string // planned after it
	}{
		{kind: "service.stop", ops: "stop epstdd.service, epstrd.service; bar epstdd.service, epstrd.service"},
		{kind: "service.stop", with: map[string]any{"units": []string{"epstpop3d"}, "timeout": "5s"}, ops: "stop epstpop3d.service; bar epstpop3d.service"},
		{kind: "service.stop", begin: func(t *testing.T, f *fake, _ Env) { f.Stop(t.Context(), []string{"epstrd.service"}) },
			ops: "stop epstdd.service; bar epstdd.service, epstrd.service"},
		{kind: "service.stop", with: map[string]any{"units": []string{}}, ops: ""},
		{kind: "service.start", begin: barAll, ops: "unbar epstdd.service, epstrd.service; start epstdd.service; start epstrd.service"},
		{kind: "service.start", begin: barAll, with: map[string]any{"only": "delivery"}, ops: "unbar epstdd.service; start epstdd.service"},
		{kind: "service.start", begin: barAll, with: map[string]any{"units": []string{"epstrd.service", "epstpop3d.service"}, "only": "receiver"},
			ops: "unbar epstrd.service; start epstrd.service"},
		{kind: "service.start", begin: barAll, with: map[string]any{"units": []string{}}, ops: ""},
		{kind: "service.start", ops: ""},
		{kind: "service.restart", ops: "restart epstdd.service; restart epstrd.service", again: "restart epstdd.service; restart epstrd.service"},
		{kind: "service.restart", begin: func(t *testing.T, f *fake, _ Env) { f.Stop(t.Context(), []string{"epstrd.service"}) },
			ops: "restart epstdd.service", again: "restart epstdd.service"},
	}
	for _, test := range tests {
		with, _ := json.Marshal(test.with)
		t.Run(test.kind+" "+string(with), func(t *testing.T) {
			t.Parallel()
			f, env := newFake(t)
			if test.begin != nil {
				test.begin(t, f, env)
			}
			k := kindOf(t, env, test.kind)
			before, calls := world(t, f), len(f.calls)
			out := k.plan(t, test.with)
			wantOps(t, out, test.ops)
			if diff := cmp.Diff(out, k.plan(t, test.with)); diff != "" {
				t.Errorf("the second plan is another (-first +second):\n%s", diff)
			}
			if diff := cmp.Diff(before, world(t, f)); diff != "" || len(f.calls) != calls {
				t.Errorf("planning changed something, %q (-before +after):\n%s", f.calls[calls:], diff)
			}
			k.wantStates(t, out.Changes, runbook.None)
			k.apply(t, out.Changes)
			after := world(t, f)
			k.apply(t, out.Changes)
			if diff := cmp.Diff(after, world(t, f)); diff != "" {
				t.Errorf("made twice (-once +twice):\n%s", diff)
			}
			wantOps(t, k.plan(t, test.with), test.again)
			k.wantStates(t, out.Changes, runbook.Done)
			for range 2 {
				k.undo(t, out.Changes)
				if test.kind != "service.restart" {
					k.wantStates(t, out.Changes, runbook.None)
				}
				if diff := cmp.Diff(before, world(t, f)); diff != "" {
					t.Errorf("undone (-before +after):\n%s", diff)
				}
			}
		})
	}
}

// barAll stops and bars what uses the queue, as another step did.
func barAll(t *testing.T, _ *fake, env Env) {
	t.Helper()
	k := kindOf(t, env, "service.stop")
	k.apply(t, k.plan(t, nil).Changes)
}

// Changes survive a process and an upgrade: they are plain data, of a version.
func TestChangesAreData(t *testing.T) {
	t.Parallel()
	_, env := newFake(t)
	k := kindOf(t, env, "service.stop")
	for _, c := range k.plan(t, nil).Changes {
		b, err := json.Marshal(c)
		if err != nil {
			t.Fatal(err)
		}
		var back runbook.Change
		if err := json.Unmarshal(b, &back); err != nil {
			t.Fatal(err)
		}
		k.apply(t, []runbook.Change{back})
		back.V++
		if err := k.changer.Apply(t.Context(), back, k.rec); !errors.Is(err, runbook.ErrNewer) {
			t.Errorf("%s of a newer version: %v", c.Op, err)
		}
		back.V, back.Op = c.V, "explode"
		if _, err := k.changer.Verify(t.Context(), back, k.rec); !errors.Is(err, runbook.ErrNewer) {
			t.Errorf("an unknown operation: %v", err)
		}
	}
}

func TestCatalogue(t *testing.T) {
	t.Parallel()
	for _, k := range Kinds(Env{}) {
		_, changes := k.Changer()
		if changes != (k.Name != "service.status") || changes != (len(k.Touches) > 0) || changes != (k.MaxRisk != "") {
			t.Errorf("%s: changes %v, touches %q, risk %q", k.Name, changes, k.Touches, k.MaxRisk)
		}
		if k.Unrecorded != (k.Name == "service.stop") {
			t.Errorf("%s: unrecorded %v", k.Name, k.Unrecorded)
		}
		if k.Short.EN == "" || k.Short.JA == "" {
			t.Errorf("%s has no description", k.Name)
		}
		for _, f := range reflect.VisibleFields(reflect.TypeOf(k.Facts)) {
			if j := f.Tag.Get("json"); j == "" || j != f.Tag.Get("expr") {
				t.Errorf("%s: the tags of fact %s are %q", k.Name, f.Name, f.Tag)
			}
		}
	}
}

func TestRisks(t *testing.T) {
	t.Parallel()
	f, env := newFake(t)
	want := func(kind string, risks map[string][2]runbook.Risk) {
		t.Helper()
		k := kindOf(t, env, kind)
		out := k.plan(t, nil)
		for _, c := range out.Changes {
			if got := [2]runbook.Risk{c.Risk, c.UndoRisk}; got != risks[c.Op] {
				t.Errorf("%s %s: risks %q, want %q", kind, c.Op, got, risks[c.Op])
			}
			if c.Kind != kind || c.Before == "" || c.After == "" {
				t.Errorf("%s %s is of kind %s, before %q, after %q", kind, c.Op, c.Kind, c.Before, c.After)
			}
		}
	}
	r, d := runbook.Reversible, runbook.Disruptive
	want("service.restart", map[string][2]runbook.Risk{"restart": {d, r}})
	want("service.stop", map[string][2]runbook.Risk{"stop": {d, runbook.Reopening}, "bar": {r, runbook.Reopening}})
	barAll(t, f, env)
	want("service.start", map[string][2]runbook.Risk{"unbar": {r, r}, "start": {r, d}})
}

func TestNone(t *testing.T) {
	t.Parallel()
	env := Env{Services: services, Manager: NewNone("--root /mnt/disk"), UnitDir: "/nonexistent", State: "/nonexistent"}
	for _, k := range Kinds(env) {
		out, err := k.Action.Plan(t.Context(), runbook.Input{})
		if err != nil || len(out.Changes) > 0 || len(out.Findings) != 1 || out.Findings[0].Level != runbook.Info {
			t.Errorf("%s: %+v, %v", k.Name, out, err)
			continue
		}
		// A step that did nothing is known to have done nothing; what runs is not known.
		idle := map[string]any{"service.stop": StopFacts{Units: []string{}, FoundRunning: []string{}}, "service.start": StartFacts{Started: []string{}}, "service.restart": RestartFacts{Restarted: []string{}}}
		if diff := cmp.Diff(idle[k.Name], out.Facts); diff != "" {
			t.Errorf("%s: facts (-want +got):\n%s", k.Name, diff)
		}
		if text := out.Findings[0].Text; !strings.Contains(text.EN, "service manager is none: --root /mnt/disk") || !strings.Contains(text.JA, "--root /mnt/disk") {
			t.Errorf("%s says %q", k.Name, text)
		}
	}
	if _, err := Look(t.Context(), env, nil); !errors.Is(err, errors.ErrUnsupported) {
		t.Errorf("looking: %v", err)
	}
}

func TestParameters(t *testing.T) {
	t.Parallel()
	_, env := newFake(t)
	for _, with := range []map[string]any{
		{"timeout": "soon"}, {"timeout": "0s"}, {"timeout": "-1s"}, {"units": []string{"postfix.service"}}, {"unit": "epstdd"},
	} {
		k := kindOf(t, env, "service.stop")
		if out, err := k.tryPlan(t, "a", with); err == nil || len(out.Changes) > 0 {
			t.Errorf("%v: planned %q, %v", with, ops(out), err)
		}
	}
}

// unbarring is a manager that cannot hold a guard.
type unbarring struct{ *fake }

func (unbarring) Bars() bool { return false }

func TestManagerCannotBar(t *testing.T) {
	t.Parallel()
	f, env := newFake(t)
	env.Manager = unbarring{f}
	k := kindOf(t, env, "service.stop")
	out := k.plan(t, nil)
	wantOps(t, out, "stop epstdd.service, epstrd.service")
	wantFinding(t, out, runbook.Warn, "cannot bar a start")
	k.apply(t, out.Changes)
	wantOps(t, k.plan(t, nil), "")
}

func TestDeadManager(t *testing.T) {
	t.Parallel()
	f, env := newFake(t)
	k := kindOf(t, env, "service.stop")
	changes := k.plan(t, nil).Changes
	f.dead = errors.New("nobody answers")
	for _, k := range Kinds(env) {
		if _, err := k.Action.Plan(t.Context(), runbook.Input{}); !errors.Is(err, runbook.ErrUndetermined) || !strings.Contains(err.Error(), "nobody answers") {
			t.Errorf("%s: %v", k.Name, err)
		}
	}
	for _, c := range changes {
		if _, err := k.changer.Verify(t.Context(), c, k.rec); !errors.Is(err, runbook.ErrUndetermined) {
			t.Errorf("verifying %s: %v", c.Op, err)
		}
	}
	if err := k.changer.Apply(t.Context(), changes[0], k.rec); err == nil || len(f.calls) > 0 {
		t.Errorf("stopping blindly: %v, %q", err, f.calls)
	}
}

func TestLook(t *testing.T) {
	t.Parallel()
	_, env := newFake(t)
	all, err := Look(t.Context(), env, nil)
	if err != nil || len(all) != 3 || all[0].Unit != "epstrd.service" || all[0].Active != "active" {
		t.Errorf("seen: %+v, %v", all, err)
	}
	if one, err := Look(t.Context(), env, []string{"epstdd.service"}); err != nil || len(one) != 1 || one[0].Unit != "epstdd.service" {
		t.Errorf("seen: %+v, %v", one, err)
	}
}

func TestStatus(t *testing.T) {
	t.Parallel()
	f, env := newFake(t)
	facts := func(with map[string]any) StatusFacts {
		t.Helper()
		return kindOf(t, env, "service.status").plan(t, with).Facts.(StatusFacts)
	}
	none := []string{}
	all := []string{"epstrd.service", "epstdd.service", "epstpop3d.service"}
	if diff := cmp.Diff(StatusFacts{Running: all, Stopped: none, Missing: none, QueueInUse: true, Barred: none}, facts(nil)); diff != "" {
		t.Errorf("facts (-want +got):\n%s", diff)
	}
	barAll(t, f, env)
	delete(f.units, "epstpop3d.service")
	want := StatusFacts{Running: none, Stopped: all[:2], Missing: all[2:], Barred: all[:2]}
	if diff := cmp.Diff(want, facts(nil)); diff != "" {
		t.Errorf("facts (-want +got):\n%s", diff)
	}
	out := kindOf(t, env, "service.status").plan(t, nil)
	wantFinding(t, out, runbook.Info, "barred by incident 1121-0312 since 2026-11-21T03:12:00Z")
	wantFinding(t, out, runbook.Info, "epstpop3d.service (mailbox): there is no such unit")

	// Whether the queue is in use is asked of all that use it, whichever are named.
	f.stray["epstdd"] = []int{77}
	if got := facts(map[string]any{"units": []string{"epstrd"}}); !got.QueueInUse || len(got.Running) > 0 {
		t.Errorf("with a delivery outside its unit: %+v", got)
	}
	wantFinding(t, kindOf(t, env, "service.status").plan(t, nil), runbook.Bad, "outside the service manager")

	f.stray = nil
	f.units["epstdd.service"].Active = "active"
	wantFinding(t, kindOf(t, env, "service.status").plan(t, nil), runbook.Bad, "though incident 1121-0312 barred it")
}

func TestHeld(t *testing.T) {
	t.Parallel()
	f, env := newFake(t)
	barAll(t, f, env)
	if err := os.Remove(filepath.Join(env.State, "hold", "epstrd.service")); err != nil {
		t.Fatal(err)
	}
	since := env.Clock()
	want := []Hold{
		{Unit: "epstdd.service", Incident: "1121-0312", Since: since},
		{Unit: "epstrd.service", Incident: "1121-0312", Since: since, Forgotten: true},
	}
	got, err := Held(env)
	if diff := cmp.Diff(want, got); diff != "" || err != nil {
		t.Errorf("held, %v (-want +got):\n%s", err, diff)
	}
	wantFinding(t, kindOf(t, env, "service.status").plan(t, nil), runbook.Warn, "a part of a guard is left")
}
