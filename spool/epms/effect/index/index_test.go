package index_test

import (
	"net/netip"
	"testing"

	"hikeshi/spool/epms/effect"
	"hikeshi/spool/epms/effect/index"
	"hikeshi/spool/epms/effect/pattern"
)

// TestCovering asks whether the second pattern is never reached below the first.
func TestCovering(t *testing.T) {
	for _, x := range []struct {
		above, below string
		want         bool
	}{
		{"*", "2001:db8::9", true},
		{"*.*.*.*", "example.com", true},
		{"*.*.*.*", "#host", true},
		{"203.0.113.9", "203.0.113.9", true},
		{"203.0.113.9", "203.0.113.9/32", true},
		{"203.0.113.9/32", "203.0.113.9", true},
		{"203.0.113.9", "203.0.113.10", false},
		{"203.0.113.0/24", "203.0.113.9", true},
		{"203.0.113.0/24", "203.0.113.128/25", true},
		{"203.0.113.0/24", "203.0.113.*", true},
		{"203.0.113.0/25", "203.0.113.*", false},
		{"203.0.113.0/24", "203.0.113.1*", false}, // true, but a prefix that ends in an octet is not compared with networks
		{"203.0.113.128/25", "203.0.113.0/24", false},
		{"203.0.113.*", "203.0.113.0/24", true},
		{"203.0.113.*", "203.0.113.9", true},
		{"203.0.*", "203.0.113.*", true},
		{"203.0.113.*", "203.0.*", false},
		{"203.0.113.1*", "203.0.113.16/30", true},
		{"203.0.113.1*", "203.0.113.16/28", false},
		{"2*", "2001:db8::9", true},
		{"2001:db8::/64", "2001:db8::9", true},
		{"2001:db8::/64", "2001:db8::/32", true}, // a /32 is read as its first /64
		{"2001:db8:*::", "2001:db8:1::/64", true},
		{"2001:db8:*::", "2001:db8::/64", true},
		{"2001:db8:0:*::", "2001:db8:0:1::/64", false},
		{"2001:db8::5/126", "2001:db8::6", false},
		{"example.com", "EXAMPLE.com", true},
		{"example.com", "a@example.com", true},
		{"a@example.com", "example.com", false},
		{"*@example.com", "a*@example.com", true},
		{"*@example.com", "example.com", false},
		{"*.com", "*.example.com", true},
		{"*.com", "example.com", true},
		{"e*m", "ex*om", true},
		{"*.example.com", "*.com", false},
		{"*@*.com", "*@*.com", true},
		{"#blank", "#<>", true},
		{"#nodomain", "#<>", true},
		{"#<>", "#blank", false},
		{"#hosts", "#host", true},
		{"#host", "a@localhost", true},
		{"203.0.113.9", "example.com", false},
		{"255.255.255.0/24", "203.0.113.9", false},
	} {
		f := effect.Parse([]byte("' one\n" + x.above + " default\n"))
		line, ok := index.Of(f).Covering(pattern.Parse(x.below))
		if ok != x.want || ok && line != 2 {
			t.Errorf("%s below %s: line %d, %t", x.below, x.above, line, ok)
		}
	}
}

func TestDecide(t *testing.T) {
	f := effect.Parse([]byte("#<> default\nab*bc false\n*q*@example.com false\n*z*@example.com false\n2001:db8::5/126 false\n192.168.1.* only,0\n"))
	x := index.Of(f)
	if x.Tried() != 3 {
		t.Errorf("%d patterns are tried", x.Tried())
	}
	for _, q := range []effect.Query{
		{},
		{Peer: netip.MustParseAddr("2001:db8::8")},
		{Peer: netip.MustParseAddr("2001:db8::9")},
		{Peer: netip.MustParseAddr("192.168.1.7"), Sender: "aqz@example.com", SenderGiven: true},
		{Peer: netip.MustParseAddr("192.168.1.7"), Sender: "az@example.com", SenderGiven: true},
		{Peer: netip.MustParseAddr("192.168.1.7"), Sender: "<>", SenderGiven: true},
		{Sender: "x@abc", SenderGiven: true},
	} {
		if got, want := x.Decide(q), f.Decide(q); got != want {
			t.Errorf("%+v: %+v, want %+v", q, got, want)
		}
	}
}
