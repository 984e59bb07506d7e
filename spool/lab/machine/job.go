package machine

import (
	"context"
	"errors"
	"fmt"
)

// Start starts a unit and returns when it is ready; a unit that runs stays as it is, and one whose conditions do not hold is left
// inactive without an error.
func (m *Machine) Start(ctx context.Context, name string) error {
	m.jobs.Lock()
	defer m.jobs.Unlock()
	m.mu.Lock()
	u := m.find(name)
	on := m.end != nil
	m.mu.Unlock()
	switch {
	case u == nil:
		return fmt.Errorf("starting %s: there is no such unit", name)
	case !on:
		return fmt.Errorf("starting %s: the machine is off", name)
	}
	return m.start(ctx, u)
}

func (m *Machine) start(ctx context.Context, u *unit) error {
	ready, gone := make(chan struct{}), make(chan struct{})
	if !m.launch(u, ready, gone) {
		return nil
	}
	select {
	case <-ready:
		return nil
	case <-gone:
	case <-ctx.Done():
		return fmt.Errorf("starting %s: %w", u.Name, context.Cause(ctx))
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	if u.fault != nil {
		return fmt.Errorf("starting %s: it failed: %w", u.Name, u.fault)
	}
	return nil
}

// launch runs the service unless it runs already or is barred.
func (m *Machine) launch(u *unit, ready, gone chan struct{}) bool {
	m.mu.Lock()
	defer m.mu.Unlock()
	if u.state.Running() {
		return false
	}
	s := initial(u.Unit)
	s.Since = now()
	s.Condition = m.hold(u.conditions)
	u.state, u.fault = s, nil
	if !s.Condition {
		u.note("not started: a condition does not hold")
		return false
	}
	m.pids++
	u.state.Active, u.state.Sub, u.state.PIDs = "activating", "start", []int{m.pids}
	ctx, stop := context.WithCancel(m.life)
	u.stop, u.done = stop, gone
	power := m.power
	go func() {
		defer close(gone)
		defer stop()
		err := u.Run(ctx, power, func() {
			m.set(u, "active", "running")
			close(ready)
		})
		m.ended(u, err, ctx.Err() != nil)
	}()
	return true
}

// set gives a running unit its next state; a unit that is being stopped stays so.
func (m *Machine) set(u *unit, active, sub string) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if u.state.Active != "deactivating" {
		u.state.Active, u.state.Sub, u.state.Since = active, sub, now()
		u.note(sub)
	}
}

// ended records how a service ended. One that ends unasked has failed.
func (m *Machine) ended(u *unit, err error, asked bool) {
	m.mu.Lock()
	defer m.mu.Unlock()
	u.state.PIDs, u.state.Since, u.done = nil, now(), nil
	u.state.Active, u.state.Sub, u.state.Result = "inactive", "dead", "success"
	if err == nil && !asked {
		err = errors.New("it ended by itself")
	}
	if err != nil {
		u.state.Active, u.state.Sub, u.state.Result, u.fault = "failed", "failed", "exit-code", err
		u.note("failed: " + err.Error())
		return
	}
	u.note("ended")
}

// Stop asks all the units to stop, in this order, and waits for all of them.
func (m *Machine) Stop(ctx context.Context, names []string) error {
	m.jobs.Lock()
	defer m.jobs.Unlock()
	var errs []error
	var waits []chan struct{}
	for _, name := range names {
		done, err := m.ask(name)
		errs = append(errs, err)
		if done != nil {
			waits = append(waits, done)
		}
	}
	for _, done := range waits {
		select {
		case <-done:
		case <-ctx.Done():
			return errors.Join(append(errs, fmt.Errorf("stopping units: %w", context.Cause(ctx)))...)
		}
	}
	return errors.Join(errs...)
}

// ask tells a unit to stop and returns what is closed when it has; nil if it does not run.
func (m *Machine) ask(name string) (chan struct{}, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	u := m.find(name)
	if u == nil {
		return nil, fmt.Errorf("stopping %s: there is no such unit", name)
	}
	if u.done == nil {
		return nil, nil
	}
	u.state.Active, u.state.Sub = "deactivating", "stop-sigterm"
	u.note("stopping")
	u.stop()
	return u.done, nil
}
