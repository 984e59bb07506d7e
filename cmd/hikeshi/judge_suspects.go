package main

import (
	"slices"
	"strings"
	"time"

	"hikeshi/runbook"
)

// stillAtIt is how long after its last message a suspect is taken to be sending still.
const stillAtIt = 15 * time.Minute

// judgeSuspects tells whom the logs show sending. A suspect that is quiet is told until an incident has named it. Sources of one network are
// told together, and what is more than a few lines is counted.
func (a *app) judgeSuspects(w *world, doc *statusDocument, add verdict) {
	if doc.Suspects == nil {
		return
	}
	rows := a.notHandled(w, doc)
	level, left := runbook.Warn, 0
	for i, r := range rows {
		quiet := doc.Time.Sub(r.Last) >= stillAtIt
		if i >= likeLines {
			if left += max(r.like, 1); !quiet {
				level = runbook.Bad
			}
			continue
		}
		a.judgeSuspect(r, quiet, add)
	}
	if left > 0 {
		add(level, "%d more suspects by the logs: hikeshi logs suspects", "ほか %d 件もログから見て不正利用の疑い: hikeshi logs suspects", left)
	}
}

// judgeSuspect tells one suspect, or several sources of one network.
func (a *app) judgeSuspect(r suspectRow, quiet bool, add verdict) {
	sent := r.sent()
	en, ja := "%s is a suspect, by the logs: ", "%s はログから見て不正利用の疑い: "
	name, least := line(r.Name), ""
	if r.more {
		least = a.word("at least ", "少なくとも ")
	}
	switch {
	case r.like > 0 && quiet:
		name, en, ja = name+": "+least+a.placesWord(r.like), "%s were suspects, by the logs: ", "%sはログから見て不正利用の疑いがあった: "
	case r.like > 0:
		name, en, ja = name+": "+least+a.placesWord(r.like), "%s are suspects, by the logs: ", "%sはログから見て不正利用の疑い: "
	case quiet:
		en, ja = "%s was a suspect, by the logs: ", "%s はログから見て不正利用の疑いがあった: "
	}
	if quiet {
		add(runbook.Warn, en+sent.EN+", the last on %s; no incident has named it", ja+sent.JA+"、最後は %s。どの事案でも挙げられていない", name, r.Last.Local().Format("01-02 15:04"))
		return
	}
	add(runbook.Bad, en+sent.EN+", the last at %s", ja+sent.JA+"、最後は %s", name, r.Last.Local().Format("15:04:05"))
}

// notHandled are the suspects that send still, or that no incident has named: accounts, and sources that used none, as of an open relay. Those
// of one network are one row.
func (a *app) notHandled(w *world, doc *statusDocument) (rows []suspectRow) {
	named := a.notExcluded(w, nil)
	handled := func(s suspectRow) bool {
		local, _, _ := strings.Cut(s.Name, "@")
		return doc.Time.Sub(s.Last) >= stillAtIt && (slices.Contains(named, s.Name) || slices.Contains(named, local))
	}
	for _, s := range onlySuspects(doc.Suspects.Accounts) {
		if !handled(s) {
			rows = append(rows, s)
		}
	}
	var names [2][]string // of those that send, and of those that are quiet
	by := map[string]suspectRow{}
	for _, s := range onlySuspects(doc.Suspects.Sources) {
		if len(s.via) > 0 || handled(s) {
			continue
		}
		i := 0
		if doc.Time.Sub(s.Last) >= stillAtIt {
			i = 1
		}
		names[i], by[s.Name] = append(names[i], s.Name), s
	}
	for _, some := range names {
		for _, group := range networks(some) {
			row := by[group[0]]
			for _, name := range group[1:] {
				row = row.with(by[name])
			}
			if len(group) > 1 {
				row.Name, row.like, row.more = networkOf(group[0]), len(group), doc.Suspects.Named[1] > len(doc.Suspects.Sources)
			}
			rows = append(rows, row)
		}
	}
	return rows
}

// with adds the figures of another source.
func (s suspectRow) with(o suspectRow) suspectRow {
	add := func(a, b *int64) *int64 {
		if a == nil || b == nil {
			return nil
		}
		sum := *a + *b
		return &sum
	}
	s.Messages, s.Recipients = add(s.Messages, o.Messages), add(s.Recipients, o.Recipients)
	if o.Last.After(s.Last) {
		s.Last = o.Last
	}
	return s
}
