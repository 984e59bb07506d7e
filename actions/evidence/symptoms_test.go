package evidence_test

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"hikeshi/actions/evidence/symptom"
	"hikeshi/runbook"
	"hikeshi/spool/machine"
)

func (l *lab) symptoms(with string, planned []runbook.Change) (symptom.Facts, string) {
	l.t.Helper()
	k := newKeeper()
	out, text := l.plan("evidence.symptoms", with, k, planned)
	l.noSecret(k, text)
	return out.Facts.(symptom.Facts), text
}

func TestQuiet(t *testing.T) {
	l := newLab(t)
	l.message(1, "203.0.113.9", "taro@example.jp", "v@example.com")
	f, text := l.symptoms(`{"gap":"10ms"}`, nil)
	want := symptom.Facts{Seen: []string{}, Asked: []string{"complaints", "upstream"}, NotSeen: []string{}, Barred: []string{}}
	if d := cmp.Diff(want, f); d != "" {
		t.Errorf("%s\n%s", d, text)
	}
	wants(t, text, "ok: 1 message in the queue, the oldest for", "ok: 1 new mail for the administrator within a day", "ok: load 0.50", "ok: 5.0 GB (50%)", "to ask: do people outside complain", "to ask: has the provider")
	if strings.Contains(text, "warn: ") {
		t.Error(text)
	}
}

func TestAllSymptoms(t *testing.T) {
	l := newLab(t)
	l.message(1, "203.0.113.9", "taro@example.jp", "v@example.com")
	long := time.Now().Add(-5 * time.Hour)
	for _, ext := range []string{".MSG", ".RCP"} {
		must(t, os.Chtimes(filepath.Join(l.root, spoolDir, "incoming/B0000000001"+ext), long, long))
	}
	for i := range 120 {
		l.put(fmt.Sprintf("%sinbox/postmaster/B%010d.MSG", spoolDir, 100+i), "")
	}
	for i := range 5 {
		name := fmt.Sprintf("%sinlog/mail/26112%d.log", spoolDir, i)
		l.put(name, strings.Repeat("x", 1000))
		at := time.Now().AddDate(0, 0, i-4)
		if i == 4 {
			l.put(name, strings.Repeat("x", 2<<20))
		}
		must(t, os.Chtimes(filepath.Join(l.root, name), at, at))
	}
	n := uint64(0)
	l.env.Interfaces = func() ([]machine.Interface, error) {
		n++
		return []machine.Interface{{Name: "eth0", Sent: n * 100_000_000, Received: n, Speed: 1_000_000_000}, {Name: "wg0"}}, nil
	}
	l.env.Load = func() (machine.Load, error) { return machine.Load{One: 41, CPUs: 2}, nil }
	l.env.Space = func(string) (machine.Space, error) { return machine.Space{Bytes: 4e8, Free: 1, Inodes: 61}, nil }
	f, text := l.symptoms(`{"gap":"100ms"}`, nil)
	want := symptom.Facts{Seen: []string{"line", "delay", "returned", "logs", "load", "disk"}, Asked: []string{"complaints", "upstream"}, NotSeen: []string{}, Barred: []string{}}
	if d := cmp.Diff(want, f); d != "" {
		t.Errorf("%s\n%s", d, text)
	}
	wants(t, text, "warn: eth0: out ", "Mbit/s of 1000", "the oldest for 5h0m", "121 new mails for the administrator", "warn: inlog: 2,097,152 bytes on the last day, the median of 4 days before is 1,000", "warn: load 41.00", "warn: 0.4 GB (1%)")
}

// What cannot be measured is a question.
func TestAsked(t *testing.T) {
	t.Parallel()
	l := newLab(t)
	l.env.Load = nil
	l.env.Space = func(string) (machine.Space, error) { return machine.Space{}, errors.New("no answer") }
	stuck := make(chan struct{})
	defer close(stuck)
	l.env.Interfaces = func() ([]machine.Interface, error) { <-stuck; return nil, nil }
	l.env.Traces.Postmaster, l.env.Traces.Logs = nil, []string{filepath.Join(l.root, "none")}
	began := time.Now()
	f, text := l.symptoms(`{"gap":"10ms","limit":"300ms"}`, nil)
	words := []string{"line", "returned", "logs", "load", "disk"}
	if d := cmp.Diff(words, f.NotSeen); d != "" || len(f.Asked) != 7 || time.Since(began) > 5*time.Second {
		t.Errorf("%s, %q\n%s", d, f.Asked, text)
	}
	wants(t, text, "to ask: is the line slow?", "to ask: are the log files larger than usual?", "not seen: free space: no answer", "info: not seen: load: nobody can tell here")
}

func TestSymptomsInAPlan(t *testing.T) {
	l := newLab(t)
	before := l.tree()
	began := time.Now()
	f, text := l.symptoms(`{"gap":"30s"}`, []runbook.Change{})
	if d := cmp.Diff([]string{"line"}, f.NotSeen); d != "" || time.Since(began) > 5*time.Second || before != l.tree() {
		t.Errorf("%s\n%s", d, text)
	}
}

// What this user may not look at is not seen, and no symptom; where something else is wrong too, that is told as before.
func TestBarred(t *testing.T) {
	l := newLab(t)
	closed := &fs.PathError{Op: "open", Path: "/proc/loadavg", Err: fs.ErrPermission}
	l.env.Load = func() (machine.Load, error) { return machine.Load{}, closed }
	l.env.Space = func(string) (machine.Space, error) { return machine.Space{}, errors.Join(closed, errors.New("broken")) }
	f, text := l.symptoms(`{"gap":"10ms"}`, nil)
	if d := cmp.Diff([]string{"load"}, f.Barred); d != "" {
		t.Errorf("%s\n%s", d, text)
	}
	wants(t, text, "info: not seen: load: open /proc/loadavg: permission denied", "warn: not seen: free space: ", "to ask: does the server behave oddly?")
}
