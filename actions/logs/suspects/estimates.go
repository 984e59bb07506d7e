package suspects

import (
	"context"

	"hikeshi/actions/logs/desk"
	"hikeshi/actions/logs/estimate"
	"hikeshi/runbook"
)

// estimates asks for what can be known without logs, where these tell neither of messages nor of logins in the window. The error is that
// of ctx.
func estimates(ctx context.Context, r *desk.Reading, f *Facts) ([]runbook.Finding, error) {
	f.Estimates = []estimate.Estimate{}
	if r.Env.Estimate == nil || r.Env.Budget > 0 || !r.Nothing() && (r.Some.Accepts || r.Some.Logins) {
		return nil, nil
	}
	all, err := r.Env.Estimate(ctx)
	if ctx.Err() != nil {
		return nil, ctx.Err()
	}
	f.Estimates = append(f.Estimates, all...)
	return estimate.Findings(all, err), nil
}
