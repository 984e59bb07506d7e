package aside

import (
	"cmp"
	"errors"
	"fmt"
	"io/fs"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"golang.org/x/sys/unix"

	"hikeshi/spool"
	"hikeshi/spool/disk"
)

// A Set is what was set aside under one stamp.
type Set struct {
	Incident string
	Stamp    string
	Folders  []SetFolder // in the order of the server
	Missing  []string    // folders of the queue that have none in this set
	Since    time.Time   // UTC; the set was made at this moment or before: the system's record of the last change to the folders

	// Messages, Files and Bytes are filled in by who counts them.
	Messages, Files, Bytes int64
	Sampled                int // Bytes are an estimate from so many messages; 0: exact

	// Stock is what purging the incident would remove, all of its sets together; nil if nobody can tell, for want of a record.
	Stock *Stock
}

// Stock is what lies in the sets of one incident: what a Purge removes, and what it leaves.
type Stock struct {
	Messages int64 // different ones, of which something would be removed
	Files    int64 // that would be removed
	Foreign  int64 // entries that the incident did not put there, or that are no files of the queue: they stay
}

// A SetFolder is one folder of a Set.
type SetFolder struct {
	Of   spool.Folder // the folder of the queue
	Name string       // incoming.q-<stamp>
	Path string
	ID   disk.ID
}

// Find lists what is set aside beside folders, oldest incident first.
func Find(folders []spool.Folder) ([]Set, error) {
	base, err := Base(folders)
	if err != nil {
		return nil, err
	}
	d, err := disk.Open(base)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	defer d.Close()
	names, err := d.Names()
	if err != nil {
		return nil, err
	}
	sets := map[string]*Set{}
	for _, f := range folders {
		for _, name := range names {
			of, stamp, ok := Parse(name)
			if !ok || of != filepath.Base(f.Path) {
				continue
			}
			if sets[stamp] == nil {
				sets[stamp] = &Set{Incident: Incident(stamp), Stamp: stamp}
			}
			if err := sets[stamp].add(d, f, name); err != nil {
				return nil, err
			}
		}
	}
	return sorted(sets, folders), nil
}

// Of lists what incident has set aside beside folders.
func Of(folders []spool.Folder, incident string) ([]Set, error) {
	all, err := Find(folders)
	if err != nil {
		return nil, fmt.Errorf("looking for what is set aside: %w", err)
	}
	return slices.DeleteFunc(all, func(s Set) bool { return s.Incident != incident }), nil
}

// Names are the names of the folders of sets, each with whether it has sub-folders.
func Names(sets []Set) map[string]bool {
	names := map[string]bool{}
	for _, s := range sets {
		for _, f := range s.Folders {
			names[f.Name] = f.Of.Tree
		}
	}
	return names
}

// add takes in one folder; what is no folder is not ours.
func (s *Set) add(d *disk.Dir, f spool.Folder, name string) error {
	e, err := d.Lstat(name)
	if errors.Is(err, fs.ErrNotExist) || err == nil && e.Type != fs.ModeDir {
		return nil
	}
	if err != nil {
		return err
	}
	s.Folders = append(s.Folders, SetFolder{Of: f, Name: name, Path: filepath.Join(d.Path(), name), ID: e.ID})
	var st unix.Stat_t
	if err := unix.Fstatat(int(d.File().Fd()), name, &st, unix.AT_SYMLINK_NOFOLLOW); err != nil {
		return fmt.Errorf("examining %q: %w", name, err)
	}
	at := time.Unix(int64(st.Ctim.Sec), int64(st.Ctim.Nsec)).UTC()
	if s.Since.IsZero() || at.Before(s.Since) {
		s.Since = at
	}
	return nil
}

func sorted(sets map[string]*Set, folders []spool.Folder) []Set {
	var all []Set
	for _, s := range sets {
		if len(s.Folders) == 0 {
			continue
		}
		for _, f := range folders {
			if !slices.ContainsFunc(s.Folders, func(sf SetFolder) bool { return sf.Of.Path == f.Path }) {
				s.Missing = append(s.Missing, f.Name)
			}
		}
		all = append(all, *s)
	}
	slices.SortFunc(all, func(a, b Set) int {
		return cmp.Or(strings.Compare(a.Incident, b.Incident), cmp.Compare(len(a.Stamp), len(b.Stamp)), strings.Compare(a.Stamp, b.Stamp))
	})
	return all
}
