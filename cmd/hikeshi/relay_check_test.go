package main

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"hikeshi/runbook"
	"hikeshi/runbook/journal"
	"hikeshi/spool/lab/ways"
)

// TestRelayCheckOnlyLooks: no step of the self-check can change anything.
func TestRelayCheckOnlyLooks(t *testing.T) {
	kinds, used := catalogue(), []string{}
	for _, s := range builtin(t, "relay-check").Steps {
		if s.Uses == "" {
			continue
		}
		used = append(used, s.Uses)
		if _, changes := kinds[s.Uses].Changer(); changes {
			t.Errorf("step %s changes things", s.ID)
		}
		if s.OnError != runbook.OnErrorContinue {
			t.Errorf("step %s ends the check when it cannot look", s.ID)
		}
	}
	want := []string{"service.status", "relay.lint", "settings.show", "account.list", "relay.door", "smtp.relaytest", "smtp.hygiene", "smtp.denied", "smtp.hygiene"}
	if !slices.Equal(used, want) {
		t.Errorf("it uses %v, want %v", used, want)
	}
}

// checked runs the self-check in a lab and returns how it ended, and its record.
func checked(t *testing.T, r *rehearsal, w *world, set ...string) (*runbook.History, error) {
	t.Helper()
	err := r.labEngine(t.Context(), w, "relay-check", set, r.labOperator(r.server()))
	jr, jerr := r.incident()
	fine(t, jerr)
	defer jr.Close()
	records, jerr := jr.Records()
	fine(t, jerr)
	h, jerr := runbook.Fold(records)
	fine(t, jerr)
	if _, jerr := os.Stat(filepath.Join(r.dir, "incidents", jr.ID(), "evidence")); jerr != nil {
		t.Errorf("no evidence is kept: %v", jerr)
	}
	return h, err
}

// TestRelayCheck: against the closed server of a lab it ends well; open, it stops at its gate, and goes on when the door is shut or somebody
// answers for it.
func TestRelayCheck(t *testing.T) {
	for name, c := range map[string]struct {
		way, mend string
		set       []string
		stops     string // what the relay test tells then; "" if it ends well
	}{
		"closed":              {way: "closed"},
		"a denial to verify":  {way: "closed", set: []string{"denied=203.0.113.9"}},
		"percent hack":        {way: "percent-hack", stops: "R14 weak-suspect"},
		"accepted":            {way: "percent-hack", set: []string{"accepted=a catch-all, tried with a real message"}},
		"no login, mended":    {way: "no-login", stops: "R06 suspect", mend: "*.*.*.* norelay,2\n"},
		"nothing listens":     {way: "closed", set: []string{"targets=192.0.2.25:2525"}, stops: "nothing listens there"},
		"no leave to ask him": {way: "closed", set: []string{"targets=198.51.100.7"}, stops: "not an authorised target"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			way, _ := ways.Find(c.way)
			r, w := labOpen(t, "stolen-password", way)
			h, err := checked(t, r, w, c.set...)
			if (err != nil) != (c.stops != "") || err != nil && codeOf(err) != exitStopped {
				t.Fatalf("it ends with %v", err)
			}
			told := h.Step("relay_test").Error
			for _, f := range h.Step("relay_test").Plan.Findings {
				told += f.Text.EN + "\n"
			}
			if !strings.Contains(told, c.stops) {
				t.Errorf("the test tells %q, want %q", told, c.stops)
			}
			if err == nil && h.Step("shut").Result != runbook.ResultDone {
				t.Errorf("the gate is %s", h.Step("shut").Result)
			}
			if c.mend == "" {
				return
			}
			file := r.lab.Config().Program("effect.dat")
			was, err := os.ReadFile(file)
			fine(t, err)
			fine(t, os.WriteFile(file, append(was, c.mend...), 0o600))
			if h, err = checked(t, r, w); err != nil || h.Step("shut").Result != runbook.ResultDone {
				t.Errorf("mended, it ends with %v, gate %s", err, h.Step("shut").Result)
			}
		})
	}
}

// On a tree that is not that of the running server nothing can be tested: that is said, and the check does not end well.
func TestRelayCheckOfACopy(t *testing.T) {
	p := newPlace(t)
	s := p.hikeshi("run", "relay-check", "--yes").exits(t, exitStopped)
	if !strings.Contains(s.out+s.err, "nothing was asked: the server below --root does not run here") {
		t.Errorf("%s%s", s.out, s.err)
	}
	p.hikeshi("plan", "relay-check").exits(t, exitUndetermined)
	p.hikeshi("runbooks", "relay-check", "--lang", "ja").exits(t, exitOK)
	entries, err := journal.List(journal.Store{State: p.state()})
	if err != nil || len(entries) != 1 {
		t.Errorf("incidents %v, %v", entries, err)
	}
}
