// Package trace says which host really relayed a message, and whether it was this server: trace.received. It changes nothing.
//
// The message is found in what is at hand (package message), its Received lines are read (package received) and believed down to the
// border (package walk). A line that one's own server wrote is the key to its log (package ask): the log, not the line, names the account
// and the address. An id that the log does not know says that the line was made up, or that the log does not reach there; which of them, is
// said where it can be told. The answer (package verdict) is one sentence; "cannot tell" is one too, with its reason.
//
// Every message in a mail is looked at, and the worst answer counts: a mail that this server sent is one, whatever is attached to it.
package trace

import (
	"time"

	"hikeshi/actions/trace/ask"
	"hikeshi/actions/trace/facts"
	"hikeshi/runbook"
	"hikeshi/spool"
)

// The facts of trace.received, and its parts.
type (
	Facts  = facts.Facts
	Traced = facts.Traced
	Hop    = facts.Hop
	Sign   = facts.Sign
	State  = facts.State
)

// A Log asks the own log for a message, and an Entry is what it knows of one.
type (
	Log   = ask.Log
	Entry = ask.Entry
)

// Env is what the kinds of this package work with.
type Env struct {
	Own    spool.Own
	Clock  func() time.Time // nil: the clock of this machine
	Lookup Log              // nil: there is no log to ask
}

// Kinds are the kinds of this package.
func Kinds(env Env) []runbook.Kind {
	return []runbook.Kind{
		{Name: "trace.received", Short: runbook.T("tell which host relayed a message, and whether it was this server", "メールをどのホストが中継したか、当サーバーを経由したかを調べる"), Params: []runbook.Param{
			{Name: "file", Type: runbook.String, Required: true, Short: "the spam or a complaint with it: .eml, mbox, ARF"},
			{Name: "all", Type: runbook.Bool, Short: "all mails of an mbox (default: the first; what the others hold is not known then)"},
			{Name: "message", Type: runbook.Int, Short: "this mail of an mbox, from 1"},
			{Name: "outer", Type: runbook.Bool, Short: "the mail itself, not what is attached to it or quoted in it"}},
			Facts: Facts{}, Reads: []string{"logs"}, Action: trace{env}},
	}
}

func (e Env) now() time.Time {
	if e.Clock == nil {
		return time.Now().UTC()
	}
	return e.Clock().UTC()
}
