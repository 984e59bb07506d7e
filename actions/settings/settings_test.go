package settings

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"

	"github.com/google/go-cmp/cmp"

	"hikeshi/runbook"
	"hikeshi/spool"
	"hikeshi/spool/epms"
)

// quiet keeps backups in memory, and what was said.
type quiet struct {
	kept map[string]string
	said *[]runbook.Text
}

func newQuiet() quiet { return quiet{map[string]string{}, new([]runbook.Text)} }

func (q quiet) Evidence(name string, r io.Reader) error { return q.Backup(name, r) }
func (q quiet) Progress(int64, int64)                   {}
func (q quiet) Say(t runbook.Text)                      { *q.said = append(*q.said, t) }
func (q quiet) Backup(name string, r io.Reader) error {
	b, err := io.ReadAll(r)
	if _, there := q.kept[name]; !there {
		q.kept[name] = string(b)
	}
	return err
}

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// site is a server in a folder with some settings.
func site(t testing.TB) (Env, string) {
	t.Helper()
	root := t.TempDir()
	base := filepath.Join(root, "var/spool/epms")
	for path, text := range map[string]string{
		"reg/epost/ims/LastMsgId.1": "97588", "reg/epost/ims/Vrfy.1": "1\r\n", "reg/epost/ims/EPST5RS/SMTPAUTHOnly.1": "0\n", "reg/epost/ims/EPST5DS/Timeout.1": "120\n",
		"reg/epost/ims/EPST5IMAP4S/X.1": "1\n", "incoming/.keep": "", "acceptlog/.keep": "",
	} {
		must(t, os.MkdirAll(filepath.Dir(filepath.Join(base, path)), 0o755))
		must(t, os.WriteFile(filepath.Join(base, path), []byte(text), 0o640))
	}
	must(t, os.Chmod(filepath.Join(base, "acceptlog"), fs.ModeSetgid|0o770))
	s, err := epms.New(epms.Config{Root: root})
	must(t, err)
	env := Env{Server: s, InUse: func(context.Context, []spool.Service) ([]string, error) { return nil, nil }, Without: func() ([]string, error) { return nil, nil }}
	return env, base
}

// snapshot is everything below base: names, owners, modes, contents.
func snapshot(t testing.TB, base string) map[string]string {
	t.Helper()
	all := map[string]string{}
	must(t, filepath.WalkDir(base, func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		fi, err := d.Info()
		if err != nil {
			return err
		}
		st := fi.Sys().(*syscall.Stat_t)
		text := fi.Mode().String()
		if fi.Mode().IsRegular() {
			b, err := os.ReadFile(path)
			if err != nil {
				return err
			}
			text += " " + string(b)
		}
		all[path] = text + " " + string(rune('0'+st.Uid%10)) + string(rune('0'+st.Gid%10))
		return nil
	}))
	return all
}

func plan(a runbook.Action, with map[string]any, planned ...runbook.Change) (runbook.Outcome, error) {
	raw, err := json.Marshal(with)
	if err != nil {
		return runbook.Outcome{}, err
	}
	return a.Plan(context.Background(), runbook.Input{Incident: "20261121-0312", Step: "set", With: raw, Planned: planned, Rec: newQuiet()})
}

func changesOf(t testing.TB, env Env, with map[string]any) []runbook.Change {
	t.Helper()
	out, err := plan(set{env}, with)
	must(t, err)
	return out.Changes
}

func wantState(t testing.TB, s set, c runbook.Change, want ...runbook.State) {
	t.Helper()
	got, err := s.Verify(context.Background(), c, newQuiet())
	if err != nil || !slices.Contains(want, got) {
		t.Fatalf("%s is %s (%v), want %v", c.Target, got, err, want)
	}
}

func TestShow(t *testing.T) {
	env, _ := site(t)
	out, err := plan(show{env}, nil)
	must(t, err)
	f := out.Facts.(ShowFacts)
	if f.AuthOnly != 0 || f.Vrfy != 1 || f.Clustered || !slices.Contains(f.Bad, "SMTPAUTHOnly") || !slices.Contains(f.LogsOff, "receivelog") || !slices.Contains(f.LogsOff, "outlocallog") {
		t.Errorf("%+v", f)
	}
	for _, fi := range out.Findings {
		if fi.Text.EN == "" || fi.Text.JA == "" {
			t.Errorf("not in both languages: %+v", fi)
		}
	}
}

func TestSetAndUndo(t *testing.T) {
	for _, with := range []map[string]any{
		{"profile": "auth"}, {"profile": "logs"}, {"profile": "lockouts"},
		{"values": []string{"SMTPAUTHOnly=2", "inlog=1", "outlog=1", "EPST5POP3S/AuthLockOut=9"}}, {"profile": "auth", "values": []string{"FROMSecLevel=2"}},
	} {
		env, base := site(t)
		before := snapshot(t, base)
		changes := changesOf(t, env, with)
		if d := cmp.Diff(before, snapshot(t, base)); d != "" {
			t.Fatalf("%v: planning changed something:\n%s", with, d)
		}
		s, rec := set{env}, newQuiet()
		for range 2 {
			for _, c := range changes {
				must(t, s.Apply(context.Background(), c, rec))
				wantState(t, s, c, runbook.Done)
			}
		}
		if again := changesOf(t, env, with); len(again) != 0 {
			t.Errorf("%v: planned again: %v", with, again)
		}
		for range 2 {
			for _, c := range slices.Backward(changes) {
				must(t, s.Undo(context.Background(), c, rec))
				wantState(t, s, c, runbook.None)
			}
		}
		if d := cmp.Diff(before, snapshot(t, base)); d != "" {
			t.Errorf("%v: undo left a difference:\n%s", with, d)
		}
		for _, c := range changes { // and in the other order, as after single steps are undone
			must(t, s.Apply(context.Background(), c, rec))
		}
		for _, c := range changes {
			must(t, s.Undo(context.Background(), c, rec))
		}
		if d := cmp.Diff(before, snapshot(t, base)); d != "" {
			t.Errorf("%v: undone in the other order:\n%s", with, d)
		}
	}
}

func TestOwnerAndMode(t *testing.T) {
	env, base := site(t)
	for _, c := range changesOf(t, env, map[string]any{"values": []string{"receivelog=1", "FROMSecLevel=1"}}) {
		must(t, set{env}.Apply(context.Background(), c, newQuiet()))
	}
	fi, err := os.Stat(filepath.Join(base, "receivelog"))
	must(t, err)
	if fi.Mode() != fs.ModeDir|fs.ModeSetgid|0o770 {
		t.Errorf("receivelog is %s", fi.Mode())
	}
	fi, err = os.Stat(filepath.Join(base, "reg/epost/ims/EPST5RS/FROMSecLevel.1"))
	must(t, err)
	if fi.Mode() != 0o640 {
		t.Errorf("a new value is %s", fi.Mode())
	}
}

// What the receiver has logged is never lost: the folder gets another name.
func TestLogFolderWithLogs(t *testing.T) {
	env, base := site(t)
	s, rec := set{env}, newQuiet()
	c := changesOf(t, env, map[string]any{"values": []string{"receivelog=1"}})[0]
	must(t, s.Apply(context.Background(), c, rec))
	must(t, os.WriteFile(filepath.Join(base, "receivelog/261121.log"), []byte("a session"), 0o640))
	for range 2 {
		must(t, s.Undo(context.Background(), c, rec))
		wantState(t, s, c, runbook.None)
	}
	kept, err := filepath.Glob(filepath.Join(base, "receivelog.kept-*/261121.log"))
	if err != nil || len(kept) != 1 || len(*rec.said) != 1 {
		t.Errorf("kept %v (%v), said %v", kept, err, *rec.said)
	}
}

func TestRefusedWhileInUse(t *testing.T) {
	env, base := site(t)
	running := []string{"epstrd.service"}
	var asked []string
	env.InUse = func(_ context.Context, services []spool.Service) ([]string, error) {
		for _, s := range services {
			asked = append(asked, s.Process)
		}
		return running, nil
	}
	before := snapshot(t, base)
	if _, err := plan(set{env}, map[string]any{"profile": "auth"}); err == nil || !strings.Contains(err.Error(), "epstrd.service") {
		t.Errorf("planned while the receiver runs: %v", err)
	}
	if !slices.Equal(asked, []string{"epstrd"}) {
		t.Errorf("asked for %v", asked)
	}
	out, err := plan(set{env}, map[string]any{"profile": "auth"}, runbook.Change{Kind: "service.stop"})
	if err != nil || len(out.Changes) != 3 {
		t.Fatalf("after a planned stop: %v, %v", out.Changes, err)
	}
	s := set{env}
	for _, c := range out.Changes {
		if err := s.Apply(context.Background(), c, newQuiet()); err == nil {
			t.Error("written while the receiver runs")
		}
		if err := s.Undo(context.Background(), c, newQuiet()); err == nil {
			t.Error("undone while the receiver runs")
		}
	}
	if d := cmp.Diff(before, snapshot(t, base)); d != "" {
		t.Error(d)
	}
	// The services of the mailboxes run on in an incident.
	out, err = plan(set{env}, map[string]any{"values": []string{"imap4log=1"}})
	if err != nil || len(out.Changes) != 1 {
		t.Fatalf("imap4log: %v, %v", out.Changes, err)
	}
	must(t, s.Apply(context.Background(), out.Changes[0], newQuiet()))
	// A console that is writing the value.
	env.InUse = nil
	lock := filepath.Join(base, "reg/epost/ims/EPST5RS/SMTPAUTHOnly.lck")
	must(t, os.WriteFile(lock, nil, 0o600))
	if _, err := plan(set{env}, map[string]any{"values": []string{"SMTPAUTHOnly=2"}}); err == nil || !strings.Contains(err.Error(), lock) {
		t.Errorf("planned while the value is locked: %v", err)
	}
}

func TestWithout(t *testing.T) {
	env, _ := site(t)
	for _, x := range []struct {
		names []string
		err   error
		want  int
		level runbook.Level
	}{{nil, nil, 0, runbook.OK}, {[]string{"hanako@example.jp"}, nil, 1, runbook.Warn}, {nil, errors.New("no accounts"), -1, runbook.Warn}} {
		env.Without = func() ([]string, error) { return x.names, x.err }
		out, err := plan(set{env}, map[string]any{"values": []string{"SMTPAUTHOnly=2"}})
		must(t, err)
		last := out.Findings[len(out.Findings)-1]
		if out.Facts.(SetFacts).Without != x.want || last.Level != x.level || len(out.Changes) != 1 {
			t.Errorf("%v: %+v, %+v", x.names, out.Facts, last)
		}
		if len(x.names) > 0 && (!strings.Contains(last.Text.EN, x.names[0]) || !strings.Contains(last.Text.EN, "without an auth file: 1 account;")) {
			t.Errorf("not named: %s", last.Text.EN)
		}
	}
}

func TestRisks(t *testing.T) {
	env, base := site(t)
	c := changesOf(t, env, map[string]any{"values": []string{"SMTPAUTHOnly=2", "acceptlog=1"}})
	if c[0].Risk != runbook.Reversible || c[0].UndoRisk != runbook.Reopening || c[1].UndoRisk != runbook.Reversible {
		t.Errorf("closing: %s, %s; a log: %s", c[0].Risk, c[0].UndoRisk, c[1].UndoRisk)
	}
	must(t, os.WriteFile(filepath.Join(base, "reg/epost/ims/EPST5RS/SMTPAUTHOnly.1"), []byte("2"), 0o640))
	c = changesOf(t, env, map[string]any{"values": []string{"SMTPAUTHOnly=0"}})
	if c[0].Risk != runbook.Reopening || c[0].UndoRisk != runbook.Reversible {
		t.Errorf("opening: %s, %s", c[0].Risk, c[0].UndoRisk)
	}
}

// A colleague, or the console, changes the value between the plan and the change, or after it: his value stays.
func TestDrift(t *testing.T) {
	env, base := site(t)
	s := set{env}
	file := filepath.Join(base, "reg/epost/ims/EPST5RS/SMTPAUTHOnly.1")
	c := changesOf(t, env, map[string]any{"values": []string{"SMTPAUTHOnly=2"}})[0]
	must(t, os.WriteFile(file, []byte("1\n"), 0o640))
	if err := s.Apply(context.Background(), c, newQuiet()); !errors.Is(err, runbook.ErrDrift) {
		t.Errorf("%v, want drift", err)
	}
	wantState(t, s, c, runbook.Drifted)
	must(t, os.WriteFile(file, []byte("0\n"), 0o640))
	must(t, s.Apply(context.Background(), c, newQuiet()))
	must(t, os.WriteFile(file, []byte("1\n"), 0o640))
	if err := s.Undo(context.Background(), c, newQuiet()); !errors.Is(err, runbook.ErrDrift) {
		t.Errorf("%v, want drift", err)
	}
	if b, _ := os.ReadFile(file); string(b) != "1\n" {
		t.Errorf("his value is %q", b)
	}
	n := changesOf(t, env, map[string]any{"values": []string{"FROMSecLevel=1"}})[0]
	must(t, os.WriteFile(filepath.Join(base, "reg/epost/ims/EPST5RS/FROMSecLevel.1"), []byte("2"), 0o640))
	if err := s.Apply(context.Background(), n, newQuiet()); !errors.Is(err, runbook.ErrDrift) {
		t.Errorf("a value that came in meanwhile: %v, want drift", err)
	}
}

func TestRefusedInput(t *testing.T) {
	env, base := site(t)
	before := snapshot(t, base)
	for _, with := range []map[string]any{
		{}, {"profile": "none"}, {"values": []string{"SMTPAUTHOnly"}}, {"values": []string{"SMTPAUTHOnly=1"}}, {"values": []string{"PasswordFile=x"}}, {"values": []string{"Vrfy=0", "../x=1"}},
	} {
		if out, err := plan(set{env}, with); !errors.Is(err, runbook.ErrInput) || len(out.Changes) != 0 {
			t.Errorf("%v: %v", with, err)
		}
	}
	if !maps.Equal(before, snapshot(t, base)) {
		t.Error("something was changed")
	}
	link := filepath.Join(base, "reg/epost/ims/EPST5DS")
	must(t, os.Rename(link, link+".real"))
	must(t, os.Symlink("EPST5DS.real", link))
	if out, err := plan(set{env}, map[string]any{"values": []string{"outlog=1"}}); err == nil {
		t.Errorf("planned through a symbolic link: %v", out.Changes)
	}
}
