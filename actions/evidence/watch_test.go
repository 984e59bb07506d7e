package evidence_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"hikeshi/actions/evidence"
	"hikeshi/actions/evidence/watch"
	"hikeshi/runbook"
	"hikeshi/spool"
	"hikeshi/spool/machine"
)

func (l *lab) watch(d string, k *keeper) (watch.Facts, string) {
	l.t.Helper()
	out, text := l.plan("evidence.watch", `{"for":"`+d+`"}`, k, nil)
	return out.Facts.(watch.Facts), text
}

func TestNothingLeaves(t *testing.T) {
	t.Parallel()
	l := newLab(t)
	l.env.Traces.DeliveryScan = 10 * time.Millisecond
	l.env.Connections = func() ([]machine.Connection, error) {
		return []machine.Connection{
			connection("192.0.2.25:25", "203.0.113.9:40001", machine.Established),
			connection("127.0.0.1:50004", "127.0.0.1:25", machine.Established),
			connection("192.0.2.25:50003", "198.51.100.3:25", machine.TimeWait), // over before the watch
		}, nil
	}
	k := newKeeper()
	f, text := l.watch("1100ms", k)
	if d := cmp.Diff(watch.Facts{Known: true, How: []string{"connections", "retries"}, Seconds: 1}, f); d != "" || len(k.said) != 0 || k.progress != 1 {
		t.Errorf("%s\n%s\n%v, %d", d, text, k.said, k.progress)
	}
	wants(t, text, "ok: nothing left for outside within 1.1s (connections, retries)", "not seen: deliveries in the log: the log of deliveries is off")
	if strings.Contains(text, "delivery scans") {
		t.Error(text)
	}
}

func TestConnectionsLeave(t *testing.T) {
	l := newLab(t)
	var looks atomic.Int64
	l.env.Connections = func() ([]machine.Connection, error) {
		all := []machine.Connection{connection("192.0.2.25:50001", "198.51.100.1:25", machine.Established)}
		if looks.Add(1) > 1 { // one that goes on, and one that was over between two looks
			all = append(all, connection("192.0.2.25:50002", "198.51.100.1:25", machine.TimeWait))
			all[0].State = machine.FinWait
		}
		return all, nil
	}
	k := newKeeper()
	f, text := l.watch("200ms", k)
	if f.Outside != 2 || !f.Known || len(k.said) != 1 || !strings.Contains(k.said[0].EN, "hikeshi service stop") || k.said[0].JA == "" {
		t.Errorf("%+v, %v\n%s", f, k.said, text)
	}
	wants(t, text, "warn: 200ms is shorter than two delivery scans (2m0s each)", "bad: ", "deliveries to outside within 200ms, at least")
}

// The log and the retry folders are read from the beginning of the watch on.
func TestLogAndRetries(t *testing.T) {
	t.Parallel()
	l := newLab(t)
	const line = "B0000055688@mail.example.jp sent on [21/Nov/2026:10:29:51] to 192.0.2.99 mx.example.com from a@example.jp to %s\n"
	l.put(settings+"EPST5DS/Parameters/MailOutlogEnabled.1", "1")
	l.put(spoolDir+"outlog/261121.log", fmt.Sprintf(line, "before@example.com"))
	l.put(spoolDir+"domains/example.com/B0000000001-R0001.RCP", "Return-path: <a@example.jp>\nRecipient: <before@example.com>\n")
	l.env.Connections = nil
	done := make(chan struct{})
	go func() {
		defer close(done)
		time.Sleep(300 * time.Millisecond)
		l.put(spoolDir+"outlog/261121.log", fmt.Sprintf(line+line+line, "before@example.com", "after@example.com", "own@example.jp"))
		l.put(spoolDir+"domains/example.com/B0000000002-R0001.RCP", "Return-path: <a@example.jp>\nRecipient: <after@example.com>\n")
		l.put(spoolDir+"domains/example.net/B0000000003-R0001.RCP", "Return-path: <a@example.jp>\nRecipient: <after@example.net>\n")
		l.put(spoolDir+"domains/example.jp/B0000000004-R0001.RCP", "Return-path: <a@example.jp>\nRecipient: <own@example.jp>\n")
	}()
	f, text := l.watch("900ms", newKeeper())
	<-done
	if d := cmp.Diff(watch.Facts{Outside: 2, Known: true, How: []string{"outlog", "retries"}}, f); d != "" {
		t.Errorf("%s\n%s", d, text)
	}
	wants(t, text, "deliveries in the log: 1", "mail for outside that waits for another try: 2", "not seen: connections to port 25 of others: nobody can tell here")
}

// The lab says what has left; nothing else is asked in its place.
func TestLeft(t *testing.T) {
	l := newLab(t)
	began := time.Now()
	l.env.Left = func(since time.Time) (int, error) {
		if since.Before(began) {
			return 0, errors.New("too early")
		}
		return 7, nil
	}
	if f, text := l.watch("50ms", newKeeper()); f.Outside != 7 || !f.Known {
		t.Errorf("%+v\n%s", f, text)
	}
}

// Zero is not believed when nobody could see, and who hangs is not waited for.
func TestUnknown(t *testing.T) {
	t.Parallel()
	l := newLab(t)
	stuck := make(chan struct{})
	defer close(stuck)
	l.env.Connections = func() ([]machine.Connection, error) { <-stuck; return nil, nil }
	began := time.Now()
	f, text := l.watch("50ms", newKeeper())
	if d := cmp.Diff(watch.Facts{How: []string{"retries"}}, f); d != "" || time.Since(began) > 10*time.Second {
		t.Errorf("%s after %s\n%s", d, time.Since(began), text)
	}
	wants(t, text, "warn: whether anything left for outside within 50ms cannot be told", "no answer in the end")
	l.env.Connections = func() ([]machine.Connection, error) { return nil, os.ErrPermission }
	if f, text := l.watch("50ms", newKeeper()); f.Known || f.Outside != 0 {
		t.Errorf("%+v\n%s", f, text)
	}
}

// Zero proves nothing where delivery is not known to run before and after, as on a mounted disk; what leaves all the same counts.
func TestNothingLeavesWithoutDelivery(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		runs []string // what runs before and after
		err  error
		why  string
	}{
		"nobody can tell": {nil, nil, "nobody can tell here whether it runs"},
		"is down":         {[]string{""}, nil, "it does not run"},
		"dies meanwhile":  {[]string{"epstdd.service", ""}, nil, "it does not run"},
		"no answer":       {[]string{"?"}, os.ErrPermission, "permission denied"},
	} {
		l := newLab(t)
		looks := 0
		l.env.Running = func(_ context.Context, all []spool.Service) ([]string, error) {
			if len(all) != 1 || all[0].Role != spool.Delivery {
				t.Errorf("%s: asked for %v", name, all)
			}
			looks++
			if c.err != nil || c.runs[min(looks, len(c.runs))-1] == "" {
				return nil, c.err
			}
			return []string{all[0].Unit}, nil
		}
		if c.runs == nil {
			l.env.Running = nil
		}
		f, text := l.watch("50ms", newKeeper())
		if f.Known || f.Outside != 0 {
			t.Errorf("%s: %+v\n%s", name, f, text)
		}
		wants(t, text, "warn: whether anything left for outside within 50ms cannot be told", "not seen: that delivery runs: "+c.why)
		if strings.Contains(text, "ok: ") {
			t.Errorf("%s: said to be well:\n%s", name, text)
		}
	}
	l := newLab(t)
	calls := 0
	l.env.Running = func(context.Context, []spool.Service) ([]string, error) {
		calls++
		return []string{"epstdd.service", "x"}[:2-calls], nil
	}
	l.env.Left = func(time.Time) (int, error) { return 3, nil }
	if f, text := l.watch("50ms", newKeeper()); f.Outside != 3 || !f.Known {
		t.Errorf("%+v\n%s", f, text)
	}
}

// Nothing in the Japanese of a watch is left in English.
func TestWatchInJapanese(t *testing.T) {
	l := newLab(t)
	l.env.Left = func(time.Time) (int, error) { return 2, nil }
	k := newKeeper()
	out, _ := l.plan("evidence.watch", `{"for":"90ms"}`, k, nil)
	var text strings.Builder
	for _, f := range out.Findings {
		text.WriteString(f.Text.JA + "\n")
	}
	for _, s := range k.said {
		text.WriteString(s.JA + "\n")
	}
	for _, want := range []string{"90 ミリ秒は配送スキャン 2 回分(1 回 2 分)より短い", "少なくとも 2 件(90 ミリ秒間。接続、再送待ち)", "外部へメールが出ている(接続: 2)"} {
		if !strings.Contains(text.String(), want) {
			t.Errorf("not there: %s\n%s", want, text.String())
		}
	}
	for _, bad := range []string{"connections", "retries", "outlog", "ms"} {
		if strings.Contains(text.String(), bad) {
			t.Errorf("%q stands there:\n%s", bad, text.String())
		}
	}
}

func TestWatchInAPlan(t *testing.T) {
	l := newLab(t)
	before := l.tree()
	began := time.Now()
	out, text := l.plan("evidence.watch", "", newKeeper(), []runbook.Change{})
	if d := cmp.Diff(watch.Facts{How: []string{}}, out.Facts); d != "" || time.Since(began) > time.Second || before != l.tree() {
		t.Errorf("%s\n%s", d, text)
	}
	wants(t, text, "watched for 5m0s when delivery was started")
}

func TestWatchIsInterrupted(t *testing.T) {
	l := newLab(t)
	ctx, stop := context.WithTimeout(context.Background(), 50*time.Millisecond)
	defer stop()
	for _, k := range evidence.Kinds(l.env) {
		if k.Name == "evidence.watch" {
			if _, err := k.Action.Plan(ctx, runbook.Input{With: json.RawMessage(`{"for":"1h"}`), Rec: newKeeper()}); !errors.Is(err, context.DeadlineExceeded) {
				t.Error(err)
			}
		}
	}
	if _, err := os.Stat(filepath.Join(l.root, spoolDir)); err != nil {
		t.Error(err)
	}
}
