package judge

import (
	"net/netip"
	"slices"
	"testing"

	"hikeshi/spool/lab/names"
)

func TestLists(t *testing.T) {
	on := func(zone, answer, text string) names.Listing {
		return names.Listing{Zone: zone, Subject: "192.0.2.25", Answer: netip.MustParseAddr(answer), Text: text}
	}
	a, b := on("a.example", "127.0.0.2", "spam"), on("b.example", "127.0.0.3", "")
	for _, c := range []struct {
		name         string
		listed, seen []names.Listing
		value        string
		ok           bool
		items        []string
	}{
		{"all found", []names.Listing{a, b}, []names.Listing{b, on("a.example", "127.0.0.2", "")}, "2 of 2", true, nil},
		{"one missed", []names.Listing{a, b}, []names.Listing{b}, "1 of 2", false, []string{"192.0.2.25 a.example 127.0.0.2: not found"}},
		{"one made up", []names.Listing{a}, []names.Listing{a, b}, "1 of 1, 1 not listed", false, []string{"192.0.2.25 b.example 127.0.0.3: not listed there"}},
		{"another answer", []names.Listing{a}, []names.Listing{on("a.example", "127.0.0.4", "spam")}, "0 of 1, 1 not listed", false,
			[]string{"192.0.2.25 a.example 127.0.0.2: not found", "192.0.2.25 a.example 127.0.0.4: not listed there"}},
		{"on none", nil, []names.Listing{}, "0 of 0", true, nil},
		{"on none, one made up", nil, []names.Listing{b}, "0 of 0, 1 not listed", false, []string{"192.0.2.25 b.example 127.0.0.3: not listed there"}},
		{"not looked up", []names.Listing{a}, nil, "not looked up", false, nil},
		{"on none, not looked up", nil, nil, "not looked up", false, nil},
	} {
		j := Case{Listed: c.listed, Seen: c.seen}.lists()
		if j.Value != c.value || j.OK != c.ok || !slices.Equal(j.Items, c.items) {
			t.Errorf("%s: %s ok=%v %q, want %s ok=%v %q", c.name, j.Value, j.OK, j.Items, c.value, c.ok, c.items)
		}
	}
}
