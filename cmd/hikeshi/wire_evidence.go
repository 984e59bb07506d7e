package main

import (
	"context"
	"strings"
	"time"

	"hikeshi/actions/evidence"
	"hikeshi/actions/service"
	"hikeshi/spool"
	"hikeshi/spool/epms"
	"hikeshi/spool/epms/accept"
	"hikeshi/spool/epms/outlog"
	"hikeshi/spool/epms/traces"
	"hikeshi/spool/machine"
)

// evidenceEnv is what the evidence kinds work with, without the machine.
func (w *world) evidenceEnv(a *app) evidence.Env {
	env := evidence.Env{Server: w.server, Own: w.host.Queue.Own, Clock: a.now, Oldest: w.cfg.Thresholds.Oldest, Account: w.accountOf()}
	if s, ok := w.server.(*epms.Server); ok {
		env.Traces = traces.Of(s)
		env.Rule = func() (spool.LoginRule, error) { return traces.Rule(s) }
		env.Logins = func(ctx context.Context) (spool.Logins, error) {
			log := traces.Log(s, "acceptlog")
			if log.Err != nil || !log.On {
				return spool.Logins{}, log.Err
			}
			return accept.Tail(ctx, log.Dir, time.Local)
		}
		env.Sent = func(ctx context.Context) (func(context.Context) (int, error), error) { return sent(ctx, s) }
	}
	return env
}

// thisMachine adds what the kernel of this machine knows.
func thisMachine(env evidence.Env) evidence.Env {
	var t machine.Tables
	env.Connections, env.Interfaces, env.Load, env.Process = t.Connections, t.Interfaces, t.Load, t.Process
	env.Space, env.ClockState, env.Processes = machine.ReadSpace, machine.ReadClock, service.System{}.ByName
	return env
}

// sent counts what outlog tells from now on; nil if it is off.
func sent(ctx context.Context, s *epms.Server) (func(context.Context) (int, error), error) {
	log := traces.Log(s, "outlog")
	if log.Err != nil || !log.On {
		return nil, log.Err
	}
	m, err := outlog.Start(ctx, log.Dir, s.Own().Domains)
	if err != nil {
		return nil, err
	}
	return func(ctx context.Context) (int, error) { n, _, err := m.Count(ctx); return n, err }, nil
}

// accountAge is how long a list of accounts is good for: long enough to ask for all senders of a queue, and no longer.
const accountAge = 10 * time.Second

// accountOf returns what says whether an address is an account, an alias or a list of the server, and whether the account has something
// to log in with.
func (w *world) accountOf() func(address string) (exists, auth bool, err error) {
	var known map[string]bool
	var read time.Time
	return func(address string) (exists, auth bool, err error) {
		if known == nil || time.Since(read) > accountAge {
			if known, err = w.knownSenders(); err != nil {
				return false, false, err
			}
			read = time.Now()
		}
		auth, exists = known[strings.ToLower(address)]
		return exists, auth, nil
	}
}

// knownSenders are the addresses that the server takes for its own, and whether each has something to log in with.
func (w *world) knownSenders() (map[string]bool, error) {
	known := map[string]bool{}
	if s, ok := w.server.(interface{ OtherNames() ([]string, error) }); ok {
		names, err := s.OtherNames()
		if err != nil {
			return nil, err
		}
		for _, n := range names {
			known[strings.ToLower(n)] = false
		}
	}
	s, ok := w.server.(spool.Accounts)
	if !ok {
		return known, nil
	}
	list, err := s.Accounts()
	for _, x := range list.Accounts {
		known[strings.ToLower(x.Address())] = x.Auth
	}
	return known, err
}
