package signals

import (
	"cmp"
	"math/bits"
	"net/netip"
	"slices"

	"hikeshi/actions/logs/deed"
	"hikeshi/actions/logs/entry"
	"hikeshi/actions/logs/ledger"
	"hikeshi/actions/logs/tally"
	"hikeshi/runbook"
)

// account measures an account.
func (j *judge) account(a *ledger.Account) Entry {
	e := Entry{Name: a.Name, Addresses: a.More.N(), First: a.First, Last: a.Last, Messages: a.Messages, Recipients: a.Recipients, Refs: a.Refs, Named: a.Relayed}
	for _, p := range a.Peers() {
		if !a.Uses[p].Usual {
			e.Addresses++
		}
	}
	j.hours(&e, a)
	j.days(&e, a)
	j.few(&e, a)
	j.relay(&e, a)
	j.breakIn(&e, a)
	e.weigh(0)
	abuse(&e, a)
	e.From = peers(a)
	return e
}

// peers names those with the most messages, of those that are not usual for an account.
func peers(a *ledger.Account) (names []string) {
	const named = 3
	all := slices.DeleteFunc(a.Peers(), func(p netip.Prefix) bool { return a.Uses[p].Usual })
	slices.SortStableFunc(all, func(x, y netip.Prefix) int { return cmp.Compare(a.Uses[y].Messages, a.Uses[x].Messages) })
	for _, p := range all[:min(len(all), named)] {
		names = append(names, PlaceName(p))
	}
	return names
}

// abuse puts what came from peers that are not usual in the place of all that the account did, if there is anything.
func abuse(e *Entry, a *ledger.Account) {
	var part Entry
	for _, p := range a.Peers() {
		u := a.Uses[p]
		if u.Usual {
			continue
		}
		if part.First == 0 {
			part.First = u.First // the peers come in this order
		}
		part.Last = max(part.Last, u.Last)
		part.Messages, part.Recipients = part.Messages+u.Messages, part.Recipients+u.Recipients
	}
	if part.First != 0 && a.More.N() == 0 {
		e.First, e.Last, e.Messages, e.Recipients = part.First, part.Last, part.Messages, part.Recipients
	}
}

// spread is a number of new addresses; where it is not known which are new, only as many as make a strong hit.
func (j *judge) spread(rule string, n int) float64 {
	if v := float64(n); j.b.Known() || v >= j.rules[rule].Strong {
		return v
	}
	return 0
}

// above is v if it is far above what was seen before, else 0.
func above(v, before int64) float64 {
	if v <= busier*before {
		return 0
	}
	return float64(v)
}

func (j *judge) hours(e *Entry, a *ledger.Account) {
	off := offClock(&a.Past)
	far, late := int64(0), []deed.Ref(nil)
	for i := range a.Hours {
		h := &a.Hours[i]
		j.seen(e, perHour, above(h.Messages, a.Past.Hour.Messages), &h.Lines, runbook.Text{})
		j.seen(e, rcptHour, above(h.Recipients, a.Past.Hour.Recipients), &h.Lines, runbook.Text{})
		if float64(h.NewUses()) >= j.rules[ipsHour].Least {
			j.seen(e, ipsHour, j.spread(ipsHour, h.Places.N()), &h.Lines, runbook.Text{})
		}
		if all := h.Sent + h.Failed; float64(h.Failed) >= j.rules[returned].Least {
			share := 100 * float64(h.Failed) / float64(all)
			if h.Failed < strongReturned {
				share = min(share, j.rules[returned].Strong-1)
			}
			j.seen(e, returned, share, &h.Returned, runbook.Tf("%d of %d deliveries", "配送 %[2]d 件中 %[1]d 件", h.Failed, all))
		}
		if off[int(h.Hour%24)] {
			if n := h.NewUses(); n > 0 {
				far, late = far+n, append(late, h.Lines.Refs()...)
			}
		}
	}
	if j.b.Known() && float64(a.Past.Uses()) >= j.rules[offHours].Least {
		j.hit(e, offHours, float64(far), late, runbook.Text{})
	}
	j.peak(e, a)
}

// strongReturned is how many failures it takes for the strong threshold of D7 (UwUMail: 25 hard bounces in an hour).
const strongReturned = 25

// peak puts the highest value in the place of the one that reached the threshold first: of the hours in which strangers had a part, if the
// signal was seen in such an hour.
func (j *judge) peak(e *Entry, a *ledger.Account) {
	for i := range e.Hits {
		hit := &e.Hits[i]
		for k := range a.Hours {
			h, v := &a.Hours[k], 0.0
			switch hit.ID {
			case perHour:
				v = float64(h.Messages)
			case rcptHour:
				v = float64(h.Recipients)
			case ipsHour:
				v = float64(h.Places.N())
			}
			if v > hit.Value && (hit.owners || !h.Lines.Usual()) {
				hit.Value, hit.About, hit.Refs, hit.owners = v, counted(hit.ID) && v > tally.Exact, h.Lines.Refs(), h.Lines.Usual()
			}
		}
	}
}

// offClock are the hours of the day in which hardly anything of an account was seen: what lies outside of 95 percent of it. The hours
// beside busy ones are not among them.
func offClock(p *entry.Past) (off [24]bool) {
	total, order := int64(0), make([]int, 24)
	for i, n := range p.Clock {
		total += n
		order[i] = i
	}
	slices.SortStableFunc(order, func(a, b int) int { return int(p.Clock[b] - p.Clock[a]) })
	var busy [24]bool
	sum := int64(0)
	for _, i := range order {
		if sum*100 >= total*95 {
			break
		}
		busy[i] = true
		sum += p.Clock[i]
	}
	for i := range off {
		off[i] = !busy[i] && !busy[(i+1)%24] && !busy[(i+23)%24]
	}
	return off
}

func (j *judge) days(e *Entry, a *ledger.Account) {
	for i := range a.Days {
		d := &a.Days[i]
		j.put(e, perDay, Hit{Value: above(d.New.Messages, a.Past.Day.Messages), Refs: d.Lines.Refs()})
		j.put(e, perDay, Hit{Value: above(d.Messages, a.Past.Day.Messages), Refs: d.Lines.Refs(), owners: true})
		j.seen(e, rcptDay, above(d.Recipients, a.Past.Day.Recipients), &d.Lines, runbook.Text{})
		j.seen(e, ipsDay, j.spread(ipsDay, d.Places.N()), &d.Lines, runbook.Text{})
		j.seen(e, senders, above(d.Senders, a.Past.Day.Senders), &d.Named, runbook.Text{})
		if j.b.Known() {
			j.put(e, fresh, Hit{Value: above(d.Fresh, a.Past.Day.Fresh), About: a.Known.Estimated(), Refs: d.Lines.Refs(), owners: d.Lines.Usual()})
		}
		most, name := 0, ""
		for h, places := range d.HELOs {
			if n := places.N(); n > most || n == most && h < name {
				most, name = n, h
			}
		}
		if !j.b.Known() {
			continue
		}
		j.seen(e, helo, float64(most), &d.Lines, runbook.Tf("HELO %q", "HELO %q", name))
		if d.New.Recipients > 0 {
			n, helo := j.outside(a)
			j.seen(e, strangers, above(min(d.New.Recipients, n), a.Past.Day.Recipients), &d.Lines, helo)
		}
	}
}

// few measures the addresses outside from which an account sent, where nobody knows which are usual and the volume is a hit.
func (j *judge) few(e *Entry, a *ledger.Account) {
	if j.b.Known() || !slices.ContainsFunc(e.Hits, func(h Hit) bool { return h.Family == Volume }) {
		return
	}
	n := 0
	for _, p := range a.Peers() {
		if a.Uses[p].Messages > 0 && !j.b.Inside(p) {
			n++
		}
	}
	j.hit(e, ipsFew, float64(n), a.Refs, runbook.Text{})
}

func (j *judge) relay(e *Entry, a *ledger.Account) {
	var all entry.Lines
	for _, p := range a.Peers() {
		if u := a.Uses[p]; u.Relayed > 0 && len(u.Refs) > 0 {
			all.Keep(u.Refs[0], !u.Usual)
		}
	}
	j.hit(e, relayed, above(a.Relayed, a.Past.Day.Relayed), all.Refs(), runbook.Text{})
}

func (j *judge) breakIn(e *Entry, a *ledger.Account) {
	if br := a.Break; br != nil {
		j.hit(e, guessed, float64(br.Failures), []deed.Ref{br.Ref}, runbook.Tf("success from %s", "%s から成功", PlaceName(br.Place)))
	}
	if e.Addresses == 0 {
		return
	}
	if all := j.probes(a); len(all) > 0 && len(all) <= maxProbes {
		var refs []deed.Ref
		for _, p := range all {
			refs = append(refs, a.Uses[p].PastRef)
		}
		j.hit(e, probe, float64(len(all)), refs, runbook.Tf("from %s", "%s から", PlaceName(all[0])))
	}
}

// probes are the peers from which an account sent a mail or two on one day of the history, once it was known what is usual.
func (j *judge) probes(a *ledger.Account) []netip.Prefix {
	if !j.b.Known() {
		return nil
	}
	var all []netip.Prefix
	for p, u := range a.Uses {
		if u.PastMessages == 0 || u.PastMessages > 3 || entry.CountDays(u.Past) != 1 {
			continue
		}
		day := -1 - bits.TrailingZeros32(u.Past)
		if entry.CountDays(entry.Before(j.b.Days, day)) >= entry.Enough && !j.b.Usual(a, p, day) && !j.b.Usual(a, p, 0) {
			all = append(all, p)
		}
	}
	slices.SortFunc(all, func(x, y netip.Prefix) int { return x.Addr().Compare(y.Addr()) })
	return all
}
