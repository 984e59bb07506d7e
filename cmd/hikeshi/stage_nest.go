package main

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"time"

	"hikeshi/actions/service"
	"hikeshi/runbook"
	"hikeshi/runbook/engine"
	"hikeshi/spool"
	"hikeshi/spool/lab"
	"hikeshi/spool/lab/nest"
)

// nestStage runs the lab's daemons as units of a private systemd. The runbook runs in there too, in a process of its own, since
// the manager answers nobody outside; traffic and judge stay outside.
type nestStage struct {
	r    *rehearsal
	self string
	nest *nest.Nest
	ups  int // boots
}

func newNestStage(r *rehearsal) (*nestStage, error) {
	if err := nest.Available(); err != nil {
		return nil, failf(exitError, "leave --units away to rehearse in one process, as any user", "--units: %w", err)
	}
	self, err := os.Executable()
	if err != nil {
		return nil, err
	}
	return &nestStage{r: r, self: self}, nil
}

func (s *nestStage) boot(ctx context.Context) error {
	if s.ups++; s.ups == 1 {
		if err := lab.Enable(nest.UnitDir(s.r.dir)); err != nil {
			return err
		}
	}
	var err error
	s.nest, err = nest.Boot(ctx, nest.Config{Dir: s.r.dir, Units: lab.Units(s.self, s.r.server())})
	return err
}

func (s *nestStage) crash() error { return s.nest.Kill() }
func (s *nestStage) boots() int   { return s.ups }

func (s *nestStage) close() {
	if s.nest != nil {
		s.nest.Kill()
	}
}

// cutWord tells the runbook inside to stand still when the queue is set aside, and wait for the power cut.
const cutWord = "cut"

// run runs the runbook inside. With cut it only waits until the queue is set aside; the power cut then takes the runbook's
// process with it, as kill -9 does.
func (s *nestStage) run(ctx context.Context, cut bool) error {
	argv := []string{s.self, "--lang", s.r.lang(), "--color", "never", "lab", "run", s.r.dir, s.r.runbook, s.r.scenario.Name}
	if cut {
		argv = append(argv, cutWord)
	}
	if s.r.app.flags.verbose {
		argv = append(argv, "--verbose")
	}
	cmd := s.nest.Command(ctx, argv...)
	cmd.Stdout, cmd.Stderr = s.r.screen().out, s.r.stderr
	if err := cmd.Start(); err != nil {
		return fmt.Errorf("starting the runbook in the private systemd: %w", err)
	}
	done := make(chan error, 1)
	go func() { done <- cmd.Wait() }()
	for {
		select {
		case err := <-done:
			return err
		case <-time.After(20 * time.Millisecond):
			if cut && s.r.setAside() {
				return nil
			}
		}
	}
}

// setAside says whether the record holds the end of the quarantine.
func (r *rehearsal) setAside() bool {
	jr, err := r.incident()
	if err != nil {
		return false
	}
	defer jr.Close()
	records, err := jr.Records()
	if err != nil {
		return false
	}
	h, err := runbook.Fold(records)
	if err != nil {
		return false
	}
	for _, step := range h.Steps {
		if step.Head.Uses == "queue.quarantine" && step.Result == runbook.ResultDone {
			return true
		}
	}
	return false
}

// look asks the manager inside.
func (s *nestStage) look(ctx context.Context) ([]spool.UnitState, error) {
	out, err := s.nest.Command(ctx, s.self, "lab", "look").Output()
	if err != nil {
		return nil, fmt.Errorf("looking at the units of the lab: %w", err)
	}
	var all []spool.UnitState
	return all, json.Unmarshal(out, &all)
}

// labLook prints the state of the lab's units, for look.
func (a *app) labLook(ctx context.Context) error {
	if _, ok := nest.Inside(); !ok {
		return usagef("", "this is for the inside of a rehearsal")
	}
	m := service.NewSystemd()
	var all []spool.UnitState
	for _, unit := range []string{lab.ReceiverUnit, lab.DeliveryUnit} {
		u, err := m.Look(ctx, unit)
		if err != nil {
			return err
		}
		all = append(all, u)
	}
	return json.NewEncoder(a.stdout).Encode(all)
}

// labRun runs or resumes the runbook inside a private systemd.
func (a *app) labRun(ctx context.Context, dir, name, scenario string, cut bool) error {
	inside, ok := nest.Inside()
	if !ok || inside != dir {
		return usagef("", "this is for the inside of a rehearsal")
	}
	s, _ := lab.Find(scenario)
	r := &rehearsal{app: a, dir: dir, scenario: s}
	w, err := r.labWorld(r.server(), service.Env{Manager: service.NewSystemd(), Processes: service.System{}, UnitDir: "/etc/systemd/system"}, dir)
	if err != nil {
		return err
	}
	var op engine.Operator = a.labOperator(r.server())
	if cut {
		op = cutting{Operator: op, cut: func() { select {} }}
	}
	return a.labEngine(ctx, w, name, labInputs(s, r.server()), op)
}
