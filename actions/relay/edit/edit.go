// Package edit changes the deny file of a mail server and takes the change back, as package actions/edit does with any file: what a
// colleague has changed meanwhile is found and kept. Which line goes where is the knowledge of the server (spool.Denier).
package edit

import (
	"encoding/json"
	"errors"
	"fmt"

	"hikeshi/actions/edit"
	"hikeshi/runbook"
	"hikeshi/spool"
)

// File is the deny file as it stands now.
type File struct {
	edit.File
	Denier spool.Denier
}

// Read reads the deny file of s. The error wraps errors.ErrUnsupported if s has none, and runbook.ErrUndetermined if it cannot be read.
func Read(s spool.Server) (File, error) {
	d, ok := s.(spool.Denier)
	if !ok {
		return File{}, fmt.Errorf("denying sources: %w by this server", errors.ErrUnsupported)
	}
	f, err := edit.Read(d.DenyFile())
	return File{f, d}, err
}

// Edit is what a change of the deny file keeps of itself, in plain data.
type Edit struct {
	edit.Edit
	Added []string        `json:"added"`          // of the lines put in, or taken out
	Back  json.RawMessage `json:"back,omitempty"` // the server's own word for taking the lines out again
}

// New is the edit of f that ed plans.
func New(f File, ed spool.DenyEdit) Edit {
	return Edit{Edit: edit.New(f.File, ed.After), Added: ed.Added, Back: ed.Undo}
}

// TakeOut removes exactly the lines added for targets from what stands there now. That none of them stands there is success: nothing of
// ours is left. A file that we made and that holds nothing else goes.
func (e Edit) TakeOut(f File, rec runbook.Recorder, targets []string) error {
	return e.Undo(f.File, rec, func(from []byte) ([]byte, error) {
		ed, err := f.Denier.Allow(from, e.Back, targets)
		return ed.After, err
	})
}
