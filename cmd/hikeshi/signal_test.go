package main

import (
	"bufio"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"
)

// A run whose reader goes away (`| head -1`) comes to its end all the same.
func TestReaderGoesAway(t *testing.T) {
	t.Parallel()
	for _, both := range []bool{false, true} {
		s := newServer(t)
		cmd := s.command("run", s.book(asideStep+denyStep+lookStep), "--yes")
		r, w, err := os.Pipe()
		if err != nil {
			t.Fatal(err)
		}
		cmd.Stdout = w
		if both {
			cmd.Stderr = w
		}
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		w.Close()
		if line, err := bufio.NewReader(r).ReadString('\n'); err != nil {
			t.Fatalf("%q, %v", line, err)
		}
		r.Close()
		if err := cmd.Wait(); err != nil {
			t.Errorf("%v", err)
		}
		if s.effect() != "#<> default\n203.0.113.9 false\n" || !strings.Contains(s.journal(), `"event":"closed","actor"`) {
			t.Errorf("%q\n%s", s.effect(), s.journal())
		}
	}
}

// SIGTERM ends a run without a terminal as Ctrl-C does, a signal that nohup ignores does not.
func TestSignalOffTerminal(t *testing.T) {
	t.Parallel()
	var all []subtest
	for _, c := range []signalled{{":", syscall.SIGTERM, 130}, {":", syscall.SIGINT, 130}, {":", syscall.SIGHUP, 130}, {"trap '' HUP", syscall.SIGHUP, 0}} {
		all = append(all, subtest{fmt.Sprint(c.sig, " ", c.trap), c.test})
	}
	atOnce(t, all)
}

// signalled is a run that gets a signal between two changes.
type signalled struct {
	trap string // what the shell that starts it does with the signal
	sig  syscall.Signal
	code int
}

func (c signalled) test(t *testing.T) {
	s := newServer(t)
	cmd := s.command("run", "--yes", s.book(asideStep+`
  - {id: watch, phase: identify, title: {en: watch it}, uses: queue.scan, with: {watch: 2s}}
`+denyStep))
	cmd.Args = append([]string{"sh", "-c", c.trap + `; exec "$0" "$@"`, cmd.Path}, cmd.Args[1:]...)
	cmd.Path = "/bin/sh"
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	for limit := time.Now().Add(patience); !strings.Contains(s.journal(), `"event":"ended"`); time.Sleep(10 * time.Millisecond) {
		if time.Now().After(limit) {
			t.Fatalf("it does not begin:\n%s", s.journal())
		}
	}
	if err := cmd.Process.Signal(c.sig); err != nil {
		t.Fatal(err)
	}
	cmd.Wait()
	if got := cmd.ProcessState.ExitCode(); got != c.code || !strings.Contains(s.journal(), `"event":"closed"`) {
		t.Errorf("exit code %d\n%s", got, s.journal())
	}
	if done := strings.Contains(s.effect(), "203.0.113.9"); done != (c.code == 0) {
		t.Errorf("in the deny file: %q", s.effect())
	}
	s.run(0, "resume", s.incidents()[0], "--yes")
	if s.effect() != "#<> default\n203.0.113.9 false\n" {
		t.Errorf("after resume: %q", s.effect())
	}
}

// Ctrl-C in the middle of a change ends it in order; resume carries it on, undo takes it back.
func TestInterruptedChange(t *testing.T) {
	t.Parallel()
	for _, on := range [][]string{{"resume"}, {"undo", "--accept-risk", "reopening"}} {
		s, messages := interrupted(t)
		s.run(0, append([]string{on[0], s.incidents()[0], "--yes"}, on[1:]...)...)
		left, err := filepath.Glob(filepath.Join(s.root, "var/spool/epms/incoming/B*"))
		want := map[string]int{"resume": 0, "undo": 2 * messages}[on[0]]
		if err != nil || len(left) != want {
			t.Errorf("after %s: %d files in incoming, want %d", on[0], len(left), want)
		}
	}
}

// interrupted is a server on which Ctrl-C has cut short the setting aside of so many messages, one by one.
func interrupted(t *testing.T) (*server, int) {
	t.Helper()
	for _, messages := range []int{1000, 5000, 20000} { // more where the disk is faster than the hand
		s := newServer(t)
		s.messages(3, messages)
		p := s.at(dumb, "run", s.book(`
  - {id: aside, phase: contain, title: {en: set it aside}, uses: queue.quarantine, with: {strategy: move, limit: 20000}}
`))
		p.answer(doOrSkip, "y")
		p.expect("aside: ")
		p.send("\x03")
		code := p.ends()
		if code == 0 {
			continue
		}
		if j := s.journal(); code != exitInterrupted || !strings.Contains(j, `"event":"result"`) || !strings.Contains(j, `"event":"closed"`) {
			t.Errorf("exit code %d, not ended in order:\n%s", code, p.all())
		}
		return s, messages
	}
	t.Skip("20,000 messages are set aside before Ctrl-C is seen")
	return nil, 0
}
