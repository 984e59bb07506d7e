package effect_test

import (
	"net/netip"
	"strings"

	"pgregory.net/rapid"

	"hikeshi/spool/epms/effect"
)

// Patterns close to one another, so that random files have lines that decide before others.
var somePatterns = []string{
	"#<>", "#blank", "#number", "#nodomain", "#host", "#hosts", "#blanket", "#HOST", "#comment", "#",
	"*", "*.*.*.*", "203.0.113.9", "203.0.113.10", "203.0.113.90", "203.0.113.*", "203.0.*.*", "2*", "203.0.113.1*", "203.0.113.26*",
	"203.0.113.8/29", "203.0.113.9/28", "203.0.113.0/24", "203.0.0.0/16", "203.0.113/24", "10/8", "0.0.0.0/0", "203.0.113.0/", "203.0.113.9/33",
	"255.255.255.0/24", "255.255.255.255", "128.0.0.0/1", "203.0.113", "0xcb.0.0x71.011", "198.51.100.128/25", "198.51.100.200", "192.0.2.*", "192.0.2.9/32",
	"2001:db8::9", "2001:DB8::9", "2001:db8::/64", "2001:db8::/32", "2001:db8:0:1::/64", "2001:db8:1::1", "2001:db8:1::4/126", "2001:db8:1::5/126",
	"2001:db8:*::", "2001:db8:*", "2001:*::", "*::", "::ffff:203.0.113.9", "2001:db8::ffff:ffff:ffff:fff0/100",
	"example.com", "Example.COM", "*.example.com", "*example.com", "*@example.com", "a@example.com", "A@Example.com", "a*@example.com", "a@*", "x@*.com",
	"*@*.example.com", "*@MAIL.*", "*@mail.*", "*am*", "*a*b*c", "a*e.com", "example.jp", "*.example.jp", "taro@example.jp", "mail.example.com", "localhost", "12.34", "root",
	"203.0.113.9\tfalse", "203.0.113.*\tfalse", "203.0.113.0/24\tfalse", "\t203.0.113.9", "\x00", "\x00203.0.113.9", "\xef\xbb\xbf203.0.113.9", "\x83\x5c\x81\x40", "/", "<>", "<*",
}

var someActions = []string{
	"", " ", " false", " false", " FALSE,1", " false,0", " true", " True,0", " default", " default,1", " only", " only,0", " norelay", " norelay,0", " norelay,1",
	" norelay,2", " norelay,3", " deny", "  false", " false note", " false\tnote", " true,2", " ,0",
}

var someSenders = []string{
	"<>", "", "a@", "@", "root", "a@localhost", "a@12.34", "12.34", "a@example.com", "A@EXAMPLE.COM", "b@example.com", "ab@mail.example.com", "x@mail.example.com",
	"a@example.jp", "taro@example.jp", "x@sub.example.jp", "example.com", "spam@spam.example", "@a,@b:x@example.com", "a@b@example.com", "a*b@example.com", "\x83\x5c@example.com", "a@xexample.com", "abc",
}

var someTargets = []string{
	"203.0.113.9", "203.0.113.10", "203.0.113.8/29", "203.0.113.0/24", "203.0.0.0/16", "198.51.100.200", "198.51.100.128/25", "192.0.2.9", "192.0.2.0/23",
	"2001:db8::9", "2001:db8::/64", "2001:db8:0:1::/64", "2001:db8:1::1", "2001:db8:1::4/126", "2001:db8::/32", "2001:db8:1::/48",
	"example.com", "a@example.com", "mail.example.com", "spam.example", "localhost", "taro@example.jp",
}

var (
	peers = rapid.Custom(func(t *rapid.T) netip.Addr {
		if rapid.Bool().Draw(t, "six") {
			group := rapid.SampledFrom([]byte{0, 0, 0, 1, 5, 9, 0xff})
			a := [16]byte{0x20, 0x01, 0x0d, 0xb8}
			for _, i := range []int{5, 7, 8, 11, 13, 15} {
				a[i] = group.Draw(t, "byte")
			}
			return netip.AddrFrom16(a)
		}
		base := rapid.SampledFrom([][3]byte{{203, 0, 113}, {203, 0, 0}, {203, 0, 112}, {198, 51, 100}, {192, 0, 2}, {192, 0, 3}, {10, 1, 2}, {0, 0, 0}, {255, 255, 255}}).Draw(t, "base")
		last := rapid.SampledFrom([]byte{0, 1, 7, 8, 9, 10, 15, 16, 90, 127, 128, 200, 255}).Draw(t, "last")
		return netip.AddrFrom4([4]byte{base[0], base[1], base[2], last})
	})
	queries = rapid.Custom(func(t *rapid.T) effect.Query {
		q := effect.Query{Peer: peers.Draw(t, "peer"), SenderGiven: rapid.IntRange(0, 5).Draw(t, "given") > 0}
		if q.SenderGiven {
			q.Sender = rapid.SampledFrom(someSenders).Draw(t, "sender")
		}
		return q
	})
	lines = rapid.Custom(func(t *rapid.T) string {
		text := rapid.SampledFrom(somePatterns).Draw(t, "pattern") + rapid.SampledFrom(someActions).Draw(t, "action")
		switch rapid.IntRange(0, 11).Draw(t, "kind") {
		case 0:
			text = "'" + text
		case 1:
			text = " " + text
		case 2:
			text = ""
		case 3:
			pad := rapid.SampledFrom([]int{200, 250, 251, 252, 253, 254, 255, 256, 509, 510, 511}).Draw(t, "length")
			text += strings.Repeat("x", max(0, pad-len(text)))
			text += rapid.SampledFrom([]string{"", " false", "*.*.*.* true", "203.0.113.9"}).Draw(t, "tail")
		case 4:
			return "#<> default\n"
		case 5:
			return "#blank false\n"
		}
		return text + rapid.SampledFrom([]string{"\n", "\n", "\n", "\n", "\r\n", "\r", "\x00x\n", ""}).Draw(t, "end")
	})
	files = rapid.Custom(func(t *rapid.T) *effect.File {
		head := rapid.SampledFrom([]string{"", shipped, "#<> default\n' own lines\n#blank false", "' only\n"}).Draw(t, "head")
		return effect.Parse([]byte(head + strings.Join(rapid.SliceOfN(lines, 0, 12).Draw(t, "lines"), "")))
	})
	targets = rapid.Custom(func(t *rapid.T) string {
		if rapid.Bool().Draw(t, "known") {
			return rapid.SampledFrom(someTargets).Draw(t, "target")
		}
		a := peers.Filter(func(a netip.Addr) bool { return !a.Is4() || a.As4()[0]%255 != 0 }).Draw(t, "address")
		bits := 128
		if a.Is4() {
			bits = rapid.IntRange(16, 32).Draw(t, "bits")
		} else if rapid.Bool().Draw(t, "network") {
			bits = rapid.IntRange(64, 128).Draw(t, "bits")
		}
		net, err := a.Prefix(bits)
		if err != nil {
			t.Fatal(err)
		}
		return net.String()
	})
)
