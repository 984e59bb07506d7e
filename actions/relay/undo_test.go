package relay

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"hikeshi/actions/relay/edit"
	"hikeshi/runbook"
	"hikeshi/spool"
)

// deniedFile is a file with denials that an incident has recorded, and what takes one of them out.
func deniedFile(t *testing.T, text string) (d deny, c runbook.Change, al allow, out runbook.Change, file string) {
	t.Helper()
	env, file := world(t, text)
	d = deny{env}
	c = planOne(t, d, "203.0.113.9", "198.51.100.128/25", "203.0.113.10")
	apply(t, d, c)
	env.Recorded = func() ([]Denial, error) { return Denials("20261121-0312", c) }
	al = allow{env}
	return d, c, al, planOne(t, al, "203.0.113.10", "203.0.113.9"), file
}

func apply(t *testing.T, a runbook.Changer, c runbook.Change) {
	t.Helper()
	if err := a.Apply(context.Background(), c, keeper{}); err != nil {
		t.Fatal(err)
	}
}

func undo(t *testing.T, a runbook.Changer, c runbook.Change) {
	t.Helper()
	if err := a.Undo(context.Background(), c, keeper{}); err != nil {
		t.Fatal(err)
	}
}

// A denial that was lifted comes back where it stood, byte for byte.
func TestAllowIsUndoneByteForByte(t *testing.T) {
	for _, text := range []string{shipped, "", "#<> default\r\n203.0.113.10 default\r\n*.*.*.* norelay,2"} {
		_, _, al, out, file := deniedFile(t, text)
		before := get(t, file)
		apply(t, al, out)
		for range 2 {
			undo(t, al, out)
			if got := get(t, file); got != before {
				t.Errorf("%q, want %q", got, before)
			}
			wantState(t, al, out, runbook.None)
		}
	}
}

// A colleague has edited the file since: his bytes stay, and the targets are denied all the same.
func TestAllowIsUndoneBesideForeignEdits(t *testing.T) {
	_, _, al, out, file := deniedFile(t, shipped)
	apply(t, al, out)
	his := get(t, file) + "192.168.1.5\tfalse"
	put(t, file, his)
	undo(t, al, out)
	env := al.env
	f, err := env.read()
	if err != nil {
		t.Fatal(err)
	}
	ed, err := f.Denier.Deny(f.Data, []string{"203.0.113.9", "203.0.113.10"})
	if err != nil || len(ed.Added) != 0 {
		t.Errorf("not denied again: %v, %v", ed.Added, err)
	}
	if got := get(t, file); !strings.HasSuffix(got, "\n192.168.1.5\tfalse") {
		t.Errorf("his line is not there: %q", got)
	}
}

// An undo that dies behind its exchange leaves the old file under the temporary name; the next one takes it away.
func TestUndoThatWasCutShort(t *testing.T) {
	d, c, al, out, file := deniedFile(t, shipped)
	for _, test := range []struct {
		what    string
		changer runbook.Changer
		change  runbook.Change
	}{{"allow", al, out}, {"deny", d, c}} {
		if test.what == "allow" {
			apply(t, al, out)
		}
		found := get(t, file)
		undo(t, test.changer, test.change)
		after := get(t, file)
		f, err := d.env.read()
		if err != nil {
			t.Fatal(err)
		}
		tmp := filepath.Join(filepath.Dir(file), edit.New(f, spool.DenyEdit{After: f.Data}).Temporary())
		put(t, tmp, found)
		undo(t, test.changer, test.change)
		if _, err := os.Lstat(tmp); err == nil || get(t, file) != after {
			t.Errorf("%s: the temporary file is still there, or the file is %q", test.what, get(t, file))
		}

		put(t, tmp, "somebody's edit\n") // which came between the last look and the exchange
		if err := test.changer.Undo(context.Background(), test.change, keeper{}); !errors.Is(err, runbook.ErrDrift) {
			t.Errorf("%s: %v, want drift", test.what, err)
		}
		if get(t, tmp) != "somebody's edit\n" || get(t, file) != after {
			t.Errorf("%s: somebody's edit is gone", test.what)
		}
		if err := os.Remove(tmp); err != nil {
			t.Fatal(err)
		}
	}
}

// A file that was not there appears whole or not at all; what a try that died has left is made anew.
func TestMissingFileAppearsWhole(t *testing.T) {
	env, file := world(t, "-")
	d := deny{env}
	c := planOne(t, d, "203.0.113.9")
	data, _, err := d.load(c)
	if err != nil {
		t.Fatal(err)
	}
	tmp := filepath.Join(filepath.Dir(file), data.Temporary())
	put(t, tmp, "203.0")
	if err := os.Chmod(tmp, 0); err != nil {
		t.Fatal(err)
	}
	wantState(t, d, c, runbook.Partial)
	apply(t, d, c)
	wantState(t, d, c, runbook.Done)
	if got := get(t, file); got != "203.0.113.9 false\n" {
		t.Errorf("the file is %q", got)
	}
	put(t, tmp, get(t, file)) // where names are linked, a death in between leaves both
	apply(t, d, c)
	wantState(t, d, c, runbook.Done)
	undo(t, d, c)
	if entries, err := os.ReadDir(filepath.Dir(file)); err != nil || len(entries) != 0 {
		t.Errorf("left: %v, %v", entries, err)
	}
}
