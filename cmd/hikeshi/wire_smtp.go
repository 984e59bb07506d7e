package main

import (
	"net"
	"slices"
	"strings"

	"hikeshi/actions/smtpcheck"
	"hikeshi/actions/smtpcheck/consent"
	"hikeshi/actions/smtpcheck/relaytest"
	"hikeshi/actions/smtpcheck/target"
	"hikeshi/runbook"
	"hikeshi/spool"
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
		Book:    target.Book{Resolver: net.DefaultResolver, File: c.Targets, Own: own.Addresses, Clock: a.now, Self: w.itself},
		Account: c.Account, Domain: c.Domain, Domains: own.Domains, Probe: c.Probe, Sender: c.Sender, Receiver: c.Receiver, Maildir: c.Maildir, Login: c.login, Find: w.knownAccount,
	}}
}

// mostSelf is how many addresses of this server are tested where nobody names one, each at three ports.
const mostSelf = 5

// itself are the addresses at which this server listens: those of this machine, unless the tree is not that of this machine.
func (w *world) itself() ([]string, runbook.Text) {
	if w.root != "/" {
		return nil, runbook.T("the server below --root does not run here: name the one to ask", "--root の下のサーバはこのホストでは動いていない。対象を指定すること")
	}
	var all []string
	for _, p := range w.own().Addresses {
		if a := p.Addr().Unmap(); p.IsSingleIP() && !a.IsLoopback() && !a.IsLinkLocalUnicast() && len(all) < mostSelf && !slices.Contains(all, a.String()) {
			all = append(all, a.String())
		}
	}
	if len(all) == 0 {
		return nil, runbook.T("no address of this server is known (own.addresses)", "このサーバのアドレスが分からない (own.addresses)")
	}
	return all, runbook.Text{}
}

// knownAccount is an account of this server that every server has, "" if it cannot be told.
func (w *world) knownAccount() string {
	s, ok := w.server.(spool.Accounts)
	if !ok {
		return ""
	}
	list, err := s.Accounts()
	if err != nil {
		return ""
	}
	for _, x := range list.Accounts {
		if strings.EqualFold(x.Name, "postmaster") && x.Unread == "" && consent.IsMailbox(x.Address()) {
			return x.Address()
		}
	}
	return ""
}
