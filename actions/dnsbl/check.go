package dnsbl

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"hikeshi/actions/dnsbl/host"
	"hikeshi/actions/dnsbl/verdict"
	"hikeshi/runbook"
	"hikeshi/runbook/strictyaml"
)

// Facts are the facts of dnsbl.check.
type Facts struct {
	State     string    `json:"state" expr:"state"`           // listed, clean, partly (not listed where it could be tested), untested
	Resolver  string    `json:"resolver" expr:"resolver"`     // what was asked
	Subjects  []string  `json:"subjects" expr:"subjects"`     // what was looked up
	Listings  []Listing `json:"listings" expr:"listings"`     // those that matter first
	Worst     int       `json:"worst" expr:"worst"`           // the lowest tier of a listing; 0 if there is none
	Untested  []string  `json:"untested" expr:"untested"`     // ids of lists of tier 1 and 2 that could not be tested
	Tested    int       `json:"tested" expr:"tested"`         // pairs of subject and list with an outcome
	NotTested int       `json:"not_tested" expr:"not_tested"` // those without
	Named     bool      `json:"named" expr:"named"`           // all outgoing addresses have a reverse name that leads back and is their own
}

// A Listing is one subject on one list.
type Listing struct {
	Subject string    `json:"subject" expr:"subject"`
	List    string    `json:"list" expr:"list"` // its id
	Name    string    `json:"name" expr:"name"`
	Zone    string    `json:"zone" expr:"zone"` // without the key
	Tier    int       `json:"tier" expr:"tier"`
	Answers []string  `json:"answers" expr:"answers"`
	Codes   []string  `json:"codes" expr:"codes"` // what the answers mean, in English
	Text    string    `json:"text" expr:"text"`   // the list's own words
	Network bool      `json:"network" expr:"network"`
	At      time.Time `json:"at" expr:"at"` // when it answered, UTC
}

type check struct{ env Env }

// Plan looks, and tells.
func (c check) Plan(ctx context.Context, in runbook.Input) (runbook.Outcome, error) {
	var p struct {
		Subjects []string `json:"subjects"`
		Limit    string   `json:"limit"`
	}
	if err := in.Decode(&p); err != nil {
		return runbook.Outcome{}, err
	}
	q := Request{Subjects: p.Subjects, Progress: in.Rec.Progress}
	if p.Limit != "" {
		d, err := time.ParseDuration(p.Limit)
		if err != nil || d <= 0 {
			return runbook.Outcome{}, fmt.Errorf("%w: limit %q is no duration above 0", runbook.ErrInput, p.Limit)
		}
		q.Limit = d
	}
	r, err := c.env.Look(ctx, q)
	if err != nil {
		if errors.Is(err, runbook.ErrInput) || errors.As(err, new(*strictyaml.Mistakes)) {
			return runbook.Outcome{}, err
		}
		return runbook.Outcome{}, fmt.Errorf("%w: %w", runbook.ErrUndetermined, err)
	}
	if err := ctx.Err(); err != nil {
		return runbook.Outcome{}, err
	}
	found := r.Findings()
	if err := in.Rec.Evidence("dnsbl.json", bytes.NewReader(r.evidence())); err != nil {
		found = append(found, runbook.Finding{Level: runbook.Warn, Text: runbook.Tf("the answers could not be kept: %s", "応答を保全できない: %s", err)})
	}
	return runbook.Outcome{Findings: found, Facts: r.Facts()}, nil
}

// Facts says in short what was seen.
func (r Report) Facts() Facts {
	f := Facts{Resolver: r.Resolver.String(), Subjects: []string{}, Listings: []Listing{}, Untested: []string{}, Named: len(r.Hosts) > 0}
	for _, s := range r.Subjects {
		f.Subjects = append(f.Subjects, s.String())
	}
	for _, h := range r.Hosts {
		f.Named = f.Named && h.State == host.Fine
	}
	for _, row := range r.Rows() {
		switch {
		case row.Outcome == verdict.NotTested:
			f.NotTested++
			if row.List.Tier < 3 && !slices.Contains(f.Untested, row.List.ID) {
				f.Untested = append(f.Untested, row.List.ID)
			}
			continue
		case row.Outcome == verdict.Listed:
			f.Listings = append(f.Listings, row.listing())
		}
		f.Tested++
	}
	switch {
	case len(f.Listings) > 0:
		f.State, f.Worst = "listed", f.Listings[0].Tier
	case f.Tested == 0:
		f.State = "untested"
	case len(f.Untested) > 0:
		f.State = "partly"
	default:
		f.State = "clean"
	}
	return f
}

func (r Row) listing() Listing {
	l := Listing{Subject: r.Subject.String(), List: r.List.ID, Name: r.List.Name, Zone: r.List.Shown(), Tier: r.List.Tier, Text: r.Text, Network: r.List.Network, At: r.At,
		Answers: []string{}, Codes: []string{}}
	for _, a := range r.Answers {
		l.Answers = append(l.Answers, a.String())
	}
	for _, c := range r.Codes {
		if !slices.Contains(l.Codes, c.Text.EN) {
			l.Codes = append(l.Codes, c.Text.EN)
		}
	}
	return l
}

// japan is the zone in which an administrator there reads times; Japan has no summer time.
var japan = time.FixedZone("JST", 9*60*60)

// evidence is every answer as it came, without keys.
func (r Report) evidence() []byte {
	type answer struct {
		Subject string          `json:"subject"`
		List    string          `json:"list"`
		Zone    string          `json:"zone"`
		Outcome verdict.Outcome `json:"outcome"`
		Why     string          `json:"why,omitempty"`
		Answers []string        `json:"answers,omitempty"`
		Text    string          `json:"text,omitempty"`
		TTL     int             `json:"ttl,omitempty"` // seconds
		At      string          `json:"at,omitempty"`
		JST     string          `json:"at_jst,omitempty"`
	}
	doc := struct {
		Resolver string   `json:"resolver"`
		Began    string   `json:"began"`
		JST      string   `json:"began_jst"`
		Answers  []answer `json:"answers"`
	}{r.Resolver.String(), r.Began.Format(time.RFC3339), r.Began.In(japan).Format(time.RFC3339), []answer{}}
	for _, row := range r.Rows() {
		l := row.listing()
		a := answer{Subject: l.Subject, List: l.List, Zone: l.Zone, Outcome: row.Outcome, Why: row.Why.EN, Answers: l.Answers, Text: l.Text, TTL: int(row.TTL.Seconds())}
		if !row.At.IsZero() {
			a.At, a.JST = row.At.Format(time.RFC3339), row.At.In(japan).Format(time.RFC3339)
		}
		doc.Answers = append(doc.Answers, a)
	}
	data, err := json.MarshalIndent(doc, "", " ")
	if err != nil {
		return []byte(strings.ToValidUTF8(err.Error(), "?")) // plain values only: cannot happen
	}
	return append(data, '\n')
}
