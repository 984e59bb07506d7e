package relay

import (
	"errors"
	"fmt"
	"net/netip"
	"strings"

	"hikeshi/runbook"
)

// refuse says which targets must not be denied, each with its reason: what is our own, what would lock the responder out, and
// what is wider than configured.
func (e Env) refuse(targets []string) error {
	var all error
	for _, t := range targets {
		if why := e.why(t); why != "" {
			all = errors.Join(all, fmt.Errorf("%w: denying %q: %s", runbook.ErrInput, t, why))
		}
	}
	return all
}

func (e Env) why(target string) string {
	p, ok := prefix(target)
	if !ok {
		return e.whyDomain(target)
	}
	switch {
	case overlaps(p, netip.MustParsePrefix("127.0.0.0/8")), overlaps(p, netip.MustParsePrefix("::1/128")):
		return "it is the loopback address of this machine"
	case p.Addr().Is4() && p.Bits() < e.PrefixV4, p.Addr().Is6() && p.Bits() < e.PrefixV6:
		return fmt.Sprintf("it is wider than /%d; protect.prefix_v4 and prefix_v6 say how wide a denial may be", e.limit(p))
	}
	for _, own := range e.Own.Addresses {
		if overlaps(p, own) {
			return "it covers " + own.String() + ", an own address of this server"
		}
	}
	for _, prot := range e.Protected {
		if overlaps(p, prot) {
			return "it covers " + prot.String() + ", which the configuration protects"
		}
	}
	for _, a := range e.Responder {
		if p.Contains(a) {
			return "it covers " + a.String() + ", where you are connected from"
		}
	}
	return ""
}

func (e Env) limit(p netip.Prefix) int {
	if p.Addr().Is4() {
		return e.PrefixV4
	}
	return e.PrefixV6
}

// whyDomain refuses own domains, and senders of them: that would stop the owner's own mail and not the thief, who names any sender.
func (e Env) whyDomain(target string) string {
	_, domain, at := strings.Cut(target, "@")
	if !at {
		domain = target
	}
	if i := strings.LastIndexByte(domain, '.'); i < 0 || strings.Trim(domain[i+1:], "0123456789-") == "" {
		return "it is no address, no network, and no sender domain or address"
	}
	for _, own := range e.Own.Domains {
		if within(domain, own) {
			return "it is the own domain " + own + "; close the account instead"
		}
	}
	for _, d := range e.Domains {
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

func overlaps(a, b netip.Prefix) bool { return a.IsValid() && b.IsValid() && a.Overlaps(b) }
