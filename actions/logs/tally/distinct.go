package tally

import (
	"math"
	"slices"

	"github.com/axiomhq/hyperloglog"
)

// Exact is the number of different things up to which a Distinct is exact.
const Exact = 256

// StandardError is that of a Distinct above Exact: 1.04 divided by the root of its registers.
const StandardError = 1.04 / 64

// Bound is by how much an estimate of n may be too high or too low: three standard errors, more than which hardly any of them is wrong.
func Bound(n int) int { return int(math.Ceil(3 * StandardError * float64(n))) }

const (
	few       = 16 // up to here a list is faster than a map
	precision = 12 // 2^12 registers
)

// A Distinct counts how many different hashes it was given. The zero value is empty.
type Distinct struct {
	list   []uint64
	set    map[uint64]struct{}
	sketch *hyperloglog.Sketch
}

// Add takes in a hash, of Hash or Mix. It says whether the hash is certainly new.
func (d *Distinct) Add(h uint64) bool {
	switch {
	case d.sketch != nil:
		d.sketch.InsertHash(h)
		return false
	case d.set != nil:
		before := len(d.set)
		d.set[h] = struct{}{}
		if len(d.set) > Exact {
			d.estimate()
			return true
		}
		return len(d.set) > before
	case slices.Contains(d.list, h):
		return false
	}
	d.list = append(d.list, h)
	if len(d.list) > few {
		d.set = make(map[uint64]struct{}, 2*len(d.list))
		for _, h := range d.list {
			d.set[h] = struct{}{}
		}
		d.list = nil
	}
	return true
}

func (d *Distinct) estimate() {
	d.sketch, _ = hyperloglog.NewSketch(precision, false) // the precision is valid
	for h := range d.set {
		d.sketch.InsertHash(h)
	}
	d.set = nil
}

// N is the number of different hashes.
func (d *Distinct) N() int {
	switch {
	case d == nil:
		return 0
	case d.sketch != nil:
		return int(d.sketch.Estimate())
	}
	return len(d.list) + len(d.set)
}

// Estimated says that N is an estimate: it may be wrong by Bound.
func (d *Distinct) Estimated() bool { return d != nil && d.sketch != nil }
