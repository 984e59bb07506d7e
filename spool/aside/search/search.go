// Package search finds messages in the folders of a queue: by the name of a file, or by the addresses in its envelopes.
package search

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"net/netip"
	"path"
	"slices"
	"strings"
	"time"

	"hikeshi/spool"
	"hikeshi/spool/aside/address"
	"hikeshi/spool/aside/folders"
	"hikeshi/spool/aside/index"
	"hikeshi/spool/aside/pick"
	"hikeshi/spool/aside/transfer"
)

// A Search looks for messages in some folders.
type Search struct {
	Base  string
	Names map[string]bool // folders below Base, with whether they have sub-folders
	Queue spool.Queue
	To    func(dir string) string // as in pick.Source
	Max   int                     // so many messages at most

	// Progress is told how many envelopes were read; nobody knows how many there are.
	Progress func(done int64)
}

// A Found is a message that was found. All texts are as they stand in the files of strangers.
type Found struct {
	Base       string   // name of the message
	Readable   bool     // an envelope of it could be read
	Sender     string   // of the first envelope
	Recipients []string // of all envelopes, bounded; Total counts them all
	Total      int
	Arrived    time.Time // of the oldest body; zero if there is none
	Size       int64     // of the largest body, in bytes
	Client     netip.Addr
	Dirs       []string // folders in which files of it lie
	Pairs      int      // that a release would bring back
	Taken      int      // files that stay since their name is taken in the queue
	Halves     int      // files that stay since they are no pair
}

// maxRecipients bounds Found.Recipients.
const maxRecipients = 20

var errEnough = errors.New("enough was found")

// Run finds the message with the name what, by the names of files alone; where what is no such name, the messages from or to it: an address, a
// domain, or an account of one of the own domains, which takes reading every envelope. more says that there are more than Max.
func (s Search) Run(ctx context.Context, what string, own []string) (all []Found, more bool, err error) {
	tree, err := folders.Open(s.Base)
	if err != nil {
		return nil, false, err
	}
	defer tree.Close()
	what = strings.TrimSuffix(strings.TrimPrefix(strings.TrimSpace(what), "<"), ">")
	x, named, err := s.byName(ctx, tree, what)
	if err != nil {
		return nil, false, err
	}
	if !named || len(x.Files) == 0 && strings.Contains(what, "@") {
		if x, more, err = s.byAddress(ctx, tree, address.NewSet([]string{what}, own)); err != nil {
			return nil, false, err
		}
	}
	err = x.ByMessage(func(_ string, files []index.File) error {
		f, err := s.found(ctx, tree, x, files)
		all = append(all, f)
		return err
	})
	return all, more, err
}

func (s Search) index(ctx context.Context, tree *folders.Tree, only func(dir string, f index.File) (bool, error)) (*index.Index, error) {
	i := index.New(ctx, tree, s.Queue)
	i.Only(only)
	for _, name := range slices.Sorted(maps.Keys(s.Names)) {
		if err := i.Add(name, s.Names[name]); err != nil {
			return i.Index(), fmt.Errorf("looking through %s: %w", name, err)
		}
	}
	return i.Index(), nil
}

// byName finds the files of one message; named says whether what can be the name of one, perhaps with its host behind an @: whether it
// becomes the name of a file of the queue with an extension that is in use there.
func (s Search) byName(ctx context.Context, tree *folders.Tree, what string) (x *index.Index, named bool, err error) {
	id, _, _ := strings.Cut(what, "@")
	bases := map[string]string{} // by extension
	x, err = s.index(ctx, tree, func(_ string, f index.File) (bool, error) {
		ext := path.Ext(f.Name)
		base, known := bases[ext]
		if !known {
			base, _, _ = s.Queue.Message(id + ext)
			bases[ext] = base
		}
		named = named || base != ""
		return base != "" && base == f.Base && (strings.EqualFold(id, base) || transfer.Stem(f.Name) == strings.ToUpper(id)), nil
	})
	return x, named, err
}

// byAddress reads envelopes until enough messages are found, then finds all files of these.
func (s Search) byAddress(ctx context.Context, tree *folders.Tree, names address.Set) (x *index.Index, more bool, err error) {
	wanted, done := map[string]bool{}, int64(0)
	_, err = s.index(ctx, tree, func(dir string, f index.File) (bool, error) {
		if !f.Part.Envelope() || wanted[f.Base] {
			return false, nil
		}
		if done++; done%256 == 0 && s.Progress != nil {
			s.Progress(done)
		}
		e, ok := s.envelope(tree, path.Join(dir, f.Name))
		if !ok || !names.Has(e.Sender) && !slices.ContainsFunc(e.Recipients, names.Has) {
			return false, nil
		}
		if len(wanted) == s.Max {
			return false, errEnough
		}
		wanted[f.Base] = true
		return false, nil
	})
	if more = errors.Is(err, errEnough); err != nil && !more {
		return nil, false, err
	}
	x, err = s.index(ctx, tree, func(_ string, f index.File) (bool, error) { return wanted[f.Base], nil })
	return x, more, err
}

// found reads the files of one message and asks what a release of it would do.
func (s Search) found(ctx context.Context, tree *folders.Tree, x *index.Index, files []index.File) (Found, error) {
	f := Found{Base: files[0].Base}
	for _, file := range files {
		if dir := x.Dirs[file.Dir]; !slices.Contains(f.Dirs, dir) {
			f.Dirs = append(f.Dirs, dir)
		}
		switch file.Part {
		case spool.Envelope:
			f.envelope(s.envelope(tree, x.Path(file)))
		case spool.Whole:
			e, ok := s.envelope(tree, x.Path(file))
			f.envelope(e, ok)
			if there, ok, err := tree.Lstat(x.Path(file)); err == nil && ok {
				f.Size = max(f.Size, there.Size)
			}
			f.Client, f.Arrived = e.Client, e.Arrived
		case spool.Body:
			e, ok, err := tree.Lstat(x.Path(file))
			if at := time.Unix(e.Sec, 0); err == nil && ok && (f.Arrived.IsZero() || at.Before(f.Arrived)) {
				f.Arrived = at
			}
			f.Size = max(f.Size, e.Size)
			if !f.Client.IsValid() {
				f.Client = s.client(tree, x.Path(file))
			}
		}
	}
	r, err := pick.Source{Base: s.Base, Tree: tree, Index: x, Queue: s.Queue, To: s.To}.Release(ctx, pick.Criteria{IDs: []string{f.Base}}, 1)
	f.Pairs, f.Taken = len(r.Transfer.Units), len(r.Taken)
	for _, rel := range r.Halves {
		base, _, _ := s.Queue.Message(path.Base(rel))
		if base == f.Base {
			f.Halves++
		}
	}
	return f, err
}

func (s Search) envelope(tree *folders.Tree, rel string) (spool.MessageEnvelope, bool) {
	g, err := tree.Read(rel)
	if err != nil {
		return spool.MessageEnvelope{}, false
	}
	defer g.Close()
	e, err := s.Queue.ReadEnvelope(g)
	return e, err == nil
}

func (s Search) client(tree *folders.Tree, rel string) netip.Addr {
	g, err := tree.Read(rel)
	if err != nil {
		return netip.Addr{}
	}
	defer g.Close()
	a, err := s.Queue.ReadClient(g)
	if err != nil {
		return netip.Addr{}
	}
	return a.Unmap()
}

func (f *Found) envelope(e spool.MessageEnvelope, ok bool) {
	if !ok {
		return
	}
	if !f.Readable {
		f.Readable, f.Sender = true, e.Sender
	}
	f.Total += e.Total
	for _, to := range e.Recipients {
		if len(f.Recipients) < maxRecipients {
			f.Recipients = append(f.Recipients, to)
		}
	}
}
