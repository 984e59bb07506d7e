package relay

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"io/fs"
	"net/netip"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"hikeshi/runbook"
	"hikeshi/spool"
	"hikeshi/spool/epms"
)

// shipped is the file as the vendor ships it (FAQ bsd/01-09).
const shipped = "#<> default\n#blank false\n"

// keeper keeps backups in memory.
type keeper map[string]string

func (k keeper) Evidence(name string, r io.Reader) error { return k.Backup(name, r) }
func (k keeper) Progress(int64, int64)                   {}
func (k keeper) Backup(name string, r io.Reader) error {
	data, err := io.ReadAll(r)
	if _, there := k[name]; !there {
		k[name] = string(data)
	}
	return err
}

// world is a server in a folder, with effect.dat holding text; "-" means: no such file.
func world(t *testing.T, text string) (Env, string) {
	t.Helper()
	root := t.TempDir()
	for _, dir := range []string{"var/spool/epms/incoming", "usr/local/mta/bin"} {
		if err := os.MkdirAll(filepath.Join(root, dir), 0o755); err != nil {
			t.Fatal(err)
		}
	}
	file := filepath.Join(root, "usr/local/mta/bin/effect.dat")
	if text != "-" {
		put(t, file, text)
	}
	own := spool.Own{Domains: []string{"example.jp"}, Addresses: []netip.Prefix{netip.MustParsePrefix("192.0.2.25/32")}}
	s, err := epms.New(epms.Config{Root: root, Own: own})
	if err != nil {
		t.Fatal(err)
	}
	return Env{Server: s, Own: own, Protected: []netip.Prefix{netip.MustParsePrefix("198.51.100.0/28")}, Domains: []string{"partner.example.net"},
		Responder: []netip.Addr{netip.MustParseAddr("203.0.113.200")}, PrefixV4: 24, PrefixV6: 48,
		Clock:    func() time.Time { return time.Date(2026, 11, 21, 3, 12, 0, 0, time.UTC) },
		Recorded: func() ([]Denial, error) { return nil, nil }}, file
}

func put(t *testing.T, file, text string) {
	t.Helper()
	if err := os.WriteFile(file, []byte(text), 0o640); err != nil {
		t.Fatal(err)
	}
}

func get(t *testing.T, file string) string {
	t.Helper()
	data, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	return string(data)
}

func plan(t *testing.T, a runbook.Action, with any) (runbook.Outcome, error) {
	t.Helper()
	raw, err := json.Marshal(with)
	if err != nil {
		t.Fatal(err)
	}
	return a.Plan(context.Background(), runbook.Input{Incident: "20261121-0312", Step: "deny", With: raw, Rec: keeper{}})
}

// planOne plans a change that there must be.
func planOne(t *testing.T, a runbook.Action, targets ...string) runbook.Change {
	t.Helper()
	out, err := plan(t, a, map[string]any{"targets": targets})
	if err != nil || len(out.Changes) != 1 {
		t.Fatalf("planned %v, %v", out.Changes, err)
	}
	return out.Changes[0]
}

func wantState(t *testing.T, c runbook.Changer, ch runbook.Change, want runbook.State) {
	t.Helper()
	got, err := c.Verify(context.Background(), ch, keeper{})
	if err != nil || got != want {
		t.Fatalf("state %q (%v), want %q", got, err, want)
	}
}

func TestRefused(t *testing.T) {
	env, file := world(t, shipped)
	for target, why := range map[string]string{
		"127.0.0.1": "loopback", "::1": "loopback", "127.0.0.0/24": "loopback",
		"192.0.2.25": "own address", "192.0.2.0/24": "own address", "::ffff:192.0.2.25": "own address",
		"198.51.100.3": "protects", "203.0.113.200": "connected from", "203.0.113.0/24": "connected from",
		"198.51.0.0/16": "wider than /24", "2001:db8::/32": "wider than /48",
		"example.jp": "own domain", "EXAMPLE.JP": "own domain", "taro@example.jp": "own domain", "mail.example.jp": "own domain",
		"x@partner.example.net": "protects the domain",
	} {
		out, err := plan(t, deny{env}, map[string]any{"targets": []string{"203.0.113.9", target}})
		if err == nil || !strings.Contains(err.Error(), why) || len(out.Changes) != 0 {
			t.Errorf("%s: %v, want %q", target, err, why)
		}
	}
	for _, target := range []string{"203.0.113.9 true", "203.0.113.9\n* true", "a\tb", "203.0.113.0/33", ""} {
		if _, err := plan(t, deny{env}, map[string]any{"targets": []string{target}}); err == nil {
			t.Errorf("%q was not refused", target)
		}
	}
	if get(t, file) != shipped {
		t.Error("planning changed the file")
	}
}

func TestDenyAndUndo(t *testing.T) {
	for name, text := range map[string]string{
		"shipped": shipped, "empty": "", "no final newline": shipped + "192.168.1.* default", "crlf": "#<> default\r\n#blank false\r\n",
		"shift_jis": shipped + "' \x93\xfa\x96\x7b\x8c\xea\n*.*.*.* norelay,2\n", "nul": shipped + "a\x00b default\n",
	} {
		t.Run(name, func(t *testing.T) {
			env, file := world(t, text)
			d, rec := deny{env}, keeper{}
			c := planOne(t, d, "203.0.113.9", "spam.example.com")
			wantState(t, d, c, runbook.None)
			for range 2 { // a second time changes nothing more
				if err := d.Apply(context.Background(), c, rec); err != nil {
					t.Fatal(err)
				}
				wantState(t, d, c, runbook.Done)
			}
			if rec["effect.dat"] != text {
				t.Errorf("backup %q, want %q", rec["effect.dat"], text)
			}
			q := spool.RelayQuery{Peer: netip.MustParseAddr("203.0.113.9")}
			if got := env.Server.(spool.Denier).Decide([]byte(get(t, file)), q); got.Result != "deny" {
				t.Errorf("decided %v", got)
			}
			if fi, err := os.Stat(file); err != nil || fi.Mode().Perm() != 0o640 {
				t.Errorf("mode %v, %v", fi.Mode(), err)
			}
			out, err := plan(t, d, map[string]any{"targets": []string{"203.0.113.9"}})
			if err != nil || len(out.Changes) != 0 {
				t.Errorf("planned again: %v, %v", out.Changes, err)
			}
			for range 2 {
				if err := d.Undo(context.Background(), c, rec); err != nil {
					t.Fatal(err)
				}
			}
			if got := get(t, file); got != text {
				t.Errorf("after undo %q, want %q", got, text)
			}
			wantState(t, d, c, runbook.None)
		})
	}
}

// A colleague edits the file between the plan and the change: nothing of his is lost, and the change is not made.
func TestDriftBeforeApply(t *testing.T) {
	env, file := world(t, shipped)
	d := deny{env}
	c := planOne(t, d, "203.0.113.9")
	his := shipped + "192.168.1.5\tfalse"
	put(t, file, his)
	if err := d.Apply(context.Background(), c, keeper{}); !errors.Is(err, runbook.ErrDrift) {
		t.Errorf("%v, want drift", err)
	}
	if get(t, file) != his {
		t.Errorf("the file is %q", get(t, file))
	}
	wantState(t, d, c, runbook.Drifted)
}

// A colleague edits the file after the change: undo takes out our line and keeps his bytes.
func TestUndoKeepsForeignEdits(t *testing.T) {
	env, file := world(t, shipped)
	d := deny{env}
	c := planOne(t, d, "203.0.113.9", "203.0.113.10")
	if err := d.Apply(context.Background(), c, keeper{}); err != nil {
		t.Fatal(err)
	}
	put(t, file, get(t, file)+"192.168.1.5\tfalse")
	wantState(t, d, c, runbook.Done)
	if err := d.Undo(context.Background(), c, keeper{}); err != nil {
		t.Fatal(err)
	}
	if want := shipped + "192.168.1.5\tfalse"; get(t, file) != want {
		t.Errorf("%q, want %q", get(t, file), want)
	}
	// One of our lines taken out by hand: the other one still goes.
	env, file = world(t, shipped)
	d = deny{env}
	c = planOne(t, d, "203.0.113.9", "203.0.113.10")
	if err := d.Apply(context.Background(), c, keeper{}); err != nil {
		t.Fatal(err)
	}
	put(t, file, strings.Replace(get(t, file), "203.0.113.9 false\n", "", 1))
	if err := d.Undo(context.Background(), c, keeper{}); err != nil || get(t, file) != shipped {
		t.Errorf("%v, %q", err, get(t, file))
	}
}

func TestMissingFile(t *testing.T) {
	env, file := world(t, "-")
	d := deny{env}
	c := planOne(t, d, "203.0.113.9")
	if err := d.Apply(context.Background(), c, keeper{}); err != nil {
		t.Fatal(err)
	}
	wantState(t, d, c, runbook.Done)
	if err := d.Undo(context.Background(), c, keeper{}); err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(file); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("the file that was made is still there: %v", err)
	}
}

// What a try that was cut short has left beside the file is cleared away, before and after the exchange.
func TestLeftover(t *testing.T) {
	env, file := world(t, shipped)
	d := deny{env}
	c := planOne(t, d, "203.0.113.9")
	data, _, err := d.load(c)
	if err != nil {
		t.Fatal(err)
	}
	tmp := filepath.Join(filepath.Dir(file), data.Temporary())
	put(t, tmp, shipped[:9]) // the beginning of the new file, which has no mode before it is whole
	if err := os.Chmod(tmp, 0); err != nil {
		t.Fatal(err)
	}
	wantState(t, d, c, runbook.Partial)
	if err := d.Apply(context.Background(), c, keeper{}); err != nil {
		t.Fatal(err)
	}
	put(t, tmp, shipped) // exchanged, and died before taking the old file away
	wantState(t, d, c, runbook.Partial)
	if err := d.Apply(context.Background(), c, keeper{}); err != nil {
		t.Fatal(err)
	}
	wantState(t, d, c, runbook.Done)
	if entries, _ := os.ReadDir(filepath.Dir(file)); len(entries) != 1 {
		t.Errorf("left: %v", entries)
	}
}

func TestAllowTakesOutOnlyWhatWasRecorded(t *testing.T) {
	env, file := world(t, shipped+"203.0.113.77 false\n")
	d := deny{env}
	c := planOne(t, d, "203.0.113.9", "203.0.113.10")
	if err := d.Apply(context.Background(), c, keeper{}); err != nil {
		t.Fatal(err)
	}
	before := get(t, file)
	env.Recorded = func() ([]Denial, error) { return Denials("20261121-0312", c) }
	al := allow{env}
	if out, err := plan(t, al, map[string]any{"targets": []string{"203.0.113.77"}}); err != nil || len(out.Changes) != 0 || len(out.Findings) == 0 {
		t.Errorf("a line written by hand: %v, %v", out, err)
	}
	undo := planOne(t, al, "203.0.113.9")
	if undo.Risk != runbook.Reopening {
		t.Errorf("risk %s", undo.Risk)
	}
	if err := al.Apply(context.Background(), undo, keeper{}); err != nil {
		t.Fatal(err)
	}
	wantState(t, al, undo, runbook.Done)
	if want := strings.Replace(before, "203.0.113.9 false\n", "", 1); get(t, file) != want {
		t.Errorf("%q, want %q", get(t, file), want)
	}
	if err := al.Undo(context.Background(), undo, keeper{}); err != nil {
		t.Fatal(err)
	}
	if f, err := env.read(); err != nil {
		t.Error(err)
	} else if ed, err := f.Denier.Deny(f.Data, []string{"203.0.113.9"}); err != nil || len(ed.Added) != 0 {
		t.Errorf("not denied again: %v", err)
	}
}

func TestLooks(t *testing.T) {
	env, _ := world(t, shipped+"example.jp true\n203.0.113.9  false\n")
	out, err := plan(t, lint{env}, nil)
	facts, _ := out.Facts.(LintFacts)
	if err != nil || facts.Bad < 2 || len(out.Findings) < 2 || out.Findings[0].Text.JA == "" {
		t.Errorf("lint: %+v, %v", out, err)
	}
	out, err = plan(t, denied{env}, map[string]any{"targets": []string{"203.0.113.9"}})
	if f, _ := out.Facts.(DeniedFacts); err != nil || f.Denied || len(f.Open) != 1 {
		t.Errorf("denied: %+v, %v", out, err)
	}
	out, err = plan(t, denied{env}, map[string]any{"targets": []string{}})
	if f, _ := out.Facts.(DeniedFacts); err != nil || !f.Denied || out.Findings[0].Level != runbook.Warn {
		t.Errorf("nothing named: %+v, %v", out, err)
	}
}
