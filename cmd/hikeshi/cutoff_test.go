package main

import (
	"fmt"
	"strings"
	"testing"
)

// A change that was begun by a process that died blocks everything but resume and undo.
func TestCutOff(t *testing.T) {
	t.Parallel()
	if testing.Short() {
		t.Skip("builds a second program: not with -short")
	}
	scratch := newServer(t)
	c := &crash{binary: build(t, "crash"), call: 1}
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
		p.expect("1 deny")
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
