package main

import (
	"context"
	"errors"
	"net/netip"
	"path/filepath"
	"strconv"
	"time"

	"hikeshi/actions/evidence/scene"
	"hikeshi/actions/evidence/trace"
	"hikeshi/actions/logs"
	"hikeshi/actions/logs/estimate"
	"hikeshi/spool"
	"hikeshi/spool/scan"
)

// estimate answers, where the logs are off, from connections, queue and counters, as far as these can be asked here.
func (w *world) estimate(ctx context.Context) ([]logs.Estimate, error) {
	var s estimate.Sources
	e := w.host.Evidence
	if e.Connections != nil {
		s.Connections = func() ([]netip.Addr, error) { return callers(e) }
	}
	if _, ok := w.server.(spool.Queue); ok {
		s.Queue = w.queued
	}
	if c, ok := w.server.(interface{ LastMessageID() (int64, error) }); ok {
		s.Counter, s.Gap = c.LastMessageID, time.Second
	}
	if len(e.Traces.Counters) > 0 {
		s.Failures = func(ctx context.Context) ([]estimate.Count, error) { return failures(ctx, e.Traces) }
	}
	return s.Take(ctx)
}

// callers are the clients that hand in mail now.
func callers(e scene.Env) ([]netip.Addr, error) {
	all, err := e.Connections()
	var peers []netip.Addr
	for _, c := range all {
		if p := c.Local.Port(); c.Living() && (p == scene.SMTP || p == 465 || p == 587) && !e.Ours(c.Remote.Addr()) {
			peers = append(peers, c.Remote.Addr())
		}
	}
	return peers, err
}

// queued is a sample of the queue.
func (w *world) queued(ctx context.Context) (estimate.Queue, error) {
	b, err := scan.Look(ctx, w.server, scan.Options{Own: w.host.Queue.Own})
	if err != nil {
		return estimate.Queue{}, err
	}
	q := estimate.Queue{Total: b.Total.Messages, Sampled: int64(b.Total.Sampled)}
	if q.Sampled == 0 {
		q.Sampled = q.Total
	}
	for _, c := range b.Total.Senders {
		q.Senders = append(q.Senders, estimate.Count(c))
	}
	for _, c := range b.Total.Clients {
		q.Clients = append(q.Clients, estimate.Count(c))
	}
	return q, nil
}

// failures adds up the failure counters of each peer. Only the folders for counters are looked at: those in the mailboxes may be many.
func failures(ctx context.Context, t spool.Traces) ([]estimate.Count, error) {
	t.Mailboxes = ""
	l := trace.Look{Traces: t}
	h := l.Counters(ctx)
	n := map[string]int64{}
	for _, c := range h.Counters {
		if k, err := strconv.ParseInt(c.Count, 10, 64); err == nil && k > 0 && k < 1<<40 {
			n[filepath.Base(c.Peer)] += k
		}
	}
	var all []estimate.Count
	for peer, k := range n {
		all = append(all, estimate.Count{Name: peer, N: k})
	}
	if h.Why != "" {
		return all, errors.New(h.Why)
	}
	return all, nil
}
