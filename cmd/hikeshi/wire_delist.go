package main

import (
	"fmt"
	"io/fs"
	"slices"
	"time"

	"hikeshi/actions"
	"hikeshi/actions/delist"
	"hikeshi/runbook"
	"hikeshi/spool"
	"hikeshi/templates"
)

// delistEnv is what the kinds of letters work with. It needs no mail server: own may be empty.
func (w *world) delistEnv(a *app, own spool.Own) delist.Env {
	return delist.Env{History: a.recordOf(w.state), Asked: a.askedElsewhere(w), Words: templates.Letters(), Programmes: templates.Programmes(), Writer: w.cfg.writer(own.Domains), Lang: a.lang(), Zone: time.Local, Clock: a.now}
}

// recordOf returns a reader of the record of one incident of this state folder.
func (a *app) recordOf(state string) func(string) (*runbook.History, error) {
	return func(incident string) (*runbook.History, error) {
		all, _, err := a.histories(state)
		if err != nil {
			return nil, err
		}
		if all[incident] == nil {
			return nil, fmt.Errorf("incident %s: %w", incident, fs.ErrNotExist)
		}
		return all[incident], nil
	}
}

// wireLetters makes the kinds that letters are written with, whether there is a mail server or not.
func (w *world) wireLetters(a *app) error {
	if w.server != nil {
		return w.wire(a)
	}
	w.host.DNSBL = w.dnsblEnv(a)
	w.host.Delist = w.delistEnv(a, spool.Own{Domains: w.cfg.Own.Domains})
	w.kinds = byName(actions.Catalogue(w.host))
	return nil
}

// askedElsewhere returns a reader of the letters that were sent in other incidents of this server.
func (a *app) askedElsewhere(w *world) func(string) ([]*runbook.LetterHistory, error) {
	return func(incident string) ([]*runbook.LetterHistory, error) {
		all, ids, err := a.histories(w.state)
		if err != nil {
			return nil, err
		}
		var sent []*runbook.LetterHistory
		for _, id := range ids {
			if h := all[id]; id != incident && h.Opening.Root == w.root {
				sent = append(sent, slices.DeleteFunc(slices.Clone(h.Letters), func(l *runbook.LetterHistory) bool { return len(l.Sent) == 0 })...)
			}
		}
		return sent, nil
	}
}
