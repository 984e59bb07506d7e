package hygiene

import (
	"context"

	"hikeshi/actions/smtpcheck/visit"
	"hikeshi/runbook"
)

type action struct{ env Env }

// params are the parameters of smtp.hygiene.
type params struct {
	Request
	Limit string `json:"limit"`
}

// Plan asks, and tells. Messages are sent in a run only.
func (c action) Plan(ctx context.Context, in runbook.Input) (runbook.Outcome, error) {
	var p params
	if err := in.Decode(&p); err != nil {
		return runbook.Outcome{}, err
	}
	q := p.Request
	q.RunID, q.Progress = in.Incident, in.Rec.Progress
	if err := visit.Time("limit", p.Limit, &q.Limit); err != nil {
		return runbook.Outcome{}, err
	}
	var told []runbook.Finding
	if q.Deliver && in.Planned != nil {
		q.Deliver = false
		told = append(told, find(runbook.Info, "messages are sent in a run only", "メールは実行時にのみ送る"))
	}
	return visit.Visit{Book: c.env.Relay.Book, Targets: q.Targets, Evidence: transcript, Nothing: Report{}.Facts(), Ask: func(ctx context.Context, targets []string) (visit.Report, any, error) {
		q.Targets = targets
		r, err := c.env.Hygiene(ctx, q)
		if err != nil {
			return nil, nil, err
		}
		return r, r.Facts(), nil
	}}.Outcome(ctx, in, told...)
}
