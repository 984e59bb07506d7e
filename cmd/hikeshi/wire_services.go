package main

import (
	"context"
	"fmt"
	"slices"

	"hikeshi/actions/service"
	"hikeshi/spool"
)

// wireServices makes what starts and stops the services of the server.
func (w *world) wireServices(a *app) {
	services := slices.DeleteFunc(slices.Clone(w.server.Services()), func(s spool.Service) bool { return !w.managed(s) })
	w.host.Service = service.Env{Services: services, Manager: w.serviceManager(), Processes: service.System{}, UnitDir: "/etc/systemd/system", State: w.state, Clock: a.now}
}

// managed says whether the service manager is asked about a service. Commands cannot tell one that is not installed from one that is
// down, so they are run for those that use the queue and for those that the configuration names.
func (w *world) managed(s spool.Service) bool {
	return w.manager != "command" || s.Queue || slices.Contains(w.cfg.Services.Units, s.Unit)
}

// chooseManager settles which service manager is used. Below another root it is none, and naming another one there is an error.
func (w *world) chooseManager(a *app, named string) error {
	w.manager = w.cfg.Services.Manager
	if named != "" {
		w.manager = named
	}
	if w.root != "/" {
		if named != "" && named != "none" {
			return usagef("leave --manager away", "--manager %s with --root %s: services of another root are not touched", named, a.flags.root)
		}
		w.manager, w.why = "none", "--root "+a.flags.root
	}
	switch w.manager {
	case "systemd", "command", "none":
		return nil
	}
	return usagef("", "--manager %q: use systemd, command or none", w.manager)
}

func (w *world) serviceManager() service.Manager {
	switch w.manager {
	case "systemd":
		return service.NewSystemd()
	case "command":
		c := w.cfg.Services.Command
		return service.NewCommand(c.Start, c.Stop, c.Status)
	}
	return service.NewNone(w.why)
}

// inUse names what runs now and uses the queue, by the service manager and by the process table.
func (w *world) inUse(ctx context.Context) ([]string, error) {
	return w.running(ctx, slices.DeleteFunc(slices.Clone(w.server.Services()), func(s spool.Service) bool { return !s.Queue }))
}

// running names which of the services run now.
func (w *world) running(ctx context.Context, services []spool.Service) ([]string, error) {
	var running []string
	for _, s := range services {
		if w.manager != "none" && w.managed(s) {
			u, err := w.host.Service.Manager.Look(ctx, s.Unit)
			if err != nil {
				return nil, err
			}
			if u.Running() {
				running = append(running, s.Unit)
				continue
			}
		}
		procs, err := w.host.Service.Processes.ByName(s.Process)
		if err != nil {
			return nil, err
		}
		for _, p := range procs {
			running = append(running, fmt.Sprintf("%s (process %d)", p.Name, p.PID))
		}
	}
	return running, nil
}
