package index

import (
	"path"

	"hikeshi/spool/aside/transfer"
)

// A Choice says what of an Index is to be moved.
type Choice struct {
	Want func(base string) bool  // which messages
	To   func(dir string) string // where the content of a folder goes
	Odd  bool                    // with everything that is no file of the queue
}

// Units adds to b one unit for every message that is wanted. A sub-folder of which everything goes, and which is not there at
// the other end, goes as a whole; the messages in it are one unit. What lies beside the messages of a sub-folder goes when all of
// them do. It returns how many files go, and what is odd and stays for that reason: paths below the base.
func (x *Index) Units(b *transfer.Builder, c Choice) (files int, odd []string, err error) {
	u := &units{x: x, b: b, c: c, group: map[string]string{}, units: map[string]*transfer.Unit{}, done: map[int32]bool{}}
	if err := u.folders(); err != nil {
		return 0, nil, err
	}
	for _, f := range x.Files {
		if err := u.file(f); err != nil {
			return 0, nil, err
		}
	}
	for _, base := range u.order {
		b.Add(*u.units[base])
	}
	return u.files, u.odd, nil
}

type units struct {
	x *Index
	b *transfer.Builder
	c Choice

	all   []bool                    // folder: all queue files of it go, and there is one
	whole []bool                    // folder: goes as a whole
	group map[string]string         // message: one with which it is in the same unit
	units map[string]*transfer.Unit // by the first message of the group
	order []string
	done  map[int32]bool // folders that are in a unit already
	files int
	odd   []string
}

// folders finds out which sub-folders go as a whole.
func (u *units) folders() error {
	queued, wanted := make([]int, len(u.x.Dirs)), make([]int, len(u.x.Dirs))
	first := make([]string, len(u.x.Dirs))
	for _, f := range u.x.Files {
		if f.Kind != Queued {
			continue
		}
		queued[f.Dir]++
		if u.c.Want(f.Base) {
			wanted[f.Dir]++
			first[f.Dir] = f.Base
		}
	}
	u.all, u.whole = make([]bool, len(u.x.Dirs)), make([]bool, len(u.x.Dirs))
	for i, dir := range u.x.Dirs {
		u.all[i] = queued[i] > 0 && wanted[i] == queued[i]
		if !u.all[i] || !below(dir) || u.x.plain[i] != u.x.entries[i] {
			continue
		}
		_, there, err := u.b.Lstat(u.c.To(dir))
		if err != nil {
			return err
		}
		u.whole[i] = !there
	}
	for _, f := range u.x.Files {
		if f.Kind == Queued && u.whole[f.Dir] {
			u.join(f.Base, first[f.Dir])
		}
	}
	return nil
}

// below says whether a folder is a sub-folder of a queue folder.
func below(dir string) bool { return path.Dir(dir) != "." }

func (u *units) join(a, b string) {
	if a, b = u.root(a), u.root(b); a != b {
		u.group[a] = b
	}
}

func (u *units) root(base string) string {
	for {
		next, ok := u.group[base]
		if !ok {
			return base
		}
		base = next
	}
}

func (u *units) file(f File) error {
	switch {
	case u.whole[f.Dir]:
		return u.folder(f)
	case f.Kind == Queued:
		if !u.c.Want(f.Base) {
			return nil
		}
		it, ok, err := u.b.Item(u.way(u.x.Dirs[f.Dir]), f.Name, f.Part)
		if ok {
			u.files++
			u.add(f.Base, it)
		}
		return err
	case f.Kind == Companion && u.all[f.Dir], u.c.Odd:
		it, ok, err := u.b.Item(u.way(u.x.Dirs[f.Dir]), f.Name, f.Part)
		if ok {
			u.files++
			u.b.Add(transfer.Unit{it})
		}
		return err
	case f.Kind == Odd:
		u.odd = append(u.odd, u.x.Path(f))
	}
	return nil
}

// folder adds the folder of f, as one item that goes last since envelopes lie in it.
func (u *units) folder(f File) error {
	if f.Kind != Queued || u.done[f.Dir] {
		return nil
	}
	u.done[f.Dir] = true
	dir := u.x.Dirs[f.Dir]
	it, ok, err := u.b.Item(u.way(path.Dir(dir)), path.Base(dir), f.Part)
	if ok {
		u.files += u.x.entries[f.Dir]
		it.Last = true
		u.add(f.Base, it)
	}
	return err
}

func (u *units) add(base string, it transfer.Item) {
	root := u.root(base)
	if u.units[root] == nil {
		u.units[root] = &transfer.Unit{}
		u.order = append(u.order, root)
	}
	*u.units[root] = append(*u.units[root], it)
}

func (u *units) way(dir string) transfer.Way {
	return transfer.Way{From: transfer.Name(dir), To: transfer.Name(u.c.To(dir))}
}
