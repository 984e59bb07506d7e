// Package edit changes one file and takes the change back: by exchanging the file with a new one, never by restoring an old one. What
// a colleague has changed meanwhile is found and kept.
//
// [Read] or [Below] reads the file, [New] makes the plain data of a planned change, and the methods of [Edit] apply it, say how far it
// got and undo it, each repeatable after a crash at any moment. What the new content is, and what stands there without the change, is
// the knowledge of the caller.
//
// It does not promise anything to a program that writes on into a file that it had open before the exchange; stop it first.
package edit

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"path/filepath"

	"hikeshi/runbook"
	"hikeshi/spool/disk"
)

// Edit is what a change of a file keeps of itself, in plain data.
type Edit struct {
	File    string      `json:"file"`
	Base    string      `json:"base,omitempty"` // the folder below which no symbolic link is followed; "" if there is none
	Old     string      `json:"old"`            // hash before; of nothing if the file was not there
	New     string      `json:"new"`            // hash after
	Created bool        `json:"created,omitempty"`
	Keep    bool        `json:"keep,omitempty"`  // a file that was made stays when the change is undone, since others name it
	Attrs   *disk.Attrs `json:"attrs,omitempty"` // of a file that is made; nil: readable by everyone, 0644
}

// New is the edit that gives f the content after.
func New(f File, after []byte) Edit {
	return Edit{File: f.Path, Base: f.Base, Old: disk.Hash(f.Data), New: disk.Hash(after), Created: f.Missing}
}

// Temporary is the name of the temporary file: the same for the same change, so that a second try finds what the first left.
func (e Edit) Temporary() string { return "." + filepath.Base(e.File) + ".hikeshi-" + e.New[:8] }

// Apply puts the new bytes in the place of the old ones, of which it keeps a backup. compute gives the new ones again from what stands
// there; the error wraps runbook.ErrDrift if they would not be those that were planned.
func (e Edit) Apply(f File, rec runbook.Recorder, compute func([]byte) ([]byte, error)) error {
	switch disk.Hash(f.Data) {
	case e.New:
		return e.replace(f.Data)
	case e.Old:
	default:
		return fmt.Errorf("%s: %w", e.File, runbook.ErrDrift)
	}
	after, err := compute(f.Data)
	if err != nil {
		return err
	}
	if disk.Hash(after) != e.New {
		return fmt.Errorf("%s: the edit would not be the one that was shown: %w", e.File, runbook.ErrDrift)
	}
	if !f.Missing {
		if err := rec.Backup(filepath.Base(e.File), bytes.NewReader(f.Data)); err != nil {
			return fmt.Errorf("backing up %s: %w", e.File, err)
		}
	}
	return e.replace(after)
}

// replace writes after under the file's name, and finishes what an earlier try left.
func (e Edit) replace(after []byte) error {
	dir, err := e.open()
	if err != nil {
		return err
	}
	defer dir.Close()
	name := filepath.Base(e.File)
	there, err := dir.Exists(name)
	if err != nil {
		return err
	}
	if !there && e.Created {
		return e.create(dir, name, after)
	}
	return drift(dir.Replace(name, e.Temporary(), e.Old, after))
}

// create makes a file that was not there, under its name in one step: the server may read it at any moment.
func (e Edit) create(dir *disk.Dir, name string, after []byte) error {
	left, err := dir.Leftover(e.Temporary())
	if err == nil && left {
		err = dir.Remove(e.Temporary())
	}
	attrs := disk.Private(0o644)
	if e.Attrs != nil {
		attrs = *e.Attrs
	}
	if err == nil {
		err = dir.Create(e.Temporary(), bytes.NewReader(after), attrs)
	}
	if err == nil {
		err = dir.Move(e.Temporary(), dir, name)
	}
	if errors.Is(err, fs.ErrExist) {
		return errors.Join(fmt.Errorf("making %s: %w: %w", e.File, runbook.ErrDrift, err), dir.Remove(e.Temporary()))
	}
	return err
}

// State says how far the edit has been made. holds says whether bytes that are neither old nor new have its effect.
func (e Edit) State(f File, holds func([]byte) bool) (runbook.State, error) {
	left, err := e.leftover()
	if err != nil {
		return "", err
	}
	hash := disk.Hash(f.Data)
	switch {
	case left:
		return runbook.Partial, nil
	case hash == e.New && !f.Missing:
		return runbook.Done, nil
	case hash == e.Old:
		return runbook.None, nil
	case holds(f.Data):
		return runbook.Done, nil
	}
	return runbook.Drifted, nil
}

// drift puts the words of package disk into those of the engine.
func drift(err error) error {
	if errors.Is(err, disk.ErrDrift) {
		return fmt.Errorf("%w: %w", runbook.ErrDrift, err)
	}
	return err
}
