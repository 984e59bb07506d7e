package queue_test

import (
	"context"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"hikeshi/actions/queue"
	"hikeshi/actions/queue/setaside"
	"hikeshi/runbook"
	"hikeshi/spool/aside"
	"hikeshi/spool/aside/trial"
	"hikeshi/spool/disk"
)

// moved is a server of which everything was set aside file by file, of which some messages were then released and delivered.
func moved(t *testing.T, release map[string]any) (s trial.Server, set runbook.Change) {
	t.Helper()
	s = filled(t)
	s.Put(t, "domains/example.jp/Domain.mri", "Domain-name: example.jp\n")
	s.Incoming(t, "B0000000001-002", "taro@example.jp", "b@example.com")
	ctx := context.Background()
	quarantine := kinds(s.Base, runbook.Change{})["queue.quarantine"]
	set = plan(t, quarantine, map[string]any{"strategy": "move"})
	trial.Must(t, quarantine.Apply(ctx, set, quiet{}))
	k := kinds(s.Base, set)["queue.release"]
	trial.Must(t, k.Apply(ctx, plan(t, k, release), quiet{}))
	for _, folder := range []string{"incoming", "lists/news"} {
		entries, err := os.ReadDir(filepath.Join(s.Base, folder))
		if err != nil && !os.IsNotExist(err) {
			t.Fatal(err)
		}
		for _, e := range entries {
			trial.Must(t, os.Remove(filepath.Join(s.Base, folder, e.Name())))
		}
	}
	return s, set
}

func files(t *testing.T, s trial.Server) []string {
	t.Helper()
	var all []string
	for name, what := range s.Tree(t) {
		if strings.HasPrefix(what, "10") { // S_IFREG in octal
			all = append(all, name)
		}
	}
	slices.Sort(all)
	return all
}

// What was released and delivered is not missed: the rest comes back, message by message, and nothing is left aside. What lay beside a
// message that has gone comes back, too.
func TestUndoAfterDelivery(t *testing.T) {
	mri := []string{"domains/example.jp/Domain.mri", "domains/example.net-B0000000002-R0001/Domain.mri"}
	four := []string{"domains/example.jp/B0000000004-R0001.RCP", "holding/B0000000004-R0001.MSG"}
	list := []string{"lists/news/B0000000006-M00000001.MSG", "lists/news/B0000000006-M00000001.RCP"}
	three := []string{"domains/example.jp/B0000000003-R0001.RCP", "holding/B0000000003-R0001.MSG"}
	one, second := []string{"incoming/B0000000001.MSG", "incoming/B0000000001.RCP"}, []string{"incoming/B0000000001-002.MSG", "incoming/B0000000001-002.RCP"}
	tests := map[string]struct {
		ids  []string
		want []string
	}{
		"a retry":           {[]string{"B0000000002"}, slices.Concat(one, second, three, four, list, mri)},
		"one of two there":  {[]string{"B0000000003"}, slices.Concat(one, second, four, list, mri, []string{"domains/example.net-B0000000002-R0001/B0000000002-R0001.RCP", "holding/B0000000002-R0001.MSG"})},
		"a part of one":     {[]string{"B0000000001-002", "B0000000002"}, slices.Concat(one, three, four, list, mri)},
		"all but one":       {[]string{"B0000000001", "B0000000002", "B0000000003", "B0000000006"}, slices.Concat(four, mri)},
		"everything at all": {nil, mri},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			with := map[string]any{"ids": test.ids}
			if test.ids == nil {
				with = map[string]any{"all": true}
			}
			s, set := moved(t, with)
			k := kinds(s.Base, set)["queue.quarantine"]
			for range 2 {
				trial.Must(t, k.Undo(context.Background(), set, quiet{}))
				verify(t, k, set, runbook.None)
				slices.Sort(test.want)
				if d := cmp.Diff(test.want, files(t, s)); d != "" {
					t.Errorf("files:\n%s", d)
				}
			}
			if sets, err := queue.List(context.Background(), queue.Env{Server: s}); err != nil || len(sets) > 0 {
				t.Errorf("still set aside: %+v (%v)", sets, err)
			}
		})
	}
}

// A half whose other half is really gone stays aside and is named.
func TestUndoOfARealHalf(t *testing.T) {
	s, set := moved(t, map[string]any{"ids": []string{"B0000000003"}})
	trial.Must(t, os.Remove(filepath.Join(s.Base, "holding.q-"+incident, "B0000000004-R0001.MSG")))
	k := kinds(s.Base, set)["queue.quarantine"]
	err := k.Undo(context.Background(), set, quiet{})
	if err == nil || !strings.Contains(err.Error(), "other half") {
		t.Errorf("got %v", err)
	}
	if !slices.Contains(files(t, s), "domains.q-"+incident+"/example.jp/B0000000004-R0001.RCP") {
		t.Errorf("the envelope does not stay: %q", files(t, s))
	}
}

// When every message has been released, what lay beside them is listed as such, no release is offered, and purge takes it away.
func TestNothingLeft(t *testing.T) {
	ctx := context.Background()
	s, set := moved(t, map[string]any{"all": true})
	env := queue.Env{Server: s, Recorded: func(string) ([]disk.ID, error) { return queue.SetAside(set) }}
	sets, err := queue.List(ctx, env)
	trial.Must(t, err)
	if len(sets) != 1 || sets[0].Messages != 0 || sets[0].Files != 2 || !strings.Contains(setaside.Nothing(sets[0]).EN, "no message left") {
		t.Fatalf("listed as %+v", sets)
	}
	for _, w := range setaside.Ways(sets[0]) {
		if strings.Contains(w.EN, "release") {
			t.Errorf("a release of nothing is offered: %s", w.EN)
		}
	}
	stock, err := queue.Removable(ctx, env, incident)
	if err != nil || *stock != (aside.Stock{Files: 2}) {
		t.Errorf("%+v (%v)", stock, err)
	}
	k := kinds(s.Base, set)["queue.purge"]
	c := plan(t, k, map[string]any{"incident": incident, "count": 0})
	verify(t, k, c, runbook.None)
	trial.Must(t, k.Apply(ctx, c, quiet{}))
	verify(t, k, c, runbook.Done)
	if left, err := queue.List(ctx, env); err != nil || len(left) > 0 {
		t.Errorf("still set aside: %+v (%v)", left, err)
	}
	if stock, err := queue.Removable(ctx, env, incident); stock != nil || err != nil {
		t.Errorf("%+v (%v)", stock, err)
	}
}
