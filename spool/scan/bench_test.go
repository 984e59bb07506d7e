package scan

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"testing"
	"time"

	"hikeshi/spool"
)

// benchFiles is the size of the folder; HIKESHI_SCAN_FILES overrides it.
const benchFiles = 1_000_000

// BenchmarkScan looks at a folder of a million files and, in the same run, has ls and find count it. The ratios are those of the
// fastest of all rounds of each, taken in turn, so that a slow moment of the machine hits them alike.
func BenchmarkScan(b *testing.B) {
	root := benchFolder(b, false)
	s := newServer(root)
	s.folders = s.folders[:1]
	compare(b, s, filepath.Join(root, "incoming"))
}

// BenchmarkScanPairs is the same with envelopes and bodies, so that the sample is read, too.
func BenchmarkScanPairs(b *testing.B) {
	root := benchFolder(b, true)
	s := newServer(root)
	s.folders = s.folders[:1]
	compare(b, s, filepath.Join(root, "incoming"))
}

func compare(b *testing.B, s *server, folder string) {
	best := map[string]time.Duration{}
	round := func(name string, f func()) {
		start := time.Now()
		f()
		if d := time.Since(start); best[name] == 0 || d < best[name] {
			best[name] = d
		}
	}
	var peak uint64
	for b.Loop() {
		round("ls", func() { count(b, "ls", "-f", folder) })
		round("find", func() { count(b, "find", folder, "-type", "f") })
		var log spool.Backlog
		round("scan", func() {
			var err error
			if log, err = Look(context.Background(), s, Options{}); err != nil {
				b.Fatal(err)
			}
		})
		if log.Total.Files != benchSize() {
			b.Fatalf("counted %d files", log.Total.Files)
		}
		var m runtime.MemStats
		runtime.ReadMemStats(&m)
		peak = max(peak, m.Sys)
	}
	b.ReportMetric(best["scan"].Seconds(), "s/scan")
	b.ReportMetric(best["ls"].Seconds(), "s/ls")
	b.ReportMetric(best["find"].Seconds(), "s/find")
	b.ReportMetric(best["scan"].Seconds()/best["ls"].Seconds(), "scan/ls")
	b.ReportMetric(best["scan"].Seconds()/best["find"].Seconds(), "scan/find")
	b.ReportMetric(float64(peak)/(1<<20), "MiB-sys")
}

// count runs a program and counts the lines of what it writes, as wc -l does.
func count(b *testing.B, program string, args ...string) {
	b.Helper()
	c, wc := exec.Command(program, args...), exec.Command("wc", "-l")
	c.Env = append(os.Environ(), "LANG=C", "LC_ALL=C")
	pipe, err := c.StdoutPipe()
	if err != nil {
		b.Fatal(err)
	}
	wc.Stdin = pipe
	var out strings.Builder
	wc.Stdout = &out
	if err := c.Start(); err != nil {
		b.Skipf("no %s here: %v", program, err)
	}
	if err := wc.Run(); err != nil {
		b.Skipf("no wc here: %v", err)
	}
	if err := c.Wait(); err != nil {
		b.Fatal(err)
	}
	if n, _ := strconv.ParseInt(strings.TrimSpace(out.String()), 10, 64); n < benchSize() {
		b.Fatalf("%s counted %d", program, n)
	}
}

func benchSize() int64 {
	if n, err := strconv.ParseInt(os.Getenv("HIKESHI_SCAN_FILES"), 10, 64); err == nil && n > 0 {
		return n
	}
	return benchFiles
}

// benchFolder makes the folder incoming.
func benchFolder(b *testing.B, pairs bool) string {
	b.Helper()
	if testing.Short() {
		b.Skip("makes a folder of a million files: not with -short")
	}
	root := b.TempDir()
	dir := filepath.Join(root, "incoming")
	if err := os.Mkdir(dir, 0o755); err != nil {
		b.Fatal(err)
	}
	put := func(name, text string) {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			b.Fatal(err)
		}
	}
	for i := int64(0); i < benchSize(); i++ {
		if !pairs {
			put(fmt.Sprintf("B%010d.MSG", i+1), "")
			continue
		}
		base := fmt.Sprintf("B%010d", i/2+1)
		if i%2 == 0 {
			put(base+".MSG", "203.0.113.9\n")
		} else {
			put(base+".RCP", "taro@example.jp\nv@example.com\n")
		}
	}
	return root
}
