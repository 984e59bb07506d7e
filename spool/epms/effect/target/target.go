// Package target reads what a denial is to be about, as a person writes it, and knows the one pattern of
// effect.dat that means exactly this to the server.
//
//	203.0.113.9          203.0.113.9
//	203.0.113.0/24       203.0.113.0/24
//	2001:DB8::5          2001:db8::5
//	2001:db8:0:1::/64    2001:db8:0:1::/64
//	2001:db8::/32        2001:db8:*::
//	example.com          example.com
//	a@example.com        a@example.com
//
// Sources: FAQ spa/no04, guide17, win/15-93, and the receiver of 2026.
package target

import (
	"errors"
	"fmt"
	"net/netip"
	"slices"
	"strings"

	"hikeshi/spool/epms/effect/pattern"
)

// The widest networks that can be denied. Older builds of the server do not read wider IPv4 ones rightly
// (before June 2024), and nobody is denied half the Internet by a slip of the hand.
const (
	widestIPv4 = 16
	widestIPv6 = 32
)

// maxPattern keeps a pattern with " false" and LF within the 255 bytes that the server reads at once.
const maxPattern = 255 - len(" false\n")

// A Target is what a denial is about: a peer, a network of peers, or senders.
type Target struct {
	Pattern string     // as it is written in effect.dat
	Lo, Hi  netip.Addr // the first and the last peer; invalid for senders
}

// IP reports whether the target is peers, not senders.
func (t Target) IP() bool { return t.Lo.IsValid() }

// Parse reads an IPv4 or IPv6 address, a network, a sender domain or a whole sender address, and
// returns the pattern that means exactly this to the server. IPv4 networks go from /16 to /32; IPv6
// networks from /64 on, and as a star pattern /32 and /48. Whatever the server would read as something
// else is an error, and so are addresses that are nobody's: unspecified, loopback, multicast.
func Parse(s string) (Target, error) {
	t, err := parse(s)
	if err != nil {
		return Target{}, fmt.Errorf("reading the target %.80q: %w", s, err)
	}
	return t, nil
}

func parse(s string) (Target, error) {
	if s == "" {
		return Target{}, errors.New("it is empty")
	}
	for i := range len(s) {
		if s[i] <= ' ' || s[i] > '~' {
			return Target{}, fmt.Errorf("byte %d is a space, a control character or no ASCII: effect.dat cannot hold it in a pattern", i+1)
		}
	}
	if len(s) > maxPattern {
		return Target{}, fmt.Errorf("it is longer than %d characters: the line would not fit into what the server reads at once", maxPattern)
	}
	if a, err := netip.ParseAddr(s); err == nil {
		if a.Zone() != "" {
			return Target{}, errors.New("the server knows no zones of addresses")
		}
		a = a.Unmap()
		return networkTarget(netip.PrefixFrom(a, a.BitLen()))
	}
	if net, err := netip.ParsePrefix(s); err == nil {
		return networkTarget(net)
	}
	return senderTarget(s)
}

func networkTarget(net netip.Prefix) (Target, error) {
	a := net.Addr()
	if net != net.Masked() {
		return Target{}, fmt.Errorf("it has host bits: the network is %s", net.Masked())
	}
	lo, hi := pattern.Bounds(net)
	for _, r := range nobodys {
		if net.Overlaps(r.net) {
			return Target{}, fmt.Errorf("it has to do with %s: %s", r.net, r.what)
		}
	}
	widest := widestIPv4
	if a.Is6() {
		widest = widestIPv6
	}
	switch {
	case net.Bits() < widest:
		return Target{}, fmt.Errorf("the network is too wide: /%d is the widest", widest)
	case net.IsSingleIP():
		return Target{a.String(), lo, hi}, nil
	case a.Is4() || net.Bits() >= 64:
		return Target{net.String(), lo, hi}, nil
	}
	common := pattern.CommonText(lo, hi)
	if net.Bits()%16 != 0 || strings.Count(common, ":") != net.Bits()/16 {
		return Target{}, errors.New("effect.dat has no line for this network: above /64 only /48 and /32 without a zero group can be written; deny its /64 networks")
	}
	return Target{common + "*::", lo, hi}, nil
}

// nobodys are networks no peer comes from, or only this machine.
var nobodys = [...]struct {
	net  netip.Prefix
	what string
}{
	{netip.MustParsePrefix("0.0.0.0/8"), "unspecified addresses"},
	{netip.MustParsePrefix("127.0.0.0/8"), "loopback, the server itself"},
	{netip.MustParsePrefix("224.0.0.0/3"), "multicast and reserved addresses"},
	{netip.MustParsePrefix("::/64"), "the unspecified address, loopback, and IPv4 written as IPv6"},
	{netip.MustParsePrefix("ff00::/8"), "multicast"},
}

func senderTarget(s string) (Target, error) {
	p := pattern.Parse(s)
	switch {
	case p.IP || strings.Trim(s, "0123456789./*") == "" || strings.Contains(s, "::"):
		return Target{}, errors.New("it is no whole address and no network as ADDRESS/LENGTH")
	case strings.ContainsAny(s, "*<>,;"):
		return Target{}, errors.New("stars, brackets and lists are not taken here: name one address, network, domain or sender")
	case s[0] == '#' || s[0] == '\'':
		return Target{}, errors.New("the server takes the first character for a comment or a word of its own")
	}
	local, domain, whole := strings.Cut(s, "@")
	switch {
	case whole && (local == "" || domain == ""):
		return Target{}, errors.New("a sender has text on both sides of the @; a domain is written without it")
	case !whole && strings.ContainsAny(s, "/:\"\\()[]"):
		return Target{}, errors.New("it is no domain")
	case emptyLabel(s, domain, whole):
		return Target{}, errors.New("its domain has an empty label, which is nobody's; for sub-domains effect.dat has the form *.example.com, in a line written by hand")
	}
	return Target{Pattern: pattern.Lower(s)}, nil
}

// emptyLabel reports whether a dot of the domain begins it, ends it or follows another.
func emptyLabel(s, domain string, whole bool) bool {
	if !whole {
		domain = s
	}
	return slices.Contains(strings.Split(domain, "."), "")
}

// CoveredBy reports whether a line with the pattern decides for all of the target.
func (t Target) CoveredBy(p *pattern.Pattern) bool {
	switch {
	case p.Form == pattern.Everyone:
		return true
	case !t.IP():
		s := t.sender()
		return !p.IP && (t.whole() || !p.WholeSender() && p.Form != pattern.Named) && p.Matches(&s)
	case p.Form == pattern.Network:
		return pattern.Within(t.Lo, p.Lo, p.Hi) && pattern.Within(t.Hi, p.Lo, p.Hi)
	case p.IP && p.Form == pattern.Exact:
		return t.Lo == t.Hi && p.Text == t.Lo.String()
	case p.IP && p.Form == pattern.Star:
		prefix, _ := p.Affixes()
		return strings.HasPrefix(pattern.CommonText(t.Lo, t.Hi), prefix)
	}
	return false
}

// TouchedBy reports whether a line with the pattern may decide for some of the target. In doubt it does.
func (t Target) TouchedBy(p *pattern.Pattern) bool {
	switch {
	case p.IP != t.IP():
		return p.Form != pattern.Never
	case !t.IP():
		return t.senderTouchedBy(p)
	case p.Form == pattern.Network:
		return pattern.Within(t.Lo, p.Lo, p.Hi) || pattern.Within(p.Lo, t.Lo, t.Hi)
	case p.Form == pattern.Exact:
		a, err := netip.ParseAddr(p.Text)
		return err == nil && pattern.Within(a, t.Lo, t.Hi)
	case p.Form == pattern.Star:
		prefix, _ := p.Affixes()
		common := pattern.CommonText(t.Lo, t.Hi)
		return strings.HasPrefix(common, prefix) || t.Lo != t.Hi && strings.HasPrefix(prefix, common)
	}
	return p.Form == pattern.Everyone
}

func (t Target) senderTouchedBy(p *pattern.Pattern) bool {
	s := t.sender()
	switch {
	case t.whole() || p.Form != pattern.Named && !p.WholeSender():
		return p.Matches(&s)
	case p.Form == pattern.Exact:
		_, domain, _ := strings.Cut(p.Text, "@")
		return pattern.EqualFold(domain, t.Pattern)
	case p.Form == pattern.Named:
		with := pattern.NewSubject(netip.Addr{}, "a@"+t.Pattern, true)
		return p.Matches(&s) || p.Matches(&with)
	}
	return true
}

func (t Target) whole() bool { return strings.Contains(t.Pattern, "@") }

// sender is the target itself as a sender: for a domain the one that has no @.
func (t Target) sender() pattern.Subject { return pattern.NewSubject(netip.Addr{}, t.Pattern, true) }
