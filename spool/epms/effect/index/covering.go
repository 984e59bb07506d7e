package index

import (
	"net/netip"
	"strings"

	"hikeshi/spool/epms/effect/pattern"
)

// Covering returns the number of the first line added that matches everything the pattern matches, so
// that a line with this pattern below it never decides. It looks up rather than compares pairs and so
// finds one line above that covers, not several that do so together. Known: the same pattern, a leading
// star, wider networks and text prefixes, a domain or star over an address, a star over a domain or over
// a longer star, #blank and #nodomain over #<>. Two-star patterns are found only when equal.
func (x *Index) Covering(p pattern.Pattern) (line int, ok bool) {
	var best least
	best.take(x.first, key{everyone, ""})
	if p.Form != pattern.Network && p.Form != pattern.Never {
		best.take(x.first, keyOf(&p))
	}
	if p.IP {
		x.coveringPeers(&best, p)
	} else {
		x.coveringSenders(&best, p)
	}
	if !best.found {
		return 0, false
	}
	return int(x.lines[best.line].number), true
}

func (x *Index) coveringPeers(best *least, p pattern.Pattern) {
	switch p.Form {
	case pattern.Exact:
		if a, err := netip.ParseAddr(p.Text); err == nil && a.String() == p.Text {
			x.supernets(best, netip.PrefixFrom(a, a.BitLen()))
			x.starred(best, peer, p.Text)
		}
	case pattern.Network:
		x.starred(best, peer, pattern.CommonText(p.Lo, p.Hi))
		if net, ok := pattern.AsNetwork(p.Lo, p.Hi); ok {
			x.supernets(best, net)
		}
		if p.Lo == p.Hi {
			best.take(x.first, key{peer, p.Lo.String()})
		}
	case pattern.Star:
		prefix, _ := p.Affixes()
		x.starred(best, peer, prefix)
		if net, ok := octets(prefix); ok {
			x.supernets(best, net)
		}
	}
}

func (x *Index) coveringSenders(best *least, p pattern.Pattern) {
	text := pattern.Lower(p.Text)
	switch {
	case p.Word == pattern.NullSender:
		best.take(x.first, wordKey(pattern.Blank))
		best.take(x.first, wordKey(pattern.NoDomain))
	case p.Form == pattern.Star:
		x.starred(best, classOf(&p), text) // no affix reaches over the star in the text
	case p.Form == pattern.Exact && p.WholeSender():
		s := pattern.NewSubject(netip.Addr{}, text, true)
		*best = first(*best, x.lookup(&s))
	case p.Form == pattern.Exact:
		x.starred(best, domain, text)
	}
}

func first(a, b least) least {
	if b.found {
		a.add(b.line)
	}
	return a
}

// octets returns the IPv4 network of a text prefix that ends behind a whole octet, such as "192.168.".
func octets(prefix string) (netip.Prefix, bool) {
	n := strings.Count(prefix, ".")
	if n < 1 || n > 3 || !strings.HasSuffix(prefix, ".") {
		return netip.Prefix{}, false
	}
	a, err := netip.ParseAddr(prefix + strings.Repeat("0.", 3-n) + "0")
	if err != nil {
		return netip.Prefix{}, false
	}
	net, err := a.Prefix(8 * n)
	return net, err == nil
}
