package denied

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"hikeshi/actions/smtpcheck/visit"
	"hikeshi/runbook"
	"hikeshi/runbook/strictyaml"
)

type action struct{ env Env }

// Plan asks, and tells.
func (c action) Plan(ctx context.Context, in runbook.Input) (runbook.Outcome, error) {
	var q Request
	if err := in.Decode(&q); err != nil {
		return runbook.Outcome{}, err
	}
	if len(in.Planned) > 0 { // other steps come first, and what they change is what is verified
		later := runbook.T("the server is asked when the steps before are done", "サーバへの確認は、ここまでの手順の実行後に行う")
		return runbook.Outcome{Findings: []runbook.Finding{{Level: runbook.Info, Text: later}}, Facts: Report{}.Facts()}, nil
	}
	if len(q.Denied) == 0 {
		return runbook.Outcome{Findings: []runbook.Finding{say(runbook.Info, "no source was named: there is no denial to verify", "送信元の指定がないため、確かめる拒否はない")}, Facts: Report{}.Facts()}, nil
	}
	q.Tell = in.Rec.Progress
	r, err := c.env.Verify(ctx, q)
	if err != nil {
		if errors.Is(err, runbook.ErrInput) || errors.As(err, new(*strictyaml.Mistakes)) || errors.Is(err, runbook.ErrUndetermined) || ctx.Err() != nil {
			return runbook.Outcome{}, err
		}
		return runbook.Outcome{}, fmt.Errorf("%w: %w", runbook.ErrUndetermined, err)
	}
	found := r.Findings()
	if r.Nothing.IsZero() {
		if err := in.Rec.Evidence(transcript, strings.NewReader(r.Transcript())); err != nil {
			found = append(found, finding(runbook.Warn, "the transcript could not be kept: %s", "記録を保全できない: %s", err))
		}
	}
	return runbook.Outcome{Findings: visit.InRunbook(in, found), Facts: r.Facts()}, nil
}

// Transcript is everything that was said, with times in UTC and without passwords, and after it the commands for somebody else.
func (r Report) Transcript() string {
	var b strings.Builder
	b.WriteString(r.Log.String())
	for _, a := range r.Asks() {
		fmt.Fprintf(&b, "\nfrom %s to %s, one of:\n", a.Denied, a.Listener)
		for _, l := range a.Lines {
			fmt.Fprintf(&b, "  %s\n", l.Text)
		}
		fmt.Fprintf(&b, "expected: %s\n", a.Expect.EN)
	}
	return b.String()
}
