package judge

import (
	"net/netip"
	"regexp"

	"hikeshi/runbook"
)

// A Vantage is where the tester stands.
type Vantage struct {
	Local, Remote netip.Addr
	Seen          netip.Addr   // our address as the server says it after EHLO; invalid if it does not
	Inside        bool         // servers may trust us here
	Why           runbook.Text // why Inside
}

var echoForm = regexp.MustCompile(`\[(?:IPv6:)?([0-9A-Fa-f:.]{3,45})\]`)

var shared = netip.MustParsePrefix("100.64.0.0/10") // between a provider and its customers (RFC 6598)

// Stand finds out where the tester stands. Sendmail and Exim repeat the address that they see in the reply to EHLO; it may be the one of a
// translator between us.
func Stand(local, remote netip.Addr, greeting string, own func(netip.Addr) bool) Vantage {
	v := Vantage{Local: local, Remote: remote}
	if m := echoForm.FindStringSubmatch(greeting); m != nil {
		if a, err := netip.ParseAddr(m[1]); err == nil {
			v.Seen = a.Unmap()
		}
	}
	v.Why = v.inside(own)
	v.Inside = !v.Why.IsZero()
	return v
}

func (v Vantage) inside(own func(netip.Addr) bool) runbook.Text {
	seenOutside := v.Seen.IsValid() && !private(v.Seen) && !own(v.Seen)
	switch {
	case v.Remote.IsLoopback() || v.Local.IsLoopback():
		return runbook.T("over loopback", "ループバック経由")
	case v.Seen.IsValid() && private(v.Seen):
		return runbook.Tf("the server sees us as %s: a private address, or a translator between us", "サーバからは %s に見える (プライベートアドレス、または途中の NAT)", v.Seen)
	case own(v.Remote) && (own(v.Local) || v.Seen.IsValid() && own(v.Seen)):
		return runbook.T("from an own address to an own address", "自組織のアドレスどうし")
	case near(v.Local, v.Remote):
		return runbook.T("from the same network: many servers trust their neighbours", "同じネットワークから。近隣を信用するサーバは多い")
	case private(v.Local) && private(v.Remote):
		return runbook.T("within a private network", "プライベートネットワーク内")
	case private(v.Local) && !seenOutside:
		return runbook.T("from a private address: what the server sees of us is not known", "プライベートアドレスから。サーバにどう見えるか分からない")
	}
	return runbook.Text{}
}

// Foreign is our own address, or where that is the target's too an address that nobody has (RFC 5737).
func (v Vantage) Foreign() netip.Addr {
	if !v.Local.IsValid() || v.Local.IsLoopback() || v.Local == v.Remote {
		return netip.MustParseAddr("192.0.2.199")
	}
	return v.Local
}

func private(a netip.Addr) bool {
	return a.IsPrivate() || a.IsLoopback() || a.IsLinkLocalUnicast() || shared.Contains(a)
}

// near says whether two addresses are neighbours: in one IPv4 /24 or IPv6 /64.
func near(a, b netip.Addr) bool {
	if !a.IsValid() || !b.IsValid() || a.Is4() != b.Is4() {
		return false
	}
	bits := 64
	if a.Is4() {
		bits = 24
	}
	return netip.PrefixFrom(a, bits).Masked().Contains(b)
}
