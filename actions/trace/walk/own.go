package walk

import (
	"net/netip"
	"slices"
	"strings"

	"hikeshi/actions/trace/received"
)

// Client says whether the client of a line is an own host: by its address, or by its name where no own address of its kind is known. So an
// own host behind address translation is known too, as long as nothing better is.
func (o Own) Client(h received.Hop) bool { return o.Addr(h.IP) || !o.Knows(h.IP) && o.Called(h) }

// Called says that the name that the server found for a client is an own one, and that the server is known to look whether the name leads
// back.
func (o Own) Called(h received.Hop) bool {
	switch h.Software {
	case received.Postfix, received.Exim, received.Sendmail, received.Google:
		return h.IP.IsValid() && !h.Forged && !o.excludes(h.IP) && o.Names(h.RDNS)
	}
	return false
}

// Knows says whether any own address of the kind of a is known, IPv4 or IPv6.
func (o Own) Knows(a netip.Addr) bool {
	for _, n := range o.Nets {
		if !n.Not && n.Prefix.Addr().Is4() == a.Is4() && !n.Prefix.Addr().IsLoopback() {
			return true
		}
	}
	return false
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

// exactly says whether a name is that of an own host or domain itself.
func (o Own) exactly(name string) bool {
	name = strings.TrimSuffix(name, ".")
	same := func(n string) bool { return strings.EqualFold(n, name) }
	return name != "" && (slices.ContainsFunc(o.Hosts, same) || slices.ContainsFunc(o.Domains, same))
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
