package main

import (
	"context"
	"fmt"
	"net/netip"
	"os"
	"strings"

	"hikeshi/actions/smtpcheck"
	"hikeshi/actions/smtpcheck/denied"
	"hikeshi/actions/smtpcheck/hygiene"
	"hikeshi/actions/smtpcheck/relay"
	"hikeshi/actions/smtpcheck/relaytest"
	"hikeshi/actions/smtpcheck/target"
	"hikeshi/runbook"
	"hikeshi/spool"
	"hikeshi/spool/lab"
	"hikeshi/spool/lab/standin"
	"hikeshi/spool/lab/wire"
	"hikeshi/templates"
)

// labSMTP tests over the network of the lab, on which there is nothing but its own receiver.
func (r *rehearsal) labSMTP(w *world, own spool.Own) smtpcheck.Env {
	line := wire.Wire{Server: r.scenario.Addr, Address: standin.Config{Root: w.root}.Address()}
	itself := func() ([]string, runbook.Text) { return []string{r.scenario.Addr.String()}, runbook.Text{} }
	book := target.Book{Resolver: labNames{r.scenario.Host: r.scenario.Addr}, Own: own.Addresses, Clock: r.now, Self: itself}
	relay := relaytest.Env{Dial: line.Dial, Clock: r.now, Builtin: templates.RelayTests(), Domains: own.Domains, Find: w.knownAccount, Fast: true, Book: book}
	return smtpcheck.Env{Relay: relay, Hygiene: hygiene.Env{Relay: relay, Words: templates.Hygiene(), Server: w.server.Name(), Demanded: r.demanded(w)}, Denied: denied.Env{
		Dial: line.Dial, DialFrom: line.DialFrom, From: func(p netip.Prefix) (netip.Addr, error) { return p.Addr(), lab.LetIn(w.root, p.Addr()) }, Decide: w.decideFor(r.app),
		Here: func(netip.Addr) bool { return true }, Clock: r.now, Book: book, Domains: own.Domains, Find: w.knownAccount, Login: r.labLogin,
	}}
}

// labLogin is the test account of the lab: somebody who mails through it and has nothing to do with the abuse.
func (r *rehearsal) labLogin() (*relay.Login, error) {
	data, err := os.ReadFile(standin.Config{Root: r.server()}.Spool("inbox/hanako/apop.dat"))
	if err != nil {
		return nil, fmt.Errorf("reading the password of the test account: %w", err)
	}
	first, _, _ := strings.Cut(string(data), "\n")
	return &relay.Login{User: "hanako@" + r.scenario.Domain, Password: first}, nil
}

// labNames are the names that there are in the lab.
type labNames map[string]netip.Addr

// LookupNetIP implements target.Resolver.
func (n labNames) LookupNetIP(_ context.Context, _, host string) ([]netip.Addr, error) {
	if a, ok := n[host]; ok {
		return []netip.Addr{a}, nil
	}
	return nil, fmt.Errorf("looking up %s: %w", host, wire.ErrElsewhere)
}
