package story

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"slices"
	"time"
	"unicode/utf16"

	"hikeshi/runbook"
	"hikeshi/runbook/report/page"
)

// Incident is the document of kind "incident", version 1. Fields are added, never renamed. Times are UTC.
type Incident struct {
	Version   int                   `json:"hikeshi"`
	Kind      string                `json:"kind"`
	ID        string                `json:"id"`
	Runbook   string                `json:"runbook"`
	State     runbook.IncidentState `json:"state"`
	Opened    time.Time             `json:"opened"`
	Closed    *time.Time            `json:"closed"` // null while open
	Head      string                `json:"head"`
	Title     string                `json:"title"`
	Server    string                `json:"server"`
	Host      string                `json:"host"`
	Reason    string                `json:"reason,omitempty"`
	Steps     []Step                `json:"steps"`
	Notes     []Note                `json:"notes,omitempty"`
	Letters   []Letter              `json:"letters,omitempty"`
	Judgement []Judgement           `json:"judgement,omitempty"` // of a rehearsal
	Missing   []string              `json:"unrecorded,omitempty"`
	Error     string                `json:"error,omitempty"` // with which the last run ended
}

// Step is one step of an Incident.
type Step struct {
	ID        string            `json:"id"`
	Title     string            `json:"title"`
	Phase     runbook.Phase     `json:"phase"`
	Uses      string            `json:"uses"`
	Manual    bool              `json:"manual"`
	State     runbook.PlanState `json:"state"` // "" if it was never planned
	Why       string            `json:"why,omitempty"`
	After     string            `json:"after,omitempty"`
	Findings  []Finding         `json:"findings"`
	Changes   []Change          `json:"changes"`
	Gate      []GateRow         `json:"gate,omitempty"`
	Facts     json.RawMessage   `json:"facts"`
	Started   *time.Time        `json:"started"`
	Ended     *time.Time        `json:"ended"`
	Result    runbook.Result    `json:"result"`
	Error     string            `json:"error,omitempty"`
	Decision  *runbook.Decision `json:"decision,omitempty"`
	DecidedBy *runbook.Actor    `json:"decided_by,omitempty"`
	Decided   *time.Time        `json:"decided,omitempty"`
	Evidence  []Evidence        `json:"evidence,omitempty"`
}

// Finding is one finding in one language.
type Finding struct {
	Level    runbook.Level `json:"level"`
	Text     string        `json:"text"`
	Evidence string        `json:"evidence"`
}

// GateRow is one condition of a gate in one language.
type GateRow struct {
	Title string `json:"title"`
	Holds bool   `json:"holds"`
	Why   string `json:"why,omitempty"`
}

// Change is one change of a step, and what became of it.
type Change struct {
	ID       string        `json:"id"`
	Op       string        `json:"op"`
	Target   string        `json:"target"`
	Before   string        `json:"before"`
	After    string        `json:"after"`
	Risk     runbook.Risk  `json:"risk"`
	UndoRisk runbook.Risk  `json:"undo_risk"`
	State    runbook.State `json:"state"`    // "" if it was not begun or nobody knows
	InForce  bool          `json:"in_force"` // has, or may have, an effect now
	Began    *time.Time    `json:"began"`
	Ended    *time.Time    `json:"ended"`
	Undone   *time.Time    `json:"undone"`
	Error    string        `json:"error,omitempty"`
}

// Evidence is one file that was kept, or was not: a SHA256 of "" with Cut.
type Evidence = runbook.EvidenceRef

// Note is what a person wrote down.
type Note struct {
	Time time.Time `json:"time"`
	By   string    `json:"by"`
	Text string    `json:"text"`
}

// Letter is what was written for somebody outside, and when it was sent.
type Letter struct {
	ID      string              `json:"id"`
	To      string              `json:"to"`
	About   string              `json:"about"`
	Title   string              `json:"title"`
	State   runbook.LetterState `json:"state"`
	Gaps    []string            `json:"gaps"`
	Drafted time.Time           `json:"drafted"`
	Kept    string              `json:"kept"` // the text as it was drafted
	Sent    []time.Time         `json:"sent"`
	Again   *time.Time          `json:"again"` // not before; null: not sent, or not known
	Until   *time.Time          `json:"until"` // what it asks for comes by itself; null: not known
}

// Judgement is one fact by which a rehearsal is judged.
type Judgement struct {
	Name  string `json:"name"`
	Value string `json:"value"`
	Want  string `json:"want"`
	OK    bool   `json:"ok"`

	Items []string `json:"items,omitempty"` // ids or paths that the value counts, the first of many
}

// Incident returns the document in lang.
func (s *Story) Incident(lang string) Incident {
	h := s.History
	d := Incident{
		Version: 1, Kind: "incident", ID: h.Opening.Incident, Runbook: h.Opening.Runbook, State: h.State, Opened: h.Opened.UTC(),
		Closed: utc(h.Closed), Head: s.Head, Title: h.Opening.Title.In(lang), Server: h.Opening.Server, Host: h.Opening.Host,
		Reason: h.Opening.Reason, Steps: []Step{}, Error: s.Closing,
	}
	for _, step := range h.Steps {
		d.Steps = append(d.Steps, s.step(step, lang))
	}
	for _, rec := range h.Records {
		if rec.Event == runbook.Noted && rec.Error == "" {
			d.Notes = append(d.Notes, Note{rec.Time.UTC(), Account(rec.Actor), rec.Text})
		}
	}
	for _, l := range h.Letters {
		d.Letters = append(d.Letters, letterOf(l, lang))
	}
	for _, text := range s.Gaps() {
		d.Missing = append(d.Missing, text.In(lang))
	}
	return d
}

func (s *Story) step(h *runbook.StepHistory, lang string) Step {
	row := Step{
		ID: h.Head.ID, Title: h.Head.Title.In(lang), Phase: h.Head.Phase, Uses: h.Head.Uses, Manual: h.Head.Manual, Why: h.Why, Findings: []Finding{},
		Changes: []Change{}, Facts: h.Facts, Started: utc(h.Started), Ended: utc(h.Ended), Result: h.Result, Error: h.Error, Evidence: h.Evidence,
	}
	if h.Decision != nil {
		row.Decision, row.DecidedBy, row.Decided = h.Decision, &h.DecidedBy, utc(s.Decided[h.Head.ID])
	}
	if p := h.Plan; p != nil {
		row.State, row.After = p.State, p.After
		if row.Why == "" || row.Why == p.Why {
			row.Why = p.Reason(lang)
		}
		if len(row.Facts) == 0 {
			row.Facts = p.Facts
		}
		for _, f := range p.Findings {
			row.Findings = append(row.Findings, Finding{f.Level, f.Text.In(lang), f.Evidence})
		}
		for _, g := range p.Gate {
			row.Gate = append(row.Gate, GateRow{g.Title.In(lang), g.Holds, g.Reason(lang)})
		}
	}
	if len(row.Facts) == 0 {
		row.Facts = json.RawMessage("null")
	}
	for _, c := range s.History.Changes {
		if c.Step == h.Head.ID && (!c.Began.IsZero() || planned(h.Plan, c.ID)) {
			row.Changes = append(row.Changes, changeOf(c, lang))
		}
	}
	return row
}

func changeOf(c *runbook.ChangeHistory, lang string) Change {
	before, after := c.Words(lang)
	row := Change{
		ID: c.ID, Op: c.Op, Target: c.Target, Before: before, After: after, Risk: c.Risk, UndoRisk: c.UndoRisk, State: c.State,
		InForce: c.InForce(), Began: utc(c.Began), Ended: utc(c.Ended), Error: c.Error,
	}
	if c.Undone() {
		row.Undone = utc(c.UndoEnded)
	} else if c.UndoError != "" {
		row.Error = c.UndoError
	}
	return row
}

func letterOf(l *runbook.LetterHistory, lang string) Letter {
	row := Letter{ID: l.ID, To: l.To, About: l.About, Title: l.Title.In(lang), State: l.State, Gaps: l.Missing(lang), Drafted: l.Drafted.UTC(), Kept: l.Kept.Name,
		Sent: []time.Time{}, Again: utc(l.Again()), Until: l.Until}
	for _, s := range l.Sent {
		row.Sent = append(row.Sent, s.At.UTC())
	}
	return row
}

func utc(t time.Time) *time.Time {
	if t.IsZero() {
		return nil
	}
	t = t.UTC()
	return &t
}

// JSON writes the document of kind "incident" in lang.
func (s *Story) JSON(w io.Writer, lang string) error { return WriteJSON(w, s.Incident(lang)) }

// WriteJSON writes one document. Characters that could steer a terminal are written as \u escapes, which mean the same.
func WriteJSON(w io.Writer, document any) error {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	e.SetIndent("", "  ")
	if err := e.Encode(document); err != nil {
		return fmt.Errorf("encoding a document: %w", err)
	}
	var out bytes.Buffer
	for _, c := range b.String() {
		if c == '\n' || !page.Steers(c) {
			out.WriteRune(c)
			continue
		}
		for _, u := range utf16.Encode([]rune{c}) {
			fmt.Fprintf(&out, `\u%04x`, u)
		}
	}
	_, err := w.Write(out.Bytes())
	return err
}

// planned says that the last plan of a step holds change id.
func planned(p *runbook.StepPlan, id string) bool {
	return p != nil && slices.ContainsFunc(p.Changes, func(c runbook.Change) bool { return c.ID == id })
}
