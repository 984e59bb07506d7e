package proof_test

import (
	"net/netip"
	"reflect"
	"slices"
	"strings"
	"testing"

	"hikeshi/spool/epms/effect"
	"hikeshi/spool/epms/effect/proof"
)

const shipped = "#<> default\n#blank false\n"

func TestProofSeesWrongEdits(t *testing.T) {
	own := effect.Own{Domains: []string{"example.jp"}, Addresses: []netip.Addr{netip.MustParseAddr("192.0.2.1")}}
	for name, x := range map[string]struct{ before, after string }{
		"not denied":                  {shipped, shipped},
		"below a sender line":         {"example.jp true\n", "example.jp true\n203.0.113.9 false\n"},
		"below an only":               {"192.168.1.* only\n", "192.168.1.* only\n203.0.113.9 false\n"},
		"last below norelay":          {"192.0.2.9 norelay,0\n", "192.0.2.9 norelay,0\n203.0.113.9 false\n"},
		"too wide by one bit":         {shipped, shipped + "203.0.113.8/31 false\n"},
		"by text prefix":              {shipped, shipped + "203.0.113.9* false\n"},
		"a line of somebody else out": {"198.51.100.7 true\n", "203.0.113.9 false\n"},
		"an own address too":          {shipped, shipped + "203.0.113.9 false\n192.0.2.1 false\n"},
		"an own domain too":           {shipped, shipped + "203.0.113.9 false\nexample.jp false\n"},
		"bounces of everybody":        {"#<> default\n", "203.0.113.9 false\n#blank false\n#<> default\n"},
	} {
		r, err := proof.Compare(effect.Parse([]byte(x.before)), effect.Parse([]byte(x.after)), proof.Sample{Denied: []string{"203.0.113.9"}, Own: own, Seed: 7})
		if err != nil || len(r.Differences) == 0 {
			t.Errorf("%s: no difference seen in %d queries (%v)", name, r.Asked, err)
		}
	}
	if _, err := proof.Compare(effect.Parse(nil), effect.Parse(nil), proof.Sample{Denied: []string{"a b"}}); err == nil {
		t.Error("a bad target is taken")
	}
}

func compare(t *testing.T, before, after string, s proof.Sample) proof.Report {
	t.Helper()
	r, err := proof.Compare(effect.Parse([]byte(before)), effect.Parse([]byte(after)), s)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func TestRightEditHasNoDifference(t *testing.T) {
	const file = shipped + "192.168.1.* only\nexample.jp true\n192.0.2.9 norelay,0\n"
	for _, target := range []string{"203.0.113.9", "203.0.113.0/24", "2001:db8::/32", "example.com", "a@example.com"} {
		f := effect.Parse([]byte(file))
		e, err := f.Deny(target)
		if err != nil {
			t.Fatal(err)
		}
		g, err := e.Apply(f)
		if err != nil {
			t.Fatal(err)
		}
		s := proof.Sample{Denied: []string{target}, Seed: 3}
		if r := compare(t, file, string(g.Bytes()), s); len(r.Differences) > 0 || r.Asked < 500 {
			t.Errorf("%s: %d asked, %v", target, r.Asked, r.Differences)
		}
		undone := compare(t, file, string(g.Bytes()), s)
		if again := compare(t, file, string(g.Bytes()), s); !reflect.DeepEqual(again, undone) {
			t.Errorf("%s: the same seed gives another report", target)
		}
	}
}

// TestNullSenderMayKeepDefault also holds the exception to its bounds.
func TestNullSenderMayKeepDefault(t *testing.T) {
	s := proof.Sample{Denied: []string{"203.0.113.9"}}
	if r := compare(t, "#<> default\n", "#<> default\n203.0.113.9 false\n", s); len(r.Differences) > 0 {
		t.Errorf("below #<> default: %v", r.Differences)
	}
	r := compare(t, "#blank false\n", "#<> default\n#blank false\n203.0.113.9 false\n", s)
	if !slices.ContainsFunc(r.Differences, func(d proof.Difference) bool { return d.Query.Sender == "<>" && d.Target == "203.0.113.9" }) {
		t.Errorf("a denial that lets the null sender in: %v", r.Differences)
	}
	r = compare(t, "#<> true\n", "#<> true\n203.0.113.9 false\n", s)
	if !slices.ContainsFunc(r.Differences, func(d proof.Difference) bool { return d.Query.Sender == "<>" && d.Target == "203.0.113.9" }) {
		t.Errorf("below #<> true: %v", r.Differences)
	}
}

func TestDifferenceSaysWhatIsWrong(t *testing.T) {
	s := proof.Sample{Denied: []string{"203.0.113.9"}}
	r := compare(t, "", "203.0.113.8/31 false\n", s)
	if len(r.Differences) == 0 {
		t.Fatal("no difference")
	}
	want := "203.0.113.8 with any foreign sender is nobody denied, and the decision changes: default (line 0) becomes deny (line 1)"
	if got := r.Differences[0].String(); got != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
	r = compare(t, "", "", s)
	if got := r.Differences[0].String(); !strings.HasSuffix(got, "belongs to the denied 203.0.113.9 and is not refused: default") {
		t.Errorf("got %s", got)
	}
}

func TestManyDenied(t *testing.T) {
	var denied []string
	a := netip.MustParseAddr("198.51.100.0")
	for range 3000 {
		denied = append(denied, a.String())
		a = a.Next()
	}
	f := effect.Parse([]byte(shipped))
	e, err := f.DenyAll(denied)
	if err != nil {
		t.Fatal(err)
	}
	g, _ := e.Apply(f)
	if r := compare(t, shipped, string(g.Bytes()), proof.Sample{Denied: denied}); len(r.Differences) > 0 {
		t.Errorf("%v", r.Differences[0])
	}
	lost := strings.Replace(string(g.Bytes()), "\n198.51.105.7 false", "", 1)
	if r := compare(t, shipped, lost, proof.Sample{Denied: denied}); len(r.Differences) == 0 {
		t.Error("one of 3,000 denials is missing and nothing is seen")
	}
	if r := compare(t, shipped, "", proof.Sample{Denied: denied}); len(r.Differences) != 100 {
		t.Errorf("%d differences are kept", len(r.Differences))
	}
}
