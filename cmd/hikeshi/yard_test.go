package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"hikeshi/actions"
	"hikeshi/actions/dnsbl"
	"hikeshi/actions/service"
	"hikeshi/runbook"
	"hikeshi/runbook/journal"
	"hikeshi/spool"
	"hikeshi/templates"
)

// yard is a place with services: the whole program as it is wired, but for the service manager, which is a made-up one.
type yard struct {
	*place
	a     *app
	w     *world
	units *benchUnits
	rec   keeper
}

// newYard is at a fixed moment, so that what is planned twice is the same.
func newYard(t *testing.T) *yard {
	t.Helper()
	y := &yard{place: newPlace(t), rec: keeper{}}
	y.withAccounts("jiro")
	moment := time.Now().Truncate(time.Second)
	y.a = &app{stdin: strings.NewReader(""), stdout: io.Discard, stderr: io.Discard, said: map[string]bool{}, now: func() time.Time { return moment },
		getenv: func(name string) string { return y.vars[name] }, flags: globalFlags{root: y.root, output: "text", color: "never"}}
	var err error
	y.w, err = y.a.world(t.Context(), "")
	fine(t, err)
	y.units = newBenchUnits(t, y.place.units(), y.w.server.Services())
	y.w.manager = "systemd"
	y.w.host.Service = service.Env{Services: y.w.server.Services(), Manager: y.units, Processes: y.units, UnitDir: y.place.units(), State: y.w.state, Clock: y.a.now}
	y.w.host.Queue.InUse, y.w.host.Settings.InUse, y.w.host.Relay.InUse = y.w.inUse, y.w.running, y.w.running
	y.w.host.Account.Random = zeros{}
	y.w.host.DNSBL = dnsbl.Env{Builtin: templates.DNSBL(), Clock: y.a.now} // asks nobody
	y.w.kinds = byName(actions.Catalogue(y.w.host))
	return y
}

// do runs a kind as an incident of its own and returns its id.
func (y *yard) do(kind string, with map[string]any) string {
	y.t.Helper()
	step := directStep{ID: "prepare", Phase: runbook.Contain, Title: runbook.T("prepare", "準備"), Uses: kind, With: maps.Clone(with)}
	fine(y.t, y.a.direct(y.t.Context(), y.w, step, changeFlags{yes: true, accept: []string{"disruptive,irreversible,reopening"}}))
	all, err := journal.List(y.a.store(y.w.state))
	fine(y.t, err)
	return all[len(all)-1].ID
}

// planned is the outcome of a kind, its changes numbered as the engine does.
func (y *yard) planned(kind runbook.Kind, with map[string]any) runbook.Outcome {
	y.t.Helper()
	in := runbook.Input{Incident: "20261121-0312", Step: "step", Rec: y.rec}
	var err error
	in.With, err = json.Marshal(with)
	fine(y.t, err)
	out, err := kind.Action.Plan(y.t.Context(), in)
	if err != nil {
		y.t.Fatalf("planning %s: %v", kind.Name, err)
	}
	for i := range out.Changes {
		out.Changes[i].ID = fmt.Sprintf("step.%d", i+1)
	}
	return out
}

// keeper is a recorder that gives back what it has kept first under a name.
type keeper map[string][]byte

func (keeper) Evidence(_ string, r io.Reader) error { _, err := io.Copy(io.Discard, r); return err }
func (keeper) Progress(int64, int64)                {}

func (k keeper) Backup(name string, r io.Reader) error {
	data, err := io.ReadAll(r)
	if _, there := k[name]; !there && err == nil {
		k[name] = data
	}
	return err
}

func (k keeper) Kept(name string) ([]byte, error) {
	if data, ok := k[name]; ok {
		return data, nil
	}
	return nil, fmt.Errorf("the kept copy %s: %w", name, fs.ErrNotExist)
}

// zeros is chance that gives the same each time.
type zeros struct{}

func (zeros) Read(b []byte) (int, error) { clear(b); return len(b), nil }

// benchUnits is a service manager with a process table. It reads drop-ins at a reload and obeys their conditions, as systemd does.
type benchUnits struct {
	dir   string
	units map[string]*spool.UnitState
	jobs  []string // starts and stops
	pids  int
}

func newBenchUnits(t *testing.T, dir string, services []spool.Service) *benchUnits {
	t.Helper()
	b := &benchUnits{dir: dir, units: map[string]*spool.UnitState{}, pids: 100}
	for _, s := range services {
		b.units[s.Unit] = &spool.UnitState{Unit: s.Unit, Load: "loaded", Active: "inactive", Sub: "dead", Result: "success", Enabled: "enabled"}
		fine(t, b.Start(t.Context(), s.Unit))
	}
	b.jobs = nil
	return b
}

func (b *benchUnits) Look(_ context.Context, unit string) (spool.UnitState, error) {
	if u := b.units[unit]; u != nil {
		return *u, nil
	}
	return spool.UnitState{Unit: unit, Load: "not-found", Active: "inactive"}, nil
}

func (b *benchUnits) Stop(_ context.Context, units []string) error {
	for _, name := range units {
		b.jobs = append(b.jobs, "stop "+name)
		u := b.units[name]
		u.Active, u.Sub, u.PIDs, u.Since = "inactive", "dead", nil, time.Time{}
	}
	return nil
}

func (b *benchUnits) Start(_ context.Context, unit string) error {
	b.jobs = append(b.jobs, "start "+unit)
	u := b.units[unit]
	if u == nil {
		return errors.New("no such unit")
	}
	if u.Condition = !barred(u); !u.Condition || u.Active == "active" {
		return nil
	}
	b.pids++
	u.Active, u.Sub, u.PIDs, u.Since = "active", "running", []int{b.pids}, time.Unix(int64(b.pids), 0).UTC()
	return nil
}

func (b *benchUnits) Reload(context.Context) error {
	for _, u := range b.units {
		var err error
		if u.DropIns, err = filepath.Glob(filepath.Join(b.dir, u.Unit+".d", "*.conf")); err != nil {
			return err
		}
	}
	return nil
}

// barred evaluates the condition of the drop-ins that were read.
func barred(u *spool.UnitState) bool {
	return slices.ContainsFunc(u.DropIns, func(path string) bool {
		b, err := os.ReadFile(path)
		_, hold, ok := strings.Cut(string(b), "ConditionPathExists=!")
		if err != nil || !ok {
			return false
		}
		_, err = os.Stat(strings.TrimSpace(hold))
		return err == nil
	})
}

// ByName returns the processes of the units.
func (b *benchUnits) ByName(name string) ([]spool.Process, error) {
	var all []spool.Process
	if u := b.units[name+".service"]; u != nil {
		for _, pid := range u.PIDs {
			all = append(all, spool.Process{PID: pid, Name: name})
		}
	}
	return all, nil
}

// states says what every unit does.
func (b *benchUnits) states() map[string]string {
	all := map[string]string{}
	for name, u := range b.units {
		all[name] = u.Active
	}
	return all
}
