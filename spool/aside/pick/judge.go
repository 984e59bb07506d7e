package pick

import (
	"slices"

	"hikeshi/spool"
)

// A Reason is why a message that was asked for, or a part of it, stays.
type Reason int

// The reasons.
const (
	unasked    Reason = iota // it was not asked for
	taken                    // none: it goes
	BySender                 // its sender is excluded
	ByClient                 // its client is excluded
	ByTime                   // it arrived in a time that is excluded
	Unreadable               // what would have to be known of it cannot be read
	Bounced                  // with Clean: it has the null sender or is error mail, and is for outside
	OfAnother                // with Clean: the server made it from a message that does not go out for one of these reasons
	Unknown                  // with Clean: the server made it from a message that is not here, so that nobody can tell whose it was
	TooOld                   // with Clean: it arrived too long ago
	ForOwn                   // with Clean: it is for own domains only, and those were not asked for
	Reasons                  // how many there are
)

// message is what is known of the files of one message.
type message struct {
	c     Criteria
	looks []*look // pairs, and what is left of some

	excluded Reason // taken if it is not
	judged   bool
}

// verdict says whether l goes.
func (m *message) verdict(l *look) Reason {
	if r := m.c.chosen(l); r != taken {
		return r
	}
	if r := m.exclusion(); r != taken {
		return r
	}
	if m.unreadable(l) {
		return Unreadable
	}
	if !m.c.Clean || m.c.inside(l) {
		return taken
	}
	return m.clean(l)
}

// inside says whether l is for own domains only.
func (c Criteria) inside(l *look) bool {
	all, ok := l.envelopes()
	return ok && !slices.ContainsFunc(all, func(e spool.MessageEnvelope) bool { return !c.own(e) })
}

// exclusion looks at every file of the message, halves of pairs included. The cheapest questions come first.
func (m *message) exclusion() Reason {
	if m.judged {
		return m.excluded
	}
	m.judged, m.excluded = true, taken
	x := m.c.Except
	sender := func(l *look) bool {
		all, _ := l.envelopes()
		return slices.ContainsFunc(all, func(e spool.MessageEnvelope) bool { return x.Senders.Has(e.Sender) })
	}
	switch {
	case x.timed() && slices.ContainsFunc(m.looks, func(l *look) bool {
		at, ok := l.arrived()
		return ok && during(at, x.Since, x.Until)
	}):
		m.excluded = ByTime
	case x.Senders.Len() > 0 && slices.ContainsFunc(m.looks, sender):
		m.excluded = BySender
	case len(x.Clients) > 0 && slices.ContainsFunc(m.looks, func(l *look) bool {
		a := l.client()
		return a.IsValid() && within(x.Clients, a)
	}):
		m.excluded = ByClient
	}
	return m.excluded
}

// unreadable says whether something that an exclusion asks for cannot be read.
func (m *message) unreadable(l *look) bool {
	x := m.c.Except
	if x.Senders.Len() > 0 {
		if _, ok := l.envelopes(); !ok {
			return true
		}
	}
	if len(x.Clients) > 0 && !l.client().IsValid() {
		return true
	}
	_, ok := l.arrived()
	return x.timed() && !ok
}

// clean judges mail for outside that nothing excludes.
func (m *message) clean(l *look) Reason {
	if l.origin == spool.Bounce || l.null() {
		return Bounced
	}
	if l.origin == spool.Derived {
		if r := m.original(l); r != taken {
			return r
		}
	}
	if m.c.Oldest.IsZero() {
		return taken
	}
	at, ok := l.oldest()
	switch {
	case !ok:
		return Unreadable
	case at.Before(m.c.Oldest):
		return TooOld
	}
	return taken
}

// original judges what l, a forward or a share of a list, was made from. If that is not here it has been delivered: its client still stands in
// the body of l, unless the server named itself there, and its sender perhaps nowhere.
func (m *message) original(l *look) Reason {
	there := false
	for _, o := range m.looks {
		if o.origin != spool.Handed {
			continue
		}
		there = true
		if o.null() || m.unreadable(o) {
			return OfAnother
		}
	}
	x := m.c.Except
	if there || x.Senders.Len() == 0 && len(x.Clients) == 0 || len(x.Clients) > 0 && !l.client().IsLoopback() {
		return taken
	}
	return Unknown
}
