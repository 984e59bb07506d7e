package entry

import (
	"cmp"
	"net/netip"
	"slices"

	"hikeshi/actions/logs/deed"
	"hikeshi/actions/logs/tally"
)

// New returns an account of a window that begins at since.
func New(name string, since int64) *Account {
	return &Account{Name: name, Since: since, Uses: map[netip.Prefix]*Use{}, nets: map[netip.Prefix]*pool{}}
}

// Failed notes a failed login from p, and says whether it fails there day by day: a device with an old password.
func (a *Account) Failed(p netip.Prefix, day int) (device bool) {
	if _, there := a.failing[p]; there || len(a.failing) < maxFailing {
		if a.failing == nil {
			a.failing = map[netip.Prefix]uint32{}
		}
		a.failing[p] |= Bit(day)
	}
	return CountDays(Before(a.failing[p], day)) >= usualDays
}

// Usual says whether the account was used from p on at least so many days before the given one, or from several addresses of its
// network on one more.
func (a *Account) Usual(p netip.Prefix, day, days int) bool {
	if u := a.Uses[p]; u != nil && CountDays(Before(u.Past, day)) >= days {
		return true
	}
	n := a.nets[network(p)]
	return n != nil && len(n.places) >= poolPlaces && CountDays(Before(n.days, day)) >= days+1
}

// Net notes that the account was used from p on a day of the history.
func (a *Account) Net(p netip.Prefix, day int) {
	key := network(p)
	n := a.nets[key]
	if n == nil {
		if len(a.nets) >= maxNets {
			return
		}
		n = &pool{}
		a.nets[key] = n
	}
	n.days |= Bit(day)
	if len(n.places) < poolPlaces && !slices.Contains(n.places, p) {
		n.places = append(n.places, p)
	}
}

// Called notes by which name a peer of the account called itself on a day.
func (a *Account) Called(helo string, day int) {
	if _, there := a.helos[helo]; helo == "" || !there && len(a.helos) >= maxHELOs {
		return
	}
	if a.helos == nil {
		a.helos = map[string]uint32{}
	}
	a.helos[helo] |= Bit(day)
}

// Calls are the names by which its peers called themselves on so many days of the history that they are usual for it.
func (a *Account) Calls() []string {
	var all []string
	for name, days := range a.helos {
		if CountDays(days) >= usualDays {
			all = append(all, name)
		}
	}
	return all
}

// HELO is how a peer first called itself in the window, "" if it sent nothing.
func (a *Account) HELO(p netip.Prefix) string {
	if u := a.Uses[p]; u != nil {
		return u.HELO
	}
	return ""
}

// Spread is PlaceHash, of a peer that is not usual. Where it calls itself as those of the account did on two days before, it stands for its
// network: a device whose carrier gives it one address after the other is no crowd.
func (a *Account) Spread(p netip.Prefix, helo string, day int) uint64 {
	if CountDays(Before(a.helos[helo], day)) >= usualDays && p.Addr().Is4() {
		p = network(p)
	}
	return PlaceHash(p)
}

// PlaceHash is for a Distinct of peers.
func PlaceHash(p netip.Prefix) uint64 {
	raw := p.Addr().As16()
	return tally.Hash(raw[:])
}

// Weight is how much of an account or a peer there is.
func (a *Account) Weight() int64 { return a.Messages + a.Logins + a.Past.Messages + a.Past.Logins }

// HourAt is the hour of a time. The one before is put away when it is history.
func (a *Account) HourAt(wall int64) *Hour {
	h := Floor(wall, hour)
	for i := len(a.Hours) - 1; i >= 0; i-- {
		if a.Hours[i].Hour <= h {
			if a.Hours[i].Hour == h {
				return &a.Hours[i]
			}
			break
		}
		if past(a.Hours[i].Hour, a.Since) {
			return &a.Hours[i] // late, in the history: near enough
		}
	}
	if n := len(a.Hours); n == 1 && past(a.Hours[0].Hour, a.Since) {
		a.Past.Hour.raise(a.Hours[0].volume())
		a.Hours = a.Hours[:0]
	}
	a.Hours = append(a.Hours, Hour{Hour: h})
	for i := len(a.Hours) - 1; i > 0 && a.Hours[i-1].Hour > h; i-- {
		a.Hours[i], a.Hours[i-1] = a.Hours[i-1], a.Hours[i]
	}
	i, _ := slices.BinarySearchFunc(a.Hours, h, func(x Hour, h int64) int { return cmp.Compare(x.Hour, h) })
	return &a.Hours[i]
}

// past says whether an hour has ended before the window begins.
func past(h, since int64) bool { return (h+1)*hour <= since }

// NewLogin enters a login from a peer that is not usual; alone says that no message tells of it as well.
func (h *Hour) NewLogin(alone bool) {
	h.NewLogins++
	if alone {
		h.NewAlone++
	}
}

// NewUses is how often peers that are not usual did something in the hour: the login and the message of one mail are one thing. Where some
// messages stand in no log there are at least as many as logins.
func (h *Hour) NewUses() int64 { return max(h.NewLogins, h.NewMessages+h.NewAlone) }

// Uses is how often something was done with the account in the history, the login and the message of one mail being one thing.
func (p *Past) Uses() (n int64) {
	for _, of := range p.Clock {
		n += of
	}
	return n
}

func (h *Hour) volume() Volume {
	return Volume{Messages: h.Messages, Recipients: h.Recipients, Places: int64(h.Places.N())}
}

// DayAt is a day. The one before is closed.
func (a *Account) DayAt(d int) *Day {
	if n := len(a.Days); n > 0 {
		if last := &a.Days[n-1]; last.Day >= d {
			return last
		}
		a.closeDay()
	}
	a.start = a.Known.N()
	a.Days = append(a.Days, Day{Day: d})
	return &a.Days[len(a.Days)-1]
}

// closeDay writes down what only the end of a day can tell, and puts a day of history away.
func (a *Account) closeDay() {
	d := &a.Days[len(a.Days)-1]
	d.Senders, d.Volume.Places = int64(d.Others.N()), int64(d.Places.N())
	d.Fresh = int64(max(a.Known.N()-a.start, 0))
	if d.Day < 0 {
		a.Past.Day.raise(d.Volume)
		a.Days = a.Days[:len(a.Days)-1]
	}
}

// Close ends the books of the account.
func (a *Account) Close() {
	if len(a.Days) > 0 {
		a.closeDay()
	}
	a.Hours = slices.DeleteFunc(a.Hours, func(h Hour) bool {
		if past(h.Hour, a.Since) {
			a.Past.Hour.raise(h.volume())
			return true
		}
		return false
	})
}

// PastMail notes a message of the history.
func (u *Use) PastMail(at deed.Ref) {
	if u.PastMessages == 0 {
		u.PastRef = at
	}
	u.PastMessages++
}

// Join adds how an account was used from the same peer under another spelling.
func (u *Use) Join(o *Use) {
	u.First, u.Last = min(u.First, o.First), max(u.Last, o.Last)
	u.Usual = u.Usual || o.Usual
	u.Reads += o.Reads
	for i, n := range o.Logins {
		u.Logins[i] += n
	}
	u.ReadRefs, u.Refs = slices.Concat(o.ReadRefs, u.ReadRefs), slices.Concat(o.Refs, u.Refs)
}

// Mail notes a message of the window with so many recipients; other says that its sender is not the login.
func (u *Use) Mail(recipients int64, relayed, other bool, at deed.Ref) {
	u.Messages, u.Recipients = u.Messages+1, u.Recipients+recipients
	if relayed {
		u.Relayed++
	}
	if other {
		u.Others++
	}
	u.Refs = Keep(u.Refs, at)
}

// StepAt is the step of the timeline with number i, made if it is not there and room is left; else nil.
func (a *Account) StepAt(i int32, room bool) (s *Step, fresh bool) {
	at, there := slices.BinarySearchFunc(a.Steps, i, func(s Step, i int32) int { return cmp.Compare(s.At, i) })
	if !there {
		if !room {
			return nil, false
		}
		a.Steps = slices.Insert(a.Steps, at, Step{At: i})
	}
	return &a.Steps[at], !there
}

// Peers are the uses of the window, the first ones first.
func (a *Account) Peers() []netip.Prefix {
	var all []netip.Prefix
	for p, u := range a.Uses {
		if u.First != 0 {
			all = append(all, p)
		}
	}
	slices.SortFunc(all, func(x, y netip.Prefix) int {
		return cmp.Or(cmp.Compare(a.Uses[x].First, a.Uses[y].First), x.Addr().Compare(y.Addr()))
	})
	return all
}

// Keep notes a line, as long as there is room.
func Keep(refs []deed.Ref, r deed.Ref) []deed.Ref {
	if len(refs) < maxRefs {
		refs = append(refs, r)
	}
	return refs
}

// Stranger notes mail of a peer that is not usual, and by which name it called itself; place is its Spread.
func (d *Day) Stranger(name string, place uint64, recipients int64) {
	d.Places.Add(place)
	d.New.Messages, d.New.Recipients = d.New.Messages+1, d.New.Recipients+recipients
	if name == "" {
		return
	}
	if d.HELOs == nil {
		d.HELOs = map[string]*tally.Distinct{}
	}
	places := d.HELOs[name]
	if places == nil {
		if len(d.HELOs) >= maxHELOs {
			return
		}
		places = &tally.Distinct{}
		d.HELOs[name] = places
	}
	places.Add(place)
}
