package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"net"
	"net/netip"
	"os"
	"os/signal"
	"path/filepath"
	"runtime/debug"
	"syscall"
	"time"

	"hikeshi/actions"
	"hikeshi/actions/logs"
	"hikeshi/actions/queue"
	"hikeshi/actions/relay"
	"hikeshi/runbook"
	"hikeshi/runbook/journal"
	"hikeshi/runbook/journal/lock"
	"hikeshi/spool"
	"hikeshi/spool/epms"
)

// This file is the only place where real operating-system things are made.

// world is what a verb works on: the real machine, or a lab.
type world struct {
	cfg     config
	root    string // --root, absolute
	state   string
	server  spool.Server // nil: there is none here, see apart.go
	manager string       // systemd, command, none
	why     string       // why it is that manager
	host    actions.Host
	kinds   map[string]runbook.Kind
}

// world reads the configuration and finds the mail server. manager is --manager, or "".
func (a *app) world(ctx context.Context, manager string) (*world, error) {
	return a.worldOr(manager, nil)
}

// worldOr is the world. Where there is no mail server, it is one that does without if apart says so; nil never does.
func (a *app) worldOr(manager string, apart func(*world) bool) (*world, error) {
	w, err := a.machine(manager)
	if err != nil {
		return nil, err
	}
	server, err := a.findServer(w.cfg)
	if err == nil {
		w.server = server
		return w, w.wire(a)
	}
	if apart != nil && w.bare(err) {
		if w.wireApart(a); apart(w) {
			return w, nil
		}
	}
	return nil, err
}

// machine is the world without a mail server.
func (a *app) machine(manager string) (*world, error) {
	cfg, err := readConfig(a.flags.config)
	if err != nil {
		return nil, err
	}
	a.configured = cfg.Lang
	w := &world{cfg: cfg}
	if w.root, err = filepath.Abs(a.flags.root); err != nil {
		return nil, usagef("", "--root %s: %w", a.flags.root, err)
	}
	if w.state, err = a.stateDir(); err != nil {
		return nil, err
	}
	return w, w.chooseManager(a, manager)
}

// catalogue are the kinds without a server: enough to check runbooks.
func catalogue() map[string]runbook.Kind { return byName(actions.Catalogue(actions.Host{})) }

func byName(kinds []runbook.Kind) map[string]runbook.Kind {
	m := map[string]runbook.Kind{}
	for _, k := range kinds {
		m[k.Name] = k
	}
	return m
}

// findServer returns the mail server that is named or found below --root.
func (a *app) findServer(cfg config) (spool.Server, error) {
	name := a.flags.server
	if name == "" {
		name = cfg.Server
	}
	if name != "" && name != "epms" {
		return nil, usagef("this version knows epms", "server %q is not known", name)
	}
	s, err := epms.New(a.placesOf(cfg))
	if errors.Is(err, fs.ErrPermission) {
		return nil, failf(exitError, "this user may not look there; read as root", "finding the mail server: %w", err)
	}
	if err != nil {
		return nil, failf(exitError, "epms.spool in the configuration says where the spool is; --root DIR looks below another directory", "finding the mail server: %w", err)
	}
	return s, nil
}

// placesOf is where the configuration says that the server is.
func (a *app) placesOf(cfg config) epms.Config {
	return epms.Config{
		Root: a.flags.root, Spool: cfg.EPMS.Spool, Program: cfg.EPMS.Program, Mailbox: cfg.EPMS.Mailbox, Units: cfg.Services.Units,
		Own: spool.Own{Addresses: cfg.own, Domains: cfg.Own.Domains, Hostname: cfg.Own.Hostname},
	}
}

// wire makes the host and its kinds.
func (w *world) wire(a *app) error {
	own := w.own()
	w.wireServices(a)
	w.host.Queue = queue.Env{Server: w.server, Own: own, Thresholds: w.thresholds(), Clock: a.now, Recorded: a.recordedAside(w), Counted: a.countedAside(w), Shared: w.shared}
	if w.root == "/" {
		w.host.Queue.InUse = w.inUse
	}
	w.host.Relay = relay.Env{
		Server: w.server, Own: own, Protected: w.cfg.shield, Domains: w.cfg.Protect.Domains, Responder: responders(), PrefixV4: w.cfg.Protect.PrefixV4, PrefixV6: w.cfg.Protect.PrefixV6,
		Clock: a.now, Recorded: a.recordedDenials(w),
	}
	w.host.Account, w.host.Settings = w.accountEnv(a), w.settingsEnv()
	w.host.Evidence = w.evidenceEnv(a)
	w.wireLogs(own)
	w.host.DNSBL = w.dnsblEnv(a)
	w.host.Delist = w.delistEnv(a, w.ownKnown())
	w.host.Trace = w.traceEnv(a, w.ownKnown())
	w.host.SMTP = w.smtpEnv(a)
	if w.root == "/" {
		w.host.Settings.InUse, w.host.Relay.InUse = w.running, w.running
		w.host.Relay.Run = runProgram
		w.host.Evidence = thisMachine(w.host.Evidence)
		w.host.Evidence.Running = w.running
	}
	w.kinds = byName(actions.Catalogue(w.host))
	return nil
}

func (w *world) logsEnv(own spool.Own) logs.Env {
	return logs.Env{Server: w.server, Own: own, Clock: time.Now, ExemptAccounts: w.cfg.Logs.ExemptAccounts, ExemptSources: w.cfg.exempt}
}

// wireLogs lets the kinds of the logs and of the queue ask each other.
func (w *world) wireLogs(own spool.Own) {
	w.host.Logs = w.logsEnv(own)
	w.host.Queue.Whose = whoseOf(w.host.Logs)
	w.host.Logs.Estimate = w.estimate
}

func (w *world) thresholds() queue.Thresholds {
	t := w.cfg.Thresholds
	return queue.Thresholds{Messages: t.Messages, Oldest: t.Oldest, GrowthPerMinute: t.GrowthPerMinute, MoveLimit: t.MoveLimit}
}

// own is what belongs to the owner of the server: configured, found on the machine, found in the server's settings.
func (w *world) own() spool.Own {
	own := ownOf(w.server)
	addrs, err := net.InterfaceAddrs()
	if err != nil {
		return own
	}
	for _, a := range addrs {
		if p, err := netip.ParsePrefix(a.String()); err == nil && !p.Addr().IsLoopback() {
			own.Addresses = append(own.Addresses, netip.PrefixFrom(p.Addr().Unmap(), p.Addr().Unmap().BitLen()))
		}
	}
	return own
}

// ownOf is what the server's settings and the configuration say.
func ownOf(s spool.Server) spool.Own {
	if o, ok := s.(interface{ Own() spool.Own }); ok {
		return o.Own()
	}
	return spool.Own{}
}

// serverName is the name of the mail server, "" where there is none.
func (w *world) serverName() string {
	if w.server == nil {
		return ""
	}
	return w.server.Name()
}

// rootState is the state folder of root.
const rootState = "/var/lib/hikeshi"

// stateDir is where incidents are kept.
func (a *app) stateDir() (string, error) {
	dir := a.flags.state
	if dir == "" {
		dir = a.getenv("HIKESHI_STATE")
	}
	if dir == "" && os.Geteuid() == 0 {
		dir = rootState
	}
	if dir == "" {
		base := a.getenv("XDG_STATE_HOME")
		if base == "" {
			base = filepath.Join(a.getenv("HOME"), ".local", "state")
		}
		dir = filepath.Join(base, "hikeshi")
	}
	abs, err := filepath.Abs(dir)
	if err != nil {
		return "", usagef("", "--state %s: %w", dir, err)
	}
	return abs, nil
}

// store is where the incidents of this state folder are.
func (a *app) store(state string) journal.Store {
	return journal.Store{State: state, Actor: lock.Me(), Clock: a.now, System: journal.Syslog{}}
}

// lock takes the lock on the spool root, or where there is none on the state folder.
func (a *app) lock(w *world, incident string) (*lock.Lock, error) {
	root, err := w.locked()
	if err != nil {
		return nil, err
	}
	l, err := lock.Take(root, w.holders(), lock.Holder{State: w.state, Incident: incident}, a.elsewhere(w))
	var held *lock.HeldError
	var open *failure
	if err != nil && !errors.As(err, &held) && !errors.As(err, &open) {
		return nil, fmt.Errorf("taking the lock on %s: %w", root, err)
	}
	return l, err
}

// holders are the folders where it is written who holds the lock.
func (w *world) holders() []string { return []string{"/run/hikeshi", w.state} }

// outlivePipes keeps a run going whose reader has gone (`hikeshi run ... | head`): what was begun is brought to its end, and the
// record tells it. Without this the next line that is written ends the process.
func outlivePipes() { signal.Notify(make(chan os.Signal, 1), syscall.SIGPIPE) }

// endings are the signals that ask the process to end. With nohup the end of the connection does not.
func endings() []os.Signal {
	if signal.Ignored(syscall.SIGHUP) {
		return []os.Signal{os.Interrupt, syscall.SIGTERM}
	}
	return []os.Signal{os.Interrupt, syscall.SIGTERM, syscall.SIGHUP}
}

func hostname() string {
	h, err := os.Hostname()
	if err != nil {
		return "unknown"
	}
	return h
}

// version is the version of this binary: of the module, or of the revision that it was built from.
func version() string {
	bi, ok := debug.ReadBuildInfo()
	if !ok {
		return "unknown"
	}
	if v := bi.Main.Version; v != "" && v != "(devel)" {
		return v
	}
	for _, s := range bi.Settings {
		if s.Key == "vcs.revision" && len(s.Value) >= 12 {
			return "devel-" + s.Value[:12]
		}
	}
	return "devel"
}
