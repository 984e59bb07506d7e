package received

import (
	"bufio"
	"encoding/json"
	"net/netip"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// shared opens a file of ../shared, or skips.
func shared(t testing.TB, name string) *os.File {
	t.Helper()
	f, err := os.Open(filepath.Join("..", "..", "..", "..", "shared", name))
	if err != nil {
		if strings.Contains(os.Getenv("HIKESHI_REQUIRE"), "shared") {
			t.Fatalf("HIKESHI_REQUIRE asks for shared: %v", err)
		}
		t.Skipf("the corpora are not here: %v", err)
	}
	t.Cleanup(func() { f.Close() })
	return f
}

// apart are the cases that are read otherwise here, and why.
var apart = map[string]string{
	"rp-7709a48e": "the id is Exim's, and Exim writes the name that it verified where HELO and name are the same",
}

type fields struct{ IP, RDNS, HELO, By, Ident, Envfrom, ID, Auth string }

// notation writes a hop as SpamAssassin does: address literals as !IP!, a login as a word.
func notation(h Hop) fields {
	f := fields{RDNS: h.RDNS, HELO: h.HELO, By: h.By, Ident: h.Ident, Envfrom: h.EnvelopeFrom, ID: h.ID}
	if h.IP.IsValid() {
		f.IP = h.IP.String()
	}
	if lit := strings.Trim(h.HELO, "[]"); lit != h.HELO {
		f.HELO = "!" + lit + "!"
	}
	if h.Auth {
		f.Auth = "yes"
	}
	return f
}

func TestCorpus(t *testing.T) {
	all, good := 0, 0
	for s := bufio.NewScanner(shared(t, "corpora/received/spamassassin.jsonl")); s.Scan(); {
		var c struct {
			Case, Header, Expect string
			Fields               fields
		}
		if err := json.Unmarshal(s.Bytes(), &c); err != nil {
			t.Fatal(err)
		}
		all++
		h, err := Parse(c.Header)
		got := notation(h)
		if c.Fields.Auth != "" {
			c.Fields.Auth = "yes"
		}
		if a, e := netip.ParseAddr(c.Fields.IP); e == nil {
			c.Fields.IP = a.String()
		}
		same := err == nil && got == c.Fields
		if c.Expect == "ignored" { // nobody handed it over that could be named
			same = !h.IP.IsValid()
		}
		why, known := apart[c.Case]
		switch {
		case same && known:
			t.Errorf("%s is read as expected now, and stands in the list of exceptions", c.Case)
		case same:
			good++
		case known:
			t.Logf("%s: %s\n%s\ngot  %+v\nwant %+v", c.Case, why, c.Header, got, c.Fields)
		default:
			t.Errorf("%s (%s):\n%s\ngot  %+v %v\nwant %+v", c.Case, c.Expect, c.Header, got, err, c.Fields)
		}
	}
	t.Logf("%d of %d cases are read as expected", good, all)
	if all < 101 || good*100 < all*95 {
		t.Errorf("%d of %d cases are read as expected, want 95 %%", good, all)
	}
}
