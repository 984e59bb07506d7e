package runbook_test

import (
	"encoding/json"
	"slices"
	"strings"
	"testing"
	"time"

	"hikeshi/runbook"
)

// records are a journal; the time of each is its place.
type records []runbook.Record

func (l *records) add(all ...runbook.Record) {
	for _, r := range all {
		r.Seq = len(*l)
		r.Time = time.Date(2026, 11, 21, 3, 0, r.Seq, 0, time.UTC)
		*l = append(*l, r)
	}
}

// incident is an opening with three steps, the second a gate, and a planned and agreed first step of two changes.
func incident() records {
	var l records
	heads := []runbook.StepHead{{ID: "one", Uses: "x.y"}, {ID: "gate", Gate: true}, {ID: "two", Uses: "x.y"}}
	plan := &runbook.StepPlan{State: runbook.Ready, Changes: []runbook.Change{{ID: "one.1", Kind: "x.y"}, {ID: "one.2", Kind: "x.y"}}}
	l.add(
		runbook.Record{Event: runbook.Opened, Opening: &runbook.Opening{Incident: "1121-0312", Steps: heads}},
		runbook.Record{Event: runbook.Began, Text: "run"},
		runbook.Record{Event: runbook.Planned, Step: "one", Plan: plan},
		runbook.Record{Event: runbook.Decided, Step: "one", Decision: &runbook.Decision{Answer: runbook.Do}, Actor: runbook.Actor{User: "root"}},
	)
	return l
}

func change(e runbook.Event, id string, s runbook.State, err string) runbook.Record {
	return runbook.Record{Event: e, Step: runbook.StepOf(id), Change: id, State: s, Error: err}
}

func ended(step string, r runbook.Result) runbook.Record {
	return runbook.Record{Event: runbook.Ended, Step: step, Result: r}
}

func fold(t *testing.T, l records) *runbook.History {
	t.Helper()
	h, err := runbook.Fold(l)
	if err != nil {
		t.Fatal(err)
	}
	return h
}

// word says in one word how a change stands.
func word(c *runbook.ChangeHistory) string {
	w := "idle"
	switch {
	case c.UndoPending():
		w = "undoing"
	case c.Pending():
		w = "pending"
	case c.Undone():
		w = "undone"
	case c.InForce():
		w = "in force"
	}
	if c.Unsettled() {
		w += " unsettled"
	}
	return w
}

func TestChangeStates(t *testing.T) {
	intent := change(runbook.Intent, "one.1", "", "")
	undo := change(runbook.UndoIntent, "one.1", "", "")
	result := func(s runbook.State) runbook.Record { return change(runbook.Applied, "one.1", s, "") }
	back := change(runbook.Undone, "one.1", runbook.None, "")
	stuck := change(runbook.Undone, "one.1", "", "no")
	tests := []struct {
		name string
		then records
		want string
	}{
		{"planned", nil, "idle"},
		{"begun", records{intent}, "pending unsettled"},
		{"done", records{intent, result(runbook.Done)}, "in force"},
		{"half", records{intent, result(runbook.Partial)}, "in force"},
		{"drifted", records{intent, result(runbook.Drifted)}, "in force"},
		{"cannot tell", records{intent, result("")}, "in force unsettled"},
		{"without effect", records{intent, result(runbook.None)}, "idle"},
		{"refused before its intent", records{result(runbook.None)}, "idle"},
		{"being undone", records{intent, result(runbook.Done), undo}, "undoing"},
		{"undone", records{intent, result(runbook.Done), undo, back}, "undone"},
		{"not undone", records{intent, result(runbook.Done), undo, stuck}, "in force"},
		{"undone at last", records{intent, result(runbook.Done), undo, stuck, undo, back}, "undone"},
		{"pending and undone", records{intent, undo, back}, "undone"},
		{"pending and not undone", records{intent, undo, stuck}, "pending unsettled"},
		{"pending and being undone", records{intent, undo}, "undoing unsettled"},
		{"made again", records{intent, result(runbook.Done), undo, back, intent, result(runbook.Done)}, "in force"},
	}
	for _, test := range tests {
		l := incident()
		l.add(test.then...)
		h := fold(t, l)
		got := word(h.Change("one.1"))
		if got != test.want {
			t.Errorf("%s: %s, want %s", test.name, got, test.want)
		}
		if open := strings.Contains(got, "pending") || strings.Contains(got, "undoing"); open != (len(h.Pending()) == 1) {
			t.Errorf("%s: %s, %d pending", test.name, got, len(h.Pending()))
		}
	}
}

func TestAgreement(t *testing.T) {
	tests := []struct {
		name string
		then records
		want bool
	}{
		{"yes", nil, true},
		{"begun", records{change(runbook.Intent, "one.1", "", "")}, true},
		{"failed", records{ended("one", runbook.ResultFailed)}, true},
		{"planned anew", records{{Event: runbook.Planned, Step: "one", Plan: &runbook.StepPlan{}}}, false},
		{"to be planned anew", records{ended("one", runbook.ResultPending)}, false},
		{"another answer", records{{Event: runbook.Decided, Step: "one", Decision: &runbook.Decision{Answer: runbook.Skip}}}, false},
		{"an answer that is missing", records{{Event: runbook.Decided, Step: "one"}}, false},
		{"taken back", records{change(runbook.Intent, "one.1", "", ""), change(runbook.UndoIntent, "one.1", "", "")}, false},
	}
	for _, test := range tests {
		l := incident()
		l.add(test.then...)
		if got := fold(t, l).Step("one").Agreed; got != test.want {
			t.Errorf("%s: agreed %v", test.name, got)
		}
	}
}

func TestStepsAndIncident(t *testing.T) {
	l := incident()
	l.add(change(runbook.Intent, "one.1", "", ""), change(runbook.Applied, "one.1", runbook.Done, ""))
	l.add(runbook.Record{Event: runbook.Ended, Step: "one", Result: runbook.ResultDone, Facts: json.RawMessage(`{"a":1}`)})
	l.add(ended("gate", runbook.ResultDone), runbook.Record{Event: runbook.Closed, Text: "stopped"})
	h := fold(t, l)
	if h.State != runbook.IncidentStopped || h.Closed.Second() != 8 || h.StateBefore() != runbook.IncidentStopped {
		t.Errorf("state %s, closed %s", h.State, h.Closed)
	}
	s := h.Step("one")
	if s.Result != runbook.ResultDone || s.Started.Second() != 2 || s.Ended.Second() != 6 || s.DecidedBy.User != "root" || string(s.Facts) != `{"a":1}` {
		t.Errorf("%+v", s)
	}
	l.add(runbook.Record{Event: runbook.Began, Text: "undo"})
	if h = fold(t, l); h.State != runbook.IncidentOpen || !h.Closed.IsZero() || h.StateBefore() != runbook.IncidentStopped {
		t.Errorf("state %s, closed %s, before %s", h.State, h.Closed, h.StateBefore())
	}
	l.add(change(runbook.UndoIntent, "one.1", "", ""))
	if h = fold(t, l); h.Step("gate").Result != runbook.ResultPending || h.Step("one").Result != runbook.ResultDone {
		t.Errorf("gate %s, one %s", h.Step("gate").Result, h.Step("one").Result)
	}
	l.add(change(runbook.Undone, "one.1", runbook.None, ""))
	if h = fold(t, l); h.Step("one").Result != runbook.ResultUndone || h.Step("two").Result != runbook.ResultPending {
		t.Errorf("one %s, two %s", h.Step("one").Result, h.Step("two").Result)
	}
	if h.NextChange("one") != 3 || h.NextChange("two") != 1 || h.Step("three") != nil || h.Change("three.1") != nil {
		t.Errorf("next change %d", h.NextChange("one"))
	}
}

// What is begun or planned once more forgets how it ended before, but not what was seen.
func TestOnceMore(t *testing.T) {
	l := incident()
	l.add(change(runbook.Intent, "one.1", "", ""), change(runbook.Applied, "one.1", "", "no"), change(runbook.UndoIntent, "one.1", "", ""))
	l.add(change(runbook.Undone, "one.1", "", "no"), runbook.Record{Event: runbook.Ended, Step: "one", Result: runbook.ResultFailed, Error: "no"})
	l.add(runbook.Record{Event: runbook.Evidenced, Step: "one", Evidence: &runbook.EvidenceRef{Name: "evidence/a"}})
	if c := fold(t, l).Change("one.1"); c.Ended.IsZero() || c.UndoEnded.IsZero() || c.Error == "" || c.UndoError == "" {
		t.Errorf("%+v", c)
	}
	l.add(change(runbook.Intent, "one.1", "", ""), runbook.Record{Event: runbook.Planned, Step: "one", Plan: &runbook.StepPlan{}})
	h := fold(t, l)
	if c := h.Change("one.1"); c.Began.Second() != 10 || !c.Ended.IsZero() || c.Error != "" || !c.UndoBegan.IsZero() || !c.UndoEnded.IsZero() || c.UndoError != "" {
		t.Errorf("%+v", c)
	}
	if s := h.Step("one"); !s.Ended.IsZero() || s.Error != "" || s.Started.Second() != 2 || len(s.Evidence) != 1 || s.Decision != nil {
		t.Errorf("%+v", s)
	}
}

// What is taken back behind a gate leaves the gate as it is.
func TestGateBeforeAnUndo(t *testing.T) {
	l := incident()
	l.add(ended("one", runbook.ResultDone), ended("gate", runbook.ResultDone))
	l.add(runbook.Record{Event: runbook.Planned, Step: "two", Plan: &runbook.StepPlan{Changes: []runbook.Change{{ID: "two.1"}}}})
	for _, e := range []runbook.Event{runbook.Intent, runbook.Applied, runbook.UndoIntent, runbook.Undone} {
		l.add(change(e, "two.1", runbook.Done, ""))
	}
	h := fold(t, l)
	if g, two := h.Step("gate").Result, h.Step("two").Result; g != runbook.ResultDone || two != runbook.ResultUndone {
		t.Errorf("gate %s, two %s", g, two)
	}
}

// In force is in the order of making; a change that was made again counts from then.
func TestInForceInOrder(t *testing.T) {
	l := incident()
	for _, id := range []string{"one.1", "one.2", "one.1"} {
		l.add(change(runbook.Intent, id, "", ""), change(runbook.Applied, id, runbook.Done, ""))
	}
	var got []string
	for _, c := range fold(t, l).InForce() {
		got = append(got, c.ID)
	}
	if !slices.Equal(got, []string{"one.2", "one.1"}) {
		t.Errorf("in force: %v", got)
	}
}
