// Package trace says which host really relayed a message, and whether it was this server: trace.received. It changes nothing.
//
// The message is found in what is at hand (package message), its Received lines are read (package received) and believed down to the
// border (package walk). A line that one's own server wrote is the key to its log: the log, not the line, names the account and the
// address. An id that the log does not know says that the line was made up, or that the log does not reach there; which of them, is said
// where it can be told. The answer is one sentence; "cannot tell" is one too, with its reason.
package trace

import (
	"context"
	"net/netip"
	"time"

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

// Env is what the kinds of this package work with.
type Env struct {
	Own   spool.Own
	Clock func() time.Time // nil: the clock of this machine

	// Lookup asks the own log for the message with a queue id that came at about a time; nil: there is no log to ask.
	Lookup func(ctx context.Context, id string, around time.Time) (Entry, error)
}

// An Entry is what the own log knows of a message.
type Entry struct {
	Found    bool
	Login    string     // who handed it in; "" without a login, if Told
	Told     bool       // the log tells of logins at that time
	Doubt    bool       // the login may be a sender that was made to look so
	Client   netip.Addr // of IPv6 the first address of its /64
	Outside  bool       // it was for another domain
	Time     time.Time  // UTC
	Evidence string     // file:offset
	Covers   bool       // the log tells of all messages of that time: one that is not found was not taken
}

// Kinds are the kinds of this package.
func Kinds(env Env) []runbook.Kind {
	return []runbook.Kind{
		{Name: "trace.received", Short: runbook.T("tell which host relayed a message, and whether it was this server", "メールをどのホストが中継したか、当サーバーを経由したかを調べる"), Params: []runbook.Param{
			{Name: "file", Type: runbook.String, Required: true, Short: "the spam or a complaint with it: .eml, mbox, ARF"},
			{Name: "all", Type: runbook.Bool, Short: "all mails of an mbox (default: the first)"},
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
