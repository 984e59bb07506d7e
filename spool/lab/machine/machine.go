// Package machine is the machine of a rehearsal that runs in one process: a service manager with units, a process table, boots and
// power cuts.
//
// It keeps the parts of systemd that an incident depends on. Units that are enabled start at a boot. Drop-ins are read at a boot and
// at Reload, not when they are written. A start whose conditions do not hold ends without an error and leaves the unit inactive,
// with Condition false. A stop is sent to all units at once, in the order given, and waited for. Of a drop-in,
// UNITDIR/NAME.service.d/*.conf, it understands
//
//	[Unit]
//	ConditionPathExists=!/var/lib/hikeshi/hold/epstdd.service
//
// with and without the "!"; an empty value forgets those before it (systemd.unit(5)). A path that is not below the root of the
// machine is taken to be seen from inside it. Every other line is skipped, as systemd skips what it does not know.
package machine

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"time"

	"hikeshi/spool"
	"hikeshi/spool/lab/standin"
)

// A Unit is a service of the machine.
type Unit struct {
	Name    string // epstrd.service
	Process string // epstrd
	Enabled bool   // starts at boot
	// Run is the service: it calls ready when it has started and returns when ctx ends. All it changes goes through the power.
	Run func(ctx context.Context, p *standin.Power, ready func()) error
}

// A Machine is in use by several goroutines at once. Close it when it is no longer needed.
type Machine struct {
	root, unitDir string

	jobs  sync.Mutex // one boot, start or stop at a time
	mu    sync.Mutex // guards what follows
	units []*unit
	power *standin.Power
	life  context.Context // of everything between two boots
	end   context.CancelFunc
	pids  int
	boots int
}

// unit is a unit with its state; stop and done are there while it runs.
type unit struct {
	Unit
	dropIns    []string
	conditions []condition
	state      spool.UnitState
	fault      error    // why it failed
	journal    []string // its last lines
	stop       context.CancelFunc
	done       chan struct{}
}

// New returns a machine that is switched off. root and unitDir are absolute paths.
func New(root, unitDir string, units []Unit) *Machine {
	m := &Machine{root: root, unitDir: unitDir, pids: 1000}
	for _, u := range units {
		m.units = append(m.units, &unit{Unit: u, state: initial(u)})
	}
	return m
}

func initial(u Unit) spool.UnitState {
	s := spool.UnitState{Unit: u.Name, Load: "loaded", Active: "inactive", Sub: "dead", Result: "success", Enabled: "disabled"}
	if u.Enabled {
		s.Enabled = "enabled"
	}
	return s
}

// Boot switches the machine on and starts the enabled units. Everything ends when ctx does. A unit that does not start is failed,
// and the error names it.
func (m *Machine) Boot(ctx context.Context) error {
	m.jobs.Lock()
	defer m.jobs.Unlock()
	m.mu.Lock()
	if m.end != nil {
		m.mu.Unlock()
		return errors.New("booting the machine: it is on")
	}
	m.power = &standin.Power{}
	m.life, m.end = context.WithCancel(ctx)
	m.boots++
	for _, u := range m.units {
		u.state = initial(u.Unit)
	}
	m.mu.Unlock()
	errs := []error{m.Reload(ctx)}
	for _, u := range m.units {
		if u.Enabled {
			errs = append(errs, m.start(ctx, u))
		}
	}
	return errors.Join(errs...)
}

// Boots says how often the machine was booted.
func (m *Machine) Boots() int {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.boots
}

// Crash is a power cut: nothing changes on disk any more from one moment to the next, and no unit gets to clean up. It returns when
// all of them are gone.
func (m *Machine) Crash() {
	m.mu.Lock()
	if m.power != nil {
		m.power.Cut()
	}
	m.mu.Unlock()
	m.Close()
}

// Close stops all units and switches the machine off.
func (m *Machine) Close() {
	m.jobs.Lock()
	defer m.jobs.Unlock()
	m.mu.Lock()
	if m.end != nil {
		m.end()
	}
	m.mu.Unlock()
	for _, u := range m.units {
		m.wait(u)
	}
	m.mu.Lock()
	m.end = nil
	m.mu.Unlock()
}

// wait returns when the unit does not run.
func (m *Machine) wait(u *unit) {
	m.mu.Lock()
	done := u.done
	m.mu.Unlock()
	if done != nil {
		<-done
	}
}

// Look says what the manager knows of a unit; an unknown unit has Load not-found.
func (m *Machine) Look(_ context.Context, name string) (spool.UnitState, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	u := m.find(name)
	if u == nil {
		return spool.UnitState{Unit: name, Load: "not-found", Active: "inactive", Sub: "dead"}, nil
	}
	s := u.state
	s.DropIns, s.PIDs = slices.Clone(u.dropIns), slices.Clone(u.state.PIDs)
	return s, nil
}

// ByName returns the processes of that name.
func (m *Machine) ByName(name string) ([]spool.Process, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	var all []spool.Process
	for _, u := range m.units {
		for _, pid := range u.state.PIDs {
			if u.Process == name {
				all = append(all, spool.Process{PID: pid, Name: name})
			}
		}
	}
	return all, nil
}

// Reload reads the drop-ins.
func (m *Machine) Reload(context.Context) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	for _, u := range m.units {
		paths, err := filepath.Glob(filepath.Join(m.unitDir, u.Name+".d", "*.conf"))
		if err != nil {
			return fmt.Errorf("reading drop-ins of %s: %w", u.Name, err)
		}
		u.dropIns, u.conditions = paths, nil
		for _, path := range paths {
			if u.conditions, err = readConditions(path, u.conditions); err != nil {
				return fmt.Errorf("reading drop-ins of %s: %w", u.Name, err)
			}
		}
	}
	return nil
}

// Log returns the last lines of what happened to a unit since New.
func (m *Machine) Log(_ context.Context, name string, lines int) ([]string, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	u := m.find(name)
	if u == nil {
		return nil, fmt.Errorf("reading the log of %s: there is no such unit", name)
	}
	return slices.Clone(u.journal[max(0, len(u.journal)-lines):]), nil
}

// note keeps a line of the unit's log; the oldest of many are forgotten.
func (u *unit) note(text string) {
	u.journal = append(u.journal, now().Format(time.RFC3339)+" "+u.Name+": "+text)
	u.journal = u.journal[max(0, len(u.journal)-200):]
}

func (m *Machine) find(name string) *unit {
	i := slices.IndexFunc(m.units, func(u *unit) bool { return u.Name == name })
	if i < 0 {
		return nil
	}
	return m.units[i]
}

// inside is a path as a program on the machine means it.
func (m *Machine) inside(path string) string {
	if path == m.root || strings.HasPrefix(path, m.root+"/") {
		return path
	}
	return filepath.Join(m.root, path)
}

func now() time.Time { return time.Now().UTC() }
