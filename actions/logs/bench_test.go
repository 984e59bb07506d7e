package logs_test

import (
	"context"
	"os/exec"
	"path/filepath"
	"runtime"
	"testing"
	"time"

	"hikeshi/actions/logs"
	"hikeshi/runbook"
	"hikeshi/spool"
	"hikeshi/spool/lab/history"
)

// BenchmarkSuspects answers the whole question on 400 MB of logs. In the same run, grep counts the lines with one word in them, and a
// pipeline of grep, sort and uniq counts the lines of each address.
func BenchmarkSuspects(b *testing.B) {
	w, dir := history.Make(7, history.Options{Size: 400 << 20}), b.TempDir()
	if err := w.Write(dir); err != nil {
		b.Fatal(err)
	}
	files, err := filepath.Glob(filepath.Join(dir, "*", "*.log"))
	if err != nil || len(files) == 0 {
		b.Fatal(err)
	}
	grep := fastest(b, append([]string{"grep", "-c", "AUTH-"}, files...)...)
	sorted := fastest(b, append([]string{"sh", "-c", `grep -ho '\[[0-9.]*\]' "$@" | sort | uniq -c | sort -rn`, "sh"}, files...)...)
	s := server{dir: dir}
	all, err := s.Logs(context.Background())
	if err != nil {
		b.Fatal(err)
	}
	b.SetBytes(size(all))
	suspects := logs.Kinds(logs.Env{Server: s, Own: spool.Own{Domains: []string{w.Domain}}})[1]
	for b.Loop() {
		if _, err := suspects.Action.Plan(context.Background(), runbook.Input{}); err != nil {
			b.Fatal(err)
		}
	}
	one := b.Elapsed().Seconds() / float64(b.N)
	b.ReportMetric(one/grep.Seconds(), "suspects/grep")
	b.ReportMetric(one/sorted.Seconds(), "suspects/sort")
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	b.ReportMetric(float64(m.Sys)/(1<<20), "MiB-sys")
}

// fastest is the best time of three runs of a command.
func fastest(b *testing.B, argv ...string) time.Duration {
	best := time.Hour
	for range 3 {
		began := time.Now()
		if err := exec.Command(argv[0], argv[1:]...).Run(); err != nil {
			b.Fatal(err)
		}
		best = min(best, time.Since(began))
	}
	return best
}

func size(all []spool.Log) (n int64) {
	for _, l := range all {
		for _, f := range l.Files {
			n += f.Size
		}
	}
	return n
}
