package field

import "hash/maphash"

// A Recent remembers at least the last few things it was told, by a hash of their names: when it is full, the older half is forgotten. The hash
// has a seed of its own, so that nobody can make names that meet.
type Recent[V any] struct {
	seed       maphash.Seed
	young, old map[uint64]V
	most       int
}

// NewRecent returns an empty one that remembers the last most things, and no more than twice as many.
func NewRecent[V any](most int) *Recent[V] {
	return &Recent[V]{seed: maphash.MakeSeed(), young: map[uint64]V{}, most: most}
}

// Key is the number of a name.
func (r *Recent[V]) Key(name []byte) uint64 { return maphash.Bytes(r.seed, name) }

// Get returns what was told of a name.
func (r *Recent[V]) Get(key uint64) (v V, ok bool) {
	if v, ok = r.young[key]; !ok {
		v, ok = r.old[key]
	}
	return v, ok
}

// Put tells of a name.
func (r *Recent[V]) Put(key uint64, v V) {
	if len(r.young) >= r.most {
		r.old, r.young = r.young, map[uint64]V{}
	}
	r.young[key] = v
}

// Drop forgets a name.
func (r *Recent[V]) Drop(key uint64) {
	delete(r.young, key)
	delete(r.old, key)
}
