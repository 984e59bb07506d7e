// Package denied is the kind smtp.denied: is an address that was denied really refused, without a login and after one?
//
// In order: fill in an Env; Env.Verify asks for a Request, from the denied addresses that this machine holds and from an address that nobody
// denied; Report tells what that has shown, as findings, as facts and as the transcript of everything that was said.
//
// A refusal alone proves nothing: every stranger is refused something. What is asked from the denied address is therefore asked from another
// one too. A denial is proved where the one is refused what the other gets: mail to an account of the server, and after a login mail to the
// outside. Some servers ask for a login before they ask for denials (Postfix with permit_sasl_authenticated first, Exim as Debian configures it,
// sendmail with delay_checks), so that a stolen password walks around the denial; E-Post does not, once effect.dat says false.
//
// An address that the machine does not hold cannot be asked from. Then the Report has commands for somebody who can, which stop before DATA, and
// what the server's own file decides. That file proves nothing of the server, and is never called a proof.
//
// Nothing is sent to a server that is not an authorised target, and no message at all.
package denied

import (
	"context"
	"net"
	"net/netip"
	"time"

	"hikeshi/actions/smtpcheck/denied/weigh"
	"hikeshi/actions/smtpcheck/relay"
	"hikeshi/actions/smtpcheck/target"
	"hikeshi/runbook"
)

// Env is what the verification works with. Without a dialer nothing is asked.
type Env struct {
	Dial     func(ctx context.Context, network, address string) (net.Conn, error)         // from an address that nobody denied
	DialFrom func(ctx context.Context, from netip.Addr, address string) (net.Conn, error) // from an address that From has given
	From     func(p netip.Prefix) (netip.Addr, error)                                     // an address of p that one can ask from; the error says why there is none
	Decide   func(peer netip.Addr, sender string, login bool) ([]Decision, error)         // by the server's own files, the first one first; nil: they are not known
	Here     func(netip.Addr) bool                                                        // an address of this very machine: what goes there passes no wire; nil: loopback alone

	Clock   func() time.Time
	Book    target.Book
	Account string        // of the target, U@T
	Domains []string      // of the server itself
	Find    func() string // an account of the server itself, where none is named; may be nil
	Probe   string        // a foreign recipient, P
	Sender  string        // a foreign sender, F
	Login   func() (*relay.Login, error)
	Wait    time.Duration // for one reply; 0: talk.DefaultWait
}

// A Decision is what the server would do by its own files; Peer and Login are entered here.
type Decision = weigh.Decision

// The results, from good to bad, and where nothing can be said; see package weigh.
const (
	Denied     = weigh.Denied
	CannotTell = weigh.CannotTell
	Otherwise  = weigh.Otherwise
	AfterLogin = weigh.AfterLogin
	NotDenied  = weigh.NotDenied
)

// What came of a login.
const (
	Refused   = weigh.Refused
	CutOff    = weigh.CutOff
	Taken     = weigh.Taken
	NotTested = weigh.NotTested
)

// Kind is smtp.denied.
func Kind(env Env) runbook.Kind {
	return runbook.Kind{
		Name: "smtp.denied", Short: runbook.T("verify over SMTP that denied sources are refused, also after a login", "拒否した送信元が、ログイン後も含めて実際に断られるか確かめる"), Facts: Facts{}, Action: action{env},
		Reads: []string{"services", "relay", "tables", "settings", "accounts"}, Watched: true,
		Params: []runbook.Param{
			{Name: "denied", Type: runbook.Strings, Required: true, Short: "the addresses, networks and sender domains that were denied"},
			{Name: "targets", Type: runbook.Strings, Short: "HOST, ADDRESS, or either with :PORT, without which 25, 465 and 587 (the server itself)"},
			{Name: "account", Type: runbook.String, Short: "an account of the target, user@domain; without one nothing can be compared"},
			{Name: "probe", Type: runbook.String, Short: "a foreign recipient, of your own"},
			{Name: "from", Type: runbook.String, Short: "a foreign sender, of your own"},
		},
	}
}
