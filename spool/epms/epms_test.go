package epms

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"hikeshi/spool"
	"hikeshi/spool/disk"
	"hikeshi/spool/scan"
)

// What a server is able to do.
var (
	_ spool.Server = (*Server)(nil)
	_ spool.Queue  = (*Server)(nil)
	_ spool.Denier = (*Server)(nil)
	_ spool.Linter = (*Server)(nil)
	_ scan.Namer   = (*Server)(nil)
)

// machine makes a root directory. A path that ends in / is a folder, a text that begins with -> a symbolic link.
func machine(t *testing.T, files map[string]string) string {
	t.Helper()
	root := t.TempDir()
	for name, text := range files {
		path := filepath.Join(root, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		var err error
		if to, link := strings.CutPrefix(text, "->"); link {
			err = os.Symlink(to, path)
		} else if strings.HasSuffix(name, "/") {
			err = os.MkdirAll(path, 0o755)
		} else {
			err = os.WriteFile(path, []byte(text), 0o644)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	return root
}

func TestResolve(t *testing.T) {
	root := machine(t, map[string]string{
		"data/epms/incoming/":  "",
		"var/spool/epms":       "->/data/epms",
		"var/spool/up":         "->../../../../../data/epms",
		"var/spool/through":    "->/var/spool/epms/incoming",
		"var/spool/loop":       "->/var/spool/loop",
		"var/spool/loop-a":     "->loop-b",
		"var/spool/loop-b":     "->loop-a",
		"var/spool/dangling":   "->/nowhere/x",
		"var/spool/dots":       "->./../spool/./epms",
		"var/spool/plain/dir/": "",
	})
	for path, want := range map[string]string{
		"/var/spool/epms":                "/data/epms",
		"/var/spool/epms/incoming":       "/data/epms/incoming",
		"/var/spool/up":                  "/data/epms",
		"/var/spool/through":             "/data/epms/incoming",
		"/var/spool/dangling":            "/nowhere/x",
		"/var/spool/dangling/y":          "/nowhere/x/y",
		"/var/spool/dots":                "/data/epms",
		"/var/spool/plain/dir":           "/var/spool/plain/dir",
		"/var/spool/none/at/all":         "/var/spool/none/at/all",
		"/../../var//spool/./plain/dir/": "/var/spool/plain/dir",
		"/":                              "/",
	} {
		got, err := disk.Resolve(root, path)
		if err != nil || got != filepath.Join(root, want) {
			t.Errorf("disk.Resolve(%s) = %s, %v; want %s below the root", path, got, err, want)
		}
	}
	for _, path := range []string{"/var/spool/loop", "/var/spool/loop-a"} {
		if got, err := disk.Resolve(root, path); err == nil {
			t.Errorf("disk.Resolve(%s) = %s", path, got)
		}
	}
}

func TestNew(t *testing.T) {
	root := machine(t, map[string]string{"data/epms/incoming/": "", "var/spool/epms": "->/data/epms", "opt/bin/": "", "usr/local/mta/bin": "->/opt/bin", "file": ""})
	s, err := New(Config{Root: root})
	if err != nil {
		t.Fatal(err)
	}
	for what, got := range map[string][2]string{
		"root": {s.Root(), "/data/epms"}, "program": {s.Program(), "/opt/bin"}, "mailbox": {s.Mailbox(), "/data/epms/inbox"}, "deny file": {s.DenyFile(), "/opt/bin/effect.dat"},
	} {
		if got[0] != filepath.Join(root, got[1]) {
			t.Errorf("%s: %s, want %s below the root", what, got[0], got[1])
		}
	}
	var set, info []string
	for _, f := range s.Folders() {
		if f.Path != filepath.Join(root, "data/epms", f.Name) {
			t.Errorf("%s: %s", f.Name, f.Path)
		}
		if f.Set {
			set = append(set, f.Name)
		}
		if f.Info {
			info = append(info, f.Name)
		}
	}
	if !slices.Equal(set, []string{"incoming", "lists", "holding", "domains"}) || !slices.Equal(info, []string{"temp", "dead"}) {
		t.Errorf("set %q, for information %q", set, info)
	}
	if _, err := New(Config{Root: t.TempDir()}); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("without a spool: %v", err)
	}
	for _, c := range []Config{{Root: root, Spool: "/file"}, {Root: root, Spool: "relative"}, {Root: root, Program: "relative"}, {Root: filepath.Join(root, "none")}} {
		if _, err := New(c); err == nil {
			t.Errorf("New(%+v) took it", c)
		}
	}
	if s, err := New(Config{Root: root, Spool: "/opt", Mailbox: "/mail"}); err != nil || s.Mailbox() != filepath.Join(root, "mail") {
		t.Errorf("%v, %v", s, err)
	}
}

func TestServices(t *testing.T) {
	for _, c := range []struct {
		units []string
		want  string
	}{
		{nil, "epstrd.service epstdd.service epstpop3d.service epstimap4d.service"},
		{[]string{"epstrd.service", "epstdd.service"}, "epstrd.service epstdd.service epstpop3d.service epstimap4d.service"},
		{[]string{"epstdd.service", "epstrd.service"}, "epstrd.service epstdd.service epstpop3d.service epstimap4d.service"},
		{[]string{"mail-in.service", "mail-out.service"}, "mail-in.service mail-out.service epstpop3d.service epstimap4d.service"},
		{[]string{"epstimap4d"}, "epstrd.service epstdd.service epstpop3d.service epstimap4d"},
		{[]string{"a", "b", "c", "d", "e"}, "a b c d"},
	} {
		s := &Server{config: Config{Units: c.units}}
		var got []string
		for i, svc := range s.Services() {
			got = append(got, svc.Unit)
			if svc.Process != known[i].Process || svc.Role != known[i].Role || svc.Queue != (i < 2) {
				t.Errorf("%q: %+v", c.units, svc)
			}
		}
		if strings.Join(got, " ") != c.want {
			t.Errorf("%q: %q", c.units, got)
		}
	}
	if known[0].Unit != "epstrd.service" {
		t.Error("the list of known services was changed")
	}
}

func TestDetect(t *testing.T) {
	for name, files := range map[string]map[string]string{
		"program": {"usr/local/mta/bin/epstrd": ""}, "unit": {"etc/systemd/system/epstrd.service": ""},
		"settings": {"data/epms/reg/epost/ims/": "", "var/spool/epms": "->/data/epms"}, "queue": {"var/spool/epms/incoming/": ""},
	} {
		if found, reason := Detect(machine(t, files)); !found || !strings.HasPrefix(reason, "there is /") {
			t.Errorf("%s: %v, %s", name, found, reason)
		}
	}
	for name, root := range map[string]string{"empty": t.TempDir(), "none": "/nonexistent/root", "links": machine(t, map[string]string{"var/spool/epms": "->/var/spool/epms"})} {
		if found, reason := Detect(root); found || reason == "" {
			t.Errorf("%s: %v, %q", name, found, reason)
		}
	}
}

func TestSettings(t *testing.T) {
	const ims = "var/spool/epms/reg/epost/ims/"
	root := machine(t, map[string]string{
		ims + "DomainNamesAreLocal.0":                        "Example.JP\x00example.net\x00bad name\x00\x1b[31m.jp\x00\x00",
		ims + "HostName.2":                                   "Mail.Example.JP\n",
		ims + "LastMsgId.1":                                  "97588\n",
		ims + "EPST5RS/AcceptlogEnabled.1":                   "1",
		ims + "EPST5RS/Parameters/MailInlogEnabled.1":        "0",
		ims + "EPST5DS/MailSendLocallogEnabled.1":            "1",
		ims + "EPST5DS/Parameters/MailSendLocallogEnabled.1": "0",
		ims + "EPST5DS/MailFaillogEnabled.1":                 "yes",
		ims + "EPST5IMAP4S/AcceptlogEnabled.1":               "1",
		"var/spool/epms/receiveimap4/":                       "",
		"var/spool/epms/receivepop3/":                        "",
	})
	s, err := New(Config{Root: root, Own: spool.Own{Domains: []string{"example.org"}}})
	if err != nil {
		t.Fatal(err)
	}
	if own := s.Own(); !slices.Equal(own.Domains, []string{"example.org", "example.jp", "example.net"}) || own.Hostname != "mail.example.jp" {
		t.Errorf("Own = %+v", own)
	}
	if n, err := s.LastMessageID(); n != 97588 || err != nil {
		t.Errorf("LastMessageID = %d, %v", n, err)
	}
	want := map[string]bool{"acceptlog": true, "outlocallog": true, "imap4log": true, "receiveimap4": true}
	for _, l := range s.LogSwitches() {
		if (l.Err != nil) != (l.Name == "faillog") {
			t.Errorf("%s: %v", l.Name, l.Err)
		}
		if l.On != want[l.Name] {
			t.Errorf("%s is on: %v (%s)", l.Name, l.On, l.Switch)
		}
		if l.Dir != filepath.Join(s.Root(), l.Name) || !strings.HasSuffix(l.Switch, ".1") {
			t.Errorf("%+v", l)
		}
	}
	bare, err := New(Config{Root: machine(t, map[string]string{"var/spool/epms/": ""})})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := bare.LastMessageID(); err == nil {
		t.Error("a counter that is not there was read")
	}
	if d, err := bare.OwnDomains(); err != nil || len(d) > 0 {
		t.Errorf("OwnDomains = %q, %v", d, err)
	}
	for _, l := range bare.LogSwitches() {
		if l.On || l.Err == nil {
			t.Errorf("%+v", l)
		}
	}
}

func TestWays(t *testing.T) {
	s, err := New(Config{Root: machine(t, map[string]string{"var/spool/epms/": ""})})
	if err != nil {
		t.Fatal(err)
	}
	for folder, want := range map[string]string{"holding": "incoming", "domains": "incoming", "incoming": "", "lists": ""} {
		if into, ok := s.Requeue(folder); into != want || ok != (want != "") {
			t.Errorf("Requeue(%s) = %q, %v", folder, into, ok)
		}
	}
	if !s.ListMail("lists", "B0000000001.RCP") || !s.ListMail("incoming", "B0000000001-M00000001.RCP") || s.ListMail("incoming", "B0000000001-001.RCP") {
		t.Error("list mail is told wrongly")
	}
	var wiped []string
	for _, f := range s.Wiped() {
		wiped = append(wiped, f.Name)
	}
	if !slices.Equal(wiped, []string{"temp", "authlock", "iplock"}) {
		t.Errorf("Wiped = %q", wiped)
	}
}
