package main

import (
	"net"

	"hikeshi/actions/smtpcheck"
	"hikeshi/actions/smtpcheck/relaytest"
	"hikeshi/actions/smtpcheck/target"
	"hikeshi/spool"
	"hikeshi/templates"
)

// smtpEnv is what the kinds of tests over SMTP work with. It needs no mail server: what is configured as its own, and below / the addresses of
// this machine, may be tested.
func (w *world) smtpEnv(a *app) smtpcheck.Env {
	own := spool.Own{Addresses: w.cfg.own, Domains: w.cfg.Own.Domains}
	if w.server != nil {
		own = ownOf(w.server)
	}
	if w.root == "/" { // the interfaces of this machine are not those of another root
		own.Addresses = append(own.Addresses, w.own().Addresses...)
	}
	c, d := w.cfg.SMTP, net.Dialer{}
	return smtpcheck.Env{Relay: relaytest.Env{
		Dial: d.DialContext, Clock: a.now, Builtin: templates.RelayTests(), Patterns: c.Patterns,
		Book:    target.Book{Resolver: net.DefaultResolver, File: c.Targets, Own: own.Addresses, Clock: a.now},
		Account: c.Account, Domain: c.Domain, Domains: own.Domains, Probe: c.Probe, Sender: c.Sender, Receiver: c.Receiver, Maildir: c.Maildir, Login: c.login,
	}}
}
