package field

import (
	"bytes"
	"net/netip"
)

// MaxAddress bounds the text of a peer's address, in bytes: an IPv6 address with a zone fits in.
const MaxAddress = 64

// Addr reads the address of a peer; an IPv4 address that is written as IPv6 is IPv4, a zone is left out. It is the zero Addr for
// everything else, such as the masked addresses of the vendor's samples.
func Addr(b []byte) netip.Addr {
	if len(b) < 2 || len(b) > MaxAddress {
		return netip.Addr{}
	}
	if four, ok := ipv4(b); ok {
		return netip.AddrFrom4(four)
	}
	if bytes.IndexByte(b, ':') < 0 {
		return netip.Addr{}
	}
	if i := bytes.IndexByte(b, '%'); i > 0 {
		b = b[:i]
	}
	if sixteen, ok := ipv6(b); ok {
		return netip.AddrFrom16(sixteen).Unmap()
	}
	return netip.Addr{}
}

// ipv4 reads dotted decimal, four octets without leading zeros.
func ipv4(b []byte) (a [4]byte, ok bool) {
	octet, digits, n := 0, 0, 0
	for _, c := range b {
		switch {
		case c >= '0' && c <= '9':
			if digits == 1 && octet == 0 || digits == 3 {
				return a, false
			}
			octet, digits = octet*10+int(c-'0'), digits+1
		case c == '.' && digits > 0 && octet < 256 && n < 3:
			a[n] = byte(octet)
			octet, digits, n = 0, 0, n+1
		default:
			return a, false
		}
	}
	if digits == 0 || octet > 255 || n != 3 {
		return a, false
	}
	a[3] = byte(octet)
	return a, true
}

// ipv6 reads the text forms of RFC 4291 section 2.2.
func ipv6(b []byte) (a [16]byte, ok bool) {
	n, gap := 0, -1 // octets so far, and where the :: stands
	if len(b) >= 2 && b[0] == ':' && b[1] == ':' {
		gap, b = 0, b[2:]
	}
	for len(b) > 0 && n < 16 {
		i := bytes.IndexByte(b, ':')
		if i < 0 {
			i = len(b)
		}
		if four, ok := ipv4(b[:i]); ok && i == len(b) && n <= 12 {
			n += copy(a[n:], four[:])
			return spread(a, n, gap)
		}
		group, ok := hex(b[:i])
		if !ok {
			return a, false
		}
		a[n], a[n+1] = byte(group>>8), byte(group)
		n += 2
		if b = b[i:]; len(b) == 0 {
			break
		}
		if b = b[1:]; len(b) == 0 {
			return a, false // a single colon at the end
		}
		if b[0] == ':' {
			if gap >= 0 {
				return a, false
			}
			gap, b = n, b[1:]
		}
	}
	if len(b) > 0 {
		return a, false
	}
	return spread(a, n, gap)
}

// spread puts the zeros of :: at their place.
func spread(a [16]byte, n, gap int) ([16]byte, bool) {
	if gap < 0 || n == 16 {
		return a, gap < 0 && n == 16
	}
	tail := n - gap
	copy(a[16-tail:], a[gap:n])
	clear(a[gap : 16-tail])
	return a, true
}

// hex reads one to four hexadecimal digits.
func hex(b []byte) (v uint16, ok bool) {
	for _, c := range b {
		switch {
		case c >= '0' && c <= '9':
			c -= '0'
		case c >= 'a' && c <= 'f':
			c -= 'a' - 10
		case c >= 'A' && c <= 'F':
			c -= 'A' - 10
		default:
			return 0, false
		}
		v = v<<4 | uint16(c)
	}
	return v, len(b) >= 1 && len(b) <= 4
}
