package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	past "hikeshi/spool/lab/history"
)

// withHistory writes the logs of some days into a place; the last of them ended today.
func (p *place) withHistory(days int) *past.World {
	p.t.Helper()
	w := past.Make(3, past.Options{Days: days, Start: time.Now().AddDate(0, 0, -days), Accounts: 30, Incidents: []past.Kind{"stolen-fast"}})
	fine(p.t, w.Write(p.spool()))
	return w
}

// TestStatusAddresses: an address is called new only where the days before were read, and where no log tells how many messages there
// were, that is said.
func TestStatusAddresses(t *testing.T) {
	p := newPlace(t)
	w := p.withHistory(15)
	who := w.Truth.Accounts[0].Login
	s := p.hikeshi("status", "--watch", "0")
	row := s.row("who")
	whole := !strings.Contains(s.out, "only what was written since") // a slow machine does not get to the days before in its two seconds
	if !strings.Contains(row, who) || strings.Contains(row, " new addresses") != whole || strings.Contains(row, "unknown") {
		t.Errorf("%q in\n%s", row, s.out)
	}
	if n := strings.Fields(row)[2]; !s.tells("suspect, by the logs: " + n + " messages, the last") {
		t.Errorf("not %s messages everywhere in\n%s", n, s.out)
	}
	p = newPlace(t)
	p.withHistory(2)
	s = p.hikeshi("status", "--watch", "0")
	if row := s.row("who"); !strings.Contains(row, " addresses") || strings.Contains(row, " new addresses") || strings.Contains(s.out, "新しい") {
		t.Errorf("%q in\n%s", row, s.out)
	}
	if j := p.hikeshi("status", "--watch", "0", "--output", "json"); !strings.Contains(j.out, `"history": false`) {
		t.Error(j.out)
	}
	fine(t, os.RemoveAll(filepath.Join(p.spool(), "inlog")))
	s = p.hikeshi("status", "--watch", "0")
	if row := s.row("who"); !strings.Contains(row, "at least ") && !strings.Contains(row, "messages unknown") {
		t.Errorf("%q in\n%s", row, s.out)
	}
}

// row is the line that begins with a word.
func (s said) row(word string) string {
	for l := range strings.Lines(s.out) {
		if strings.HasPrefix(l, word+" ") {
			return l
		}
	}
	return ""
}
