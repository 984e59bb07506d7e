package main

import (
	"bufio"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"
)

// changingVerbs are verbs that change something, as a second responder types them.
func changingVerbs(s *server, id string) [][]string {
	return [][]string{
		{"run", s.book(denyStep), "--yes"}, {"run", "mail-abuse", "--yes", "--accept-risk", "disruptive"},
		{"resume", "--yes"}, {"resume", id, "--yes"}, {"undo", id, "--yes", "--accept-risk", "reopening"},
		{"relay", "deny", "198.51.100.7", "--yes"}, {"spool", "quarantine", "--yes"},
	}
}

// readingVerbs are verbs that only look or write to the record, with the exit codes that are right for them.
func readingVerbs(s *server, id string) map[int][][]string {
	s.write("../console.txt", "seen on the console\n")
	return map[int][][]string{
		exitOK: {
			{"show", id}, {"incidents"}, {"report", id}, {"verify", id}, {"note", id, "電話で顧客に連絡した"}, {"attach", id, s.root + "/../console.txt"},
			{"spool", "scan"}, {"spool", "list"}, {"relay", "check", "203.0.113.9"},
		},
		exitFound: {{"plan", s.book(denyStep)}},
	}
}

func TestSecondResponder(t *testing.T) {
	t.Parallel()
	s := newServer(t)
	began := time.Now().UTC().Add(-time.Second)
	p := s.at(dumb, "run", s.book(lookStep+denyStep))
	p.expect(doOrSkip)
	id := s.incidents()[0]

	who := []string{"holds the lock since", began.Format("2006-01-02T"), fmt.Sprintf("incident %q", id), `step "deny"`, fmt.Sprintf("(process %d)", p.cmd.Process.Pid), "hint: "}
	for _, verb := range changingVerbs(s, id) {
		_, stderr := s.run(exitLocked, verb...)
		for _, want := range who {
			if !strings.Contains(stderr, want) {
				t.Errorf("%q does not say %q: %s", verb, want, stderr)
			}
		}
	}
	if stdout, _ := s.run(exitLocked, "--output", "json", "relay", "deny", "198.51.100.7", "--yes"); !strings.Contains(stdout, `"kind": "error"`) || !strings.Contains(stdout, id) {
		t.Errorf("as JSON: %s", stdout)
	}
	other := filepath.Join(filepath.Dir(s.root), "other")
	_, stderr := s.run(exitLocked, "--state", other, "relay", "deny", "198.51.100.7", "--yes")
	if os.Geteuid() == 0 && !strings.Contains(stderr, id) {
		t.Errorf("with another --state: %s", stderr)
	}
	if names, err := os.ReadDir(filepath.Join(other, "incidents")); len(names) > 0 || len(s.incidents()) != 1 {
		t.Errorf("a second responder has opened an incident: %q %v %q", names, err, s.incidents())
	}

	for code, verbs := range readingVerbs(s, id) {
		for _, verb := range verbs {
			s.run(code, verb...)
		}
	}
	if s.effect() != "#<> default\n" {
		t.Errorf("changed beside the holder: %q", s.effect())
	}
	p.send("y\r")
	p.exits(0)
	if j := s.journal(); !strings.Contains(j, "電話で顧客に連絡した") || !strings.Contains(j, "console.txt") {
		t.Errorf("the record lacks what was added during the run:\n%s", j)
	}
	s.run(0, "verify", id)
	s.run(0, "relay", "deny", "198.51.100.7", "--yes")
	if s.effect() != "#<> default\n198.51.100.7 false\n203.0.113.9 false\n" {
		t.Errorf("after both: %q", s.effect())
	}
}

// The holder is told to others at the step where it is, also while it only looks.
func TestLockWhileLooking(t *testing.T) {
	t.Parallel()
	s := newServer(t)
	p := s.at(dumb, "run", s.book(lookStep+`
  - {id: watch, phase: identify, title: {en: watch it}, uses: queue.scan, with: {watch: 300s}}
`))
	p.expect("watch: 1/300")
	if _, stderr := s.run(exitLocked, "relay", "deny", "198.51.100.7", "--yes"); !strings.Contains(stderr, s.incidents()[0]) {
		t.Errorf("says %s", stderr)
	}
	p.send("\x03")
	p.exits(130)
}

func TestKilledHolderLocksNobodyOut(t *testing.T) {
	t.Parallel()
	s := newServer(t)
	for range 2 {
		p := s.at(dumb, "run", s.book(denyStep))
		p.expect(doOrSkip)
		p.signal(syscall.SIGKILL)
		p.wait()
	}
	ids := s.incidents()
	s.run(0, "spool", "quarantine", "--yes", "--strategy", "rename")
	s.run(0, "resume", ids[0], "--yes")
	if s.effect() != "#<> default\n203.0.113.9 false\n" {
		t.Errorf("after resume: %q", s.effect())
	}
	s.run(0, "resume", ids[1], "--yes")
	s.run(0, "verify", ids[0])
}

// A change that was begun by a process that died blocks everything but resume and undo.
func TestCutOff(t *testing.T) {
	t.Parallel()
	binary := crashBinary(t)
	scratch := newServer(t)
	c := &crash{binary: binary, call: 1}
	c.cutOff(scratch)
	scratch.run(0, "resume", "--yes") // and with it goes what tells others who works here
	for name, test := range map[string]func(*testing.T, *crash){"blocks": cutOffBlocks, "undo": cutOffUndo, "drift": cutOffDrift} {
		t.Run(name, func(t *testing.T) { test(t, c) })
	}
}

func cutOffBlocks(t *testing.T, c *crash) {
	s := newServer(t)
	c.cutOff(s)
	id := s.incidents()[len(s.incidents())-1]
	for _, verb := range changingVerbs(s, id) {
		if verb[0] == "resume" || verb[0] == "undo" {
			continue
		}
		_, stderr := s.run(exitStopped, verb...)
		for _, want := range []string{"cut off in the middle of deny", "hint: ", "hikeshi resume " + id, "hikeshi undo " + id} {
			if !strings.Contains(stderr, want) {
				t.Errorf("%q does not say %q: %s", verb, want, stderr)
			}
		}
	}
	for code, verbs := range readingVerbs(s, id) {
		for _, verb := range verbs {
			s.run(code, verb...)
		}
	}
	if s.effect() != "#<> default\n" {
		t.Errorf("changed: %q", s.effect())
	}
	s.run(0, "resume", "--yes")
	s.run(0, "relay", "deny", "198.51.100.7", "--yes")
	if s.effect() != "#<> default\n198.51.100.7 false\n203.0.113.9 false\n" {
		t.Errorf("after resume: %q", s.effect())
	}
	s.run(0, "verify", id)
}

func cutOffUndo(t *testing.T, c *crash) {
	s := newServer(t)
	c.cutOff(s)
	id := s.incidents()[len(s.incidents())-1]
	s.run(0, "undo", id, "--yes", "--accept-risk", "reopening")
	if s.effect() != "#<> default\n" {
		t.Errorf("after undo: %q", s.effect())
	}
	s.run(0, "relay", "deny", "198.51.100.7", "--yes")
}

// A file that somebody else has altered while a change was half made is asked about.
func cutOffDrift(t *testing.T, c *crash) {
	for _, kind := range []tty{xterm, dumb} {
		s := newServer(t)
		c.cutOff(s)
		const foreign = "#<> default\n198.51.100.7 false\n"
		s.write("usr/local/mta/bin/effect.dat", foreign)
		p := s.at(kind, "resume")
		p.expect("[1/1 contain] refuse it")
		p.expect("deny " + s.root)
		p.expect("changed meanwhile")
		p.answer("y=plan it anew", "q")
		p.exits(6)
		if s.effect() != foreign {
			t.Errorf("q has changed %q", s.effect())
		}
		p = s.at(kind, "resume")
		p.answer("y=plan it anew", "y")
		p.expect("203.0.113.9 false")
		p.answer(doOrSkip, "y")
		p.exits(0)
		if s.effect() != "#<> default\n203.0.113.9 false\n198.51.100.7 false\n" {
			t.Errorf("after planning anew: %q", s.effect())
		}
	}
}

// crashBinary builds hikeshi so that HIKESHI_CRASH ends it in the middle.
func crashBinary(t *testing.T) string {
	t.Helper()
	if testing.Short() {
		t.Skip("builds a second program: not with -short")
	}
	binary := filepath.Join(t.TempDir(), "hikeshi")
	out, err := exec.Command("go", "build", "-tags", "crash", "-o", binary, ".").CombinedOutput()
	if err != nil {
		t.Fatalf("building with -tags crash: %v\n%s", err, out)
	}
	return binary
}

// A crash is a build of hikeshi that ends in the middle, and the writing call behind which it does.
type crash struct {
	binary string
	call   int
}

// cutOff runs a denial that is killed right after it has recorded that it is about to be made.
func (c *crash) cutOff(s *server) {
	s.t.Helper()
	for ; c.call < 200; c.call++ {
		cmd := s.command("run", "--yes", s.book(denyStep))
		cmd.Path = c.binary
		cmd.Env = append(cmd.Env, fmt.Sprintf("HIKESHI_CRASH=after:%d", c.call))
		if out, err := cmd.CombinedOutput(); err == nil {
			s.t.Fatalf("it came to its end: %s", out)
		}
		lines := strings.Split(strings.TrimSpace(s.journal()), "\n")
		if strings.Contains(lines[len(lines)-1], `"event":"intent"`) {
			return
		}
	}
	s.t.Fatal("no change was begun")
}

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
