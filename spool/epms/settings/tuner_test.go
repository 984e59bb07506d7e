package settings

import (
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"hikeshi/spool"
)

func tuner(t *testing.T, files map[string]string) Tuner {
	t.Helper()
	return Tuner{Tree: tree(t, files), Root: t.TempDir(), Services: []spool.Service{{Role: spool.Receiver, Unit: "epstrd.service", Process: "epstrd"}}}
}

func setting(t *testing.T, tu Tuner, name string) spool.Setting {
	t.Helper()
	all, err := tu.Settings()
	if err != nil {
		t.Fatal(err)
	}
	i := slices.IndexFunc(all, func(s spool.Setting) bool { return s.Name == name })
	if i < 0 {
		t.Fatalf("%s is not shown", name)
	}
	return all[i]
}

func TestSettings(t *testing.T) {
	tu := tuner(t, map[string]string{"EPST5RS/SMTPAUTHOnly.1": "1\r\n", "Vrfy.1": "0", "EPST5RS/FROMSecLevel.1": "7", "EPST5RS/AuthLockOut.1": "hunter2\n",
		"EPST5DS/MailFaillogEnabled.1": "1", "Clustering.2": "node2"})
	for name, want := range map[string]struct {
		value, level string
		set          bool
	}{
		"SMTPAUTHOnly": {"1", "bad", true}, "FROMSecLevel": {"7", "bad", true}, "Vrfy": {"0", "ok", true}, "AuthLockOut": {"", "bad", true},
		"AuthLockOutTime": {"", "info", false}, "acceptlog": {"", "warn", false}, "faillog": {"1", "ok", true}, "receivelog": {"", "warn", false}, "Clustering": {"1", "warn", true},
	} {
		s := setting(t, tu, name)
		if s.Value != want.value || s.Level != want.level || s.Set != want.set || s.Text == "" || s.TextJA == "" {
			t.Errorf("%s: %+v", name, s)
		}
		if strings.Contains(s.Text+s.TextJA, "hunter2") {
			t.Errorf("%s shows what is no number: %s", name, s.Text)
		}
	}
	if s := setting(t, tu, "SMTPAUTHOnly"); s.Reader.Unit != "epstrd.service" {
		t.Errorf("read by %+v", s.Reader)
	}
	if _, err := (Tuner{Tree: At("/nonexistent/tree")}).Settings(); err == nil {
		t.Error("no settings at all is no error")
	}
}

func TestTune(t *testing.T) {
	tu := tuner(t, map[string]string{"EPST5RS/SMTPAUTHOnly.1": " 0\r\n", "EPST5RS/AcceptlogEnabled.1": "0\n", "LastMsgId.1": "97588"})
	for name, want := range map[string]struct {
		file, after, like string
		folders           int
	}{
		"SMTPAUTHOnly=2":             {"EPST5RS/SMTPAUTHOnly.1", " 2\r\n", "EPST5RS/AcceptlogEnabled.1", 0},
		"epst5rs/smtpauthonly=2":     {"EPST5RS/SMTPAUTHOnly.1", " 2\r\n", "EPST5RS/AcceptlogEnabled.1", 0},
		"FROMSecLevel=1":             {"EPST5RS/FROMSecLevel.1", "1\n", "EPST5RS/AcceptlogEnabled.1", 0},
		"inlog=1":                    {"EPST5RS/Parameters/MailInlogEnabled.1", "1\n", "EPST5RS/AcceptlogEnabled.1", 1},
		"EPST5IMAP4S/AuthLockOut=10": {"EPST5IMAP4S/AuthLockOut.1", "10", "LastMsgId.1", 1},
		"vrfy=0":                     {"Vrfy.1", "0", "LastMsgId.1", 0},
	} {
		n, v, _ := strings.Cut(name, "=")
		got, err := tu.Tune(n, v)
		if err != nil || got.Path != tu.Tree.Path(want.file) || string(got.After) != want.after || got.Like != tu.Tree.Path(want.like) || len(got.Folders) != want.folders || got.New != v {
			t.Errorf("%s: %+v, %v", name, got, err)
		}
		if lock := strings.TrimSuffix(tu.Tree.Path(want.file), ".1") + ".lck"; got.Lock != lock {
			t.Errorf("%s: lock %s, want %s", name, got.Lock, lock)
		}
	}
	for value, want := range map[string][2]bool{"SMTPAUTHOnly=2": {false, true}, "SMTPAUTHOnly=0": {}, "Vrfy=0": {false, true}, "FROMSecLevel=2": {false, true}, "AuthLockOut=5": {false, true}, "AuthLockOutTime=5": {}, "acceptlog=1": {}} {
		n, v, _ := strings.Cut(value, "=")
		if got, err := tu.Tune(n, v); err != nil || got.Opens != want[0] || got.Closes != want[1] {
			t.Errorf("%s opens %v, closes %v (%v)", value, got.Opens, got.Closes, err)
		}
	}
	shut := tuner(t, map[string]string{"EPST5RS/SMTPAUTHOnly.1": "2"})
	if got, err := shut.Tune("SMTPAUTHOnly", "0"); err != nil || !got.Opens || got.Closes {
		t.Errorf("opening again: %+v, %v", got, err)
	}
	if got, err := tu.Tune("receivelog", "1"); err != nil || got.After != nil || len(got.Folders) != 1 || got.Folders[0] != filepath.Join(tu.Root, "receivelog") || got.Care == nil {
		t.Errorf("%+v, %v", got, err)
	}
}

func TestNotTuned(t *testing.T) {
	tu := tuner(t, map[string]string{"EPST5RS/FROMSecLevel.1": "hunter2"})
	for _, v := range []string{
		"SMTPAUTHOnly=1", "SMTPAUTHOnly=3", "SMTPAUTHOnly=-1", "SMTPAUTHOnly=", "SMTPAUTHOnly=2 ", "SMTPAUTHOnly=+2", "SMTPAUTHOnly=02", "SMTPAUTHOnly=two", "SMTPAUTHOnly=2\n3",
		"Vrfy=2", "Clustering=0", "receivelog=0", "acceptlog=2", "PasswordFile=1", "HostName=x", "../../x=1", "LastMsgId=1", "=1", "AuthLockOut=99999999999999999999", "FROMSecLevel=1",
	} {
		name, value, _ := strings.Cut(v, "=")
		var r *spool.Refusal
		_, err := tu.Tune(name, value)
		if !errors.As(err, &r) || r.EN == "" || r.JA == "" {
			t.Errorf("%q: %v", v, err)
		} else if strings.Contains(r.EN+r.JA, "hunter2") {
			t.Errorf("%q shows what is no number: %v", v, err)
		}
	}
	if err := os.Symlink("/etc", tu.Tree.Path("EPST5DS")); err != nil {
		t.Fatal(err)
	}
	if _, err := tu.Tune("faillog", "1"); err == nil {
		t.Error("a linked key is written")
	}
	if err := os.WriteFile(filepath.Join(tu.Root, "receivelog"), nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := tu.Tune("receivelog", "1"); err == nil {
		t.Error("a file in the place of the folder is taken")
	}
}

func TestProfiles(t *testing.T) {
	tu := tuner(t, map[string]string{"EPST5IMAP4S/X.1": "1"})
	for name, want := range map[string]string{
		"auth":     "SMTPAUTHOnly=2 FROMSecLevel=1 Vrfy=0",
		"lockouts": "AuthLockOut=5 AuthLockOutTime=30 EPST5IMAP4S/AuthLockOut=5 EPST5IMAP4S/AuthLockOutTime=30",
		"logs":     "acceptlog=1 inlog=1 receivelog=1 outlog=1 outlocallog=1 EPST5DS/MailSendLocallogEnabled=1 faillog=1 imap4log=1",
	} {
		p, err := tu.Profile(name)
		if got := strings.Join(p.Values, " "); err != nil || got != want || p.TextJA == "" {
			t.Errorf("%s: %s, %v", name, got, err)
		}
		for _, v := range p.Values {
			n, value, _ := strings.Cut(v, "=")
			if _, err := tu.Tune(n, value); err != nil {
				t.Errorf("%s of %s: %v", v, name, err)
			}
		}
	}
	var r *spool.Refusal
	if _, err := tu.Profile("all"); !errors.As(err, &r) {
		t.Error(err)
	}
}

// Every key means something for its default, and says so in both languages.
func TestEveryKey(t *testing.T) {
	for _, k := range Keys() {
		w, ok := k.Mean(k.Default)
		if !ok || w.EN == "" || w.JA == "" || w.Level == "" {
			t.Errorf("%s: the default %d means %+v", k.Name, k.Default, w)
		}
		if _, ok := k.Mean(k.Max + 1); ok {
			t.Errorf("%s: %d is taken", k.Name, k.Max+1)
		}
		if again, ok := Find(strings.ToUpper(k.Name)); !ok || again.Value != k.Value {
			t.Errorf("%s is not found", k.Name)
		}
	}
}
