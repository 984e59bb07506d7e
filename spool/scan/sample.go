package scan

import (
	"container/heap"
	"strings"

	"hikeshi/spool"
)

// perEntry bounds the files of one queue entry: one for each extension, in each spelling of it.
const perEntry = 64

// A ref is a file of the sample.
type ref struct {
	sub  string // folder below the one looked at, "" for itself
	name string
	part spool.Part
	odd  bool   // never opened
	list bool   // list mail by its name
	hash uint64 // of the queue entry
}

// A sample keeps the files of the queue entries with the lowest hash values: drawn as by lot, but the same at every look, and
// the same entries in every folder.
type sample struct {
	limit   int
	files   map[uint64][]ref
	high    maxHeap
	dropped bool // not every entry is in
}

func newSample(limit int) *sample { return &sample{limit: limit, files: map[uint64][]ref{}} }

// wants says whether an entry with this hash value would be kept.
func (s *sample) wants(hash uint64) bool {
	if len(s.high) < s.limit || hash <= s.high[0] {
		return true
	}
	s.dropped = true
	return false
}

// add keeps r, for which wants was true.
func (s *sample) add(r ref) {
	r.name = strings.Clone(r.name) // the name shares the memory of a whole block
	have, there := s.files[r.hash]
	if len(have) < perEntry {
		s.files[r.hash] = append(have, r)
	} else {
		s.dropped = true
	}
	if there {
		return
	}
	heap.Push(&s.high, r.hash)
	if len(s.high) > s.limit {
		delete(s.files, heap.Pop(&s.high).(uint64))
		s.dropped = true
	}
}

// bound is the hash value up to which every entry of the folder is in the sample.
func (s *sample) bound() uint64 {
	if !s.dropped || len(s.high) == 0 {
		return ^uint64(0)
	}
	return s.high[0]
}

// entry is the name of a file without its extension.
func entry(name string) string {
	if i := strings.LastIndexByte(name, '.'); i > 0 {
		return name[:i]
	}
	return name
}

type maxHeap []uint64

func (h maxHeap) Len() int           { return len(h) }
func (h maxHeap) Less(i, j int) bool { return h[i] > h[j] }
func (h maxHeap) Swap(i, j int)      { h[i], h[j] = h[j], h[i] }
func (h *maxHeap) Push(x any)        { *h = append(*h, x.(uint64)) }
func (h *maxHeap) Pop() any {
	old := *h
	x := old[len(old)-1]
	*h = old[:len(old)-1]
	return x
}
