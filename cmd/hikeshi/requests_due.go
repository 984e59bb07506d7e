package main

import (
	"encoding/json"
	"fmt"
	"slices"
	"time"

	"hikeshi/actions/dnsbl"
	"hikeshi/runbook"
)

// requestRow is a request for delisting that waits for somebody: to be sent, to be sent again, or to be looked after.
type requestRow struct {
	Incident string    `json:"incident"`
	ID       string    `json:"id"`
	Do       string    `json:"do"`  // send, ask (its waiting time is over), look (the entry should be gone by itself)
	Due      time.Time `json:"due"` // UTC
}

// requestAge is how long after its last event a request is spoken of: a list that has not answered by then has been given up.
const requestAge = 60 * 24 * time.Hour

// requestsOf are the requests of one incident that wait, in the order in which they are due. Letters that ask nothing of a list are none.
func requestsOf(id string, h *runbook.History) []requestRow {
	var all []requestRow
	gone := notListed(h)
	for _, l := range h.Letters {
		if gone(l) {
			continue
		}
		row := requestRow{Incident: id, ID: l.ID}
		switch again := l.Again(); {
		case !again.IsZero():
			row.Do, row.Due = "ask", again.UTC()
		case l.State == runbook.LetterNone && l.Until != nil:
			row.Do, row.Due = "look", l.Until.UTC()
		case l.Wait > 0 && (l.State == runbook.LetterReady || l.State == runbook.LetterIncomplete):
			row.Do, row.Due = "send", l.Drafted.UTC()
		default:
			continue
		}
		all = append(all, row)
	}
	slices.SortStableFunc(all, func(x, y requestRow) int { return x.Due.Compare(y.Due) })
	return all
}

// notListed returns what says whether a letter is about an entry that is gone: the lists were asked after it, this one answered, and it no
// longer names the server.
func notListed(h *runbook.History) func(*runbook.LetterHistory) bool {
	var f dnsbl.Facts
	facts, at := h.Newest("dnsbl.check")
	known := facts != nil && json.Unmarshal(facts, &f) == nil
	return func(l *runbook.LetterHistory) bool {
		last := l.Drafted
		if sent := l.LastSent(); sent.After(last) {
			last = sent
		}
		if !known || !at.After(last) || slices.Contains(f.Untested, l.To) || !slices.Contains(f.Clear, l.To) {
			return false
		}
		return !slices.ContainsFunc(f.Listings, func(x dnsbl.Listing) bool { return x.List == l.To && x.Subject == l.About })
	}
}

// requestsDue are the requests of all incidents of this server whose time has come, and not long ago.
func (a *app) requestsDue(w *world) ([]requestRow, error) {
	all, ids, err := a.histories(w.state)
	if err != nil {
		return nil, err
	}
	due := []requestRow{}
	for _, id := range ids {
		if all[id].Opening.Root != w.root || all[id].State == runbook.IncidentUndone {
			continue
		}
		for _, r := range requestsOf(id, all[id]) {
			if now := a.now(); !r.Due.After(now) && now.Sub(r.Due) < requestAge {
				due = append(due, r)
			}
		}
	}
	return due, nil
}

// requestWords says what is to be done about a request, and when.
func (a *app) requestWords(r requestRow) string {
	at := a.when(&r.Due)
	switch r.Do {
	case "ask":
		return fmt.Sprintf(a.word("%s was asked; look from %s on whether it still lists: hikeshi delist draft", "%s は申請済み。%s 以降に掲載の有無を確かめる: hikeshi delist draft"), line(r.ID), at)
	case "look":
		return fmt.Sprintf(a.word("%s should be gone by itself at %s: hikeshi dnsbl check", "%s は %s に自然に消えるはず: hikeshi dnsbl check"), line(r.ID), at)
	}
	return fmt.Sprintf(a.word("%s is drafted since %s and not sent: hikeshi delist list", "%s は %s に作成したまま未送信: hikeshi delist list"), line(r.ID), at)
}
