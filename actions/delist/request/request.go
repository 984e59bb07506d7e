// Package request says what there is to ask of whom: one request for each part of a list that names the server, and for each sender programme
// whose refusals came.
package request

import (
	"cmp"
	"slices"
	"strings"
	"time"

	"hikeshi/actions/delist/casefile"
	"hikeshi/actions/delist/gate"
	"hikeshi/runbook"
)

// The ways of a request.
const (
	Email  = "email"  // a letter to the operator
	Form   = "form"   // values for a form of the operator
	Letter = "letter" // a letter to the owner of the network, who has to ask
	Wait   = "wait"   // nothing is to be written: the entry goes away by itself, or is not to be asked about
)

// Assumed is how long an operator is left alone after a request where nobody knows how long it wants to be.
const Assumed = 72 * time.Hour

// A Request is what may be asked of one operator about one address or domain.
type Request struct {
	ID      string // LIST[-PART]@SUBJECT
	To      string // id of the list or programme
	Name    string // of it, with the part
	Subject string
	Domain  bool // the subject is a domain
	Tier    int
	Way     string
	Route   casefile.Route
	Listing *casefile.Listing // nil: of a programme
	Reply   *casefile.Reply   // the most frequent refusal that names it; nil if none does
	Rows    []runbook.GateRow // conditions of this request alone
}

// Open says whether the conditions of this request alone hold.
func (r Request) Open() bool { return gate.Open(r.Rows) }

// A Programme is a sender programme, no list, whose refusals were seen.
type Programme struct {
	ID, Name string
	Route    casefile.Route
	Reply    casefile.Reply
	Refused  int64 // refusals that point to it
	Named    bool  // the responder has named it
}

// All are the requests that follow from what the lists and the refusals say, those that matter first.
func All(c casefile.Case, programmes []Programme, now time.Time) []Request {
	var all []Request
	if c.Lists != nil {
		for i := range c.Lists.Listings {
			all = append(all, ofListing(c, &c.Lists.Listings[i], now)...)
		}
	}
	for _, p := range programmes {
		all = append(all, ofProgramme(c, p, now)...)
	}
	slices.SortStableFunc(all, func(a, b Request) int { return cmp.Compare(a.Tier, b.Tier) })
	return all
}

func ofListing(c casefile.Case, l *casefile.Listing, now time.Time) []Request {
	refused, reply := refusals(c, l.Zone)
	var all []Request
	first := before(l)
	for _, route := range l.Routes {
		r := Request{To: l.List, Name: named(l.Name, route.Part), Subject: l.Subject, Domain: l.Domain, Tier: l.Tier, Way: wayOf(route, l.Network), Route: route, Listing: l, Reply: reply}
		r.ID = l.List
		if route.Part != "" {
			r.ID += "-" + strings.ToLower(route.Part)
		}
		r.ID += "@" + l.Subject
		a := gate.Asking{Listing: l, Refused: refused, Letter: letter(c, r.ID), Now: now}
		if route.Way != "provider" {
			a.Before = first
		}
		r.Rows = gate.Request(a)
		all = append(all, r)
	}
	return all
}

// ofProgramme asks about every outgoing address of the server.
func ofProgramme(c casefile.Case, p Programme, now time.Time) []Request {
	var all []Request
	for _, address := range outgoing(c) {
		r := Request{ID: p.ID + "@" + address, To: p.ID, Name: p.Name, Subject: address, Tier: 1, Way: wayOf(p.Route, false), Route: p.Route, Reply: replied(p)}
		r.Rows = gate.Request(gate.Asking{Refused: p.Refused, Named: p.Named, Letter: letter(c, r.ID), Now: now})
		all = append(all, r)
	}
	return all
}

// replied is the refusal that points to a programme; nil where there is none.
func replied(p Programme) *casefile.Reply {
	if p.Refused == 0 {
		return nil
	}
	return &p.Reply
}

// outgoing are the addresses that the server sends from.
func outgoing(c casefile.Case) []string {
	var all []string
	if c.Lists != nil {
		for _, h := range c.Lists.Hosts {
			all = append(all, h.Address)
		}
	}
	return all
}

// before is the part of a list that only the owner of the network can ask about. While it stands, the list refuses requests about the other
// parts; "" if there is none.
func before(l *casefile.Listing) string {
	for _, r := range l.Routes {
		if r.Way == "provider" && r.Part != "" && len(l.Routes) > 1 {
			return r.Part
		}
	}
	return ""
}

func named(list, part string) string {
	if part == "" || strings.HasSuffix(list, part) {
		return list
	}
	return list + " (" + part + ")"
}

// wayOf is what is to be done, whatever the operator calls it.
func wayOf(r casefile.Route, network bool) string {
	switch {
	case r.Way == "wait" || r.Way == "none" || r.Way == "":
		return Wait
	case r.Way == "provider" || network:
		return Letter
	case r.Way == "email":
		return Email
	}
	return Form
}

// refusals counts the messages whose refusals name a zone or host, or the domain that it is below, and returns the most frequent of them.
func refusals(c casefile.Case, zone string) (n int64, most *casefile.Reply) {
	if c.Refusals == nil || zone == "" {
		return 0, nil
	}
	zone = strings.TrimPrefix(zone, "<key>.")
	for i := range c.Refusals.Replies {
		r := &c.Refusals.Replies[i]
		if !r.Blocking || !slices.ContainsFunc(r.Names, func(name string) bool { return related(name, zone) }) {
			continue
		}
		n += r.Count
		if most == nil || r.Count > most.Count {
			most = r
		}
	}
	return n, most
}

// related says whether two names are of one operator: the same, or one below the other, or both below one domain of two labels.
func related(a, b string) bool {
	return a == b || strings.HasSuffix(a, "."+b) || strings.HasSuffix(b, "."+a) || operator(a) == operator(b)
}

// operator is the last two labels of a name, three where these are short ones of a country (co.jp).
func operator(name string) string {
	labels := strings.Split(strings.TrimSuffix(name, "."), ".")
	n := 2
	if len(labels) > 2 && len(labels[len(labels)-1]) == 2 && len(labels[len(labels)-2]) <= 3 {
		n = 3
	}
	return strings.Join(labels[max(0, len(labels)-n):], ".")
}

// letter is the letter of that id that was sent last, in this incident or another one; else that of this incident.
func letter(c casefile.Case, id string) *runbook.LetterHistory {
	var found *runbook.LetterHistory
	for _, l := range slices.Concat(c.Letters, c.Asked) {
		if l.ID == id && (found == nil || l.LastSent().After(found.LastSent())) {
			found = l
		}
	}
	return found
}

// Waits is how long the operator is left alone after a request.
func (r Request) Waits() time.Duration {
	for _, seconds := range []int64{r.Route.Again, r.Route.Reply.Seconds} {
		if seconds > 0 {
			return time.Duration(seconds) * time.Second
		}
	}
	return Assumed
}

// Expires is when the entry goes away by itself, counted from when the last spam left; zero where nobody knows.
func (r Request) Expires(c casefile.Case) time.Time {
	if r.Route.Expires.Seconds == 0 {
		return time.Time{}
	}
	last := c.Last
	if last.IsZero() || c.Stopped.After(last) { // delivery goes on after the last message was handed in
		last = c.Stopped
	}
	if last.IsZero() {
		return time.Time{}
	}
	return last.Add(time.Duration(r.Route.Expires.Seconds) * time.Second)
}
