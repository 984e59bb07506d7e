// Package evidence looks at what a restart would wipe and at what tells where the abuse came from: a snapshot of this moment
// (evidence.snapshot), the likely cause with what speaks for and against it (evidence.cause), who of that was not named
// as abused (evidence.unnamed), whether anything still leaves after delivery was started alone (evidence.watch), and the symptoms by which such an incident shows (evidence.symptoms).
//
// Nothing here changes anything, asks DNS or the network, or shows a secret: files with passwords are hashed with a key. Every part
// of a look has its own time; one that fails is told as not seen, and the others count. It knows of no particular server: where
// things lie comes from spool.Traces, what its files mean from functions of the Env.
package evidence

import (
	"hikeshi/actions/evidence/scene"
	"hikeshi/actions/evidence/snapshot"
	"hikeshi/actions/evidence/symptom"
	"hikeshi/actions/evidence/unnamed"
	"hikeshi/actions/evidence/watch"
	"hikeshi/actions/evidence/weigh"
	"hikeshi/runbook"
)

// Env is what the kinds of this package work with.
type Env = scene.Env

// Kinds are the kinds of this package.
func Kinds(env Env) []runbook.Kind {
	gap := runbook.Param{Name: "gap", Type: runbook.Duration, Short: "time between two readings of a counter (2s)"}
	limit := runbook.Param{Name: "limit", Type: runbook.Duration, Short: "time for everything; what takes longer is told as not seen (10s)"}
	return []runbook.Kind{
		{Name: "evidence.snapshot", Short: runbook.T("keep what a restart would wipe", "再起動で失われる証拠を保全する"), Params: []runbook.Param{limit, gap},
			Facts: snapshot.Facts{}, Reads: []string{"services", "queue", "relay"}, Action: snapshot.New(env)},
		{Name: "evidence.cause", Short: runbook.T("weigh what speaks for and against each cause", "原因の候補ごとに根拠と反証を並べる"), Params: []runbook.Param{
			{Name: "limit", Type: runbook.Duration, Short: "time for everything (60s)"}, {Name: "sample", Type: runbook.Int, Short: "messages of the queue that are read (2000)"},
			{Name: "by_login", Type: runbook.Int, Short: "messages of suspects that the logs show after a login (logs.suspects)"},
			{Name: "by_name", Type: runbook.Int, Short: "messages that name a suspect without a login"},
			{Name: "by_foreign", Type: runbook.Int, Short: "messages of foreign senders that were relayed without a login"},
			{Name: "judged", Type: runbook.Bool, Short: "logs.suspects read enough of the days before to say what is usual; else many addresses say nothing"},
			{Name: "logged_in", Type: runbook.Strings, Short: "the suspects that sent after a login"},
			{Name: "guessed", Type: runbook.Strings, Short: "the accounts whose password was probably found by trying (logs.logins)"}},
			Facts: weigh.Facts{}, Reads: []string{"queue", "relay"}, Action: weigh.New(env)},
		{Name: "evidence.unnamed", Short: runbook.T("say who stands out in the evidence and was not named", "証拠で目立つのに挙げられていない相手を示す"), Params: []runbook.Param{
			{Name: "cause", Type: runbook.String, Short: "letter of the cause: for d, f and h nobody has to be named"},
			{Name: "accounts", Type: runbook.Strings, Required: true, Short: "accounts that were named"}, {Name: "sources", Type: runbook.Strings, Required: true, Short: "sources that were named"},
			{Name: "found_accounts", Type: runbook.Strings, Required: true, Short: "accounts that evidence.cause has found"},
			{Name: "found_sources", Type: runbook.Strings, Required: true, Short: "sources that stand out in evidence.cause"}},
			Facts: unnamed.Facts{}, Action: unnamed.New()},
		{Name: "evidence.watch", Short: runbook.T("watch whether mail leaves for outside", "外部へメールが出ていないか見張る"), Params: []runbook.Param{
			{Name: "for", Type: runbook.Duration, Short: "how long (5m); at least two delivery scans"}},
			Facts: watch.Facts{}, Watched: true, Reads: []string{"services", "queue"}, Action: watch.New(env)},
		{Name: "evidence.symptoms", Short: runbook.T("look for the symptoms of abuse", "踏み台にされたときの症状を調べる"), Params: []runbook.Param{limit, gap},
			Facts: symptom.Facts{}, Reads: []string{"queue"}, Action: symptom.New(env)},
	}
}

// UnnamedFacts are the facts of evidence.unnamed.
type UnnamedFacts = unnamed.Facts

// SymptomsFacts are the facts of evidence.symptoms.
type SymptomsFacts = symptom.Facts

// WatchFacts are the facts of evidence.watch.
type WatchFacts = watch.Facts
