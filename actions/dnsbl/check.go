package dnsbl

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"time"

	"hikeshi/actions/dnsbl/verdict"
	"hikeshi/runbook"
	"hikeshi/runbook/strictyaml"
)

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
	if len(in.Planned) > 0 { // other steps come first, and a plan of them waits for nobody
		later := runbook.T("the lists are asked when the steps before are done", "リストへの照会は、ここまでの手順の実行後に行う")
		return runbook.Outcome{Findings: []runbook.Finding{{Level: runbook.Info, Text: later}}, Facts: Report{}.Facts()}, nil
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
