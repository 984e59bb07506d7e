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

// Undo makes the inverse edit on what stands there now. take gives the content without the change; an error of it that wraps
// fs.ErrNotExist means that nothing of the change stands there, which is success. A file that we made and that holds nothing else goes,
// unless it is to be kept.
func (e Edit) Undo(f File, rec runbook.Recorder, take func([]byte) ([]byte, error)) error {
	if err := errors.Join(e.Clear(f), e.Settle(f, take)); err != nil {
		return err
	}
	if disk.Hash(f.Data) == e.Old {
		return nil
	}
	if e.Created && !e.Keep && disk.Hash(f.Data) == e.New {
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
	back := Edit{File: e.File, Base: e.Base, Old: disk.Hash(f.Data), New: disk.Hash(after)}
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
	dir, err := e.open()
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
	dir, err := e.open()
	if err != nil {
		return err
	}
	defer dir.Close()
	return drift(dir.Discard(e.Temporary(), e.Old, e.New))
}

func (e Edit) leftover() (bool, error) {
	dir, err := e.open()
	if e.Base != "" && errors.Is(err, fs.ErrNotExist) {
		return false, nil // the folder is not made yet
	}
	if err != nil {
		return false, err
	}
	defer dir.Close()
	return dir.Leftover(e.Temporary())
}

func (e Edit) remove() error {
	dir, err := e.open()
	if err != nil {
		return err
	}
	defer dir.Close()
	return dir.Remove(filepath.Base(e.File))
}
