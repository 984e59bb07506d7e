package ids

import (
	"fmt"
	"math/rand/v2"
	"runtime"
	"strings"
	"testing"
)

// TestSet compares the set with a map, over names that lie close together, far apart, and are of another shape.
func TestSet(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 2))
	names := []string{"", "B", "b0000000000", "B0000000000", "Bf0000000000", "BF0000000000", "B0f0000000000", "B00000000000", "B000000000000",
		"C0000000000", "B0000000063", "B0000000064", "B9999999999", "Bff9999999999", "Bg0000000000", "B000000000x", strings.Repeat("x", 300), "0000000000B"}
	for range 20000 {
		names = append(names, fmt.Sprintf("B%010d", rng.IntN(3000)), fmt.Sprintf("B%010d", rng.Int64N(1e10)), fmt.Sprintf("B%x%010d", rng.IntN(256), rng.IntN(50)),
			fmt.Sprintf("Q%dX%d", rng.IntN(5000), rng.IntN(3)))
	}
	var s Set
	want := map[string]bool{}
	for _, n := range names {
		key := strings.ToUpper(n) // letter case means nothing
		if s.Has(n) != want[key] {
			t.Fatalf("Has(%q) = %v", n, s.Has(n))
		}
		if s.Add(n) == want[key] {
			t.Fatalf("Add(%q) says that it was there: %v", n, want[key])
		}
		want[key] = true
		if s.Len() != int64(len(want)) {
			t.Fatalf("Len = %d, want %d after %q", s.Len(), len(want), n)
		}
	}
	for _, n := range names {
		if !s.Has(n) {
			t.Errorf("%q is lost", n)
		}
	}
}

func TestMerge(t *testing.T) {
	for _, sizes := range [][2]int{{0, 0}, {0, 10}, {10, 0}, {1000, 10}, {10, 1000}} {
		var a, b, all Set
		for i := range sizes[0] {
			a.Add(fmt.Sprintf("B%010d", i*3))
			all.Add(fmt.Sprintf("B%010d", i*3))
		}
		for i := range sizes[1] {
			b.Add(fmt.Sprintf("B%010d", i*2))
			all.Add(fmt.Sprintf("B%010d", i*2))
		}
		a.Merge(&b)
		if a.Len() != all.Len() || b.Len() != 0 {
			t.Errorf("%v: %d, want %d; the other has %d", sizes, a.Len(), all.Len(), b.Len())
		}
		for i := range 3000 {
			if n := fmt.Sprintf("B%010d", i); a.Has(n) != all.Has(n) {
				t.Errorf("%v: Has(%s) = %v", sizes, n, a.Has(n))
			}
		}
	}
}

// TestSetMemory holds a million names as a server numbers them, and a million that lie far apart.
func TestSetMemory(t *testing.T) {
	for name, c := range map[string]struct {
		step uint64
		most uint64 // MiB
	}{"in sequence": {1, 2}, "with gaps": {7, 4}, "far apart": {9973, 33}} {
		var s Set
		buf := []byte("B0000000000")
		for i := range uint64(1_000_000) {
			n := i * c.step
			for p := 10; p > 0; p-- {
				buf[p] = byte('0' + n%10)
				n /= 10
			}
			s.Add(string(buf))
		}
		if s.Len() != 1_000_000 {
			t.Errorf("%s: %d names", name, s.Len())
		}
		if got := uint64(len(s.slots)) * 16 >> 20; got > c.most {
			t.Errorf("%s: %d MiB", name, got)
		}
		runtime.KeepAlive(&s)
	}
}
