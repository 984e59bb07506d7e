package ask

import (
	"net/netip"
	"strconv"
	"strings"
)

const hexDigits = "0123456789abcdef"

// Reversed returns the labels under which a is asked (RFC 5782 sections 2.1 and 2.4): four octets, or all 32 nibbles. An IPv6 address
// that holds an IPv4 one (::ffff:127.0.0.2) stays IPv6: it is a test entry of its own. A zone (%eth0) is dropped.
func Reversed(a netip.Addr) string {
	if a.Is4() {
		o := a.As4()
		var parts []string
		for i := 3; i >= 0; i-- {
			parts = append(parts, strconv.Itoa(int(o[i])))
		}
		return strings.Join(parts, ".")
	}
	o := a.As16()
	b := make([]byte, 0, 63)
	for i := 15; i >= 0; i-- {
		b = append(b, hexDigits[o[i]&15], '.', hexDigits[o[i]>>4], '.')
	}
	return string(b[:63])
}

// Pointer returns the name at which the host name of a stands.
func Pointer(a netip.Addr) string {
	if a.Is4() {
		return Reversed(a) + ".in-addr.arpa"
	}
	return Reversed(a) + ".ip6.arpa"
}
