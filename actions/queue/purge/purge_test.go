package purge

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

	"github.com/google/go-cmp/cmp"

	"hikeshi/actions/queue/setaside"
	"hikeshi/runbook"
	"hikeshi/spool/aside"
	"hikeshi/spool/aside/trial"
	"hikeshi/spool/disk"
)

const incident = "20261121-031200"

type quiet struct{}

func (quiet) Evidence(string, io.Reader) error { return nil }
func (quiet) Backup(string, io.Reader) error   { return nil }
func (quiet) Progress(int64, int64)            {}

func input(t testing.TB, with map[string]any) runbook.Input {
	t.Helper()
	b, err := json.Marshal(with)
	trial.Must(t, err)
	return runbook.Input{Incident: incident, Step: "purge", With: b, Rec: quiet{}}
}

// quarantined is a server of which an incident has set three messages aside, and the kind that may purge them.
func quarantined(t testing.TB, strategy string) (trial.Server, Purge) {
	t.Helper()
	s := trial.New(t)
	s.Incoming(t, "B0000000001", "taro@example.jp", "a@example.com")
	s.Retry(t, "B0000000002-R0001", "taro@example.jp", "f@example.net")
	s.Retry(t, "B0000000003-R0001", "taro@example.jp", "f@example.com")
	trial.Must(t, os.Symlink("/etc", filepath.Join(s.Base, "incoming/B0000000009.MSG")))
	env := setaside.Env{Server: s}
	q := setaside.Kind(env).Action.(runbook.Changer)
	out, err := q.Plan(context.Background(), input(t, map[string]any{"strategy": strategy}))
	trial.Must(t, err)
	trial.Must(t, q.Apply(context.Background(), out.Changes[0], quiet{}))
	env.Recorded = func(id string) ([]disk.ID, error) {
		if id != incident {
			return nil, nil
		}
		return setaside.Recorded(out.Changes[0])
	}
	env.Counted = func(string) (aside.Stock, error) { return setaside.Counted(out.Changes[0]) }
	return s, Purge{env}
}

func TestPurge(t *testing.T) {
	for _, strategy := range []string{"rename", "move"} {
		t.Run(strategy, func(t *testing.T) {
			ctx := context.Background()
			s, p := quarantined(t, strategy)
			s.Incoming(t, "B0000000011", "taro@example.jp", "a@example.com")
			s.Put(t, "incoming.q-other/B0000000001.MSG", "of another incident")
			before, exact := s.Tree(t), s.Exact(t)
			out, err := p.Plan(ctx, input(t, map[string]any{"incident": incident, "count": 3}))
			trial.Must(t, err)
			if d := cmp.Diff(exact, s.Exact(t)); d != "" {
				t.Errorf("plan changed something:\n%s", d)
			}
			c := out.Changes[0]
			if c.Risk != runbook.Irreversible || out.Facts.(Facts).Messages != 3 {
				t.Errorf("%+v", out)
			}
			state(t, p, c, runbook.None)
			trial.Must(t, p.Undo(ctx, c, quiet{}))
			for range 2 {
				trial.Must(t, p.Apply(ctx, c, quiet{}))
				state(t, p, c, runbook.Done)
			}
			const link = "incoming.q-" + incident + "/B0000000009.MSG" // no file of the queue, so it stays where a rename took it
			_, stays := before[link]
			if stays != (strategy == "rename") {
				t.Errorf("the link is set aside: %v", stays)
			}
			for name := range before {
				if strings.Contains(name, ".q-"+incident) && name != link && !(stays && name == filepath.Dir(link)) {
					delete(before, name)
				}
			}
			if d := cmp.Diff(before, s.Tree(t)); d != "" {
				t.Errorf("more or less is gone:\n%s", d)
			}
			if err := p.Undo(ctx, c, quiet{}); err == nil {
				t.Error("undo of what cannot be undone says nothing")
			}
			again, err := p.Plan(ctx, input(t, map[string]any{"incident": incident, "count": 3}))
			if err != nil || len(again.Changes) > 0 {
				t.Errorf("after it there is still something to do: %+v (%v)", again, err)
			}
		})
	}
}

func state(t *testing.T, p Purge, c runbook.Change, want runbook.State) {
	t.Helper()
	if got, err := p.Verify(context.Background(), c, quiet{}); err != nil || got != want {
		t.Errorf("state is %s (%v), want %s", got, err, want)
	}
}

func TestRefusals(t *testing.T) {
	s, p := quarantined(t, "rename")
	s.Put(t, "holding.q-byhand/B0000000001.MSG", "made by hand")
	before := s.Tree(t)
	for name, with := range map[string]map[string]any{
		"no incident":     {"count": 3},
		"no count":        {"incident": incident},
		"another count":   {"incident": incident, "count": 4},
		"not in a record": {"incident": "byhand", "count": 1},
	} {
		if out, err := p.Plan(context.Background(), input(t, with)); err == nil {
			t.Errorf("%s: planned %+v", name, out)
		}
	}
	if out, err := p.Plan(context.Background(), input(t, map[string]any{"incident": "../../etc", "count": 1})); err != nil || len(out.Changes) > 0 {
		t.Errorf("a strange incident: %+v (%v)", out, err)
	}
	if d := cmp.Diff(before, s.Tree(t)); d != "" {
		t.Errorf("something was changed:\n%s", d)
	}
}

// A change whose folders were swapped for live ones by hand in the journal removes nothing.
func TestLiveFolderIsRefused(t *testing.T) {
	s, p := quarantined(t, "rename")
	out, err := p.Plan(context.Background(), input(t, map[string]any{"incident": incident, "count": 3}))
	trial.Must(t, err)
	before := s.Tree(t)
	for _, name := range []string{"incoming", "../x.q-1", "a/b.q-1"} {
		var d purgeData
		c := out.Changes[0]
		trial.Must(t, c.Decode(1, &d))
		d.Purge.Folders = []string{name}
		c.Data, err = json.Marshal(d)
		trial.Must(t, err)
		if err := p.Apply(context.Background(), c, quiet{}); err == nil {
			t.Errorf("%s is purged", name)
		}
	}
	if d := cmp.Diff(before, s.Tree(t)); d != "" {
		t.Errorf("something was changed:\n%s", d)
	}
}

func warned(out runbook.Outcome, word string) bool {
	return slices.ContainsFunc(out.Findings, func(f runbook.Finding) bool {
		return f.Level == runbook.Warn && strings.Contains(f.Text.EN, word)
	})
}

// What somebody put beside the set-aside mail is not removed, and is not in the number that has to be given.
func TestForeign(t *testing.T) {
	ctx := context.Background()
	for strategy, foreign := range map[string][]string{
		"move":   {"incoming.q-/B0000000008.MSG", "domains.q-/B0000000008.RCP", "incoming.q-/notes.txt", "lists.q-/mine/B0000000008.MSG", "domains.q-/example.net-B0000000002-R0001/notes.txt"},
		"rename": {"incoming.q-/notes.txt", "holding.q-/sub/B0000000008.MSG", "domains.q-/example.net-B0000000002-R0001/notes.txt", "lists.q-/list/a/b/c/d/B0000000008.MSG"},
	} {
		t.Run(strategy, func(t *testing.T) {
			s, p := quarantined(t, strategy)
			for i, rel := range foreign {
				foreign[i] = strings.Replace(rel, ".q-", ".q-"+incident, 1)
				s.Put(t, foreign[i], "foreign")
			}
			out, err := p.Plan(ctx, input(t, map[string]any{"incident": incident, "count": 3}))
			trial.Must(t, err)
			if !warned(out, "not removed") {
				t.Errorf("findings: %+v", out.Findings)
			}
			sets, err := setaside.List(ctx, p.env)
			trial.Must(t, err)
			if sets[0].Stock == nil || sets[0].Stock.Messages != 3 || sets[0].Stock.Foreign < int64(len(foreign)) {
				t.Errorf("listed as %+v", sets[0].Stock)
			}
			if ways := setaside.Ways(sets[0]); !strings.Contains(ways[len(ways)-1].EN, "--count 3 ") {
				t.Errorf("ways: %v", ways)
			}
			trial.Must(t, p.Apply(ctx, out.Changes[0], quiet{}))
			state(t, p, out.Changes[0], runbook.Done)
			for _, rel := range foreign {
				if _, err := os.Stat(filepath.Join(s.Base, rel)); err != nil {
					t.Error(err)
				}
			}
			again, err := p.Plan(ctx, input(t, map[string]any{"incident": incident, "count": 0}))
			if err != nil || len(again.Changes) > 0 || !warned(again, "not removed") {
				t.Errorf("with nothing but foreign files left: %+v (%v)", again, err)
			}
			sets, err = setaside.List(ctx, p.env)
			trial.Must(t, err)
			for _, way := range setaside.Ways(sets[0]) {
				if strings.Contains(way.EN, "purge") {
					t.Errorf("a purge of nothing is offered: %s", way.EN)
				}
			}
		})
	}
}

// A queue file that came after the confirmation stops a purge.
func TestLater(t *testing.T) {
	s, p := quarantined(t, "rename")
	out, err := p.Plan(context.Background(), input(t, map[string]any{"incident": incident, "count": 3}))
	trial.Must(t, err)
	s.Put(t, "incoming.q-"+incident+"/B0000000008.MSG", "later")
	before := s.Tree(t)
	if err := p.Apply(context.Background(), out.Changes[0], quiet{}); !errors.Is(err, runbook.ErrDrift) {
		t.Errorf("got %v, want a drift", err)
	}
	if d := cmp.Diff(before, s.Tree(t)); d != "" {
		t.Errorf("something was changed:\n%s", d)
	}
}

// More queue files than were counted when they were set aside are told before the number is given.
func TestMoreThanCounted(t *testing.T) {
	ctx := context.Background()
	for _, strategy := range []string{"rename", "move"} {
		t.Run(strategy, func(t *testing.T) {
			s, p := quarantined(t, strategy)
			look := func(count int) runbook.Outcome {
				t.Helper()
				out, err := p.Plan(ctx, input(t, map[string]any{"incident": incident, "count": count}))
				trial.Must(t, err)
				return out
			}
			if out := look(3); warned(out, "counted") {
				t.Errorf("findings: %+v", out.Findings)
			}
			s.Put(t, "domains.q-"+incident+"/example.net-B0000000002-R0001/B0000000008.RCP", "put there")
			if out := look(4); !warned(out, "counted") {
				t.Errorf("findings: %+v", out.Findings)
			}
			if sets, err := setaside.List(ctx, p.env); err != nil || sets[0].Stock.Messages != 4 {
				t.Errorf("listed as %+v (%v)", sets[0].Stock, err)
			}
		})
	}
}

// A message of which parts lie in two sets of an incident is one message.
func TestTwoSets(t *testing.T) {
	ctx := context.Background()
	s, p := quarantined(t, "move")
	s.Incoming(t, "B0000000001-002", "taro@example.jp", "z@example.com")
	first, _ := p.env.Recorded(incident)
	q := setaside.Kind(p.env).Action.(runbook.Changer)
	out, err := q.Plan(ctx, input(t, map[string]any{"strategy": "move"}))
	trial.Must(t, err)
	trial.Must(t, q.Apply(ctx, out.Changes[0], quiet{}))
	second, err := setaside.Recorded(out.Changes[0])
	trial.Must(t, err)
	p.env.Recorded = func(string) ([]disk.ID, error) { return slices.Concat(first, second), nil }
	sets, err := setaside.List(ctx, p.env)
	trial.Must(t, err)
	if len(sets) != 2 || sets[0].Stock.Messages != 3 || sets[1].Stock.Messages != 3 {
		t.Errorf("listed as %+v", sets)
	}
	c, err := p.Plan(ctx, input(t, map[string]any{"incident": incident, "count": 3}))
	trial.Must(t, err)
	trial.Must(t, p.Apply(ctx, c.Changes[0], quiet{}))
	if sets, err = setaside.List(ctx, p.env); err != nil || len(sets) > 0 {
		t.Errorf("still set aside: %+v (%v)", sets, err)
	}
}
