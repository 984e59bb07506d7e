// Package systemd starts, stops and looks at units through systemd's D-Bus interface (org.freedesktop.systemd1(5)), on its private
// socket where that answers (as root), else on the system bus.
//
// Every call makes a connection of its own: nothing is kept that could have died since the last one. A context without a deadline
// is given one for looks and reloads; a stop or start waits as long as its context lets it.
package systemd

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/coreos/go-systemd/v22/dbus"

	"hikeshi/spool"
)

// Manager is the systemd of this machine.
type Manager struct{}

const (
	connectTime = 10 * time.Second // for a socket that takes the connection and says nothing
	callTime    = 20 * time.Second
)

// ErrUnreachable says that systemd can be asked in no way: neither its private socket nor the system bus answers.
var ErrUnreachable = errors.New("systemd does not answer over D-Bus")

// errDead is why a call was broken off.
var errDead = errors.New("systemd does not answer")

// connect returns a connection that lasts as long as ctx.
func connect(ctx context.Context) (*dbus.Conn, error) {
	conn, direct := dial(ctx, dbus.NewSystemdConnectionContext)
	if direct == nil {
		return conn, nil
	}
	conn, bus := dial(ctx, dbus.NewSystemConnectionContext)
	if bus == nil {
		return conn, nil
	}
	return nil, fmt.Errorf("%w: private socket: %w; system bus: %w", ErrUnreachable, direct, bus)
}

func dial(ctx context.Context, to func(context.Context) (*dbus.Conn, error)) (*dbus.Conn, error) {
	ctx, cancel := context.WithCancelCause(ctx)
	limit := time.AfterFunc(connectTime, func() { cancel(errDead) })
	conn, err := to(ctx)
	if !limit.Stop() && err == nil {
		conn.Close()
		err = errDead
	}
	if err != nil {
		cancel(err)
		if cause := context.Cause(ctx); errors.Is(cause, errDead) {
			err = cause
		}
		return nil, err
	}
	return conn, nil
}

// Look says what systemd knows of unit. A unit that does not exist has Load not-found.
func (Manager) Look(ctx context.Context, unit string) (spool.UnitState, error) {
	ctx, cancel := context.WithTimeout(ctx, callTime)
	defer cancel()
	conn, err := connect(ctx)
	if err != nil {
		return spool.UnitState{}, err
	}
	defer conn.Close()
	p, err := conn.GetAllPropertiesContext(ctx, unit)
	if err != nil {
		return spool.UnitState{}, fmt.Errorf("looking at %s: %w", unit, err)
	}
	u := state(unit, p)
	u.PIDs, err = processes(text(p, "ControlGroup"))
	if err != nil {
		return u, fmt.Errorf("looking at the processes of %s: %w", unit, err)
	}
	return u, nil
}

// state reads the properties of a unit.
func state(unit string, p map[string]any) spool.UnitState {
	u := spool.UnitState{
		Unit: unit, Load: text(p, "LoadState"), Active: text(p, "ActiveState"), Sub: text(p, "SubState"),
		Result: text(p, "Result"), Enabled: text(p, "UnitFileState"),
	}
	u.Condition, _ = p["ConditionResult"].(bool)
	u.DropIns, _ = p["DropInPaths"].([]string)
	if usec, ok := p["StateChangeTimestamp"].(uint64); ok && usec > 0 {
		u.Since = time.UnixMicro(int64(usec)).UTC()
	}
	return u
}

func text(p map[string]any, name string) string {
	s, _ := p[name].(string)
	return s
}

// Stop sends the stop jobs of all units at once, in this order, and waits for all of them. The error names every unit whose job
// ended otherwise than with "done", and every one that ctx did not wait for.
func (Manager) Stop(ctx context.Context, units []string) error {
	return jobs(ctx, "stopping", units, (*dbus.Conn).StopUnitContext)
}

// Start starts one unit and waits for its job. A job can be done though the unit does not run: when a condition of it does not hold,
// or when it ended right after.
func (Manager) Start(ctx context.Context, unit string) error {
	return jobs(ctx, "starting", []string{unit}, (*dbus.Conn).StartUnitContext)
}

// sender asks for a job; its result comes through the channel.
type sender func(conn *dbus.Conn, ctx context.Context, unit, mode string, result chan<- string) (int, error)

func jobs(ctx context.Context, doing string, units []string, send sender) error {
	conn, err := connect(ctx)
	if err != nil {
		return fmt.Errorf("%s units: %w", doing, err)
	}
	defer conn.Close()
	results := make([]chan string, len(units))
	var errs []error
	for i, unit := range units {
		result := make(chan string, 1) // an unread result must not block the connection
		if _, err := send(conn, ctx, unit, "replace", result); err != nil {
			errs = append(errs, fmt.Errorf("%s %s: %w", doing, unit, denied(err)))
			continue
		}
		results[i] = result
	}
	for i, result := range results {
		if result == nil {
			continue
		}
		select {
		case word := <-result:
			if word != "done" {
				errs = append(errs, fmt.Errorf("%s %s: the job ended with %q", doing, units[i], word))
			}
		case <-ctx.Done():
			errs = append(errs, fmt.Errorf("%s %s: the job has not ended: %w", doing, units[i], context.Cause(ctx)))
		}
	}
	return errors.Join(errs...)
}

// Reload makes systemd read its unit files and drop-ins again.
func (Manager) Reload(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, callTime)
	defer cancel()
	conn, err := connect(ctx)
	if err != nil {
		return fmt.Errorf("reloading units: %w", err)
	}
	defer conn.Close()
	if err := conn.ReloadContext(ctx); err != nil {
		return fmt.Errorf("reloading units: %w", denied(err))
	}
	return nil
}

// denied adds what to do where systemd asks for a password that nobody can type.
func denied(err error) error {
	if strings.Contains(err.Error(), "nteractive authentication required") {
		return fmt.Errorf("%w; run as root", err)
	}
	return err
}
