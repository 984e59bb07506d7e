package suspects

import (
	"hikeshi/actions/logs/signals"
	"hikeshi/actions/logs/tally"
)

// wrong is by how much the value of a hit may be too high or too low; 0 if it is exact.
func (t teller) wrong(e *signals.Entry, h signals.Hit) int {
	if !h.About {
		return 0
	}
	n := int(h.Value)
	switch a, s := t.r.Book.Accounts[e.Name], t.r.Book.Sources[e.Place]; {
	case h.Signal() == "D6" && a != nil: // what the recipients of all days grew by
		n = max(n, a.Known.N())
	case h.Signal() == "D9" && s != nil: // its senders without its accounts
		n = max(n, s.Senders.N()+s.Accounts.N())
	}
	return tally.Bound(n)
}

// wrongAddresses is by how much the addresses of an account, or the accounts of a peer, may be too many or too few; 0 if they are exact.
func (t teller) wrongAddresses(e *signals.Entry) int {
	d := tally.Distinct{}
	if s := t.r.Book.Sources[e.Place]; s != nil {
		d = s.Accounts
	}
	if a := t.r.Book.Accounts[e.Name]; a != nil && !e.Place.IsValid() {
		d = a.More
	}
	if !d.Estimated() {
		return 0
	}
	return tally.Bound(d.N())
}
