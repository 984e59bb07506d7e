package setaside

import (
	"archive/tar"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"hikeshi/actions/queue/words"
	"hikeshi/runbook"
	"hikeshi/spool/aside/trial"
)

const incident = "20261121-031200"

// kept is a Recorder that remembers.
type kept map[string][]byte

func (k kept) Evidence(name string, r io.Reader) (err error) {
	k[name], err = io.ReadAll(r)
	return err
}
func (k kept) Backup(name string, r io.Reader) error { return k.Evidence(name, r) }
func (kept) Progress(int64, int64)                   {}

func input(t testing.TB, with map[string]any) runbook.Input {
	t.Helper()
	b, err := json.Marshal(with)
	trial.Must(t, err)
	return runbook.Input{Incident: incident, Step: "setaside", With: b, Rec: kept{}}
}

func idle(context.Context) ([]string, error) { return nil, nil }

func planned(t testing.TB, q Quarantine, with map[string]any) runbook.Outcome {
	t.Helper()
	out, err := q.Plan(context.Background(), input(t, with))
	trial.Must(t, err)
	return out
}

func filled(t testing.TB) trial.Server {
	s := trial.New(t)
	s.Incoming(t, "B0000000001", "taro@example.jp", "a@example.com")
	s.Incoming(t, "B0000000002", "Hanako@example.jp", "b@example.com")
	s.Retry(t, "B0000000003-R0001", "taro@example.jp", "c@example.net")
	s.Put(t, "lists/news/B0000000004-M00000001.MSG", "list")
	s.Put(t, "lists/news/B0000000004-M00000001.RCP", trial.Envelope("news@example.jp", "d@example.org"))
	s.Put(t, "incoming/notes \x1b[31m.txt", "odd")
	return s
}

// Both strategies: a plan changes nothing and is the same twice; after apply there is nothing to do; undo restores everything.
func TestConformance(t *testing.T) {
	tests := map[string]struct {
		with  map[string]any
		op    string
		facts QuarantineFacts
	}{
		"auto, few":      {map[string]any{}, "move", QuarantineFacts{Messages: 4, Files: 9}},
		"auto, many":     {map[string]any{"limit": 3}, "rename", QuarantineFacts{Messages: 4, Files: 10}},
		"move":           {map[string]any{"strategy": "move"}, "move", QuarantineFacts{Messages: 4, Files: 9}},
		"rename":         {map[string]any{"strategy": "rename"}, "rename", QuarantineFacts{Messages: 4, Files: 10}},
		"by sender":      {map[string]any{"strategy": "move", "senders": []string{"TARO@example.jp"}}, "move", QuarantineFacts{Messages: 2, Files: 5}},
		"by its domain":  {map[string]any{"strategy": "auto", "senders": []string{"@example.jp"}}, "move", QuarantineFacts{Messages: 4, Files: 9}},
		"rename, sender": {map[string]any{"limit": 1, "senders": []string{"taro@example.jp"}}, "rename", QuarantineFacts{Messages: 4, Files: 10}},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			ctx := context.Background()
			s := filled(t)
			q := Quarantine{Env{Server: s, InUse: idle}}
			before, exact := s.Tree(t), s.Exact(t)
			out := planned(t, q, test.with)
			if d := cmp.Diff(out, planned(t, q, test.with)); d != "" {
				t.Errorf("the second plan differs:\n%s", d)
			}
			if d := cmp.Diff(exact, s.Exact(t)); d != "" {
				t.Errorf("plan changed something:\n%s", d)
			}
			if len(out.Changes) != 1 || out.Changes[0].Op != test.op || out.Changes[0].UndoRisk != runbook.Reopening {
				t.Fatalf("changes are %+v", out.Changes)
			}
			test.facts.Strategy = test.op
			for _, f := range s.Folders() {
				test.facts.Folders = append(test.facts.Folders, f.Path+".q-"+incident)
			}
			if d := cmp.Diff(test.facts, out.Facts); d != "" {
				t.Errorf("facts:\n%s", d)
			}
			applied(t, q, out.Changes[0], before, s)
			again := planned(t, q, test.with)
			if len(again.Changes) > 0 {
				t.Errorf("after undo and apply there is still something to do: %+v", again.Changes)
			}
			if got, err := q.Verify(ctx, out.Changes[0], kept{}); err != nil || got != runbook.Done {
				t.Errorf("state is %s (%v)", got, err)
			}
		})
	}
}

// applied applies, verifies, undoes, and applies again, each twice.
func applied(t *testing.T, q Quarantine, c runbook.Change, before map[string]string, s trial.Server) {
	t.Helper()
	ctx := context.Background()
	state := func(want runbook.State) {
		t.Helper()
		if got, err := q.Verify(ctx, c, kept{}); err != nil || got != want {
			t.Fatalf("state is %s (%v), want %s", got, err, want)
		}
	}
	state(runbook.None)
	trial.Must(t, q.Undo(ctx, c, kept{}))
	for range 2 {
		trial.Must(t, q.Apply(ctx, c, kept{}))
		state(runbook.Done)
	}
	for range 2 {
		trial.Must(t, q.Undo(ctx, c, kept{}))
		state(runbook.None)
		if d := cmp.Diff(before, s.Tree(t)); d != "" {
			t.Fatalf("undo left a difference:\n%s", d)
		}
	}
	trial.Must(t, q.Apply(ctx, c, kept{}))
}

func TestRefusals(t *testing.T) {
	busy := func(context.Context) ([]string, error) { return []string{"epstdd.service"}, nil }
	blind := func(context.Context) ([]string, error) { return nil, errors.New("no bus") }
	s := filled(t)
	before := s.Tree(t)
	_, err := Quarantine{Env{Server: s, InUse: busy}}.Plan(context.Background(), input(t, nil))
	if err == nil || !strings.Contains(err.Error(), "epstdd.service") {
		t.Errorf("in use: %v", err)
	}
	_, err = Quarantine{Env{Server: s, InUse: blind}}.Plan(context.Background(), input(t, nil))
	if !errors.Is(err, runbook.ErrUndetermined) {
		t.Errorf("cannot tell: %v", err)
	}
	in := input(t, nil)
	in.Planned = []runbook.Change{{Kind: "service.stop"}}
	q := Quarantine{Env{Server: s, InUse: busy}}
	out, err := q.Plan(context.Background(), in)
	if err != nil || len(out.Changes) != 1 {
		t.Fatalf("a stop is planned: %v, %+v", err, out)
	}
	for what, do := range map[string]func(context.Context, runbook.Change, runbook.Recorder) error{"apply": q.Apply, "undo": q.Undo} {
		if err := do(context.Background(), out.Changes[0], kept{}); err == nil || !strings.Contains(err.Error(), "epstdd.service") {
			t.Errorf("%s while in use: %v", what, err)
		}
	}
	for _, with := range []map[string]any{{"strategy": "move", "limit": 1}, {"strategy": "move", "unknown": 1}} {
		if _, err := (Quarantine{Env{Server: s, InUse: idle}}).Plan(context.Background(), input(t, with)); err == nil {
			t.Errorf("%v is planned", with)
		}
	}
	if d := cmp.Diff(before, s.Tree(t)); d != "" {
		t.Errorf("something was changed:\n%s", d)
	}
}

func TestNothing(t *testing.T) {
	s := trial.New(t)
	out := planned(t, Quarantine{Env{Server: s, InUse: idle}}, map[string]any{"strategy": "rename"})
	if len(out.Changes) > 0 || len(out.Findings) != 1 || out.Findings[0].Level != runbook.OK {
		t.Errorf("%+v", out)
	}
}

// The second time the same incident sets mail aside it goes beside the first, and each undo brings back its own.
func TestTwice(t *testing.T) {
	ctx := context.Background()
	s := filled(t)
	q := Quarantine{Env{Server: s, InUse: idle}}
	rename := map[string]any{"strategy": "rename"}
	first := planned(t, q, rename).Changes[0]
	trial.Must(t, q.Apply(ctx, first, kept{}))
	s.Incoming(t, "B0000000008", "taro@example.jp", "a@example.com")
	files := s.Files(t)
	second := planned(t, q, rename).Changes[0]
	trial.Must(t, q.Apply(ctx, second, kept{}))
	sets, err := List(ctx, q.env)
	trial.Must(t, err)
	var got []string
	for _, set := range sets {
		got = append(got, fmt.Sprintf("%s %s %d/%d", set.Incident, set.Stamp, set.Messages, set.Files))
	}
	if d := cmp.Diff([]string{incident + " " + incident + " 4/10", incident + " " + incident + "_2 1/2"}, got); d != "" {
		t.Error(d)
	}
	trial.Must(t, q.Undo(ctx, second, kept{}))
	trial.Must(t, q.Undo(ctx, first, kept{}))
	if d := cmp.Diff(files, s.Files(t)); d != "" {
		t.Error(d)
	}
	if sets, err := List(ctx, q.env); err != nil || len(sets) > 0 {
		t.Errorf("still aside: %+v (%v)", sets, err)
	}
}

// What a start of the services wipes is kept, bounded, and read without following anything.
func TestEvidence(t *testing.T) {
	s := filled(t)
	s.Put(t, "temp/B1.TMP", "half a mail")
	s.Put(t, "temp/sub/B2.TMP", "more")
	s.Put(t, "temp/large\n", strings.Repeat("x", 2<<20))
	trial.Must(t, os.Symlink("/etc/passwd", filepath.Join(s.Base, "temp/link")))
	rec := kept{}
	in := input(t, nil)
	in.Rec = rec
	out, err := Quarantine{Env{Server: s, InUse: idle}}.Plan(context.Background(), in)
	trial.Must(t, err)
	got := map[string]string{}
	for r := tar.NewReader(bytes.NewReader(rec["temp.tar"])); ; {
		h, err := r.Next()
		if err == io.EOF {
			break
		}
		trial.Must(t, err)
		b, err := io.ReadAll(r)
		trial.Must(t, err)
		got[h.Name] = string(b)
	}
	list := strings.Split(got["NOT-COPIED.txt"], "\n")
	delete(got, "NOT-COPIED.txt")
	if d := cmp.Diff(map[string]string{"B1.TMP": "half a mail", "sub/B2.TMP": "more"}, got); d != "" {
		t.Error(d)
	}
	if len(list) != 3 || !strings.HasPrefix(list[0], `"large\n"`) || !strings.HasPrefix(list[1], `"link"`) {
		t.Errorf("listed: %q", list)
	}
	if !slices.ContainsFunc(out.Findings, func(f runbook.Finding) bool { return strings.Contains(f.Text.EN, "temp: 2 files") }) {
		t.Errorf("findings: %+v", out.Findings)
	}
}

type full struct{ kept }

func (full) Evidence(string, io.Reader) error { return errors.New("no space left on device") }

// A full disk keeps no evidence, and that is no reason not to go on.
func TestEvidenceThatCannotBeKept(t *testing.T) {
	s := filled(t)
	s.Put(t, "temp/B1.TMP", "half a mail")
	in := input(t, nil)
	in.Rec = full{}
	out, err := Quarantine{Env{Server: s, InUse: idle}}.Plan(context.Background(), in)
	if err != nil || len(out.Changes) != 1 || !slices.ContainsFunc(out.Findings, func(f runbook.Finding) bool { return f.Level == runbook.Warn }) {
		t.Errorf("%+v (%v)", out, err)
	}
}

func TestDriftIsTold(t *testing.T) {
	s := filled(t)
	q := Quarantine{Env{Server: s, InUse: idle}}
	c := planned(t, q, map[string]any{"strategy": "rename"}).Changes[0]
	trial.Must(t, os.Rename(filepath.Join(s.Base, "lists"), filepath.Join(s.Base, "away")))
	if err := q.Apply(context.Background(), c, kept{}); !errors.Is(err, runbook.ErrDrift) {
		t.Errorf("got %v", err)
	}
	if got, err := q.Verify(context.Background(), c, kept{}); err != nil || got != runbook.Drifted {
		t.Errorf("state is %s (%v)", got, err)
	}
}

func TestNumber(t *testing.T) {
	for n, want := range map[int64]string{0: "0", 999: "999", 1000: "1,000", 48210: "48,210", 1000000: "1,000,000", -1234: "-1,234"} {
		if got := words.Number(n); got != want {
			t.Errorf("%d is written %s", n, got)
		}
	}
}
