package main

import (
	"encoding/json"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"hikeshi/actions/smtpcheck/hygiene"
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

// The step that demands a login of everybody is known while it is in force, for its own server only.
func TestDemanded(t *testing.T) {
	state := filepath.Join(t.TempDir(), "state")
	jr, err := journal.Create(journal.Store{State: state, Clock: time.Now}, runbook.Opening{Runbook: "mail-abuse", Root: "/", Steps: []runbook.StepHead{{ID: "fix_relay"}}}, []byte("x"))
	fine(t, err)
	defer jr.Close()
	a := &app{getenv: func(string) string { return "" }, said: map[string]bool{}}
	told := func(root string) hygiene.Demand { return a.demanded(&world{state: state, root: root})() }
	lines := runbook.Change{ID: "fix_relay.1", Kind: "relay.fix", V: 1, Data: json.RawMessage(`{"lines":[3]}`)}
	last := runbook.Change{ID: "fix_relay.2", Kind: "relay.fix", V: 1, Data: json.RawMessage(`{"catch_all":true}`)}
	fine(t, jr.Append(runbook.Record{Event: runbook.Planned, Step: "fix_relay", Plan: &runbook.StepPlan{Changes: []runbook.Change{lines, last}}}))
	want := hygiene.Demand{Incident: jr.ID(), Step: "fix_relay"}
	for _, x := range []struct {
		event  runbook.Event
		change string
		want   hygiene.Demand
	}{{runbook.Intent, lines.ID, hygiene.Demand{}}, {runbook.Applied, lines.ID, hygiene.Demand{}}, {runbook.Intent, last.ID, want}, {runbook.Applied, last.ID, want}, {runbook.UndoIntent, last.ID, want}, {runbook.Undone, last.ID, hygiene.Demand{}}} {
		fine(t, jr.Append(runbook.Record{Event: x.event, Step: "fix_relay", Change: x.change, State: runbook.Done}))
		if got := told("/"); got != x.want {
			t.Errorf("after %s of %s: %+v, want %+v", x.event, x.change, got, x.want)
		}
		if got := told("/mnt"); got != (hygiene.Demand{}) {
			t.Errorf("of another server: %+v", got)
		}
	}
}
