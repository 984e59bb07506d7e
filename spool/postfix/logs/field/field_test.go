package field

import (
	"fmt"
	"net/netip"
	"testing"
)

func TestID(t *testing.T) {
	for text, want := range map[string]string{"4104E3D: x": "4104E3D x", "48rT2v1hQrz1J0N: x": "48rT2v1hQrz1J0N x", "NOQUEUE: reject: x": " reject: x", "ABCDEF: x": "ABCDEF x", "bcdfghjklmzpqr: x": "bcdfghjklmzpqr x"} {
		if id, rest, ok := ID([]byte(text)); !ok || string(id)+" "+string(rest) != want {
			t.Errorf("%q: %q, %q, %v", text, id, rest, ok)
		}
	}
	for _, text := range []string{"", "warning: x", "4104E3D:", "4104E3D", "1: x", "statistics: x", "a1b2c3d4e5f6a1b2c3d4e5f6a1b2c3d4e5: x", "41 4E3D: x"} {
		if id, rest, ok := ID([]byte(text)); ok || string(rest) != text {
			t.Errorf("%q: %q, %q", text, id, rest)
		}
	}
}

func TestAddr(t *testing.T) {
	for _, good := range []string{"192.0.2.7", "0.0.0.0", "255.255.255.255", "2001:db8::1", "::"} {
		if a := Addr([]byte(good)); a != netip.MustParseAddr(good) {
			t.Errorf("%s: %s", good, a)
		}
	}
	if a := Addr([]byte("IPv6:2001:db8::1")); a.String() != "2001:db8::1" {
		t.Error(a)
	}
	if a := Addr([]byte("::ffff:192.0.2.7")); a.String() != "192.0.2.7" {
		t.Error(a)
	}
	for _, bad := range []string{"", "unknown", "1.2.3", "1.2.3.4.5", "256.1.1.1", "01.2.3.4", "1.2.3.", "1..2.3", "1.2.3.4 ", "a:b:c", "::::"} {
		if a := Addr([]byte(bad)); a.IsValid() {
			t.Errorf("%q: %s", bad, a)
		}
	}
	for text, want := range map[string]string{"mx.example.com[192.0.2.7]:25": "192.0.2.7 :25 true", "[2001:db8::1]:25 x": "2001:db8::1 :25 x true",
		"unknown[unknown]": "invalid IP  true", "mail.example.jp[private/lmtp]": "invalid IP  false", "none": "invalid IP  false", "x[192.0.2.7": "invalid IP  false"} {
		a, rest, ok := Peer([]byte(text))
		if got := fmt.Sprint(a, " ", string(rest), " ", ok); got != want {
			t.Errorf("%q: %q", text, got)
		}
	}
}

func TestNumber(t *testing.T) {
	for text, want := range map[string]int64{"": 0, "12x": 12, "x": 0, "123456789012345": 123456789012345, "99999999999999999999": 0} {
		if got := Number([]byte(text)); got != want {
			t.Errorf("%q: %d", text, got)
		}
	}
}

// At least the last ones are remembered, and no more than twice as many.
func TestRecent(t *testing.T) {
	r := NewRecent[int](100)
	for i := range 1000 {
		key := r.Key(fmt.Append(nil, i))
		r.Put(key, i)
		for back := max(0, i-99); back <= i; back += 33 {
			if v, ok := r.Get(r.Key(fmt.Append(nil, back))); !ok || v != back {
				t.Fatalf("%d is forgotten after %d", back, i)
			}
		}
	}
	if len(r.young)+len(r.old) > 200 {
		t.Errorf("%d are remembered", len(r.young)+len(r.old))
	}
	key := r.Key([]byte("999"))
	r.Drop(key)
	if _, ok := r.Get(key); ok {
		t.Error("what was dropped is there")
	}
}

// What is told is there until another takes its place, and a name that nobody told has none.
func TestSlots(t *testing.T) {
	s := NewSlots[int](64)
	if s.Get(0) != nil || s.Get(s.Key([]byte("none"))) != nil {
		t.Error("something is there that nobody told")
	}
	there := 0
	for i := range 1000 {
		key := s.Key(fmt.Append(nil, i))
		s.Put(key, i)
		if v := s.Get(key); v == nil || *v != i {
			t.Fatalf("%d is forgotten at once", i)
		}
	}
	for i := range 1000 {
		if v := s.Get(s.Key(fmt.Append(nil, i))); v != nil {
			if there++; *v != i {
				t.Errorf("%d instead of %d", *v, i)
			}
		}
	}
	if there < 32 || there > 64 {
		t.Errorf("%d of 64 places are taken", there)
	}
}
