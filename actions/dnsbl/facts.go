package dnsbl

import (
	"net/netip"
	"slices"
	"time"

	"hikeshi/actions/dnsbl/host"
	"hikeshi/actions/dnsbl/survey"
	"hikeshi/actions/dnsbl/table"
	"hikeshi/actions/dnsbl/verdict"
	"hikeshi/runbook"
)

// Facts are the facts of dnsbl.check. They hold all that a request for delisting needs, so that it can be written from the record alone.
type Facts struct {
	State     string    `json:"state" expr:"state"`           // listed, clean, partly (not listed where it could be tested), untested
	Resolver  string    `json:"resolver" expr:"resolver"`     // what was asked
	Subjects  []string  `json:"subjects" expr:"subjects"`     // what was looked up
	Listings  []Listing `json:"listings" expr:"listings"`     // those that matter first
	Worst     int       `json:"worst" expr:"worst"`           // the lowest tier of a listing; 0 if there is none
	Untested  []string  `json:"untested" expr:"untested"`     // ids of lists of tier 1 and 2 that could not be tested
	Clear     []string  `json:"clear" expr:"clear"`           // ids of lists that answered for all that was looked up, and list nothing
	Tested    int       `json:"tested" expr:"tested"`         // pairs of subject and list with an outcome
	NotTested int       `json:"not_tested" expr:"not_tested"` // those without
	Named     bool      `json:"named" expr:"named"`           // all outgoing addresses have a reverse name that leads back and is their own
	Hosts     []Host    `json:"hosts" expr:"hosts"`           // the outgoing addresses
	HELO      string    `json:"helo" expr:"helo"`             // the name that the server gives; "" if it is not known
	HELOState string    `json:"helo_state" expr:"helo_state"` // as Host.State; "" if it was not looked at
}

// A Host is an outgoing address and its reverse names.
type Host struct {
	Address string   `json:"address" expr:"address"`
	Names   []string `json:"names" expr:"names"`
	State   string   `json:"state" expr:"state"` // fine, missing, unconfirmed, generic, unknown
}

// A Listing is one subject on one list.
type Listing struct {
	Subject string    `json:"subject" expr:"subject"`
	Domain  bool      `json:"domain" expr:"domain"` // the subject is a domain
	List    string    `json:"list" expr:"list"`     // its id
	Name    string    `json:"name" expr:"name"`
	Zone    string    `json:"zone" expr:"zone"` // without the key
	Tier    int       `json:"tier" expr:"tier"`
	Answers []string  `json:"answers" expr:"answers"`
	Codes   []string  `json:"codes" expr:"codes"` // what the answers mean, in English
	Text    string    `json:"text" expr:"text"`   // the list's own words
	Network bool      `json:"network" expr:"network"`
	At      time.Time `json:"at" expr:"at"`         // when it answered, UTC
	Health  string    `json:"health" expr:"health"` // of the list, by its self-test for such subjects: healthy, unproven
	Routes  []Route   `json:"routes" expr:"routes"` // how its entries go away, one for each part of the list that the answers name
}

// A Route is how an entry goes away; see package table.
type Route struct {
	Part       string       `json:"part" expr:"part"`
	Answers    []string     `json:"answers" expr:"answers"` // that led to it
	Way        string       `json:"way" expr:"way"`
	URL        string       `json:"url" expr:"url"`
	Unverified bool         `json:"unverified" expr:"unverified"`
	Lookup     string       `json:"lookup" expr:"lookup"`
	Dispute    string       `json:"dispute" expr:"dispute"`
	Email      []string     `json:"email" expr:"email"`
	Language   string       `json:"language" expr:"language"`
	Needs      []string     `json:"needs" expr:"needs"`
	Who        runbook.Text `json:"who" expr:"who"`
	Expires    Span         `json:"expires" expr:"expires"`
	Reply      Span         `json:"reply" expr:"reply"`
	Again      int64        `json:"again" expr:"again"` // seconds
	Note       runbook.Text `json:"note" expr:"note"`
	Paid       runbook.Text `json:"paid" expr:"paid"`
}

// A Span is a time and what is said of it.
type Span struct {
	Seconds int64        `json:"seconds" expr:"seconds"` // 0 where nobody knows
	Text    runbook.Text `json:"text" expr:"text"`
}

// Facts says in short what was seen.
func (r Report) Facts() Facts {
	f := Facts{Resolver: r.Resolver.String(), Subjects: []string{}, Listings: []Listing{}, Untested: []string{}, Clear: []string{}, Named: len(r.Hosts) > 0, Hosts: []Host{}, HELO: r.HELOName, HELOState: string(r.HELO)}
	for _, s := range r.Subjects {
		f.Subjects = append(f.Subjects, s.String())
	}
	for _, h := range r.Hosts {
		f.Named = f.Named && h.State == host.Fine
		f.Hosts = append(f.Hosts, Host{h.Addr.String(), slices.Concat([]string{}, h.Names), string(h.State)})
	}
	for _, z := range r.Zones {
		if len(z.Results) > 0 && !slices.ContainsFunc(z.Results, func(res survey.Result) bool { return res.Outcome != verdict.NotListed }) {
			f.Clear = append(f.Clear, z.List.ID)
		}
	}
	for _, row := range r.Rows() {
		switch {
		case row.Outcome == verdict.NotTested:
			f.NotTested++
			if row.List.Tier < 3 && !slices.Contains(f.Untested, row.List.ID) {
				f.Untested = append(f.Untested, row.List.ID)
			}
			continue
		case row.Outcome == verdict.Listed:
			l := row.listing()
			l.Health = r.health(row)
			f.Listings = append(f.Listings, l)
		}
		f.Tested++
	}
	switch {
	case len(f.Listings) > 0:
		f.State, f.Worst = "listed", f.Listings[0].Tier
	case f.Tested == 0:
		f.State = "untested"
	case len(f.Untested) > 0 || r.short():
		f.State = "partly"
	default:
		f.State = "clean"
	}
	return f
}

// health is what the self-test of a row's list has shown for such subjects.
func (r Report) health(row Row) string {
	for _, z := range r.Zones {
		if z.List.ID == row.List.ID {
			return string(z.Health[row.Subject.Kind()].State)
		}
	}
	return ""
}

func (r Row) listing() Listing {
	l := Listing{Subject: r.Subject.String(), Domain: r.Subject.Kind() == table.Domain, List: r.List.ID, Name: r.List.Name, Zone: r.List.Shown(), Tier: r.List.Tier, Text: r.Text,
		Network: r.List.Network, At: r.At, Answers: []string{}, Codes: []string{}, Routes: []Route{}}
	for _, a := range r.Answers {
		l.Answers = append(l.Answers, a.String())
		l.route(r.List.Route(a), a)
	}
	for _, c := range r.Codes {
		if !slices.Contains(l.Codes, c.Text.EN) {
			l.Codes = append(l.Codes, c.Text.EN)
		}
	}
	return l
}

// route enters how the entry behind an answer goes away; a way that another answer leads to as well stands there once.
func (l *Listing) route(r table.Route, answer netip.Addr) {
	i := slices.IndexFunc(l.Routes, func(x Route) bool { return x.Part == r.Part })
	if i < 0 {
		l.Routes = append(l.Routes, Route{Part: r.Part, Way: r.Way, URL: r.URL, Unverified: r.Unverified, Lookup: r.Lookup, Dispute: r.Dispute, Email: slices.Concat([]string{}, r.Email),
			Language: r.Language, Needs: slices.Concat([]string{}, r.Needs), Who: r.Who, Expires: span(r.Expires), Reply: span(r.Reply), Again: int64(r.Again.Seconds()), Note: r.Note, Paid: r.Paid})
		i = len(l.Routes) - 1
	}
	l.Routes[i].Answers = append(l.Routes[i].Answers, answer.String())
}

func span(s table.Span) Span { return Span{int64(s.After.Seconds()), s.Text()} }
