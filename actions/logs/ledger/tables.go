package ledger

import (
	"cmp"
	"maps"
	"net/netip"
	"slices"

	"hikeshi/actions/logs/entry"
	"hikeshi/actions/logs/join"
	"hikeshi/actions/logs/tally"
)

// use finds or makes the use of an account from p and notes the time.
func (b *Book) use(a *Account, p netip.Prefix, wall int64) *Use {
	u := a.Uses[p]
	if u == nil {
		if !a.Crowded && (len(a.Uses) >= maxUses || b.uses >= maxAllUses) {
			before := len(a.Uses)
			b.forget(a)
			a.Crowded = len(a.Uses) > before/2 // it is not worth trying again for every peer
		}
		if len(a.Uses) >= maxUses || b.uses >= maxAllUses {
			a.More.Add(entry.PlaceHash(p))
			b.Full = true
			return &Use{Usual: b.Usual(a, p, b.dayOf(wall))}
		}
		u = &Use{}
		a.Uses[p] = u
		b.uses++
	}
	d := b.dayOf(wall)
	if d < 0 {
		u.Past |= entry.Bit(d)
		u.PastLast = wall
		b.Days |= entry.Bit(d)
		a.Past.Days |= entry.Bit(d)
		a.Net(p, d)
		return u
	}
	if u.First == 0 {
		u.First, u.Usual = wall, b.Usual(a, p, 0)
	}
	u.First, u.Last = min(u.First, wall), max(u.Last, wall)
	return u
}

// forget makes room: peers that were used on one day of the history only.
func (b *Book) forget(a *Account) {
	for p, u := range a.Uses {
		if u.First == 0 && entry.CountDays(u.Past) < 2 {
			delete(a.Uses, p)
			b.uses--
		}
	}
}

// pruneAccounts drops the half with the least in them.
func (b *Book) pruneAccounts() {
	all := slices.SortedFunc(maps.Values(b.Accounts), func(x, y *Account) int {
		return cmp.Or(cmp.Compare(x.Weight(), y.Weight()), cmp.Compare(x.Name, y.Name))
	})
	all = all[:len(all)/2]
	for _, a := range all {
		a.Gone = true
		b.uses -= len(a.Uses)
		b.steps -= len(a.Steps)
		delete(b.Accounts, a.Name)
	}
	b.Lost += all[len(all)-1].Weight()
}

// source finds or makes a peer.
func (b *Book) source(p netip.Prefix, wall int64) *Source {
	s := b.Sources[p]
	if s == nil {
		if len(b.Sources) >= maxSources {
			b.pruneSources()
		}
		s = &Source{Place: p}
		b.Sources[p] = s
	}
	if d := b.dayOf(wall); d < 0 {
		s.Past |= entry.Bit(d)
		return s
	}
	if s.First == 0 || wall < s.First {
		s.First = wall
	}
	s.Last = max(s.Last, wall)
	return s
}

// pruneSources drops the half with the least in them.
func (b *Book) pruneSources() {
	all := slices.SortedFunc(maps.Values(b.Sources), func(x, y *Source) int {
		return cmp.Or(cmp.Compare(x.Weight(), y.Weight()), x.Place.Addr().Compare(y.Place.Addr()))
	})
	all = all[:len(all)/2]
	for _, s := range all {
		delete(b.Sources, s.Place)
	}
	b.Lost = max(b.Lost, all[len(all)-1].Weight())
}

// fromSource enters a message of the window; stranger says that the peer is not usual for the account.
func (b *Book) fromSource(s *Source, w *join.Message, a *Account, stranger bool) {
	h := s.HourAt(w.Wall)
	s.Messages, s.Recipients = s.Messages+1, s.Recipients+w.Count
	h.Messages, h.Recipients = h.Messages+1, h.Recipients+w.Count
	if w.Said && w.Sender != "" {
		s.Senders.Add(tally.Hash([]byte(w.Sender)))
	}
	s.Lines.Keep(w.At, stranger || a == nil)
	if a != nil {
		s.Accounts.Add(tally.Hash([]byte(a.Name)))
		if stranger {
			h.Strangers.Add(tally.Hash([]byte(a.Name)))
		}
	}
}
