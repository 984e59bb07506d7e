// Package story is what the records of one incident tell, before it is put into words: [Read] reads them, [Story.Incident] is the
// document for programs, the other methods are what a report needs.
package story

import (
	"encoding/json"
	"slices"
	"time"

	"hikeshi/runbook"
)

// A Story is one incident.
type Story struct {
	// Head is a head of the chain of records that `verify --head` will find. Read takes the one that the newest record holds, of
	// all records before it; who has the journal puts the newest there.
	Head string

	// Unrecorded are things that the journal could not take so far and that the caller knows of.
	Unrecorded []runbook.Text

	History *runbook.History
	Decided map[string]time.Time // when the last decision was made, by step
	Closing string               // error with which the last run ended, or ""
}

// Read reads the records of one incident, record 0 first.
func Read(records []runbook.Record) (*Story, error) {
	h, err := runbook.Fold(records)
	if err != nil {
		return nil, err
	}
	s := &Story{History: h, Head: records[len(records)-1].Prev, Decided: map[string]time.Time{}}
	for _, rec := range records {
		switch rec.Event {
		case runbook.Began:
			s.Closing = ""
		case runbook.Decided:
			s.Decided[rec.Step] = rec.Time
		case runbook.Closed:
			s.Closing = rec.Error
		}
	}
	return s, nil
}

// Made returns the changes that were begun at least once, in the order of their planning.
func (s *Story) Made() []*runbook.ChangeHistory {
	return slices.DeleteFunc(slices.Clone(s.History.Changes), func(c *runbook.ChangeHistory) bool { return c.Began.IsZero() })
}

// MadeIn returns those of one step.
func (s *Story) MadeIn(step string) []*runbook.ChangeHistory {
	return slices.DeleteFunc(s.Made(), func(c *runbook.ChangeHistory) bool { return c.Step != step })
}

// Actors returns everybody who wrote records, in order, each once whatever the process.
func (s *Story) Actors() []runbook.Actor {
	var all []runbook.Actor
	for _, rec := range s.History.Records {
		a := rec.Actor
		a.PID, a.TTY = 0, ""
		if !slices.Contains(all, a) {
			all = append(all, a)
		}
	}
	return all
}

// Results counts the steps by how they ended.
func (s *Story) Results() map[runbook.Result]int {
	n := map[runbook.Result]int{}
	for _, step := range s.History.Steps {
		n[step.Result]++
	}
	return n
}

// A Down is a time in which services were stopped by the incident; a zero To means that they still are.
type Down struct{ From, To time.Time }

// Downs pairs the stops of services with the starts after them.
func (s *Story) Downs() []Down {
	var all []Down
	open := func() bool { return len(all) > 0 && all[len(all)-1].To.IsZero() }
	for _, rec := range s.History.Records {
		c := s.History.Change(rec.Change)
		if c == nil || rec.Error != "" {
			continue
		}
		stop := c.Kind == "service.stop" && c.Op == "stop"
		start := c.Kind == "service.start" && c.Op == "start"
		made, undone := rec.Event == runbook.Applied && rec.State == runbook.Done, rec.Event == runbook.Undone
		switch {
		case (stop && made || start && undone) && !open():
			all = append(all, Down{From: rec.Time})
		case (start && made || stop && undone) && open():
			all[len(all)-1].To = rec.Time
		}
	}
	return all
}

// QueueFacts are what steps of the kinds queue.quarantine, queue.release and queue.purge say of the mail they handled.
type QueueFacts struct {
	Strategy string   `json:"strategy"`
	Messages *int64   `json:"messages"`
	Files    *int64   `json:"files"`
	Left     *int64   `json:"left"`
	Folders  []string `json:"folders"`
}

// FactsOf reads the facts of a step as QueueFacts, as far as they are that.
func FactsOf(s *runbook.StepHistory) QueueFacts {
	var f QueueFacts
	if s == nil {
		return f
	}
	raw := s.Facts
	if len(raw) == 0 && s.Plan != nil {
		raw = s.Plan.Facts
	}
	_ = json.Unmarshal(raw, &f) // facts of another form are told by the findings
	return f
}
