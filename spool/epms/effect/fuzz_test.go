package effect_test

import (
	"bytes"
	"net/netip"
	"strings"
	"testing"

	"hikeshi/spool/epms/effect"
	"hikeshi/spool/epms/effect/index"
	"hikeshi/spool/epms/effect/lint"
	"hikeshi/spool/epms/effect/proof"
)

// seeds are the examples and one file of every pattern and action.
func seeds() (all []string) {
	for _, x := range examples {
		all = append(all, x.file)
	}
	var b strings.Builder
	for i, p := range somePatterns {
		b.WriteString(p + someActions[i%len(someActions)] + "\n")
	}
	return append(all, b.String())
}

func FuzzParse(f *testing.F) {
	for _, s := range seeds() {
		f.Add([]byte(s))
	}
	own := effect.Own{Domains: []string{"example.jp"}, Addresses: []netip.Addr{netip.MustParseAddr("203.0.113.1")}}
	f.Fuzz(func(t *testing.T, data []byte) {
		file := effect.Parse(data)
		whole(t, file)
		last := 0
		for _, x := range lint.Check(file, own) {
			if x.Line < last || x.Code == "" || x.Text == "" || strings.ContainsFunc(x.Raw+x.Text, func(r rune) bool { return r < ' ' || r == 0x7f }) {
				t.Fatalf("finding %+v after line %d", x, last)
			}
			last = x.Line
		}
	})
}

func FuzzDecide(f *testing.F) {
	for i, s := range seeds() {
		f.Add([]byte(s), "203.0.113.9", someSenders[i%len(someSenders)], true)
	}
	f.Add([]byte("2001:db8:*:: only\n"), "2001:db8::1", "", false)
	f.Fuzz(func(t *testing.T, data []byte, peer, sender string, given bool) {
		a, _ := netip.ParseAddr(peer)
		q := effect.Query{Peer: a, Sender: sender, SenderGiven: given}
		file := effect.Parse(data)
		d := file.Decide(q)
		if by := index.Of(file).Decide(q); by != d {
			t.Fatalf("by index %+v, by line %+v", by, d)
		}
		if lines := bytes.Count(data, []byte("\n")) + 1; d.Line < 0 || d.Line > lines || d.Meaning(true) == "" || d.Reply(effect.Local, true).Mail == "" {
			t.Fatalf("%+v of %d lines", d, lines)
		}
	})
}

func FuzzDeny(f *testing.F) {
	for i, s := range seeds() {
		f.Add([]byte(s), someTargets[i%len(someTargets)])
	}
	f.Fuzz(func(t *testing.T, data []byte, name string) {
		file := effect.Parse(data)
		e, err := file.Deny(name)
		if err != nil {
			return
		}
		g, err := e.Apply(file)
		if err != nil {
			t.Fatal(err)
		}
		r, err := proof.Compare(file, g, proof.Sample{Denied: []string{name}})
		if err != nil || len(r.Differences) > 0 {
			t.Fatalf("%q by %+v: %v %v", name, e, r.Differences, err)
		}
		if again, err := g.Deny(name); err != nil || !again.Empty() {
			t.Fatalf("denying again: %+v, %v", again, err)
		}
		if back, err := g.Remove(e); err != nil || !bytes.Equal(back.Bytes(), data) {
			t.Fatalf("removing: %v", err)
		}
	})
}
