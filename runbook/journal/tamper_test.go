package journal

import (
	"bytes"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"hikeshi/runbook"
	"hikeshi/runbook/journal/proof"
)

// Every byte of the journal counts: with a head noted before, the change of any one is found, and the record named.
func TestTamperingWithAnyByte(t *testing.T) {
	s := newStore(t)
	j := create(t, s)
	add(t, j, "one", "two", "three")
	head, err := j.Head()
	if err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(j.Path(), "journal.jsonl")
	whole, _ := os.ReadFile(file)
	lastLine := bytes.Count(whole, []byte("\n")) - 1
	for i := range whole {
		for _, mask := range []byte{1, 0x80, whole[i] ^ '\n'} {
			if mask == 0 {
				continue
			}
			bad := bytes.Clone(whole)
			bad[i] ^= mask
			os.WriteFile(file, bad, 0o600)
			at := bytes.Count(whole[:i], []byte("\n"))
			rep := verify(t, s, j.ID(), head)
			if len(rep.Problems) == 0 {
				t.Fatalf("byte %d of record %d changed by %#x: not found with the head", i, at, mask)
			}
			seen := slices.DeleteFunc(rep.Problems, func(p proof.Problem) bool { return p.Record < 0 }) // those found without the head
			if at == lastLine || at == lastLine-1 && whole[i] == '\n' {
				continue // only a head vouches for the last record
			}
			if len(seen) == 0 {
				t.Fatalf("byte %d of record %d changed by %#x: not found", i, at, mask)
			}
			if p := seen[0].Record; p != at && whole[i] != '\n' {
				t.Fatalf("byte %d of record %d changed by %#x: record %d named: %v", i, at, mask, p, seen)
			}
		}
	}
}

func TestHeads(t *testing.T) {
	s := newStore(t)
	j := create(t, s)
	var heads []string
	for range 5 {
		head, err := j.Head()
		if err != nil {
			t.Fatal(err)
		}
		heads = append(heads, head)
		add(t, j, "more")
	}
	for i, head := range heads {
		if rep := sound(t, s, j.ID(), " "+strings.ToUpper(head)+"\n"); rep.HeadAt != i {
			t.Errorf("head of record %d found at %d", i, rep.HeadAt)
		}
	}
	last, _ := j.Head()
	if rep := verify(t, s, j.ID(), ""); rep.Head != last {
		t.Errorf("head %s, want %s", rep.Head, last)
	}
	// the last record taken away whole: only a head shows it
	file := filepath.Join(j.Path(), "journal.jsonl")
	whole, _ := os.ReadFile(file)
	os.WriteFile(file, whole[:bytes.LastIndexByte(whole[:len(whole)-1], '\n')+1], 0o600)
	if rep := verify(t, s, j.ID(), ""); len(rep.Problems) != 0 {
		t.Errorf("problems: %v", rep.Problems)
	}
	if rep := verify(t, s, j.ID(), last); len(rep.Problems) != 1 || rep.HeadAt != -1 || !strings.Contains(rep.Problems[0].Text.EN, "not in the chain") {
		t.Errorf("report: %+v", rep)
	}
}

// Records swapped, repeated or taken out, and whole records rewritten with the rest of the chain left as it is.
func TestTamperingWithLines(t *testing.T) {
	s := newStore(t)
	j := create(t, s)
	add(t, j, "one", "two", "three", "four")
	file := filepath.Join(j.Path(), "journal.jsonl")
	whole, _ := os.ReadFile(file)
	lines := bytes.SplitAfter(whole, []byte("\n"))
	for name, tt := range map[string]struct {
		order []int
		want  int
	}{
		"second out": {[]int{0, 2, 3, 4}, 0}, "swapped": {[]int{0, 2, 1, 3, 4}, 2}, "repeated": {[]int{0, 1, 1, 2, 3, 4}, 1}, "first out": {[]int{1, 2, 3, 4}, 0},
	} {
		var bad []byte
		for _, n := range tt.order {
			bad = append(bad, lines[n]...)
		}
		os.WriteFile(file, bad, 0o600)
		rep := verify(t, s, j.ID(), "")
		if !slices.ContainsFunc(named(rep.Problems), func(n int) bool { return n == tt.want }) {
			t.Errorf("%s: %v", name, rep.Problems)
		}
		if _, err := j.Records(); err == nil && name != "repeated" {
			t.Logf("%s: the open journal had read it before", name)
		}
		k, _ := Open(s, j.ID())
		if _, err := k.Records(); err == nil {
			t.Errorf("%s: read without error", name)
		}
		k.Close()
	}
}

func TestTamperingWithFiles(t *testing.T) {
	s := newStore(t)
	j := create(t, s)
	if err := j.Keep("look", "seen.txt", strings.NewReader("evidence"), false); err != nil {
		t.Fatal(err)
	}
	if err := j.Keep("deny", "effect.dat", strings.NewReader("original"), true); err != nil {
		t.Fatal(err)
	}
	for name, record := range map[string]int{"runbook.yaml": 0, "evidence/look-seen.txt": 1, "backup/deny-effect.dat": 2} {
		file := filepath.Join(j.Path(), name)
		good, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		for i := range good {
			bad := bytes.Clone(good)
			bad[i] ^= 1
			os.WriteFile(file, bad, 0o600)
			only(t, verify(t, s, j.ID(), "").Problems, record, "not as it was kept")
		}
		os.WriteFile(file, append(good, 0), 0o600)
		only(t, verify(t, s, j.ID(), "").Problems, record, "not as it was kept")
		os.Remove(file)
		only(t, verify(t, s, j.ID(), "").Problems, record, "missing")
		os.Symlink("/etc/passwd", file)
		only(t, verify(t, s, j.ID(), "").Problems, record, "cannot be read")
		os.Remove(file)
		os.WriteFile(file, good, 0o600)
		sound(t, s, j.ID(), "")
	}
	os.WriteFile(filepath.Join(j.Path(), "evidence", "planted"), nil, 0o600)
	if rep := sound(t, s, j.ID(), ""); len(rep.Extra) != 1 || rep.Extra[0] != "evidence/planted" {
		t.Errorf("extra: %q", rep.Extra)
	}
}

func TestEvidencePathStaysInside(t *testing.T) {
	s := newStore(t)
	j := create(t, s)
	for _, name := range []string{"../../../etc/passwd", "/etc/passwd", "evidence/../../x", "a/b/c", ".."} {
		ref := runbook.EvidenceRef{Name: name, SHA256: strings.Repeat("0", 64)}
		if err := j.Append(runbook.Record{Event: runbook.Evidenced, Evidence: &ref}); err != nil {
			t.Fatal(err)
		}
	}
	for _, p := range verify(t, s, j.ID(), "").Problems {
		if !strings.Contains(p.Text.EN, "cannot be read") && !strings.Contains(p.Text.EN, "missing") {
			t.Errorf("record %d %s", p.Record, p.Text.EN)
		}
	}
}

func only(t *testing.T, problems []proof.Problem, record int, text string) {
	t.Helper()
	if len(problems) != 1 || problems[0].Record != record || !strings.Contains(problems[0].Text.EN, text) || problems[0].Text.JA == "" {
		t.Errorf("problems: %+v, want one of record %d: %s", problems, record, text)
	}
}

func named(problems []proof.Problem) []int {
	var all []int
	for _, p := range problems {
		all = append(all, p.Record)
	}
	return all
}
