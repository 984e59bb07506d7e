// Package index knows what lies in the folders of a queue, by the names alone, and which of it belongs together.
//
// In order: an Indexer reads folders; the Index says how many messages there are; Units makes of those that are wanted the units of
// a transfer.Transfer. It takes about 100 bytes of memory for each file.
package index

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"maps"
	"path"
	"slices"
	"strings"

	"hikeshi/spool"
	"hikeshi/spool/aside/folders"
	"hikeshi/spool/disk"
)

// An Index is what lies in some folders, by name alone.
type Index struct {
	Dirs  []string // folders, paths below the base
	Files []File   // by message, bodies before envelopes

	entries []int // of each folder
	plain   []int // of these: files of the queue, and files that lie beside them
}

// A File is one entry of a folder that is no folder to be followed.
type File struct {
	Dir  int32      // index into Index.Dirs
	Kind Kind       // what it is
	Part spool.Part // of a queue file
	Name string
	Base string // of a queue file: the name of its message
}

// Kind says what an entry is.
type Kind uint8

// The kinds of entries.
const (
	Queued    Kind = iota // a file of the queue
	Companion             // another regular file in a sub-folder: belongs to the messages there
	Odd                   // everything else: a symbolic link, a FIFO, a device, a folder where none belongs, a strange name
)

// An Indexer fills an Index.
type Indexer struct {
	ctx   context.Context
	tree  *folders.Tree
	queue spool.Queue
	only  func(dir string, f File) (bool, error)
	x     Index
}

// New begins an Index of folders of tree.
func New(ctx context.Context, tree *folders.Tree, q spool.Queue) *Indexer {
	return &Indexer{ctx: ctx, tree: tree, queue: q}
}

// Only makes the Indexer keep nothing but those files of the queue for which want is true. want gets the folder of the file, a path below the
// base; its error ends the reading.
func (i *Indexer) Only(want func(dir string, f File) (bool, error)) { i.only = want }

// Read indexes folders below base; names says of each whether it has sub-folders. The tree is open on base.
func Read(ctx context.Context, base string, names map[string]bool, q spool.Queue) (*folders.Tree, *Index, error) {
	tree, err := folders.Open(base)
	if err != nil {
		return nil, nil, err
	}
	i := New(ctx, tree, q)
	for _, name := range slices.Sorted(maps.Keys(names)) {
		if err := i.Add(name, names[name]); err != nil {
			tree.Close()
			return nil, nil, fmt.Errorf("reading what lies in %s: %w", name, err)
		}
	}
	return tree, i.Index(), nil
}

// Add takes in the folder rel, with its sub-folders if deep. A folder or file that vanishes meanwhile is passed over.
func (i *Indexer) Add(rel string, deep bool) error {
	parent, err := i.tree.Dir(path.Dir(rel))
	if err != nil {
		return err
	}
	depth := folders.MaxDepth
	if deep {
		depth = 0
	}
	return i.walk(parent, rel, depth)
}

// Index returns what was found, sorted.
func (i *Indexer) Index() *Index {
	slices.SortFunc(i.x.Files, func(a, b File) int {
		if c := cmp.Or(strings.Compare(a.Base, b.Base), cmp.Compare(a.Part, b.Part)); c != 0 {
			return c
		}
		return cmp.Or(strings.Compare(i.x.Dirs[a.Dir], i.x.Dirs[b.Dir]), strings.Compare(a.Name, b.Name))
	})
	return &i.x
}

func (i *Indexer) walk(parent *disk.Dir, rel string, depth int) error {
	d, err := parent.Sub(path.Base(rel))
	if folders.Absent(err) {
		return nil
	}
	if err != nil {
		return err
	}
	defer d.Close()
	dir := int32(len(i.x.Dirs))
	i.x.Dirs = append(i.x.Dirs, rel)
	i.x.entries, i.x.plain = append(i.x.entries, 0), append(i.x.plain, 0)
	for {
		if err := i.ctx.Err(); err != nil {
			return err
		}
		entries, err := d.File().ReadDir(4096)
		for _, e := range entries {
			if err := i.visit(d, dir, e, depth); err != nil {
				return err
			}
		}
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return err
		}
	}
}

func (i *Indexer) visit(d *disk.Dir, dir int32, e fs.DirEntry, depth int) error {
	i.x.entries[dir]++
	f := File{Dir: dir, Kind: Odd, Name: e.Name()}
	switch {
	case e.IsDir() && depth < folders.MaxDepth:
		return i.walk(d, path.Join(i.x.Dirs[dir], e.Name()), depth+1)
	case !e.Type().IsRegular() || strings.ContainsFunc(f.Name, control):
	default:
		base, part, ok := i.queue.Message(f.Name)
		if ok && base != "" {
			f.Kind, f.Base, f.Part = Queued, base, part
		} else if strings.Contains(i.x.Dirs[dir], "/") {
			f.Kind = Companion
		}
	}
	if i.only != nil {
		if f.Kind != Queued {
			return nil
		}
		if ok, err := i.only(i.x.Dirs[dir], f); err != nil || !ok {
			return err
		}
	}
	if f.Kind != Odd {
		i.x.plain[dir]++
	}
	i.x.Files = append(i.x.Files, f)
	return nil
}

func control(r rune) bool { return r < ' ' || r == 0x7f }

// Path is where f lies, below the base.
func (x *Index) Path(f File) string { return path.Join(x.Dirs[f.Dir], f.Name) }

// Messages counts the different messages.
func (x *Index) Messages() int {
	n, last := 0, ""
	for _, f := range x.Files {
		if f.Kind == Queued && f.Base != last {
			n, last = n+1, f.Base
		}
	}
	return n
}

// ByMessage calls each with the files of one message after the other, in the order of their names.
func (x *Index) ByMessage(each func(base string, files []File) error) error {
	for rest := x.Files; len(rest) > 0; {
		n := 1
		for n < len(rest) && rest[n].Base == rest[0].Base {
			n++
		}
		if rest[0].Kind == Queued {
			if err := each(rest[0].Base, rest[:n]); err != nil {
				return err
			}
		}
		rest = rest[n:]
	}
	return nil
}
