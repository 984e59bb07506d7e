package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// TestMustUndo: an undo of a completed run, with the risks named, brings accounts, mailboxes, settings and files back byte for byte, with
// their names, owners and modes. Without reopening all that shuts the door stays.
func TestMustUndo(t *testing.T) {
	if !alone(t) {
		return
	}
	for cause, reopening := range map[string][]string{
		"a": {"left in place: lock taro@example.jp (reopening)", "left in place: clean", "left in place: fix", "left in place: deny", "left in place: stop"},
		"b": {"left in place: rename taro@example.jp (reopening)", "left in place: fix", "left in place: deny", "left in place: stop"},
		"c": {"left in place: fix", "left in place: deny", "left in place: stop"},
	} {
		t.Run(cause, func(t *testing.T) {
			t.Parallel()
			p := newPlayground(t, "epstrd", "epstdd")
			unshut(p)
			p.put("reg/epost/ims/EPST5RS/AcceptlogEnabled.1", "0\n")
			p.age()
			before := p.tree()
			p.abuse("--set", "cause="+cause, "--set", "accounts="+map[bool]string{true: "taro"}[cause != "c"]).exits(t, exitOK)
			p.whole(t)
			s := p.here("undo", p.id, "--yes", "--lang", "en", "--accept-risk", "disruptive").exits(t, exitError, reopening...)
			p.stillClosed(t, cause)
			if strings.Contains(s.out, "left in place: start") {
				t.Errorf("starting was not undone:\n%s", s.out)
			}
			p.here("undo", p.id, "--yes", "--lang", "en").exits(t, exitUnconfirmed, "aborted, nothing undone", "reopening")
			p.stillClosed(t, cause)
			for range 2 {
				p.here("undo", p.id, "--yes", "--accept-risk", "reopening,disruptive").exits(t, exitOK)
				same(t, "after undoing cause "+cause, before, p.tree())
			}
			p.here("verify", p.id).exits(t, exitOK)
		})
	}
}

// stillClosed wants the door shut, though the rest was undone.
func (p *playground) stillClosed(t *testing.T, cause string) {
	t.Helper()
	p.holds(t, "example.jp norelay,2 of old\n")
	p.holds(t, "203.0.113.9 false\n")
	switch cause {
	case "a":
		if b, err := os.ReadFile(filepath.Join(p.spool(), "inbox/taro/apop.dat")); err != nil || strings.Contains(string(b), secret("Sending")) {
			t.Errorf("the stolen password is back: %v", err)
		}
		for _, line := range p.accounts() {
			if strings.HasPrefix(line, "taro\t"+secret("Reading")) {
				t.Error("the password for reading is back")
			}
		}
	case "b":
		p.renamed(t, "taro")
	}
}
