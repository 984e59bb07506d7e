package guard

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"hikeshi/runbook"
	"hikeshi/spool"
)

// manager is one that reads drop-ins when it is told to, as systemd does.
type manager struct {
	place   Place
	reloads int
	loaded  map[string][]string
}

func (m *manager) Look(_ context.Context, unit string) (spool.UnitState, error) {
	return spool.UnitState{Unit: unit, DropIns: m.loaded[unit]}, nil
}

func (m *manager) Reload(context.Context) error {
	m.reloads++
	m.loaded = map[string][]string{}
	paths, err := filepath.Glob(filepath.Join(m.place.Units, "*.d", "*.conf"))
	for _, path := range paths {
		unit := strings.TrimSuffix(filepath.Base(filepath.Dir(path)), ".d")
		m.loaded[unit] = append(m.loaded[unit], path)
	}
	return err
}

var now = time.Date(2026, 11, 21, 3, 12, 0, 5, time.FixedZone("JST", 9*3600))

func newPlace(t *testing.T) (Place, *manager) {
	t.Helper()
	root := t.TempDir()
	p := Place{Units: filepath.Join(root, "system"), State: filepath.Join(root, "state")}
	if err := os.Mkdir(p.Units, 0o755); err != nil {
		t.Fatal(err)
	}
	return p, &manager{place: p}
}

func read(t *testing.T, p Place, unit string) Guard {
	t.Helper()
	g, err := p.Read(unit)
	if err != nil {
		t.Fatal(err)
	}
	return g
}

// missing is a set that bars the units for an incident.
func missing(t *testing.T, p Place, incident string, units ...string) Set {
	t.Helper()
	var s Set
	for _, unit := range units {
		posts, err := read(t, p, unit).Missing(incident, now)
		if err != nil {
			t.Fatal(err)
		}
		s.Guards = append(s.Guards, posts)
	}
	return s
}

// tree maps what lies below dir to modes and contents.
func tree(t *testing.T, dir string) map[string]string {
	t.Helper()
	all := map[string]string{}
	err := filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		info, err := d.Info()
		if err != nil {
			return err
		}
		all[path] = info.Mode().String()
		if info.Mode().IsRegular() {
			b, rerr := os.ReadFile(path)
			all[path], err = all[path]+" "+string(b), rerr
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return all
}

func wantState(t *testing.T, s Set, m *manager, want runbook.State) {
	t.Helper()
	if got, err := s.State(t.Context(), m); got != want || err != nil {
		t.Errorf("the state is %q, %v, want %q", got, err, want)
	}
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func TestPutAndTake(t *testing.T) {
	p, m := newPlace(t)
	own := filepath.Join(p.Units, "epstrd.service.d")
	must(t, os.Mkdir(own, 0o755))
	must(t, os.WriteFile(filepath.Join(own, "own.conf"), []byte("[Service]\n"), 0o644))
	before := tree(t, p.Units)

	s := missing(t, p, "1121-0312", "epstdd.service", "epstrd.service")
	if len(tree(t, p.Units)) != len(before) {
		t.Error("planning changed something")
	}
	wantState(t, s, m, runbook.None)
	must(t, s.Put(t.Context(), m))
	wantState(t, s, m, runbook.Done)
	must(t, s.Put(t.Context(), m))
	wantState(t, s, m, runbook.Done)

	dropIn, err := os.ReadFile(filepath.Join(p.Units, "epstdd.service.d", "50-hikeshi-hold.conf"))
	want := "# Held by hikeshi, incident 1121-0312, since 2026-11-20T18:12:00Z. `hikeshi service start` takes this away.\n# folder made: yes\n[Unit]\nConditionPathExists=!" +
		p.State + "/hold/epstdd.service\n"
	if string(dropIn) != want || err != nil {
		t.Errorf("the drop-in is\n%s, %v, want\n%s", dropIn, err, want)
	}
	file, err := os.ReadFile(filepath.Join(p.State, "hold", "epstdd.service"))
	if string(file) != "1121-0312 2026-11-20T18:12:00Z\n" || err != nil {
		t.Errorf("the file is %q, %v", file, err)
	}
	g := read(t, p, "epstdd.service")
	if !g.Holds() || g.Incident != "1121-0312" || !g.Since.Equal(now.Truncate(time.Second)) {
		t.Errorf("the guard is read as %+v", g)
	}

	must(t, s.Take(t.Context(), m))
	wantState(t, s, m, runbook.None)
	must(t, s.Take(t.Context(), m))
	if diff := cmp.Diff(before, tree(t, p.Units)); diff != "" {
		t.Errorf("after taking it away (-before +after):\n%s", diff)
	}
}

// What stands of a guard can be taken away by anybody who finds it, and put back as it was.
func TestStanding(t *testing.T) {
	p, m := newPlace(t)
	before := tree(t, p.Units)
	must(t, missing(t, p, "a", "epstdd.service").Put(t.Context(), m))
	barred := tree(t, filepath.Dir(p.Units))

	s := Set{[]Posts{read(t, p, "epstdd.service").Standing()}}
	wantState(t, s, m, runbook.Done)
	must(t, s.Take(t.Context(), m))
	wantState(t, s, m, runbook.None)
	if diff := cmp.Diff(before, tree(t, p.Units)); diff != "" {
		t.Errorf("unbarred (-before +after):\n%s", diff)
	}
	must(t, s.Put(t.Context(), m))
	wantState(t, s, m, runbook.Done)
	if diff := cmp.Diff(barred, tree(t, filepath.Dir(p.Units))); diff != "" {
		t.Errorf("barred again (-before +after):\n%s", diff)
	}
}

// A guard that is only half there is made whole with what is missing, and only that is taken away again.
func TestHalf(t *testing.T) {
	for _, half := range []string{"drop-in", "file", "nothing loaded"} {
		t.Run(half, func(t *testing.T) {
			p, m := newPlace(t)
			must(t, missing(t, p, "old", "epstdd.service").Put(t.Context(), m))
			switch half {
			case "drop-in":
				must(t, os.Remove(filepath.Join(p.State, "hold", "epstdd.service")))
			case "file":
				must(t, os.RemoveAll(filepath.Join(p.Units, "epstdd.service.d")))
			}
			m.loaded = nil
			if holds, err := p.Held(); err != nil || len(holds) != 1 || holds[0].Forgotten != (half != "nothing loaded") || holds[0].Incident != "old" {
				t.Errorf("held: %+v, %v", holds, err)
			}
			before := tree(t, filepath.Dir(p.Units))
			s := missing(t, p, "new", "epstdd.service")
			wantState(t, s, m, runbook.None)
			must(t, s.Put(t.Context(), m))
			wantState(t, s, m, runbook.Done)
			if !read(t, p, "epstdd.service").Holds() {
				t.Error("it does not hold")
			}
			must(t, s.Take(t.Context(), m))
			if diff := cmp.Diff(before, tree(t, filepath.Dir(p.Units))); diff != "" {
				t.Errorf("after taking it away (-before +after):\n%s", diff)
			}
		})
	}
}

// A file whose writing was cut short is finished by putting it up again, and removed by taking it away.
func TestTorn(t *testing.T) {
	p, m := newPlace(t)
	s := missing(t, p, "a", "epstdd.service")
	must(t, s.Put(t.Context(), m))
	dropIn := p.dropIn("epstdd.service")
	file := filepath.Join(p.State, "hold", "epstdd.service")
	for _, path := range []string{dropIn, file} {
		whole, err := os.ReadFile(path)
		must(t, err)
		for n := 0; n < len(whole); n += 5 {
			must(t, os.WriteFile(path, whole[:n], 0o600))
			if state, err := s.State(t.Context(), m); err != nil || state == runbook.Drifted || path == dropIn && state == runbook.Done {
				t.Fatalf("%s with %d bytes: state %q, %v", path, n, state, err)
			}
			if g, err := p.Read("epstdd.service"); err != nil || path == dropIn && g.Holds() {
				t.Fatalf("%s with %d bytes: %v", path, n, err)
			}
			must(t, s.Put(t.Context(), m))
			wantState(t, s, m, runbook.Done)
			must(t, os.WriteFile(path, whole[:n], 0o600))
			must(t, s.Take(t.Context(), m))
			if _, err := os.Lstat(path); err == nil {
				t.Fatalf("%s with %d bytes was left", path, n)
			}
			must(t, s.Put(t.Context(), m))
		}
	}
}

// What somebody else has put in the place of a file, or edited, is neither overwritten nor removed.
func TestForeign(t *testing.T) {
	p, m := newPlace(t)
	s := missing(t, p, "a", "epstdd.service", "epstrd.service")
	must(t, s.Put(t.Context(), m))
	path := p.dropIn("epstdd.service")
	must(t, os.WriteFile(path, []byte("[Unit]\nConditionPathExists=!/nologin\n"), 0o644))
	wantState(t, s, m, runbook.Drifted)
	refused := func(what string, err error) {
		if !errors.Is(err, runbook.ErrDrift) || !strings.Contains(err.Error(), path) {
			t.Errorf("%s: %v", what, err)
		}
		if b, err := os.ReadFile(path); !strings.Contains(string(b), "nologin") || err != nil {
			t.Errorf("%s: the file is now %q, %v", what, b, err)
		}
	}
	refused("Put", s.Put(t.Context(), m))
	refused("Take", s.Take(t.Context(), m))
	if read(t, p, "epstrd.service").Stands() {
		t.Error("the other guard was not taken away")
	}
	if _, err := p.Read("epstdd.service"); err == nil || !strings.Contains(err.Error(), "by hand") {
		t.Errorf("reading it: %v", err)
	}
}

// Another incident's guard is not taken away by undoing an old one.
func TestOtherIncident(t *testing.T) {
	p, m := newPlace(t)
	old := missing(t, p, "a", "epstdd.service")
	must(t, old.Put(t.Context(), m))
	must(t, old.Take(t.Context(), m))
	must(t, missing(t, p, "b", "epstdd.service").Put(t.Context(), m))
	if err := old.Take(t.Context(), m); !errors.Is(err, runbook.ErrDrift) {
		t.Errorf("the error is %v", err)
	}
	if g := read(t, p, "epstdd.service"); !g.Holds() || g.Incident != "b" {
		t.Errorf("the guard is now %+v", g)
	}
}

// A drop-in of a colleague in the folder that was made for the guard keeps the folder.
func TestColleague(t *testing.T) {
	p, m := newPlace(t)
	s := missing(t, p, "a", "epstdd.service")
	must(t, s.Put(t.Context(), m))
	own := filepath.Join(p.Units, "epstdd.service.d", "own.conf")
	must(t, os.WriteFile(own, nil, 0o644))
	must(t, s.Take(t.Context(), m))
	if _, err := os.Stat(own); err != nil {
		t.Error(err)
	}
	if read(t, p, "epstdd.service").Stands() {
		t.Error("the guard was left")
	}
}

// A folder that is a symbolic link is not followed.
func TestLinkedFolder(t *testing.T) {
	p, m := newPlace(t)
	elsewhere := t.TempDir()
	must(t, os.Symlink(elsewhere, filepath.Join(p.Units, "epstdd.service.d")))
	if err := missing(t, p, "a", "epstdd.service").Put(t.Context(), m); err == nil {
		t.Error("it was put up through a link")
	}
	if names, err := os.ReadDir(elsewhere); len(names) > 0 || err != nil {
		t.Errorf("%v, %v lie there", names, err)
	}
}

func TestStateFolder(t *testing.T) {
	for state, ok := range map[string]bool{"/var/lib/hikeshi": true, "/var/50% full/x": true, "relative": false, "/a\nb": false, "/ends with space ": false} {
		p := Place{Units: t.TempDir(), State: state}
		g := read(t, p, "epstdd.service")
		posts, err := g.Missing("a", now)
		if (err == nil) != ok {
			t.Errorf("state folder %q: %v", state, err)
		}
		if ok {
			var back Guard
			must(t, back.parse(posts.DropIn))
			if back.path != filepath.Join(state, "hold", "epstdd.service") {
				t.Errorf("state folder %q: read back as %q", state, back.path)
			}
		}
	}
	if posts, _ := read(t, Place{Units: t.TempDir(), State: "/50%"}, "u").Missing("a", now); !strings.Contains(posts.DropIn, "=!/50%%/hold/u\n") {
		t.Errorf("a percent sign is written as %q", posts.DropIn)
	}
}

func TestHeldNone(t *testing.T) {
	p, _ := newPlace(t)
	if all, err := p.Held(); len(all) != 0 || err != nil {
		t.Errorf("held: %v, %v", all, err)
	}
	if all, err := (Place{Units: "/nonexistent", State: "/nonexistent"}).Held(); len(all) != 0 || err != nil {
		t.Errorf("held: %v, %v", all, err)
	}
}
