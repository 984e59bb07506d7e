// Package unit stops and starts services, and believes it only when it sees it: by the manager's word, by what is left in the unit,
// by the process table. Nothing is ever killed here; what does not go down is reported with what to do next.
package unit

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"hikeshi/runbook"
	"hikeshi/spool"
)

// A Manager starts and stops services. One that has the method Log(ctx, unit, lines) ([]string, error) also has the last lines
// of what a unit said; one that cannot bar a start says so with Bars() bool.
type Manager interface {
	// Look says what the manager knows of unit; one that does not exist has Load not-found.
	Look(ctx context.Context, unit string) (spool.UnitState, error)
	// Stop asks all units at once to stop, in this order, and waits for all of them.
	Stop(ctx context.Context, units []string) error
	// Start starts a unit. It may succeed though the unit does not run then.
	Start(ctx context.Context, unit string) error
	// Reload reads the units and drop-ins again.
	Reload(ctx context.Context) error
}

// Processes is a process table.
type Processes interface {
	ByName(name string) ([]spool.Process, error)
}

// A Hand does the work.
type Hand struct {
	Manager   Manager
	Processes Processes // nil: the process table is not looked at
}

// StatusLine is the command with which a person looks at a unit: of the manager if it has one, of systemd else.
func (h Hand) StatusLine(unit string) string {
	if m, ok := h.Manager.(interface{ StatusLine(unit string) string }); ok {
		return m.StatusLine(unit)
	}
	return "systemctl status " + unit
}

// See looks at one service. An error wraps runbook.ErrUndetermined.
func (h Hand) See(ctx context.Context, s spool.Service) (Sight, error) {
	u, err := h.Manager.Look(ctx, s.Unit)
	if err != nil {
		return Sight{}, fmt.Errorf("%w: %w", runbook.ErrUndetermined, err)
	}
	seen := Sight{UnitState: u, Service: s}
	if h.Processes == nil || s.Process == "" {
		return seen, nil
	}
	if seen.Procs, err = h.Processes.ByName(s.Process); err != nil {
		return Sight{}, fmt.Errorf("%w: %w", runbook.ErrUndetermined, err)
	}
	return seen, nil
}

// SeeAll looks at several, in their order.
func (h Hand) SeeAll(ctx context.Context, services []spool.Service) ([]Sight, error) {
	var all []Sight
	for _, s := range services {
		seen, err := h.See(ctx, s)
		if err != nil {
			return nil, err
		}
		all = append(all, seen)
	}
	return all, nil
}

// Left are the services of which anything is left.
func (h Hand) Left(ctx context.Context, services []spool.Service) ([]Sight, error) {
	seen, err := h.SeeAll(ctx, services)
	if err != nil {
		return nil, err
	}
	var left []Sight
	for _, u := range seen {
		if !u.Down() {
			left = append(left, u)
		}
	}
	return left, nil
}

// logger is a Manager that has what its units said.
type logger interface {
	Log(ctx context.Context, unit string, lines int) ([]string, error)
}

// keepLog keeps the unit's last lines as evidence and returns a few of them for the error. What cannot be read is left out: it
// must not hide the error it would explain.
func (h Hand) keepLog(ctx context.Context, rec runbook.Recorder, unit string) (string, error) {
	l, ok := h.Manager.(logger)
	if !ok {
		return "", nil
	}
	lines, err := l.Log(ctx, unit, 50)
	if err != nil || len(lines) == 0 {
		return "", nil
	}
	kept := rec.Evidence(unit+".log", strings.NewReader(strings.Join(lines, "\n")+"\n"))
	if errors.Is(kept, runbook.ErrUnrecorded) {
		kept = nil
	}
	var last []string
	for _, line := range lines[max(0, len(lines)-3):] {
		last = append(last, fmt.Sprintf("%.200q", line))
	}
	return "; its last lines: " + strings.Join(last, " "), kept
}
