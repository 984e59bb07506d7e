package aside

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"path/filepath"
	"syscall"

	"hikeshi/spool"
	"hikeshi/spool/disk"
)

// A Purge removes for good what one incident set aside, as plain data.
type Purge struct {
	Base    string   `json:"base"`
	Folders []string `json:"folders"` // incoming.q-<stamp>
}

// PlanPurge plans to remove what is in sets.
func PlanPurge(folders []spool.Folder, sets []Set) (Purge, error) {
	base, err := Base(folders)
	if err != nil {
		return Purge{}, err
	}
	p := Purge{Base: base}
	for _, s := range sets {
		for _, f := range s.Folders {
			p.Folders = append(p.Folders, f.Name)
		}
	}
	return p, nil
}

// Left counts the files that were set aside by whoever recorded the identities in known and are still there, and those that
// somebody else put beside them: a Purge leaves the latter. each is called with the
// name of every regular file of the former.
func (p Purge) Left(ctx context.Context, known []disk.ID, each func(name string)) (ours, foreign int64, err error) {
	w := &purging{ctx: ctx, known: numbers(known), found: each}
	err = w.all(p)
	return w.ours, w.foreign, err
}

// Apply removes the files recorded in known, and what lies in folders recorded there, and then the folders that are empty. It goes
// on where an earlier Apply was cut short. Symbolic links are removed, never followed.
func (p Purge) Apply(ctx context.Context, known []disk.ID, progress func(done, total int64)) error {
	ours, _, err := p.Left(ctx, known, func(string) {})
	if err != nil {
		return err
	}
	w := &purging{ctx: ctx, known: numbers(known), remove: true, progress: func(done int64) { progress(done, ours) }}
	return w.all(p)
}

// numbers are the inode numbers of ids: all of them lie on the filesystem of the folder above.
func numbers(ids []disk.ID) map[uint64]bool {
	n := map[uint64]bool{}
	for _, id := range ids {
		n[id.Ino] = true
	}
	return n
}

type purging struct {
	ctx           context.Context
	known         map[uint64]bool
	remove        bool
	found         func(name string)
	progress      func(done int64)
	ours, foreign int64
}

func (w *purging) all(p Purge) error {
	d, err := disk.Open(p.Base)
	if err != nil {
		return err
	}
	defer d.Close()
	for _, name := range p.Folders {
		if _, _, ok := Parse(name); !ok || filepath.Base(name) != name {
			return fmt.Errorf("purging %q: this is no folder that was set aside", name)
		}
		e, err := d.Lstat(name)
		if errors.Is(err, fs.ErrNotExist) {
			continue
		}
		if err != nil {
			return err
		}
		if err := w.entry(d, name, e, false); err != nil {
			return fmt.Errorf("purging %s: %w", filepath.Join(p.Base, name), err)
		}
	}
	return nil
}

// entry removes, or counts, one entry; ours says that it lies in a folder that was set aside as a whole.
func (w *purging) entry(d *disk.Dir, name string, e disk.Entry, ours bool) error {
	ours = ours || w.known[e.Ino]
	if e.Type == fs.ModeDir {
		return w.folder(d, name, ours)
	}
	if !ours {
		w.foreign++
		return nil
	}
	w.ours++
	if !w.remove {
		if e.Type == 0 {
			w.found(name)
		}
		return nil
	}
	if w.ours%1000 == 0 {
		w.progress(w.ours)
	}
	return d.RemoveNoSync(name)
}

func (w *purging) folder(parent *disk.Dir, name string, ours bool) error {
	d, err := parent.Sub(name)
	if err != nil {
		return err
	}
	defer d.Close()
	names, err := d.Names()
	if err != nil {
		return err
	}
	for _, n := range names {
		if err := w.ctx.Err(); err != nil {
			return err
		}
		e, err := d.Lstat(n)
		if err == nil {
			err = w.entry(d, n, e, ours)
		}
		if err != nil && !errors.Is(err, fs.ErrNotExist) {
			return err
		}
	}
	if !w.remove {
		return nil
	}
	if err := d.Sync(); err != nil {
		return err
	}
	if err := parent.Rmdir(name); err != nil && !notEmpty(err) {
		return err
	}
	return nil
}

func notEmpty(err error) bool {
	return errors.Is(err, syscall.ENOTEMPTY) || errors.Is(err, fs.ErrExist)
}
