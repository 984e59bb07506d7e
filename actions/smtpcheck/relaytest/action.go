package relaytest

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"hikeshi/actions/smtpcheck/visit"
	"hikeshi/runbook"
)

type action struct{ env Env }

// params are the parameters of smtp.relaytest.
type params struct {
	Request
	Window string `json:"window"`
	Limit  string `json:"limit"`
}

// Plan asks, and tells. Real messages are sent in a run only.
func (c action) Plan(ctx context.Context, in runbook.Input) (runbook.Outcome, error) {
	var p params
	if err := in.Decode(&p); err != nil {
		return runbook.Outcome{}, err
	}
	q := p.Request
	q.RunID, q.Progress = in.Incident, in.Rec.Progress
	if err := errors.Join(visit.Time("window", p.Window, &q.Window), visit.Time("limit", p.Limit, &q.Limit)); err != nil {
		return runbook.Outcome{}, err
	}
	var told []runbook.Finding
	if q.Deliver && in.Planned != nil {
		q.Deliver = false
		told = append(told, find(runbook.Info, "real messages are sent in a run only", "実際のメールは実行時にのみ送る"))
	}
	return visit.Visit{Book: c.env.Book, Targets: q.Targets, Evidence: transcript, Nothing: Report{}.Facts(), Ask: func(ctx context.Context, targets []string) (visit.Report, any, error) {
		q.Targets = targets
		r, err := c.env.RelayTest(ctx, q)
		if err != nil && !r.Cut {
			return nil, nil, err
		}
		return r, r.Facts(), err
	}}.Outcome(ctx, in, told...)
}

// Transcript is everything that was said, with times in UTC and without passwords, and after it every message that has arrived; of a test that
// was interrupted also what it has found.
func (r Report) Transcript() string {
	var b strings.Builder
	b.WriteString(r.Log.String())
	for _, a := range r.Arrived {
		fmt.Fprintf(&b, "\n%s arrived %s, bounce: %v, quoted: %v\n", a.At.Format(time.RFC3339), a.Cookie, a.Bounce, a.Quoted)
		for line := range strings.SplitSeq(strings.ReplaceAll(a.Raw, "\r\n", "\n"), "\n") {
			fmt.Fprintf(&b, "| %q\n", line)
		}
	}
	if r.Cut {
		b.WriteByte('\n')
		for _, f := range r.Findings() {
			fmt.Fprintf(&b, "%s: %s\n", f.Level, f.Text.EN)
		}
	}
	return b.String()
}
