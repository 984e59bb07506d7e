package queue_test

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/sys/unix"

	"hikeshi/actions/queue"
	"hikeshi/runbook"
	"hikeshi/spool"
	"hikeshi/spool/aside/rename"
	"hikeshi/spool/aside/trial"
	"hikeshi/spool/disk"
)

// check runs queue.check in an incident and returns its facts and the texts of what it found bad.
func check(t *testing.T, env queue.Env, incident string) (queue.CheckFacts, []string) {
	t.Helper()
	out, err := kindOf(t, env, "queue.check").Plan(context.Background(), runbook.Input{Incident: incident, Step: "check", Rec: quiet{}})
	if err != nil {
		t.Fatal(err)
	}
	var bad []string
	for _, f := range out.Findings {
		if f.Level == runbook.Bad {
			bad = append(bad, f.Text.EN)
		}
		if f.Text.EN == "" || f.Text.JA == "" {
			t.Errorf("a finding in one language: %+v", f)
		}
	}
	facts := out.Facts.(queue.CheckFacts)
	if !facts.Room {
		t.Fatalf("a temporary folder without room: %+v", out.Findings)
	}
	facts.Room = false // see TestRoom
	if facts.Half == nil || facts.Missing == nil || len(out.Changes) > 0 || facts.Whole != (len(bad) == 0) {
		t.Errorf("%+v with %q", facts, bad)
	}
	return facts, bad
}

func kindOf(t *testing.T, env queue.Env, name string) runbook.Action {
	t.Helper()
	for _, k := range queue.Kinds(env) {
		if k.Name == name {
			return k.Action
		}
	}
	t.Fatalf("there is no kind %s", name)
	return nil
}

func names(s ...string) []string { return append([]string{}, s...) }

// first renames the first n folders of a queue.
func first(t *testing.T, s trial.Server, n int) rename.Set {
	t.Helper()
	set, err := rename.Plan(s.Folders(), incident)
	trial.Must(t, err)
	all := set
	set.Parts = set.Parts[:n]
	trial.Must(t, set.Apply(context.Background()))
	return all
}

func TestCheck(t *testing.T) {
	type want struct {
		facts queue.CheckFacts
		bad   string // part of a text
	}
	whole := queue.CheckFacts{Whole: true, Half: names(), Missing: names()}
	aside := queue.CheckFacts{Whole: true, Half: names(), Missing: names(), SetAside: true}
	half := func(n ...string) queue.CheckFacts { return queue.CheckFacts{Half: n, Missing: names(), SetAside: true} }
	for name, c := range map[string]struct {
		do   func(t *testing.T, s trial.Server)
		want want
	}{
		"nothing has happened": {func(*testing.T, trial.Server) {}, want{whole, ""}},
		"all set aside":        {func(t *testing.T, s trial.Server) { first(t, s, 4) }, want{aside, ""}},
		"one set aside":        {func(t *testing.T, s trial.Server) { first(t, s, 1) }, want{half("lists", "holding", "domains"), "lists is not set aside"}},
		"three set aside":      {func(t *testing.T, s trial.Server) { first(t, s, 3) }, want{half("domains"), "domains: 3 messages have parts here"}},
		"the empty folder made, not exchanged": {func(t *testing.T, s trial.Server) {
			first(t, s, 3)
			trial.Must(t, os.Mkdir(filepath.Join(s.Base, "domains.q-"+incident), 0o700))
			trial.Must(t, os.Chmod(filepath.Join(s.Base, "domains.q-"+incident), 0o775|os.ModeSticky))
		}, want{half("domains"), "domains: 3 messages have parts here"}},
		"a spare folder is left": {func(t *testing.T, s trial.Server) {
			first(t, s, 4)
			trial.Must(t, os.Mkdir(filepath.Join(s.Base, "domains.n-"+incident), 0o700))
		}, want{half("domains"), "setting domains aside was cut short"}},
		"a folder is not there": {func(t *testing.T, s trial.Server) {
			trial.Must(t, os.RemoveAll(filepath.Join(s.Base, "lists")))
		}, want{queue.CheckFacts{Half: names(), Missing: names("lists")}, "lists is not there"}},
		"set aside, nothing in its place": {func(t *testing.T, s trial.Server) {
			first(t, s, 4)
			trial.Must(t, os.Remove(filepath.Join(s.Base, "incoming")))
		}, want{queue.CheckFacts{Half: names(), Missing: names("incoming"), SetAside: true}, "incoming is not there"}},
		"another mode": {func(t *testing.T, s trial.Server) {
			first(t, s, 4)
			trial.Must(t, os.Chmod(filepath.Join(s.Base, "holding"), 0o700))
		}, want{queue.CheckFacts{Half: names(), Missing: names(), SetAside: true}, "holding has owner"}},
		"a symbolic link": {func(t *testing.T, s trial.Server) {
			trial.Must(t, os.RemoveAll(filepath.Join(s.Base, "lists")))
			trial.Must(t, os.Symlink("holding", filepath.Join(s.Base, "lists")))
		}, want{queue.CheckFacts{Half: names(), Missing: names()}, "lists is not a folder"}},
		"half of a message set aside": {func(t *testing.T, s trial.Server) {
			first(t, s, 4)
			from, to := filepath.Join(s.Base, "holding.q-"+incident, "B0000000003-R0001.MSG"), filepath.Join(s.Base, "holding", "b0000000003-R0001.msg")
			trial.Must(t, os.Rename(from, to))
		}, want{half("holding"), "holding: 1 messages have parts here"}},
		"one pair of a message put back, the other not": {func(t *testing.T, s trial.Server) {
			s.Incoming(t, "B0000000020-001", "taro@example.jp", "a@example.com")
			s.Incoming(t, "B0000000020-002", "taro@example.jp", "b@example.com")
			first(t, s, 4)
			for _, file := range []string{"B0000000020-001.MSG", "B0000000020-001.RCP"} {
				trial.Must(t, os.Rename(filepath.Join(s.Base, "incoming.q-"+incident, file), filepath.Join(s.Base, "incoming", file)))
			}
		}, want{aside, ""}},
		"new mail of a name that is set aside": {func(t *testing.T, s trial.Server) {
			s.Incoming(t, "B0000000020", "taro@example.jp", "a@example.com")
			first(t, s, 4)
			s.Incoming(t, "B0000000020", "hanako@example.jp", "b@example.com")
		}, want{aside, ""}},
		"an envelope put back alone": {func(t *testing.T, s trial.Server) {
			s.Incoming(t, "B0000000020", "taro@example.jp", "a@example.com")
			first(t, s, 4)
			trial.Must(t, os.Rename(filepath.Join(s.Base, "incoming.q-"+incident, "B0000000020.RCP"), filepath.Join(s.Base, "incoming", "B0000000020.RCP")))
		}, want{half("incoming"), "incoming: 1 messages have parts here"}},
		"entries that are not ours": {func(t *testing.T, s trial.Server) {
			s.Put(t, "incoming.q-"+incident, "a file")
			trial.Must(t, os.Symlink("holding", filepath.Join(s.Base, "holding.q-"+incident)))
			s.Put(t, "incoming.q-bad id/x", "x")
			s.Put(t, "incoming.bak/x", "x")
		}, want{whole, ""}},
	} {
		t.Run(name, func(t *testing.T) {
			s := filled(t)
			c.do(t, s)
			before := s.Tree(t)
			facts, bad := check(t, queue.Env{Server: s}, incident)
			if d := cmp.Diff(c.want.facts, facts); d != "" {
				t.Errorf("facts differ:\n%s", d)
			}
			if (c.want.bad == "") != (len(bad) == 0) || !strings.Contains(strings.Join(bad, "\n"), c.want.bad) {
				t.Errorf("found %q", bad)
			}
			if d := cmp.Diff(before, s.Tree(t)); d != "" {
				t.Errorf("looking changed something:\n%s", d)
			}
		})
	}
}

// TestCheckKnowsTheIncident: what another incident has set aside is told and judged by that one.
func TestCheckKnowsTheIncident(t *testing.T) {
	s := filled(t)
	first(t, s, 2)
	if facts, _ := check(t, queue.Env{Server: s}, "20261122-000000"); !facts.Whole || facts.SetAside {
		t.Errorf("%+v", facts)
	}
	if facts, _ := check(t, queue.Env{Server: s}, ""); facts.Whole || !facts.SetAside {
		t.Errorf("outside an incident: %+v", facts)
	}
}

// TestCheckKnowsTheRecords: an empty queue set aside half way looks whole by its names; the inodes on record tell.
func TestCheckKnowsTheRecords(t *testing.T) {
	s := trial.New(t)
	set := first(t, s, 3)
	trial.Must(t, os.Mkdir(filepath.Join(s.Base, "domains.q-"+incident), 0o700))
	trial.Must(t, os.Chmod(filepath.Join(s.Base, "domains.q-"+incident), 0o775|os.ModeSticky))
	var ids []disk.ID
	for _, p := range set.Parts {
		ids = append(ids, disk.ID{Dev: p.ID.Dev + 1, Ino: p.ID.Ino}) // device numbers may change when a machine starts
	}
	recorded := func(string) ([]disk.ID, error) { return ids, nil }
	facts, _ := check(t, queue.Env{Server: s, Recorded: recorded}, incident)
	if facts.Whole || !slices.Equal(facts.Half, []string{"domains"}) {
		t.Errorf("%+v", facts)
	}
	trial.Must(t, set.Apply(context.Background()))
	if facts, bad := check(t, queue.Env{Server: s, Recorded: recorded}, incident); !facts.Whole {
		t.Errorf("set aside to the end: %+v, %q", facts, bad)
	}
	broken := func(string) ([]disk.ID, error) { return nil, errors.New("torn journal") }
	_, err := kindOf(t, queue.Env{Server: s, Recorded: broken}, "queue.check").Plan(context.Background(), runbook.Input{Incident: incident, Rec: quiet{}})
	if !errors.Is(err, runbook.ErrUndetermined) {
		t.Errorf("%v", err)
	}
}

// TestCheckAtEveryCrash ends a quarantine before and after every writing call: the queue counts as whole exactly when none or all
// of the folders are set aside, whatever has been made ready.
func TestCheckAtEveryCrash(t *testing.T) {
	c := trial.NewCrasher(t)
	seen := map[int]int{}
	c.Every(t, func(t *testing.T, run func(any) bool) {
		s := filled(t)
		k := kinds(s.Base, runbook.Change{})["queue.quarantine"]
		change := plan(t, k, map[string]any{"strategy": "rename"})
		ids, err := queue.SetAside(change)
		trial.Must(t, err)
		run(job{Base: s.Base, Change: change})
		out := 0
		for _, f := range s.Folders() {
			var st unix.Stat_t
			if unix.Lstat(f.Path+".q-"+incident, &st) == nil && slices.ContainsFunc(ids, func(id disk.ID) bool { return id.Ino == st.Ino }) {
				out++
			}
		}
		seen[out]++
		env := queue.Env{Server: s, Recorded: func(string) ([]disk.ID, error) { return ids, nil }}
		facts, bad := check(t, env, incident)
		if facts.Whole != (out == 0 || out == 4) || facts.SetAside != (out > 0) {
			t.Errorf("%d folders set aside, but %+v: %q", out, facts, bad)
		}
	})
	for out := range 5 {
		if seen[out] == 0 {
			t.Errorf("no crash with %d folders set aside: %v", out, seen)
		}
	}
}

func TestCheckCannotTell(t *testing.T) {
	if os.Geteuid() == 0 {
		if strings.Contains(os.Getenv("HIKESHI_REQUIRE"), "user") {
			t.Fatal("HIKESHI_REQUIRE asks for an ordinary user")
		}
		t.Skip("root may read everything: needs an ordinary user")
	}
	s := filled(t)
	first(t, s, 4)
	dir := filepath.Join(s.Base, "incoming.q-"+incident)
	trial.Must(t, os.Chmod(dir, 0))
	defer os.Chmod(dir, 0o700)
	_, err := kindOf(t, queue.Env{Server: s}, "queue.check").Plan(context.Background(), runbook.Input{Incident: incident, Rec: quiet{}})
	if !errors.Is(err, runbook.ErrUndetermined) {
		t.Errorf("%v", err)
	}
}

// TestPlanTwice: the kinds that look give the same twice.
func TestPlanTwice(t *testing.T) {
	s := filled(t)
	first(t, s, 2)
	for _, name := range []string{"queue.scan", "queue.check"} {
		var outs [2]runbook.Outcome
		for i := range outs {
			var err error
			outs[i], err = kindOf(t, queue.Env{Server: s, Clock: clock}, name).Plan(context.Background(), runbook.Input{Incident: incident, Rec: quiet{}})
			trial.Must(t, err)
		}
		if !reflect.DeepEqual(outs[0], outs[1]) {
			t.Errorf("%s: %+v and %+v", name, outs[0], outs[1])
		}
	}
}

func TestRoom(t *testing.T) {
	const gib = 1 << 30
	tests := map[string]struct {
		free, total uint64
		inodes      float64
		err         error
		want        bool
		text        string
	}{
		"plenty":                    {500 * gib, 1000 * gib, 90, nil, true, "ok: there is room: 536.9 GB"},
		"a GiB on a large disk":     {gib, 1000 * gib, 5, nil, true, "ok: there is room"},
		"less on a large disk":      {gib - 1, 1000 * gib, 90, nil, false, "bad: too little room: 1.1 GB free"},
		"five percent of a small":   {gib / 10, 2 * gib, 90, nil, true, "ok: "},
		"less of a small":           {gib/10 - 1, 2 * gib, 90, nil, false, "bad: too little room"},
		"no inodes":                 {500 * gib, 1000 * gib, 4.9, nil, false, "bad: too few inodes: 4.9 % free, less than 5.0 %"},
		"nothing":                   {0, 1000 * gib, 0, nil, false, "bad: "},
		"nobody can tell":           {500 * gib, 1000 * gib, 90, errors.New("no such disk"), false, "warn: how much room is left cannot be determined: no such disk"},
		"a filesystem without size": {0, 0, 100, nil, false, "warn: how much"},
	}
	for name, test := range tests {
		env := queue.Env{Server: filled(t), Room: func() (uint64, uint64, float64, error) { return test.free, test.total, test.inodes, test.err }}
		out, err := kindOf(t, env, "queue.check").Plan(context.Background(), runbook.Input{Incident: incident, Step: "check", Rec: quiet{}})
		trial.Must(t, err)
		f := out.Findings[len(out.Findings)-1]
		facts := out.Facts.(queue.CheckFacts)
		if facts.Room != test.want || !facts.Whole || !strings.HasPrefix(string(f.Level)+": "+f.Text.EN, test.text) || f.Text.JA == "" {
			t.Errorf("%s: room %v, whole %v, %+v", name, facts.Room, facts.Whole, f)
		}
	}
	env := queue.Env{Server: filled(t), Room: func() (uint64, uint64, float64, error) { return 3 * gib, 1000 * gib, 40, nil }, Thresholds: queue.Thresholds{MinFree: 4 * gib, MinPercent: 50}}
	out, err := kindOf(t, env, "queue.check").Plan(context.Background(), runbook.Input{Incident: incident, Step: "check", Rec: quiet{}})
	if err != nil || out.Facts.(queue.CheckFacts).Room {
		t.Errorf("limits of one's own: %+v (%v)", out, err)
	}
}

// What own_domains brings back, with exclusions, leaves the queue whole.
func TestCheckAfterRelease(t *testing.T) {
	s := filled(t)
	s.Incoming(t, "B0000000007", "hanako@example.jp", "c@example.jp")
	s.Incoming(t, "B0000000008", "taro@example.jp", "c@example.jp")
	first(t, s, 4)
	env := queue.Env{Server: s, Own: spool.Own{Domains: []string{"example.jp"}}}
	k := kindOf(t, env, "queue.release").(runbook.Changer)
	c := plan(t, k, map[string]any{"own_domains": true, "except_senders": []string{"taro"}})
	trial.Must(t, k.Apply(context.Background(), c, quiet{}))
	facts, bad := check(t, env, incident)
	if !facts.Whole || !facts.SetAside || len(bad) > 0 {
		t.Errorf("%+v %q", facts, bad)
	}
	for _, n := range []string{"B0000000003-R0001", "B0000000004-R0001", "B0000000007"} {
		if _, err := os.Stat(filepath.Join(s.Base, "incoming", n+".RCP")); err != nil {
			t.Error(err)
		}
	}
	if _, err := os.Stat(filepath.Join(s.Base, "incoming", "B0000000008.RCP")); err == nil {
		t.Error("what was excluded is back")
	}
}
