package epms

import (
	"context"
	"path/filepath"
	"strings"
	"testing"

	"hikeshi/spool"
)

// The logs are found with their files, their states and what cannot be read.
func TestLogs(t *testing.T) {
	const reg = "var/spool/epms/reg/epost/ims/"
	s, err := New(Config{Root: machine(t, map[string]string{
		reg + "EPST5RS/AcceptlogEnabled.1":        "1",
		reg + "EPST5DS/MailFaillogEnabled.1":      "yes",
		reg + "EPST5DS/Parameters/Other.1":        "1",
		"var/spool/epms/acceptlog/261120.log":     "x\n",
		"var/spool/epms/acceptlog/mx/261121.log":  "xy\n",
		"var/spool/epms/receivelog/":              "",
		"var/spool/epms/outlog/261121.log.bz2":    "",
		"var/spool/epms/outlog/mx/261121_03.log":  "x",
		"var/spool/epms/faillog/261121.log":       "x",
		"var/spool/epms/receivepop3/261121.log":   "x",
		"var/spool/epms/acceptlog/mx/notes.txt":   "x",
		"var/spool/epms/acceptlog/261120.log.tmp": "x",
	})})
	if err != nil {
		t.Fatal(err)
	}
	all, err := s.Logs(context.Background())
	if err != nil {
		t.Fatal(err)
	}
	got := map[string]spool.Log{}
	for _, l := range all {
		got[l.Name] = l
		if l.Dir != filepath.Join(s.Root(), l.Name) || l.HowToEN == "" || l.HowToJA == "" || len(l.Says) == 0 || s.Parser(l.Name, spool.LogFile{}) == nil {
			t.Errorf("%+v", l)
		}
	}
	for name, want := range map[string]struct {
		state   spool.LogState
		files   int
		problem string
	}{
		"acceptlog": {spool.LogOn, 2, ""}, "receivelog": {spool.LogOn, 0, ""}, "inlog": {spool.LogOff, 0, ""}, "outlog": {spool.LogOff, 1, ""}, "faillog": {spool.LogUnknown, 1, "MailFaillogEnabled"},
		"receivepop3": {spool.LogOff, 1, ""}, "imap4log": {spool.LogOff, 0, ""},
	} {
		l := got[name]
		if l.State != want.state || len(l.Files) != want.files || (l.Problem != nil) != (want.problem != "") || l.Problem != nil && !strings.Contains(l.Problem.Error(), want.problem) {
			t.Errorf("%s: %s, %d files, %v", name, l.State, len(l.Files), l.Problem)
		}
	}
	if odd := got["outlog"].Odd; len(odd) != 1 || !strings.Contains(odd[0].Path, "bz2") {
		t.Errorf("%+v", odd)
	}
	if !got["receivelog"].Sessions || got["acceptlog"].Sessions || len(all) != 11 || s.Parser("maillog", spool.LogFile{}) != nil || len(s.Unseen()) == 0 {
		t.Errorf("%d logs", len(all))
	}
}

// Without settings nobody knows what is switched on; the files are there all the same.
func TestLogsWithoutSettings(t *testing.T) {
	s, err := New(Config{Root: machine(t, map[string]string{"var/spool/epms/inlog/261121.log": "x\n"})})
	if err != nil {
		t.Fatal(err)
	}
	all, err := s.Logs(context.Background())
	if err != nil {
		t.Fatal(err)
	}
	for _, l := range all {
		if l.State != spool.LogUnknown || l.Problem != nil || (len(l.Files) == 1) != (l.Name == "inlog") {
			t.Errorf("%+v", l)
		}
	}
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	if _, err := s.Logs(ctx); err == nil {
		t.Error("not cancelled")
	}
}
