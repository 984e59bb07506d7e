package ledger

import (
	"cmp"
	"net/netip"
	"slices"

	"hikeshi/actions/logs/deed"
	"hikeshi/actions/logs/entry"
	"hikeshi/actions/logs/join"
	"hikeshi/actions/logs/tally"
	"hikeshi/spool"
)

// accept enters a message.
func (b *Book) accept(d *deed.Deed) {
	if d.Spread {
		if b.join.Seen(d) {
			return
		}
	} else if b.join.Knows(d.ID) {
		if d.Session && d.SenderSaid {
			b.join.Said(d.ID, b.batch.Names[d.Sender], d.SenderOwn, int64(d.Count))
		}
		if a := b.account(d.Login); a != nil { // another log told of it, and not by whom
			b.join.Login(d.ID, d.Wall, a.Name, b.place(d), false)
		}
		return
	}
	w := &join.Message{Wall: d.Wall, ID: d.ID, At: d.At, Place: b.place(d), Said: d.SenderSaid, Own: d.SenderOwn, Count: int64(max(d.Count, 1)), Outside: d.Outside > 0, Either: d.Either}
	w.Blind = b.heard == 0 || d.Wall-b.heard > hour
	w.Recipients = append(w.Recipients, b.recipients(d)...)
	if d.Sender != deed.None {
		w.Sender = b.batch.Names[d.Sender]
		w.Echo = w.Either && slices.Contains(w.Recipients, tally.Hash([]byte(w.Sender)))
	}
	if d.HELO != deed.None {
		w.HELO = b.batch.Names[d.HELO]
	}
	switch {
	case d.Login != deed.None && b.batch.Names[d.Login] != "":
		b.settle(w, b.batch.Names[d.Login])
	case d.Spread && d.Login != deed.None:
		w.Blind = false
		b.join.Hold(w)
	case !b.o.Logins:
		b.settle(w, "")
	default:
		b.join.Message(w)
	}
}

// ends enters the end of a session without a login. Where a log tells of messages, one that names a message waits for it.
func (b *Book) ends(d *deed.Deed) {
	p := b.place(d)
	switch {
	case !p.IsValid() || !d.Framed:
	case d.ID == 0 || b.o.Taken == nil || !b.o.Taken(d.Wall):
		b.join.End(d.ID, d.Wall, p)
	default:
		c := join.Claim{Deed: *d, Place: p}
		if d.SenderSaid {
			c.Sender = b.batch.Names[d.Sender]
		}
		b.claims.Add(c)
	}
}

// settle enters a message whose login is known; "" if it was handed in without one, or nobody can tell.
func (b *Book) settle(w *join.Message, login string) {
	if b.o.Settled != nil {
		b.o.Settled(w, login)
	}
	var a *Account
	relayed := false
	forged, window := w.Forged(), w.Wall >= b.o.Since
	if forged {
		login = ""
	}
	if login == "" && w.Either && !w.Sure {
		b.Unclear.Note(w.At, window)
		return
	}
	switch {
	case login != "":
		a = b.Account(login)
	case w.Lost: // nobody is blamed for it
	case w.Outside:
		relayed = b.o.Logins && !w.Blind && !b.Inside(w.Place)
		if w.Own && !forged {
			a = b.Account(w.Sender)
		}
	}
	lost := w.Lost && login == "" && w.Outside && !b.Inside(w.Place)
	if lost {
		b.Unjoined.Note(w.At, window)
	}
	if a == nil && !relayed && !lost {
		if window && !w.Own && !w.Outside {
			b.Incoming++
		}
		return
	}
	if relayed && w.Place.IsValid() {
		b.source(w.Place, w.Wall).Relay(w.At, window)
	}
	if a != nil {
		if window && (login == "" && w.Blind || w.Doubt) {
			a.Blind++
		}
		b.message(w, a, relayed)
		return
	}
	if window && w.Place.IsValid() {
		b.fromSource(b.source(w.Place, w.Wall), w, nil, false)
		b.step(nil, "", w.Place, w.Wall, w.Step(false))
	}
}

// message enters a message of an account.
func (b *Book) message(w *join.Message, a *Account, relayed bool) {
	d := b.dayOf(w.Wall)
	unusual := false
	var u *Use
	if w.Place.IsValid() {
		u = b.use(a, w.Place, w.Wall)
		unusual = !b.Usual(a, w.Place, d)
	}
	usual := u != nil && !unusual
	b.join.Remember(w.ID, a.Name, usual)
	day, h := a.DayAt(d), a.HourAt(w.Wall)
	day.Messages, day.Recipients = day.Messages+1, day.Recipients+w.Count
	h.Messages, h.Recipients = h.Messages+1, h.Recipients+w.Count
	h.Sent, h.Failed = h.Sent+w.Sent, h.Failed+w.Failed
	for _, r := range w.Recipients {
		a.Known.Add(r)
	}
	other := w.Said && w.Sender != "" && !entry.SameName(a.Name, w.Sender)
	if other {
		day.Others.Add(tally.Hash([]byte(w.Sender)))
	}
	if relayed {
		day.Relayed++
	}
	if d < 0 {
		a.Called(w.HELO, d)
		a.Past.Messages++
		a.Past.Clock[entry.Clock(w.Wall)]++
		if u != nil {
			u.PastMail(w.At)
		}
		return
	}
	b.lines(w, day, h, unusual, other)
	a.Seen(w.Wall)
	a.Messages, a.Recipients = a.Messages+1, a.Recipients+w.Count
	if relayed {
		a.Relayed++
	}
	if unusual {
		h.NewMessages++
		place := a.Spread(w.Place, w.HELO, d)
		h.Places.Add(place)
		day.Stranger(w.HELO, place, w.Count)
		a.Refs = entry.Keep(a.Refs, w.At)
	}
	if u != nil {
		u.Mail(w.Count, relayed, other, w.At)
		u.HELO = cmp.Or(u.HELO, w.HELO)
		b.fromSource(b.source(w.Place, w.Wall), w, a, unusual)
	}
	b.step(abused(a, unusual), a.Name, w.Place, w.Wall, w.Step(usual))
}

// lines notes where the log tells of a message.
func (b *Book) lines(w *join.Message, day *entry.Day, h *entry.Hour, unusual, other bool) {
	day.Lines.Keep(w.At, unusual)
	h.Lines.Keep(w.At, unusual)
	if other {
		day.Named.Keep(w.At, unusual)
	}
	if w.Failed > 0 {
		h.Returned.Keep(w.Returned, unusual)
	}
}

// abused is the account if what is entered may be abuse.
func abused(a *Account, unusual bool) *Account {
	if unusual {
		return a
	}
	return nil
}

// delivery enters what became of a message.
func (b *Book) delivery(d *deed.Deed) {
	if d.Kind == spool.EventLocal {
		return // says nothing of mail for outside
	}
	failed := d.Kind != spool.EventSent
	n := int64(max(d.Count, 1))
	if d.Spread {
		b.join.Told(d.ID, d.Outside > 0)
	}
	name, usual, waits := b.join.Whose(d.ID)
	if waits != nil {
		if failed {
			if waits.Failed == 0 {
				waits.Returned = d.At
			}
			waits.Failed += n
		} else {
			waits.Sent += n
		}
		return
	}
	a := b.Accounts[name]
	if failed && !usual && d.Wall >= b.o.Since {
		b.step(a, name, netip.Prefix{}, d.Wall, Step{Returned: int32(n)})
	}
	if a == nil {
		return
	}
	if d.Spread {
		for _, r := range b.recipients(d) {
			a.Known.Add(r)
		}
	}
	if h := a.HourAt(d.Wall); failed {
		h.Failed += n
		h.Returned.Keep(d.At, !usual)
	} else {
		h.Sent += n
	}
}

// read enters a mail that was read out of a mailbox.
func (b *Book) read(d *deed.Deed) {
	a, p := b.account(d.Login), b.place(d)
	if a == nil || d.Wall < b.o.Since {
		return
	}
	a.Reads++
	if p.IsValid() {
		u := b.use(a, p, d.Wall)
		u.Reads++
		u.ReadRefs = entry.Keep(u.ReadRefs, d.At)
	}
}

// step enters something into the timeline, and into that of an account if one is given.
func (b *Book) step(a *Account, name string, p netip.Prefix, wall int64, more Step) {
	at := entry.Floor(wall, max(b.o.Step, 1))
	if wall < b.o.Since || len(b.Steps) == 0 || at > int64(b.Steps[len(b.Steps)-1].At) {
		return
	}
	if b.o.Only == nil || b.o.Only(name, p) {
		b.Steps[at-int64(b.Steps[0].At)].Add(more)
		b.Strange.Take(wall, more.Messages)
		b.Owners.Take(wall, more.Usual)
	}
	if a == nil {
		return
	}
	a.Strange.Take(wall, more.Messages)
	s, fresh := a.StepAt(int32(at), b.steps < maxSteps)
	if s == nil {
		b.Full = true
		return
	}
	if fresh {
		b.steps++
	}
	s.Add(more)
}
