package lockout

import (
	"net/netip"
	"strings"
	"testing"
	"time"
)

func TestRefused(t *testing.T) {
	// The moment of the vendor's page (FAQ win/19-19), 22:42:31 in Japan.
	set := time.Date(2025, 7, 23, 13, 42, 31, 0, time.UTC)
	const stamp = "133977517517477385"
	for _, c := range []struct {
		name, file, peer string
		after, lock      time.Duration
		want             bool
	}{
		{name: "no file", peer: "203.0.113.9"},
		{name: "nothing behind the TAB", file: "203.0.113.9\t\n", peer: "203.0.113.9", want: true},
		{name: "no TAB", file: "203.0.113.9\n", peer: "203.0.113.9", want: true},
		{name: "no final LF", file: "203.0.113.9\t", peer: "203.0.113.9", want: true},
		{name: "somebody else", file: "203.0.113.9\t\n", peer: "203.0.113.90"},
		{name: "allowed", file: "203.0.113.9\ttrue\n*\t\n", peer: "203.0.113.9"},
		{name: "refused above its permission", file: "*\t\n203.0.113.9\ttrue\n", peer: "203.0.113.9", want: true},
		{name: "a space for the TAB refuses", file: "203.0.113.9 true\n", peer: "203.0.113.9", want: true},
		{name: "a comment", file: "'203.0.113.9\t\n", peer: "203.0.113.9"},
		{name: "CRLF", file: "203.0.113.9\t\r\n", peer: "203.0.113.9", want: true},
		{name: "star behind a dot", file: "203.0.113.*\t\n", peer: "203.0.113.77", want: true},
		{name: "stars for everyone", file: "*.*.*.*\t\n", peer: "2001:db8::1", want: true},
		{name: "network", file: "203.0.113.0/28\t\n", peer: "203.0.113.15", want: true},
		{name: "beside the network", file: "203.0.113.0/28\t\n", peer: "203.0.113.16"},
		{name: "32 bits are a text", file: "203.0.113.4/32\t\n", peer: "203.0.113.40", want: true},
		{name: "IPv6 network", file: "2001:db8:0:1::/64\t\n", peer: "2001:db8:0:1::9", want: true},
		{name: "lock runs", file: "203.0.113.9\t" + stamp + "\n", peer: "203.0.113.9", after: 9 * time.Minute, lock: 10 * time.Minute, want: true},
		{name: "lock has run out", file: "203.0.113.9\t" + stamp + "\n", peer: "203.0.113.9", after: 11 * time.Minute, lock: 10 * time.Minute},
		{name: "run-out row is passed over", file: "203.0.113.9\t" + stamp + "\n*\t\n", peer: "203.0.113.9", after: time.Hour, lock: time.Minute, want: true},
		{name: "lock for ever", file: "203.0.113.9\t" + stamp + "\n", peer: "203.0.113.9", after: 1000 * time.Hour, want: true},
		{name: "third column", file: "203.0.113.9\t" + stamp + "\tiplock\n", peer: "203.0.113.9", lock: time.Hour},
		{name: "tail of a long row", file: strings.Repeat("x", most) + "203.0.113.9\t\n", peer: "203.0.113.9", want: true},
	} {
		if got := Refused([]byte(c.file), netip.MustParseAddr(c.peer), c.lock, set.Add(c.after)); got != c.want {
			t.Errorf("%s: refused %v, want %v", c.name, got, c.want)
		}
	}
}

func TestRowLocksUntilItsTimeHasPassed(t *testing.T) {
	now := time.Date(2026, 11, 21, 3, 12, 0, 0, time.UTC)
	peer := netip.MustParseAddr("203.0.113.9")
	file := Row(peer, now)
	for _, c := range []struct {
		at   time.Duration
		want bool
	}{{0, true}, {59 * time.Second, true}, {61 * time.Second, false}} {
		if got := Refused(file, peer, time.Minute, now.Add(c.at)); got != c.want {
			t.Errorf("%v after %q: refused %v", c.at, file, got)
		}
	}
}
