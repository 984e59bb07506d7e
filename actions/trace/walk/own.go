package walk

import (
	"net/netip"
	"strings"

	"hikeshi/actions/trace/received"
)

// Client says whether the client of a line is an own host: by its address, or by the name that the server found for it, where that
// server is known to look whether the name leads back. So an own host behind address translation is known too.
func (o Own) Client(h received.Hop) bool {
	switch h.Software {
	case received.Postfix, received.Exim, received.Sendmail, received.Google:
		if h.IP.IsValid() && !h.Forged && !o.excludes(h.IP) && o.Names(h.RDNS) {
			return true
		}
	}
	return o.Addr(h.IP)
}

// Addr says whether an address is an own one. Loopback is that of whoever writes.
func (o Own) Addr(a netip.Addr) bool {
	if !a.IsValid() || a.IsLoopback() {
		return a.IsLoopback()
	}
	for _, n := range o.Nets {
		if n.Prefix.Contains(a) {
			return !n.Not
		}
	}
	return false
}

func (o Own) excludes(a netip.Addr) bool {
	for _, n := range o.Nets {
		if n.Prefix.Contains(a) {
			return n.Not && !a.IsLoopback()
		}
	}
	return false
}

func (o Own) submits(a netip.Addr) bool {
	for _, p := range o.Submission {
		if p.Contains(a) {
			return true
		}
	}
	return false
}

func (o Own) named() bool { return len(o.Domains) > 0 || len(o.Hosts) > 0 }

func (o Own) empty() bool { return !o.named() && len(o.Nets) == 0 }

// Names says whether a host is an own one, letter case and a final dot ignored.
func (o Own) Names(host string) bool {
	host = strings.ToLower(strings.TrimSuffix(host, "."))
	if host == "" {
		return false
	}
	for _, h := range o.Hosts {
		if host == strings.ToLower(h) {
			return true
		}
	}
	for _, d := range o.Domains {
		d = strings.ToLower(d)
		if host == d || strings.HasSuffix(host, "."+d) {
			return true
		}
	}
	a, err := netip.ParseAddr(strings.Trim(host, "[]"))
	return err == nil && !a.IsLoopback() && o.Addr(a)
}

// Organisation is the part of a name that one registers: its last two labels, three below a country's second level such as co.jp.
func Organisation(host string) string {
	labels := strings.Split(strings.ToLower(strings.TrimSuffix(host, ".")), ".")
	n := 2
	if len(labels) > 2 && len(labels[len(labels)-1]) == 2 && strings.Contains(" ac ad co com ed edu go gov gr lg ne net or org ", " "+labels[len(labels)-2]+" ") {
		n = 3
	}
	if len(labels) < n || n == 2 && len(labels) == 2 && len(labels[0]) == 0 {
		return ""
	}
	if _, err := netip.ParseAddr(host); err == nil {
		return ""
	}
	return strings.Join(labels[len(labels)-n:], ".")
}
