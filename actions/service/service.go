// Package service is what a responder does with the services of a mail server: look at them (service.status), stop them and bar
// every restart (service.stop), let them start again (service.start), and restart them (service.restart). It knows of no particular
// server: which services there are comes from package spool, how they are started and stopped from a Manager.
//
// A stop is believed when the manager says so, no process is left in the unit, and the process table has none of that name (package
// unit below). Stopped means stopped until the incident says otherwise: package guard below. Nothing is ever killed here.
package service

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"hikeshi/actions/service/command"
	"hikeshi/actions/service/guard"
	"hikeshi/actions/service/process"
	"hikeshi/actions/service/systemd"
	"hikeshi/actions/service/unit"
	"hikeshi/runbook"
	"hikeshi/spool"
)

// Env is what the kinds of this package work with.
type Env struct {
	Services  []spool.Service // of the server, the receiver first
	Manager   Manager
	Processes Processes        // nil: the process table is not looked at
	UnitDir   string           // where guards are put: /etc/systemd/system
	State     string           // absolute path of the state folder
	Clock     func() time.Time // the present moment
}

// Manager starts and stops services.
type Manager = unit.Manager

// Processes is a process table.
type Processes = unit.Processes

// System is the process table of this machine.
type System = process.Table

// ErrUnreachable is what the manager of NewSystemd returns where systemd can be asked in no way. Services can be run by commands then.
var ErrUnreachable = systemd.ErrUnreachable

// NewSystemd returns the systemd of this machine as a Manager.
func NewSystemd() Manager { return systemd.Manager{} }

// NewCommand returns a Manager that runs argument vectors, in which "{unit}" stands for the service without ".service".
func NewCommand(start, stop, status []string) Manager { return command.New(start, stop, status) }

// NewNone returns a Manager that does nothing; why says why there is no other.
func NewNone(why string) Manager { return none{why} }

// none is the absence of a manager.
type none struct{ why string }

func (n none) refuse() error {
	return fmt.Errorf("service manager is none (%s): %w", n.why, errors.ErrUnsupported)
}

// Look refuses: nobody knows.
func (n none) Look(context.Context, string) (spool.UnitState, error) {
	return spool.UnitState{}, n.refuse()
}
func (n none) Stop(context.Context, []string) error { return n.refuse() }
func (n none) Start(context.Context, string) error  { return n.refuse() }
func (n none) Reload(context.Context) error         { return n.refuse() }

// Kinds are the kinds of this package.
func Kinds(env Env) []runbook.Kind {
	units := runbook.Param{Name: "units", Type: runbook.Strings, Short: "names of units; left out: all that use the queue"}
	timeout := runbook.Param{Name: "timeout", Type: runbook.Duration, Short: "how long to wait (90s)"}
	only := runbook.Param{Name: "only", Type: runbook.Choice, Choices: []string{string(spool.Delivery), string(spool.Receiver), string(spool.Mailbox)},
		Short: "only services of this role"}
	here := []string{"services"}
	return []runbook.Kind{
		{Name: "service.status", Short: runbook.T("look at the services", "サービスの状態を調べる"),
			Params: []runbook.Param{{Name: "units", Type: runbook.Strings, Short: "names of units; left out: all of the server"}},
			Facts:  StatusFacts{}, Reads: here, Action: status{env}},
		{Name: "service.stop", Short: runbook.T("stop the services and bar every restart", "サービスを止め、再起動を禁じる"), Params: []runbook.Param{units, timeout},
			Facts: StopFacts{}, MaxRisk: runbook.Disruptive, Reads: here, Touches: here, Unrecorded: true, Action: changer{env, planStop, StopFacts{Units: []string{}, FoundRunning: []string{}}}},
		{Name: "service.start", Short: runbook.T("let the services start again and start them", "再起動の禁止を解き、サービスを起動する"), Params: []runbook.Param{units, only, timeout},
			Facts: StartFacts{}, MaxRisk: runbook.Reversible, Reads: here, Touches: here, Action: changer{env, planStart, StartFacts{Started: []string{}}}},
		{Name: "service.restart", Short: runbook.T("restart the services that run", "動作中のサービスを再起動する"), Params: []runbook.Param{units, timeout},
			Facts: RestartFacts{}, MaxRisk: runbook.Disruptive, Reads: here, Touches: here, Action: changer{env, planRestart, RestartFacts{Restarted: []string{}}}},
	}
}

func (e Env) hand() unit.Hand { return unit.Hand{Manager: e.Manager, Processes: e.Processes} }

// service returns the service of a unit that a change names; after a change of the configuration only the unit may be known of it.
func (e Env) service(name string) spool.Service {
	for _, s := range e.Services {
		if s.Unit == name {
			return s
		}
	}
	return spool.Service{Unit: name}
}

// Look says the state of the named units of the server, of all of them when units is nil, in the server's order.
func Look(ctx context.Context, env Env, units []string) ([]spool.UnitState, error) {
	var all []spool.UnitState
	for _, s := range env.Services {
		if units != nil && !slices.Contains(units, s.Unit) {
			continue
		}
		u, err := env.Manager.Look(ctx, s.Unit)
		if err != nil {
			return nil, err
		}
		all = append(all, u)
	}
	return all, nil
}

func (e Env) place() guard.Place { return guard.Place{Units: e.UnitDir, State: e.State} }

// Hold is a guard that stands, or what is left of one.
type Hold = guard.Hold

// Held lists the guards of all units, of whichever incident. One whose incident is over is forgotten too: the caller knows those.
func Held(env Env) ([]Hold, error) { return env.place().Held() }
