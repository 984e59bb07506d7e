package main

import (
	"context"
	"errors"
	"fmt"
	"net/netip"
	"time"

	"hikeshi/actions"
	"hikeshi/actions/evidence"
	"hikeshi/actions/queue"
	"hikeshi/actions/relay"
	"hikeshi/actions/service"
	"hikeshi/runbook"
	"hikeshi/runbook/book"
	"hikeshi/runbook/engine"
	"hikeshi/runbook/journal"
	"hikeshi/spool"
	"hikeshi/spool/epms"
	"hikeshi/spool/lab"
	"hikeshi/spool/lab/names"
	"hikeshi/spool/lab/standin"
)

// labMoveLimit makes the lab's backlog one of many: its folders are renamed.
const labMoveLimit = 200

// labGrowth is how many messages a minute a healthy lab may gather: its people mail in seconds what others do in an hour.
const labGrowth = 1000

// localStage runs the lab in this process.
type localStage struct{ r *rehearsal }

func (s *localStage) boot(ctx context.Context) error { return s.r.lab.Machine.Boot(ctx) }
func (s *localStage) crash() error                   { s.r.lab.Machine.Crash(); return nil }
func (s *localStage) boots() int                     { return s.r.lab.Machine.Boots() }
func (s *localStage) close()                         { s.r.lab.Machine.Close() }

func (s *localStage) look(ctx context.Context) ([]spool.UnitState, error) {
	return s.r.lab.Look(ctx, s.r.lab.Machine)
}

// run opens the incident or goes on with it. A run that is cut off ends as after a Ctrl-C; the power cut follows.
func (s *localStage) run(ctx context.Context, cut bool) error {
	m := s.r.lab.Machine
	w, err := s.r.labWorld(s.r.server(), service.Env{Manager: m, Processes: m, UnitDir: s.r.lab.UnitDir()}, s.r.dir)
	if err != nil {
		return err
	}
	var op engine.Operator = s.r.labOperator(s.r.server())
	if s.r.flags.play {
		p := s.r.prompter()
		if p == nil {
			return failf(exitUnconfirmed, "leave --play away to run it unattended", "--play needs a terminal")
		}
		op = s.r.attended(p, nil, w.kinds)
	}
	ended := false
	if cut {
		var cancel context.CancelFunc
		ctx, cancel = context.WithCancel(ctx)
		defer cancel()
		op = cutting{Operator: op, cut: func() { ended = true; cancel() }}
	}
	inputs := labInputs(s.r.scenario, s.r.server())
	if s.r.flags.play {
		inputs = labTimes() // who plays finds out himself
	}
	err = s.r.labEngine(ctx, w, s.r.runbook, inputs, op)
	if ended && errors.Is(err, context.Canceled) {
		return nil
	}
	return err
}

// labOperator answers as --yes with every risk accepted: it changes only the lab, in root. What only a person can close it closes.
func (a *app) labOperator(root string) engine.Operator {
	s := a.screen()
	s.brief = !a.flags.verbose
	return labHand{unattended{screen: s, accept: []string{"disruptive", "reopening", "irreversible"}}, root}
}

// labHand is the responder of a lab.
type labHand struct {
	unattended
	root string
}

// Decide does the one deed of the runbook that is done by hand.
func (h labHand) Decide(ctx context.Context, v engine.View) (runbook.Decision, error) {
	if v.Ask != engine.AskManual || v.Step.ID != "by_hand" {
		return h.unattended.Decide(ctx, v)
	}
	if err := lab.CloseForm(h.root); err != nil {
		return runbook.Decision{}, err
	}
	return runbook.Decision{Answer: runbook.ByHand, Via: "rehearsal", Note: "the form on the server was switched off"}, nil
}

// labWorld is a world that ends at the walls of the lab: its root is the lab's folder, its services are the stage's, its
// resolver is the lab's, it knows no address of this machine and no configuration but the language.
func (r *rehearsal) labWorld(root string, env service.Env, state string) (*world, error) {
	cfg := defaults()
	if err := cfg.parse("defaults"); err != nil {
		return nil, err
	}
	w := &world{cfg: cfg, root: root, state: state, manager: "systemd"}
	resolver, err := names.Noted(standin.Config{Root: root}.Resolver())
	if err != nil {
		return nil, err
	}
	w.server, err = epms.New(epms.Config{Root: root, Spool: cfg.EPMS.Spool, Program: cfg.EPMS.Program, Mailbox: cfg.EPMS.Mailbox,
		Units: []string{lab.ReceiverUnit, lab.DeliveryUnit}, Own: spool.Own{Addresses: []netip.Prefix{netip.PrefixFrom(r.scenario.Addr, r.scenario.Addr.BitLen())}}})
	if err != nil {
		return nil, err
	}
	env.Services, env.State, env.Clock = w.server.Services(), state, r.now
	w.host.Service = env
	limits := w.thresholds()
	limits.MoveLimit, limits.GrowthPerMinute = labMoveLimit, labGrowth
	own := ownOf(w.server)
	w.host.Queue = queue.Env{Server: w.server, Own: own, Thresholds: limits, Clock: r.now, InUse: w.inUse, Recorded: r.recordedAside(w), Counted: r.countedAside(w), Shared: w.shared}
	w.host.Relay = relay.Env{Server: w.server, Own: own, PrefixV4: cfg.Protect.PrefixV4, PrefixV6: cfg.Protect.PrefixV6, Clock: r.now, Recorded: r.recordedDenials(w)}
	w.host.Account, w.host.Settings = w.accountEnv(r.app), w.settingsEnv()
	w.host.Settings.InUse, w.host.Relay.InUse = w.running, w.running
	w.wireLogs(own)
	w.host.Evidence = labEvidence(w.evidenceEnv(r.app), root)
	w.host.Evidence.Running = w.running
	w.host.DNSBL = w.dnsblEnv(r.app)
	w.host.DNSBL.Resolvers, w.host.DNSBL.ResolvConf, w.host.DNSBL.Upstreams = []string{resolver.String()}, "", ""
	w.host.Delist = w.delistEnv(r.app, own)
	w.host.Delist.Zone = time.UTC
	w.host.Trace = w.traceEnv(r.app, own)
	w.host.SMTP = r.labSMTP(w, own)
	w.kinds = byName(actions.Catalogue(w.host))
	return w, nil
}

// labEvidence looks at the lab's world in place of the machine's: what leaves is what came to its sink.
func labEvidence(env evidence.Env, root string) evidence.Env {
	c, err := standin.Load(standin.Config{Root: root}.File())
	if err == nil {
		env.Traces.DeliveryScan = c.Scan
	}
	env.Left = func(since time.Time) (int, error) {
		all, err := standin.ReadSink(standin.Config{Root: root}.Sink())
		n := 0
		for _, l := range all {
			if l.Time.After(since) {
				n++
			}
		}
		return n, err
	}
	return env
}

// labEngine opens an incident in the lab, or goes on with the one that is there.
func (a *app) labEngine(ctx context.Context, w *world, name string, set []string, op engine.Operator) error {
	l, err := a.lock(w, "")
	if err != nil {
		return err
	}
	defer l.Unlock()
	entries, err := journal.List(a.store(w.state))
	if err != nil {
		return err
	}
	var jr *journal.Journal
	var e *engine.Engine
	if len(entries) > 0 {
		if jr, err = journal.Open(a.store(w.state), entries[0].ID); err != nil {
			return err
		}
		defer jr.Close()
		if err := jr.Hold(l); err != nil {
			return err
		}
		if e, err = a.engineOf(w, jr, op); err != nil {
			return err
		}
		tellHolder(op, l, jr.ID())
		_, err = e.Run(ctx, "resume")
		return err
	}
	j, err := a.labJob(w, name, set)
	if err != nil {
		return err
	}
	if jr, err = journal.Create(a.store(w.state), j.opening(a, w), j.book.Source); err != nil {
		return fmt.Errorf("opening an incident: %w", err)
	}
	defer jr.Close()
	if err := jr.Hold(l); err != nil {
		return err
	}
	tellHolder(op, l, jr.ID())
	_, err = a.engine(w, j, jr, op).Run(ctx, "run")
	return err
}

// labJob binds the inputs that the runbook has; another runbook may not have all of them.
func (a *app) labJob(w *world, name string, set []string) (job, error) {
	rb, err := a.readBook(w, name)
	if err != nil {
		return job{}, err
	}
	inputs, err := book.Bind(rb, knownInputs(rb, set))
	return job{book: rb, inputs: inputs}, err
}

func knownInputs(rb *runbook.Runbook, set []string) []string {
	var known []string
	for _, s := range set {
		for _, in := range rb.Inputs {
			if len(s) > len(in.Name) && s[:len(in.Name)+1] == in.Name+"=" {
				known = append(known, s)
			}
		}
	}
	return known
}
