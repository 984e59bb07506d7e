package runbook

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"time"
)

// IncidentState says where an incident stands.
type IncidentState string

// The states of an incident. An incident whose process died is still open.
const (
	IncidentOpen    IncidentState = "open"
	IncidentDone    IncidentState = "done"
	IncidentStopped IncidentState = "stopped"
	IncidentUndone  IncidentState = "undone"
)

// History is what the records of one incident tell, in the order of its checklist.
type History struct {
	Opening Opening
	State   IncidentState
	Opened  time.Time // UTC
	Closed  time.Time // UTC; zero while open
	Steps   []*StepHistory
	Changes []*ChangeHistory // in the order in which they were planned
	Letters []*LetterHistory // in the order in which they were first drafted
	Looks   []Look           // oldest first
	Records []Record

	byID map[string]*ChangeHistory
}

// StepHistory is what became of one step.
type StepHistory struct {
	Head      StepHead
	Plan      *StepPlan // the last one
	Decision  *Decision // the last one
	DecidedBy Actor
	Agreed    bool   // the responder's yes to Plan still stands: nothing was planned anew or taken back since
	Result    Result // pending until it ended
	Started   time.Time
	Ended     time.Time
	Facts     json.RawMessage
	Why       string // why it was skipped or left open
	Error     string
	Evidence  []EvidenceRef
}

// ChangeHistory is what became of one change that was planned.
type ChangeHistory struct {
	Change
	Step      string
	Began     time.Time // of the last intent; zero if it was never begun
	Ended     time.Time // of the result
	State     State     // as the result says; "" if it could not be told
	Error     string
	UndoBegan time.Time
	UndoEnded time.Time
	UndoError string

	begun       int // place of the last intent among the records; 0 if it was never begun
	pending     bool
	undone      bool
	undoPending bool
}

// Pending says that a process died between the intent and its result.
func (c *ChangeHistory) Pending() bool { return c.pending }

// UndoPending is Pending for the undoing.
func (c *ChangeHistory) UndoPending() bool { return c.undoPending }

// Undone says that the change was taken back.
func (c *ChangeHistory) Undone() bool { return c.undone && !c.undoPending }

// InForce says that the change has, or may have, an effect on the world.
func (c *ChangeHistory) InForce() bool {
	return c.undoPending || c.begun > 0 && !c.undone && (c.pending || c.State != None)
}

// Unsettled says that only the world can tell how far the change was made: its process died, or could not find out.
func (c *ChangeHistory) Unsettled() bool {
	return c.pending || c.InForce() && c.State == ""
}

// Step returns the history of the step id, or nil.
func (h *History) Step(id string) *StepHistory {
	for _, s := range h.Steps {
		if s.Head.ID == id {
			return s
		}
	}
	return nil
}

// Change returns the change id, or nil.
func (h *History) Change(id string) *ChangeHistory { return h.byID[id] }

// Pending returns the changes and undoings that a process left in the middle.
func (h *History) Pending() []*ChangeHistory {
	var all []*ChangeHistory
	for _, c := range h.Changes {
		if c.Pending() || c.UndoPending() {
			all = append(all, c)
		}
	}
	return all
}

// InForce returns the changes that have an effect, in the order in which they were begun.
func (h *History) InForce() []*ChangeHistory {
	var all []*ChangeHistory
	for _, c := range h.Changes {
		if c.InForce() {
			all = append(all, c)
		}
	}
	slices.SortStableFunc(all, func(a, b *ChangeHistory) int { return a.begun - b.begun })
	return all
}

// Fold reads the records of one incident, record 0 first. What refers to something that is not there is passed over.
func Fold(records []Record) (*History, error) {
	if len(records) == 0 || records[0].Opening == nil {
		return nil, fmt.Errorf("reading the journal: it does not begin with the opening of an incident")
	}
	h := &History{
		Opening: *records[0].Opening, State: IncidentOpen, Opened: records[0].Time, Records: records, byID: map[string]*ChangeHistory{},
	}
	for _, head := range h.Opening.Steps {
		h.Steps = append(h.Steps, &StepHistory{Head: head, Result: ResultPending})
	}
	for i, r := range records[1:] {
		h.add(i+1, r)
	}
	return h, nil
}

// add takes in record r, the place of which is n.
func (h *History) add(n int, r Record) {
	switch r.Event {
	case Began:
		h.State, h.Closed = IncidentOpen, time.Time{}
	case Closed:
		h.State, h.Closed = IncidentState(r.Text), r.Time
	case Looked, Drafted, Held, Sent:
		h.letter(r)
	}
	if s := h.Step(r.Step); s != nil {
		s.add(r)
	}
	if r.Event == Planned && r.Plan != nil {
		h.planned(r)
	}
	c := h.Change(r.Change)
	if c == nil {
		return
	}
	c.add(n, r)
	switch r.Event {
	case UndoIntent:
		h.withdraw(c.Step)
	case Undone:
		if c.undone {
			h.markUndone(c.Step)
		}
	}
}

func (h *History) planned(r Record) {
	for _, c := range r.Plan.Changes {
		if h.byID[c.ID] == nil {
			h.byID[c.ID] = &ChangeHistory{Change: c, Step: r.Step}
			h.Changes = append(h.Changes, h.byID[c.ID])
		}
	}
}

// withdraw says that the world behind step is being changed back: the agreement to its plan is over, and a gate after it that was
// passed has to be passed again.
func (h *History) withdraw(step string) {
	after := false
	for _, s := range h.Steps {
		switch {
		case s.Head.ID == step:
			s.Agreed, after = false, true
		case after && s.Head.Gate && s.Result == ResultDone:
			s.Result = ResultPending
		}
	}
}

// markUndone calls a step undone when none of its changes is in force any more.
func (h *History) markUndone(step string) {
	for _, c := range h.Changes {
		if c.Step == step && c.InForce() {
			return
		}
	}
	if s := h.Step(step); s != nil {
		s.Result = ResultUndone
	}
}

func (s *StepHistory) add(r Record) {
	switch r.Event {
	case Planned:
		s.Plan, s.Decision, s.Agreed, s.Result, s.Facts, s.Error, s.Why = r.Plan, nil, false, ResultPending, nil, "", ""
		s.Ended = time.Time{}
		if s.Started.IsZero() {
			s.Started = r.Time
		}
	case Decided:
		s.Decision, s.DecidedBy = r.Decision, r.Actor
		s.Agreed = r.Decision != nil && r.Decision.Answer == Do
	case Ended:
		s.Result, s.Ended, s.Facts, s.Error, s.Why = r.Result, r.Time, r.Facts, r.Error, r.Text
		s.Agreed = s.Agreed && r.Result != ResultPending
	case Evidenced:
		if r.Evidence != nil {
			s.Evidence = append(s.Evidence, *r.Evidence)
		}
	}
}

func (c *ChangeHistory) add(n int, r Record) {
	switch r.Event {
	case Intent:
		c.Began, c.Ended, c.State, c.Error = r.Time, time.Time{}, "", ""
		c.UndoBegan, c.UndoEnded, c.UndoError = time.Time{}, time.Time{}, ""
		c.begun, c.pending, c.undone, c.undoPending = n, true, false, false
	case Applied:
		c.Ended, c.State, c.Error, c.pending = r.Time, r.State, r.Error, false
	case UndoIntent:
		c.UndoBegan, c.undoPending = r.Time, true
	case Undone:
		c.UndoEnded, c.UndoError = r.Time, r.Error
		c.undoPending, c.undone = false, r.Error == ""
		if c.undone && c.pending {
			c.Ended, c.pending = r.Time, false
		}
	}
}

// NextChange returns the number for the next change of step, so that ids stay unique when a step is planned again.
func (h *History) NextChange(step string) int {
	n := 1
	for _, c := range h.Changes {
		if strings.HasPrefix(c.ID, step+".") {
			n++
		}
	}
	return n
}

// StateBefore is the state that the incident had before the verb that is under way began.
func (h *History) StateBefore() IncidentState {
	for _, r := range slices.Backward(h.Records) {
		if r.Event == Closed {
			return IncidentState(r.Text)
		}
	}
	return IncidentStopped
}
