package queue

import (
	"context"

	"hikeshi/actions/queue/find"
	"hikeshi/actions/queue/purge"
	"hikeshi/actions/queue/release"
	"hikeshi/actions/queue/setaside"
	"hikeshi/runbook"
	"hikeshi/spool/aside"
	"hikeshi/spool/disk"
)

// asideKinds are the kinds that take mail out of the queue, bring it back, remove it, and find it there.
func asideKinds(env Env) []runbook.Kind {
	e := env.setAside()
	return []runbook.Kind{setaside.Kind(e), release.Kind(e), purge.Kind(e), find.Kind(e)}
}

func (e Env) setAside() setaside.Env {
	return setaside.Env{Server: e.Server, Own: e.Own, MoveLimit: e.Thresholds.MoveLimit, Clock: e.now, Nodes: e.place().Answered,
		InUse: e.InUse, Recorded: e.Recorded, Counted: e.Counted}
}

// Found is one message that FindMail found.
type Found = find.Found

// FindMail looks for messages that are set aside: by the name of one, or by an address, a domain or an account that sent or gets them; in what
// one incident has set aside, or all if it is "". It returns at most find.Max of them, oldest incident first. Names are found by names of
// files alone; for addresses every envelope is read.
func FindMail(ctx context.Context, env Env, what, incident string) ([]Found, error) {
	all, _, err := find.Mail(ctx, env.setAside(), find.Query{What: what, Incident: incident})
	return all, err
}

// List returns everything that is set aside beside the queue folders, oldest incident first; see setaside.List, and setaside.Ways and
// setaside.RestoreWarning for what to say about it.
func List(ctx context.Context, env Env) ([]aside.Set, error) {
	return setaside.List(ctx, env.setAside())
}

// SetAside returns the identities of what a change has set aside, for Env.Recorded; see setaside.Recorded.
func SetAside(c runbook.Change) ([]disk.ID, error) { return setaside.Recorded(c) }

// Counted returns how much a change has set aside, for Env.Counted; see setaside.Counted.
func Counted(c runbook.Change) (aside.Stock, error) { return setaside.Counted(c) }

// Removable counts what queue.purge would remove now of what incident has set aside; nil if nothing is set aside. Messages is the number
// that it asks for. The error wraps setaside.ErrUnrecorded if there is no record of that incident.
func Removable(ctx context.Context, env Env, incident string) (*aside.Stock, error) {
	p, s, err := setaside.Removable(ctx, env.setAside(), incident)
	if err != nil || len(p.Folders) == 0 {
		return nil, err
	}
	return &s, nil
}
