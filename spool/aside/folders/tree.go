// Package folders reaches the folders below one, and what lies in them, name by name, so that no symbolic link is followed; it moves
// entries between them, makes folders like others and takes empty ones away.
package folders

import (
	"errors"
	"io/fs"
	"os"
	"path"
	"strings"
	"syscall"

	"hikeshi/spool/disk"
)

// MaxDepth is how far sub-folders of a queue folder are followed; queues use one or two levels.
const MaxDepth = 4

// MaxOpen is how many folders a Tree keeps open at once.
const MaxOpen = 200

// A Tree is a folder whose sub-folders are opened name by name, so that no symbolic link below it is followed.
type Tree struct {
	base  *disk.Dir
	open  map[string]*disk.Dir
	dirty map[string]bool
}

// Open opens the folder base; symbolic links in base itself are followed, as the administrator laid them.
func Open(base string) (*Tree, error) {
	d, err := disk.Open(base)
	if err != nil {
		return nil, err
	}
	return &Tree{base: d, open: map[string]*disk.Dir{}, dirty: map[string]bool{}}, nil
}

// Close closes everything that is open. Flush says what could not be brought to disk; Close does not.
func (t *Tree) Close() error {
	for _, d := range t.open {
		d.Close()
	}
	clear(t.open)
	return t.base.Close()
}

// Dir opens the folder rel below the base, "." being the base itself. It is valid until Flush or Close.
func (t *Tree) Dir(rel string) (*disk.Dir, error) {
	if rel == "." {
		return t.base, nil
	}
	if d := t.open[rel]; d != nil {
		return d, nil
	}
	parent, err := t.Dir(path.Dir(rel))
	if err != nil {
		return nil, err
	}
	d, err := parent.Sub(path.Base(rel))
	if err != nil {
		return nil, err
	}
	t.open[rel] = d
	return d, nil
}

// Lstat says what stands under rel; nothing also where its folder is missing or no folder.
func (t *Tree) Lstat(rel string) (e disk.Entry, there bool, err error) {
	if err := t.room(); err != nil {
		return e, false, err
	}
	d, err := t.Dir(path.Dir(rel))
	if err == nil {
		e, err = d.Lstat(path.Base(rel))
	}
	if Absent(err) {
		return e, false, nil
	}
	return e, err == nil, err
}

// Read opens the regular file rel for reading.
func (t *Tree) Read(rel string) (*os.File, error) {
	if err := t.room(); err != nil {
		return nil, err
	}
	d, err := t.Dir(path.Dir(rel))
	if err != nil {
		return nil, err
	}
	return d.Read(path.Base(rel))
}

// Absent says that there is no such name, as there is none behind a symbolic link or below a file.
func Absent(err error) bool {
	return errors.Is(err, fs.ErrNotExist) || errors.Is(err, syscall.ELOOP) || errors.Is(err, syscall.ENOTDIR)
}

// Flush brings the entries of all folders that were changed to disk and closes the sub-folders.
func (t *Tree) Flush() error {
	var errs error
	for rel := range t.dirty {
		if d := t.open[rel]; d != nil {
			errs = errors.Join(errs, d.Sync())
		} else if rel == "." {
			errs = errors.Join(errs, t.base.Sync())
		}
		delete(t.dirty, rel)
	}
	for rel, d := range t.open {
		d.Close()
		delete(t.open, rel)
	}
	return errs
}

// room makes sure that some more folders can be opened.
func (t *Tree) room() error {
	if len(t.open) < MaxOpen {
		return nil
	}
	return t.Flush()
}

// Move gives the entry name of the folder from its place in the folder to.
func (t *Tree) Move(from, to, name string) error {
	if err := t.room(); err != nil {
		return err
	}
	a, err := t.Dir(from)
	if err != nil {
		return err
	}
	b, err := t.Dir(to)
	if err != nil {
		return err
	}
	t.dirty[from], t.dirty[to] = true, true
	return a.MoveNoSync(name, b, name)
}

// MakeLike makes the sub-folder to, and the sub-folders above it, with the owner, mode and extended attributes of the folder
// from and those above that. One that is there and not empty is taken as it is; an empty one may be half made. The folders
// directly below the base have to be there: a folder of the queue is never invented.
func (t *Tree) MakeLike(to, from string) error {
	if err := t.room(); err != nil {
		return err
	}
	d, err := t.Dir(to)
	if !strings.Contains(to, "/") {
		return err
	}
	if err == nil {
		if empty, err := d.Empty(); err != nil || !empty {
			return err
		}
	} else if !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	if strings.Contains(from, "/") {
		if err := t.MakeLike(path.Dir(to), path.Dir(from)); err != nil {
			return err
		}
	}
	return t.Mkdir(to, from)
}

// Mkdir makes the folder to with the owner, mode and extended attributes of the folder from; an empty one that is there gets them.
func (t *Tree) Mkdir(to, from string) error {
	like, err := t.Dir(from)
	if err != nil {
		return err
	}
	attrs, err := like.Attrs()
	if err != nil {
		return err
	}
	parent, err := t.Dir(path.Dir(to))
	if err != nil {
		return err
	}
	return parent.Mkdir(path.Base(to), attrs)
}

// Prune removes the folder rel and the folders below it as far as they are empty. It says whether rel is gone.
func (t *Tree) Prune(rel string) (bool, error) {
	if err := t.Flush(); err != nil {
		return false, err
	}
	d, err := t.Dir(rel)
	if Absent(err) {
		return true, nil
	}
	if err != nil {
		return false, err
	}
	empty, err := t.pruneBelow(d, 0)
	if err != nil || !empty {
		return false, err
	}
	if err := t.Flush(); err != nil {
		return false, err
	}
	parent, err := t.Dir(path.Dir(rel))
	if err != nil {
		return false, err
	}
	return true, parent.Rmdir(path.Base(rel))
}

// pruneBelow empties d of empty folders and says whether nothing is left.
func (t *Tree) pruneBelow(d *disk.Dir, depth int) (bool, error) {
	names, err := d.Names()
	if err != nil {
		return false, err
	}
	left := 0
	for _, name := range names {
		e, err := d.Lstat(name)
		if err != nil {
			return false, err
		}
		if e.Type != fs.ModeDir || depth >= MaxDepth {
			left++
			continue
		}
		sub, err := d.Sub(name)
		if err != nil {
			return false, err
		}
		empty, err := t.pruneBelow(sub, depth+1)
		sub.Close()
		if err != nil {
			return false, err
		}
		if !empty {
			left++
		} else if err := d.Rmdir(name); err != nil {
			return false, err
		}
	}
	return left == 0, nil
}

// Drop takes away the name of a file that has another name at its new place already.
func (t *Tree) Drop(dir, name string) error {
	d, err := t.Dir(dir)
	if err != nil {
		return err
	}
	return d.Remove(name)
}
