// Package pick chooses messages of a queue by what their envelopes, bodies and names say.
//
// Release makes the transfer that brings chosen messages from the folders in which they were set aside back into the queue; Senders says
// which messages a sender has. What cannot be read is never chosen.
//
// An exclusion wins over everything that is asked for, and it holds for a whole message: if one of its files has an excluded sender, client or
// time, no file of it goes, nor does what the server made from it: forwards, shares of a mailing list, error mail.
package pick

import (
	"net/netip"
	"slices"
	"strings"
	"time"

	"hikeshi/spool"
	"hikeshi/spool/aside/address"
	"hikeshi/spool/aside/transfer"
)

// Criteria say which messages are wanted: those to which every criterion that is given applies. Inside and Clean together are one: the
// messages to which one of the two applies.
type Criteria struct {
	Domains    []string       // own domains
	Inside     bool           // every recipient is in one of these domains, or has none
	Clean      bool           // a recipient is outside, and none of the reasons from Bounced to TooOld speaks against it
	Senders    address.Set    // envelope senders
	Recipients address.Set    // one of the recipients is one of these
	Clients    []netip.Prefix // the client that sent it is in one of these
	IDs        []string       // names of messages
	Since      time.Time      // arrived at this time or later
	Until      time.Time      // arrived before this time
	Except     Exclusion
	Oldest     time.Time // with Clean: what arrived before does not go; zero: any time will do
}

// An Exclusion says which messages do not go whatever else is said: those of these senders, of these clients, and those that arrived in a
// time, which has no end where there is no Until.
type Exclusion struct {
	Senders      address.Set
	Clients      []netip.Prefix
	Since, Until time.Time
}

// Empty says whether nothing is excluded.
func (e Exclusion) Empty() bool { return e.Senders.Len() == 0 && len(e.Clients) == 0 && !e.timed() }

func (e Exclusion) timed() bool { return !e.Since.IsZero() || !e.Until.IsZero() }

// during says whether a moment lies between two; zero is no bound.
func during(at, since, until time.Time) bool {
	return !at.Before(since) && (until.IsZero() || at.Before(until))
}

func within(list []netip.Prefix, a netip.Addr) bool {
	return slices.ContainsFunc(list, func(n netip.Prefix) bool { return n.Contains(a) })
}

// chosen says whether l is asked for. The cheapest questions come first.
func (c Criteria) chosen(l *look) Reason {
	if len(c.IDs) > 0 && !slices.ContainsFunc(c.IDs, func(id string) bool { return names(id, l.pair) }) {
		return unasked
	}
	if !c.Since.IsZero() || !c.Until.IsZero() {
		at, ok := l.arrived()
		if !ok {
			return Unreadable
		}
		if !during(at, c.Since, c.Until) {
			return unasked
		}
	}
	if r := c.addressed(l); r != taken {
		return r
	}
	if len(c.Clients) > 0 {
		if a := l.client(); !a.IsValid() || !within(c.Clients, a) {
			return unasked
		}
	}
	return taken
}

// addressed asks what the envelopes answer.
func (c Criteria) addressed(l *look) Reason {
	if !c.Inside && !c.Clean && c.Senders.Len() == 0 && c.Recipients.Len() == 0 {
		return taken
	}
	all, ok := l.envelopes()
	if !ok {
		return Unreadable
	}
	inside := true
	for _, e := range all {
		if c.Senders.Len() > 0 && !c.Senders.Has(e.Sender) || c.Recipients.Len() > 0 && !slices.ContainsFunc(e.Recipients, c.Recipients.Has) {
			return unasked
		}
		inside = inside && c.own(e)
	}
	switch {
	case !c.Inside && !c.Clean, inside && c.Inside:
		return taken
	case inside:
		return ForOwn
	case !c.Clean:
		return unasked
	case slices.ContainsFunc(all, func(e spool.MessageEnvelope) bool { return len(e.Recipients) == 0 || e.Total > len(e.Recipients) }):
		return Unreadable
	}
	return taken
}

func names(id string, p pair) bool {
	return strings.EqualFold(id, p.body.Base) || strings.EqualFold(id, transfer.Stem(p.body.Name))
}

// own says whether the message is for own domains only; recipients that were too many to be read may be anybody.
func (c Criteria) own(e spool.MessageEnvelope) bool {
	if len(e.Recipients) == 0 || e.Total > len(e.Recipients) {
		return false
	}
	for _, r := range e.Recipients {
		if d := address.Domain(r); d != "" && !slices.ContainsFunc(c.Domains, func(own string) bool { return address.Fold(own) == d }) {
			return false
		}
	}
	return true
}
