package servers

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"hikeshi/actions/smtpcheck/talk"
	"hikeshi/spool"
	"hikeshi/spool/postfix/denial"
)

// asked is what a server answers to one sender of the outside host, with a login or without: the first refusal, or "taken".
func (w *world) asked(sender, to string, login bool) (answer string) {
	port := ":25"
	if login {
		port = ":587"
	}
	w.outside(func() {
		var d net.Dialer
		c, err := talk.Open(context.Background(), talk.Config{Dial: d.DialContext, Wait: 20 * time.Second}, serverIP+port, false)
		if err != nil {
			answer = err.Error()
			return
		}
		defer c.Quit()
		steps := []func() (talk.Reply, error){func() (talk.Reply, error) { return c.Hello("client.example.net") }}
		if login {
			steps = append(steps, c.Secure, func() (talk.Reply, error) { return c.Hello("client.example.net") },
				func() (talk.Reply, error) { return c.Login(talk.Plain, loginUser, loginPassword) })
		}
		for _, line := range []string{"MAIL FROM:<" + sender + ">", "RCPT TO:<" + to + ">"} {
			steps = append(steps, func() (talk.Reply, error) { return c.Cmd(line) })
		}
		for _, step := range steps {
			if r, err := step(); err != nil || !r.Good() && r.Code != 220 {
				answer = strings.TrimSpace(fmt.Sprint(r, " ", err))
				return
			}
		}
		answer = "taken"
	})
	return answer
}

// TestPostfixDenial: a real Postfix that lets logins send anywhere refuses what stands in the tables, after a login too, once it is hooked and
// reloaded; when it is unhooked everything is as before. It is seen when the services have read the files, and when not.
func TestPostfixDenial(t *testing.T) {
	w := start(t, postfixLogins("logins", "", "", "", "", "safe"))
	root := fmt.Sprintf("/proc/%d/root", w.cmd.Process.Pid)
	proc := root + "/proc" // of the server's own process namespace
	f := denial.Files{Dir: root + "/etc/postfix", Setting: "/etc/postfix", Queue: root + "/var/spool/postfix", Proc: proc, Program: "/usr/sbin/postfix", Uptime: denial.Boottime}
	sender := loginUser
	if got := w.asked(sender, "somebody@example.net", true); got != "taken" {
		t.Fatalf("before, with a login: %s", got)
	}
	before := map[string]string{}
	write := func(path string, e spool.DenyEdit) {
		t.Helper()
		old, err := os.ReadFile(path)
		if err != nil && !errors.Is(err, os.ErrNotExist) {
			t.Fatal(err)
		}
		before[path] = string(old)
		if err := os.WriteFile(path, e.After, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	reload := func(path string) {
		t.Helper()
		if behind, err := f.Behind(path); err != nil || !behind {
			t.Errorf("%s is written, and nobody is behind: %v", filepath.Base(path), err)
		}
		if _, err := w.inTree("", f.Reread()...); err != nil {
			t.Fatal(err)
		}
		for end := time.Now().Add(10 * time.Second); ; time.Sleep(20 * time.Millisecond) {
			if behind, err := f.Behind(path); err == nil && !behind {
				return
			} else if time.Now().After(end) {
				t.Fatalf("still behind: %v, %v", behind, err)
			}
		}
	}
	undo := map[string]spool.DenyEdit{}
	for i, target := range []string{clientIP, "bulk.example.com"} {
		d := f.Deniers()[i]
		if f.DenierOf(target) != i {
			t.Fatalf("%s belongs into table %d", target, f.DenierOf(target))
		}
		e, err := d.Deny(nil, []string{target})
		if err != nil {
			t.Fatal(err)
		}
		write(d.DenyFile(), e)
	}
	hook := func() {
		t.Helper()
		for _, path := range f.HookFiles() {
			file, err := os.ReadFile(path)
			if err != nil {
				t.Fatal(err)
			}
			e, err := f.Hook(path, file)
			if err != nil {
				t.Fatal(err)
			}
			if len(e.Added) > 0 {
				write(path, e)
				undo[path] = e
			}
		}
		reload(f.HookFiles()[0])
	}
	hook()
	for name, login := range map[string]bool{"without a login": false, "with a login": true} {
		if got := w.asked(sender, "somebody@example.net", login); !strings.HasPrefix(got, "554 5.7.1 ") || !strings.Contains(got, "Client host rejected") {
			t.Errorf("denied, %s: %s", name, got)
		}
	}
	if out, err := w.inTree("", "postmap", "-q", clientIP, "cidr:/etc/postfix/hikeshi-peers.cidr"); err != nil || strings.TrimSpace(string(out)) != "REJECT" {
		t.Errorf("postmap says %q, %v", out, err)
	}
	if out, err := w.inTree("", "postfix", "check"); err != nil {
		t.Errorf("postfix check: %s %v", out, err)
	}
	peers := f.Deniers()[0].DenyFile()
	if err := os.WriteFile(peers, nil, 0o644); err != nil { // the peer may again, the sender may not
		t.Fatal(err)
	}
	reload(peers)
	if got := w.asked("x@bulk.example.com", "taro@example.jp", false); !strings.Contains(got, "Sender address rejected") {
		t.Errorf("a denied sender: %s", got)
	}
	if got := w.asked(sender, "somebody@example.net", true); got != "taken" {
		t.Errorf("the peer is allowed again: %s", got)
	}
	for path, e := range undo {
		now, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		back, err := f.Unhook(path, now, e.Undo)
		if err != nil || string(back.After) != before[path] {
			t.Fatalf("%s is not as it was: %v", path, err)
		}
		write(path, back)
	}
	reload(f.HookFiles()[0])
	if got := w.asked("x@bulk.example.com", "taro@example.jp", false); strings.Contains(got, "Sender address rejected") {
		t.Errorf("unhooked: %s", got)
	}
}
