package ask

import (
	"fmt"
	"net/netip"
	"slices"
	"strings"

	"github.com/miekg/dns"
)

// port is where resolvers listen.
const port = 53

// Servers reads resolvers written as ADDR or ADDR:PORT.
func Servers(list []string) ([]netip.AddrPort, error) {
	var all []netip.AddrPort
	for _, s := range list {
		if ap, err := netip.ParseAddrPort(s); err == nil && ap.Port() != 0 {
			all = append(all, ap)
		} else if a, err := netip.ParseAddr(strings.Trim(s, "[]")); err == nil {
			all = append(all, netip.AddrPortFrom(a, port))
		} else {
			return nil, fmt.Errorf("%q is neither ADDR nor ADDR:PORT", s)
		}
	}
	return all, nil
}

// System returns the resolvers of the system from a file such as /etc/resolv.conf, at most 3 as resolv.conf(5) has it. A file that
// names none means the resolver of this host, 127.0.0.1.
func System(file string) ([]netip.AddrPort, error) {
	c, err := dns.ClientConfigFromFile(file)
	if err != nil {
		return nil, fmt.Errorf("reading the system's resolvers: %w", err)
	}
	var all []netip.AddrPort
	for _, s := range c.Servers {
		if a, err := netip.ParseAddr(s); err == nil && len(all) < 3 {
			all = append(all, netip.AddrPortFrom(a, port))
		}
	}
	if len(all) == 0 {
		all = append(all, netip.AddrPortFrom(netip.MustParseAddr("127.0.0.1"), port))
	}
	return all, nil
}

// IsStub says whether a is the stub of systemd-resolved, which passes questions on to others (systemd-resolved.service(8)).
func IsStub(a netip.Addr) bool {
	return a == netip.MustParseAddr("127.0.0.53") || a == netip.MustParseAddr("127.0.0.54")
}

// publics are well-known public resolvers, which blocklists do not answer. The addresses are those that their operators publish.
var publics = []struct{ name, addrs string }{
	{"Google Public DNS", "8.8.8.8 8.8.4.4 2001:4860:4860::8888 2001:4860:4860::8844"},
	{"Cloudflare", "1.1.1.1 1.0.0.1 1.1.1.2 1.0.0.2 1.1.1.3 1.0.0.3 2606:4700:4700::1111 2606:4700:4700::1001"},
	{"Quad9", "9.9.9.9 149.112.112.112 9.9.9.10 149.112.112.10 9.9.9.11 149.112.112.11 2620:fe::fe 2620:fe::9 2620:fe::10"},
	{"OpenDNS", "208.67.222.222 208.67.220.220 208.67.222.220 208.67.220.222 2620:119:35::35 2620:119:53::53"},
	{"Level 3", "4.2.2.1 4.2.2.2 4.2.2.3 4.2.2.4"},
	{"AdGuard", "94.140.14.14 94.140.15.15 94.140.14.140 94.140.14.141"},
	{"Verisign", "64.6.64.6 64.6.65.6"},
	{"IIJ Public DNS", "103.2.57.5 103.2.57.6 2001:300::5 2001:300::6"},
}

// Public returns the name of the public resolver at a, or "".
func Public(a netip.Addr) string {
	for _, p := range publics {
		if slices.Contains(strings.Fields(p.addrs), a.Unmap().WithZone("").String()) {
			return p.name
		}
	}
	return ""
}
