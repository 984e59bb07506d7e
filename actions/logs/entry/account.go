// Package entry is what the books of a sweep hold of one account, one peer, one guesser. Package ledger enters it.
package entry

import (
	"net/netip"

	"hikeshi/actions/logs/deed"
	"hikeshi/actions/logs/tally"
)

// An Account is a login, or a sender of the server that was named without one. All figures but Past are of the window.
type Account struct {
	Name        string
	Since       int64 // wall clock at which the window begins
	First, Last int64 // wall clock; 0 if there is nothing in the window
	Messages    int64
	Recipients  int64
	Logins      int64
	Relayed     int64  // messages for outside from outside that named it without a login; they are in Messages
	Blind       int64  // messages of a time in which no log told of sessions: with or without a login, nobody knows
	Reads       int64  // mails read out of its mailbox
	Hours       []Hour // that have something in them
	Days        []Day  // of the window
	Steps       []Step // of the timeline: what came from peers that are not usual
	Strange     Range  // messages of the window from peers that are not usual
	Past        Past   // the history
	Uses        map[netip.Prefix]*Use
	More        tally.Distinct // peers beyond those in Uses
	Break       *Break         // many failures, then a success
	Refs        []deed.Ref     // its first lines from peers that are not usual

	nets    map[netip.Prefix]*pool
	Known   tally.Distinct          // recipients, since the history began
	failing map[netip.Prefix]uint32 // days of history on which logins failed
	helos   map[string]uint32       // days of history on which its peers called themselves so
	start   int                     // of known, when the last day began
	Crowded bool                    // it has as many peers as it can have
	Gone    bool                    // it was dropped from the books
}

// Volume is how much was sent in some span.
type Volume struct{ Messages, Recipients, Senders, Fresh, Places, Relayed int64 }

func (v *Volume) raise(o Volume) {
	v.Messages, v.Recipients, v.Senders = max(v.Messages, o.Messages), max(v.Recipients, o.Recipients), max(v.Senders, o.Senders)
	v.Fresh, v.Places, v.Relayed = max(v.Fresh, o.Fresh), max(v.Places, o.Places), max(v.Relayed, o.Relayed)
}

// Past is what an account did in the history.
type Past struct {
	Days      uint32 // see Book.Days
	Messages  int64
	Logins    int64
	Hour, Day Volume    // the most of any hour, of any day
	Clock     [24]int64 // messages, and logins of which none tells as well, by hour of the day
}

// An Hour is one hour of an account.
type Hour struct {
	Hour                 int64 // wall clock divided by 3600
	Messages, Recipients int64
	Logins, NewLogins    int64          // from peers that are not usual
	NewMessages          int64          // from peers that are not usual
	NewAlone             int64          // of NewLogins, those of which no message tells as well
	Sent, Failed         int64          // deliveries; failed for good or for now
	Places               tally.Distinct // peers that are not usual
	Lines                Lines
	Returned             Lines // of deliveries that failed
}

// A Day is 24 hours of an account.
type Day struct {
	Day int // 0 is the first one of the window
	Volume
	Places tally.Distinct             // peers that are not usual
	Others tally.Distinct             // other than the login itself
	HELOs  map[string]*tally.Distinct // names that peers give themselves: the peers that are not usual
	New    Volume                     // messages from peers that are not usual, and their recipients
	Logins int64
	Lines  Lines
	Named  Lines // of messages with another sender than the login
}

// A Step is one step of the timeline.
type Step struct {
	At                                       int32 // wall clock of its beginning, divided by the seconds of a step
	Messages, Recipients, Failures, Returned int32
	Usual                                    int32 // messages from peers that are usual for their account, which are in none of the others
}

// A Range is when the first and the last of something happened, on the wall clock; 0 if nothing did.
type Range struct{ First, Last int64 }

// A Use is how an account was used from one peer.
type Use struct {
	Past         uint32 // days of history
	PastMessages int64
	PastLast     int64
	PastRef      deed.Ref
	First, Last  int64 // in the window; 0 not used in it
	Usual        bool  // by the history before the window; asked when first used in it
	Messages     int64
	Recipients   int64
	Relayed      int64
	Others       int64    // messages whose sender is not the login
	Logins       [4]int64 // by spool.Protocol
	Reads        int64
	ReadRefs     []deed.Ref // of POP3 and IMAP4
	HELO         string
	Refs         []deed.Ref
}

// A pool is a network of which an account used several addresses in the history.
type pool struct {
	days   uint32
	places []netip.Prefix // the first few
}

// Enough is how many days of history it takes to say what is usual.
const Enough = 5

const (
	day     = 86400
	hour    = 3600
	maxRefs = 5 // lines that are kept to be shown

	poolPlaces = 3
	usualDays  = 2
	maxNets    = 512
	maxHELOs   = 16
	maxFailing = 64
)

// network is the part of a provider's network that an address changes in.
func network(p netip.Prefix) netip.Prefix {
	n := 24
	if p.Addr().Is6() {
		n = 48
	}
	net, _ := p.Addr().Prefix(n)
	return net
}
