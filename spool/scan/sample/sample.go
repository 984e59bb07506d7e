// Package sample draws queue entries by the hash values of their names.
package sample

import (
	"container/heap"
	"strings"

	"hikeshi/spool"
)

// perEntry bounds the files of one queue entry: one for each extension, in each spelling of it.
const perEntry = 64

// A Ref is a file of the sample.
type Ref struct {
	Sub  string // folder below the one looked at, "" for itself
	Name string
	Part spool.Part
	Odd  bool   // never opened
	Hash uint64 // of the queue entry
}

// A Sample keeps the files of the queue entries with the lowest hash values: drawn as by lot, but the same at every look, and
// the same entries in every folder.
type Sample struct {
	Dropped bool // not every entry is in

	limit int
	files map[uint64][]Ref
	high  maxHeap
}

// New returns a sample of at most limit entries.
func New(limit int) *Sample { return &Sample{limit: limit, files: map[uint64][]Ref{}} }

// Len is the number of entries in the sample.
func (s *Sample) Len() int { return len(s.high) }

// Hashes are the hash values of the entries in the sample.
func (s *Sample) Hashes() []uint64 { return s.high }

// Files are the files of one entry.
func (s *Sample) Files(hash uint64) []Ref { return s.files[hash] }

// Wants says whether an entry with this hash value would be kept.
func (s *Sample) Wants(hash uint64) bool {
	if len(s.high) < s.limit || hash <= s.high[0] {
		return true
	}
	s.Dropped = true
	return false
}

// Add keeps r, for which Wants was true.
func (s *Sample) Add(r Ref) {
	r.Name = strings.Clone(r.Name) // the name shares the memory of a whole block
	have, there := s.files[r.Hash]
	if len(have) < perEntry {
		s.files[r.Hash] = append(have, r)
	} else {
		s.Dropped = true
	}
	if there {
		return
	}
	heap.Push(&s.high, r.Hash)
	if len(s.high) > s.limit {
		delete(s.files, heap.Pop(&s.high).(uint64))
		s.Dropped = true
	}
}

// Bound is the hash value up to which every entry of the folder is in the sample.
func (s *Sample) Bound() uint64 {
	if !s.Dropped || len(s.high) == 0 {
		return ^uint64(0)
	}
	return s.high[0]
}

// Entry is the name of a file without its extension.
func Entry(name string) string {
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
