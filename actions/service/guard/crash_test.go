//go:build crash

package guard

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"hikeshi/runbook"
)

// TestMain is the process too that ends before or after one of its writing calls.
func TestMain(m *testing.M) {
	if len(os.Args) == 3 && (os.Args[1] == "put" || os.Args[1] == "take") {
		if err := carryOut(os.Args[1], os.Args[2]); err != nil {
			fmt.Println(err)
			os.Exit(1)
		}
		os.Exit(0)
	}
	os.Exit(m.Run())
}

// set is the same in every process.
func set(root string) (Set, *manager, error) {
	p := Place{Units: filepath.Join(root, "system"), State: filepath.Join(root, "state")}
	var s Set
	for _, unit := range []string{"epstdd.service", "epstrd.service"} {
		g := Guard{Unit: unit, Incident: "1121-0312", Since: now.UTC().Truncate(1e9), place: p, made: true, path: filepath.Join(p.State, "hold", unit)}
		s.Guards = append(s.Guards, Posts{Unit: unit, Dir: p.folder(unit), File: g.path, DropIn: g.text(), FileText: "1121-0312\n", TheDir: true, TheConf: true, TheFile: true})
	}
	m := &manager{place: p}
	return s, m, m.Reload(context.Background())
}

func carryOut(verb, root string) error {
	s, m, err := set(root)
	if err != nil {
		return err
	}
	if verb == "put" {
		return s.Put(context.Background(), m)
	}
	return s.Take(context.Background(), m)
}

// A process that ends before or after any of its writing calls leaves a guard whose state can be told, that can be finished, and that
// can be taken away.
func TestCrashAtEveryWritingCall(t *testing.T) {
	for _, verb := range []string{"put", "take"} {
		for _, when := range []string{"before", "after"} {
			n := 1
			for crashed(t, verb, fmt.Sprint(when, ":", n)) {
				n++
			}
			if n < 8 {
				t.Errorf("%s: it ended after %d writing calls", verb, n)
			}
			t.Logf("%s %s each of %d writing calls", verb, when, n-1)
		}
	}
}

// crashed says whether the process ended early.
func crashed(t *testing.T, verb, at string) bool {
	t.Helper()
	root := t.TempDir()
	must(t, os.Mkdir(filepath.Join(root, "system"), 0o755))
	before := tree(t, filepath.Join(root, "system"))
	if verb == "take" {
		must(t, carryOut("put", root))
	}
	exe, err := os.Executable()
	must(t, err)
	cmd := exec.Command(exe, verb, root)
	cmd.Env = append(os.Environ(), "HIKESHI_CRASH="+at)
	out, err := cmd.CombinedOutput()
	if err != nil && !strings.Contains(string(out), "crash at writing call") {
		t.Fatalf("%s %s: %v %s", verb, at, err, out)
	}
	died := err != nil

	s, m, err := set(root)
	must(t, err)
	if state, err := s.State(t.Context(), m); err != nil || state == runbook.Drifted {
		t.Fatalf("%s %s: state %q, %v", verb, at, state, err)
	}
	for _, p := range s.Guards {
		if _, err := m.place.Read(p.Unit); err != nil {
			t.Fatalf("%s %s: %v", verb, at, err)
		}
	}
	want := runbook.Done
	if verb == "take" {
		want = runbook.None
	}
	must(t, carryOut(verb, root))
	must(t, m.Reload(t.Context()))
	wantState(t, s, m, want)
	must(t, s.Take(t.Context(), m))
	if diff := cmp.Diff(before, tree(t, filepath.Join(root, "system"))); diff != "" {
		t.Fatalf("%s %s: taken away (-before +after):\n%s", verb, at, diff)
	}
	return died
}
