package fix

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"hikeshi/runbook"
	"hikeshi/spool"
	"hikeshi/spool/aside/trial"
	"hikeshi/spool/epms"
)

type quiet map[string]string

func (q quiet) Evidence(name string, r io.Reader) error { return q.Backup(name, r) }
func (q quiet) Progress(int64, int64)                   {}
func (q quiet) Backup(name string, r io.Reader) error {
	b, err := io.ReadAll(r)
	if _, there := q[name]; !there {
		q[name] = string(b)
	}
	return err
}

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

const opened = "#<> default\n#blank false\nexample.jp true note\r\n203.0.113.0/24\tfalse\n192.168.1.* default"

func site(t testing.TB, text string) (action, string) {
	t.Helper()
	root := t.TempDir()
	must(t, os.MkdirAll(filepath.Join(root, "var/spool/epms"), 0o755))
	must(t, os.MkdirAll(filepath.Join(root, "usr/local/mta/bin"), 0o755))
	file := filepath.Join(root, "usr/local/mta/bin/effect.dat")
	put(t, file, text)
	return open(t, root), file
}

func open(t testing.TB, root string) action {
	own := spool.Own{Domains: []string{"example.jp"}}
	s, err := epms.New(epms.Config{Root: root, Own: own})
	must(t, err)
	return action{Env{Server: s, Own: own}}
}

func put(t testing.TB, file, text string) {
	t.Helper()
	must(t, os.WriteFile(file, []byte(text), 0o640))
}

func get(t testing.TB, file string) string {
	t.Helper()
	b, err := os.ReadFile(file)
	must(t, err)
	return string(b)
}

func plan(a action, with map[string]any) (runbook.Outcome, error) {
	raw, err := json.Marshal(with)
	if err != nil {
		return runbook.Outcome{}, err
	}
	return a.Plan(context.Background(), runbook.Input{Incident: "20261121-0312", Step: "fix", With: raw, Rec: quiet{}})
}

func change(t testing.TB, a action, with map[string]any) runbook.Change {
	t.Helper()
	out, err := plan(a, with)
	if err != nil || len(out.Changes) != 1 {
		t.Fatalf("planned %v, %v", out.Changes, err)
	}
	return out.Changes[0]
}

func wantState(t testing.TB, a action, c runbook.Change, want ...runbook.State) {
	t.Helper()
	got, err := a.Verify(context.Background(), c, quiet{})
	if err != nil || !slices.Contains(want, got) {
		t.Fatalf("state %s (%v), want %v", got, err, want)
	}
}

var everything = map[string]any{"lines": []string{"all"}, "add_catch_all": true}

func TestFixAndUndo(t *testing.T) {
	for name, x := range map[string]struct {
		with  map[string]any
		after string
		facts Facts
	}{
		"all":       {map[string]any{"lines": []string{"all"}}, "#<> default\n#blank false\nexample.jp default note\r\n203.0.113.0/24\tfalse default\n192.168.1.* default", Facts{2, 0}},
		"one":       {map[string]any{"lines": []string{"3"}}, strings.Replace(opened, "true", "default", 1), Facts{1, 1}},
		"catch-all": {map[string]any{"add_catch_all": true}, opened + "\n*.*.*.* norelay,2\n", Facts{0, 2}},
	} {
		t.Run(name, func(t *testing.T) {
			a, file := site(t, opened)
			out, err := plan(a, x.with)
			must(t, err)
			if get(t, file) != opened {
				t.Fatal("planning changed the file")
			}
			if out.Facts != x.facts {
				t.Errorf("%+v", out.Facts)
			}
			for _, f := range out.Findings {
				if f.Text.EN == "" || f.Text.JA == "" {
					t.Errorf("not in both languages: %+v", f)
				}
			}
			c := change(t, a, x.with)
			if Demands(c) != (name == "catch-all") {
				t.Errorf("demands a login of everybody: %v", Demands(c))
			}
			if c.UndoRisk != runbook.Reopening || !strings.Contains(c.After, "+") {
				t.Errorf("%+v", c)
			}
			rec := quiet{}
			for range 2 {
				must(t, a.Apply(context.Background(), c, rec))
				wantState(t, a, c, runbook.Done)
			}
			if get(t, file) != x.after || rec["effect.dat"] != opened {
				t.Errorf("%q, backup %q", get(t, file), rec["effect.dat"])
			}
			for range 2 {
				must(t, a.Undo(context.Background(), c, rec))
				wantState(t, a, c, runbook.None)
			}
			if get(t, file) != opened {
				t.Errorf("undone %q", get(t, file))
			}
		})
	}
}

// A thief who names an own sender is among those who are told.
func TestWhoIsAffected(t *testing.T) {
	a, _ := site(t, opened)
	out, err := plan(a, everything)
	must(t, err)
	i := slices.IndexFunc(out.Findings, func(f runbook.Finding) bool {
		return strings.Contains(f.Text.EN, "@example.jp") && strings.Contains(f.Text.EN, ": true becomes ")
	})
	if i < 0 || len(out.Findings) > maxShown+5 {
		t.Errorf("%d findings: %v", len(out.Findings), out.Findings)
	}
}

func TestForeignEdits(t *testing.T) {
	a, file := site(t, opened)
	c := change(t, a, everything)
	put(t, file, opened+"\n192.168.1.5\tfalse")
	if err := a.Apply(context.Background(), c, quiet{}); !errors.Is(err, runbook.ErrDrift) {
		t.Errorf("%v, want drift", err)
	}
	put(t, file, opened)
	must(t, a.Apply(context.Background(), c, quiet{}))
	put(t, file, "' his\n"+get(t, file)+"192.168.1.5\tfalse")
	wantState(t, a, c, runbook.Done)
	must(t, a.Undo(context.Background(), c, quiet{}))
	if want := "' his\n" + opened + "\n192.168.1.5\tfalse"; get(t, file) != want {
		t.Errorf("%q, want %q", get(t, file), want)
	}
	put(t, file, opened)
	must(t, a.Apply(context.Background(), c, quiet{}))
	put(t, file, strings.Replace(get(t, file), "example.jp norelay,2", "example.jp false", 1))
	if err := a.Undo(context.Background(), c, quiet{}); !errors.Is(err, runbook.ErrDrift) {
		t.Errorf("a mended line that was changed: %v", err)
	}
}

func TestRefused(t *testing.T) {
	a, _ := site(t, opened)
	for _, with := range []map[string]any{{}, {"lines": []string{}}, {"lines": []string{"0"}}, {"lines": []string{"x"}}, {"lines": []string{"99"}}, {"lines": []string{"3", "99"}}} {
		if out, err := plan(a, with); !errors.Is(err, runbook.ErrInput) || len(out.Changes) != 0 {
			t.Errorf("%v: %v", with, err)
		}
	}
	a, _ = site(t, "#<> default\n")
	if out, err := plan(a, map[string]any{"lines": []string{"all"}}); err != nil || len(out.Changes) != 0 || out.Findings[0].Level != runbook.OK {
		t.Errorf("nothing to mend: %+v, %v", out, err)
	}
}

// A job is what the child of a crash test does.
type job struct {
	Root   string
	Change runbook.Change
	Undo   bool
}

func TestCrashChild(t *testing.T) {
	var j job
	trial.Child(t, &j)
	if j.Undo {
		must(t, open(t, j.Root).Undo(context.Background(), j.Change, quiet{}))
		return
	}
	must(t, open(t, j.Root).Apply(context.Background(), j.Change, quiet{}))
}

func TestCrash(t *testing.T) {
	c := trial.NewCrasher(t)
	for _, undo := range []bool{false, true} {
		n := c.Every(t, func(t *testing.T, run func(any) bool) {
			a, file := site(t, opened)
			ch := change(t, a, everything)
			if undo {
				must(t, a.Apply(context.Background(), ch, quiet{}))
			}
			run(job{filepath.Join(filepath.Dir(file), "../../../.."), ch, undo})
			wantState(t, a, ch, runbook.None, runbook.Partial, runbook.Done)
			if !undo {
				must(t, a.Apply(context.Background(), ch, quiet{}))
				wantState(t, a, ch, runbook.Done)
			}
			must(t, a.Undo(context.Background(), ch, quiet{}))
			wantState(t, a, ch, runbook.None)
			if left, err := os.ReadDir(filepath.Dir(file)); err != nil || len(left) != 1 || get(t, file) != opened {
				t.Errorf("left %v, %q", left, get(t, file))
			}
		})
		t.Logf("undo %v: %d writing calls", undo, n)
	}
}

// The same line named again is nothing to do; a line that is not there is refused.
func TestFixTwice(t *testing.T) {
	a, file := site(t, "#<> default\nexample.jp true\n*.*.*.* default\n")
	with := map[string]any{"lines": []string{"2"}}
	c := change(t, a, with)
	must(t, a.Apply(context.Background(), c, quiet{}))
	out, err := plan(a, with)
	if err != nil || len(out.Changes) != 0 || !strings.Contains(out.Findings[1].Text.EN, "stay as they are: 2") {
		t.Errorf("%+v, %v", out, err)
	}
	if _, err := plan(a, map[string]any{"lines": []string{"9"}}); !errors.Is(err, runbook.ErrInput) {
		t.Errorf("line 9: %v", err)
	}
	before := get(t, file)
	out, err = plan(a, everything)
	if err != nil || len(out.Changes) != 0 || get(t, file) != before {
		t.Fatalf("%+v, %v", out, err)
	}
	found := slices.ContainsFunc(out.Findings, func(f runbook.Finding) bool {
		return f.Level == runbook.Bad && strings.HasPrefix(f.Text.EN, "line 3 is for everyone") && strings.HasPrefix(f.Text.JA, "3 行目")
	})
	if !found {
		t.Errorf("the line for everyone is not told: %+v", out.Findings)
	}
}

// bad are the bad findings of a plan in both languages.
func bad(out runbook.Outcome) (all string) {
	for _, f := range out.Findings {
		if f.Level == runbook.Bad {
			all += f.Text.EN + " | " + f.Text.JA + "\n"
		}
	}
	return all
}

// TestDoor: default asks nobody for a login where the setting demands none. That is told, with what shuts it, and no login is claimed; once
// the door is shut, nothing is bad.
func TestDoor(t *testing.T) {
	a, file := site(t, "#<> default\nexample.jp true\n")
	account := base64.StdEncoding.EncodeToString([]byte("taro\tsecret\tX\texample.jp\t")) + "\n"
	spoolDir := filepath.Join(filepath.Dir(file), "../../../../var/spool/epms")
	for name, text := range map[string]string{"db/example.jp.idx": account, "inbox/taro/apop.dat": "secret\n", "reg/epost/ims/DomainNamesAreLocal.0": "example.jp\x00"} {
		must(t, os.MkdirAll(filepath.Dir(filepath.Join(spoolDir, name)), 0o755))
		put(t, filepath.Join(spoolDir, name), text)
	}
	claims := func(out runbook.Outcome) bool {
		return slices.ContainsFunc(out.Findings, func(f runbook.Finding) bool {
			return strings.Contains(f.Text.EN, "has to log in now") || strings.Contains(f.Text.JA, "認証するか")
		})
	}
	all := map[string]any{"lines": []string{"all"}}
	for when, how := range map[bool][2]string{false: {byLastLine + " or " + bySetting, byLastLine + " か " + bySetting}, true: {bySetting, bySetting}} {
		put(t, file, map[bool]string{false: "#<> default\nexample.jp true\n", true: "#<> default\nexample.jp default\n"}[when])
		out, err := plan(a, all)
		must(t, err)
		if mended := len(out.Changes) == 0; mended != when {
			t.Fatalf("%v: %+v", when, out.Changes)
		}
		for _, want := range []string{`"taro@example.jp"`, "without a login", "まだ閉じない", ". " + how[0] + " closes it", "。" + how[1] + " で閉じる"} {
			if !strings.Contains(bad(out), want) {
				t.Errorf("mended already %v: no %q in %q", when, want, bad(out))
			}
		}
		if claims(out) {
			t.Errorf("mended already %v: a login is claimed: %+v", when, out.Findings)
		}
	}
	put(t, file, "#<> default\nexample.jp true\n")
	if out, err := plan(a, everything); err != nil || bad(out) != "" || !claims(out) {
		t.Errorf("with a last line: %v, %q, %+v", err, bad(out), out.Findings)
	}
	put(t, file, "*.*.*.* default\n")
	out, err := plan(a, everything)
	if err != nil || claims(out) || strings.Contains(bad(out), byLastLine) || !strings.Contains(bad(out), bySetting+" closes it") {
		t.Errorf("a line for everyone: %v, %q", err, bad(out))
	}
	put(t, file, "203.0.113.0/24 true\n")
	out, err = plan(a, everything)
	if err != nil || claims(out) || !strings.Contains(bad(out), `"nobody@example.com" from 203.0.113.1`) || !strings.Contains(bad(out), "`hikeshi relay fix --line 1`") {
		t.Errorf("a line that is left: %v, %q", err, bad(out))
	}
}
