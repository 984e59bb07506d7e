package main

import (
	"context"
	"fmt"
	"net/netip"

	"hikeshi/actions/smtpcheck"
	"hikeshi/actions/smtpcheck/relaytest"
	"hikeshi/actions/smtpcheck/target"
	"hikeshi/runbook"
	"hikeshi/spool"
	"hikeshi/spool/lab/standin"
	"hikeshi/spool/lab/wire"
	"hikeshi/templates"
)

// labSMTP tests over the network of the lab, on which there is nothing but its own receiver.
func (r *rehearsal) labSMTP(w *world, own spool.Own) smtpcheck.Env {
	line := wire.Wire{Server: r.scenario.Addr, Address: standin.Config{Root: w.root}.Address()}
	itself := func() ([]string, runbook.Text) { return []string{r.scenario.Addr.String()}, runbook.Text{} }
	return smtpcheck.Env{Relay: relaytest.Env{
		Dial: line.Dial, Clock: r.now, Builtin: templates.RelayTests(), Domains: own.Domains, Find: w.knownAccount, Fast: true,
		Book: target.Book{Resolver: labNames{r.scenario.Host: r.scenario.Addr}, Own: own.Addresses, Clock: r.now, Self: itself},
	}}
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
