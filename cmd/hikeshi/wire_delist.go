package main

import (
	"fmt"
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
	return delist.Env{History: a.recordOf(w.state), Asked: a.askedElsewhere(w), Words: templates.Letters(), Programmes: templates.Programmes(), Writer: w.cfg.writer(own), Lang: a.lang(), Zone: time.Local, Clock: a.now}
}

// recordOf returns a reader of the record of one incident of this state folder. A record that is not whole, or was changed, is an error:
// letters claim nothing from what is left of it.
func (a *app) recordOf(state string) func(string) (*runbook.History, error) {
	return func(incident string) (*runbook.History, error) {
		s := a.store(state)
		if _, err := s.Find(incident); err != nil {
			return nil, err
		}
		h, err := history(s, incident)
		if err != nil { // not wrapped: a file that is missing in it is no missing incident
			return nil, failf(exitUndetermined, fmt.Sprintf(a.word("`hikeshi verify %s` shows what is wrong with it", "異常の内容は `hikeshi verify %s` で確かめる"), incident),
				a.word("the record of incident %s is not as it was written, and no letter claims anything from it: %v", "事案 %s の記録が書かれたときの状態にないため、文面の根拠にしない: %v"), incident, err)
		}
		return h, nil
	}
}

// wireLetters makes the kinds that letters are written with, whether there is a mail server or not.
func (w *world) wireLetters(a *app) error {
	if w.server != nil {
		return w.wire(a)
	}
	w.host.DNSBL = w.dnsblEnv(a)
	w.host.Delist = w.delistEnv(a, w.ownKnown())
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
