package main

import (
	"bytes"
	"cmp"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"syscall"
	"testing"
	"time"

	"hikeshi/runbook"
	"hikeshi/runbook/journal"
	"hikeshi/runbook/journal/lock"
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

	who := []string{"holds the lock since", began.Format("2006-01-02T"), fmt.Sprintf("incident %q", id), `step "deny"`, fmt.Sprintf("(process %d)", p.cmd.Process.Pid), "hint: ",
		"`hikeshi resume " + id + " --take-over` takes over"}
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

// A responder with a state folder of his own who died in the middle of a change keeps the others from changing anything.
func TestOpenIntentElsewhere(t *testing.T) {
	p := newPlace(t)
	other := filepath.Join(p.dir, "other")
	store := journal.Store{State: other, Clock: time.Now}
	jr, err := journal.Create(store, runbook.Opening{Runbook: "x", Root: p.root, Steps: []runbook.StepHead{{ID: "deny"}}}, []byte("x"))
	fine(t, err)
	plan := runbook.StepPlan{Changes: []runbook.Change{{ID: "deny.1", Kind: "relay.deny", Op: "deny", Target: p.deny()}}}
	fine(t, jr.Append(runbook.Record{Event: runbook.Planned, Step: "deny", Plan: &plan}))
	fine(t, jr.Append(runbook.Record{Event: runbook.Intent, Step: "deny", Change: "deny.1"}))
	fine(t, jr.Close())
	l, err := lock.Take(p.spool(), []string{p.state()}, lock.Holder{State: other, Incident: jr.ID()}, nil)
	fine(t, err)
	held, err := filepath.Glob(filepath.Join(p.state(), "lock-*"))
	fine(t, err)
	text, err := os.ReadFile(held[0])
	fine(t, err)
	fine(t, l.Unlock())
	dead := regexp.MustCompile(`"pid":\d+`).ReplaceAll(text, []byte(`"pid":2147483646`))
	fine(t, os.WriteFile(held[0], dead, 0o644))
	for range 2 {
		p.hikeshi("relay", "deny", "203.0.113.9", "--yes").exits(t, exitStopped, "cut off in the middle of deny "+p.deny(), "hikeshi --state "+other+" undo "+jr.ID())
	}
	if b, err := os.ReadFile(p.deny()); err != nil || string(b) != plainDeny {
		t.Errorf("changed: %q %v", b, err)
	}
	fine(t, os.RemoveAll(other))
	p.hikeshi("relay", "deny", "203.0.113.9", "--yes").exits(t, exitOK)
}

// An incident whose record is damaged is named wherever its changes matter; what can be read of it counts.
func TestUnreadableIncidentIsNamed(t *testing.T) {
	p := newPlace(t)
	p.hikeshi("relay", "deny", "203.0.113.9", "--yes").exits(t, exitOK)
	ids, err := os.ReadDir(filepath.Join(p.state(), "incidents"))
	fine(t, err)
	name := filepath.Join(p.state(), "incidents", ids[0].Name(), "journal.jsonl")
	b, err := os.ReadFile(name)
	fine(t, err)
	lines := bytes.SplitAfter(b, []byte("\n"))
	lines[len(lines)-2] = []byte("{\"damaged\":1}\n")
	fine(t, os.WriteFile(name, bytes.Join(lines, nil), 0o600))
	p.hikeshi("relay", "list").exits(t, exitOK, "203.0.113.9", "incident "+ids[0].Name()+" is not wholly readable")
}

func TestUndoOfAnUnknownStep(t *testing.T) {
	p := newPlace(t)
	p.hikeshi("relay", "deny", "203.0.113.9", "--yes").exits(t, exitOK)
	ids, err := os.ReadDir(filepath.Join(p.state(), "incidents"))
	fine(t, err)
	p.hikeshi("undo", ids[0].Name(), "nosuchstep", "--yes").exits(t, exitUsage, `has no step "nosuchstep"`)
	p.hikeshi("undo", ids[0].Name(), "--yes").exits(t, exitUnconfirmed, "reopening")
}

// Anybody sees in status who is at work.
func TestStatusNamesWhoIsAtWork(t *testing.T) {
	p := newPlace(t)
	l, err := lock.Take(p.spool(), []string{p.state()}, lock.Holder{State: "/elsewhere", Incident: "20261121-0312"}, nil)
	fine(t, err)
	defer l.Unlock()
	fine(t, l.Set("20261121-0312", "stop"))
	p.hikeshi("status", "--watch", "0").exits(t, exitFound, "is at work since", "incident 20261121-0312, step stop", "hikeshi show 20261121-0312")
}

// A colleague goes on in place of the one who holds the lock, whose process ends in order; the record says so.
func TestTakeOver(t *testing.T) {
	t.Parallel()
	s := newServer(t)
	p := s.at(dumb, "run", s.book(denyStep))
	p.expect(doOrSkip)
	id := s.incidents()[0]
	s.run(0, "resume", id, "--yes", "--take-over")
	p.exits(exitInterrupted)
	if s.effect() != "#<> default\n203.0.113.9 false\n" {
		t.Errorf("after taking over: %q", s.effect())
	}
	if j := s.journal(); !strings.Contains(j, "taken over from") {
		t.Errorf("the record does not say who took over:\n%s", j)
	}
	s.run(0, "verify", id)
}

// At a terminal the name of the other one is typed; anything else leaves it alone.
func TestTakeOverIsAsked(t *testing.T) {
	t.Parallel()
	s := newServer(t)
	first := s.at(dumb, "run", s.book(denyStep))
	first.expect(doOrSkip)
	id := s.incidents()[0]
	second := s.at(dumb, "resume", id)
	second.expect("to take over")
	second.send("\r")
	second.exits(exitLocked)
	third := s.at(dumb, "resume", id)
	third.expect("to take over")
	third.send(cmp.Or(os.Getenv("SUDO_USER"), lock.Me().User) + "\r")
	first.exits(exitInterrupted)
	third.expect(doOrSkip)
	third.send("y\r")
	third.exits(0)
	s.run(0, "verify", id)
}
