package lint_test

import (
	"fmt"
	"net/netip"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"hikeshi/spool/epms/effect"
	"hikeshi/spool/epms/effect/lint"
)

const shipped = "#<> default\n#blank false\n"

var own = effect.Own{Domains: []string{"Example.jp"}, Addresses: []netip.Addr{netip.MustParseAddr("192.0.2.1"), netip.MustParseAddr("2001:db8::1")}}

// cases hold a file and all its findings, as line:level:code.
var cases = []struct {
	name, file string
	want       string
}{
	{"empty", "", ""},
	{"shipped", shipped, ""},
	{"sound", "' mail server\r\n\r\n" + shipped + "203.0.113.9 false\n203.0.113.0/24 false note on 2026-11-21\n2001:db8:0:1::/64 false\n192.168.1.* only\n10.*.*.* only\n192.0.2.0/24 default\n", ""},
	{"CRLF", "#<> default\r\n#blank false\r\n203.0.113.9 false\r\n", ""},
	{"sound with a catch-all", shipped + "203.0.113.9 false\n2001:db8:9:*:: false\n#host false\n*@*.example.com false\n192.168.0.0/16 true\n10.* true\n192.0.2.9 true\n*.*.*.* norelay,2\n", ""},

	{"own domain", "example.jp true\n", "1:bad:own-open"},
	{"own domain without action", "EXAMPLE.JP\n", "1:bad:own-open 1:warn:no-action"},
	{"own address", "taro@example.jp True,1\n", "1:bad:own-open"},
	{"star over an own domain", "*.jp true\n", "1:bad:own-open"},
	{"star over own addresses", "t*@example.jp true\n", "1:bad:own-open"},
	{"two stars over own addresses", "*@exam* true\n", "1:bad:own-open"},
	{"sub-domain of an own domain", "*.example.jp true\n", "1:bad:sender-open"},
	{"foreign domain", "example.com true\n", "1:bad:sender-open"},
	{"null sender", "#<> true\n", "1:bad:sender-open"},
	{"own domain below a line that decides", "example.jp default\nexample.jp true\n", "2:warn:unreachable"},
	{"everyone", "*.*.*.* true\n", "1:bad:wide-open"},
	{"very wide", "203.* true\n203.0.0.0/15 true\n2* true\n", "1:bad:wide-open 2:info:wide-network 2:warn:unreachable 3:bad:wide-open 3:warn:star-in-octet"},
	{"very wide network", "202.0.0.0/15 true\n", "1:bad:wide-open 1:info:wide-network"},
	{"large", "203.0.* true\n203.1.0.0/16 true\n203.2.2.0/23 true\n203.3.3.0/24 true\n2001:db8:*:: true\n2001:db9::/64 true\n", "1:warn:wide-open 2:warn:wide-open 3:warn:wide-open 5:warn:wide-open"},
	{"private", "10.*.*.* true\n172.16.0.0/12 true\n192.168.*.* true\n", "2:info:wide-network"},

	{"own address denied", shipped + "192.0.2.* false\n", "3:warn:own-denied"},
	{"own address excepted", shipped + "192.0.2.1 default\n192.0.2.* false\n", ""},
	{"own IPv6 address denied", "2001:db8::/64 false\n", "1:warn:own-denied"},
	{"own domain denied", "*.jp false\n", "1:warn:own-denied"},
	{"everyone else denied", "192.0.2.1 default\n2001:db8::1 default\n*.*.*.* false\n", ""},

	{"no action", "203.0.113.9\n", "1:warn:no-action"},
	{"unknown action", "203.0.113.9 relay\n", "1:warn:unknown-action"},
	{"unknown denial", "203.0.113.9 deny\n203.0.113.10 FLASE\n203.0.113.11 true,2\n", "1:bad:unknown-action 2:bad:unknown-action 3:warn:unknown-action"},
	{"two spaces", "203.0.113.9  false\n203.0.113.10  true\n203.0.113.11   \n", "1:bad:two-spaces 2:warn:two-spaces 3:warn:two-spaces"},
	{"trailing space", "203.0.113.9 \n", "1:warn:trailing-space"},
	{"TAB behind the action", "203.0.113.9 false\t' note\n", "1:bad:tab-after-action"},
	{"TAB before an address", "203.0.113.9\tfalse\n", "1:warn:tab-separator"},
	{"TAB before a network", "203.0.113.0/24\tfalse\n", "1:bad:tab-separator"},
	{"TAB before a star", "203.0.113.*\tfalse\n", "1:bad:tab-separator"},
	{"TAB before a sender", "example.com\tfalse\n", "1:warn:tab-separator"},
	{"TAB and a space", "203.0.113.*\t false\n", "1:warn:tab-separator"},
	{"#", "#203.0.113.9 false\n# our partners\n", "1:warn:hash-comment 2:warn:hash-comment"},
	{"# that is a word", "#hosts blocked\n#blanks\n", "1:warn:hash-comment 2:bad:sender-open 2:warn:hash-comment"},

	{"long, tail read", "' " + strings.Repeat("x", 253) + "203.0.113.9 default\n", "1:warn:long-line"},
	{"long, tail opens", "203.0.113.9 false " + strings.Repeat("x", 237) + "*.*.*.*\n", "1:bad:long-line 1:bad:wide-open"},
	{"long, tail skipped", "' " + strings.Repeat("x", 253) + "' more\n", "1:info:long-line"},
	{"as long as may be", "' " + strings.Repeat("x", 253) + "\n'" + strings.Repeat("y", 253) + "\r\n", ""},
	{"NUL", "203.0.113.9 false\x00 or so\n", "1:warn:nul-byte"},
	{"NUL in a comment", "' \x00 \r \n", ""},
	{"lone CR", "203.0.113.9 false\r198.51.100.0/24 true\r\n", "1:warn:lone-cr"},
	{"UTF-8 mark", "\xef\xbb\xbf' mail\n", "1:warn:unknown-action 1:warn:utf8-mark"},
	{"TAB first", "\t203.0.113.9 false\n", "1:warn:tab-first"},
	{"0x1A", shipped + "\x1a", "3:info:ctrl-z 3:warn:no-action 3:warn:no-final-newline 3:bad:sender-open"},
	{"no final newline", shipped + "203.0.113.9 false", "3:warn:no-final-newline"},

	{"below an only", "192.168.1.* only\n203.0.113.9 false\n10.0.0.7\n192.0.2.9 norelay,2\n*.*.*.* default\n", "2:bad:lifts-only 3:bad:lifts-only 3:warn:no-action 4:bad:lifts-only"},
	{"above another only", "192.168.1.* only\n203.0.113.9 false\n10.0.0.* only\n", ""},
	{"norelay below an only", "192.168.1.* only\n10.0.0.7 norelay\n*.*.*.* norelay,0\n", "2:warn:norelay-under-only 3:warn:norelay-under-only"},
	{"unreachable", "203.0.113.* default\n203.0.113.9 false\n203.0.113.0/25 false\n203.0.113.1* false\n203.0.114.9 false\n", "2:warn:unreachable 3:warn:unreachable 4:warn:star-in-octet 4:warn:unreachable"},
	{"unreachable by a network", "203.0.0.0/16 default\n203.0.113.* false\n203.0.113.9 false\n203.0.113.0/24 false\n2001:db8::/64 false\n2001:db8::5 false\n", "2:warn:unreachable 3:warn:unreachable 4:warn:unreachable 5:warn:own-denied 6:warn:unreachable"},
	{"unreachable senders", "*.example.com false\n*.mail.example.com false\nx.example.com false\na@mail.example.com false\nA@B.example false\na@b.example false\n#blank false\n#<> default\n", "2:warn:unreachable 3:warn:unreachable 4:warn:unreachable 6:warn:unreachable 7:bad:blank-above-null 8:warn:unreachable"},
	{"below everyone", "*.*.*.* default\n203.0.113.9 false\nexample.com false\n", "2:warn:unreachable 3:warn:unreachable"},
	{"flags of the last line", "192.0.2.9 norelay\n", "1:warn:last-flags"},
	{"flags of the last line, norelay,2", "192.0.2.9 norelay,2\n", "1:warn:last-flags 1:warn:no-catch-all"},
	{"norelay,2 and no line for everyone", "192.0.2.9 norelay,2\n203.0.113.9 false\n", "1:warn:no-catch-all"},
	{"norelay,2 and a line for everyone", "192.0.2.9 norelay,2\n*.*.*.* norelay,2\n", ""},
	{"blank without null", "#blank false\n", "1:bad:blank-above-null"},

	{"IPv4 networks", "203.0.113/24 false\n10/8 false\n0.0.0.0/0 false\n203.0.113.0/33 false\n203.0.113.0/ false\n255.255.255.0/24 false\n203.0.113.9/28 false\n8.0.0.0/9 false\n010.0.0.0/24 false\n",
		"1:warn:short-network 2:warn:short-network 3:warn:network-length 3:warn:unreachable 4:warn:network-length 5:warn:network-length 5:warn:unreachable 6:warn:empty-network 7:info:unaligned-network 8:info:wide-network 9:warn:short-network 9:warn:unreachable"},
	{"IPv4 addresses", "203.0.113 false\n203.000.113.010 false\n203.0.113.09 false\n", "1:warn:not-canonical 2:warn:not-canonical 3:warn:no-ip-pattern"},
	{"IPv6", "2001:DB8::5 false\n2001:db8:0:0::6 false\n2001:db8:9::/48 false\n2001:db8:9::5/120 false\n2001:db8:9:1::5/64 false\n::ffff:203.0.113.9 false\n2001:DB8:*:: false\n2001:db8::/129 false\n2001:db8:8::7 false\n",
		"1:warn:not-canonical 2:warn:not-canonical 3:warn:ipv6-first-64 4:warn:ipv6-host-bits 5:warn:ipv6-host-bits 6:warn:not-canonical 7:warn:not-canonical 8:warn:network-length"},
	{"stars", "192.168.1* default\n192.168.2.*/24 default\n10.*.0.1 default\n203.0.113.26* false\n2001:db8:* false\n300.1.2.3 false\n255.255.255.255 false\n", "1:warn:star-in-octet 2:warn:after-star 3:warn:after-star 4:warn:no-ip-pattern 5:warn:no-ip-pattern 6:warn:no-ip-pattern 7:warn:no-ip-pattern"},
	{"two stars", "*@MAIL.* false\n*@Mail.*.* false\n*a*b*c false\n*@mail.*.COM false\n", "1:warn:two-stars-capitals 2:warn:two-stars-capitals 3:warn:three-stars"},
}

func TestCheck(t *testing.T) {
	for _, x := range cases {
		t.Run(x.name, func(t *testing.T) {
			var got []string
			for _, f := range lint.Check(effect.Parse([]byte(x.file)), own) {
				got = append(got, fmt.Sprintf("%d:%s:%s", f.Line, f.Level, f.Code))
			}
			want := strings.Fields(x.want)
			slices.Sort(got)
			slices.Sort(want)
			if !slices.Equal(got, want) {
				t.Errorf("%q:\ngot  %s\nwant %s", x.file, strings.Join(got, " "), strings.Join(want, " "))
			}
		})
	}
}

// TestCodes holds the list of codes in the package comment to the cases above: each is found, none missing.
func TestCodes(t *testing.T) {
	source, err := os.ReadFile(filepath.Join(".", "lint.go"))
	if err != nil {
		t.Fatal(err)
	}
	told := map[string]bool{}
	for _, m := range regexp.MustCompile(`(?m)^//\t([a-z0-9, -]+?) +(info|warn|bad) `).FindAllStringSubmatch(string(source), -1) {
		for _, code := range strings.Split(m[1], ", ") {
			told[code] = true
		}
	}
	if len(told) < 30 {
		t.Fatalf("only %d codes read from the comment", len(told))
	}
	for _, x := range cases {
		for _, f := range strings.Fields(x.want) {
			code := strings.Split(f, ":")[2]
			if _, known := told[code]; !known {
				t.Errorf("%s is not in the package comment", code)
			}
			told[code] = false
		}
	}
	for code, unseen := range told {
		if unseen {
			t.Errorf("no case finds %s", code)
		}
	}
}

func TestFindingsAreSafeToShow(t *testing.T) {
	found := lint.Check(effect.Parse([]byte("\x1b[2J\x83\x5c\xe2\x80\xae"+strings.Repeat("x", 200)+"\n203.0.113.9 \n")), own)
	if len(found) != 3 {
		t.Fatalf("%+v", found)
	}
	if want := `"\x1b[2J\x83\\\u202e`; !strings.HasPrefix(found[0].Raw, want) || len(found[0].Raw) > 200 {
		t.Errorf("got %s, want it to begin with %s", found[0].Raw, want)
	}
	if want := `"203.0.113.9 "`; found[2].Raw != want {
		t.Errorf("got %s, want %s", found[2].Raw, want)
	}
}

func TestManyFindingsOfACode(t *testing.T) {
	var b strings.Builder
	b.WriteString("10.0.0.1 only\n")
	for i := range 1000 {
		fmt.Fprintf(&b, "203.0.%d.%d false\n", i/250, i%250+1)
	}
	found := lint.Check(effect.Parse([]byte(b.String())), own)
	if len(found) != 101 {
		t.Fatalf("%d findings", len(found))
	}
	if last := found[100]; last.Code != "lifts-only" || last.Line != 102 || last.Text != "the same of 900 lines from here on" {
		t.Errorf("%+v", last)
	}
	found = lint.Check(effect.Parse([]byte(strings.Repeat("203.0.113.9 deny\n", 5000))), own)
	var texts strings.Builder
	for _, f := range found {
		texts.WriteString(f.Text)
	}
	if len(found) != 202 || !strings.Contains(texts.String(), "4900 lines") || !strings.Contains(texts.String(), "4899 lines") {
		t.Errorf("%d findings, the last %+v", len(found), found[len(found)-1])
	}
}
