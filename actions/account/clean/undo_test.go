package clean

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"testing"

	"hikeshi/actions/account/clean/splice"
	"hikeshi/runbook"
	"hikeshi/spool/disk"
)

// lost is a recorder that has lost every copy.
type lost struct{}

func (lost) Evidence(string, io.Reader) error { return nil }
func (lost) Backup(string, io.Reader) error   { return nil }
func (lost) Progress(int64, int64)            {}
func (lost) Kept(name string) ([]byte, error) { return nil, fmt.Errorf("%s: %w", name, fs.ErrNotExist) }

// TestWithoutACopy: data of version 1 holds the lines itself; otherwise a file that was changed cannot be changed back, and one that never
// was needs nothing.
func TestWithoutACopy(t *testing.T) {
	old, left := []byte("[a]\nforwardto=x@example.com\nb=1\nmodule=x"), []byte("[a]\nb=1\n")
	d := edit{File: "/inbox/taro/ims.ctl", Old: disk.Hash(old), New: disk.Hash(left),
		Cuts: []cut{{At: 4, Len: 26, Line: []byte("forwardto=x@example.com\n")}, {At: 32, Len: 8, Line: []byte("module=x")}}}
	was, err := d.was(runbook.Change{ID: "clean.1"}, left, lost{})
	if err != nil {
		t.Fatal(err)
	}
	if back, ok := splice.Back(was, left); !ok || !bytes.Equal(back, old) {
		t.Errorf("%q, %v", back, ok)
	}
	d.Cuts[0].Line, d.Cuts[1].Line = nil, nil
	if _, err := d.was(runbook.Change{ID: "clean.1"}, left, lost{}); err == nil || errors.Is(err, fs.ErrNotExist) {
		t.Errorf("changed: %v", err)
	}
	if _, err := d.was(runbook.Change{ID: "clean.1"}, []byte("[c]\n"), lost{}); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("never changed: %v", err)
	}
}
