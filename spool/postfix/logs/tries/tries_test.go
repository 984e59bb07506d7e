package tries

import (
	"net/netip"
	"testing"
)

func TestBook(t *testing.T) {
	var b Book
	one, two := netip.MustParseAddr("192.0.2.7"), netip.MustParseAddr("2001:db8::7")
	if n := b.Take(one, 100, 2); n != 2 {
		t.Error(n)
	}
	b.Told(one, 100)
	b.Told(one, 101)
	b.Told(netip.Addr{}, 101)
	for _, c := range []struct {
		peer netip.Addr
		wall int64
		n    int
		want int
	}{{two, 102, 1, 1}, {netip.Addr{}, 102, 1, 1}, {one, 102, 1, 0}, {one, 103, 3, 2}, {one, 103, 1, 1}} {
		if got := b.Take(c.peer, c.wall, c.n); got != c.want {
			t.Errorf("%+v: %d", c, got)
		}
	}
	b.Told(one, 200)
	if n := b.Take(one, 200+minutes+1, 1); n != 1 {
		t.Error("a try is remembered for ever")
	}
}
