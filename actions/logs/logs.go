// Package logs says from the logs of a server who is abused and from where: logs.sizes, logs.suspects, logs.logins, logs.timeline and
// logs.access, and what other servers say to our mail: logs.refusals. It changes nothing and knows of no particular server: which logs
// there are and what their lines say comes from spool.Logs.
//
// The logs are read once, in the order of time (package sweep), into bounded books (packages ledger, join, entry, tally), and judged by
// one table of signals (package signals). What the kinds have in common is in package desk.
package logs

import (
	"context"

	"hikeshi/actions/logs/access"
	"hikeshi/actions/logs/desk"
	"hikeshi/actions/logs/estimate"
	"hikeshi/actions/logs/logins"
	"hikeshi/actions/logs/refusals"
	"hikeshi/actions/logs/sizes"
	"hikeshi/actions/logs/suspects"
	"hikeshi/actions/logs/timeline"
	"hikeshi/runbook"
)

// Env is what the kinds of this package work with.
type Env = desk.Env

// The facts of the kinds, by name.
type (
	SuspectsFacts = suspects.Facts
	Suspect       = suspects.Suspect
	LoginsFacts   = logins.Facts
	TimelineFacts = timeline.Facts
	SizesFacts    = sizes.Facts
	AccessFacts   = access.Facts
	RefusalsFacts = refusals.Facts
)

// An Estimate is a figure that stands in where the logs are off.
type Estimate = estimate.Estimate

// Look is what logs.suspects and logs.logins find, in one reading.
func Look(ctx context.Context, env Env, in runbook.Input) (s SuspectsFacts, l LoginsFacts, err error) {
	r, err := env.Look(ctx, in)
	if err != nil {
		return s, l, err
	}
	out, err := suspects.Judge(ctx, r, in.Rec)
	if err != nil {
		return s, l, err
	}
	s, _ = out.Facts.(SuspectsFacts)
	l, _ = logins.Judge(ctx, r).Facts.(LoginsFacts)
	return s, l, nil
}

// Kinds are the kinds of this package.
func Kinds(env Env) []runbook.Kind {
	reads := []string{"logs"}
	all := desk.Shared("since", "until", "accounts", "sources", "top", "exempt_accounts", "exempt_sources")
	return []runbook.Kind{
		{Name: "logs.sizes", Short: runbook.T("compare the size of each log with its past days", "各ログのサイズを過去の日と比べる"), Params: desk.Shared("since", "until", "top"),
			Facts: sizes.Facts{}, Reads: reads, Action: sizes.New(env)},
		{Name: "logs.suspects", Short: runbook.T("find the abused accounts and the sources of abuse", "不正利用されたアカウントと接続元を見つける"), Params: all,
			Facts: suspects.Facts{}, Reads: reads, Action: suspects.New(env)},
		{Name: "logs.logins", Short: runbook.T("find out who tries passwords, and whether one was found", "パスワードの総当たりと、当てられた形跡を調べる"), Params: desk.Shared("since", "until", "accounts", "sources", "top"),
			Facts: logins.Facts{}, Reads: reads, Action: logins.New(env)},
		{Name: "logs.timeline", Short: runbook.T("tell when the abuse began, was worst and ended", "不正利用の始まり・最盛期・終わりを示す"), Params: all,
			Facts: timeline.Facts{}, Reads: reads, Action: timeline.New(env)},
		{Name: "logs.access", Short: runbook.T("find out whether the mailboxes were read", "メールボックスが読まれたかどうかを調べる"), Params: all,
			Facts: access.Facts{}, Reads: reads, Action: access.New(env)},
		{Name: "logs.refusals", Short: runbook.T("tell what the refusals of other servers say, and which lists they name", "相手サーバーの拒否応答と、そこに挙がったリストを調べる"), Params: refusals.Params(),
			Facts: refusals.Facts{}, Reads: reads, Action: refusals.New(env)},
	}
}
