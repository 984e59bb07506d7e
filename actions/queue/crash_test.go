package queue_test

import (
	"context"
	"encoding/json"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"hikeshi/actions/queue"
	"hikeshi/runbook"
	"hikeshi/spool"
	"hikeshi/spool/aside/trial"
	"hikeshi/spool/disk"
)

const incident = "20261121-031200"

type quiet struct{}

func (quiet) Evidence(string, io.Reader) error { return nil }
func (quiet) Backup(string, io.Reader) error   { return nil }
func (quiet) Progress(int64, int64)            {}

// kinds are the kinds of a server on which only this incident has set anything aside, by the change c.
func kinds(base string, c runbook.Change) map[string]runbook.Changer {
	env := queue.Env{
		Server: trial.Server{Base: base}, Own: spool.Own{Domains: []string{"example.jp"}},
		Recorded: func(string) ([]disk.ID, error) { return queue.SetAside(c) },
	}
	all := map[string]runbook.Changer{}
	for _, k := range queue.Kinds(env) {
		if c, ok := k.Changer(); ok {
			all[k.Name] = c
		}
	}
	return all
}

// A job is what the child of a crash test does.
type job struct {
	Base       string
	Change     runbook.Change
	Quarantine runbook.Change // what set aside the mail that Change is about
	Undo       bool
}

func TestCrashChild(t *testing.T) {
	var j job
	trial.Child(t, &j)
	k := kinds(j.Base, j.Quarantine)[j.Change.Kind]
	if j.Undo {
		trial.Must(t, k.Undo(context.Background(), j.Change, quiet{}))
		return
	}
	trial.Must(t, k.Apply(context.Background(), j.Change, quiet{}))
}

// plan plans the one change of a kind and numbers it.
func plan(t *testing.T, k runbook.Changer, with map[string]any) runbook.Change {
	t.Helper()
	b, err := json.Marshal(with)
	trial.Must(t, err)
	out, err := k.Plan(context.Background(), runbook.Input{Incident: incident, Step: "step", With: b, Rec: quiet{}})
	trial.Must(t, err)
	if len(out.Changes) != 1 {
		t.Fatalf("%d changes: %+v", len(out.Changes), out)
	}
	return out.Changes[0]
}

func filled(t *testing.T) trial.Server {
	s := trial.New(t)
	s.Incoming(t, "B0000000001", "taro@example.jp", "a@example.com")
	s.Retry(t, "B0000000002-R0001", "taro@example.jp", "f@example.net")
	s.Put(t, "holding/B0000000003-R0001.MSG", "body 3")
	s.Put(t, "holding/B0000000004-R0001.MSG", "body 4")
	s.Put(t, "domains/example.jp/B0000000003-R0001.RCP", trial.Envelope("a@example.com", "x@example.jp"))
	s.Put(t, "domains/example.jp/B0000000004-R0001.RCP", trial.Envelope("b@example.com", "y@example.jp"))
	s.Put(t, "lists/news/B0000000006-M00000001.MSG", "list")
	s.Put(t, "lists/news/B0000000006-M00000001.RCP", trial.Envelope("news@example.jp", "h@example.jp"))
	return s
}

// whole fails if an envelope stands in the queue without the body that belongs to it there: the server would delete it.
func whole(t *testing.T, s trial.Server) {
	t.Helper()
	for name := range s.Tree(t) {
		stem, envelope := strings.CutSuffix(name, ".RCP")
		if !envelope || strings.Contains(name, ".q-") || strings.HasPrefix(name, "domains/") {
			continue
		}
		if _, err := os.Stat(filepath.Join(s.Base, stem+".MSG")); err != nil {
			t.Errorf("an envelope without its body: %v", err)
		}
	}
}

func verify(t *testing.T, k runbook.Changer, c runbook.Change, want ...runbook.State) {
	t.Helper()
	got, err := k.Verify(context.Background(), c, quiet{})
	if err != nil {
		t.Fatal(err)
	}
	for _, w := range want {
		if got == w {
			return
		}
	}
	t.Fatalf("state is %s, want one of %v", got, want)
}

// The process ends before and after every writing call of every kind that changes something: nothing is lost, and both directions end
// where they should.
func TestCrash(t *testing.T) {
	c := trial.NewCrasher(t)
	t.Run("quarantine", func(t *testing.T) { crashQuarantine(t, c) })
	t.Run("release", func(t *testing.T) { crashRelease(t, c, map[string]any{"all": true}) })
	t.Run("release in lots", func(t *testing.T) {
		crashRelease(t, c, map[string]any{"all": true, "lot": 2, "every": "1ms", "except_senders": []string{"news@example.jp"}})
	})
	t.Run("purge", func(t *testing.T) { crashPurge(t, c) })
}

func crashQuarantine(t *testing.T, c trial.Crasher) {
	for _, with := range []map[string]any{{"strategy": "move"}, {"strategy": "rename"}, {"strategy": "move", "senders": []string{"a@example.com"}}} {
		for _, undo := range []bool{false, true} {
			n := c.Every(t, func(t *testing.T, run func(any) bool) {
				s := filled(t)
				before, files := s.Tree(t), s.Files(t)
				k := kinds(s.Base, runbook.Change{})["queue.quarantine"]
				change := plan(t, k, with)
				run(job{Base: s.Base, Change: change})
				if d := cmp.Diff(files, s.Files(t)); d != "" {
					t.Errorf("files after the crash differ:\n%s", d)
				}
				verify(t, k, change, runbook.None, runbook.Partial, runbook.Done)
				if !undo {
					trial.Must(t, k.Apply(context.Background(), change, quiet{}))
					verify(t, k, change, runbook.Done)
				}
				run(job{Base: s.Base, Change: change, Undo: true})
				if d := cmp.Diff(files, s.Files(t)); d != "" {
					t.Errorf("files after the crashed undo differ:\n%s", d)
				}
				trial.Must(t, k.Undo(context.Background(), change, quiet{}))
				verify(t, k, change, runbook.None)
				if d := cmp.Diff(before, s.Tree(t)); d != "" {
					t.Errorf("undo left a difference:\n%s", d)
				}
			})
			t.Logf("%v, undo %v: %d writing calls", with, undo, n)
		}
	}
}

// crashRelease: no envelope may ever stand in the queue without its body.
func crashRelease(t *testing.T, c trial.Crasher, with map[string]any) {
	for _, undo := range []bool{false, true} {
		n := c.Every(t, func(t *testing.T, run func(any) bool) {
			s := filled(t)
			quarantine := kinds(s.Base, runbook.Change{})["queue.quarantine"]
			set := plan(t, quarantine, map[string]any{"strategy": "rename"})
			trial.Must(t, quarantine.Apply(context.Background(), set, quiet{}))
			files := s.Files(t)
			k := kinds(s.Base, set)["queue.release"]
			change := plan(t, k, with)
			crashed := run(job{Base: s.Base, Change: change})
			if d := cmp.Diff(files, s.Files(t)); d != "" {
				t.Errorf("files after the crash differ:\n%s", d)
			}
			whole(t, s)
			verify(t, k, change, runbook.None, runbook.Partial, runbook.Done)
			if !undo {
				trial.Must(t, k.Apply(context.Background(), change, quiet{}))
				verify(t, k, change, runbook.Done)
				whole(t, s)
			}
			if crashed {
				run(job{Base: s.Base, Change: change, Undo: true})
				whole(t, s)
			}
			trial.Must(t, k.Undo(context.Background(), change, quiet{}))
			verify(t, k, change, runbook.None)
			if d := cmp.Diff(files, s.Files(t)); d != "" {
				t.Errorf("files after undo differ:\n%s", d)
			}
		})
		t.Logf("undo %v: %d writing calls", undo, n)
	}
}

// crashPurge: a purge that was cut short goes on, and removes nothing else.
func crashPurge(t *testing.T, c trial.Crasher) {
	n := c.Every(t, func(t *testing.T, run func(any) bool) {
		s := filled(t)
		quarantine := kinds(s.Base, runbook.Change{})["queue.quarantine"]
		set := plan(t, quarantine, map[string]any{"strategy": "move", "senders": []string{"example.com", "taro@example.jp"}})
		before := s.Tree(t)
		trial.Must(t, quarantine.Apply(context.Background(), set, quiet{}))
		after := s.Tree(t)
		k := kinds(s.Base, set)["queue.purge"]
		change := plan(t, k, map[string]any{"incident": incident, "count": 4})
		run(job{Base: s.Base, Change: change, Quarantine: set})
		trial.Must(t, k.Apply(context.Background(), change, quiet{}))
		verify(t, k, change, runbook.Done)
		for name := range after {
			if _, live := before[name]; !live {
				delete(after, name)
			}
		}
		if d := cmp.Diff(after, s.Tree(t)); d != "" {
			t.Errorf("more or less is gone:\n%s", d)
		}
	})
	t.Logf("%d writing calls", n)
}
