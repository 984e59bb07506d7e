package tally

import (
	"fmt"
	"math"
	"math/rand/v2"
	"testing"
)

// Up to its limit a counter is exact; beyond it no count is too low, none is too high by more than its own and the common error, and no
// name that was seen more often than that is missing.
func TestCounter(t *testing.T) {
	for _, names := range []int{50, 100, 3000} {
		r := rand.New(rand.NewPCG(1, uint64(names)))
		c, truth, total := NewCounter(100), map[string]int64{}, int64(0)
		for range 40000 {
			name := fmt.Sprintf("user%d", int(float64(names)*math.Pow(r.Float64(), 4)))
			n := int64(1 + r.IntN(3))
			c.Add(name, n)
			truth[name] += n
			total += n
		}
		if c.Len() > 100 || (c.Error() == 0) != (len(truth) <= 100) || c.Error() > total/100 {
			t.Fatalf("%d names: %d held, error %d of %d", len(truth), c.Len(), c.Error(), total)
		}
		for name, n := range truth {
			got, there := c.Get(name)
			switch {
			case there && (got.N < n || got.N-got.Over > n || got.Over > c.Error()):
				t.Errorf("%s: %+v, truth %d", name, got, n)
			case !there && n > c.Error():
				t.Errorf("%s is missing, seen %d times, error %d", name, n, c.Error())
			}
		}
		top := c.Top(3)
		if len(top) != 3 || top[0].Name != "user0" || top[0].N < top[1].N || len(c.Top(-1)) != c.Len() {
			t.Errorf("top %+v", top)
		}
	}
}

// A stream in another order within the limit gives the same list.
func TestCounterTies(t *testing.T) {
	c := NewCounter(2)
	for _, n := range []string{"b", "a", "c"} { // c takes the place of a, the first of the rarest
		c.Add(n, 1)
	}
	if got := fmt.Sprint(c.Top(-1), c.Error()); got != "[{c 2 1} {b 1 0}] 1" {
		t.Error(got)
	}
}

func TestDistinct(t *testing.T) {
	var d Distinct
	for i := range 100000 {
		h := Hash(fmt.Appendf(nil, "address%d@example.jp", i))
		fresh := d.Add(h)
		if d.Estimated() != (i >= Exact) || !fresh && !d.Estimated() {
			t.Fatalf("after %d: estimated %v, new %v", i+1, d.Estimated(), fresh)
		}
		if !d.Estimated() && (d.Add(h) || d.N() != i+1) {
			t.Fatalf("after %d: %d", i+1, d.N())
		}
		if i == 1000 || i == 10000 || i == 99999 {
			if off := math.Abs(float64(d.N())/float64(i+1) - 1); off > 4*StandardError {
				t.Errorf("after %d: %d, wrong by %.3f", i+1, d.N(), off)
			}
		}
	}
	var none *Distinct
	if none.N() != 0 || none.Estimated() {
		t.Error("none is something")
	}
}

// The estimate holds for many sets, on average far better than for the worst one.
func TestDistinctError(t *testing.T) {
	sum, worst := 0.0, 0.0
	const sets, size = 100, 5000
	for s := range sets {
		var d Distinct
		for i := range size {
			d.Add(Mix(uint64(s)<<32 | uint64(i)))
		}
		off := float64(d.N())/size - 1
		sum += off * off
		worst = max(worst, math.Abs(off))
	}
	if rms := math.Sqrt(sum / sets); rms > 1.3*StandardError || worst > 5*StandardError {
		t.Errorf("root mean square %.4f, worst %.4f, standard error %.4f", rms, worst, StandardError)
	}
}
