// Package programme reads the table of sender programmes: the desks of mail providers, filter makers and carriers, which are no blocklists
// and cannot be looked up, and says which of them a reply of a refusing server points to.
//
// [Load] reads templates/programmes.yaml (see package strictyaml for what is accepted):
//
//	format: 1
//	as_of: "2026-11-21"
//	programmes:
//	  - id: microsoft-outlook
//	    name: Outlook.com / Hotmail
//	    region: world             # world, or a country such as jp
//	    role: delisting           # or monitoring (shows how a sender stands), none (takes no request)
//	    way: form                 # self-service, form, email, wait, provider
//	    url: "https://..."        # <IP> is to be filled in
//	    unverified: true          # nobody has seen that address: open it before you print it
//	    email: [desk@example.com]
//	    language: en              # of a request: en or ja
//	    codes: [S3140, "5.7.606-649"]  # in replies; of an enhanced code (RFC 3463) the last number may be a range
//	    phrases: ["on our block list"] # in replies
//	    names: [olc.protection.outlook.com, cloudmark]  # words and hosts in replies that block
//	    domains: [outlook.com]    # of recipients, where the reply blocks
//	    needs: [ip, smtp_reply]   # fields of package field
//	    who: {en: "...", ja: "..."}
//	    reply: {after: 48h, en: "...", ja: "..."}
//	    again: 168h               # not to be asked again before
//	    expires: {after: 24h, en: "...", ja: "..."}
//	    note: {en: "...", ja: "..."}
//
// [Table.Match] finds the programmes of a reply, and [Programme.Route] makes of one what a list says of its entries, so that requests
// treat both alike.
package programme

import (
	"slices"
	"time"

	"hikeshi/actions/delist/casefile"
	"hikeshi/runbook"
)

// Role says what a programme is good for.
type Role string

// The roles.
const (
	Delisting  Role = "delisting"
	Monitoring Role = "monitoring"
	NoRequests Role = "none"
)

// A Table is what is known of sender programmes.
type Table struct {
	AsOf       string // day of the facts, 2006-01-02
	Programmes []Programme
}

// A Programme is one desk.
type Programme struct {
	ID         string
	Name       string
	Region     string
	Role       Role
	Way        string // self-service, form, email, wait, provider
	URL        string
	Unverified bool // nobody has seen URL or Email
	Email      []string
	Language   string // en, ja
	Codes      []string
	Phrases    []string
	Names      []string
	Domains    []string
	Needs      []string
	Who        runbook.Text // who may ask
	Reply      Span         // when a request is answered
	Expires    Span         // when a refusal ends by itself
	Again      time.Duration
	Note       runbook.Text
}

// A Span is a time, and what is said of it. After is 0 where nobody knows it.
type Span struct {
	After time.Duration `yaml:"after"`
	EN    string        `yaml:"en"`
	JA    string        `yaml:"ja"`
}

func (s Span) span() casefile.Span {
	return casefile.Span{Seconds: int64(s.After / time.Second), Text: runbook.T(s.EN, s.JA)}
}

// Route is how a refusal of the programme goes away, in the words of lists.
func (p Programme) Route() casefile.Route {
	return casefile.Route{Way: p.Way, URL: p.URL, Unverified: p.Unverified, Email: slices.Clone(p.Email), Language: p.Language,
		Needs: slices.Clone(p.Needs), Who: p.Who, Expires: p.Expires.span(), Reply: p.Reply.span(), Again: int64(p.Again / time.Second), Note: p.Note}
}

// Find returns the programme with that id.
func (t Table) Find(id string) (Programme, bool) {
	i := slices.IndexFunc(t.Programmes, func(p Programme) bool { return p.ID == id })
	if i < 0 {
		return Programme{}, false
	}
	return t.Programmes[i], true
}
