package ledger

import (
	"net/netip"

	"hikeshi/actions/logs/deed"
	"hikeshi/actions/logs/entry"
	"hikeshi/actions/logs/join"
	"hikeshi/actions/logs/tally"
	"hikeshi/spool"
)

// login enters a success. Where a log tells of messages, one that names a message waits for it.
func (b *Book) login(d *deed.Deed) {
	a, p := b.account(d.Login), b.place(d)
	switch {
	case a == nil:
		b.ends(d)
	case d.Service <= spool.SMTP && d.Framed && d.ID != 0 && p.IsValid() && b.o.Taken != nil && b.o.Taken(d.Wall):
		b.claims.Add(join.Claim{Deed: *d, Name: a.Name, Place: p})
	default:
		b.enter(d, a, p)
	}
}

// due enters the logins and the ends of sessions whose messages would have been told by now.
func (b *Book) due(now int64) {
	for c, ok := b.claims.Due(now); ok; c, ok = b.claims.Due(now) {
		if c.Name == "" {
			b.join.Said(c.Deed.ID, c.Sender, c.Deed.SenderOwn, 0)
			b.join.End(c.Deed.ID, c.Deed.Wall, c.Place)
			continue
		}
		b.claim(&c.Deed, c.Name, c.Place)
	}
}

// claim enters a login by what its message tells. One that is not proven counts for nothing but a break-in, which is a hint alone.
func (b *Book) claim(d *deed.Deed, name string, p netip.Prefix) {
	proof, all := b.join.Proof(d.ID), &b.Unproven
	switch proof {
	case join.Proven:
		b.enter(d, b.Account(name), p)
		return
	case join.MadeUp:
		all = &b.MadeUp
		b.join.End(d.ID, d.Wall, p)
	case join.Unproven:
		b.join.Doubt(d.ID, d.Wall, name, p)
		if a, day := b.Account(name), b.dayOf(d.Wall); !b.Usual(a, p, day) {
			b.broken(a, p, d, day)
		}
	}
	all.Note(d.At, d.Wall >= b.o.Since)
}

// enter enters a success.
func (b *Book) enter(d *deed.Deed, a *Account, p netip.Prefix) {
	if d.Service <= spool.SMTP {
		b.handIn(d, a, p)
	}
	if told := b.told(d); told && d.Session {
		return
	}
	day := b.dayOf(d.Wall)
	unusual := p.IsValid() && !b.Usual(a, p, day)
	if unusual {
		b.broken(a, p, d, day)
	}
	h, dd := a.HourAt(d.Wall), a.DayAt(day)
	h.Logins, dd.Logins = h.Logins+1, dd.Logins+1
	if unusual {
		place := a.Spread(p, a.HELO(p), day) // its mail was entered already
		h.NewLogin(d.Alone())
		h.Places.Add(place)
		dd.Places.Add(place)
	}
	if p.IsValid() {
		u := b.use(a, p, d.Wall)
		s := b.source(p, d.Wall)
		if day >= 0 {
			b.loginFrom(a, u, s, d, unusual)
		}
	}
	if day < 0 {
		a.Past.Logins++
		if d.Alone() {
			a.Past.Clock[entry.Clock(d.Wall)]++
		}
		return
	}
	a.Seen(d.Wall)
	a.Logins++
	dd.Lines.Keep(d.At, unusual)
	h.Lines.Keep(d.At, unusual)
	if unusual {
		a.Refs = entry.Keep(a.Refs, d.At)
	}
}

func (b *Book) loginFrom(a *Account, u *Use, s *Source, d *deed.Deed, unusual bool) {
	u.Logins[min(d.Service, 3)]++
	u.Refs = entry.Keep(u.Refs, d.At)
	if d.Service > spool.SMTP {
		u.ReadRefs = entry.Keep(u.ReadRefs, d.At)
	}
	s.Logins++
	s.Lines.Keep(d.At, unusual)
	s.Accounts.Add(tally.Hash([]byte(a.Name)))
	if unusual {
		s.HourAt(d.Wall).Strangers.Add(tally.Hash([]byte(a.Name)))
	}
}

// handIn joins a login with the messages of its session.
func (b *Book) handIn(d *deed.Deed, a *Account, p netip.Prefix) {
	if told := b.o.Accepts && (b.o.Taken == nil || b.o.Taken(d.Wall)); !told && d.ID != 0 && !b.join.Knows(d.ID) {
		if d.Wall >= b.o.Since {
			b.Sessions++
		}
		b.settle(&join.Message{Wall: d.Wall, ID: d.ID, At: d.At, Place: p, Count: 1}, a.Name)
	}
	b.join.Login(d.ID, d.Wall, a.Name, p, d.Framed)
}

// broken notes a success after a burst of failures, from a peer that is not usual: for the account after failures of its own, from
// anywhere; those of others behind the same address are noted for the address alone. In the first days of the history nobody knows what is
// usual.
func (b *Book) broken(a *Account, p netip.Prefix, d *deed.Deed, day int) {
	if day < 0 && entry.CountDays(entry.Before(b.Days, day)) < entry.Enough {
		return
	}
	if n := b.Guessers[p].LastBurst(d.Wall); n > 0 {
		if s := b.source(p, d.Wall); s.Spray == nil || s.Spray.Failures < n {
			s.Spray = &Break{Wall: d.Wall, Account: a.Name, Place: p, Failures: n, Ref: d.At}
		}
	}
	n := b.Guessed[a.Name].LastBurst(d.Wall)
	if n == 0 {
		return
	}
	best := &Break{Wall: d.Wall, Account: a.Name, Place: p, Failures: n, Ref: d.At}
	if a.Break == nil || a.Break.Failures < n && d.Wall-a.Break.Wall < entry.BurstLife {
		a.Break = best
	}
	if s := b.source(p, d.Wall); s.Break == nil {
		s.Break = best
	}
}

// loginFail enters a failure: for the account as the log tells that knows every try, for the peer as the one that knows it. Failures of
// an account from a peer that is usual for it are no guesses: a device with an old password.
func (b *Book) loginFail(d *deed.Deed) {
	told := b.told(d)
	p, name := b.place(d), ""
	if d.Login != deed.None {
		name = b.batch.Names[d.Login]
	}
	day, window := b.dayOf(d.Wall), d.Wall >= b.o.Since
	a := b.Accounts[name]
	known, device := false, false
	if a != nil && p.IsValid() {
		device = a.Failed(p, day)
		known = b.Usual(a, p, day)
	}
	if window && (!told || d.Session) {
		b.step(abused(a, !known && !device), name, p, d.Wall, Step{Failures: 1})
	}
	if p.IsValid() && !(told && d.Session) {
		g := entry.GuessOf(b.Guessers, p, &b.Lost)
		g.Fail(d, !known && !(device && b.Inside(p)), window)
		if window {
			g.Others.Add(tally.Hash([]byte(name)))
		}
	}
	if name == "" {
		return
	}
	g := entry.GuessOf(b.Guessed, name, &b.Lost)
	if window && p.IsValid() && !d.Session {
		g.Saw(p)
	}
	try := !known && !device
	if !told || d.Session {
		g.Fail(d, try, window)
	} else if try {
		g.SawFail(d.Wall)
	}
}

// Inside says whether a peer is the server itself or in a network of its owner.
func (b *Book) Inside(p netip.Prefix) bool { return b.o.Inside != nil && p.IsValid() && b.o.Inside(p) }
