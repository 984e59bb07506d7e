package settings

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"path/filepath"

	"hikeshi/actions/edit"
	"hikeshi/runbook"
	"hikeshi/spool/disk"
)

// make makes the folder; one that a try before has begun is brought to its end.
func (f folder) make(base string) error {
	up, err := edit.Open(base, filepath.Dir(f.Path))
	if err != nil {
		return err
	}
	defer up.Close()
	err = up.Mkdir(filepath.Base(f.Path), f.Attrs)
	if !errors.Is(err, fs.ErrExist) {
		return err
	}
	dir, err := up.Sub(filepath.Base(f.Path)) // something lies in it already
	if err != nil {
		return fmt.Errorf("making %s: %w: %w", f.Path, runbook.ErrDrift, err)
	}
	return dir.Close()
}

// state says whether the folder is there; an empty one without its owner, mode and extended attributes is not finished.
func (f folder) state(base string) (runbook.State, error) {
	dir, err := edit.Open(base, f.Path)
	if errors.Is(err, fs.ErrNotExist) {
		return runbook.None, nil
	}
	if err != nil {
		return "", err
	}
	defer dir.Close()
	attrs, err := dir.Attrs()
	if err != nil {
		return "", err
	}
	empty, err := dir.Empty()
	if err == nil && empty && !f.finished(attrs) {
		return runbook.Partial, nil
	}
	return runbook.Done, err
}

// finished says whether a folder has what it is to have.
func (f folder) finished(has disk.Attrs) bool {
	for name, value := range f.Attrs.Xattrs {
		if there, ok := has.Xattrs[name]; !ok || !bytes.Equal(there, value) {
			return false
		}
	}
	return has.Mode == f.Attrs.Mode && has.UID == f.Attrs.UID && has.GID == f.Attrs.GID
}

// empty says whether the folder is there with nothing in it.
func (f folder) empty(base string) (bool, error) {
	dir, err := edit.Open(base, f.Path)
	if errors.Is(err, fs.ErrNotExist) {
		return false, nil
	}
	if err != nil {
		return false, err
	}
	defer dir.Close()
	return dir.Empty()
}

// unmake takes the folder away if it is empty. What a log has written stays under another name; a key with values of others stays.
func (f folder) unmake(d setData, rec runbook.Recorder) error {
	up, err := edit.Open(d.Base, filepath.Dir(f.Path))
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	defer up.Close()
	name := filepath.Base(f.Path)
	dir, err := up.Sub(name)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	defer dir.Close()
	empty, err := dir.Empty()
	switch {
	case err != nil:
		return err
	case empty:
		return up.Rmdir(name)
	case d.Edit != nil:
		return nil
	}
	return f.keep(up, dir, rec)
}

// keep gives a folder that has been written to a name under which nobody writes.
func (f folder) keep(up, dir *disk.Dir, rec runbook.Recorder) error {
	id, err := dir.ID()
	if err != nil {
		return err
	}
	name := filepath.Base(f.Path)
	kept := fmt.Sprintf("%s.kept-%d", name, id.Ino)
	if err := up.Move(name, up, kept); err != nil {
		return err
	}
	path := filepath.Join(filepath.Dir(f.Path), kept)
	runbook.Say(rec, runbook.Tf("%s has been written to; it is kept as %s", "%s には記録がある。%s として残す", f.Path, path))
	return nil
}
