//go:build linux

package logs_test

import (
	"context"
	"os"
	"os/exec"
	"strings"
	"syscall"
	"testing"
	"time"

	"hikeshi/actions/logs"
	"hikeshi/runbook"
	"hikeshi/spool"
	"hikeshi/spool/lab/history"
)

const (
	largeLogs   = "HIKESHI_TEST_LARGE_LOGS" // folder of the logs that the inner process reads
	largeSize   = 10_000_000_000
	largeMemory = 256 << 20
)

// TestMemoryOfTenGigabytes: 10 GB of logs are judged in 256 MiB, those that the kernel counts, by a process of its own. The logs are made
// for it and taken away again.
func TestMemoryOfTenGigabytes(t *testing.T) {
	if dir := os.Getenv(largeLogs); dir != "" {
		suspectsOf(t, dir)
		return
	}
	if !strings.Contains(os.Getenv("HIKESHI_REQUIRE"), "large") {
		t.Skip("10 GB of logs are made only where HIKESHI_REQUIRE names large")
	}
	_, dir := write(t, 7, history.Options{Size: largeSize * 12 / 10})
	cmd := exec.Command(os.Args[0], "-test.run", "^TestMemoryOfTenGigabytes$", "-test.v")
	cmd.Env = append(os.Environ(), largeLogs+"="+dir)
	began := time.Now()
	out, err := cmd.CombinedOutput()
	if err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	peak := cmd.ProcessState.SysUsage().(*syscall.Rusage).Maxrss << 10 // in KiB on Linux
	t.Logf("%d MiB at the most, %s\n%s", peak>>20, time.Since(began).Round(time.Second), out)
	if peak > largeMemory {
		t.Errorf("%d MiB are more than %d", peak>>20, largeMemory>>20)
	}
}

func suspectsOf(t *testing.T, dir string) {
	s := server{dir: dir}
	all, err := s.Logs(context.Background())
	if err != nil {
		t.Fatal(err)
	}
	out, err := logs.Kinds(logs.Env{Server: s, Own: spool.Own{Domains: []string{"example.jp"}}})[1].Action.Plan(context.Background(), runbook.Input{})
	if err != nil {
		t.Fatal(err)
	}
	f := out.Facts.(logs.SuspectsFacts)
	t.Logf("%d MiB of logs, %d read, %d accounts, %d sources", size(all)>>20, f.Read.Bytes>>20, len(f.AccountNames), len(f.SourceNames))
	if size(all) < largeSize || f.Read.Bytes < largeSize {
		t.Error("that is too little")
	}
}
