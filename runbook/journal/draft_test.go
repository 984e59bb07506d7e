package journal

import (
	"os"
	"path/filepath"
	"testing"

	"hikeshi/runbook"
)

// TestDraft: a person may change the working copy of a letter; what was drafted is proved by the record.
func TestDraft(t *testing.T) {
	s := newStore(t)
	j := create(t, s)
	for _, text := range []string{"first", "second"} {
		if err := j.Draft(runbook.Letter{ID: "psbl", State: runbook.LetterReady}, "../psbl.eml", []byte(text)); err != nil {
			t.Fatal(err)
		}
	}
	records, err := j.Records()
	if err != nil {
		t.Fatal(err)
	}
	h, err := runbook.Fold(records)
	if err != nil {
		t.Fatal(err)
	}
	l := h.Letter("psbl")
	if l == nil || l.Name != "drafts/_psbl-2.eml" || l.Kept.Name != "evidence/_psbl-2.eml" {
		t.Fatalf("%+v", l)
	}
	work := filepath.Join(j.Path(), l.Name)
	if text, err := os.ReadFile(work); err != nil || string(text) != "second" {
		t.Fatalf("%q, %v", text, err)
	}
	if fi, err := os.Stat(work); err != nil || fi.Mode().Perm() != 0o600 {
		t.Errorf("%v, %v", fi.Mode(), err)
	}
	if err := os.WriteFile(work, []byte("second, with a name in it"), 0o600); err != nil {
		t.Fatal(err)
	}
	sound(t, s, j.ID(), "")
	if err := os.WriteFile(filepath.Join(j.Path(), l.Kept.Name), []byte("third"), 0o600); err != nil {
		t.Fatal(err)
	}
	if rep := verify(t, s, j.ID(), ""); len(rep.Problems) != 1 {
		t.Errorf("a changed draft: %+v", rep.Problems)
	}
}
