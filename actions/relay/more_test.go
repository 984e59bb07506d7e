package relay

import (
	"context"
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"hikeshi/runbook"
	"hikeshi/spool/disk"
)

// A denial that an earlier version has recorded is verified and undone as it was then: the names of its data stay.
func TestRecordedFormat(t *testing.T) {
	env, file := world(t, shipped)
	d := deny{env}
	c := planOne(t, d, "203.0.113.9")
	var names map[string]json.RawMessage
	if err := json.Unmarshal(c.Data, &names); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"file", "old", "new", "added", "back", "targets", "fresh", "review"} {
		if _, there := names[name]; !there {
			t.Errorf("no %s in %s", name, c.Data)
		}
	}
	if len(names) != 8 {
		t.Errorf("more than was recorded: %s", c.Data)
	}
	after := shipped + "203.0.113.9 false\n"
	old := `{"file":` + quoted(t, file) + `,"old":"` + disk.Hash([]byte(shipped)) + `","new":"` + disk.Hash([]byte(after)) + `","added":["203.0.113.9 false\n"],` +
		`"back":{"offset":25,"line":3,"added":[{"target":"203.0.113.9","pattern":"203.0.113.9","twins":0}]},"targets":["203.0.113.9"],"fresh":["203.0.113.9"],"review":"2026-12-21T03:12:00Z"}`
	rec := runbook.Change{ID: "deny.1", Kind: "relay.deny", Op: "deny", Target: file, V: 1, Data: json.RawMessage(old)}
	put(t, file, after)
	wantState(t, d, rec, runbook.Done)
	if all, err := Denials("20261121-0312", rec); err != nil || len(all) != 1 || all[0].Target != "203.0.113.9" || all[0].Table != "" {
		t.Errorf("%v, %v", all, err)
	}
	undo(t, d, rec)
	if get(t, file) != shipped {
		t.Errorf("undone %q", get(t, file))
	}
}

func quoted(t *testing.T, s string) string {
	t.Helper()
	b, err := json.Marshal(s)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

func TestLintCountsOpeningLines(t *testing.T) {
	env, _ := world(t, shipped+"example.jp true\n203.0.113.9  false\n198.51.0.0/16\tfalse\n192.168.1.5 true\n")
	out, err := plan(t, lint{env}, nil)
	if f, _ := out.Facts.(LintFacts); err != nil || f.Opening != 2 || f.Bad <= f.Opening {
		t.Errorf("%+v, %v", out.Facts, err)
	}
}

func TestDenyWarnsOfNetworks(t *testing.T) {
	env, _ := world(t, shipped)
	for target, want := range map[string]bool{"203.0.112.0/24": true, "203.0.113.9": false, "192.168.1.5": true, "spam.example.com": true} {
		out, err := plan(t, deny{env}, map[string]any{"targets": []string{target}})
		warned := slices.ContainsFunc(out.Findings, func(f runbook.Finding) bool {
			return f.Level == runbook.Warn && strings.HasPrefix(f.Text.EN, target)
		})
		if err != nil || warned != want {
			t.Errorf("%s: warned %v (%v)", target, warned, err)
		}
	}
}

// The kinds of this package share one guard: what must not be denied must not be cut off either.
func TestHardHasTheSameGuard(t *testing.T) {
	env, file := world(t, shipped)
	kinds := Kinds(env)
	i := slices.IndexFunc(kinds, func(k runbook.Kind) bool { return k.Name == "relay.hard" })
	hard, ok := kinds[i].Changer()
	if !ok {
		t.Fatal("relay.hard changes nothing")
	}
	for _, target := range []string{"127.0.0.1", "192.0.2.25", "198.51.100.3", "203.0.113.200", "203.0.113.0/24", "198.51.0.0/16"} {
		if out, err := plan(t, hard, map[string]any{"targets": []string{target}}); !errors.Is(err, runbook.ErrInput) || len(out.Changes) != 0 {
			t.Errorf("%s: %v", target, err)
		}
	}
	c := planOne(t, hard, "203.0.113.9")
	if err := hard.Apply(context.Background(), c, keeper{}); err != nil {
		t.Fatal(err)
	}
	if b, err := os.ReadFile(filepath.Join(filepath.Dir(file), "rejectsmtpip.dat")); err != nil || string(b) != "203.0.113.9\t\n" {
		t.Errorf("%q, %v", b, err)
	}
	cuts, err := Cuts("20261121-0312", c)
	if err != nil || len(cuts) != 1 || cuts[0].Table != "smtp" {
		t.Errorf("%+v, %v", cuts, err)
	}
	liftedByAllow(t, env, cuts, filepath.Join(filepath.Dir(file), "rejectsmtpip.dat"))
	undo(t, hard, c)
	if _, err := os.Stat(filepath.Join(filepath.Dir(file), "rejectsmtpip.dat")); err == nil {
		t.Error("the table is still there")
	}
}

// liftedByAllow: relay.allow takes the row of a cut out, beside no line of the deny file, and says afterwards that it is lifted.
func liftedByAllow(t *testing.T, env Env, cuts []Denial, table string) {
	t.Helper()
	env.Recorded = func() ([]Denial, error) { return cuts, nil }
	al := allow{env}
	out, err := plan(t, al, map[string]any{"targets": []string{"203.0.113.9/32"}})
	if err != nil || len(out.Changes) != 1 || out.Changes[0].Target != table || out.Changes[0].Risk != runbook.Reopening || out.Facts != (AllowFacts{Removed: 1}) {
		t.Fatalf("%+v, %v", out, err)
	}
	c := out.Changes[0]
	apply(t, al, c)
	wantState(t, al, c, runbook.Done)
	if b, err := os.ReadFile(table); err != nil || len(b) > 0 {
		t.Errorf("%q, %v", b, err)
	}
	if gone, err := Allowed(c); err != nil || len(gone) != 1 || gone[0].Incident != "20261121-0312" || gone[0].Target != "203.0.113.9" || gone[0].Table != "smtp" {
		t.Errorf("%+v, %v", gone, err)
	}
	if out, err := plan(t, al, map[string]any{"targets": []string{"203.0.113.9"}}); err != nil || len(out.Changes) != 0 || len(out.Findings) != 1 {
		t.Errorf("planned again: %+v, %v", out, err)
	}
	undo(t, al, c)
	wantState(t, al, c, runbook.None)
	if b, err := os.ReadFile(table); err != nil || string(b) != "203.0.113.9\t\n" {
		t.Errorf("undone %q, %v", b, err)
	}
	if out, err := plan(t, al, map[string]any{"targets": []string{"203.0.113.9"}, "incident": "another"}); err != nil || len(out.Changes) != 0 {
		t.Errorf("of another incident: %+v, %v", out, err)
	}
}

// A cut that another incident has recorded is no denial of the deny file: undo of the denial is not held up by it.
func TestCutIsNoDenial(t *testing.T) {
	env, file := world(t, shipped)
	env.Recorded = func() ([]Denial, error) { return []Denial{{Incident: "x", Target: "203.0.113.9", Table: "smtp"}}, nil }
	d := deny{env}
	c := planOne(t, d, "203.0.113.9")
	apply(t, d, c)
	undo(t, d, c)
	if get(t, file) != shipped {
		t.Errorf("%q", get(t, file))
	}
}
