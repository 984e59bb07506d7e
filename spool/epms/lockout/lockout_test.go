package lockout

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"net/netip"
	"slices"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"hikeshi/spool"
)

var jst = time.FixedZone("JST", 9*3600)

// The vendor's example (FAQ win/19-19): 133977517517477385 is 2025-07-23 22:42:31 JST.
func TestStamp(t *testing.T) {
	at := time.Date(2025, 7, 23, 22, 42, 31, 747738500, jst)
	if got := Stamp(at); got != 133977517517477385 {
		t.Errorf("%d", got)
	}
}

func TestDecide(t *testing.T) {
	now := time.Date(2025, 7, 23, 23, 0, 0, 0, jst) // 17 minutes and a half after the stamp
	const stamp = "133977517517477385"
	const old = "133977293793391816" // more than six hours before
	for _, x := range []struct {
		table, peer string
		lock        time.Duration
		line        int
		refused     bool
	}{
		{"", "203.0.113.9", 0, 0, false},
		{"203.0.113.9\t\n", "203.0.113.9", time.Minute, 1, true},
		{"203.0.113.9\n", "203.0.113.9", time.Minute, 1, true},
		{"203.0.113.9\t0\n", "203.0.113.9", time.Minute, 1, true},
		{"203.0.113.9\t0", "203.0.113.9", time.Minute, 1, true},
		{"203.0.113.9\t\r\n", "203.0.113.9", time.Minute, 1, true},
		{"203.0.113.9 true\n", "203.0.113.9", time.Minute, 1, true},                  // a space cuts the row
		{"203.0.113.9\ttrue\n", "203.0.113.9", time.Minute, 1, false},                // always allowed
		{"203.0.113.9\ttrue\n203.0.113.9\t\n", "203.0.113.9", time.Minute, 1, false}, // the first row decides
		{"203.0.113.9\t\n203.0.113.9\ttrue\n", "203.0.113.9", time.Minute, 1, true},
		{"203.0.113.9\t" + stamp + "\n", "203.0.113.9", 30 * time.Minute, 1, true},
		{"203.0.113.9\t" + stamp + "\n", "203.0.113.9", 10 * time.Minute, 0, false}, // run out
		{"203.0.113.9\t" + stamp + "\n", "203.0.113.9", 0, 1, true},                 // 0: for ever
		{"203.0.113.9\t" + old + "\n203.0.113.9\t" + stamp + "\n", "203.0.113.9", 30 * time.Minute, 2, true},
		{"203.0.113.9\t" + old + "\n203.0.113.*\ttrue\n", "203.0.113.9", 30 * time.Minute, 2, false},
		{"203.0.113.9\t" + stamp + "\tiplock\n", "203.0.113.9", 30 * time.Minute, 0, false}, // counts in the second look only
		{"' 203.0.113.9\n\n 203.0.113.9\n", "203.0.113.9", time.Minute, 0, false},
		{"203.0.113.9' note\n", "203.0.113.9", time.Minute, 1, true},
		{"203.0.113.*\t\n", "203.0.113.200", time.Minute, 1, true},
		{"203.0.113.*\t\n", "203.0.11.3", time.Minute, 0, false},
		{"203.0.113.1*\t\n", "203.0.113.10", time.Minute, 1, true},
		{"*\t\n", "2001:db8::5", time.Minute, 1, true},
		{"*.*.*.*\t\n", "2001:db8::5", time.Minute, 1, true},
		{"203.0.113.0/28\t\n", "203.0.113.15", time.Minute, 1, true},
		{"203.0.113.0/28\t\n", "203.0.113.16", time.Minute, 0, false},
		{"203.0.113.4/32\t\n", "203.0.113.40", time.Minute, 1, true}, // acts as a prefix of the text
		{"203.0.113.4\t\n", "203.0.113.40", time.Minute, 0, false},
		{"2001:db8::5\t\n", "2001:db8::5", time.Minute, 1, true},
		{"2001:DB8::5\t\n", "2001:db8::5", time.Minute, 0, false}, // as text
		{"2001:db8:0:1::/64\t\n", "2001:db8:0:1::9", time.Minute, 1, true},
		{strings.Repeat("x", 127) + "203.0.113.9\t\n", "203.0.113.9", time.Minute, 1, true}, // a piece of its own
		{strings.Repeat("x", 126) + "203.0.113.9\t\n", "203.0.113.9", time.Minute, 0, false},
		{"203.0.113.9\t\n", "::ffff:203.0.113.9", time.Minute, 1, true},
	} {
		d := Parse([]byte(x.table)).Decide(netip.MustParseAddr(x.peer), now, x.lock)
		if d.Line != x.line || d.Refused != x.refused {
			t.Errorf("%q, %s, lock %s: %+v", x.table, x.peer, x.lock, d)
		}
	}
	flood := Parse([]byte("203.0.113.9\t" + stamp + "\tiplock\n"))
	if d := flood.DecideFlood(netip.MustParseAddr("203.0.113.9"), now, 30*time.Minute); !d.Refused {
		t.Error("the second look does not count the row with a third column")
	}
}

func TestDeny(t *testing.T) {
	for name, x := range map[string]struct {
		before  string
		targets []string
		after   string
		insert  bool
		already int
	}{
		"empty":            {"", []string{"203.0.113.9"}, "203.0.113.9\t\n", false, 0},
		"append":           {"198.51.100.7\t133977517517477385\n", []string{"203.0.113.9", "2001:DB8::5"}, "198.51.100.7\t133977517517477385\n203.0.113.9\t\n2001:db8::5\t\n", false, 0},
		"no final newline": {"198.51.100.7\t", []string{"203.0.113.9"}, "198.51.100.7\t\n203.0.113.9\t\n", false, 0},
		"a network":        {"", []string{"203.0.113.0/24"}, "203.0.113.*\t\n", false, 0},
		"twice":            {"", []string{"203.0.113.9", "203.0.113.9", "::ffff:203.0.113.9"}, "203.0.113.9\t\n", false, 0},
		"refused already":  {"203.0.113.*\t\n", []string{"203.0.113.9", "203.0.113.0/24"}, "203.0.113.*\t\n", false, 2},
		"for a while":      {"203.0.113.9\t133977517517477385\n", []string{"203.0.113.9"}, "203.0.113.9\t133977517517477385\n203.0.113.9\t\n", false, 0},
		"allowed":          {"192.0.2.1\t\n203.0.113.*\ttrue\n", []string{"203.0.113.9"}, "192.0.2.1\t\n203.0.113.9\t\n203.0.113.*\ttrue\n", true, 0},
		"allowed, others":  {"203.0.113.0/28\tTRUE\n", []string{"198.51.100.7", "203.0.113.9"}, "198.51.100.7\t\n203.0.113.9\t\n203.0.113.0/28\tTRUE\n", true, 0},
		"allowed below":    {"203.0.113.*\ttrue\n203.0.113.9\t\n", []string{"203.0.113.9"}, "203.0.113.9\t\n203.0.113.*\ttrue\n203.0.113.9\t\n", true, 0},
		"allowed in part":  {"203.0.113.77\ttrue\n", []string{"203.0.113.0/24"}, "203.0.113.*\t\n203.0.113.77\ttrue\n", true, 0},
		"others allowed":   {"192.168.0.*\ttrue\n", []string{"203.0.113.9"}, "192.168.0.*\ttrue\n203.0.113.9\t\n", false, 0},
	} {
		e, err := Parse([]byte(x.before)).Deny(x.targets)
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		after, err := Apply([]byte(x.before), e)
		if err != nil || string(after) != x.after || e.Insert != x.insert || len(e.Already) != x.already {
			t.Errorf("%s: %q, insert %v, already %v, %v", name, after, e.Insert, e.Already, err)
		}
		back, err := Remove(after, e)
		if len(e.Rows) == 0 {
			if !errors.Is(err, fs.ErrNotExist) {
				t.Errorf("%s: nothing to remove: %v", name, err)
			}
		} else if err != nil || string(back) != x.before {
			t.Errorf("%s: removed: %q, %v", name, back, err)
		}
	}
	for _, target := range []string{"", "example.com", "a@example.com", "203.0.113.9 true", "203.0.113.9\n*", "203.0.113.0/28", "203.0.113.9/24", "0.0.0.0/0", "127.0.0.1", "::1", "fe80::1%eth0", "2001:db8::/64", "224.0.0.1", "*"} {
		var r *spool.Refusal
		if _, err := Parse(nil).Deny([]string{target}); !errors.As(err, &r) || r.JA == "" {
			t.Errorf("%q: %v", target, err)
		}
	}
}

// Rows that a service appends meanwhile stay, the others go byte for byte.
func TestRemoveBesideForeignRows(t *testing.T) {
	before := "198.51.100.7\t133977517517477385"
	e, err := Parse([]byte(before)).Deny([]string{"203.0.113.9", "203.0.113.10"})
	if err != nil {
		t.Fatal(err)
	}
	after, _ := Apply([]byte(before), e)
	back, err := Remove(append(after, "192.0.2.1\t133977517517477385\n"...), e)
	if want := before + "\n192.0.2.1\t133977517517477385\n"; err != nil || string(back) != want {
		t.Errorf("%q, %v", back, err)
	}
	back, err = Remove(bytes.Replace(after, []byte("203.0.113.9\t\n"), nil, 1), e) // one was taken out by hand
	if err != nil || string(back) != before {
		t.Errorf("%q, %v", back, err)
	}
}

var rowTexts = []string{"203.0.113.9", "203.0.113.10", "203.0.113.1*", "203.0.113.*", "203.0.*", "*", "*.*.*.*", "203.0.113.0/28", "203.0.113.1/32", "0.0.0.0/0", "198.51.100.7", "2001:db8::5", "2001:db8:*", "2001:db8::/64", "", "x", strings.Repeat("y", 130), "\xff\x00"}

var columns = []string{"", "\t", "\ttrue", "\tTRUE", "\t0", "\t1", "\t133977517517477385", "\t133977517517477385\tiplock", "\t99999999999999999999999", " true", "'", "\ttrue\tx"}

var targets = []string{"203.0.113.9", "203.0.113.10", "203.0.113.1", "203.0.113.0/24", "203.0.0.0/16", "198.51.100.7", "2001:db8::5"}

// Whatever the table: every target is refused for ever after the edit, nobody else is decided otherwise, and what was added goes again
// byte for byte, also from among rows that a service has appended.
func TestAnyTable(t *testing.T) {
	now := time.Date(2026, 11, 21, 3, 0, 0, 0, time.UTC)
	rapid.Check(t, func(t *rapid.T) {
		var b strings.Builder
		for range rapid.IntRange(0, 8).Draw(t, "rows") {
			b.WriteString(rapid.SampledFrom(rowTexts).Draw(t, "text") + rapid.SampledFrom(columns).Draw(t, "columns") + rapid.SampledFrom([]string{"\n", "\n", "\r\n", ""}).Draw(t, "end"))
		}
		before := []byte(b.String())
		want := rapid.SliceOfN(rapid.SampledFrom(targets), 1, 4).Draw(t, "targets")
		e, err := Parse(before).Deny(want)
		if err != nil {
			t.Fatal(err)
		}
		after, err := Apply(before, e)
		if err != nil {
			t.Fatal(err)
		}
		lock := rapid.SampledFrom([]time.Duration{0, time.Minute, 24 * 365 * time.Hour}).Draw(t, "lock")
		old, fresh := Parse(before), Parse(after)
		for _, peer := range []string{"203.0.113.9", "203.0.113.10", "203.0.113.1", "203.0.113.100", "203.0.9.9", "198.51.100.7", "198.51.100.70", "192.0.2.1", "2001:db8::5", "2001:db8::50"} {
			a := netip.MustParseAddr(peer)
			d := fresh.Decide(a, now, lock)
			if slices.ContainsFunc(want, func(s string) bool { return in(s, a) }) {
				if !d.Refused {
					t.Fatalf("%s is not refused: %q", peer, after)
				}
			} else if was := old.Decide(a, now, lock); was.Refused != d.Refused || was.Text != d.Text {
				t.Fatalf("%s: %+v became %+v: %q", peer, was, d, after)
			}
		}
		again, err := fresh.Deny(want)
		if err != nil || len(again.Rows) != 0 {
			t.Fatalf("planned again: %v, %v: %q", again.Rows, err, after)
		}
		if len(e.Rows) == 0 {
			return
		}
		back, err := Remove(after, e)
		if err != nil || !bytes.Equal(back, before) {
			t.Fatalf("removed: %q, want %q (%v)", back, before, err)
		}
		if len(after) > 0 && after[len(after)-1] == '\n' {
			const later = "192.0.2.99\t133977517517477385\n"
			back, err = Remove(append(bytes.Clone(after), later...), e)
			if err != nil || !bytes.HasSuffix(back, []byte(later)) || !bytes.HasPrefix(back, bytes.TrimSuffix(before, []byte("\n"))) && !e.Insert {
				t.Fatalf("removed beside a later row: %q (%v)", back, err)
			}
		}
	})
}

func in(target string, a netip.Addr) bool {
	if p, err := netip.ParsePrefix(target); err == nil {
		return p.Contains(a)
	}
	return netip.MustParseAddr(target) == a
}

func TestHostile(t *testing.T) {
	big := bytes.Repeat([]byte("203.0.113.9\t1\n"), 1<<16)
	if d := Parse(big).Decide(netip.MustParseAddr("198.51.100.7"), time.Now(), time.Minute); d.Refused {
		t.Error(d)
	}
	long := bytes.Repeat([]byte("a"), 1<<20)
	n := 0
	for range Parse(long).Rows() {
		n++
	}
	if want := (1<<20 + maxPiece - 1) / maxPiece; n != want {
		t.Errorf("%d pieces, want %d", n, want)
	}
	if got := fmt.Sprint(number("99999999999999999999999")); got != fmt.Sprint(uint64(1<<64-1)) {
		t.Error(got)
	}
}
