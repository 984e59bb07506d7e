// Package command starts, stops and looks at services with the commands of the configuration, for systems without systemd: rc.d,
// sysvinit, openrc. A command is an argument vector in which "{unit}" stands for the service, without ".service"; no shell
// reads it.
//
// A service runs when its status command ends with exit status 0, and does not with 1, 2 or 3 (Linux Standard Base, "Init Script
// Actions": dead with a pid file, dead with a lock file, not running; rc.subr(8) of FreeBSD has 1). Any other end, such as 4 (unknown), 126
// or 127 (the command could not be run), tells nothing. Nothing finer is known, so a Manager cannot tell whether a service exists, and
// cannot bar a start.
package command

import (
	"context"
	"errors"
	"fmt"
	"os/exec"
	"strings"
	"sync"
	"time"

	"hikeshi/spool"
)

// Manager runs the commands. Its methods may be called at once.
type Manager struct {
	start, stop, status []string

	mu   sync.Mutex
	said map[string][]string // by unit: what the commands printed, last line last
}

const (
	lookTime  = 30 * time.Second
	pipeTime  = 2 * time.Second // a daemon may keep the output of the command that started it open
	maxOutput = 64 << 10        // bytes of one command
	maxLines  = 500             // lines kept per unit
)

// New returns a manager with these commands.
func New(start, stop, status []string) *Manager {
	return &Manager{start: start, stop: stop, status: status, said: map[string][]string{}}
}

// Look says whether the status command calls unit running. The error tells of a command that could not be run, or whose exit status
// says neither.
func (m *Manager) Look(ctx context.Context, unit string) (spool.UnitState, error) {
	ctx, cancel := context.WithTimeout(ctx, lookTime)
	defer cancel()
	u := spool.UnitState{Unit: unit, Load: "loaded", Active: "active", Sub: "running", Condition: true}
	err := m.run(ctx, m.status, unit)
	if exit := (*exec.ExitError)(nil); errors.As(err, &exit) && exit.ExitCode() >= 1 && exit.ExitCode() <= 3 {
		u.Active, u.Sub = "inactive", "dead"
		return u, nil
	}
	if err != nil {
		return spool.UnitState{}, fmt.Errorf("looking at %s: %w", unit, err)
	}
	return u, nil
}

// Stop starts the stop commands of all units at once, in this order, and waits for all of them.
func (m *Manager) Stop(ctx context.Context, units []string) error {
	errs := make([]error, len(units))
	var all sync.WaitGroup
	for i, unit := range units {
		cmd, err := m.command(ctx, m.stop, unit)
		if err == nil {
			err = cmd.Start()
		}
		if err != nil {
			errs[i] = fmt.Errorf("stopping %s: %w", unit, err)
			continue
		}
		all.Go(func() {
			if err := m.finish(ctx, cmd, unit); err != nil {
				errs[i] = fmt.Errorf("stopping %s: %w", unit, err)
			}
		})
	}
	all.Wait()
	return errors.Join(errs...)
}

// Start runs the start command of unit.
func (m *Manager) Start(ctx context.Context, unit string) error {
	if err := m.run(ctx, m.start, unit); err != nil {
		return fmt.Errorf("starting %s: %w", unit, err)
	}
	return nil
}

// Reload does nothing: there are no unit files.
func (m *Manager) Reload(context.Context) error { return nil }

// Bars says that a start cannot be barred.
func (m *Manager) Bars() bool { return false }

// StatusLine is the command that looks at unit, for people who look for themselves.
func (m *Manager) StatusLine(unit string) string { return strings.Join(args(m.status, unit), " ") }

// Log returns the last lines that the commands for unit have printed since the program began.
func (m *Manager) Log(_ context.Context, unit string, lines int) ([]string, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	said := m.said[unit]
	return append([]string(nil), said[max(0, len(said)-lines):]...), nil
}

func (m *Manager) run(ctx context.Context, argv []string, unit string) error {
	cmd, err := m.command(ctx, argv, unit)
	if err == nil {
		err = cmd.Start()
	}
	if err != nil {
		return err
	}
	return m.finish(ctx, cmd, unit)
}

// args puts unit into argv.
func args(argv []string, unit string) []string {
	all := make([]string, len(argv))
	for i, a := range argv {
		all[i] = strings.ReplaceAll(a, "{unit}", strings.TrimSuffix(unit, ".service"))
	}
	return all
}

// command makes the command of argv for unit.
func (m *Manager) command(ctx context.Context, argv []string, unit string) (*exec.Cmd, error) {
	if len(argv) == 0 {
		return nil, fmt.Errorf("the configuration names no command for it (services.command): %w", errors.ErrUnsupported)
	}
	all := args(argv, unit)
	cmd := exec.CommandContext(ctx, all[0], all[1:]...)
	cmd.Env = []string{"LANG=C", "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"}
	cmd.WaitDelay = pipeTime
	out := &tail{}
	cmd.Stdout, cmd.Stderr = out, out
	return cmd, nil
}

// finish waits for a started command and keeps what it printed.
func (m *Manager) finish(ctx context.Context, cmd *exec.Cmd, unit string) error {
	err := cmd.Wait()
	if errors.Is(err, exec.ErrWaitDelay) {
		err = nil
	}
	lines := cmd.Stdout.(*tail).lines()
	m.mu.Lock()
	all := append(append(m.said[unit], "$ "+strings.Join(cmd.Args, " ")), lines...)
	m.said[unit] = all[max(0, len(all)-maxLines):]
	m.mu.Unlock()
	switch {
	case err == nil:
		return nil
	case ctx.Err() != nil:
		return fmt.Errorf("%q did not end: %w", cmd.Args, context.Cause(ctx))
	case len(lines) > 0:
		return fmt.Errorf("%q: %w: %q", cmd.Args, err, lines[len(lines)-1])
	}
	return fmt.Errorf("%q: %w", cmd.Args, err)
}

// tail keeps the end of what is written to it.
type tail struct {
	mu  sync.Mutex
	end []byte
}

// Write never fails.
func (t *tail) Write(p []byte) (int, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.end = append(t.end, p...)
	t.end = t.end[max(0, len(t.end)-maxOutput):]
	return len(p), nil
}

func (t *tail) lines() []string {
	t.mu.Lock()
	defer t.mu.Unlock()
	s := strings.TrimRight(string(t.end), "\n")
	if s == "" {
		return nil
	}
	return strings.Split(s, "\n")
}
