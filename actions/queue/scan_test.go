package queue_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"hikeshi/actions/queue"
	"hikeshi/runbook"
	"hikeshi/spool"
	"hikeshi/spool/aside/trial"
)

func clock() time.Time { return time.Date(2027, 1, 1, 0, 0, 0, 0, time.UTC) }

func scan(t *testing.T, env queue.Env, with string) (queue.ScanFacts, string, error) {
	t.Helper()
	out, err := kindOf(t, env, "queue.scan").Plan(context.Background(), runbook.Input{Incident: incident, Step: "scan", With: json.RawMessage(with), Rec: quiet{}})
	var en, ja []string
	for _, f := range out.Findings {
		en, ja = append(en, fmt.Sprint(f.Level, ": ", f.Text.EN)), append(ja, f.Text.JA)
	}
	if slices.Contains(ja, "") || len(out.Changes) > 0 {
		t.Errorf("%q, %d changes", ja, len(out.Changes))
	}
	facts, _ := out.Facts.(queue.ScanFacts)
	return facts, strings.Join(en, "\n"), err
}

// flood puts n messages of one sender into the queue of filled; all files are of the same moment, three hours ago.
func flood(t *testing.T, n int) trial.Server {
	s := filled(t)
	for i := range n {
		s.Incoming(t, fmt.Sprintf("B%010d", 100+i), "taro@example.jp", "v@example.com")
	}
	for name := range s.Tree(t) {
		trial.Must(t, os.Chtimes(filepath.Join(s.Base, name), clock(), clock().Add(-3*time.Hour)))
	}
	return s
}

func TestScan(t *testing.T) {
	s := flood(t, 20)
	before := s.Tree(t)
	env := queue.Env{Server: s, Own: spool.Own{Domains: []string{"example.jp"}}, Clock: clock, Thresholds: queue.Thresholds{Messages: 20, Oldest: 2 * time.Hour}}
	for _, with := range []string{"", `{"exact":true}`} {
		facts, text, err := scan(t, env, with)
		trial.Must(t, err)
		want := queue.ScanFacts{
			Messages: 25, Files: 51, Bytes: facts.Bytes, Over: true, Reason: "messages 25 over 20; oldest 3h0m0s over 2h0m0s", OldestSeconds: 3 * 3600,
			Senders: []string{"taro@example.jp", "a@example.com", "b@example.com", "news@example.jp"}, Outside: 22, Own: 3,
		}
		if d := cmp.Diff(want, facts); d != "" || facts.Bytes == 0 {
			t.Errorf("facts differ:\n%s", d)
		}
		for _, part := range []string{
			"warn: 25 messages in the queue (51 files", "the oldest file 3h0m0s old", "incoming: 21 messages", "warn: incoming: 21 messages, more than 20",
			"warn: incoming: the oldest file is 3h0m0s old, more than 2h0m0s",
			"to outside 22, to own domains 3", "top senders: taro@example.jp (22)", "top recipient domains: example.com (21)", "top clients: 203.0.113.9 (21)",
		} {
			if !strings.Contains(text, part) {
				t.Errorf("no %q in\n%s", part, text)
			}
		}
	}
	if d := cmp.Diff(before, s.Tree(t)); d != "" {
		t.Errorf("looking changed something:\n%s", d)
	}
	env.Thresholds = queue.Thresholds{Messages: 22}
	if _, text, err := scan(t, env, ""); err != nil || !strings.Contains(text, "warn: all folders: 25 messages, more than 22") || strings.Contains(text, "incoming: 21 messages, more") {
		t.Errorf("%v\n%s", err, text)
	}
}

func TestScanOfAnEmptyQueue(t *testing.T) {
	facts, text, err := scan(t, queue.Env{Server: trial.New(t), Thresholds: queue.Thresholds{Messages: 1, Oldest: 1, GrowthPerMinute: 1}}, "")
	if d := cmp.Diff(queue.ScanFacts{Senders: []string{}}, facts); d != "" || err != nil || text != "ok: 0 messages in the queue (0 files, 0 B)" {
		t.Errorf("%v, %s\n%s", err, text, d)
	}
	gone := trial.Server{Base: filepath.Join(t.TempDir(), "none")}
	if _, text, err := scan(t, queue.Env{Server: gone}, ""); err != nil || strings.Count(text, "there is no such folder") != 4 {
		t.Errorf("%v, %s", err, text)
	}
}

func TestScanGrowth(t *testing.T) {
	s := flood(t, 10)
	earlier := &spool.Backlog{Time: clock().Add(-2 * time.Minute), Folders: []spool.FolderBacklog{{Name: "incoming", Path: s.Folders()[0].Path, Messages: 1}}}
	env := queue.Env{Server: s, Clock: clock, Thresholds: queue.Thresholds{GrowthPerMinute: 4}, Earlier: func() *spool.Backlog { return earlier }}
	facts, text, err := scan(t, env, "")
	if err != nil || facts.Growth != 7.5 || !facts.Over || !strings.Contains(facts.Reason, "growth 8 a minute over 4 a minute") || !strings.Contains(text, "incoming: grows by 5 a minute, more than 4 a minute") {
		t.Errorf("%v, %+v\n%s", err, facts, text)
	}
	earlier = nil
	if facts, _, err := scan(t, env, ""); err != nil || facts.Growth != 0 || facts.Over {
		t.Errorf("without an earlier look: %v, %+v", err, facts)
	}
}

func TestScanWatches(t *testing.T) {
	s := flood(t, 0)
	looks := 0
	start := time.Now()
	env := queue.Env{Server: s, Thresholds: queue.Thresholds{GrowthPerMinute: 60}, Clock: func() time.Time {
		if looks++; looks == 2 {
			for i := range 10 {
				s.Incoming(t, fmt.Sprintf("B%010d", 500+i), "taro@example.jp", "v@example.com")
			}
		}
		return start.Add(time.Duration(looks) * time.Second)
	}}
	facts, _, err := scan(t, env, `{"watch":"50ms"}`)
	if err != nil || facts.Growth != 600 || !facts.Over || looks != 2 || time.Since(start) < 50*time.Millisecond {
		t.Errorf("%v, %+v after %d looks", err, facts, looks)
	}
	for _, with := range []string{`{"watch":"soon"}`, `{"watch":"-1s"}`, `{"exact":"yes"}`, `{"unknown":1}`} {
		if _, _, err := scan(t, env, with); err == nil {
			t.Errorf("%s was taken", with)
		}
	}
	ctx, cancel := context.WithTimeout(context.Background(), 20*time.Millisecond)
	defer cancel()
	_, err = kindOf(t, env, "queue.scan").Plan(ctx, runbook.Input{With: json.RawMessage(`{"watch":"1h"}`), Rec: quiet{}})
	if !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("%v", err)
	}
	out, err := kindOf(t, env, "queue.scan").Plan(context.Background(), runbook.Input{
		With: json.RawMessage(`{"watch":"1h"}`), Planned: []runbook.Change{{Kind: "service.stop"}}, Rec: quiet{}})
	if err != nil || len(out.Findings) == 0 || !strings.Contains(out.Findings[0].Text.EN, "after 1h0m0s") {
		t.Errorf("a plan of what is not done yet: %v, %+v", err, out.Findings)
	}
}

// TestScanDoesNotGuess: a folder that cannot be counted makes the facts undetermined, never small.
func TestScanDoesNotGuess(t *testing.T) {
	s := flood(t, 3)
	trial.Must(t, os.RemoveAll(filepath.Join(s.Base, "lists")))
	trial.Must(t, os.Symlink("holding", filepath.Join(s.Base, "lists")))
	_, text, err := scan(t, queue.Env{Server: s}, "")
	if !errors.Is(err, runbook.ErrUndetermined) || !strings.Contains(err.Error(), "lists: not a folder") || !strings.Contains(text, "bad: lists: cannot be counted") {
		t.Errorf("%v\n%s", err, text)
	}
	if _, _, err := scan(t, queue.Env{Server: plain{s}}, ""); !errors.Is(err, errors.ErrUnsupported) {
		t.Errorf("a server without the ability: %v", err)
	}
}

// plain is a server that can do nothing else.
type plain struct{ spool.Server }

func TestKindsNeedNoServer(t *testing.T) {
	for _, k := range queue.Kinds(queue.Env{}) {
		if k.Name == "" || k.Short.EN == "" || k.Short.JA == "" || k.Action == nil {
			t.Errorf("%+v", k)
		}
		if _, changes := k.Changer(); changes != (k.MaxRisk != "") {
			t.Errorf("%s changes something: %v, risk %q", k.Name, changes, k.MaxRisk)
		}
	}
}
