package release

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"hikeshi/actions/queue/setaside"
	"hikeshi/runbook"
	"hikeshi/spool"
	"hikeshi/spool/aside/trial"
)

const incident = "20261121-031200"

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
	return runbook.Input{Incident: incident, Step: "release", With: b, Rec: kept{}}
}

// quarantined is a server whose mail an incident has set aside, by strategy.
func quarantined(t testing.TB, strategy string) (trial.Server, Release) {
	t.Helper()
	s := trial.New(t)
	s.Incoming(t, "B0000000001", "taro@example.jp", "a@example.com")
	s.Incoming(t, "B0000000002", "hanako@example.jp", "b@example.jp", "c@Example.JP")
	s.Incoming(t, "B0000000003", "", "d@example.jp", "e@example.com")
	s.Retry(t, "B0000000004-R0001", "taro@example.jp", "f@example.net")
	s.Retry(t, "B0000000005-R0002", "hanako@example.jp", "g@example.jp")
	s.Put(t, "lists/news/B0000000006-M00000001.MSG", "list")
	s.Put(t, "lists/news/B0000000006-M00000001.RCP", trial.Envelope("news@example.jp", "h@example.jp"))
	s.Put(t, "incoming/B0000000007.MSG", "a body alone")
	old := time.Date(2026, 11, 20, 12, 0, 0, 0, time.Local)
	trial.Must(t, os.Chtimes(filepath.Join(s.Base, "incoming/B0000000001.MSG"), old, old))
	env := setaside.Env{Server: s, Own: spool.Own{Domains: []string{"example.jp"}}}
	q := setaside.Kind(env).Action.(runbook.Changer)
	out, err := q.Plan(context.Background(), input(t, map[string]any{"strategy": strategy}))
	trial.Must(t, err)
	trial.Must(t, q.Apply(context.Background(), out.Changes[0], kept{}))
	return s, Release{env}
}

func planned(t testing.TB, r Release, with map[string]any) runbook.Outcome {
	t.Helper()
	out, err := r.Plan(context.Background(), input(t, with))
	trial.Must(t, err)
	return out
}

// live lists the files of the queue, without what is set aside.
func live(t testing.TB, s trial.Server) []string {
	t.Helper()
	var all []string
	for name, what := range s.Tree(t) {
		if !strings.Contains(name, ".q-") && strings.HasPrefix(what, "10") {
			all = append(all, name)
		}
	}
	slices.Sort(all)
	return all
}

func TestRelease(t *testing.T) {
	in := func(stems ...string) (names []string) {
		for _, s := range stems {
			names = append(names, "incoming/"+s+".MSG", "incoming/"+s+".RCP")
		}
		return names
	}
	const one, two, three, four, five = "B0000000001", "B0000000002", "B0000000003", "B0000000004-R0001", "B0000000005-R0002"
	list := []string{"lists/news/B0000000006-M00000001.MSG", "lists/news/B0000000006-M00000001.RCP"}
	tests := map[string]struct {
		with  map[string]any
		want  []string
		facts Facts
	}{
		"all":            {map[string]any{"all": true}, append(in(one, two, three, four, five), list...), Facts{Messages: 6, Files: 12, Left: 1}},
		"own domains":    {map[string]any{"own_domains": true}, append(in(two, five), list...), Facts{Messages: 3, Files: 6, Left: 4}},
		"sender":         {map[string]any{"senders": []string{"TARO@example.jp"}}, in(one, four), Facts{Messages: 2, Files: 4, Left: 5}},
		"null sender":    {map[string]any{"senders": []string{"<>"}}, in(three), Facts{Messages: 1, Files: 2, Left: 6}},
		"sender domain":  {map[string]any{"senders": []string{"example.jp"}, "recipients": []string{"@example.net"}}, in(four), Facts{Messages: 1, Files: 2, Left: 6}},
		"recipient":      {map[string]any{"recipients": []string{"e@example.com", "a@example.com"}}, in(one, three), Facts{Messages: 2, Files: 4, Left: 5}},
		"client":         {map[string]any{"clients": []string{"198.51.100.0/24"}}, in(four, five), Facts{Messages: 2, Files: 4, Left: 5}},
		"ids":            {map[string]any{"ids": []string{"b0000000002", "B0000000005-r0002"}}, in(two, five), Facts{Messages: 2, Files: 4, Left: 5}},
		"until":          {map[string]any{"until": "2026-11-20 12:01"}, in(one), Facts{Messages: 1, Files: 2, Left: 6}},
		"window, client": {map[string]any{"since": "2026-11-20", "clients": []string{"203.0.113.9"}, "until": "2026-11-20T12:00:00"}, nil, Facts{Messages: 0, Files: 0, Left: 7}},
	}
	for name, test := range tests {
		for _, strategy := range []string{"rename", "move"} {
			t.Run(name+", "+strategy, func(t *testing.T) {
				ctx := context.Background()
				s, r := quarantined(t, strategy)
				before, exact, files := s.Tree(t), s.Exact(t), s.Files(t)
				out := planned(t, r, test.with)
				if d := cmp.Diff(out, planned(t, r, test.with)); d != "" {
					t.Errorf("the second plan differs:\n%s", d)
				}
				if d := cmp.Diff(exact, s.Exact(t)); d != "" {
					t.Errorf("plan changed something:\n%s", d)
				}
				if out.Facts != test.facts {
					t.Errorf("facts are %+v, want %+v", out.Facts, test.facts)
				}
				if test.want == nil {
					if len(out.Changes) > 0 {
						t.Errorf("changes: %+v", out.Changes)
					}
					return
				}
				c := out.Changes[0]
				cycle(t, r, c, before, s)
				if d := cmp.Diff(test.want, live(t, s)); d != "" {
					t.Errorf("in the queue:\n%s", d)
				}
				if d := cmp.Diff(files, s.Files(t)); d != "" {
					t.Errorf("files differ:\n%s", d)
				}
				if again := planned(t, r, test.with); len(again.Changes) > 0 {
					t.Errorf("after it there is still something to do: %+v", again)
				}
				if st, err := r.Verify(ctx, c, kept{}); err != nil || st != runbook.Done {
					t.Errorf("state is %s (%v)", st, err)
				}
			})
		}
	}
}

// cycle applies and undoes c, each twice, and applies it again.
func cycle(t *testing.T, r Release, c runbook.Change, before map[string]string, s trial.Server) {
	t.Helper()
	ctx := context.Background()
	state := func(want runbook.State) {
		t.Helper()
		if got, err := r.Verify(ctx, c, kept{}); err != nil || got != want {
			t.Fatalf("state is %s (%v), want %s", got, err, want)
		}
	}
	state(runbook.None)
	trial.Must(t, r.Undo(ctx, c, kept{}))
	for range 2 {
		trial.Must(t, r.Apply(ctx, c, kept{}))
		state(runbook.Done)
	}
	for range 2 {
		trial.Must(t, r.Undo(ctx, c, kept{}))
		state(runbook.None)
	}
	after := s.Tree(t)
	delete(after, "lists/news") // made for what goes back there, and empty now
	delete(before, "lists/news")
	if d := cmp.Diff(before, after); d != "" {
		t.Fatalf("undo left a difference:\n%s", d)
	}
	trial.Must(t, r.Apply(ctx, c, kept{}))
}

func TestRefusals(t *testing.T) {
	_, r := quarantined(t, "rename")
	for name, with := range map[string]map[string]any{
		"nothing said":     {},
		"all and a choice": {"all": true, "ids": []string{"B0000000001"}},
		"no time":          {"since": "yesterday"},
		"no network":       {"clients": []string{"203.0.113.0/99"}},
		"no address":       {"clients": []string{"mail.example.com"}},
	} {
		if _, err := r.Plan(context.Background(), input(t, with)); err == nil {
			t.Errorf("%s: planned", name)
		}
	}
	r.env.Own.Domains = nil
	if _, err := r.Plan(context.Background(), input(t, map[string]any{"own_domains": true})); !errors.Is(err, runbook.ErrUndetermined) {
		t.Errorf("own domains unknown: %v", err)
	}
	out := planned(t, r, map[string]any{"all": true, "incident": "other"})
	if len(out.Changes) > 0 || len(out.Findings) != 1 {
		t.Errorf("another incident: %+v", out)
	}
}

// A name that is taken, before the plan and after it, is never replaced, and its message stays whole where it is.
func TestTaken(t *testing.T) {
	s, r := quarantined(t, "rename")
	s.Put(t, "incoming/B0000000001.RCP", "newer")
	out := planned(t, r, map[string]any{"all": true})
	if out.Facts.(Facts).Messages != 5 || !slices.ContainsFunc(out.Findings, func(f runbook.Finding) bool { return strings.Contains(f.Evidence, "B0000000001.RCP") }) {
		t.Fatalf("%+v", out)
	}
	s.Put(t, "incoming/B0000000005-R0002.RCP", "newer still")
	files := s.Files(t)
	rec := kept{}
	err := r.Apply(context.Background(), out.Changes[0], rec)
	if err == nil || !strings.Contains(string(rec["not-moved.txt"]), "B0000000005-R0002.RCP") {
		t.Errorf("got %v and %q", err, rec)
	}
	if st, err := r.Verify(context.Background(), out.Changes[0], rec); err != nil || st != runbook.Partial {
		t.Errorf("state is %s (%v)", st, err)
	}
	if d := cmp.Diff(files, s.Files(t)); d != "" {
		t.Errorf("files differ:\n%s", d)
	}
	for _, rel := range []string{"incoming.q-" + incident + "/B0000000001.MSG", "holding.q-" + incident + "/B0000000005-R0002.MSG", "incoming/B0000000002.MSG"} {
		if _, err := os.Stat(filepath.Join(s.Base, rel)); err != nil {
			t.Error(err)
		}
	}
}

// What a service has taken meanwhile is listed by undo and is no error.
func TestUndoAfterDelivery(t *testing.T) {
	s, r := quarantined(t, "rename")
	c := planned(t, r, map[string]any{"all": true}).Changes[0]
	trial.Must(t, r.Apply(context.Background(), c, kept{}))
	trial.Must(t, os.Remove(filepath.Join(s.Base, "incoming/B0000000001.MSG")))
	trial.Must(t, os.Remove(filepath.Join(s.Base, "incoming/B0000000001.RCP")))
	trial.Must(t, os.Rename(filepath.Join(s.Base, "incoming/B0000000002.RCP"), filepath.Join(s.Base, "incoming/B0000000002.$CP")))
	if st, err := r.Verify(context.Background(), c, kept{}); err != nil || st != runbook.Done {
		t.Errorf("state is %s (%v)", st, err)
	}
	rec := kept{}
	for range 2 {
		trial.Must(t, r.Undo(context.Background(), c, rec))
		if got := string(rec["not-set-aside-again.txt"]); !strings.Contains(got, "2 of 6 messages") || !strings.Contains(got, "B0000000002.MSG") {
			t.Errorf("evidence: %q", got)
		}
		if d := cmp.Diff([]string{"incoming/B0000000002.$CP", "incoming/B0000000002.MSG"}, live(t, s)); d != "" {
			t.Errorf("in the queue:\n%s", d)
		}
	}
}

// When the setting aside has been undone, there is no place left to set messages aside again.
func TestUndoWithoutAPlace(t *testing.T) {
	s, r := quarantined(t, "rename")
	c := planned(t, r, map[string]any{"ids": []string{"B0000000001"}}).Changes[0]
	trial.Must(t, r.Apply(context.Background(), c, kept{}))
	for _, f := range s.Folders() {
		trial.Must(t, os.Rename(f.Path+".q-"+incident, f.Path+"-elsewhere"))
	}
	before := s.Tree(t)
	if err := r.Undo(context.Background(), c, kept{}); !errors.Is(err, runbook.ErrDrift) {
		t.Errorf("got %v, want a drift", err)
	}
	if d := cmp.Diff(before, s.Tree(t)); d != "" {
		t.Error(d)
	}
}

// Past a shut gate the risk has to be named, and it is told why. Nothing to put back is no risk.
func TestPastAGate(t *testing.T) {
	_, r := quarantined(t, "rename")
	for gate, want := range map[string]runbook.Risk{"": runbook.Reversible, "closed": runbook.Reopening} {
		out := planned(t, r, map[string]any{"all": true, "past_gate": gate})
		warned := slices.ContainsFunc(out.Findings, func(f runbook.Finding) bool {
			return f.Level == runbook.Warn && strings.Contains(f.Text.EN, "a gate is shut: closed") && strings.Contains(f.Text.JA, "関門が閉じたままの事案がある: closed")
		})
		if len(out.Changes) != 1 || out.Changes[0].Risk != want || warned != (gate != "") {
			t.Errorf("%q: %+v, %v", gate, out.Changes, out.Findings)
		}
	}
	if out := planned(t, r, map[string]any{"all": true, "suspects": []string{"taro", "203.0.113.9"}}); len(out.Changes) != 1 || out.Changes[0].Risk != runbook.Reopening || !strings.Contains(out.Findings[0].Text.EN, "not excluded: taro, 203.0.113.9") {
		t.Errorf("%+v", out)
	}
	if out := planned(t, r, map[string]any{"senders": []string{"nobody@example.org"}, "past_gate": "closed"}); len(out.Changes) != 0 {
		t.Errorf("%+v", out)
	}
}

// Only a step that says that it goes past a gate has to be agreed to beforehand.
func TestRiskIsThatOfTheGate(t *testing.T) {
	k := Kind(setaside.Env{})
	for with, want := range map[string]runbook.Risk{"all": runbook.Reversible, "own_domains": runbook.Reversible, "past_gate": runbook.Reopening} {
		if got := k.RiskOf(map[string]runbook.Value{with: {Literal: true}}); got != want {
			t.Errorf("%s: %s", with, got)
		}
	}
}
