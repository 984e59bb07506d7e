package standin

import (
	"encoding/base64"
	"errors"
	"net/netip"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
)

func open(t *testing.T, files map[string]string) *Server {
	t.Helper()
	c := Config{Root: t.TempDir(), Rate: 1}
	files["reg/epost/ims/HostName.2"] = "mail1.example.jp\r\n"
	files["reg/epost/ims/DomainNamesAreLocal.0"] = "example.jp\x00Example.COM\x00"
	for path, text := range files {
		path = c.Spool(path)
		if err := errors.Join(os.MkdirAll(filepath.Dir(path), 0o755), os.WriteFile(path, []byte(text), 0o600)); err != nil {
			t.Fatal(err)
		}
	}
	s, err := Open(c, &Power{})
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func TestSettings(t *testing.T) {
	s := open(t, map[string]string{"reg/epost/ims/A.1": " 12\n", "reg/epost/ims/B.1": "many\n", "reg/epost/ims/C.2": "first\nsecond\n"})
	if s.Host != "mail1.example.jp" || !slices.Equal(s.Domains, []string{"example.jp", "example.com"}) || !s.Own("EXAMPLE.com") || s.Own("") {
		t.Errorf("host %q, domains %q", s.Host, s.Domains)
	}
	if a, b, c := s.Number("A", 7), s.Number("B", 7), s.Number("none", 7); a != 12 || b != 7 || c != 7 {
		t.Errorf("numbers %d %d %d", a, b, c)
	}
	if c, d := s.Text("C", "x"), s.Text("D", "x"); c != "first" || d != "x" {
		t.Errorf("texts %q %q", c, d)
	}
	if err := os.WriteFile(s.Settings.File("A.1"), []byte("13\n"), 0o600); err != nil || s.Number("A", 7) != 12 {
		t.Errorf("a setting changed while the daemon ran: %d, %v", s.Number("A", 7), err)
	}
}

func TestOpenWithoutSettings(t *testing.T) {
	if _, err := Open(Config{Root: t.TempDir()}, &Power{}); err == nil {
		t.Error("a server without host name was opened")
	}
}

// TestAccountFile: what the reader of the real server sees of an account file.
func TestAccountFile(t *testing.T) {
	line := func(name string) string {
		return strings.TrimSuffix(Account{Name: name, FullName: "A B", Domain: "example.jp"}.Line("p w"), "\n")
	}
	for name, c := range map[string]struct {
		file string
		want []string
	}{
		"three":                          {line("taro") + "\n" + line("hanako") + "\n" + line("jiro") + "\n", []string{"taro", "hanako", "jiro"}},
		"last line without LF":           {line("taro") + "\n" + line("hanako"), []string{"taro"}},
		"text behind a space":            {line("taro") + " note\n", []string{"taro"}},
		"too few fields":                 {base64.StdEncoding.EncodeToString([]byte("taro\tp")) + "\n", nil},
		"CR before the LF":               {line("taro") + "\r\n" + line("hanako") + "\n", []string{"hanako"}},
		"behind an empty line":           {line("taro") + "\n\n" + line("hanako") + "\n", []string{"taro"}},
		"behind a line that is too long": {strings.Repeat("A", 2000) + "\n" + line("taro") + "\n", []string{"taro"}},
	} {
		s := open(t, map[string]string{"db/example.jp.idx": c.file})
		var got []string
		for _, user := range []string{"taro", "hanako", "jiro"} {
			if a, ok := s.Account(strings.ToUpper(user), "Example.JP"); ok {
				got = append(got, a.Name)
			}
		}
		if !slices.Equal(got, c.want) {
			t.Errorf("%s: sees %q, want %q", name, got, c.want)
		}
	}
}

func TestMailboxAndLogin(t *testing.T) {
	s := open(t, map[string]string{
		"inbox/taro/apop.dat":                       "secret\n",
		"inbox/link/hanako/apop.dat":                "secret\n2\n",
		"inbox/empty/apop.dat":                      "\n",
		"reg/epost/ims/Domain/Folder/example.com.2": "../link\n",
	})
	for _, c := range []struct {
		name, password string
		level          int
		ok             bool
	}{
		{"taro", "secret", 0, true},
		{"taro@example.jp", "secret", 0, true},
		{"taro@example.com", "secret", 0, false},
		{"taro@example.org", "secret", 0, false},
		{"hanako@example.com", "secret", 2, true},
		{"taro", "Secret", 0, false},
		{"TARO", "secret", 0, false},
		{"empty", "", 0, false},
		{"..", "secret", 0, false},
		{"../inbox/taro", "secret", 0, false},
		{"", "", 0, false},
	} {
		if level, ok := s.Login(c.name, c.password); ok != c.ok || ok && level != c.level {
			t.Errorf("login %q %q: level %d, %v", c.name, c.password, level, ok)
		}
	}
	if !s.HasAuth("empty", "example.jp") || s.HasAuth("jiro", "example.jp") {
		t.Error("who uses AUTH is told by the auth file being there")
	}
	if got, want := s.Mailbox("a", "example.com"), s.Spool("inbox/link/a"); got != want {
		t.Errorf("mailbox %s, want %s", got, want)
	}
}

func TestFailuresAreCounted(t *testing.T) {
	s := open(t, map[string]string{"inbox/taro/apop.dat": "secret\n", "authlock/keep": ""})
	v4, v6 := netip.MustParseAddr("203.0.113.9"), netip.MustParseAddr("2001:db8::9")
	for _, c := range []struct {
		name string
		peer netip.Addr
		want string
		n    int
	}{
		{"taro", v4, "inbox/taro/203.0.113.9.smtp", 1},
		{"taro@example.jp", v4, "inbox/taro/203.0.113.9.smtp", 2},
		{"taro", v6, "inbox/taro/2001$db8$$9.smtp", 1},
		{"nobody", v4, "authlock/203.0.113.9.smtp", 1},
		{"../taro", v4, "authlock/203.0.113.9.smtp", 2},
		{"taro@example.org", v4, "authlock/203.0.113.9.smtp", 3},
	} {
		n, err := s.CountFailure(c.name, c.peer)
		data, rerr := os.ReadFile(s.Spool(c.want))
		if err != nil || rerr != nil || n != c.n || string(data) != strconv.Itoa(n)+"\n" {
			t.Errorf("%s: %d in %q, %v %v, want %d", c.name, n, data, err, rerr, c.n)
		}
	}
	if err := errors.Join(s.ForgetFailures("taro", v4), s.ForgetFailures("hanako", v6)); err != nil || Exists(s.Spool("inbox/taro/203.0.113.9.smtp")) {
		t.Errorf("not forgotten: %v", err)
	}
	if Exists(s.Spool("inbox/nobody")) {
		t.Error("a mailbox folder was made for a counter")
	}
}

func TestIDsCountOn(t *testing.T) {
	s := open(t, map[string]string{"reg/epost/ims/LastMsgId.1": "97000\n"})
	for _, want := range []string{"B0000097001", "B0000097002"} {
		if got, err := s.NextID(); got != want || err != nil {
			t.Errorf("next is %s, %v, want %s", got, err, want)
		}
	}
	if got, err := os.ReadFile(s.Settings.File("LastMsgId.1")); string(got) != "97002\n" {
		t.Errorf("the setting says %q, %v", got, err)
	}
}

func TestEnvelope(t *testing.T) {
	s := open(t, map[string]string{"null": "Message-ID: <B1@h>\r\nReturn-path: \r\nRecipient: a@example.com\r\n",
		"bare": "Message-ID: <B1@h>\nReturn-path:\nRecipient: a@example.com", "none": "Message-ID: <B1@h>\nReturn-path: x\n", "empty": ""})
	for name, ok := range map[string]bool{"null": true, "bare": true, "none": false, "empty": false} {
		e, err := ReadEnvelope(s.Spool(name))
		if (err == nil) != ok || ok && (e.ID != "B1@h" || e.Sender != "" || !slices.Equal(e.Recipients, []string{"a@example.com"})) {
			t.Errorf("%s: %+v, %v", name, e, err)
		}
	}
	want := Envelope{ID: "B2@h", Sender: "x@example.jp", Recipients: []string{"a@example.com", "b@example.net"}}
	if err := s.Write(s.Spool("again"), want.Bytes()); err != nil {
		t.Fatal(err)
	}
	got, err := ReadEnvelope(s.Spool("again"))
	if err != nil || got.ID != want.ID || got.Sender != want.Sender || !slices.Equal(got.Recipients, want.Recipients) {
		t.Errorf("wrote %+v, read %+v, %v", want, got, err)
	}
}

func TestLogSwitches(t *testing.T) {
	s := open(t, map[string]string{"reg/epost/ims/On.1": "1\n", "reg/epost/ims/Off.1": "0\n", "receivelog/keep": ""})
	for _, c := range []struct {
		open func(name, key string) (*Log, error)
		name string
		key  string
		want bool
	}{{s.OpenLog, "inlog", "On", true}, {s.OpenLog, "outlog", "Off", false}, {s.OpenLogByFolder, "receivelog", "On", true},
		{s.OpenLogByFolder, "receivepop3", "On", false}} {
		l, err := c.open(c.name, c.key)
		if err != nil {
			t.Fatal(err)
		}
		l.Printf("{time} %s", "100% {time}")
		files, _ := filepath.Glob(s.Spool(c.name, "mail1", "*.log"))
		if (len(files) == 1) != c.want {
			t.Errorf("%s by %s: %q", c.name, c.key, files)
		}
	}
}

// TestPowerCut: after Cut has returned nothing changes any more, however many are at it.
func TestPowerCut(t *testing.T) {
	var p Power
	var all sync.WaitGroup
	cut := false
	for range 4 {
		all.Go(func() {
			for p.Do(func() error {
				if cut {
					t.Error("a change after the cut")
				}
				return nil
			}) == nil {
			}
		})
	}
	p.Cut()
	cut = true
	all.Wait()
	if err := p.Do(func() error { return nil }); !errors.Is(err, ErrPower) {
		t.Errorf("without power: %v", err)
	}
	two := Lasting(2)
	for i, want := range []error{nil, nil, ErrPower, ErrPower} {
		if err := two.Do(func() error { return nil }); !errors.Is(err, want) {
			t.Errorf("change %d: %v", i+1, err)
		}
	}
}

func TestLoad(t *testing.T) {
	c := Config{Root: t.TempDir(), Rate: 10, Refuses: map[string]int{"slow.example.org": 1}}
	if err := os.Mkdir(c.Lab(), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := c.Save(); err != nil {
		t.Fatal(err)
	}
	got, err := Load(c.File())
	if err != nil || got.Root != c.Root || got.Refuses["slow.example.org"] != 1 {
		t.Errorf("%+v, %v", got, err)
	}
	for name, text := range map[string]string{"no JSON": "root", "the real server": `{"root":"/","rate":1}`, "another folder": `{"root":"/srv/mail","rate":1}`,
		"no rate": `{"root":"` + c.Root + `"}`} {
		if err := os.WriteFile(c.File(), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		if _, err := Load(c.File()); err == nil {
			t.Errorf("%s: loaded", name)
		}
	}
}
