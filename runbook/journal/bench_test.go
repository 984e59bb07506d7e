package journal

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"testing"

	"hikeshi/runbook"
)

func BenchmarkAppend(b *testing.B) {
	j := create(b, newStore(b))
	r := runbook.Record{Event: runbook.Intent, Step: "stop", Change: "stop.1"}
	for b.Loop() {
		if err := j.Append(r); err != nil {
			b.Fatal(err)
		}
	}
}

// BenchmarkRecords reads after an append, as the engine does after every record.
func BenchmarkRecords(b *testing.B) {
	for _, n := range []int{100, 10_000} {
		b.Run(fmt.Sprint(n), func(b *testing.B) {
			j := create(b, newStore(b))
			for range n {
				j.pending = append(j.pending, j.signed(runbook.Record{Event: runbook.Noted, Text: "a line of some length, as they are"}))
			}
			add(b, j, "all of them are on disk now")
			for b.Loop() {
				if err := j.Append(runbook.Record{Event: runbook.Noted}); err != nil {
					b.Fatal(err)
				}
				if _, err := j.Records(); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

// BenchmarkWriteAndSync is the peer of BenchmarkAppend: the least that any durable line costs on this disk.
func BenchmarkWriteAndSync(b *testing.B) {
	f, err := os.OpenFile(filepath.Join(b.TempDir(), "lines"), os.O_CREATE|os.O_WRONLY|os.O_APPEND, 0o600)
	if err != nil {
		b.Fatal(err)
	}
	defer f.Close()
	line := bytes.Repeat([]byte("x"), 300)
	for b.Loop() {
		if _, err := f.Write(line); err != nil {
			b.Fatal(err)
		}
		if err := f.Sync(); err != nil {
			b.Fatal(err)
		}
	}
}
