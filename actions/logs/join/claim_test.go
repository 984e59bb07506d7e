package join

import (
	"math"
	"testing"

	"hikeshi/actions/logs/deed"
)

// Claims come out in their order, when their time has come or there are too many of them.
func TestClaims(t *testing.T) {
	var c Claims
	out := int64(0)
	take := func(now int64) (n int) {
		for x, ok := c.Due(now); ok; x, ok = c.Due(now) {
			if x.Deed.Wall != out {
				t.Fatalf("%d comes after %d", x.Deed.Wall, out-1)
			}
			out++
			n++
		}
		return n
	}
	for wall := range int64(3 * maxClaims) {
		c.Add(Claim{Deed: deed.Deed{Wall: wall}})
		if want := min(int(wall), 1); wall < maxClaims && take(wall+1) != want && want == 1 {
			t.Fatalf("at %d nothing is due", wall+1)
		}
	}
	for wall := range int64(2 * maxClaims) {
		c.Add(Claim{Deed: deed.Deed{Wall: 3*maxClaims + wall}})
		if take(0); len(c.all)-c.next >= maxClaims {
			t.Fatalf("%d wait", len(c.all)-c.next)
		}
	}
	take(math.MaxInt64)
	if out != 5*maxClaims || c.next != 0 || len(c.all) != 0 || cap(c.all) > 6*maxClaims {
		t.Errorf("%d came out, %d are left, room for %d", out, len(c.all), cap(c.all))
	}
}

// A message tells whether a login was one, also when it is settled already.
func TestProof(t *testing.T) {
	j := New(func(*Message, string) {})
	if j.Proof(1) != Unproven || j.Proof(0) != Unproven {
		t.Error("there is no message")
	}
	for id, sender := range []string{"", "taro@example.jp", "auth-login:taro@example.jp"} {
		if id > 0 {
			j.Message(&Message{ID: uint64(id), Sender: sender, Said: true, Wall: 1})
		}
	}
	for _, when := range []string{"waiting", "settled", "remembered"} {
		if j.Proof(1) != Proven || j.Proof(2) != MadeUp {
			t.Errorf("%s: %d, %d", when, j.Proof(1), j.Proof(2))
		}
		if when == "settled" {
			j.Remember(1, "taro", true)
			j.Remember(2, "taro", true)
		}
		j.Close()
	}
	if login, usual, waits := j.Whose(1); login != "taro" || !usual || waits != nil {
		t.Errorf("%q, %t", login, usual)
	}
}
