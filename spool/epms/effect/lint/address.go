package lint

import (
	"fmt"
	"net/netip"
	"strings"

	"hikeshi/spool/epms/effect/pattern"
)

// address is about the left half of a line. A pattern with a TAB has been told already.
func (c *checker) address(l *line) {
	if strings.IndexByte(l.Pattern, '\t') >= 0 {
		return
	}
	base, length, slash := strings.Cut(l.Pattern, "/")
	switch {
	case !l.pattern.IP:
		c.sender(l)
	case l.pattern.Form == pattern.Star:
		c.star(l)
	case l.pattern.Form == pattern.Everyone:
	case !slash:
		if a, err := netip.ParseAddr(base); err != nil || a.Is4In6() || a.String() != base {
			c.add(l, Warn, "not-canonical", "the server compares the text, and writes no peer's address like this, so it matches nobody; write "+written(base))
		}
	case strings.IndexByte(base, ':') >= 0:
		c.network6(l, base, length)
	default:
		c.network4(l, base, length)
	}
}

// written is the form of an address that the server uses.
func written(text string) string {
	if a, err := netip.ParseAddr(text); err == nil {
		return a.Unmap().String()
	}
	return "the whole address, IPv4 as four octets without leading zeros, IPv6 short and in lower case"
}

func (c *checker) network4(l *line, base, length string) {
	if l.pattern.Form == pattern.Never {
		c.add(l, Warn, "empty-network", "a network that ends in 255.255.255.255 is empty for the server and matches nobody; take it out")
		return
	}
	n, ok := number(length)
	if !ok || n == 0 || n > 32 {
		c.add(l, Warn, "network-length", "the length is not 1 to 32, and what the server makes of it is at most one address; write the network that is meant")
		return
	}
	a, err := netip.ParseAddr(base)
	if err != nil {
		c.add(l, Warn, "short-network", fmt.Sprintf("the base is not four plain octets, so the server reads it as %s to %s; write four octets", l.pattern.Lo, l.pattern.Hi))
		return
	}
	if a != l.pattern.Lo {
		c.add(l, Info, "unaligned-network", fmt.Sprintf("the network begins at %s; builds before June 2024 need that written", l.pattern.Lo))
	}
	if n < 16 {
		c.add(l, Info, "wide-network", "builds before June 2024 read networks wider than /16 wrongly; write several of /16")
	}
}

func (c *checker) network6(l *line, base, length string) {
	n, ok := number(length)
	a, err := netip.ParseAddr(base)
	switch {
	case err != nil:
	case !ok || n > 128:
		c.add(l, Warn, "network-length", "the length is not a number up to 128; write the network that is meant")
	case n < 64:
		c.add(l, Warn, "ipv6-first-64", fmt.Sprintf("shorter than /64 the server compares 64 bits all the same, so only %s/64 is covered; use a star: 2001:db8:*::", l.pattern.Lo))
	case n < 128 && netip.PrefixFrom(a, n).Masked().Addr() != a:
		c.add(l, Warn, "ipv6-host-bits", fmt.Sprintf("the base has host bits, so the server reads it as %s to %s; write them as zero", l.pattern.Lo, l.pattern.Hi))
	}
}

// number reads plain decimal digits.
func number(s string) (n int, ok bool) {
	for i := range len(s) {
		if s[i] < '0' || s[i] > '9' || n > 999 {
			return 0, false
		}
		n = n*10 + int(s[i]-'0')
	}
	return n, s != ""
}

func (c *checker) star(l *line) {
	prefix, _ := l.pattern.Affixes()
	if pattern.Lower(prefix) != prefix {
		c.add(l, Warn, "not-canonical", "the server writes IPv6 in lower case and compares the text, so it matches nobody; write lower case")
	}
	if !strings.HasSuffix(prefix, ".") && !strings.HasSuffix(prefix, ":") {
		c.add(l, Warn, "star-in-octet", fmt.Sprintf("matches every address whose text begins with %q, such as 10 and 100 for 1; put the star behind a dot", prefix))
	}
	if strings.Trim(l.Pattern[len(prefix):], "*.:") != "" {
		c.add(l, Warn, "after-star", "what follows the first star is ignored; write a network as ADDRESS/LENGTH, or end with stars")
	}
}

func (c *checker) sender(l *line) {
	_, rest, _ := strings.Cut(l.Pattern, "*")
	middle, rest, _ := strings.Cut(rest, "*")
	switch {
	case looksLikeIP(l.Pattern):
		c.add(l, Warn, "no-ip-pattern", "the server does not take this for an address but for a sender, whom nobody will be; an address, every star read as 0, must be valid")
	case l.pattern.Form != pattern.TwoStars:
	case pattern.Lower(middle) != middle:
		c.add(l, Warn, "two-stars-capitals", "the text between two stars is compared in lower case, so capitals never match; write lower case")
	case strings.IndexByte(rest, '*') >= 0:
		c.add(l, Warn, "three-stars", "the third star is a plain character; use at most two")
	}
}

// looksLikeIP reports whether a sender pattern was probably meant as an address.
func looksLikeIP(text string) bool {
	if strings.Count(text, ":") >= 2 {
		return strings.Trim(pattern.Lower(text), "0123456789abcdef:.*/") == ""
	}
	return strings.IndexByte(text, '.') >= 0 && strings.ContainsAny(text, "0123456789") && strings.Trim(text, "0123456789.*/") == ""
}
