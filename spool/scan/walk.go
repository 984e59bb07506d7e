package scan

import (
	"context"
	"errors"
	"io/fs"
	"path/filepath"
	"strings"

	"hikeshi/spool"
	"hikeshi/spool/disk"
	"hikeshi/spool/scan/entries"
	"hikeshi/spool/scan/ids"
	"hikeshi/spool/scan/sample"
)

// maxDepth is how far sub-folders are followed; queues use one or two levels.
const maxDepth = 4

// A Set holds the base names of messages; see package ids.
type Set = ids.Set

// A Namer is an optional ability of a server: it says more of a file by its name alone.
type Namer interface {
	// Companion says whether the server lays such a file beside its messages; it belongs to the queue and to no message.
	Companion(name string) bool
	// ListMail says whether the file belongs to mail of a mailing list; folder is the name of the queue folder.
	ListMail(folder, name string) bool
}

// A walker goes through the names of one queue folder.
type walker struct {
	ctx    context.Context
	queue  spool.Queue
	namer  Namer // may be nil
	folder spool.Folder
	found  func(sample.Ref) // called for every regular file; the name is valid for the call only

	files, odd int64
	set        Set
	low, high  string // base names
	lowRef     sample.Ref
	highRef    sample.Ref
	hidden     int64 // sub-folders that could not be read
	hiddenErr  error
	bufs       [maxDepth + 1][]byte
}

// walk opens the folder and goes through it. Its path is resolved up to its parent; the folder itself and what is below may
// be no symbolic link.
func (w *walker) walk() error {
	parent, err := disk.Open(filepath.Dir(w.folder.Path))
	if err != nil {
		return err
	}
	defer parent.Close()
	d, err := parent.Sub(filepath.Base(w.folder.Path))
	if err != nil {
		return err
	}
	defer d.Close()
	return entries.List(w.ctx, d, func(name string, k entries.Kind) { w.visit(d, "", name, k) })
}

// visit takes in one entry of the folder d, which stands sub below the queue folder.
func (w *walker) visit(d *disk.Dir, sub, name string, k entries.Kind) {
	if unsafe(name) {
		w.oddEntry(d, sub, name, k)
		return
	}
	if k == entries.Unknown {
		k = entries.Ask(d, name)
	}
	switch k {
	case entries.File:
		w.file(sub, name)
	case entries.Folder:
		if !w.folder.Tree || strings.Count(sub, "/") >= maxDepth-1 {
			w.odd++
			return
		}
		w.descend(d, sub, name)
	default:
		w.odd++
	}
}

// oddEntry counts an entry whose name nobody should use.
func (w *walker) oddEntry(d *disk.Dir, sub, name string, k entries.Kind) {
	w.odd++
	if k == entries.Unknown {
		k = entries.Ask(d, name)
	}
	if k == entries.File {
		w.files++
		w.found(sample.Ref{Sub: sub, Name: name, Odd: true, Hash: ids.Hash(name)})
	}
}

func (w *walker) file(sub, name string) {
	w.files++
	base, part, ok := w.queue.Message(name)
	if !ok {
		if w.namer == nil || !w.namer.Companion(name) {
			w.odd++
		}
		w.found(sample.Ref{Sub: sub, Name: name, Hash: ids.Hash(name)})
		return
	}
	id, rest := ids.Number(base), sample.Entry(name)
	w.set.AddNumber(id)
	r := sample.Ref{Sub: sub, Name: name, Part: part, Hash: ids.Entry(id, rest[min(len(base), len(rest)):])}
	w.extremes(base, r)
	w.found(r)
}

// extremes remembers the messages with the lowest and the highest name, which are likely to be the oldest and the newest.
func (w *walker) extremes(base string, r sample.Ref) {
	if w.low == "" || less(base, w.low) {
		w.low = strings.Clone(base)
		w.lowRef = r
		w.lowRef.Name = strings.Clone(r.Name)
	}
	if w.high == "" || less(w.high, base) {
		w.high = strings.Clone(base)
		w.highRef = r
		w.highRef.Name = strings.Clone(r.Name)
	}
}

func (w *walker) descend(d *disk.Dir, sub, name string) {
	s, err := d.Sub(name)
	if err != nil {
		w.hide(err)
		return
	}
	defer s.Close()
	below := filepath.Join(sub, strings.Clone(name))
	depth := strings.Count(below, "/")
	if w.bufs[depth] == nil {
		w.bufs[depth] = make([]byte, entries.SmallBlock)
	}
	err = entries.ListSmall(w.ctx, s, w.bufs[depth], func(name string, k entries.Kind) { w.visit(s, below, name, k) })
	if err != nil {
		w.hide(err)
	}
}

// hide remembers that a sub-folder could not be read; one that has vanished meanwhile is none of them.
func (w *walker) hide(err error) {
	if !gone(err) {
		w.hidden++
		w.hiddenErr = err
	}
}

func less(a, b string) bool {
	if len(a) != len(b) {
		return len(a) < len(b)
	}
	return a < b
}

// unsafe says whether a name holds control characters.
func unsafe(name string) bool {
	for i := 0; i < len(name); i++ {
		if name[i] < ' ' || name[i] == 0x7f {
			return true
		}
	}
	return false
}

func gone(err error) bool { return errors.Is(err, fs.ErrNotExist) }

// Names calls visit with the name of every queue file in one folder, and the part it plays. A folder that is not there has none. The name is
// valid for the call only.
func Names(ctx context.Context, queue spool.Queue, f spool.Folder, visit func(file string, part spool.Part)) error {
	w := walker{ctx: ctx, folder: f, queue: nameReader{queue, visit}, found: func(sample.Ref) {}}
	if err := w.walk(); err != nil && !gone(err) {
		return err
	}
	return w.hiddenErr
}

// Files calls visit with every regular file in one folder, except those whose names nobody should use; sub is the folder below it that the
// file lies in, "" for itself. A folder that is not there has none. The name is valid for the call only.
func Files(ctx context.Context, queue spool.Queue, f spool.Folder, visit func(sub, file string)) error {
	w := walker{ctx: ctx, folder: f, queue: queue, found: func(r sample.Ref) {
		if !r.Odd {
			visit(r.Sub, r.Name)
		}
	}}
	if err := w.walk(); err != nil && !gone(err) {
		return err
	}
	return w.hiddenErr
}

// nameReader passes on the names that a walker asks for.
type nameReader struct {
	spool.Queue
	visit func(file string, part spool.Part)
}

func (n nameReader) Message(file string) (string, spool.Part, bool) {
	base, part, ok := n.Queue.Message(file)
	if ok {
		n.visit(file, part)
	}
	return base, part, ok
}
