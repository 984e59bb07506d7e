// Package rewrite changes one value in a file that holds secrets, and can go on after a crash at any moment though neither the file nor a
// hash of it is written down anywhere but in backups.
//
// What has happened is told from the content: a [Rewrite] says when a file has the new value, makes the new content from what stands
// there, and says when two contents differ in nothing but that value. The file is exchanged for a new one; what a colleague writes in
// between is found and put back.
package rewrite

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"path/filepath"

	"hikeshi/runbook"
	"hikeshi/spool/disk"
)

// A Rewrite is one value of one file on its way to another.
type Rewrite struct {
	Path   string
	Tag    string // names the temporary file: the same for the same change, another one for another direction
	Keep   string // name of the copy that is kept before; see Last
	Random io.Reader
	Done   func(file []byte) (bool, error)   // file has the new value
	Make   func(file []byte) ([]byte, error) // file with the new value
	Same   func(a, b []byte) bool            // they differ in nothing but the value
}

// Read reads a regular file, following no symbolic link in its last element.
func Read(path string) ([]byte, error) {
	dir, err := disk.Open(filepath.Dir(path))
	if err != nil {
		return nil, err
	}
	defer dir.Close()
	return dir.ReadAll(filepath.Base(path))
}

func (r Rewrite) temporary() string { return "." + filepath.Base(r.Path) + ".hikeshi-" + r.Tag }

// Left says whether a try that was cut short left its temporary file.
func (r Rewrite) Left() (bool, error) {
	dir, err := disk.Open(filepath.Dir(r.Path))
	if err != nil {
		return false, err
	}
	defer dir.Close()
	return dir.Leftover(r.temporary())
}

// Apply gives the file its new value, unless it has it already. The error wraps runbook.ErrDrift if somebody else changed the file
// meanwhile.
func (r Rewrite) Apply(rec runbook.Recorder) error {
	dir, err := disk.Open(filepath.Dir(r.Path))
	if err != nil {
		return err
	}
	defer dir.Close()
	if err := r.settle(dir, rec); err != nil {
		return err
	}
	name := filepath.Base(r.Path)
	now, err := dir.ReadAll(name)
	if err != nil {
		return err
	}
	done, err := r.Done(now)
	if err != nil {
		return fmt.Errorf("%s: %w", r.Path, err)
	}
	if done {
		return dir.Sync()
	}
	after, err := r.Make(now)
	if err != nil {
		return fmt.Errorf("%s: %w", r.Path, err)
	}
	if err := Keep(rec, r.Random, r.Keep, now); err != nil {
		return err
	}
	return drift(dir.Replace(name, r.temporary(), disk.Hash(now), after))
}

// Settle takes away the temporary file of a try that was cut short, and puts back what somebody else wrote just when it was.
func (r Rewrite) Settle(rec runbook.Recorder) error {
	dir, err := disk.Open(filepath.Dir(r.Path))
	if err != nil {
		return err
	}
	defer dir.Close()
	return r.settle(dir, rec)
}

func (r Rewrite) settle(dir *disk.Dir, rec runbook.Recorder) error {
	tmp, name := r.temporary(), filepath.Base(r.Path)
	err := dir.Discard(tmp, "", "") // one that was never finished goes
	if !errors.Is(err, disk.ErrDrift) {
		return err
	}
	out, err := dir.ReadAll(tmp)
	if err != nil {
		return err
	}
	now, err := dir.ReadAll(name)
	if err != nil {
		return err
	}
	switch r.judge(now, out, rec) {
	case spent:
		return dir.Remove(tmp)
	case foreign:
		if err := dir.Exchange(tmp, name); err != nil {
			return err
		}
		return dir.Remove(tmp)
	}
	return fmt.Errorf("%s and %s hold different edits of somebody else; put what counts into the first and take the second away: %w",
		r.Path, filepath.Join(filepath.Dir(r.Path), tmp), runbook.ErrDrift)
}

// What a temporary file is.
type what int

const (
	unknown what = iota
	spent        // our own new file, or the old one that it was exchanged for
	foreign      // what somebody else wrote before the exchange brought it out, and nobody has edited ours since
)

func (r Rewrite) judge(now, out []byte, rec runbook.Recorder) what {
	nowDone, err1 := r.Done(now)
	outDone, err2 := r.Done(out)
	kept, err3 := Last(rec, r.Keep)
	switch {
	case r.Same(now, out), err1 == nil && err2 == nil && outDone && !nowDone, err3 == nil && bytes.Equal(kept, out):
		return spent
	case err1 == nil && nowDone && err3 == nil && r.Same(kept, now):
		return foreign
	}
	return unknown
}

// drift puts the words of package disk into those of the engine.
func drift(err error) error {
	if errors.Is(err, disk.ErrDrift) {
		return fmt.Errorf("%w: %w", runbook.ErrDrift, err)
	}
	return err
}
