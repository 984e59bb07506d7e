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

// Slots remember things like a Recent, in places that are made once: where two meet, the later one stays.
type Slots[V any] struct {
	seed maphash.Seed
	all  []slot[V]
}

type slot[V any] struct {
	key   uint64
	value V
}

// NewSlots returns empty ones.
func NewSlots[V any](n int) *Slots[V] { return &Slots[V]{maphash.MakeSeed(), make([]slot[V], n)} }

// Key is the number of a name, never 0.
func (s *Slots[V]) Key(name []byte) uint64 { return maphash.Bytes(s.seed, name) | 1<<63 }

// Get returns what was told of a name; nil if nothing was. It holds until the next Put.
func (s *Slots[V]) Get(key uint64) *V {
	at := &s.all[key%uint64(len(s.all))]
	if at.key != key || key == 0 {
		return nil
	}
	return &at.value
}

// Put tells of a name.
func (s *Slots[V]) Put(key uint64, v V) { s.all[key%uint64(len(s.all))] = slot[V]{key, v} }
