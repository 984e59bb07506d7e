package sweep_test

import (
	"context"
	"os"
	"path/filepath"
	"runtime"
	"testing"
	"time"

	"hikeshi/actions/logs/deed"
	"hikeshi/actions/logs/ledger"
	"hikeshi/actions/logs/sweep"
	"hikeshi/spool"
	epms "hikeshi/spool/epms/logs"
	"hikeshi/spool/lab/history"
)

// logsOf are the logs below a spool folder.
func logsOf(t testing.TB, dir string) (all []spool.Log, size int64) {
	t.Helper()
	for _, k := range epms.Kinds() {
		l := spool.Log{Name: k.Name, Dir: filepath.Join(dir, k.Name), State: spool.LogOff, Says: k.Says, Sessions: k.Sessions}
		paths, err := filepath.Glob(filepath.Join(l.Dir, "*.log"))
		if err != nil {
			t.Fatal(err)
		}
		for _, path := range paths {
			day, err := time.Parse("060102.log", filepath.Base(path))
			if err != nil {
				t.Fatal(err)
			}
			fi, err := os.Stat(path)
			if err != nil {
				t.Fatal(err)
			}
			l.State = spool.LogOn
			size += fi.Size()
			l.Files = append(l.Files, spool.LogFile{Path: path, Size: fi.Size(), Modified: fi.ModTime(), From: day.Unix(), To: day.Unix() + 86400})
		}
		all = append(all, l)
	}
	return all, size
}

func BenchmarkSweep(b *testing.B) {
	w, dir := history.Make(3, history.Options{Size: 64 << 20, Accounts: 100, Incidents: []history.Kind{"stolen-fast"}}), b.TempDir()
	if err := w.Write(dir); err != nil {
		b.Fatal(err)
	}
	all, size := logsOf(b, dir)
	o := sweep.Options{Logs: all, Parser: epms.Parser, From: w.To - 15*86400, Until: w.To + 1, Own: map[string]bool{w.Domain: true}}
	for name, take := range map[string]func() func(*deed.Batch){
		"read": func() func(*deed.Batch) { return func(*deed.Batch) {} },
		"books": func() func(*deed.Batch) {
			return ledger.New(ledger.Options{History: o.From, Since: w.To - 86400, Until: o.Until, Step: 60, Logins: true, Accepts: true}).Take
		},
	} {
		b.Run(name, func(b *testing.B) {
			b.SetBytes(size)
			for b.Loop() {
				if _, err := sweep.Run(context.Background(), o, take()); err != nil {
					b.Fatal(err)
				}
			}
			var m runtime.MemStats
			runtime.ReadMemStats(&m)
			b.ReportMetric(float64(m.Sys)/(1<<20), "MiB-sys")
		})
	}
}
