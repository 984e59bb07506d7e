package main

import (
	"encoding/json"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"hikeshi/runbook"
	"hikeshi/runbook/journal"
)

// Clean mail leaves out the accounts and sources that the incident itself has named: senders by name, clients by address.
func TestSuspectsOfAnIncident(t *testing.T) {
	state := filepath.Join(t.TempDir(), "state")
	jr, err := journal.Create(journal.Store{State: state, Clock: time.Now}, runbook.Opening{Runbook: "mail-abuse", Root: "/", Steps: []runbook.StepHead{{ID: "name_accounts"}, {ID: "name_sources"}}}, []byte("x"))
	fine(t, err)
	for step, answer := range map[string]string{"name_accounts": " taro ,hanako@example.jp,-", "name_sources": "203.0.113.9, 2001:db8::/64,spam.example.com,"} {
		raw, err := json.Marshal(runbook.ManualFacts{Answer: answer})
		fine(t, err)
		fine(t, jr.Append(runbook.Record{Event: runbook.Ended, Step: step, Result: runbook.ResultDone, Facts: raw}))
	}
	fine(t, jr.Close())
	a := &app{getenv: func(string) string { return "" }, said: map[string]bool{}}
	senders, clients := a.suspects(&world{state: state}, jr.ID())
	if want := []string{"taro", "hanako@example.jp", "spam.example.com"}; !slices.Equal(senders, want) {
		t.Errorf("senders %q, want %q", senders, want)
	}
	if want := []string{"203.0.113.9", "2001:db8::/64"}; !slices.Equal(clients, want) {
		t.Errorf("clients %q, want %q", clients, want)
	}
	if senders, clients = a.suspects(&world{state: state}, "20200101-0000"); len(senders)+len(clients) > 0 {
		t.Errorf("of an incident that is not there: %q %q", senders, clients)
	}
}
