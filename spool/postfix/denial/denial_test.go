package denial

import (
	"errors"
	"fmt"
	"io/fs"
	"net/netip"
	"os"
	"path/filepath"
	"testing"
	"time"

	"hikeshi/spool"
)

func files(t *testing.T) Files {
	t.Helper()
	return Files{Dir: t.TempDir(), Setting: "/etc/postfix", Queue: t.TempDir(), Proc: t.TempDir(), Program: "/usr/sbin/postfix", Uptime: func() (time.Duration, error) { return time.Hour, nil }}
}

func put(t *testing.T, path, text string) {
	t.Helper()
	if err := errors.Join(os.MkdirAll(filepath.Dir(path), 0o755), os.WriteFile(path, []byte(text), 0o644)); err != nil {
		t.Fatal(err)
	}
}

func TestHookAndUnhook(t *testing.T) {
	f := files(t)
	for name, text := range map[string]string{
		"main.cf":   "myhostname = mail.example.jp\nsmtpd_client_restrictions = permit_mynetworks, reject_unknown_client_hostname\n",
		"master.cf": "smtp inet n - y - - smtpd\nsubmission inet n - y - - smtpd\n  -o smtpd_client_restrictions=$mua_client_restrictions\n",
	} {
		path := filepath.Join(f.Dir, name)
		e, err := f.Hook(path, []byte(text))
		if err != nil || len(e.Added) == 0 {
			t.Fatalf("%s: %+v, %v", name, e, err)
		}
		if again, err := f.Hook(path, e.After); err != nil || len(again.Added) > 0 {
			t.Fatalf("%s a second time: %s, %v", name, again.After, err)
		}
		back, err := f.Unhook(path, e.After, e.Undo)
		if err != nil || string(back.After) != text {
			t.Fatalf("%s: %s, %v", name, back.After, err)
		}
		if _, err := f.Unhook(path, back.After, e.Undo); !errors.Is(err, fs.ErrNotExist) {
			t.Errorf("%s: unhooked twice: %v", name, err)
		}
	}
	if _, err := f.Hook(filepath.Join(f.Dir, "main.cf"), nil); err == nil {
		t.Error("a main.cf that is not there")
	}
}

func TestOthers(t *testing.T) {
	f := files(t)
	targets := []string{"203.0.113.9", "example.com"}
	for _, c := range []struct {
		peers, senders string
		want           bool
	}{{"", "", false}, {"203.0.113.9\tREJECT\n", "example.com\tREJECT\n", false}, {"203.0.113.10\tREJECT\n", "", true}, {"", "# x\nexample.net REJECT\n", true}} {
		put(t, filepath.Join(f.Dir, peersName), c.peers)
		put(t, filepath.Join(f.Dir, sendersName), c.senders)
		if got, err := f.Others(targets); err != nil || got != c.want {
			t.Errorf("%q, %q: %v, %v", c.peers, c.senders, got, err)
		}
	}
}

func TestDecide(t *testing.T) {
	f := files(t)
	table := []byte("192.0.2.4 OK\n192.0.2.0/24 REJECT\n")
	for peer, want := range map[string]string{"192.0.2.9": "deny", "192.0.2.4": "pass", "203.0.113.1": "none"} {
		if d := f.Decide(table, spool.RelayQuery{Peer: netip.MustParseAddr(peer), Login: true}); d.Result != want || d.Meaning == "" || d.MeaningJA == "" {
			t.Errorf("%s: %+v", peer, d)
		}
	}
	sender, senders := "a@Example.com", f.Deniers()[1]
	if d := senders.Decide([]byte("example.com REJECT\n"), spool.RelayQuery{Sender: &sender}); d.Result != "deny" || d.Line != 1 {
		t.Errorf("%+v", d)
	}
	if f.DenierOf("203.0.113.0/24") != 0 || f.DenierOf("example.com") != 1 || f.DenierOf("2001:db8::1") != 0 {
		t.Error("which table a target belongs into")
	}
}

// running makes a /proc in which master, and qmgr below it, began so long after the boot.
func running(t *testing.T, f Files, qmgr time.Duration) {
	t.Helper()
	stat := func(pid int, name string, parent int, start time.Duration) {
		put(t, filepath.Join(f.Proc, fmt.Sprint(pid), "stat"), fmt.Sprintf("%d (%s) S %d 1 1 0 -1 0 0 0 0 0 0 0 0 0 20 0 1 0 %d 0 0\n", pid, name, parent, start/(10*time.Millisecond)))
	}
	put(t, filepath.Join(f.Queue, "pid/master.pid"), "        7\n")
	stat(7, "master", 1, time.Second)
	stat(8, "qmgr", 7, qmgr)
	stat(9, "qmgr", 6, time.Second) // of another instance
}

func TestBehind(t *testing.T) {
	f := files(t)
	path := filepath.Join(f.Dir, "main.cf")
	put(t, path, "x")
	written := time.Now().Add(-time.Minute)
	if err := os.Chtimes(path, written, written); err != nil {
		t.Fatal(err)
	}
	want := func(what string, want bool) {
		t.Helper()
		if got, err := f.Behind(path); err != nil || got != want {
			t.Errorf("%s: %v, %v", what, got, err)
		}
	}
	want("nothing runs", false)
	running(t, f, time.Hour-2*time.Minute)
	want("it has not been reloaded", true)
	running(t, f, time.Hour-time.Second)
	want("it has been reloaded", false)
	put(t, filepath.Join(f.Proc, "7/stat"), "7 (bash) S 1 1 1 0 -1 0 0 0 0 0 0 0 0 0 20 0 1 0 1 0 0\n")
	running(t, Files{Proc: t.TempDir(), Queue: t.TempDir()}, time.Second)
	want("the number is another program's", false)
	f.Proc = ""
	want("nobody can see", false)
	f.Proc = t.TempDir()
	if got, err := f.Behind(filepath.Join(f.Dir, "none")); err != nil || got {
		t.Errorf("no such file: %v, %v", got, err)
	}
}
