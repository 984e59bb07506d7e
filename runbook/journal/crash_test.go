//go:build crash

package journal

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"hikeshi/runbook"
)

// A process that ends before or after any of its writing calls leaves either no incident or one that verifies, in which everything
// is that it was told is on disk; and the next process goes on with it.
func TestCrashAtEveryWritingCall(t *testing.T) {
	for _, when := range []string{"before", "after"} {
		n := 1
		for crashAt(t, fmt.Sprint(when, ":", n)) {
			n++
		}
		if n < 60 {
			t.Errorf("%s: the run ended after %d writing calls", when, n)
		}
		t.Logf("%s each of %d writing calls", when, n-1)
	}
}

// crashAt runs the scenario up to the crash and says whether there was one.
func crashAt(t *testing.T, at string) bool {
	t.Helper()
	s := Store{State: filepath.Join(t.TempDir(), "state"), Actor: runbook.Actor{User: "test"}, Clock: time.Now}
	env := []string{"JOURNAL_STATE=" + s.State, "JOURNAL_ROOT=" + t.TempDir(), "HIKESHI_CRASH=" + at}
	var out bytes.Buffer
	cmd := again(t, "incident", env...)
	cmd.Stdout, cmd.Stderr = &out, nil
	crashed := cmd.Run() != nil
	list, err := List(s)
	if err != nil || len(list) > 1 {
		t.Fatalf("%s: %d incidents, %v", at, len(list), err)
	}
	if strings.Contains(out.String(), "id ") && len(list) == 0 {
		t.Fatalf("%s: the incident is lost", at)
	}
	if len(list) == 1 {
		promised(t, s, at, list[0].ID, out.String())
		env = append(env, "JOURNAL_ID="+list[0].ID)
	}
	cmd = again(t, "incident", append(env, "HIKESHI_CRASH=")...)
	out.Reset()
	cmd.Stdout = &out
	if err := cmd.Run(); err != nil {
		t.Fatalf("%s: going on: %v", at, err)
	}
	list, _ = List(s)
	promised(t, s, at, list[0].ID, out.String())
	if rep, err := Verify(s, list[0].ID, ""); err != nil || len(rep.Extra) > 0 {
		t.Fatalf("%s: no record names %q, %v", at, rep.Extra, err)
	}
	for _, pattern := range []string{"lock-*", "incidents/.new-*", "incidents/*/*/.part-*"} {
		if left := glob(t, s.State, pattern); len(left) != 0 {
			t.Fatalf("%s: left %q", at, left)
		}
	}
	os.RemoveAll(s.State) // hundreds of ballasts are a lot
	return crashed
}

func promised(t *testing.T, s Store, at, id, told string) {
	t.Helper()
	sound(t, s, id, "")
	j, err := Open(s, id)
	if err != nil {
		t.Fatal(err)
	}
	defer j.Close()
	notes := strings.Join(texts(t, j), "\n")
	for _, n := range []string{"note 0", "note 1"} {
		if strings.Contains(told, n) && !strings.Contains(notes, n) {
			t.Fatalf("%s: %s is lost", at, n)
		}
	}
	for word, file := range map[string]string{"backup\n": "backup/deny-effect.dat", "seen\n": "evidence/deny-seen.txt"} {
		if _, err := os.Stat(filepath.Join(j.Path(), file)); strings.Contains(told, word) && err != nil {
			t.Fatalf("%s: %s is lost: %v", at, file, err)
		}
	}
}
