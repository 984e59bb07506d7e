package lint

import (
	"fmt"
	"net/netip"
	"strings"

	"hikeshi/spool/epms/effect"
	"hikeshi/spool/epms/effect/pattern"
)

// own is the own domains, ready to be compared with many patterns.
type own struct {
	domains []string
	exact   map[string]bool
	anybody []pattern.Subject // a sender of each domain, from no peer
}

func ownSubjects(o effect.Own) own {
	s := own{exact: map[string]bool{}}
	for _, domain := range o.Domains {
		domain = pattern.Lower(domain)
		s.domains = append(s.domains, domain)
		s.exact[domain] = true
		s.anybody = append(s.anybody, pattern.NewSubject(netip.Addr{}, "x@"+domain, true))
	}
	return s
}

// opened returns the own domain whose name, or an address of which, a sender pattern matches.
func (o *own) opened(p *pattern.Pattern) (domain string, ok bool) {
	local, at, whole := strings.Cut(p.Text, "@")
	switch p.Form {
	case pattern.Named:
		return "", false
	case pattern.Exact:
		if !whole {
			at = p.Text
		}
		at = pattern.Lower(at)
		return at, o.exact[at]
	}
	local = strings.ReplaceAll(local, "*", "x")
	for i, domain := range o.domains {
		if p.Matches(&o.anybody[i]) {
			return domain, true
		}
		if whole {
			if s := pattern.NewSubject(netip.Addr{}, local+"@"+domain, true); p.Matches(&s) {
				return domain, true
			}
		}
	}
	return "", false
}

// opening is about a line with true or no action.
func (c *checker) opening(l *line) {
	if l.pattern.IP {
		c.openingPeers(l)
		return
	}
	if domain, ok := c.own.opened(&l.pattern); ok {
		c.add(l, Bad, "own-open", fmt.Sprintf("open relay: whoever names a sender of %.100q relays without a login; take the line out, or write default", domain))
		return
	}
	if l.pattern.Form == pattern.Exact && strings.ContainsAny(l.Pattern, "#\t") || l.tail && l.pattern.Form == pattern.Exact {
		return // no such sender: told by another rule
	}
	c.add(l, Bad, "sender-open", "open relay for whoever names such a sender, from anywhere and without a login; write default, or permit the partner by address")
}

func (c *checker) openingPeers(l *line) {
	if l.pattern.Form == pattern.Everyone {
		c.add(l, Bad, "wide-open", "open relay: everyone relays without a login; write norelay,2 or default")
		return
	}
	switch wide, ok := width(&l.pattern); {
	case !ok:
	case wide < 16:
		c.add(l, Bad, "wide-open", "a very wide network relays without a login; permit only the addresses that need it")
	case wide < 24:
		c.add(l, Warn, "wide-open", "a large network relays without a login; permit only the addresses that need it")
	}
}

// width returns how many bits a public range fixes, as for IPv4; ok is false for private ranges and for
// single addresses.
func width(p *pattern.Pattern) (bits int, ok bool) {
	var first netip.Addr
	switch p.Form {
	case pattern.Network:
		net, aligned := pattern.AsNetwork(p.Lo, p.Hi)
		if p.Lo.Is6() {
			return 24, aligned
		}
		first, bits = p.Lo, net.Bits()
	case pattern.Star:
		prefix, _ := p.Affixes()
		if strings.IndexByte(prefix, ':') >= 0 {
			return 16, true
		}
		dots := min(strings.Count(prefix, "."), 3)
		bits = 8 * dots
		first, _ = netip.ParseAddr(prefix + "0" + strings.Repeat(".0", 3-dots))
	default:
		return 0, false
	}
	private := first.IsValid() && (first.IsPrivate() || first.IsLoopback() || first.IsLinkLocalUnicast())
	return bits, !private
}

// ownDenied is about own addresses and domains that a denial hits. A denial of everyone else at the end of
// the file does not count for the domains, because only peers that no line permits reach it.
func (c *checker) ownDenied(o effect.Own) {
	for _, a := range o.Addresses {
		if d := c.index.Decide(effect.Query{Peer: a}); d.Result == effect.Deny {
			c.addDecided(d, fmt.Sprintf("refuses the server's own address %s; take it out of the range or put a default line for the address above", a))
		}
	}
	for _, domain := range o.Domains {
		d := c.index.Decide(effect.Query{Sender: "x@" + domain, SenderGiven: true})
		if text, _, _ := strings.Cut(d.Text, " "); d.Result == effect.Deny && !pattern.Parse(text).IP {
			c.addDecided(d, fmt.Sprintf("refuses the senders of the own domain %.100q, logged in or not; take it out", domain))
		}
	}
}

func (c *checker) addDecided(d effect.Decision, text string) {
	c.add(&line{Line: effect.Line{Number: d.Line, Raw: d.Text}}, Warn, "own-denied", text)
}
