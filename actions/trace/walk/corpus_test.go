package walk

import (
	"bufio"
	"encoding/json"
	"net/netip"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"hikeshi/actions/trace/received"
)

// nets reads SpamAssassin's notation: 1.2/16, !1.2.3.4.
func nets(t *testing.T, words []string) (all []Net) {
	t.Helper()
	for _, w := range words {
		rest, not := strings.CutPrefix(w, "!")
		addr, bits, net := strings.Cut(rest, "/")
		if !strings.Contains(addr, ":") {
			addr += strings.Repeat(".0", 3-strings.Count(addr, "."))
		}
		a, err := netip.ParseAddr(addr)
		if err != nil {
			t.Fatal(err)
		}
		p := netip.PrefixFrom(a, a.BitLen())
		if net {
			if p, err = netip.ParsePrefix(addr + "/" + bits); err != nil {
				t.Fatal(err)
			}
		}
		all = append(all, Net{p.Masked(), not})
	}
	return all
}

type hop struct{ IP string }

type trustCase struct {
	Case, Topic string
	Config      struct {
		Trusted  []string `json:"trusted_networks"`
		Internal []string `json:"internal_networks"`
		MSA      []string `json:"msa_networks"`
	}
	Headers []struct{ Name, Value string }
	Expect  struct {
		Trusted, Untrusted []hop
		Differs            bool `json:"result_may_differ"`
	}
}

// TestTrustPath: where the border lies is what SpamAssassin says, in every case. Only internal networks set are trusted too.
func TestTrustPath(t *testing.T) {
	f, err := os.Open(filepath.Join("..", "..", "..", "..", "shared", "corpora", "received", "trust-path.jsonl"))
	if err != nil {
		if strings.Contains(os.Getenv("HIKESHI_REQUIRE"), "shared") {
			t.Fatalf("HIKESHI_REQUIRE asks for shared: %v", err)
		}
		t.Skipf("the corpora are not here: %v", err)
	}
	defer f.Close()
	all, borders := 0, 0
	for s := bufio.NewScanner(f); s.Scan(); all++ {
		var c trustCase
		if err := json.Unmarshal(s.Bytes(), &c); err != nil {
			t.Fatal(err)
		}
		own := Own{Nets: nets(t, c.Config.Trusted)}
		if len(own.Nets) == 0 {
			own.Nets = nets(t, c.Config.Internal)
		}
		for _, n := range nets(t, c.Config.MSA) {
			own.Submission = append(own.Submission, n.Prefix)
		}
		var lines []Line
		for _, h := range c.Headers {
			if h.Name != "Received" {
				lines = WithOrigin(lines, own, h.Name, h.Value)
				continue
			}
			parsed, err := received.Parse(h.Value)
			lines = append(lines, Line{Hop: parsed, Read: err == nil})
		}
		w := Walk(lines, own)
		got := ""
		if w.Border >= 0 && !(w.Login && w.Trusted > w.Border) { // who logged in is trusted, for a blocklist
			got = lines[w.Border].Hop.IP.String()
		}
		want := ""
		if len(c.Expect.Untrusted) > 0 {
			want = netip.MustParseAddr(c.Expect.Untrusted[0].IP).String()
			borders++
		}
		if got != want && !c.Expect.Differs {
			t.Errorf("%s (%s): the border is %q, want %q\n%+v", c.Case, c.Topic, got, want, w)
		}
		if len(c.Expect.Trusted)+len(c.Expect.Untrusted) != len(lines) {
			t.Errorf("%s: %d lines", c.Case, len(lines))
		}
	}
	t.Logf("%d cases, %d with a border", all, borders)
	if all < 23 || borders < 5 {
		t.Errorf("%d cases, %d with a border", all, borders)
	}
}

var now = time.Date(2026, 11, 21, 4, 0, 0, 0, time.UTC)
