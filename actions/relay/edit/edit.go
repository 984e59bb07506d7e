// Package edit changes the deny file of a mail server and takes the change back, as package actions/edit does with any file: what a
// colleague has changed meanwhile is found and kept. Which line goes where is the knowledge of the server (spool.Denier).
package edit

import (
	"encoding/json"
	"errors"
	"fmt"
	"strings"

	"hikeshi/actions/edit"
	"hikeshi/runbook"
	"hikeshi/spool"
)

// File is the deny file as it stands now.
type File struct {
	edit.File
	Denier spool.Denier
	Named  bool // the settings name it: it must not vanish
}

// Read reads the deny file of s, the first one where there are several. The error wraps errors.ErrUnsupported if s has none, and
// runbook.ErrUndetermined if it cannot be read.
func Read(s spool.Server) (File, error) {
	d, ok := s.(spool.Denier)
	if !ok {
		return File{}, fmt.Errorf("denying sources: %w by this server", errors.ErrUnsupported)
	}
	f, err := edit.Read(d.DenyFile())
	return File{f, d, named(s)}, err
}

// A Part is a deny file with those of the targets that belong into it.
type Part struct {
	File
	Targets []string
}

// Parts reads the deny files of s that the targets belong into, in the order of the server; all of them if there are no targets. Errors
// are those of Read.
func Parts(s spool.Server, targets []string) ([]Part, error) {
	deniers, of := spool.DeniersOf(s)
	if len(deniers) == 0 {
		return nil, fmt.Errorf("denying sources: %w by this server", errors.ErrUnsupported)
	}
	var all []Part
	for i, d := range deniers {
		p := Part{File: File{Denier: d, Named: named(s)}}
		for _, t := range targets {
			if of(t) == i {
				p.Targets = append(p.Targets, t)
			}
		}
		if len(targets) > 0 && len(p.Targets) == 0 {
			continue
		}
		var err error
		if p.File.File, err = edit.Read(d.DenyFile()); err != nil {
			return nil, err
		}
		all = append(all, p)
	}
	return all, nil
}

// At reads the deny file at path, which a change names.
func At(s spool.Server, path string) (File, error) {
	deniers, _ := spool.DeniersOf(s)
	var names []string
	for _, d := range deniers {
		if d.DenyFile() == path {
			f, err := edit.Read(path)
			return File{f, d, named(s)}, err
		}
		names = append(names, d.DenyFile())
	}
	return File{}, fmt.Errorf("the change is of %s, the deny file of this server is %s", path, strings.Join(names, ", "))
}

func named(s spool.Server) bool {
	_, ok := s.(spool.DenyHooker)
	return ok
}

// Edit is what a change of the deny file keeps of itself, in plain data.
type Edit struct {
	edit.Edit
	Added []string        `json:"added"`          // of the lines put in, or taken out
	Back  json.RawMessage `json:"back,omitempty"` // the server's own word for taking the lines out again
}

// New is the edit of f that ed plans.
func New(f File, ed spool.DenyEdit) Edit {
	e := Edit{Edit: edit.New(f.File, ed.After), Added: ed.Added, Back: ed.Undo}
	e.Keep = f.Named
	return e
}

// TakeOut removes exactly the lines added for targets from what stands there now. That none of them stands there is success: nothing of
// ours is left. A file that we made and that holds nothing else goes.
func (e Edit) TakeOut(f File, rec runbook.Recorder, targets []string) error {
	return e.Undo(f.File, rec, func(from []byte) ([]byte, error) {
		ed, err := f.Denier.Allow(from, e.Back, targets)
		return ed.After, err
	})
}
