package setaside

import (
	"context"
	"errors"
	"fmt"

	"hikeshi/runbook"
	"hikeshi/spool"
	"hikeshi/spool/aside"
	"hikeshi/spool/scan"
)

// ErrUnrecorded says that there is no record of what an incident has set aside, so that nothing of it may be purged.
var ErrUnrecorded = errors.New("there is no record that this incident set anything aside, and what it did not set aside it does not remove")

// Claim is what incident may remove, by its records. The error wraps ErrUnrecorded if there are none.
func (e Env) Claim(incident string) (aside.Claim, error) {
	c := aside.Claim{Queue: e.ofQueue}
	var err error
	if e.Recorded != nil {
		c.Recorded, err = e.Recorded(incident)
	}
	if err == nil && len(c.Recorded) == 0 {
		err = ErrUnrecorded
	}
	if err != nil {
		return c, fmt.Errorf("reading what incident %s set aside: %w", incident, err)
	}
	return c, nil
}

// companions is the optional ability of a server to tell the files that it lays beside its messages.
type companions interface{ Companion(name string) bool }

// ofQueue says whether this is the name of a queue file, or of one that the server lays beside those.
func (e Env) ofQueue(name string) bool {
	if queue, ok := e.Server.(spool.Queue); ok {
		if _, _, ok := queue.Message(name); ok {
			return true
		}
	}
	c, ok := e.Server.(companions)
	return ok && c.Companion(name)
}

// Stock counts what p, a purge of what incident has set aside, would remove now. Its number of messages is the one that the responder has
// to give. The error wraps ErrUnrecorded if there is no record of that incident.
func (e Env) Stock(ctx context.Context, incident string, p aside.Purge) (aside.Stock, error) {
	queue, ok := e.Server.(spool.Queue)
	if !ok {
		return aside.Stock{}, fmt.Errorf("purging the queue of %s: %w", e.Server.Name(), errors.ErrUnsupported)
	}
	c, err := e.Claim(incident)
	if err != nil {
		return aside.Stock{}, err
	}
	var messages scan.Set
	var s aside.Stock
	s.Files, s.Foreign, err = p.Left(ctx, c, func(name string) {
		if base, _, ok := queue.Message(name); ok {
			messages.Add(base)
		}
	})
	s.Messages = messages.Len()
	return s, err
}

// Removable plans to purge what incident has set aside and counts what that would remove; p has no folders if nothing is set aside.
func Removable(ctx context.Context, env Env, incident string) (p aside.Purge, s aside.Stock, err error) {
	sets, err := aside.Of(env.Set(), incident)
	if err != nil || len(sets) == 0 {
		return p, s, err
	}
	if p, err = aside.PlanPurge(env.Set(), sets); err == nil {
		s, err = env.Stock(ctx, incident, p)
	}
	return p, s, err
}

// stocks fills in what purging would remove, incident by incident. What has no record, or none that can be read, is passed over.
func stocks(ctx context.Context, env Env, sets []aside.Set) error {
	known := map[string]*aside.Stock{}
	for i := range sets {
		id := sets[i].Incident
		if _, done := known[id]; !done {
			known[id] = nil
			if _, s, err := Removable(ctx, env, id); err == nil {
				known[id] = &s
			}
			if err := ctx.Err(); err != nil {
				return err
			}
		}
		sets[i].Stock = known[id]
	}
	return nil
}

// Counted returns how many messages and files a change of queue.quarantine sets aside, as counted when it was planned; nothing for other
// changes.
func Counted(c runbook.Change) (aside.Stock, error) {
	if c.Kind != "queue.quarantine" {
		return aside.Stock{}, nil
	}
	d, err := decodeQuarantine(c)
	return aside.Stock{Messages: d.Messages, Files: d.Files}, err
}
