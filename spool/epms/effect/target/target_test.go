package target

import (
	"net/netip"
	"strings"
	"testing"

	"hikeshi/spool/epms/effect/pattern"
)

func TestParse(t *testing.T) {
	for text, want := range map[string]string{
		"203.0.113.9":         "203.0.113.9",
		"203.0.113.9/32":      "203.0.113.9",
		"::ffff:203.0.113.9":  "203.0.113.9",
		"203.0.113.0/24":      "203.0.113.0/24",
		"203.0.0.0/16":        "203.0.0.0/16",
		"10.0.0.1":            "10.0.0.1",
		"2001:DB8:0:0::5":     "2001:db8::5",
		"2001:db8::5/128":     "2001:db8::5",
		"2001:db8:0:1::/64":   "2001:db8:0:1::/64",
		"2001:db8::4/126":     "2001:db8::4/126",
		"2001:db8::/32":       "2001:db8:*::",
		"2001:db8:5::/48":     "2001:db8:5:*::",
		"example.com":         "example.com",
		"Mail.Example.COM":    "mail.example.com",
		"localhost":           "localhost",
		"a@example.com":       "a@example.com",
		"A/b:c@[203.0.113.9]": "a/b:c@[203.0.113.9]",
	} {
		got, err := Parse(text)
		if err != nil || got.Pattern != want {
			t.Errorf("%s is %q (%v), want %q", text, got.Pattern, err, want)
		}
		if p := pattern.Parse(want); p.IP != got.IP() {
			t.Errorf("%s: the server would read %q otherwise", text, want)
		}
	}
	if long := strings.Repeat("x", 248); true {
		if got, err := Parse(long); err != nil || got.Pattern != long {
			t.Errorf("248 characters: %v", err)
		}
	}
}

func TestParseRefuses(t *testing.T) {
	for text, want := range map[string]string{
		"":                       "empty",
		"203.0.113.9 true":       "byte 12",
		"203.0.113.9\n*":         "byte 12",
		"203.0.113.9\t":          "byte 12",
		"a\x1b@example.com":      "control",
		"例え.jp":                  "ASCII",
		strings.Repeat("x", 249): "longer than 248",
		"0.0.0.0":                "unspecified",
		"0.0.0.0/0":              "0.0.0.0/8",
		"127.0.0.1":              "loopback",
		"127.0.0.0/16":           "loopback",
		"224.0.0.1":              "multicast",
		"255.255.255.255":        "reserved",
		"::":                     "unspecified",
		"::1":                    "loopback",
		"::ffff:127.0.0.1":       "loopback",
		"::ffff:203.0.113.0/120": "IPv4 written as IPv6",
		"ff02::1":                "multicast",
		"fe80::1%eth0":           "zones",
		"202.0.0.0/15":           "/16 is the widest",
		"203.0.113.9/24":         "the network is 203.0.113.0/24",
		"2001:db8::5/64":         "the network is 2001:db8::/64",
		"2001:d00::/24":          "/32 is the widest",
		"2001:db8::/33":          "no line for this network",
		"2001:db8::/48":          "no line for this network",
		"2001:db8:1::/56":        "no line for this network",
		"2001::/32":              "no line for this network",
		"203.0.113":              "no whole address",
		"203.0.113.0/33":         "no whole address",
		"203.0.113.300":          "no whole address",
		"203.0.113.*":            "no whole address",
		"0x7f.1":                 "no whole address",
		"2001:db8::x":            "no whole address",
		"1/a@example.com":        "no whole address",
		"*.example.com":          "stars",
		"*":                      "no whole address",
		"<>":                     "brackets",
		"a@example.com,b":        "lists",
		"#blank":                 "first character",
		"'a@example.com":         "first character",
		"@example.com":           "both sides",
		"a@":                     "both sides",
		"example.com/24":         "no domain",
		".jp":                    "empty label",
		".co.jp":                 "*.example.com",
		"example..com":           "empty label",
		"example.com.":           "empty label",
		"a@.jp":                  "empty label",
		"a@example.com.":         "empty label",
		"[example]":              "no domain",
	} {
		if got, err := Parse(text); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: %+v, %v; want an error with %q", text, got, err, want)
		}
	}
}

// TestTouchingAndCovering holds the two to single peers: a pattern that covers a network matches all of
// it, and one that does not touch it matches none.
func TestTouchingAndCovering(t *testing.T) {
	networks := []string{"203.0.113.0/24", "203.0.113.8/29", "203.0.113.8/30", "203.0.112.0/23", "203.0.0.0/16", "203.0.113.9", "2001:db8::/64", "2001:db8:0:1::/64", "2001:db8::/32", "2001:db8::4/126", "2001:db8::9"}
	patterns := []string{
		"*", "2*", "20*", "203.*.*.*", "203.0.*", "203.0.1*", "203.0.11*", "203.0.113.*", "203.0.113.1*", "203.0.113.9*", "203.0.113.8*", "203.0.113.9", "203.0.113.0", "203.0.113.200", "203.0.114.*",
		"203.0.113.0/24", "203.0.113.0/25", "203.0.113.128/25", "203.0.113.10/31", "203.0.113.8/29", "203.0.0.0/15", "203.0.112.0/23", "204.0.0.0/8", "255.255.255.0/24", "010.0.0.1",
		"2001:db8::9", "2001:db8::", "2001:db8::4", "2001:DB8::9", "2001:db8::/32", "2001:db8::/64", "2001:db8:*::", "2001:db8::*", "2001:db8:0:1::/64", "2001:db8:0:*::", "2001:db8::5/126", "2001:*::", "example.com",
	}
	for _, name := range networks {
		target, err := Parse(name)
		if err != nil {
			t.Fatal(err)
		}
		for _, text := range patterns {
			p := pattern.Parse(text)
			covered, touched := target.CoveredBy(&p), target.TouchedBy(&p)
			for _, a := range some(target.Lo, target.Hi) {
				s := pattern.NewSubject(a, "", false)
				if matches := p.Matches(&s); covered && !matches || !touched && matches {
					t.Errorf("%s of %s: matched by %q %t, covered %t, touched %t", a, name, text, matches, covered, touched)
				}
			}
		}
	}
}

// some returns addresses of a network: every one of a small network, else those of telling octets.
func some(lo, hi netip.Addr) []netip.Addr {
	first, last := lo.As16(), hi.As16()
	all := [][16]byte{first}
	for i := range first {
		free := first[i] ^ last[i]
		if free == 0 || lo.Is6() && i%2 == 0 {
			continue
		}
		var next [][16]byte
		for _, a := range all {
			for _, v := range []byte{0, 1, 2, 3, 4, 5, 8, 9, 10, 11, 16, 113, 128, 200, 255} {
				if v&^free == 0 && (i > 12 || v < 2 || v == 255) {
					a[i] = first[i] | v
					next = append(next, a)
				}
			}
		}
		all = next
	}
	addrs := make([]netip.Addr, len(all))
	for i, a := range all {
		addrs[i] = netip.AddrFrom16(a).Unmap()
	}
	return addrs
}

func TestSendersTouchedAndCovered(t *testing.T) {
	for _, x := range []struct {
		target, pattern  string
		covered, touched bool
	}{
		{"example.com", "EXAMPLE.com", true, true},
		{"example.com", "*.com", true, true},
		{"example.com", "*@example.com", false, true},
		{"example.com", "b@example.com", false, true},
		{"example.com", "b@example.net", false, false},
		{"example.com", "example.net", false, false},
		{"example.com", "#nodomain", false, true},
		{"example.com", "#host", false, false},
		{"localhost", "#host", false, true},
		{"example.com", "#<>", false, false},
		{"example.com", "203.0.113.9", false, true},
		{"example.com", "255.255.255.0/24", false, false},
		{"example.com", "*.*.*.*", true, true},
		{"a@example.com", "example.com", true, true},
		{"a@example.com", "*@example.com", true, true},
		{"a@example.com", "b*@example.com", false, false},
		{"a@example.com", "#number", false, false},
	} {
		target, err := Parse(x.target)
		if err != nil {
			t.Fatal(err)
		}
		p := pattern.Parse(x.pattern)
		if c, o := target.CoveredBy(&p), target.TouchedBy(&p); c != x.covered || o != x.touched {
			t.Errorf("%s by %q: covered %t, touched %t", x.target, x.pattern, c, o)
		}
	}
}
