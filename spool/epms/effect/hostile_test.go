package effect_test

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"net/netip"
	"strings"
	"testing"
	"time"

	"hikeshi/spool/epms/effect"
	"hikeshi/spool/epms/effect/index"
	"hikeshi/spool/epms/effect/lint"
	"hikeshi/spool/epms/effect/proof"
)

func TestHostileBytesStay(t *testing.T) {
	for name, text := range map[string]string{
		"nothing":          "",
		"NUL":              "\x00\n203.0.113.1\x00 true\n\x00",
		"NUL only":         "\x00",
		"CRLF":             "#<> default\r\n#blank false\r\n",
		"Shift_JIS":        "' \x83\x81\x81[\x83\x8b\n\x93\xfa\x96{ true\n",
		"no final newline": "#<> default",
		"UTF-8 mark":       "\xef\xbb\xbf#<> default\n",
		"lone CR":          "#<> default\r#blank false\r",
		"only newlines":    "\n\n\r\n\r\r\n",
		"long":             strings.Repeat("x", 255*3+1),
		"255 and newline":  strings.Repeat("x", 255) + "\n",
		"254 and CRLF":     strings.Repeat("x", 254) + "\r\n",
		"escape sequences": "\x1b[31m203.0.113.1 false\x1b[0m\n\x1a",
		"numbers":          "4294967296 false\n0x100000000 false\n99999999999999999999/99999999999999999999 false\n1.2.3.4/-1 false\n1.2.3.4.5 false\n2001:db8::/999 false\n",
	} {
		f := effect.Parse([]byte(text))
		whole(t, f)
		e, err := f.DenyAll([]string{"203.0.113.9", "2001:db8::/64", "example.com"})
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		g, err := e.Apply(f)
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		if d := g.Decide(effect.Query{Peer: netip.MustParseAddr("203.0.113.9")}); d.Result != effect.Deny {
			t.Errorf("%s: denied peer gets %+v", name, d)
		}
		back, err := g.Remove(e)
		if err != nil || string(back.Bytes()) != text {
			t.Errorf("%s: %v, %q is left of %q", name, err, back.Bytes(), text)
		}
		lint.Check(f, effect.Own{Domains: []string{"example.jp"}})
	}
}

// many returns a file of n lines, those of the function below the shipped ones.
func many(n int, line func(i int) string) []byte {
	var b bytes.Buffer
	b.WriteString(shipped)
	for i := range n - 2 {
		b.WriteString(line(i))
		b.WriteByte('\n')
	}
	return b.Bytes()
}

func mixed(i int) string {
	a := fmt.Sprintf("%d.%d.%d.%d", 11+i%100, i/100%250, i/25_000%250, i%7)
	switch i % 8 {
	case 0:
		return a + "/24 false"
	case 1:
		return fmt.Sprintf("2001:db8:%x::%x false", i/1000+1, i%1000+1)
	case 2:
		return fmt.Sprintf("spam%d.example false", i)
	case 3:
		return fmt.Sprintf("s%d@example.com false", i)
	case 4:
		return fmt.Sprintf("*.x%d.example false", i)
	case 5:
		return "' comment on what follows"
	}
	return a + " false"
}

const slow = 30_000

// large are files of many lines, those of slow ones made to be slow.
var large = []struct {
	name  string
	lines int
	line  func(int) string
}{
	{"mixed", 1_000_000, mixed},
	{"open senders", slow, func(i int) string { return fmt.Sprintf("x%d.example", i) }},
	{"one star", slow, func(i int) string { return fmt.Sprintf("a%d*b%d@example.com true", i, i%1000) }},
	{"two stars", slow, func(i int) string { return fmt.Sprintf("*q%d*@example.com false", i) }},
	{"IPv6 unaligned", slow, func(i int) string { return fmt.Sprintf("2001:db8:1::%x:%x/120 false", i>>16+1, i&0xffff|1) }},
	{"same", slow, func(int) string { return "203.0.113.77 only" }},
}

// TestManyLines asks for every service of the package on a file of a million lines, and on smaller ones
// made to be slow. The limit is wide, so that only a cost per pair of lines breaks it.
func TestManyLines(t *testing.T) {
	if testing.Short() {
		t.Skip("large files take some seconds")
	}
	own := effect.Own{Domains: []string{"example.jp", "example.net"}, Addresses: []netip.Addr{netip.MustParseAddr("192.0.2.1")}}
	for _, x := range large {
		t.Run(x.name, func(t *testing.T) {
			begin := time.Now()
			f := effect.Parse(many(x.lines, x.line))
			n := 0
			for range f.Lines() {
				n++
			}
			if n != x.lines {
				t.Fatalf("%d lines", n)
			}
			took := []any{"parse", time.Since(begin).Round(time.Millisecond)}
			step := func(what string, run func()) {
				begin := time.Now()
				run()
				took = append(took, what, time.Since(begin).Round(time.Millisecond))
			}
			var g *effect.File
			step("decide", func() {
				f.Decide(effect.Query{Peer: netip.MustParseAddr("203.0.113.9"), Sender: "a@example.org", SenderGiven: true})
			})
			step("deny", func() {
				e, err := f.DenyAll([]string{"203.0.113.9", "2001:db8:ffff::/64", "example.com"})
				if err != nil || len(e.Added) != 3 {
					t.Fatalf("%+v, %v", e, err)
				}
				if g, err = e.Apply(f); err != nil {
					t.Fatal(err)
				}
				if back, err := g.Remove(e); err != nil || !bytes.Equal(back.Bytes(), f.Bytes()) {
					t.Fatal("the removal is not the inverse", err)
				}
			})
			step("compare", func() {
				r, err := proof.Compare(f, g, proof.Sample{Denied: []string{"203.0.113.9", "2001:db8:ffff::/64", "example.com"}, Own: own})
				if err != nil || len(r.Differences) > 0 {
					t.Fatal(err, r.Differences)
				}
				took = append(took, r.Asked)
			})
			step("lint", func() {
				if found := lint.Check(f, own); len(found) > 2000 {
					t.Fatalf("%d findings", len(found))
				}
			})
			t.Log(took...)
			if all := time.Since(begin); all > 3*time.Minute {
				t.Errorf("it took %s", all)
			}
		})
	}
}

func BenchmarkMillionLines(b *testing.B) {
	data := many(1_000_000, mixed)
	f := effect.Parse(data)
	missed := effect.Query{Peer: netip.MustParseAddr("203.0.113.9"), Sender: "a@example.org", SenderGiven: true}
	b.Run("Parse", func(b *testing.B) {
		b.ReportAllocs()
		b.SetBytes(int64(len(data)))
		for b.Loop() {
			for l := range effect.Parse(data).Lines() {
				_ = l
			}
		}
	})
	b.Run("Decide", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			if f.Decide(missed).Line != 0 {
				b.Fatal("a line matches")
			}
		}
	})
	b.Run("DecideEarly", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			if f.Decide(effect.Query{Sender: "<>", SenderGiven: true}).Line != 1 {
				b.Fatal("another line matches")
			}
		}
	})
	b.Run("Index", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			index.Of(f)
		}
	})
	b.Run("IndexDecide", func(b *testing.B) {
		x := index.Of(f)
		b.ReportAllocs()
		rng := rand.New(rand.NewPCG(1, 2))
		for b.Loop() {
			x.Decide(effect.Query{Peer: netip.AddrFrom4([4]byte{11, byte(rng.Uint32()), 3, 4}), Sender: "a@example.org", SenderGiven: true})
		}
	})
	b.Run("Lint", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			lint.Check(f, effect.Own{Domains: []string{"example.jp"}})
		}
	})
}
