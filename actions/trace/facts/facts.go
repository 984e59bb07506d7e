// Package facts holds what trace.received finds out, as later steps, documents and screens see it, and its words for a reader.
package facts

import (
	"slices"
	"time"

	"hikeshi/runbook"
)

// State is the answer for a message.
type State string

// The answers, from the worst to the best.
const (
	Login     State = "login"       // relayed through this server by somebody who had logged in
	NoLogin   State = "no-login"    // through this server, without a login
	Through   State = "through"     // through this server; with a login or without one is not known
	Bounced   State = "bounced"     // this server made it: a bounce to somebody who had sent nothing
	Forwarded State = "forwarded"   // it came for a mailbox or list here, and went on from there
	Unknown   State = "unknown"     // cannot be told
	Not       State = "not-through" // not relayed through this server
)

// States are the answers in this order.
func States() []State { return []State{Login, NoLogin, Through, Bounced, Forwarded, Unknown, Not} }

// Ours says that the message went out through this server.
func (s State) Ours() bool { return s != Unknown && s != Not }

// Facts are the facts of trace.received. Texts are bounded and printable.
type Facts struct {
	State    State    `json:"state" expr:"state"`     // the worst answer; unknown in place of not-through where anything was not looked at
	Logins   []string `json:"logins" expr:"logins"`   // who handed in what was relayed through this server
	Clients  []string `json:"clients" expr:"clients"` // from where
	Relays   []string `json:"relays" expr:"relays"`   // other hosts that relayed
	Messages []Traced `json:"messages" expr:"messages"`
	Left     int      `json:"left" expr:"left"` // mails and messages of the file that were not looked at
	Cut      bool     `json:"cut" expr:"cut"`   // the file is too long to be read whole
}

// Traced is what was found out about one message. Times are UTC.
type Traced struct {
	File     string       `json:"file" expr:"file"`
	Number   int          `json:"number" expr:"number"` // of the mail in its file, from 1
	Taken    string       `json:"taken" expr:"taken"`   // how the message lies in the mail: itself, attached, reported, quoted
	Part     string       `json:"part" expr:"part"`     // 2.1: the first part of the second one
	Found    int          `json:"found" expr:"found"`   // messages in the mail
	From     string       `json:"from" expr:"from"`     // address of the author, as the message says
	OwnFrom  bool         `json:"own_from" expr:"own_from"`
	ID       string       `json:"message_id" expr:"message_id"`
	State    State        `json:"state" expr:"state"`
	Answer   runbook.Text `json:"answer" expr:"answer"`
	Why      runbook.Text `json:"why" expr:"why"`
	Login    string       `json:"login" expr:"login"`
	Claimed  string       `json:"claimed" expr:"claimed"`   // a login that only hearsay names
	Client   string       `json:"client" expr:"client"`     // who handed it to this server
	Relay    string       `json:"relay" expr:"relay"`       // the other host that relayed it
	Queue    string       `json:"queue" expr:"queue"`       // the queue id at this server that was looked for
	Logged   bool         `json:"logged" expr:"logged"`     // the own log tells of it
	Evidence string       `json:"evidence" expr:"evidence"` // where the log tells of it, as file:offset, else the line of the header, as file:line
	Guess    bool         `json:"guess" expr:"guess"`       // where the border lies is one
	Hops     []Hop        `json:"hops" expr:"hops"`         // the lines from the top
	More     int          `json:"more" expr:"more"`         // lines that were too many to be read
	Unread   int          `json:"unread" expr:"unread"`     // lines that have no form of a Received line
	Gaps     []Gap        `json:"gaps" expr:"gaps"`         // parts of the mail that were not read
	Parts    int          `json:"parts" expr:"parts"`       // messages of the mail that are told of
	Signs    []Sign       `json:"signs" expr:"signs"`
	Score    int          `json:"score" expr:"score"` // the weights of the signs together; decides nothing
}

// Gap is a part of the mail that was not read.
type Gap struct {
	Why  string `json:"why" expr:"why"` // deep, many, long, broken, sealed, packed
	Part string `json:"part" expr:"part"`
	Name string `json:"name" expr:"name"` // of its file
}

// Hop is one Received line.
type Hop struct {
	Number   int        `json:"number" expr:"number"` // 1 is the top
	Said     string     `json:"said" expr:"said"`     // by whom: own, receiver, border, hearsay
	IP       string     `json:"ip" expr:"ip"`
	Name     string     `json:"name" expr:"name"`
	HELO     string     `json:"helo" expr:"helo"`
	Ident    string     `json:"ident" expr:"ident"`
	By       string     `json:"by" expr:"by"`
	With     string     `json:"with" expr:"with"`
	ID       string     `json:"id" expr:"id"`
	From     string     `json:"envelope_from" expr:"envelope_from"`
	For      string     `json:"for" expr:"for"`
	Auth     bool       `json:"auth" expr:"auth"`
	User     string     `json:"user" expr:"user"`
	TLS      string     `json:"tls" expr:"tls"`
	Time     *time.Time `json:"time" expr:"time"`
	Zone     bool       `json:"zone" expr:"zone"`   // the time is certain; else it was read as UTC
	Delay    *int64     `json:"delay" expr:"delay"` // seconds since the line below
	Software string     `json:"software" expr:"software"`
	Local    bool       `json:"local" expr:"local"`
	Line     int        `json:"line" expr:"line"`     // in the file, 1-based; 0 where it was decoded
	Offset   int64      `json:"offset" expr:"offset"` // in the file, bytes; -1 where it was decoded
	Text     string     `json:"text" expr:"text"`     // of a line that has no form
	Signs    []string   `json:"signs" expr:"signs"`
}

// Sign is a hint that lines were made up.
type Sign struct {
	Code   string       `json:"code" expr:"code"`
	Weight int          `json:"weight" expr:"weight"` // 1 to 3
	Lines  []int        `json:"lines" expr:"lines"`   // from 1
	Text   runbook.Text `json:"text" expr:"text"`
}

// Sum fills in what the messages add up to.
func (f *Facts) Sum() {
	f.State, f.Logins, f.Clients, f.Relays = Unknown, []string{}, []string{}, []string{}
	states := States()
	best := len(states)
	add := func(all *[]string, one string) {
		if one != "" && !slices.Contains(*all, one) {
			*all = append(*all, one)
		}
	}
	for _, t := range f.Messages {
		best = min(best, slices.Index(states, t.State))
		if t.State.Ours() {
			add(&f.Logins, t.Login)
			add(&f.Clients, t.Client)
		} else {
			add(&f.Relays, t.Relay)
		}
	}
	if best < len(states) {
		f.State = states[best]
	}
	if f.State == Not && (f.Left > 0 || f.Cut) {
		f.State = Unknown
	}
}
