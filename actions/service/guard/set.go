package guard

import (
	"context"
	"errors"
	"fmt"

	"hikeshi/runbook"
	"hikeshi/spool"
	"hikeshi/spool/disk"
)

// A Set is what one change puts up or takes away, in plain data.
type Set struct {
	Guards []Posts `json:"guards"`
}

// Manager is the service manager that is to obey.
type Manager interface {
	Look(ctx context.Context, unit string) (spool.UnitState, error)
	Reload(ctx context.Context) error
}

// Put puts up every guard, past failures, and has the manager read what stands then. It can be repeated.
func (s Set) Put(ctx context.Context, m Manager) error { return s.all(ctx, m, Posts.Put) }

// Take takes every guard away, past failures, and has the manager read what stands then. It can be repeated.
func (s Set) Take(ctx context.Context, m Manager) error { return s.all(ctx, m, Posts.Take) }

func (s Set) all(ctx context.Context, m Manager, do func(Posts) error) error {
	var errs []error
	for _, p := range s.Guards {
		err := do(p)
		if errors.Is(err, disk.ErrDrift) {
			err = fmt.Errorf("%w: %w", runbook.ErrDrift, err)
		}
		if err != nil {
			errs = append(errs, fmt.Errorf("guard of %s: %w", p.Unit, err))
		}
	}
	return errors.Join(append(errs, m.Reload(ctx))...)
}

// State counts what stands of the set, and whether the manager has read it.
func (s Set) State(ctx context.Context, m Manager) (runbook.State, error) {
	stands, of := 0, 0
	for _, p := range s.Guards {
		n, foreign, err := p.Count()
		if err != nil {
			return "", fmt.Errorf("%w: guard of %s: %w", runbook.ErrUndetermined, p.Unit, err)
		}
		if foreign {
			return runbook.Drifted, nil
		}
		u, err := m.Look(ctx, p.Unit)
		if err != nil {
			return "", fmt.Errorf("%w: %w", runbook.ErrUndetermined, err)
		}
		if Loaded(p.Unit, u.DropIns) {
			n++
		}
		stands, of = stands+n, of+p.Parts()+1
	}
	switch stands {
	case of:
		return runbook.Done, nil
	case 0:
		return runbook.None, nil
	}
	return runbook.Partial, nil
}
