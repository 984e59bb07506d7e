package pattern

import (
	"fmt"
	"net/netip"
	"strings"
	"testing"
)

func TestInetAddr(t *testing.T) {
	for text, want := range map[string]string{
		"203.0.113.9":      "203.0.113.9",
		"203.0.113":        "203.0.0.113",
		"10.1":             "10.0.0.1",
		"10":               "0.0.0.10",
		"0":                "0.0.0.0",
		"010.0x1f.0.07":    "8.31.0.7",
		"0Xcb.0.0x71.011":  "203.0.113.9",
		"4294967294":       "255.255.255.254",
		"1.16777215":       "1.255.255.255",
		"1.2.65535":        "1.2.255.255",
		"*.*.*.*":          "0.0.0.0",
		"10.*.*.*":         "10.0.0.0",
		"203.0.113.1*":     "203.0.113.10",
		"192.168.1\tfalse": "192.168.0.1",
		"1.2.3.4\v":        "1.2.3.4",
		"*1":               "0.0.0.1",
	} {
		if v, ok := inetAddr(text); !ok || addr4(v).String() != want {
			t.Errorf("%q is %s, %t; want %s", text, addr4(v), ok, want)
		}
	}
	for _, text := range []string{
		"", ".", "1.", ".1", "1..2", "1.2.3.", "1.2.3.4.5", "1.2.3.4.", "256.1.1.1", "1.2.3.256", "1.2.65536", "1.16777216", "4294967296", "99999999999999999999",
		"255.255.255.255", "0xffffffff", "08.1.1.1", "1.2.3.09", "0x.1.1.1", "0x", "1.2.3.4x", "-1", "+1", "1.2.3.a", "a", "203.0.113.26*", "0xg", "\t1.2.3.4", "1.2.3.4\x01",
	} {
		if v, ok := inetAddr(text); ok {
			t.Errorf("%q is taken for %s", text, addr4(v))
		}
	}
}

var parsed = []struct {
	text   string
	ip     bool
	form   Form
	lo, hi string
}{
	{"203.0.113.9", true, Exact, "", ""},
	{"203.0.113.*", true, Star, "", ""},
	{"203.0.113.0/2*", true, Star, "", ""},
	{"*", true, Everyone, "", ""},
	{"*/8", true, Everyone, "", ""},
	{"**", true, Everyone, "", ""},
	{"*::", true, Everyone, "", ""},
	{"203.0.113.9/28", true, Network, "203.0.113.0", "203.0.113.15"},
	{"203.0.113.9/28x", true, Network, "203.0.113.0", "203.0.113.15"},
	{"203.0.113.9/32", true, Network, "203.0.113.9", "203.0.113.9"},
	{"203.0.113.9/33", true, Network, "203.0.113.9", "203.0.113.9"},
	{"203.0.113.9/", true, Network, "203.0.113.9", "203.0.113.9"},
	{"203.0.113.9/0", true, Network, "203.0.113.9", "203.0.113.9"},
	{"203.0.113.9/-4", true, Network, "203.0.113.9", "203.0.113.9"},
	{"203.0.113.9/99999999999999999999", true, Network, "203.0.113.9", "203.0.113.9"},
	{"203.0.113.0/24\tfalse", true, Network, "203.0.113.0", "203.0.113.255"},
	{"203.0.113/24", true, Network, "203.0.0.0", "203.0.0.255"},
	{"1.2.3.4/1", true, Network, "0.0.0.0", "127.255.255.255"},
	{"255.255.255.0/24", true, Never, "", ""},
	{"128.0.0.0/1", true, Never, "", ""},
	{"255.255.255.254/32", true, Network, "255.255.255.254", "255.255.255.254"},
	{"2001:db8::9", true, Exact, "", ""},
	{"2001:DB8::9", true, Exact, "", ""},
	{"2001:db8:*::", true, Star, "", ""},
	{"2001:db8::/32", true, Network, "2001:db8::", "2001:db8::ffff:ffff:ffff:ffff"},
	{"2001:db8::/", true, Network, "2001:db8::", "2001:db8::ffff:ffff:ffff:ffff"},
	{"2001:db8::5/64", true, Network, "2001:db8::", "2001:db8::ffff:ffff:ffff:ffff"},
	{"2001:db8::5/126", true, Network, "2001:db8::5", "2001:db8::8"},
	{"2001:db8::5/128", true, Network, "2001:db8::5", "2001:db8::5"},
	{"2001:db8::5/129", true, Network, "2001:db8::5", "2001:db8::5"},
	{"2001:db8::ffff:ffff:ffff:ffff/127", true, Network, "2001:db8::ffff:ffff:ffff:ffff", "2001:db8:0:1::"},
	{"ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff/65", true, Network, "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff", "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff"},
	{"2001:db8:*", false, Star, "", ""},
	{"fe80::1%eth0", false, Exact, "", ""},
	{"*:*", false, TwoStars, "", ""},
	{"203.0.113.26*", false, Star, "", ""},
	{"255.255.255.255", false, Exact, "", ""},
	{"255.255.255.255/32", false, Exact, "", ""},
	{"/24", false, Exact, "", ""},
	{"", false, Exact, "", ""},
	{"example.com", false, Exact, "", ""},
	{"a@example.com", false, Exact, "", ""},
	{"*.example.com", false, Star, "", ""},
	{"*@*.example.com", false, TwoStars, "", ""},
	{"#hosts", false, Named, "", ""},
	{"#numbers", false, Exact, "", ""},
	{"#nodom", false, Exact, "", ""},
}

func TestParse(t *testing.T) {
	for _, x := range parsed {
		p := Parse(x.text)
		lo, hi := "", ""
		if p.Form == Network {
			lo, hi = p.Lo.String(), p.Hi.String()
		}
		if p.Text != x.text || p.IP != x.ip || p.Form != x.form || lo != x.lo || hi != x.hi {
			t.Errorf("%q: %+v, want %+v", x.text, p, x)
		}
	}
}

func TestWords(t *testing.T) {
	senders := []string{"<>", "", "a@", "root", "a@localhost", "a@12.34", "a@example.com", "12.34"}
	for text, want := range map[string]string{
		"#<>":      "<>",
		"#<>x":     "<>",
		"#blank":   "<>||a@",
		"#Blanket": "<>||a@",
		"#number":  "a@12.34",
		"#NUMBER":  "a@12.34",
		"#nodomai": "<>||a@|root|12.34",
		"#host":    "a@localhost",
		"#hosts":   "a@localhost",
		"#comment": "",
	} {
		p := Parse(text)
		var got []string
		for _, sender := range senders {
			if s := NewSubject(netip.Addr{}, sender, true); p.Matches(&s) {
				got = append(got, sender)
			}
		}
		if strings.Join(got, "|") != want {
			t.Errorf("%s matches %q, want %s", text, got, want)
		}
		if s := NewSubject(netip.MustParseAddr("203.0.113.9"), "<>", false); p.Matches(&s) {
			t.Errorf("%s matches a sender that is not given", text)
		}
	}
}

func TestSenders(t *testing.T) {
	for _, x := range []struct {
		pattern, sender string
		want            bool
	}{
		{"example.com", "a@example.com", true},
		{"example.com", "example.com", true},
		{"example.com", "a@b@example.com", false},
		{"b@example.com", "a@b@example.com", false},
		{"example.com", "@a.example,@b.example:x@example.com", false},
		{"A@B.example", "a@b.EXAMPLE", true},
		{"a@b.example", "xa@b.example", false},
		{"*@b.example", "@b.example", true},
		{"a*", "b@abc", true},
		{"ab*bc", "x@abc", true}, // prefix and suffix, each for itself
		{"a*@*", "abc@example.com", true},
		{"*a*b", "xxaxxb", true},
		{"*a*b", "xxbxxa", false},
		{"*A*b", "xxAxxb", false},
		{"*a*B", "xxAxxb", true},
		{"a*a*b", "axb", true}, // the middle is searched from the start
		{"*ab*b", "xab", false},
		{"*a*b*c", "xaxb*c", true}, // the third star is a plain character
		{"*a*b*c", "xaxbxc", false},
		{"\x83\x5c@example.com", "\x83\x5c@example.com", true},
		{"\x83\x41@example.com", "\x83\x61@example.com", true}, // bytes, not characters
	} {
		p, s := Parse(x.pattern), NewSubject(netip.Addr{}, x.sender, true)
		if got := p.Matches(&s); got != x.want {
			t.Errorf("%q on %q: %t", x.pattern, x.sender, got)
		}
	}
}

func TestPeers(t *testing.T) {
	for _, x := range []struct {
		pattern, peer string
		want          bool
	}{
		{"203.0.113.9", "::ffff:203.0.113.9", true},
		{"fe80::1", "fe80::1%eth0", true},
		{"::ffff:203.0.113.9", "203.0.113.9", false},
		{"203.0.113.0/24", "::ffff:203.0.113.200", true},
		{"::ffff:203.0.113.0/120", "203.0.113.9", false},
		{"2001:db8:*::", "2001:db80::1", false},
		{"2001:DB8:*::", "2001:db8:1::1", false},
		{"*.*.*.*", "2001:db8::1", true},
		{"example.com", "203.0.113.9", false},
	} {
		p, s := Parse(x.pattern), NewSubject(netip.MustParseAddr(x.peer), "", false)
		if got := p.Matches(&s); got != x.want {
			t.Errorf("%q on %s: %t", x.pattern, x.peer, got)
		}
	}
	nobody := NewSubject(netip.Addr{}, "", false)
	for _, text := range []string{"203.0.113.9", "0.0.0.0/1", "2*", "#blank", "", "\x00"} {
		if p := Parse(text); p.Matches(&nobody) {
			t.Errorf("%q matches without peer and sender", text)
		}
	}
}

// TestCommonText tries every network within an octet, and IPv6 ones with and without zero groups.
func TestCommonText(t *testing.T) {
	for octet := range 4 {
		for bits := 8*octet + 1; bits <= 8*octet+8; bits++ {
			for first := 0; first < 256; first += 1 << (8*octet + 8 - bits) {
				b := [4]byte{203, 0, 113, 0}
				b[octet] = byte(first)
				clear(b[octet+1:])
				lo, hi := Bounds(netip.PrefixFrom(netip.AddrFrom4(b), bits))
				common := CommonText(lo, hi)
				for v := first; v < first+1<<(8*octet+8-bits); v++ {
					for _, rest := range []byte{0, 1, 9, 10, 99, 100, 255} {
						b[octet] = byte(v)
						for i := octet + 1; i < 4; i++ {
							b[i] = rest
						}
						if a := netip.AddrFrom4(b); !strings.HasPrefix(a.String(), common) {
							t.Fatalf("%s does not begin with %q of %s-%s", a, common, lo, hi)
						}
					}
				}
			}
		}
	}
	for text, want := range map[string]string{
		"2001:db8::/32":       "2001:db8:",
		"2001:db8:5::/48":     "2001:db8:5:",
		"2001:db8:0:1::/64":   "2001:db8:",
		"2001:db8:1:2::/64":   "2001:db8:1:2:",
		"2001:db8::/33":       "2001:db8:",
		"2000::/3":            "",
		"2001:db8::5/128":     "2001:db8::5",
		"2001:db8::100/120":   "2001:db8:",
		"2001:db8:1:1:1::/80": "2001:db8:1:1:1:",
	} {
		if got := CommonText(Bounds(netip.MustParsePrefix(text))); got != want {
			t.Errorf("%s: %q, want %q", text, got, want)
		}
	}
}

func TestAsNetwork(t *testing.T) {
	for _, text := range []string{"0.0.0.0/0", "203.0.113.0/24", "203.0.113.9/32", "::/0", "2001:db8::/47", "2001:db8::9/128"} {
		want := netip.MustParsePrefix(text)
		if got, ok := AsNetwork(Bounds(want)); !ok || got != want {
			t.Errorf("%s: %s, %t", want, got, ok)
		}
	}
	for _, x := range [][2]string{{"203.0.113.1", "203.0.113.2"}, {"203.0.113.0", "203.0.113.2"}, {"2001:db8::5", "2001:db8::8"}} {
		if got, ok := AsNetwork(netip.MustParseAddr(x[0]), netip.MustParseAddr(x[1])); ok {
			t.Errorf("%v is taken for %s", x, got)
		}
	}
}

func ExampleParse() {
	p := Parse("203.0.113.1*")
	for _, peer := range []string{"203.0.113.1", "203.0.113.10", "203.0.113.2"} {
		s := NewSubject(netip.MustParseAddr(peer), "", false)
		fmt.Println(peer, p.Matches(&s))
	}
	// Output:
	// 203.0.113.1 true
	// 203.0.113.10 true
	// 203.0.113.2 false
}
