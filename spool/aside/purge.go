package aside

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"path/filepath"
	"slices"
	"syscall"

	"hikeshi/spool"
	"hikeshi/spool/aside/folders"
	"hikeshi/spool/disk"
)

// A Purge removes for good what one incident set aside, as plain data.
type Purge struct {
	Base    string   `json:"base"`
	Folders []string `json:"folders"`        // incoming.q-<stamp>
	Deep    []string `json:"deep,omitempty"` // of these, those that have sub-folders with messages
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
			if f.Of.Tree {
				p.Deep = append(p.Deep, f.Name)
			}
		}
	}
	return p, nil
}

// A Claim says what an incident may remove: the files that it has set aside one by one, and of what lies in folders that it has set
// aside as a whole the files of the queue. Whatever else lies there is somebody else's and stays.
type Claim struct {
	Recorded []disk.ID              // files and folders, by the records of the incident
	Queue    func(file string) bool // whether this is the name of a queue file, or of one that the server lays beside those
}

// Left counts the files that are claimed and still there, and the entries that a Purge leaves. each is called with the name of every
// file of the former.
func (p Purge) Left(ctx context.Context, c Claim, each func(name string)) (ours, foreign int64, err error) {
	w := &purging{ctx: ctx, known: numbers(c.Recorded), queue: c.Queue, found: each}
	err = w.all(p)
	return w.ours, w.foreign, err
}

// Apply removes the files that are claimed, and then the folders that are empty. It goes on where an earlier Apply was cut short.
func (p Purge) Apply(ctx context.Context, c Claim, progress func(done, total int64)) error {
	ours, _, err := p.Left(ctx, c, func(string) {})
	if err != nil {
		return err
	}
	w := &purging{ctx: ctx, known: numbers(c.Recorded), queue: c.Queue, remove: true, found: func(string) {}}
	w.progress = func(done int64) { progress(done, ours) }
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
	queue         func(string) bool
	remove        bool
	found         func(name string)
	progress      func(done int64)
	ours, foreign int64
}

// A place is where a folder stands.
type place struct {
	claimed bool // it, or one above it, was set aside as a whole
	deep    bool // there are sub-folders with messages
	depth   int  // 0: a folder of the set
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
		if errors.Is(err, fs.ErrNotExist) || err == nil && e.Type != fs.ModeDir {
			continue
		}
		if err == nil {
			err = w.folder(d, name, place{claimed: w.known[e.Ino], deep: slices.Contains(p.Deep, name)})
		}
		if err != nil {
			return fmt.Errorf("purging %s: %w", filepath.Join(p.Base, name), err)
		}
	}
	return nil
}

// folder goes through one folder and, if it removes, takes it away when nothing is left.
func (w *purging) folder(parent *disk.Dir, name string, at place) error {
	d, err := parent.Sub(name)
	if err != nil {
		return err
	}
	defer d.Close()
	n := 4096
	if w.remove {
		n = -1 // what is removed while a folder is read may hide other names
	}
	for {
		entries, err := d.File().ReadDir(n)
		for _, e := range entries {
			if err := w.entry(d, e, at); err != nil && !errors.Is(err, fs.ErrNotExist) {
				return err
			}
		}
		if err != nil && !errors.Is(err, io.EOF) {
			return err
		}
		if err != nil || w.remove {
			break
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

// entry removes, or counts, one entry of d, which stands at at.
func (w *purging) entry(d *disk.Dir, e fs.DirEntry, at place) error {
	if err := w.ctx.Err(); err != nil {
		return err
	}
	ours := at.claimed && e.Type().IsRegular() && w.queue(e.Name())
	if !ours {
		st, err := d.Lstat(e.Name())
		if err != nil {
			return err
		}
		ours = w.known[st.Ino]
	}
	switch {
	case e.IsDir() && at.deep && at.depth < folders.MaxDepth:
		return w.folder(d, e.Name(), place{at.claimed || ours, at.deep, at.depth + 1})
	case !ours || e.IsDir():
		w.foreign++
		return nil
	}
	w.ours++
	w.found(e.Name())
	if !w.remove {
		return nil
	}
	if w.ours%1000 == 0 {
		w.progress(w.ours)
	}
	return d.RemoveNoSync(e.Name())
}

func notEmpty(err error) bool {
	return errors.Is(err, syscall.ENOTEMPTY) || errors.Is(err, fs.ErrExist)
}
