// Package edit changes the deny file of a mail server and takes the change back: by exchanging the file with a new one, never by
// restoring an old one. What a colleague has changed meanwhile is found and kept.
//
// [Read] reads the file, [New] makes the plain data of a planned change, and the methods of [Edit] apply it, say how far it got and
// undo it, each repeatable after a crash at any moment. Which line goes where is the knowledge of the server (spool.Denier).
package edit

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"path/filepath"

	"hikeshi/runbook"
	"hikeshi/spool"
	"hikeshi/spool/disk"
)

// Edit is what a change of the deny file keeps of itself, in plain data.
type Edit struct {
	File    string          `json:"file"`
	Old     string          `json:"old"`   // hash before; of nothing if the file was not there
	New     string          `json:"new"`   // hash after
	Added   []string        `json:"added"` // of the lines put in, or taken out
	Created bool            `json:"created,omitempty"`
	Back    json.RawMessage `json:"back,omitempty"` // the server's own word for taking the lines out again
}

// New is the edit of f that ed plans.
func New(f File, ed spool.DenyEdit) Edit {
	return Edit{File: f.Path, Old: disk.Hash(f.Data), New: disk.Hash(ed.After), Added: ed.Added, Created: f.Missing, Back: ed.Undo}
}

// Temporary is the name of the temporary file: the same for the same change, so that a second try finds what the first left.
func (e Edit) Temporary() string { return "." + filepath.Base(e.File) + ".hikeshi-" + e.New[:8] }

// Apply puts the new bytes in the place of the old ones. compute gives them again from what stands there.
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
	dir, err := disk.Open(filepath.Dir(e.File))
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
	if err == nil {
		err = dir.Create(e.Temporary(), bytes.NewReader(after), disk.Private(0o644))
	}
	if err == nil {
		err = dir.Move(e.Temporary(), dir, name)
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

func (e Edit) leftover() (bool, error) {
	dir, err := disk.Open(filepath.Dir(e.File))
	if err != nil {
		return false, err
	}
	defer dir.Close()
	return dir.Leftover(e.Temporary())
}

// TakeOut removes exactly the lines added for targets from what stands there now. That none of them stands there is success: nothing of
// ours is left. A file that we made and that holds nothing else goes.
func (e Edit) TakeOut(f File, rec runbook.Recorder, targets []string) error {
	take := func(from []byte) ([]byte, error) {
		ed, err := f.Denier.Allow(from, e.Back, targets)
		return ed.After, err
	}
	if err := errors.Join(e.Clear(f), e.Settle(f, take)); err != nil {
		return err
	}
	if disk.Hash(f.Data) == e.Old {
		return nil
	}
	if e.Created && disk.Hash(f.Data) == e.New {
		return e.remove()
	}
	after, err := take(f.Data)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	if err := rec.Backup(filepath.Base(e.File)+".before-undo", bytes.NewReader(f.Data)); err != nil {
		return fmt.Errorf("backing up %s: %w", e.File, err)
	}
	back := Edit{File: e.File, Old: disk.Hash(f.Data), New: disk.Hash(after)}
	return back.replace(after)
}

// Settle takes away the temporary file of an undo that was cut short behind its exchange. It holds the file as that undo found it, so
// undone, with edit, it is what stands there now; anything else is somebody's work and stays.
func (e Edit) Settle(f File, edit func([]byte) ([]byte, error)) error {
	e.New = disk.Hash(f.Data)
	left, err := e.leftover()
	if err != nil || !left {
		return err
	}
	dir, err := disk.Open(filepath.Dir(e.File))
	if err != nil {
		return err
	}
	defer dir.Close()
	out, err := dir.ReadAll(e.Temporary())
	if err != nil {
		return err
	}
	if after, err := edit(out); err != nil || !bytes.Equal(after, f.Data) {
		return fmt.Errorf("%s holds an edit of somebody else: %w", filepath.Join(filepath.Dir(e.File), e.Temporary()), runbook.ErrDrift)
	}
	return dir.Remove(e.Temporary())
}

// Clear takes away the temporary file of a try that never came to its end.
func (e Edit) Clear(f File) error {
	left, err := e.leftover()
	if err != nil || !left {
		return err
	}
	if disk.Hash(f.Data) == e.New {
		return e.replace(f.Data)
	}
	dir, err := disk.Open(filepath.Dir(e.File))
	if err != nil {
		return err
	}
	defer dir.Close()
	return drift(dir.Discard(e.Temporary(), e.Old, e.New))
}

func (e Edit) remove() error {
	dir, err := disk.Open(filepath.Dir(e.File))
	if err != nil {
		return err
	}
	defer dir.Close()
	return dir.Remove(filepath.Base(e.File))
}

// drift puts the words of package disk into those of the engine.
func drift(err error) error {
	if errors.Is(err, disk.ErrDrift) {
		return fmt.Errorf("%w: %w", runbook.ErrDrift, err)
	}
	return err
}
