package hygiene

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"hikeshi/runbook"
	"hikeshi/runbook/strictyaml"
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
	if p.Limit != "" {
		n, err := time.ParseDuration(p.Limit)
		if err != nil || n <= 0 {
			return runbook.Outcome{}, fmt.Errorf("%w: limit %q is no duration above 0", runbook.ErrInput, p.Limit)
		}
		q.Limit = n
	}
	if len(in.Planned) > 0 { // other steps come first, and what they change is what is looked at
		later := runbook.T("the server is asked when the steps before are done", "サーバへの試験は、ここまでの手順の実行後に行う")
		return runbook.Outcome{Findings: []runbook.Finding{{Level: runbook.Info, Text: later}}, Facts: Report{}.Facts()}, nil
	}
	var left []runbook.Finding
	if q.Deliver && in.Planned != nil {
		q.Deliver = false
		left = append(left, find(runbook.Info, "messages are sent in a run only", "メールは実行時にのみ送る"))
	}
	return c.look(ctx, in, q, left)
}

func (c action) look(ctx context.Context, in runbook.Input, q Request, left []runbook.Finding) (runbook.Outcome, error) {
	var why runbook.Text
	if q.Targets, why = c.env.Relay.Book.Named(q.Targets); len(q.Targets) == 0 {
		nothing := runbook.Finding{Level: runbook.Warn, Text: runbook.T("nothing was asked: "+why.EN, "試験していない: "+why.In("ja"))}
		return runbook.Outcome{Findings: append(left, nothing), Facts: Report{}.Facts()}, nil
	}
	r, err := c.env.Hygiene(ctx, q)
	if err != nil {
		if errors.Is(err, runbook.ErrInput) || errors.As(err, new(*strictyaml.Mistakes)) || errors.Is(err, runbook.ErrUndetermined) || ctx.Err() != nil {
			return runbook.Outcome{}, err
		}
		return runbook.Outcome{}, fmt.Errorf("%w: %w", runbook.ErrUndetermined, err)
	}
	found := append(r.Findings(), left...)
	if err := in.Rec.Evidence(transcript, strings.NewReader(r.Transcript())); err != nil {
		found = append(found, find(runbook.Warn, "the transcript could not be kept: %s", "記録を保全できない: %s", err))
	}
	return runbook.Outcome{Findings: found, Facts: r.Facts()}, nil
}
