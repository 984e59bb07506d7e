package runbook

import (
	"encoding/json"
	"slices"
	"time"
)

// A Letter is a text for somebody outside that a person may send: a request, a notice, a report. The program writes letters down and never
// sends one.
type Letter struct {
	ID    string      `json:"id"`              // names it in its incident; a newer draft of the same letter has the same ID
	To    string      `json:"to"`              // whom it is for: a list, a programme, an audience
	About string      `json:"about,omitempty"` // the address or domain that it is about
	Way   string      `json:"way"`             // email, form, letter, wait, say
	Title Text        `json:"title"`
	State LetterState `json:"state"`
	Gaps  []Text      `json:"gaps,omitempty"`  // what a person has to fill in
	Wait  int64       `json:"wait,omitempty"`  // seconds after sending it in which it is not to be sent again; 0: not known
	Until *time.Time  `json:"until,omitempty"` // when what it asks for comes by itself, UTC
	Name  string      `json:"name"`            // its working copy below the folder of the incident, which a person may edit
}

// Missing names what is to be filled in, in lang.
func (l Letter) Missing(lang string) []string {
	all := []string{}
	for _, gap := range l.Gaps {
		all = append(all, gap.In(lang))
	}
	return all
}

// LetterState says how far a letter may be sent.
type LetterState string

// The states of a letter.
const (
	LetterReady      LetterState = "ready"
	LetterIncomplete LetterState = "incomplete" // it has marked gaps
	LetterNotReady   LetterState = "not-ready"  // written though what it claims does not hold yet
	LetterNone       LetterState = "none"       // nothing is to be sent: the text says why
	LetterHeld       LetterState = "held"       // was written, and what it says does not hold any more
)

// LetterHistory is what became of a letter: its newest draft, and when it was sent.
type LetterHistory struct {
	Letter
	Drafted time.Time   // UTC
	Why     string      // of LetterHeld
	Kept    EvidenceRef // the text as it was drafted
	Sent    []Sending   // oldest first
}

// A Sending is that a person says to have sent a letter.
type Sending struct {
	At   time.Time // UTC: when it was sent, as the person says
	By   Actor
	Note string
}

// Again returns when the letter may be sent again; zero where it was never sent, or nobody knows how long to wait.
func (l LetterHistory) Again() time.Time {
	if len(l.Sent) == 0 || l.Wait == 0 {
		return time.Time{}
	}
	return l.LastSent().Add(time.Duration(l.Wait) * time.Second)
}

// LastSent is when the letter was sent last, whatever the order in which that was written down; zero if it never was.
func (l LetterHistory) LastSent() time.Time {
	var last time.Time
	for _, s := range l.Sent {
		if s.At.After(last) {
			last = s.At
		}
	}
	return last
}

// A Look is what a kind found when it was asked outside of the steps, such as on the days after.
type Look struct {
	Kind     string
	At       time.Time // UTC
	Facts    json.RawMessage
	Findings []Finding
}

// A Drafter is a Recorder, or a Journal, that can write letters down.
type Drafter interface {
	// Draft keeps text as evidence, lays a working copy down under a name made from name that nothing has, and records l with it.
	Draft(l Letter, name string, text []byte) error
}

// A Withholder is a Recorder, or a Journal, that can take back that a letter may be sent.
type Withholder interface{ Withhold(id, why string) error }

// Withhold writes down that the letter id, which nobody has sent, is not to be sent as it stands.
func Withhold(rec Recorder, id, why string) error {
	if h, ok := rec.(Withholder); ok {
		return h.Withhold(id, why)
	}
	return nil
}

// Draft writes a letter down. Where nothing is run, nothing is written.
func Draft(rec Recorder, l Letter, name string, text []byte) error {
	if d, ok := rec.(Drafter); ok {
		return d.Draft(l, name, text)
	}
	return nil
}

// Letter returns what became of the letter id, or nil.
func (h *History) Letter(id string) *LetterHistory {
	for _, l := range h.Letters {
		if l.ID == id {
			return l
		}
	}
	return nil
}

// Newest returns the facts that kind found last, in a step or in a look, and when; nil if it never ended.
func (h *History) Newest(kind string) (facts json.RawMessage, at time.Time) {
	h.each(kind, func(f json.RawMessage, t time.Time) {
		if t.After(at) {
			facts, at = f, t
		}
	})
	return facts, at
}

// First returns the facts that kind found first, as Newest.
func (h *History) First(kind string) (facts json.RawMessage, at time.Time) {
	h.each(kind, func(f json.RawMessage, t time.Time) {
		if at.IsZero() || t.Before(at) {
			facts, at = f, t
		}
	})
	return facts, at
}

// each goes through what kind found, in steps and in looks.
func (h *History) each(kind string, do func(facts json.RawMessage, at time.Time)) {
	for _, s := range h.Steps {
		if s.Head.Uses == kind && len(s.Facts) > 0 && !s.Ended.IsZero() && !slices.Contains([]Result{ResultSkipped, ResultPending, ResultFailed}, s.Result) {
			do(s.Facts, s.Ended)
		}
	}
	for _, l := range h.Looks {
		if l.Kind == kind && len(l.Facts) > 0 {
			do(l.Facts, l.At)
		}
	}
}

// letter takes in a record of a letter or of a look.
func (h *History) letter(r Record) {
	switch {
	case r.Event == Looked:
		look := Look{Kind: r.Kind, At: r.Time, Facts: r.Facts}
		if r.Plan != nil {
			look.Findings = r.Plan.Findings
		}
		h.Looks = append(h.Looks, look)
	case r.Event == Drafted && r.Letter != nil:
		l := h.Letter(r.Letter.ID)
		if l == nil {
			l = &LetterHistory{}
			h.Letters = append(h.Letters, l)
		}
		l.Letter, l.Drafted, l.Why = *r.Letter, r.Time, ""
		if r.Evidence != nil {
			l.Kept = *r.Evidence
		}
	case r.Event == Held && r.Letter != nil:
		if l := h.Letter(r.Letter.ID); l != nil && len(l.Sent) == 0 {
			l.State, l.Why = LetterHeld, r.Text
		}
	case r.Event == Sent && r.Letter != nil:
		if l := h.Letter(r.Letter.ID); l != nil {
			at := r.Time
			if r.At != nil {
				at = *r.At
			}
			l.Sent = append(l.Sent, Sending{At: at.UTC(), By: r.Actor, Note: r.Text})
		}
	}
}
