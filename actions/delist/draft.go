package delist

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"slices"
	"strings"
	"time"

	"hikeshi/actions/delist/casefile"
	"hikeshi/actions/delist/gate"
	"hikeshi/actions/delist/harmless"
	"hikeshi/actions/delist/request"
	"hikeshi/actions/delist/sheet"
	"hikeshi/runbook"
)

// Facts are the facts of delist.draft.
type Facts struct {
	Known      bool     `json:"known" expr:"known"`           // the record was read; false in a plan
	Open       bool     `json:"open" expr:"open"`             // the gate of the server: requests may be written
	Ready      []string `json:"ready" expr:"ready"`           // ids of the requests that may be sent as they are
	Incomplete []string `json:"incomplete" expr:"incomplete"` // those with marked gaps
	NotReady   []string `json:"not_ready" expr:"not_ready"`   // written though a condition does not hold
	Held       []string `json:"held" expr:"held"`             // those that were not written, since a condition does not hold
	Wait       []string `json:"wait" expr:"wait"`             // nothing is to be written to these
	Untested   []string `json:"untested" expr:"untested"`     // lists of tier 1 and 2 that could not be asked: whether they list is unknown
	Clean      bool     `json:"clean" expr:"clean"`           // all lists could be asked, and none lists
	Due        []Due    `json:"due" expr:"due"`               // when to look or ask again, the next one first
}

// A Due is a moment at which to look or ask again.
type Due struct {
	ID string    `json:"id" expr:"id"`
	At time.Time `json:"at" expr:"at"` // UTC
	Do string    `json:"do" expr:"do"` // look: the entry should be gone by itself; ask: the waiting time is over
}

// A Draft is a request and what became of it in a run of delist.draft.
type Draft struct {
	request.Request
	State runbook.LetterState // "": held back
	Gaps  []runbook.Text
	Same  bool   // as it was drafted before
	Text  []byte // nil if it was held back
	Ext   string
}

// A Wish says which requests are wanted, and how.
type Wish struct {
	Only     []string `json:"only"`     // ids or the beginnings of ids; none: all
	Language string   `json:"language"` // of what is sent: en or ja; "": the operator's
	Force    bool     `json:"force"`    // write also what is not ready, and mark it
	// Programmes are sender programmes to be asked though no refusal in the logs points to them: a customer may have shown one.
	Programmes []string `json:"programmes"`
}

// A Result is what delist.draft has found to write.
type Result struct {
	Case   casefile.Case
	Server []runbook.GateRow
	Drafts []Draft // those that matter first

	whole bool // Drafts are all
}

type draft struct{ env Env }

// Plan writes what may be written.
func (d draft) Plan(_ context.Context, in runbook.Input) (runbook.Outcome, error) {
	var w Wish
	if err := in.Decode(&w); err != nil {
		return runbook.Outcome{}, err
	}
	h, err := d.env.history(in)
	if err != nil || h == nil {
		return runbook.Outcome{Findings: []runbook.Finding{later}, Facts: emptyFacts()}, err
	}
	r, err := d.env.Draft(h, w)
	if err != nil {
		return runbook.Outcome{}, err
	}
	if err := r.Keep(in.Rec); err != nil {
		return runbook.Outcome{}, err
	}
	out := runbook.Outcome{Findings: r.Findings(d.env.zone()), Facts: r.Facts()}
	if !gate.Open(r.Server) && !w.Force && slices.ContainsFunc(r.Drafts, func(x Draft) bool { return x.Way != request.Wait && x.State == "" }) {
		out.ByHand = runbook.T("requests are written once the conditions hold: `hikeshi delist draft INCIDENT`", "条件がそろってから申請文を作る: `hikeshi delist draft 事案`")
	}
	return out, nil
}

var later = runbook.Finding{Level: runbook.Info, Text: runbook.T("letters are written from the record, when the steps before are done", "文面は、ここまでの手順の記録から作る")}

// history reads the record of the incident that in belongs to; nil where nothing is run.
func (e Env) history(in runbook.Input) (*runbook.History, error) {
	if in.Planned != nil || e.History == nil {
		return nil, nil
	}
	h, err := e.History(in.Incident)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("%w: reading the record: %w", runbook.ErrUndetermined, err)
	}
	return h, nil
}

// Draft says what there is to write about an incident, and writes it in memory.
func (e Env) Draft(h *runbook.History, w Wish) (Result, error) {
	c, err := casefile.Read(h)
	if err == nil && e.Asked != nil {
		c.Asked, err = e.Asked(c.Incident)
	}
	if err != nil {
		return Result{}, fmt.Errorf("%w: %w", runbook.ErrUndetermined, err)
	}
	fields, programmes, err := e.tables()
	if err != nil {
		return Result{}, err
	}
	r := Result{Case: c, Server: gate.Server(c), whole: len(w.Only) == 0}
	press := sheet.Press{Words: e.Words, Fields: fields, Case: c, Writer: e.Writer, Server: r.Server, Lang: e.lang(), In: w.Language, Zone: e.zone()}
	matched := map[string]bool{}
	asked, err := named(refused(c, programmes), programmes, w.Programmes)
	if err != nil {
		return Result{}, err
	}
	for _, q := range request.All(c, asked, e.now()) {
		if !wanted(q.ID, w.Only, matched) {
			continue
		}
		d, err := e.draft(press, q, w.Force, gate.Open(r.Server))
		if err != nil {
			return Result{}, err
		}
		r.Drafts = append(r.Drafts, d)
	}
	for _, one := range w.Only {
		if !matched[one] {
			return Result{}, r.unmatched(one)
		}
	}
	return r, nil
}

func wanted(id string, only []string, matched map[string]bool) bool {
	if len(only) == 0 {
		return true
	}
	for _, one := range only {
		if strings.HasPrefix(id, one) {
			matched[one] = true
			return true
		}
	}
	return false
}

// draft writes one request, if it may be written.
func (e Env) draft(p sheet.Press, q request.Request, force, open bool) (Draft, error) {
	d := Draft{Request: q}
	switch {
	case q.Way == request.Wait:
		if !q.Rows[0].Holds { // it does not matter
			return d, nil
		}
		d.State = runbook.LetterNone
	case open && q.Open():
		d.State = runbook.LetterReady
	case !force:
		return d, nil
	default:
		d.State = runbook.LetterNotReady
	}
	s, err := p.Write(q)
	if err != nil {
		return d, err
	}
	d.Text, d.Ext, d.Gaps = s.Text, s.Ext, s.Gaps
	if d.State == runbook.LetterReady && len(d.Gaps) > 0 {
		d.State = runbook.LetterIncomplete
	}
	for _, l := range p.Case.Letters {
		d.Same = d.Same || l.ID == q.ID && l.State == d.State && l.Kept.SHA256 == hash(d.Text)
	}
	return d, nil
}

// unmatched says why no request has such an id.
func (r Result) unmatched(id string) error {
	name := harmless.Line(id)
	list, _, _ := strings.Cut(id, "@")
	switch l := r.Case.Lists; {
	case l == nil:
		return fmt.Errorf("%w: nobody has asked the blocklists, so there is no request %q", runbook.ErrInput, name)
	case slices.Contains(l.Untested, list):
		return fmt.Errorf("%w: there is no request %q: that list could not be asked, so whether it lists the server is unknown", runbook.ErrInput, name)
	case slices.Contains(l.Clear, list):
		return fmt.Errorf("%w: there is no request %q: that list was asked, and does not list the server", runbook.ErrInput, name)
	}
	return fmt.Errorf("%w: there is no request %q", runbook.ErrInput, name)
}

// Keep writes down what is new, and holds back what was written before and may not be sent now.
func (r Result) Keep(rec runbook.Recorder) error {
	for _, d := range r.Drafts {
		if d.Text == nil || d.Same {
			continue
		}
		if err := runbook.Draft(rec, r.letter(d), strings.ReplaceAll(d.ID, "@", "-")+d.Ext, d.Text); err != nil {
			return fmt.Errorf("writing the request %s: %w", d.ID, err)
		}
	}
	for _, l := range r.Case.Letters {
		if why := r.holds(l); why != "" {
			if err := runbook.Withhold(rec, l.ID, why); err != nil {
				return fmt.Errorf("holding back the request %s: %w", l.ID, err)
			}
		}
	}
	return nil
}

// holds says why a request that was written and not sent may not be sent now; "" if it may, or is no request. A request waits after it was
// sent; a notice does not.
func (r Result) holds(l *runbook.LetterHistory) string {
	if l.Wait == 0 || len(l.Sent) > 0 || l.State != runbook.LetterReady && l.State != runbook.LetterIncomplete {
		return ""
	}
	i := slices.IndexFunc(r.Drafts, func(d Draft) bool { return d.ID == l.ID })
	switch {
	case i < 0 && r.whole && r.Case.Lists != nil:
		return "the server is not listed there any more, by the last look"
	case i < 0 || r.Drafts[i].Text != nil:
		return ""
	}
	for _, row := range slices.Concat(r.Server, r.Drafts[i].Rows) {
		if !row.Holds {
			return told(row).EN
		}
	}
	return ""
}

func (r Result) letter(d Draft) runbook.Letter {
	l := runbook.Letter{ID: d.ID, To: d.To, About: d.Subject, Way: d.Way, Title: runbook.T(d.Name, ""), State: d.State, Gaps: d.Gaps}
	if d.Way != request.Wait {
		l.Wait = int64(d.Waits() / time.Second)
	}
	if at := d.Expires(r.Case); !at.IsZero() {
		l.Until = &at
	}
	return l
}

// Accounts are the accounts that an incident has named as abused.
func Accounts(h *runbook.History) []string {
	c, err := casefile.Read(h)
	if err != nil {
		return nil // whoever drafts is told
	}
	return c.Accounts
}

// Started is when an incident started the services again, UTC; zero if it did not.
func Started(h *runbook.History) time.Time {
	c, err := casefile.Read(h)
	if err != nil {
		return time.Time{} // whoever drafts is told
	}
	return c.Started
}
