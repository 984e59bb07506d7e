package tally

import (
	"cmp"
	"container/heap"
	"slices"
	"strings"
)

// A Count is what is known of one name.
type Count struct {
	Name string
	N    int64 // never too low
	Over int64 // by so much N may be too high
}

// A Counter counts names, a limited number of them.
type Counter struct {
	limit int
	all   map[string]*entry
	heap  rarest
	worst int64
}

// NewCounter returns a Counter that is exact up to so many names.
func NewCounter(limit int) *Counter {
	return &Counter{limit: max(limit, 1), all: map[string]*entry{}}
}

// Add counts name n times.
func (c *Counter) Add(name string, n int64) {
	e := c.all[name]
	switch {
	case e != nil:
		e.N += n
		if c.heap != nil {
			heap.Fix(&c.heap, e.at)
		}
		return
	case len(c.all) < c.limit:
		e = &entry{Count: Count{Name: strings.Clone(name), N: n}}
		c.all[e.Name] = e
		return
	}
	c.replace(name, n)
}

// replace gives the place of the rarest name to another one.
func (c *Counter) replace(name string, n int64) {
	if c.heap == nil { // full for the first time
		for _, e := range c.all {
			e.at = len(c.heap)
			c.heap = append(c.heap, e)
		}
		heap.Init(&c.heap)
	}
	e := c.heap[0]
	delete(c.all, e.Name)
	e.Over = e.N
	c.worst = max(c.worst, e.Over)
	e.Name, e.N = strings.Clone(name), e.N+n
	c.all[e.Name] = e
	heap.Fix(&c.heap, 0)
}

// Len is the number of names that are held.
func (c *Counter) Len() int { return len(c.all) }

// Error is by how much any count may be too high, and how often a name that is not held may have been seen; 0 means that all is exact.
func (c *Counter) Error() int64 { return c.worst }

// Get returns the count of name.
func (c *Counter) Get(name string) (Count, bool) {
	e, ok := c.all[name]
	if !ok {
		return Count{}, false
	}
	return e.Count, true
}

// Top returns the k most frequent names, all for a negative k; of equal counts the name that sorts first.
func (c *Counter) Top(k int) []Count {
	all := make([]Count, 0, len(c.all))
	for _, e := range c.all {
		all = append(all, e.Count)
	}
	slices.SortFunc(all, func(a, b Count) int { return cmp.Or(cmp.Compare(b.N, a.N), strings.Compare(a.Name, b.Name)) })
	if k >= 0 && k < len(all) {
		all = all[:k]
	}
	return all
}

type entry struct {
	Count
	at int // in the heap
}

// rarest is a heap with the rarest name on top; of equal counts the one that sorts first, so that every run does the same.
type rarest []*entry

func (r rarest) Len() int { return len(r) }
func (r rarest) Less(i, j int) bool {
	return r[i].N < r[j].N || r[i].N == r[j].N && r[i].Name < r[j].Name
}
func (r rarest) Swap(i, j int) { r[i], r[j] = r[j], r[i]; r[i].at, r[j].at = i, j }
func (r *rarest) Push(x any)   { *r = append(*r, x.(*entry)) }
func (r *rarest) Pop() any {
	last := (*r)[len(*r)-1]
	*r = (*r)[:len(*r)-1]
	return last
}
