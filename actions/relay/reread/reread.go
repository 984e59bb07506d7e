// Package reread has the services of a mail server read its files again after one was changed, where they read them only when they start. A
// server that reads its files at every message needs none of it.
package reread

import (
	"context"
	"fmt"
	"time"

	"hikeshi/runbook"
	"hikeshi/spool"
)

// Services are those of one server.
type Services struct {
	Server spool.Server
	Run    func(ctx context.Context, argv []string) ([]byte, error) // nil: nobody is told
}

// The times that services may take until they have read their files, and after which they are told once more: the first word may have come in the
// same moment as the file was written.
const (
	patience = 10 * time.Second
	again    = 200 * time.Millisecond
)

// Settle returns when the running services have read the file at path. It is repeatable.
func (s Services) Settle(ctx context.Context, path string) error {
	r, ok := s.Server.(spool.Rereader)
	if !ok {
		return nil
	}
	behind, err := r.Behind(path)
	if err != nil || !behind {
		return err
	}
	argv := r.Reread()
	if s.Run == nil {
		return fmt.Errorf("%w: %s is written, and nobody may tell the services to read it: run %q", runbook.ErrUndetermined, path, argv)
	}
	told := time.Time{}
	for end := time.Now().Add(patience); behind && time.Now().Before(end); {
		if time.Since(told) > again {
			if out, err := s.Run(ctx, argv); err != nil {
				return fmt.Errorf("telling the services to read %s: %w: %.500q", path, err, out)
			}
			told = time.Now()
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(50 * time.Millisecond):
		}
		if behind, err = r.Behind(path); err != nil {
			return err
		}
	}
	if behind {
		return fmt.Errorf("the services have not read %s within %s after %q", path, patience, argv)
	}
	return nil
}

// State is the state of a change of the file at path: one that is made and not read yet is partial.
func (s Services) State(path string, state runbook.State) (runbook.State, error) {
	r, ok := s.Server.(spool.Rereader)
	if !ok || state != runbook.Done {
		return state, nil
	}
	behind, err := r.Behind(path)
	if err != nil {
		return "", err
	}
	if behind {
		return runbook.Partial, nil
	}
	return state, nil
}
