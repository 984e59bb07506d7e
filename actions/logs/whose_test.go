package logs_test

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"

	"hikeshi/actions/logs"
	"hikeshi/actions/logs/whose"
	"hikeshi/runbook"
	"hikeshi/spool"
	"hikeshi/spool/lab/history"
)

var inlogLine = regexp.MustCompile(`^<(B\d{10})@[^>]*> \[([^\]]+)\] (\S+) (\S+) (\S*) `)

// TestWhose: every message of a thief is his whose password he has, also where the line of the session names another message; mail from
// outside is nobody's.
func TestWhose(t *testing.T) {
	jst := time.FixedZone("JST", 9*3600)
	for _, seed := range []uint64{2, 3, 5} {
		w, dir := write(t, seed, history.Options{Accounts: 30, Days: 4, Incidents: []history.Kind{"stolen-fast"}})
		thieves := map[string]bool{}
		for _, s := range w.Truth.Sources {
			thieves[s.Addr.String()] = true
		}
		files, err := filepath.Glob(filepath.Join(dir, "inlog", "*.log"))
		if err != nil || len(files) == 0 {
			t.Fatal(err)
		}
		text, err := os.ReadFile(files[len(files)-1])
		if err != nil {
			t.Fatal(err)
		}
		q := whose.Question{}
		mine, client := map[string]string{}, map[string]string{}
		for l := range strings.Lines(string(text)) {
			m := inlogLine.FindStringSubmatch(l)
			at, err := time.ParseInLocation("02/Jan/2006:15:04:05", m[2], jst)
			if err != nil {
				t.Fatal(err)
			}
			outside := !strings.HasSuffix(m[5], "@example.jp")
			if len(q.IDs) >= whose.Max || !thieves[m[3]] && !outside {
				continue
			}
			if q.IDs = append(q.IDs, m[1]); q.From.IsZero() {
				q.From = at
			}
			q.Until = at
			client[m[1]] = m[3]
			if thieves[m[3]] {
				mine[m[1]] = w.Truth.Accounts[0].Login
			}
		}
		env := logs.Env{Server: server{dir: dir}, Own: spool.Own{Domains: []string{"example.jp"}}, Zone: jst}
		a, err := whose.Find(context.Background(), env, q)
		if err != nil || !a.Read || !a.Logins || len(a.Owners) != len(q.IDs) || len(mine) < 50 {
			t.Fatalf("seed %d: %d of %d, %d of the thief, %v", seed, len(a.Owners), len(q.IDs), len(mine), err)
		}
		wrong := 0
		for id, o := range a.Owners {
			if o.Login != mine[id] || !o.Told || !strings.HasPrefix(client[id], "2001:") && o.Client.String() != client[id] || o.HELO == "" {
				if wrong++; wrong < 5 {
					t.Errorf("seed %d: %s of %s: %+v, want %q", seed, id, client[id], o, mine[id])
				}
			}
		}
		t.Logf("seed %d: %d messages, %d of the thief, %d wrong", seed, len(q.IDs), len(mine), wrong)
	}
}

// TestWhoseWithoutLogs: where there is nothing to read the answer says so.
func TestWhoseWithoutLogs(t *testing.T) {
	q := whose.Question{IDs: []string{"B0000000001"}, From: time.Now(), Until: time.Now()}
	for name, env := range map[string]logs.Env{"no log": {Server: server{dir: t.TempDir()}}, "no ability": {Server: struct{ spool.Server }{}}} {
		if a, err := whose.Find(context.Background(), env, q); err != nil || a.Read || len(a.Owners) > 0 {
			t.Errorf("%s: %+v, %v", name, a, err)
		}
	}
	if a, err := whose.Find(context.Background(), logs.Env{}, whose.Question{}); err != nil || a.Read {
		t.Errorf("%+v, %v", a, err)
	}
}

// TestEstimates: they stand in where no log tells of the window, and nowhere else.
func TestEstimates(t *testing.T) {
	asked := 0
	env := logs.Env{Server: server{dir: t.TempDir()}, Estimate: func(context.Context) ([]logs.Estimate, error) {
		asked++
		return []logs.Estimate{{What: "client", Name: "203.0.113.9", Value: 7, From: "a sample"}}, errors.New("half")
	}}
	suspects := func(env logs.Env) (logs.SuspectsFacts, string) {
		t.Helper()
		for _, k := range logs.Kinds(env) {
			if k.Name == "logs.suspects" {
				out, err := k.Action.Plan(context.Background(), runbook.Input{})
				if err != nil {
					t.Fatal(err)
				}
				return out.Facts.(logs.SuspectsFacts), text(t, out)
			}
		}
		t.Fatal("no kind")
		return logs.SuspectsFacts{}, ""
	}
	f, said := suspects(env)
	if asked != 1 || len(f.Estimates) != 1 || f.Estimates[0].Value != 7 || len(f.AccountNames)+len(f.SourceNames) > 0 {
		t.Errorf("%+v", f.Estimates)
	}
	wants(t, said, "estimate: 203.0.113.9 handed in 7 queued messages", "推定: ", "estimate not complete: half")
	env.Budget = time.Second
	if f, _ := suspects(env); asked != 1 || f.Estimates == nil || len(f.Estimates) > 0 {
		t.Errorf("with a budget: %+v", f.Estimates)
	}
	_, dir := write(t, 3, history.Options{Accounts: 20, Days: 3, Incidents: []history.Kind{}})
	env.Budget, env.Server = 0, server{dir: dir}
	if f, _ := suspects(env); asked != 1 || len(f.Estimates) > 0 {
		t.Errorf("with logs: %+v", f.Estimates)
	}
}

// TestOne: one message is found with the line that tells of it; one that was not taken is missed only where the log tells of its time.
func TestOne(t *testing.T) {
	jst := time.FixedZone("JST", 9*3600)
	w, dir := write(t, 2, history.Options{Accounts: 30, Days: 4, Incidents: []history.Kind{"stolen-fast"}})
	files, err := filepath.Glob(filepath.Join(dir, "inlog", "*.log"))
	if err != nil || len(files) == 0 {
		t.Fatal(err)
	}
	text, err := os.ReadFile(files[len(files)-1])
	if err != nil {
		t.Fatal(err)
	}
	env := logs.Env{Server: server{dir: dir}, Own: spool.Own{Domains: []string{"example.jp"}}, Zone: jst}
	one := func(id string, at time.Time) whose.Entry {
		t.Helper()
		e, err := whose.One(context.Background(), env, id, whose.Moment{At: at})
		if err != nil {
			t.Fatal(err)
		}
		return e
	}
	found := 0
	for l := range strings.Lines(string(text)) {
		m := inlogLine.FindStringSubmatch(l)
		if m[3] != w.Truth.Sources[0].Addr.String() {
			continue
		}
		at, err := time.ParseInLocation("02/Jan/2006:15:04:05", m[2], jst)
		if err != nil {
			t.Fatal(err)
		}
		e := one(m[1], at)
		path, offset, _ := strings.Cut(e.At, ":")
		n, err := strconv.Atoi(offset)
		if path != files[len(files)-1] || err != nil || !strings.HasPrefix(string(text[n:]), "<"+m[1]+"@") {
			t.Errorf("%s is told at %s", m[1], e.At)
		}
		if !e.Found || e.Login != w.Truth.Accounts[0].Login || !e.Told || !e.Time.Equal(at) || e.Client.String() != m[3] || !e.Outside || !e.Covers {
			t.Errorf("%s: %+v", m[1], e)
		}
		words := strings.Fields(l)
		is, told := e.For(strings.ToLower(words[len(words)-1]))
		not, _ := e.For("nobody@example.com")
		if !is || !told || not || !e.Said || e.Sender != strings.ToLower(words[4]) {
			t.Errorf("%s: of the sender %q, for %s %v, told %v, for nobody %v", m[1], e.Sender, words[len(words)-1], is, told, not)
		}
		for within, want := range map[time.Duration]bool{0: false, 26 * time.Hour: true} {
			far, err := whose.One(context.Background(), env, m[1], whose.Moment{At: at.Add(-20 * time.Hour), Within: within})
			if err != nil || far.Found != want || want && !far.Time.Equal(at) {
				t.Errorf("%s, 20 hours before, within %s: %+v %v", m[1], within, far, err)
			}
		}
		if e := one("B9999999999", at); e.Found || !e.Covers {
			t.Errorf("an id that never was: %+v", e)
		}
		if e := one(m[1], at.AddDate(-1, 0, 0)); e.Found || e.Covers {
			t.Errorf("a year before: %+v", e)
		}
		if found++; found == 3 {
			break
		}
	}
	if found == 0 {
		t.Error("the thief stands in no line")
	}
	lines := strings.Split(strings.TrimSpace(string(text)), "\n")
	last, err := time.ParseInLocation("02/Jan/2006:15:04:05", inlogLine.FindStringSubmatch(lines[len(lines)-1])[2], jst)
	if err != nil {
		t.Fatal(err)
	}
	for _, after := range []time.Duration{20 * time.Minute, 10 * 365 * 24 * time.Hour} {
		if e := one("B9999999999", last.Add(after)); e.Covers {
			t.Errorf("%s after the end of the log: %+v", after, e)
		}
	}
	if e := one("B9999999999", last.Add(-time.Minute)); !e.Covers {
		t.Errorf("before the end of the log: %+v", e)
	}
	if err := os.Rename(filepath.Join(dir, "inlog"), filepath.Join(t.TempDir(), "inlog")); err != nil {
		t.Fatal(err)
	}
	if e := one("B9999999999", last.Add(-time.Minute)); e.Covers {
		t.Errorf("a log of sessions names the last message of each only: %+v", e)
	}
	if e, err := whose.One(context.Background(), logs.Env{Server: server{dir: t.TempDir()}}, "B0000000001", whose.Moment{At: last}); err != nil || e.Found || e.Covers {
		t.Errorf("without logs: %+v %v", e, err)
	}
}
