package trial

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// A Crasher is the test binary of a package, built with -tags crash, in which the process ends as by kill -9 before or after its N-th
// writing call. The package has a test function TestCrashChild that begins with Child and does the work that is to be interrupted.
type Crasher struct{ binary string }

// NewCrasher builds the test binary of the package in the current directory.
func NewCrasher(t testing.TB) Crasher {
	t.Helper()
	if _, err := exec.LookPath("go"); err != nil {
		t.Skipf("needs the go command to build itself for crashes: %v", err)
	}
	binary := filepath.Join(t.TempDir(), "crash.test")
	defer InMemory(t)
	if out, err := exec.Command("go", "test", "-c", "-tags", "crash", "-o", binary, ".").CombinedOutput(); err != nil {
		t.Fatalf("building for crashes: %v\n%s", err, out)
	}
	return Crasher{binary}
}

// InMemory makes the temporary folders that follow in memory where there is such a place: what is interrupted is the process, not the
// machine, and a disk would make the tests slow.
func InMemory(t testing.TB) {
	const dir = "/dev/shm"
	if probe, err := os.MkdirTemp(dir, "trial"); err == nil {
		os.Remove(probe)
		t.Setenv("TMPDIR", dir)
	}
}

// Every calls try for every writing call of some work, twice: the process ends before it, and after it. try prepares the world,
// calls run with what the child is to do, and looks at the result if run says that the process was ended. Every ends when
// all the work has gone through to its end. It returns the number of calls.
func (c Crasher) Every(t *testing.T, try func(t *testing.T, run func(job any) (crashed bool))) int {
	t.Helper()
	calls := 0
	for _, when := range []string{"before", "after"} {
		for n := 1; ; n++ {
			at := fmt.Sprintf("%s:%d", when, n)
			crashed := false
			t.Run(at, func(t *testing.T) {
				try(t, func(job any) bool {
					ended := c.run(t, job, at)
					crashed = crashed || ended
					return ended
				})
			})
			if !crashed {
				break
			}
			calls = max(calls, n)
		}
	}
	return calls
}

func (c Crasher) run(t *testing.T, job any, at string) (crashed bool) {
	t.Helper()
	data, err := json.Marshal(job)
	Must(t, err)
	cmd := exec.Command(c.binary, "-test.run=^TestCrashChild$")
	cmd.Env = append(os.Environ(), "HIKESHI_CRASH="+at, "HIKESHI_CRASH_CHILD=1")
	cmd.Stdin = bytes.NewReader(data)
	out, err := cmd.CombinedOutput()
	if err != nil && strings.Contains(string(out), "crash at writing call") {
		return true
	}
	if err != nil {
		t.Fatalf("the child failed: %v\n%s", err, out)
	}
	return false
}

// Child reads the job of a child, or skips the test in the parent.
func Child(t *testing.T, job any) {
	t.Helper()
	if os.Getenv("HIKESHI_CRASH_CHILD") == "" {
		t.Skip("only does something in the child of a crash test")
	}
	Must(t, json.NewDecoder(os.Stdin).Decode(job))
}
