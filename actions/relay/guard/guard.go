// Package guard says what must not be denied, and what to look at before something is: what is the owner's own, what would lock the
// responder out, and what may hit more than the one who is meant.
package guard

import (
	"errors"
	"fmt"
	"net/netip"
	"strings"

	"hikeshi/runbook"
	"hikeshi/spool"
)

// Guard is what is never denied.
type Guard struct {
	Own       spool.Own
	Protected []netip.Prefix // configured, besides what is the owner's
	Domains   []string       // protected sender domains, likewise
	Responder []netip.Addr   // where the responder is connected from; empty if unknown
	PrefixV4  int            // networks wider than this are refused
	PrefixV6  int
}

// Refuse says which targets must not be denied, each with its reason: what is our own, what would lock the responder out, and
// what is wider than configured.
func (g Guard) Refuse(targets []string) error {
	var all error
	for _, t := range targets {
		if why := g.why(t); why != "" {
			all = errors.Join(all, fmt.Errorf("%w: denying %q: %s", runbook.ErrInput, t, why))
		}
	}
	return all
}

func (g Guard) why(target string) string {
	p, ok := prefix(target)
	if why := notANetwork(target); !ok && why != "" {
		return why
	}
	if !ok {
		return g.whyDomain(target)
	}
	switch {
	case p.Addr().Is4() && p.Bits() < g.PrefixV4, p.Addr().Is6() && p.Bits() < g.PrefixV6: // whatever it covers besides
		return fmt.Sprintf("it is wider than /%d; protect.prefix_v4 and prefix_v6 say how wide a denial may be", g.limit(p))
	case overlaps(p, netip.MustParsePrefix("127.0.0.0/8")), overlaps(p, netip.MustParsePrefix("::1/128")):
		return "it is the loopback address of this machine"
	}
	for _, own := range g.Own.Addresses {
		if overlaps(p, own) {
			return "it covers " + own.String() + ", an own address of this server"
		}
	}
	for _, prot := range g.Protected {
		if overlaps(p, prot) {
			return "it covers " + prot.String() + ", which the configuration protects"
		}
	}
	for _, a := range g.Responder {
		if p.Contains(a) {
			return "it covers " + a.String() + ", where you are connected from"
		}
	}
	return ""
}

func (g Guard) limit(p netip.Prefix) int {
	if p.Addr().Is4() {
		return g.PrefixV4
	}
	return g.PrefixV6
}

// notANetwork is why a target that is meant to be one is none, or "".
func notANetwork(target string) string {
	address, _, slash := strings.Cut(target, "/")
	a, err := netip.ParseAddr(address)
	switch {
	case !slash || err != nil:
		return ""
	case a.Is4():
		return "it is no network: an IPv4 network ends with /0 to /32"
	}
	return "it is no network: an IPv6 network ends with /0 to /128"
}

// whyDomain refuses own domains, and senders of them: that would stop the owner's own mail and not the thief, who names any sender.
func (g Guard) whyDomain(target string) string {
	_, domain, at := strings.Cut(target, "@")
	if !at {
		domain = target
	}
	if i := strings.LastIndexByte(domain, '.'); i < 0 || strings.Trim(domain[i+1:], "0123456789-") == "" {
		return "it is no address, no network, and no sender domain or address"
	}
	for _, own := range g.Own.Domains {
		if within(domain, own) {
			return "it is the own domain " + own + "; close the account instead"
		}
	}
	for _, d := range g.Domains {
		if within(domain, d) {
			return "the configuration protects the domain " + d
		}
	}
	return ""
}

// within says whether domain is parent or one of its sub-domains.
func within(domain, parent string) bool {
	domain, parent = strings.ToLower(domain), strings.ToLower(parent)
	return domain == parent || strings.HasSuffix(domain, "."+parent)
}

// prefix reads an address or a network.
func prefix(s string) (netip.Prefix, bool) {
	if a, err := netip.ParseAddr(s); err == nil {
		a = a.Unmap().WithZone("")
		return netip.PrefixFrom(a, a.BitLen()), true
	}
	p, err := netip.ParsePrefix(s)
	return p.Masked(), err == nil
}

// Same says whether two targets are the same address or network, however they are written.
func Same(a, b string) bool {
	p, ok := prefix(a)
	q, also := prefix(b)
	return ok && also && p == q
}

func overlaps(a, b netip.Prefix) bool { return a.IsValid() && b.IsValid() && a.Overlaps(b) }
