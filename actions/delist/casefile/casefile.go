// Package casefile reads from the record of an incident what letters say about it: when it was, what let it in, what closed it, what holds
// now, who lists the server.
//
// [Read] takes the record and looks at nothing else, so a letter cannot say more than the record proves. What the record does not tell stays
// a zero value, which means unknown and never none: a count is a *int64, a time is zero. Names of accounts stand in a field of their own,
// since only letters to their owners may name them.
package casefile

import (
	"time"

	"hikeshi/runbook"
)

// A Case is one incident as its record tells it. All times are UTC.
type Case struct {
	Incident string
	Host     string // the server's name: what it gives at HELO, if that is known
	Opened   time.Time

	First, Peak, Last time.Time // of the abuse, by the logs
	Messages          *int64    // handed in by the abuser, by the logs
	Recipients        *int64
	Mixed             bool   // the logs could not tell mail of the accounts' owners apart: it may be among these
	Sources           *int64 // addresses that stood out or were named

	Cause    string    // a to h as in the runbook; "" if nobody decided
	Accounts []string  // that were named as abused: for letters to their owners only
	Stopped  time.Time // delivery and receipt
	Started  time.Time // again
	Aside    *int64    // messages set aside, out of the way of delivery
	Reopened time.Time // something that closed the hole was taken back, and not put in again

	Fixes  []Measure // what closed the hole
	Guards []Measure // what makes a repeat less likely

	Queue    *Queue
	Services *Services
	Suspects []Suspect // that a look on the days after has found, of level suspect, by what they sent after the start
	Watch    *Watch
	Holds    time.Time // the gate at the end was passed

	MailboxRead  string // not_read, was_read, unknown; "" if nobody answered
	PersonalData string // asked, no_data; "" if nobody answered

	Lists    *Lists
	Refusals *Refusals
	Letters  []*runbook.LetterHistory
	Asked    []*runbook.LetterHistory // letters of other incidents of this server that were sent
}

// A Measure is one thing that was done and still stands.
type Measure struct {
	What  string    // passwords, renamed, planted, relay, tightened, login, denied, settings, hand_d to hand_g; cut, logs, lockouts, owners
	Count int       // of accounts, lines, addresses; 0 where there is nothing to count
	At    time.Time // when it was done
}

// Queue is the backlog as it was seen last.
type Queue struct {
	Messages int      `json:"messages"`
	Over     bool     `json:"over"`
	Reason   string   `json:"reason"`
	Senders  []string `json:"senders"`
	At       time.Time
	Unknown  bool // a later look could not tell
	Before   *int // messages at the end of the incident's own steps; nil if this is that
}

// A Suspect is an account that stands out in the logs since the services were started.
type Suspect struct {
	Name  string    `json:"name"`
	Level string    `json:"level"` // hint, suspect
	Last  time.Time `json:"last"`
}

// Services is how the services were seen last.
type Services struct {
	Down    []string // ran before the incident, or are barred, and do not run
	At      time.Time
	Unknown bool // a later look could not tell
}

// Watch is what left for the outside when that was watched last.
type Watch struct {
	Outside int  `json:"outside"`
	Known   bool `json:"known"`
	Seconds int  `json:"seconds"`
	At      time.Time
}

// Lists is what the blocklists said last.
type Lists struct {
	State    string    `json:"state"`
	Resolver string    `json:"resolver"`
	Subjects []string  `json:"subjects"`
	Listings []Listing `json:"listings"`
	Untested []string  `json:"untested"`
	Named    bool      `json:"named"`
	Hosts    []Host    `json:"hosts"`
	HELO     string    `json:"helo"`
	Clear    []string  `json:"clear"`
	At       time.Time
}

// A Host is an outgoing address and its reverse names.
type Host struct {
	Address string   `json:"address"`
	Names   []string `json:"names"`
	State   string   `json:"state"` // fine, missing, unconfirmed, generic, unknown
}

// A Listing is one address or domain on one list.
type Listing struct {
	Subject string    `json:"subject"`
	Domain  bool      `json:"domain"`
	List    string    `json:"list"`
	Name    string    `json:"name"`
	Zone    string    `json:"zone"`
	Tier    int       `json:"tier"`
	Answers []string  `json:"answers"`
	Codes   []string  `json:"codes"`
	Text    string    `json:"text"`
	Network bool      `json:"network"`
	At      time.Time `json:"at"`
	Health  string    `json:"health"`
	Routes  []Route   `json:"routes"`
}

// A Route is how an entry of a list, or a refusal of a programme, goes away.
type Route struct {
	Part       string       `json:"part"`
	Answers    []string     `json:"answers"`
	Way        string       `json:"way"` // self-service, form, email, provider, wait, contact, none
	URL        string       `json:"url"`
	Unverified bool         `json:"unverified"`
	Lookup     string       `json:"lookup"`
	Dispute    string       `json:"dispute"`
	Email      []string     `json:"email"`
	Language   string       `json:"language"`
	Needs      []string     `json:"needs"`
	Who        runbook.Text `json:"who"`
	Expires    Span         `json:"expires"`
	Reply      Span         `json:"reply"`
	Again      int64        `json:"again"` // seconds
	Note       runbook.Text `json:"note"`
	Paid       runbook.Text `json:"paid"`
}

// A Span is a time and what is said of it.
type Span struct {
	Seconds int64        `json:"seconds"` // 0 where nobody knows
	Text    runbook.Text `json:"text"`
}

// Refusals are what other servers have answered.
type Refusals struct {
	Replies []Reply `json:"replies"`
	At      time.Time
}

// A Reply is one answer of other servers, and how often it came.
type Reply struct {
	Domain   string    `json:"domain"` // of the recipients
	Text     string    `json:"example"`
	Names    []string  `json:"names"` // zones and hosts that it names
	Codes    []string  `json:"codes"` // such as S3140, 5.7.606
	Blocking bool      `json:"blocking"`
	Count    int64     `json:"count"` // refusals: each recipient and each try is one
	First    time.Time `json:"first"`
	Last     time.Time `json:"last"`
}
