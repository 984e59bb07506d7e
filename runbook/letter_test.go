package runbook_test

import (
	"encoding/json"
	"testing"
	"time"

	"hikeshi/runbook"
)

// TestLetters: a newer draft of a letter takes the place of the older one and keeps that it was sent; what was sent and never drafted is nothing.
func TestLetters(t *testing.T) {
	l := incident()
	sent := time.Date(2026, 11, 21, 12, 0, 0, 0, time.FixedZone("JST", 9*3600))
	draft := func(name string) runbook.Record {
		return runbook.Record{Event: runbook.Drafted, Letter: &runbook.Letter{ID: "psbl", State: runbook.LetterReady, Wait: 86400, Name: name}, Evidence: &runbook.EvidenceRef{Name: "evidence/" + name}}
	}
	l.add(draft("one.txt"))
	if h := fold(t, l); !h.Letter("psbl").Again().IsZero() {
		t.Errorf("never sent, and to be sent again at %s", h.Letter("psbl").Again())
	}
	l.add(runbook.Record{Event: runbook.Sent, Letter: &runbook.Letter{ID: "psbl"}, At: &sent, Text: "ticket 12", Actor: runbook.Actor{User: "root"}},
		runbook.Record{Event: runbook.Sent, Letter: &runbook.Letter{ID: "nobody"}}, draft("two.txt"))
	h := fold(t, l)
	p := h.Letter("psbl")
	if len(h.Letters) != 1 || p.Name != "two.txt" || p.Kept.Name != "evidence/two.txt" || len(p.Sent) != 1 || p.Sent[0].Note != "ticket 12" || p.Sent[0].By.User != "root" {
		t.Fatalf("%+v", p)
	}
	if want := time.Date(2026, 11, 22, 3, 0, 0, 0, time.UTC); !p.Again().Equal(want) {
		t.Errorf("again at %s, want %s", p.Again(), want)
	}
	l.add(runbook.Record{Event: runbook.Held, Letter: &runbook.Letter{ID: "psbl"}, Text: "too late"})
	if p = fold(t, l).Letter("psbl"); p.State != runbook.LetterReady {
		t.Errorf("what was sent is held: %+v", p)
	}
	long := time.Date(2020, 1, 1, 0, 0, 0, 0, time.UTC)
	l.add(runbook.Record{Event: runbook.Sent, Letter: &runbook.Letter{ID: "psbl"}, At: &long})
	if p = fold(t, l).Letter("psbl"); !p.LastSent().Equal(sent) {
		t.Errorf("sent last at %s", p.LastSent())
	}
	l.add(runbook.Record{Event: runbook.Sent, Letter: &runbook.Letter{ID: "psbl"}})
	if last := l[len(l)-1]; !fold(t, l).Letter("psbl").LastSent().Equal(last.Time) {
		t.Error("a sending without a time was not at the time of its record")
	}
}

// TestHeld: a letter that nobody has sent is held until it is drafted anew.
func TestHeld(t *testing.T) {
	l := incident()
	l.add(runbook.Record{Event: runbook.Drafted, Letter: &runbook.Letter{ID: "psbl", State: runbook.LetterReady}}, runbook.Record{Event: runbook.Held, Letter: &runbook.Letter{ID: "psbl"}, Text: "spam again"})
	if p := fold(t, l).Letter("psbl"); p.State != runbook.LetterHeld || p.Why != "spam again" {
		t.Errorf("%+v", p)
	}
	l.add(runbook.Record{Event: runbook.Drafted, Letter: &runbook.Letter{ID: "psbl", State: runbook.LetterReady}})
	if p := fold(t, l).Letter("psbl"); p.State != runbook.LetterReady || p.Why != "" {
		t.Errorf("%+v", p)
	}
}

// TestNewest: the last facts of a kind count, of a step that ended well or of a look.
func TestNewest(t *testing.T) {
	l := incident()
	if facts, at := fold(t, l).Newest("x.y"); facts != nil || !at.IsZero() {
		t.Errorf("nothing ended: %s %s", facts, at)
	}
	l.add(runbook.Record{Event: runbook.Ended, Step: "two", Result: runbook.ResultDone, Facts: json.RawMessage(`{"n":2}`)})
	if facts, _ := fold(t, l).Newest("x.y"); string(facts) != `{"n":2}` {
		t.Errorf("of a step: %s", facts)
	}
	l.add(runbook.Record{Event: runbook.Looked, Kind: "x.y", Facts: json.RawMessage(`{"n":3}`), Plan: &runbook.StepPlan{Findings: []runbook.Finding{{Level: runbook.OK}}}})
	h := fold(t, l)
	if facts, at := h.Newest("x.y"); string(facts) != `{"n":3}` || !at.Equal(l[len(l)-1].Time) || len(h.Looks[0].Findings) != 1 {
		t.Errorf("of a look: %s %s %+v", facts, at, h.Looks)
	}
	if facts, at := h.First("x.y"); string(facts) != `{"n":2}` || at.IsZero() {
		t.Errorf("the first: %s %s", facts, at)
	}
	if facts, at := h.First("x.z"); facts != nil || !at.IsZero() {
		t.Errorf("the first of another kind: %s %s", facts, at)
	}
	l.add(runbook.Record{Event: runbook.Ended, Step: "one", Result: runbook.ResultFailed, Facts: json.RawMessage(`{"n":4}`)})
	if facts, _ := fold(t, l).Newest("x.y"); string(facts) != `{"n":3}` {
		t.Errorf("of a step that failed: %s", facts)
	}
}
