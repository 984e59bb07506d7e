package traces_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"hikeshi/spool"
	"hikeshi/spool/epms"
	"hikeshi/spool/epms/traces"
)

func server(t *testing.T, settings map[string]string) *epms.Server {
	t.Helper()
	root := t.TempDir()
	for _, dir := range []string{"var/spool/epms/inbox/example.jp/postmaster", "var/spool/epms/inbox/postmaster", "var/spool/epms/inbox/jp/postmaster"} {
		if err := os.MkdirAll(filepath.Join(root, dir), 0o755); err != nil {
			t.Fatal(err)
		}
	}
	for name, text := range settings {
		path := filepath.Join(root, "var/spool/epms/reg/epost/ims", name)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	s, err := epms.New(epms.Config{Root: root})
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func TestOf(t *testing.T) {
	s := server(t, nil)
	got := traces.Of(s)
	want := spool.Traces{
		Counters: []string{s.Root() + "/authlock", s.Root() + "/iplock"}, Counter: ".smtp",
		Tables:    []string{s.Program() + "/rejectsmtpip.dat", s.Program() + "/rejectpopip.dat", s.Program() + "/rejectimapip.dat"},
		Mailboxes: s.Root() + "/inbox", Login: "apop.dat", Accounts: s.Root() + "/db", Account: ".idx", Logs: got.Logs, DeliveryScan: 2 * time.Minute,
	}
	if d := cmp.Diff(want, got); d != "" || len(got.Logs) != 11 || got.Logs[0] != s.Root()+"/acceptlog" {
		t.Errorf("%q\n%s", got.Logs, d)
	}
	s = server(t, map[string]string{"EPST5RS/PasswordFile.2": "smtpauth.dat\n", "EPST5DS/Timeout.1": "30", "PostMaster.2": "postmaster@example.jp\n", "Domain/Folder/example.jp.2": "jp\n"})
	got = traces.Of(s)
	if got.Login != "smtpauth.dat" || got.DeliveryScan != 30*time.Second {
		t.Errorf("%+v", got)
	}
	if d := cmp.Diff([]string{s.Mailbox() + "/jp/postmaster", s.Mailbox() + "/example.jp/postmaster", s.Mailbox() + "/postmaster"}, got.Postmaster); d != "" {
		t.Error(d)
	}
	s = server(t, map[string]string{"EPST5RS/PasswordFile.2": "../../etc/shadow\n", "EPST5DS/Timeout.1": "-1", "PostMaster.2": "../x@..\n"})
	if got = traces.Of(s); got.Login != "apop.dat" || got.DeliveryScan != 2*time.Minute || got.Postmaster != nil {
		t.Errorf("%+v", got)
	}
}

func TestRule(t *testing.T) {
	for _, c := range []struct {
		only, level string
		want        spool.LoginRule
	}{
		{"", "", spool.LoginRule{Demand: spool.DemandNobody}},
		{"0", "1", spool.LoginRule{Demand: spool.DemandNobody, Sender: true}},
		{"1", "0", spool.LoginRule{Demand: spool.DemandEverybody}},
		{"2", "2", spool.LoginRule{Demand: spool.DemandLocal, Sender: true}},
	} {
		set := map[string]string{}
		if c.only != "" {
			set["EPST5RS/SMTPAUTHOnly.1"], set["EPST5RS/FROMSecLevel.1"] = c.only, c.level
		}
		if got, err := traces.Rule(server(t, set)); err != nil || got != c.want {
			t.Errorf("%q, %q: %+v, %v", c.only, c.level, got, err)
		}
	}
	for _, bad := range []string{"3", "yes"} {
		if got, err := traces.Rule(server(t, map[string]string{"EPST5RS/SMTPAUTHOnly.1": bad})); err == nil || !strings.Contains(err.Error(), "SMTPAUTHOnly") {
			t.Errorf("%q: %+v, %v", bad, got, err)
		}
	}
}

func TestLog(t *testing.T) {
	s := server(t, map[string]string{"EPST5RS/AcceptlogEnabled.1": "1"})
	if l := traces.Log(s, "acceptlog"); !l.On || l.Dir != s.Root()+"/acceptlog" {
		t.Errorf("%+v", l)
	}
	if l := traces.Log(s, "outlog"); l.On {
		t.Errorf("%+v", l)
	}
	if l := traces.Log(s, "none"); l.On || l.Name != "none" {
		t.Errorf("%+v", l)
	}
}
