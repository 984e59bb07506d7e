package main

import (
	"cmp"
	"context"
	"net"
	"net/netip"
	"slices"
	"strings"
	"time"

	"hikeshi/actions/smtpcheck"
	"hikeshi/actions/smtpcheck/consent"
	"hikeshi/actions/smtpcheck/denied"
	dialogue "hikeshi/actions/smtpcheck/denied/call"
	"hikeshi/actions/smtpcheck/hygiene"
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
	book := target.Book{Resolver: net.DefaultResolver, File: c.Targets, Own: own.Addresses, Clock: a.now, Self: w.itself}
	relay := relaytest.Env{
		Dial: d.DialContext, Clock: a.now, Builtin: templates.RelayTests(), Patterns: c.Patterns, Book: book,
		Account: c.Account, Domain: c.Domain, Domains: own.Domains, Probe: c.Probe, Sender: c.Sender, Receiver: c.Receiver, Maildir: c.Maildir, IMAP: c.mailbox(), Login: c.login, Find: w.knownAccount,
	}
	return smtpcheck.Env{Relay: relay, Hygiene: hygiene.Env{Relay: relay, Words: templates.Hygiene(), Names: net.DefaultResolver, Server: w.smtpServer(a), Demanded: a.demanded(w)}, Denied: denied.Env{
		Dial: d.DialContext, DialFrom: dialFrom, From: dialogue.Holding(net.InterfaceAddrs), Decide: w.decideFor(a), Here: here, Clock: a.now, Book: book,
		Account: c.Account, Domains: own.Domains, Find: w.knownAccount, Probe: c.Probe, Sender: c.Sender, Login: c.login,
	}}
}

// smtpServer is the mail server of this machine as it is named or found; "" where neither.
func (w *world) smtpServer(a *app) string {
	if w.server != nil {
		return w.server.Name()
	}
	return cmp.Or(a.flags.server, w.cfg.Server)
}

func dialFrom(ctx context.Context, from netip.Addr, address string) (net.Conn, error) {
	d := net.Dialer{LocalAddr: net.TCPAddrFromAddrPort(netip.AddrPortFrom(from, 0))}
	return d.DialContext(ctx, "tcp", address)
}

// here says whether an address is one of this machine.
func here(a netip.Addr) bool {
	_, err := dialogue.Holding(net.InterfaceAddrs)(netip.PrefixFrom(a, a.BitLen()))
	return err == nil
}

// decideFor asks the files of this server what it would do with a peer: the lock-out table, if that refuses it, and the deny file, which counts where the
// table does not, or not for ever. It returns nil where there is no server.
func (w *world) decideFor(a *app) func(netip.Addr, string, bool) ([]denied.Decision, error) {
	denier, ok := w.server.(spool.Denier)
	if !ok {
		return nil
	}
	return func(peer netip.Addr, sender string, login bool) (all []denied.Decision, err error) {
		if h, ok := denier.(interface {
			spool.HardDenier
			spool.HardDecider
		}); ok {
			if row, err := a.cutOff(h, h.HardTables()[0], peer); err == nil && row != nil {
				d := denied.Decision{Refused: true, Passing: !row.ForEver, Result: "locked-out", File: row.File, Line: row.Line, Text: row.Text}
				if !row.until.IsZero() {
					d.Until = row.until.UTC().Format(time.RFC3339)
				}
				all = append(all, d)
			}
		}
		files, _ := spool.DeniersOf(w.server)
		for _, file := range files {
			data, err := readOwn(file.DenyFile())
			if err != nil {
				return all, err
			}
			d := file.Decide(data, spool.RelayQuery{Peer: peer, Sender: &sender, Login: login})
			all = append(all, denied.Decision{Refused: d.Result == "deny", Result: d.Result, File: file.DenyFile(), Line: d.Line, Text: d.Text, Reply: d.Reply})
		}
		return all, nil
	}
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
