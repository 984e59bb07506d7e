// Package parties is who is named to a mail server in a relay test, and what is known and allowed there: what a test needs is here, or it is not
// made.
package parties

import (
	"context"
	"crypto/rand"
	"net/netip"
	"strings"

	"hikeshi/actions/smtpcheck/pattern"
	"hikeshi/actions/smtpcheck/relay/judge"
	"hikeshi/runbook"
)

// Parties are those who are named.
type Parties struct {
	Probe   string                                                  // P: the probe mailbox
	Sender  string                                                  // F: a second foreign sender
	Account string                                                  // U@T: an account of the target; "" if none is known
	Domain  string                                                  // T: a domain of the target; "" if none is known
	Backup  string                                                  // B: a domain that it is secondary MX for; "" if none is known
	Failing bool                                                    // one login may fail
	Login   *Login                                                  // a test account, with the leave to use it; may be nil
	POP     func(ctx context.Context, at netip.Addr, l Login) error // logs in over POP3; may be nil
}

// A Login is a test account at the target.
type Login struct{ User, Password string }

// Lacks says what is missing for a need; empty if nothing is.
func (p Parties) Lacks(n pattern.Need) runbook.Text {
	switch {
	case n == pattern.Account && p.Account == "", n == pattern.Domain && p.Domain == "", n == pattern.BackupDomain && p.Backup == "", n == pattern.FailingLogin && !p.Failing,
		n == pattern.Credentials && p.Login == nil, n == pattern.POP && (p.Login == nil || p.POP == nil):
		return judge.Lacking(n)
	case n == pattern.Credentials && (strings.EqualFold(p.Login.User, p.Account) || strings.EqualFold(p.Login.User+"@"+p.Domain, p.Account)):
		return runbook.T("the test account and --account are the same", "試験用アカウントと --account が同じ")
	}
	return runbook.Text{}
}

// Values are those of all place-holders, for a server with a name, "" if it has none, at an address; foreign is one that is none of its own.
func (p Parties) Values(host string, at, foreign netip.Addr) pattern.Values {
	u := ""
	if p.Domain != "" {
		u, _, _ = strings.Cut(p.Account, "@")
	}
	local, domain, _ := strings.Cut(p.Probe, "@")
	return pattern.Values{"P": p.Probe, "u": local, "d": domain, "F": p.Sender, "T": p.Domain, "U": u, "B": p.Backup, "R": Letters(8),
		"H": host, "IP": pattern.Literal(at), "L": pattern.Literal(foreign)}
}

// Letters are n random small letters.
func Letters(n int) string {
	b := make([]byte, n)
	rand.Read(b) // never fails
	for i := range b {
		b[i] = 'a' + b[i]%26
	}
	return string(b)
}
