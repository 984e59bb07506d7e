package runbook_test

import (
	"bytes"
	"encoding/json"
	"testing"

	"hikeshi/runbook"
)

// A journal that was tampered with, or written by another version, is read as far as it makes sense.
func TestFoldHostile(t *testing.T) {
	for _, l := range []records{nil, {}, {{Event: runbook.Opened}}, {{Event: runbook.Planned, Plan: &runbook.StepPlan{}}}} {
		if h, err := runbook.Fold(l); err == nil || h != nil {
			t.Errorf("%v: history %v", l, h)
		}
	}
	l := incident()
	l.add(
		runbook.Record{Event: runbook.Planned, Step: "one"},
		runbook.Record{Event: runbook.Planned, Step: "nowhere", Plan: &runbook.StepPlan{Changes: []runbook.Change{{ID: "one.1"}, {ID: ""}, {ID: "nowhere.1"}}}},
		runbook.Record{Event: runbook.Decided, Step: "one"}, runbook.Record{Event: runbook.Evidenced, Step: "one"},
		change(runbook.Intent, "one.7", "", ""), change(runbook.Applied, "", "strange", ""), change(runbook.Undone, "one.2", "", ""),
		change(runbook.Intent, "nowhere.1", "", ""), change(runbook.UndoIntent, "nowhere.1", "", ""),
		change(runbook.Undone, "nowhere.1", "", ""), runbook.Record{Event: "from a newer version", Step: "one"}, ended("nowhere", "what"),
	)
	h := fold(t, l)
	if len(h.Changes) != 4 || h.Change("one.1").Kind != "x.y" || h.Change("one.7") != nil {
		t.Errorf("changes %v", h.Changes)
	}
	use(h)
}

// use calls everything that reads a history.
func use(h *runbook.History) {
	for _, c := range h.Changes {
		word(c)
		h.NextChange(c.Step)
	}
	h.Pending()
	h.InForce()
	h.StateBefore()
}

// scripted makes records of any order out of bytes, pointers missing where they please.
func scripted(script []byte) records {
	events := []runbook.Event{
		runbook.Began, runbook.Planned, runbook.Decided, runbook.Intent, runbook.Applied, runbook.Ended, runbook.UndoIntent,
		runbook.Undone, runbook.Evidenced, runbook.Noted, runbook.Torn, runbook.Closed, runbook.Opened,
	}
	steps, states := []string{"one", "gate", "two", "", "none"}, []runbook.State{"", runbook.None, runbook.Partial, runbook.Done, runbook.Drifted}
	results := []runbook.Result{runbook.ResultDone, runbook.ResultPending, runbook.ResultFailed, runbook.ResultSkipped, ""}
	var l records
	for len(script) >= 3 {
		a, b, c := int(script[0]), int(script[1]), int(script[2])
		script = script[3:]
		step := steps[b%len(steps)]
		r := runbook.Record{Event: events[a%len(events)], Step: step, Change: step + "." + string(rune('0'+c%3)), State: states[c/3%5], Result: results[c/3%5]}
		if a >= 128 {
			r.Plan = &runbook.StepPlan{Changes: []runbook.Change{{ID: r.Change}, {ID: step + ".0"}}}
			r.Decision, r.Evidence = &runbook.Decision{Answer: runbook.Do}, &runbook.EvidenceRef{}
		}
		if b >= 128 {
			r.Error = "no"
		}
		l.add(r)
	}
	return l
}

// FuzzFold: no journal makes it panic, and what it says of each change does not contradict itself.
func FuzzFold(f *testing.F) {
	seed := func(l records) {
		var b bytes.Buffer
		for _, r := range l {
			if err := json.NewEncoder(&b).Encode(r); err != nil {
				f.Fatal(err)
			}
		}
		f.Add(b.Bytes(), []byte{129, 0, 1, 3, 0, 1, 4, 0, 1, 6, 0, 1, 7, 0, 1})
	}
	l := incident()
	seed(l)
	l.add(change(runbook.Intent, "one.1", "", ""), change(runbook.Applied, "one.1", runbook.Done, ""), ended("one", runbook.ResultDone))
	l.add(change(runbook.UndoIntent, "one.1", "", ""), change(runbook.Undone, "one.1", runbook.None, ""), runbook.Record{Event: runbook.Closed, Text: "undone"})
	seed(l)
	f.Add([]byte(`{"event":"opened","opening":{"steps":[{"id":"a"},{"id":"a"},{"id":""}]}}`+"\n"+`{"event":"planned","step":"a","plan":{"changes":[{"id":""}]}}`+"\n"+`{"event":"undo-result","change":""}`), []byte{})
	f.Fuzz(func(t *testing.T, data, script []byte) {
		var l []runbook.Record
		for line := range bytes.Lines(data) {
			var r runbook.Record
			if json.Unmarshal(line, &r) == nil {
				l = append(l, r)
			}
		}
		l = append(l, scripted(script)...)
		h, err := runbook.Fold(l)
		if err != nil {
			return
		}
		use(h)
		for _, c := range h.Changes {
			if c.Undone() && (c.InForce() || c.Pending()) || c.Pending() && !c.Unsettled() {
				t.Errorf("change %q: %s", c.ID, word(c))
			}
		}
		again, err := runbook.Fold(l)
		if err != nil || len(again.Changes) != len(h.Changes) || len(again.Pending()) != len(h.Pending()) {
			t.Error("folding twice gives two histories")
		}
	})
}
