// Package relay holds the kinds around the deny file: what is wrong in it (relay.lint), mending lines that open the server (relay.fix),
// shutting peers and senders out (relay.deny), whether that holds (relay.denied), and letting them in again (relay.allow). relay.hard
// cuts peers off when they connect, through tables of their own. relay.fix and relay.hard are in packages below this one.
//
// A denial is planned on the bytes that stand there now, with the proof that nobody else is decided otherwise; it is applied by
// exchanging the file with a new one, and undone by taking out exactly the bytes that were added, whatever a colleague has
// changed around them. Which line goes where is the knowledge of the server (spool.Denier).
package relay

import (
	"context"
	"encoding/json"
	"net/netip"
	"time"

	"hikeshi/actions/relay/edit"
	"hikeshi/actions/relay/fix"
	"hikeshi/actions/relay/guard"
	"hikeshi/actions/relay/hard"
	"hikeshi/actions/relay/hook"
	"hikeshi/actions/relay/reread"
	"hikeshi/runbook"
	"hikeshi/spool"
)

// Env is what the kinds of this package work with.
type Env struct {
	Server    spool.Server
	Own       spool.Own
	Protected []netip.Prefix // never denied: configured, besides what is the owner's
	Domains   []string       // protected sender domains, likewise
	Responder []netip.Addr   // where the responder is connected from; empty if unknown
	PrefixV4  int            // networks wider than this are refused
	PrefixV6  int
	Clock     func() time.Time
	Recorded  func() ([]Denial, error) // the denials in force that incidents have recorded
	// Run runs the command by which services read their files again. Nil: nobody may.
	Run func(ctx context.Context, argv []string) ([]byte, error)
	// InUse names which of the services run now: units, or processes with their number. Nil means that nobody can tell.
	InUse func(ctx context.Context, services []spool.Service) ([]string, error)
}

// A Denial is a line that an incident added.
type Denial struct {
	Incident string
	Target   string
	Table    string          // which table of the hard cut it is in; "" is the deny file
	Back     json.RawMessage // for spool.Denier.Allow, or of the hard cut
	Review   time.Time
}

// Kinds are the kinds of this package.
func Kinds(env Env) []runbook.Kind {
	targets := runbook.Param{Name: "targets", Type: runbook.Strings, Required: true, Short: "addresses, networks, sender domains or sender addresses"}
	return []runbook.Kind{
		{Name: "relay.lint", Short: runbook.T("look for mistakes in the deny file", "拒否ファイルの誤りを調べる"), Facts: LintFacts{}, Reads: []string{"relay"}, Action: lint{env}},
		{Name: "relay.denied", Short: runbook.T("check that the sources are denied", "送信元が拒否されているか確かめる"), Params: []runbook.Param{targets}, Facts: DeniedFacts{}, Reads: []string{"relay"}, Action: denied{env}},
		{Name: "relay.deny", Short: runbook.T("deny the sources", "送信元を拒否する"), Params: []runbook.Param{targets,
			{Name: "review", Type: runbook.Duration, Short: "after which the denial is to be looked at again (default 720h, 30 days)"}},
			Facts: DenyFacts{}, MaxRisk: runbook.Reversible, Reads: []string{"relay"}, Touches: []string{"relay"}, Action: deny{env}},
		{Name: "relay.allow", Short: runbook.T("take denials out again", "拒否を解除する"), Params: []runbook.Param{targets,
			{Name: "incident", Type: runbook.String, Short: "only what this incident added"}},
			Facts: AllowFacts{}, MaxRisk: runbook.Reopening, Reads: []string{"relay", "tables"}, Touches: []string{"relay", "tables"}, Action: allow{env}},
		doorKind(env),
		fix.Kind(fix.Env{Server: env.Server, Own: env.Own}),
		hard.Kind(hard.Env{Server: env.Server, Refuse: env.refuse, InUse: env.InUse, Clock: env.Clock}),
	}
}

// read reads the deny file, the first where there are several.
func (e Env) read() (edit.File, error) { return edit.Read(e.Server) }

func (e Env) services() reread.Services { return reread.Services{Server: e.Server, Run: e.Run} }

func (e Env) hooker() hook.Hooker { return hook.Hooker{Server: e.Server, Services: e.services()} }

// refuse says which targets must not be denied.
func (e Env) refuse(targets []string) error {
	g := guard.Guard{Own: e.Own, Protected: e.Protected, Domains: e.Domains, Responder: e.Responder, PrefixV4: e.PrefixV4, PrefixV6: e.PrefixV6}
	return g.Refuse(targets)
}
