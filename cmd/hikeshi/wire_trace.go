package main

import (
	"context"
	"net/netip"
	"strings"
	"time"

	"hikeshi/actions/logs"
	"hikeshi/actions/logs/whose"
	"hikeshi/actions/trace"
	"hikeshi/spool"
)

// traceEnv is what the trace of a message works with: what is one's own, and the own log if there is a server.
func (w *world) traceEnv(a *app, own spool.Own) trace.Env {
	env := trace.Env{Own: own, Clock: a.now}
	if w.server != nil {
		env.Lookup = lookupIn(w.logsEnv(own))
	}
	return env
}

// lookupIn lets the trace ask the logs for a message.
func lookupIn(env logs.Env) trace.Log {
	return func(ctx context.Context, id string, around time.Time, within time.Duration) (trace.Entry, error) {
		e, err := whose.One(ctx, env, id, whose.Moment{At: around, Within: within})
		known := trace.Entry{Found: e.Found, Login: e.Login, Told: e.Told, Doubt: e.Doubt, Client: e.Client, Outside: e.Outside, Time: e.Time, Evidence: e.At, Covers: e.Covers, Sender: e.Sender, SenderSaid: e.Said}
		if _, told := e.For(""); told {
			known.Recipient = func(to string) bool {
				is, _ := e.For(to)
				return is
			}
		}
		return known, err
	}
}

// withOwn adds what --own names: addresses, networks, and names of hosts or domains.
func withOwn(own spool.Own, words []string) (spool.Own, error) {
	for _, word := range words {
		if a, err := netip.ParseAddr(word); err == nil && a.Zone() == "" {
			own.Addresses = append(own.Addresses, netip.PrefixFrom(a.Unmap(), a.Unmap().BitLen()))
			continue
		}
		if p, err := netip.ParsePrefix(word); err == nil {
			own.Addresses = append(own.Addresses, p.Masked())
			continue
		}
		name := strings.ToLower(strings.TrimSuffix(word, "."))
		if name == "" || strings.Trim(name, "abcdefghijklmnopqrstuvwxyz0123456789-_.") != "" || strings.HasPrefix(name, ".") || strings.Trim(name, "0123456789.") == "" {
			return own, usagef("an address is 192.0.2.25, a network 192.0.2.0/24, a domain or host example.jp", "--own %q: not an address, a network or a name", word)
		}
		own.Domains = append(own.Domains, name)
	}
	return own, nil
}
