package signals

import (
	"net/netip"
	"slices"

	"hikeshi/actions/logs/deed"
	"hikeshi/actions/logs/entry"
	"hikeshi/actions/logs/ledger"
	"hikeshi/runbook"
)

// sources measures the peers.
func (j *judge) sources(accounts []Entry) []Entry {
	found := map[netip.Prefix]*Entry{}
	get := func(p netip.Prefix) *Entry {
		if found[p] == nil {
			found[p] = &Entry{Name: PlaceName(p), Place: p}
		}
		return found[p]
	}
	for p, s := range j.b.Sources {
		if s.First != 0 {
			j.source(get(p), s)
		}
	}
	for i := range accounts {
		if a := &accounts[i]; a.Level == Suspect {
			j.taken(a, j.b.Accounts[a.Name], get)
		}
	}
	var all []Entry
	for _, e := range found {
		if len(e.Hits)+len(e.Via) > 0 {
			e.weigh(min(len(e.Via), 1))
			all = append(all, *e)
		}
	}
	return all
}

// source measures a peer by itself.
func (j *judge) source(e *Entry, s *ledger.Source) {
	e.First, e.Last, e.Messages, e.Recipients, e.Addresses, e.Refs = s.First, s.Last, s.Messages, s.Recipients, s.Accounts.N(), s.Lines.Refs()
	none := runbook.Text{}
	refs := s.Lines.Refs()
	most, rcpts, strangers := int64(0), int64(0), 0
	for i := range s.Hours {
		h := &s.Hours[i]
		most, rcpts, strangers = max(most, h.Messages), max(rcpts, h.Recipients), max(strangers, h.Strangers.N())
	}
	j.hit(e, perHour, float64(most), refs, none)
	j.hit(e, rcptHour, float64(rcpts), refs, none)
	if j.b.Known() {
		j.hit(e, logins, float64(strangers), refs, none)
	}
	j.hit(e, senders, float64(s.Senders.N()-s.Accounts.N()), refs, none)
	j.hit(e, relayed, above(s.Relayed, s.PastRelayed/int64(max(1, entry.CountDays(s.Past)))), s.RelayRefs, none)
	switch {
	case j.sprays(s):
		tried := j.b.Guessers[s.Place].Others.N()
		j.hit(e, guessed, float64(s.Spray.Failures), []deed.Ref{s.Spray.Ref}, runbook.Tf("%d accounts tried, few of them with success", "%d アカウントを試し、成功はわずか", tried))
	case s.Break != nil:
		j.hit(e, guessed, float64(s.Break.Failures), []deed.Ref{s.Break.Ref}, runbook.T("then into "+s.Break.Account, s.Break.Account+" に成功"))
	}
}

// manyTried is how many accounts a peer has to try to be no office that shares an address; of fewTried only one in so many succeeds.
const (
	manyTried = 10
	fewTried  = 5
)

// sprays says whether a peer tried many accounts and got into few.
func (j *judge) sprays(s *ledger.Source) bool {
	g := j.b.Guessers[s.Place]
	if s.Spray == nil || g == nil {
		return false
	}
	tried := g.Others.N()
	return tried >= manyTried && s.Accounts.N()*fewTried <= tried
}

// taken gives the peers of a suspect account their part of its hits: those that it is not usual for, and those of a probe.
func (j *judge) taken(e *Entry, a *ledger.Account, get func(netip.Prefix) *Entry) {
	for p, u := range a.Uses {
		if u.First == 0 || u.Usual {
			continue
		}
		s := get(p)
		s.Via = append(s.Via, a.Name)
		if s.First == 0 {
			s.First, s.Last, s.Refs = u.First, u.Last, u.Refs
		}
		j.part(s, e, u)
	}
	if i := slices.IndexFunc(e.Hits, func(h Hit) bool { return h.ID == probe }); i >= 0 {
		for _, p := range j.probes(a) {
			s, u := get(p), a.Uses[p]
			if !slices.Contains(s.Via, a.Name) {
				s.Via = append(s.Via, a.Name)
			}
			if s.First == 0 {
				s.First, s.Last, s.Messages = u.PastLast, u.PastLast, u.PastMessages
			}
			s.Hits = append(s.Hits, e.Hits[i])
		}
	}
}

// loud is how many messages of a suspect account a peer has to have sent to be blamed where no history tells its owner's addresses.
const loud = 10

// part is what of the account's hits is the peer's own doing: that it is one of many new ones, where it was never seen before; that it
// named other senders; that it came without a login.
func (j *judge) part(s, account *Entry, u *ledger.Use) {
	for _, h := range account.Hits {
		switch h.Signal() {
		case "D3":
			if src := j.b.Sources[s.Place]; src != nil && src.Past != 0 {
				continue
			}
			if !j.b.Known() && (u.Messages < loud || j.b.Inside(s.Place)) {
				continue // the owner is among the peers, and nobody knows which one he is
			}
		case "D14":
			if src := j.b.Sources[s.Place]; src != nil && src.Past != 0 || h.ID != strangers || float64(u.Recipients)*share < h.Value || !j.strange(j.b.Accounts[account.Name], s.Place) {
				continue
			}
		case senders:
			if u.Others == 0 {
				continue
			}
		case relayed:
			if u.Relayed == 0 {
				continue
			}
		case offHours:
		default:
			continue
		}
		if !slices.ContainsFunc(s.Hits, func(x Hit) bool { return x.Signal() == h.Signal() }) {
			h.Refs, h.Detail = u.Refs, runbook.T("of "+account.Name, account.Name+" の値")
			s.Hits = append(s.Hits, h)
		}
	}
}
