package sample

import (
	"fmt"
	"slices"
	"testing"

	"hikeshi/spool/scan/ids"
)

// TestSampleIsThatOfTheLowestHashes compares the sample with sorting all.
func TestSampleIsThatOfTheLowestHashes(t *testing.T) {
	const limit = 50
	s := New(limit)
	var all []uint64
	for i := range 5000 {
		stem := fmt.Sprintf("B%010d", i)
		all = append(all, ids.Hash(stem))
		for _, ext := range []string{".MSG", ".RCP"} {
			r := Ref{Name: stem + ext, Hash: ids.Hash(Entry(stem + ext))}
			if s.Wants(r.Hash) {
				s.Add(r)
			}
		}
	}
	slices.Sort(all)
	got := slices.Sorted(slices.Values([]uint64(s.high)))
	if !slices.Equal(got, all[:limit]) || s.Bound() != all[limit-1] || !s.Dropped {
		t.Errorf("the sample is another one")
	}
	for h, files := range s.files {
		if len(files) != 2 {
			t.Errorf("%x has %d files", h, len(files))
		}
	}
	small := New(limit)
	for i := range limit {
		small.Add(Ref{Name: "x", Hash: uint64(i)})
	}
	if small.Dropped || small.Bound() != ^uint64(0) {
		t.Error("a sample of everything is none")
	}
	for range 2 * perEntry {
		small.Add(Ref{Name: "x", Hash: 1})
	}
	if len(small.files[1]) != perEntry || !small.Dropped {
		t.Errorf("%d files of one entry", len(small.files[1]))
	}
}

func TestEntry(t *testing.T) {
	for name, want := range map[string]string{"B1-R0001.MSG": "B1-R0001", "B1": "B1", ".x": ".x", "a.b.c": "a.b", "": ""} {
		if got := Entry(name); got != want {
			t.Errorf("Entry(%q) = %q", name, got)
		}
	}
	if ids.Hash("Ab1") != ids.Hash("aB1") || ids.Hash("a") == ids.Hash("b") {
		t.Error("letter case counts, or nothing does")
	}
}
