package main

import (
	"context"
	"errors"
	"io/fs"
	"slices"
	"strings"

	"hikeshi/actions"
	"hikeshi/actions/relay"
	"hikeshi/runbook"
	"hikeshi/runbook/journal"
	"hikeshi/spool/disk"
	"hikeshi/spool/epms"
)

// A runbook that only looks, and is told which servers to ask (the input targets), needs no mail server on the machine that it is run on. Where
// there is none, what reads the files of one is left out: this file makes that world.

// absent stands for a kind that reads the files of a mail server, on a machine that has none.
type absent struct{ facts any }

// Plan leaves the step out.
func (x absent) Plan(context.Context, runbook.Input) (runbook.Outcome, error) {
	return runbook.Outcome{Left: runbook.T("not this machine", "このマシンではない"), Facts: x.facts}, nil
}

// bare says whether err, of looking for a mail server, means that nothing of one is here. One that is named or half there is looked for in vain,
// which is another matter.
func (w *world) bare(err error) bool {
	found, _ := epms.Detect(w.root)
	return errors.Is(err, fs.ErrNotExist) && w.cfg.EPMS.Spool == defaults().EPMS.Spool && !found
}

// wireApart makes the kinds of a world without a mail server. Of those that change something none is to be used there.
func (w *world) wireApart(a *app) {
	own := w.ownKnown()
	w.manager, w.why = "none", "not this machine"
	w.host.DNSBL, w.host.Trace, w.host.SMTP = w.dnsblEnv(a), w.traceEnv(a, own), w.smtpEnv(a)
	kinds := actions.Catalogue(w.host)
	for i, k := range kinds {
		if room, _, _ := strings.Cut(k.Name, "."); !slices.Contains([]string{"smtp", "dnsbl", "trace"}, room) {
			kinds[i].Action = absent{}
		}
		if k.Name == "relay.door" {
			kinds[i].Action = absent{relay.DoorFacts{}}
		}
	}
	w.kinds = byName(kinds)
}

// apart says whether a job can do without a mail server here: no step changes anything, and it is told whom to ask.
func (j job) apart() bool {
	targets, _ := j.inputs["targets"].([]string)
	return len(targets) > 0 && onlyLooks(j.book)
}

// onlyLooks says whether no step of a runbook can change anything.
func onlyLooks(b *runbook.Runbook) bool {
	kinds := catalogue()
	return !slices.ContainsFunc(b.Steps, func(s runbook.Step) bool {
		_, changes := kinds[s.Uses].Changer()
		return changes
	})
}

// worldOf is the world for a runbook that is to be planned or run.
func (a *app) worldOf(manager, name string, b bookFlags) (*world, error) {
	hint := ""
	w, err := a.worldOr(manager, func(w *world) bool {
		j, err := a.job(w, name, b, changeFlags{})
		if err != nil {
			return false
		}
		asks := slices.ContainsFunc(j.book.Inputs, func(d runbook.InputDef) bool { return d.Name == "targets" && d.Type == runbook.Strings })
		if asks && onlyLooks(j.book) {
			hint = "--set targets=ADDR asks a server elsewhere, and needs none here"
		}
		return j.apart()
	})
	if err != nil && hint != "" {
		return nil, failf(codeOf(err), hint, "%w", err)
	}
	return w, err
}

// wasApart says whether the incident to go on with was opened without a mail server, and needs none.
func (a *app) wasApart(w *world, args []string) bool {
	id, err := a.unfinished(w, args)
	if err != nil {
		return false
	}
	jr, err := journal.Open(a.store(w.state), id)
	if err != nil {
		return false
	}
	defer jr.Close()
	e, err := a.engineOf(w, jr, nil)
	if err != nil {
		return false
	}
	h, err := history(a.store(w.state), jr.ID())
	return err == nil && h.Opening.Base == "" && job{book: e.Book, inputs: e.Inputs}.apart()
}

// base is the root of the spool, "" where there is no mail server.
func (w *world) base() string {
	if w.server == nil {
		return ""
	}
	return w.server.Root()
}

// locked is the folder on which responders exclude each other: the root of the spool, or the state folder, which is made.
func (w *world) locked() (string, error) {
	if w.server != nil {
		return w.server.Root(), nil
	}
	dir, err := disk.OpenOrMake(w.state, disk.Private(0o755))
	if err != nil {
		return "", err
	}
	return w.state, dir.Close()
}
