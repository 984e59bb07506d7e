package journal

import (
	"fmt"
	"os"
	"strings"
	"testing"

	"hikeshi/runbook"
	"hikeshi/runbook/journal/systemlog"
)

// silentLog never answers in time, until it does.
type silentLog struct {
	calls  int
	silent bool
}

func (s *silentLog) Log(string) error {
	s.calls++
	if s.silent {
		return fmt.Errorf("writing to the system log: %w", systemlog.ErrSilent)
	}
	return nil
}

// A system log that does not answer is waited for once, not at every record: a stop is waiting.
func TestSilentSystemLog(t *testing.T) {
	s, dir, _ := smallStore(t, 1<<20)
	log := &silentLog{silent: true}
	s.System = log
	full := fill(t, dir)
	j := create(t, s)
	for range 5 {
		if err := j.Append(runbook.Record{Event: runbook.Noted, Text: "x"}); err == nil {
			t.Fatal("recorded on a full disk")
		}
	}
	if n, text := j.Unrecorded(); n != 6 || log.calls != 1 || !strings.Contains(text.EN, "system log did not take") || !strings.Contains(text.JA, "システムログ") {
		t.Errorf("%d unrecorded, %d calls: %v", n, log.calls, text)
	}
	if err := os.Remove(full); err != nil {
		t.Fatal(err)
	}
	add(t, j, "room again")
	log.silent = false
	fill(t, dir)
	for n := 0; n < 1000; n++ { // the ballast goes first
		if err := j.Append(runbook.Record{Event: runbook.Noted, Text: strings.Repeat("x", 5000)}); err != nil {
			break
		}
	}
	if n, text := j.Unrecorded(); n != 1 || log.calls != 2 || !strings.Contains(text.EN, "sent to the system log") {
		t.Errorf("%d unrecorded, %d calls: %v", n, log.calls, text)
	}
}
