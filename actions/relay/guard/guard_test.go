package guard

import (
	"errors"
	"net/netip"
	"strings"
	"testing"

	"hikeshi/runbook"
	"hikeshi/spool"
)

func TestCare(t *testing.T) {
	for target, want := range map[string]string{
		"203.0.113.9": "", "203.0.113.0/24": "203.0.113.0/24 (256)", "2001:db8::/48": "(2^80)", "2001:db8::5": "", "203.0.113.9/32": "",
		"192.168.1.5": "inside", "10.1.0.0/16": "inside", "100.64.3.4": "inside", "fd00::1": "inside", "example.com": "chosen by who sends", "a@example.com": "chosen by who sends",
	} {
		found := Care([]string{target})
		if want == "" {
			if len(found) > 0 {
				t.Errorf("%s: %v", target, found)
			}
			continue
		}
		if len(found) != 1 || found[0].Level != runbook.Warn || !strings.Contains(found[0].Text.EN, want) || !strings.Contains(found[0].Text.JA, target) {
			t.Errorf("%s: %+v", target, found)
		}
	}
	many := make([]string, 100)
	for i := range many {
		many[i] = "192.168.1.5"
	}
	if found := Care(many); len(found) != 1 || len(found[0].Text.EN) > 400 {
		t.Errorf("%d findings", len(found))
	}
}

func TestRefuse(t *testing.T) {
	g := Guard{Own: spool.Own{Domains: []string{"example.jp"}, Addresses: []netip.Prefix{netip.MustParsePrefix("192.0.2.25/32")}}, Responder: []netip.Addr{netip.MustParseAddr("203.0.113.200")}, PrefixV4: 24, PrefixV6: 48}
	for _, target := range []string{"127.0.0.1", "192.0.2.25", "203.0.113.0/24", "203.0.113.200", "198.51.0.0/16", "example.jp", "taro@example.jp", "x"} {
		if err := g.Refuse([]string{"203.0.113.9", target}); !errors.Is(err, runbook.ErrInput) {
			t.Errorf("%s: %v", target, err)
		}
	}
	if err := g.Refuse([]string{"203.0.113.9", "198.51.100.0/24", "example.com"}); err != nil {
		t.Error(err)
	}
}

// A network with a length that there is not is told as such, in words of its own.
func TestNoNetwork(t *testing.T) {
	g := Guard{PrefixV4: 24, PrefixV6: 48}
	for target, want := range map[string]string{
		"192.0.2.0/33": "IPv4 network ends with /0 to /32", "192.0.2.0/": "IPv4 network", "192.0.2.0/x": "IPv4 network", "2001:db8::/129": "IPv6 network ends with /0 to /128",
	} {
		if err := g.Refuse([]string{target}); err == nil || !strings.Contains(err.Error(), want) || strings.Contains(err.Error(), "netip") {
			t.Errorf("%s: %v", target, err)
		}
	}
	if err := g.Refuse([]string{"192.0.2.0/24", "2001:db8::/64", "example.com"}); err != nil {
		t.Error(err)
	}
}

// TestWidthIsTheReason: of a network that covers loopback, too, its width is what is wrong with it.
func TestWidthIsTheReason(t *testing.T) {
	g := Guard{PrefixV4: 24, PrefixV6: 48}
	for target, want := range map[string]string{"0.0.0.0/0": "wider than /24", "::/0": "wider than /48", "127.0.0.0/8": "wider than /24", "127.0.0.1": "loopback", "127.0.0.0/24": "loopback", "::1": "loopback"} {
		if err := g.Refuse([]string{target}); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v, want %q", target, err, want)
		}
	}
}

func TestSame(t *testing.T) {
	for pair, want := range map[[2]string]bool{
		{"203.0.113.9", "203.0.113.9/32"}: true, {"2001:DB8::5", "2001:db8:0::5"}: true, {"::ffff:203.0.113.9", "203.0.113.9"}: true,
		{"203.0.113.9", "203.0.113.0/24"}: false, {"example.com", "example.com"}: false, {"", ""}: false,
	} {
		if Same(pair[0], pair[1]) != want {
			t.Errorf("%q: want %v", pair, want)
		}
	}
}
