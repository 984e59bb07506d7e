// Package envelope draws a sample of the messages in the folders of a queue and reads of each the envelope and the topmost Received
// line of its header, nothing else: neither the rest of the header nor the text.
//
// The sample is the entries whose names have the lowest hash values: as good as drawn by lot, and the same at every look. Nothing is
// locked; files that vanish meanwhile are left out.
package envelope

import (
	"context"
	"errors"
	"io/fs"
	"net/netip"
	"path"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"

	"hikeshi/spool"
	"hikeshi/spool/disk"
	"hikeshi/spool/scan/entries"
	"hikeshi/spool/scan/ids"
	"hikeshi/spool/scan/sample"
)

const (
	maxDepth = 3        // of sub-folders
	maxHead  = 32 << 10 // bytes of a body file that are read: more than servers put above the first Received line
	maxShown = 3        // recipients of a message that are kept by name
)

// A Message is one message of the sample. Names in it are foreign text.
type Message struct {
	Path       string // of the envelope
	Time       time.Time
	Sender     string   // "" is the null sender
	Recipients []string // the first ones
	Total      int
	Outside    bool // a recipient is in a domain that is not own
	List       bool // mail of a mailing list
	Bounce     bool // an error mail that this server made
	Client     netip.Addr
	Received   string // safe to show; "" if there is no body or no such line
}

// A Sample is some of the messages.
type Sample struct {
	Messages  []Message
	Envelopes int64 // in all folders
	Unread    int   // of the sample, that make no sense or may not be read
	Cut       bool  // the time was up before all was seen
}

// A Drawing says what to draw.
type Drawing struct {
	Queue   spool.Queue
	Folders []spool.Folder // looked through; a folder that is not there is empty
	Own     spool.Own
	Size    int
}

// namer and bouncer are abilities of a server that tell more of a file by its name.
type (
	namer interface {
		ListMail(folder, name string) bool
	}
	bouncer interface{ Bounce(name string) bool }
)

// Draw draws a sample. When ctx ends it returns what it has, marked as cut. The error says which folders could not be read; the
// sample is that of the others.
func Draw(ctx context.Context, d Drawing) (Sample, error) {
	var s Sample
	var errs []error
	drawn := sample.New(max(1, d.Size))
	for i, f := range d.Folders {
		w := walker{ctx: ctx, d: d, s: &s, drawn: drawn, tree: f.Tree, buf: make([]byte, entries.SmallBlock)}
		err := w.folder(f, strconv.Itoa(i))
		if ctx.Err() != nil {
			s.Cut = true
			break
		}
		if err != nil && !errors.Is(err, fs.ErrNotExist) {
			errs = append(errs, err)
		}
	}
	own := ownDomains(d.Own)
	for _, h := range drawn.Hashes() {
		for _, ref := range drawn.Files(h) {
			if ctx.Err() != nil {
				s.Cut = true
				break
			}
			m, err := d.read(ref, own)
			switch {
			case errors.Is(err, fs.ErrNotExist):
			case err != nil:
				s.Unread++
			default:
				s.Messages = append(s.Messages, m)
			}
		}
	}
	slices.SortFunc(s.Messages, func(a, b Message) int { return strings.Compare(a.Path, b.Path) })
	return s, errors.Join(errs...)
}

// A walker goes through the names of one folder.
type walker struct {
	ctx   context.Context
	d     Drawing
	s     *Sample
	drawn *sample.Sample
	tree  bool
	buf   []byte // for the names of one sub-folder at a time
}

func (w walker) folder(f spool.Folder, sub string) error {
	dir, err := openBelow(f.Path)
	if err != nil {
		return err
	}
	defer dir.Close()
	return w.walk(dir, sub)
}

// walk looks at the names in dir. Sub is the number of the folder and the path below it.
func (w walker) walk(dir *disk.Dir, sub string) error {
	var below []string
	visit := func(name string, k entries.Kind) {
		if k == entries.Unknown {
			k = entries.Ask(dir, name)
		}
		switch {
		case k == entries.Folder && w.tree && strings.Count(sub, "/") < maxDepth:
			below = append(below, strings.Clone(name))
		case k == entries.File:
			w.name(sub, name)
		}
	}
	var err error
	if strings.Contains(sub, "/") {
		err = entries.ListSmall(w.ctx, dir, w.buf, visit)
	} else {
		err = entries.List(w.ctx, dir, visit)
	}
	for _, name := range below {
		if err != nil {
			break
		}
		next, oops := dir.Sub(name)
		if oops != nil {
			continue // has vanished, or is no folder any more
		}
		err = w.walk(next, sub+"/"+name)
		next.Close()
	}
	return err
}

func (w walker) name(sub, name string) {
	_, part, ok := w.d.Queue.Message(name)
	if !ok || !part.Envelope() {
		return
	}
	w.s.Envelopes++
	if h := ids.Hash(sample.Entry(name)); w.drawn.Wants(h) {
		w.drawn.Add(sample.Ref{Sub: sub, Name: name, Part: part, Hash: h})
	}
}

// openBelow opens a folder of the queue, and a folder below it, neither of which may be a symbolic link.
func openBelow(at string, subs ...string) (*disk.Dir, error) {
	d, err := disk.Open(filepath.Dir(at))
	if err != nil {
		return nil, err
	}
	for _, name := range append([]string{path.Base(at)}, subs...) {
		if name == "" {
			continue
		}
		next, err := d.Sub(name)
		d.Close()
		if err != nil {
			return nil, err
		}
		d = next
	}
	return d, nil
}
