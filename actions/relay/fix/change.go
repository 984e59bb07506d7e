package fix

import (
	"context"
	"errors"
	"fmt"
	"io/fs"

	"hikeshi/actions/edit"
	"hikeshi/runbook"
	"hikeshi/spool"
)

func (a action) load(c runbook.Change) (data, server, edit.File, error) {
	var d data
	if err := c.Decode(dataV, &d); err != nil {
		return d, nil, edit.File{}, err
	}
	s, f, err := a.read()
	if err == nil && f.Path != d.File {
		err = fmt.Errorf("the change is of %s, the deny file of this server is %s", d.File, f.Path)
	}
	return d, s, f, err
}

// Apply writes the file that was planned.
func (a action) Apply(_ context.Context, c runbook.Change, rec runbook.Recorder) error {
	d, s, f, err := a.load(c)
	if err != nil {
		return err
	}
	return d.Apply(f, rec, func(now []byte) ([]byte, error) {
		e, err := s.Mend(now, a.env.Own, spool.Mending{Lines: d.Lines, CatchAll: d.CatchAll})
		return e.After, err
	})
}

// Verify looks whether the mended lines stand there.
func (a action) Verify(_ context.Context, c runbook.Change, _ runbook.Recorder) (runbook.State, error) {
	d, s, f, err := a.load(c)
	if err != nil {
		return "", err
	}
	return d.State(f, func(now []byte) bool {
		_, err := s.Unmend(now, d.Back)
		return err == nil
	})
}

// Undo puts the lines back as they stood.
func (a action) Undo(_ context.Context, c runbook.Change, rec runbook.Recorder) error {
	d, s, f, err := a.load(c)
	if err != nil {
		return err
	}
	return d.Undo(f, rec, func(now []byte) ([]byte, error) {
		before, err := s.Unmend(now, d.Back)
		if err != nil && !errors.Is(err, fs.ErrNotExist) {
			err = fmt.Errorf("%w: %w", runbook.ErrDrift, err)
		}
		return before, err
	})
}
