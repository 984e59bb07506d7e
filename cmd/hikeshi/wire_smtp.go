package main

import (
	"net"
	"slices"

	"hikeshi/actions/smtpcheck"
	"hikeshi/actions/smtpcheck/relaytest"
	"hikeshi/actions/smtpcheck/target"
	"hikeshi/templates"
)

// smtpEnv is what the kinds of tests over SMTP work with. It needs no mail server: what is configured as its own, and below / the addresses of
// this machine, may be tested.
func (w *world) smtpEnv(a *app) smtpcheck.Env {
	own := w.ownKnown()
	if w.server == nil && w.root == "/" {
		own.Addresses = append(slices.Clone(own.Addresses), w.own().Addresses...)
	}
	c, d := w.cfg.SMTP, net.Dialer{}
	return smtpcheck.Env{Relay: relaytest.Env{
		Dial: d.DialContext, Clock: a.now, Builtin: templates.RelayTests(), Patterns: c.Patterns,
		Book:    target.Book{Resolver: net.DefaultResolver, File: c.Targets, Own: own.Addresses, Clock: a.now},
		Account: c.Account, Domain: c.Domain, Domains: own.Domains, Probe: c.Probe, Sender: c.Sender, Receiver: c.Receiver, Maildir: c.Maildir, Login: c.login,
	}}
}
