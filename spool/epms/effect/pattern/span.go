package pattern

import (
	"encoding/binary"
	"math/bits"
	"net/netip"
	"strconv"
	"strings"
)

// Bounds returns the first and the last address of a network.
func Bounds(p netip.Prefix) (lo, hi netip.Addr) {
	lo = p.Masked().Addr()
	if lo.Is4() {
		b := lo.As4()
		last := binary.BigEndian.Uint32(b[:]) | uint32(uint64(0xffffffff)>>p.Bits())
		return lo, addr4(last)
	}
	b := lo.As16()
	for i := p.Bits(); i < 128; i += 8 - i%8 {
		b[i/8] |= 0xff >> (i % 8)
	}
	return lo, netip.AddrFrom16(b)
}

// AsNetwork returns the network that reaches from lo to hi, if there is one.
func AsNetwork(lo, hi netip.Addr) (netip.Prefix, bool) {
	net := netip.PrefixFrom(lo, sameBits(lo, hi))
	l, h := Bounds(net)
	return net, l == lo && h == hi
}

// Within reports whether an address lies from lo to hi; one of the other family never does.
func Within(a, lo, hi netip.Addr) bool {
	return a.BitLen() == lo.BitLen() && lo.Compare(a) <= 0 && a.Compare(hi) <= 0
}

// CommonText returns a text with which every address of the network from lo to hi begins when the server
// writes it; it may be empty. For IPv6 it ends at the first group that is zero, because zeros may be
// written as "::".
func CommonText(lo, hi netip.Addr) string {
	a, b := lo.String(), hi.String()
	if lo == hi {
		return a
	}
	if lo.Is4() {
		n := 0
		for n < min(len(a), len(b)) && a[n] == b[n] {
			n++
		}
		return a[:n]
	}
	var text strings.Builder
	groups := lo.As16()
	for i := 0; i < sameBits(lo, hi)/16; i++ {
		g := binary.BigEndian.Uint16(groups[2*i:])
		if g == 0 {
			break
		}
		text.WriteString(strconv.FormatUint(uint64(g), 16) + ":")
	}
	return text.String()
}

// sameBits counts the leading bits that two addresses of one family share.
func sameBits(lo, hi netip.Addr) int {
	a, b := lo.As16(), hi.As16()
	n := 0
	for n < 16 && a[n] == b[n] {
		n++
	}
	same := n * 8
	if n < 16 {
		same += bits.LeadingZeros8(a[n] ^ b[n])
	}
	return same - (128 - lo.BitLen())
}

func addr4(v uint32) netip.Addr {
	var b [4]byte
	binary.BigEndian.PutUint32(b[:], v)
	return netip.AddrFrom4(b)
}
