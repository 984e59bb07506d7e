package pattern

import (
	"encoding/binary"
	"net/netip"
	"strings"
)

// parseIP reads the text of a pattern before its slash, every star as a 0: with a colon a valid IPv6
// address, else what the C library's inet_addr takes.
func parseIP(s string) (netip.Addr, bool) {
	if strings.IndexByte(s, ':') < 0 {
		v, ok := inetAddr(s)
		return addr4(v), ok
	}
	if strings.IndexByte(s, '*') >= 0 {
		s = strings.ReplaceAll(s, "*", "0")
	}
	a, err := netip.ParseAddr(s)
	return a, err == nil && a.Zone() == ""
}

// inetAddr reads one to four numbers with dots between (decimal, octal after 0, hexadecimal after 0x), the
// last filling the remaining octets, white space and anything behind it allowed. The broadcast address is
// the error value of inet_addr and so not accepted. A star counts as the digit 0.
func inetAddr(s string) (uint32, bool) {
	var addr uint64
	for part := 0; ; part++ {
		v, n := strtoul(s)
		if n == 0 {
			return 0, false
		}
		s = s[n:]
		if s != "" && s[0] == '.' {
			if part == 3 || v > 255 {
				return 0, false
			}
			addr = addr<<8 | v
			s = s[1:]
			continue
		}
		if s != "" && !isSpace(s[0]) {
			return 0, false
		}
		left := 8 * (4 - part)
		if v >= 1<<left {
			return 0, false
		}
		addr = addr<<left | v
		return uint32(addr), addr != 0xffffffff
	}
}

// strtoul reads a number as C does with base 0 and says how many bytes it took; 0 when there is none or it
// needs more than 32 bits.
func strtoul(s string) (v uint64, n int) {
	base, start := uint64(10), 0
	if s != "" && (s[0] == '0' || s[0] == '*') {
		base = 8
		if len(s) > 2 && s[0] == '0' && lowerByte(s[1]) == 'x' && digit(s[2]) < 16 {
			base, start = 16, 2
		}
	}
	for n = start; n < len(s); n++ {
		d := digit(s[n])
		if d >= base {
			break
		}
		if v = v*base + d; v > 0xffffffff {
			return 0, 0
		}
	}
	return v, n
}

func digit(c byte) uint64 {
	switch c = lowerByte(c); {
	case c == '*':
		return 0
	case '0' <= c && c <= '9':
		return uint64(c - '0')
	case 'a' <= c && c <= 'f':
		return uint64(c-'a') + 10
	}
	return 99
}

func isSpace(c byte) bool { return c == ' ' || '\t' <= c && c <= '\r' }

// atoi reads a number as C's atoi does, and is 0 without one. Above 999 it stays there: no length is longer.
func atoi(s string) (n int) {
	for s != "" && isSpace(s[0]) {
		s = s[1:]
	}
	negative := strings.HasPrefix(s, "-")
	if negative || strings.HasPrefix(s, "+") {
		s = s[1:]
	}
	for ; s != "" && '0' <= s[0] && s[0] <= '9'; s = s[1:] {
		n = min(n*10+int(s[0]-'0'), 999)
	}
	if negative {
		n = -n
	}
	return n
}

// network4 is the IPv4 range of a base and a length: the base is masked; above 32 is as 32; 0 or less is
// undefined and taken as one address, as on Windows; a range that ends in 255.255.255.255 is empty.
func network4(base netip.Addr, n int) (Form, netip.Addr, netip.Addr) {
	if n < 1 || n > 32 {
		n = 32
	}
	lo, hi := Bounds(netip.PrefixFrom(base, n))
	if hi == addr4(0xffffffff) {
		return Never, netip.Addr{}, netip.Addr{}
	}
	return Network, lo, hi
}

// network6 is the IPv6 range: up to /64 the peers whose first 64 bits are those written; longer, as many
// addresses as the length has, from the written one on, unmasked.
func network6(base netip.Addr, n int) (Form, netip.Addr, netip.Addr) {
	if n <= 64 {
		lo, hi := Bounds(netip.PrefixFrom(base, 64))
		return Network, lo, hi
	}
	b := base.As16()
	high, low := binary.BigEndian.Uint64(b[:8]), binary.BigEndian.Uint64(b[8:])
	last := low + 1<<(128-min(n, 128)) - 1
	if last < low { // over the end of these 64 bits
		if high++; high == 0 { // and of all 128: the last address there is
			high, last = ^uint64(0), ^uint64(0)
		}
	}
	binary.BigEndian.PutUint64(b[:8], high)
	binary.BigEndian.PutUint64(b[8:], last)
	return Network, base, netip.AddrFrom16(b)
}
