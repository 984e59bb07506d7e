package deed

import (
	"bytes"
	"net/netip"
	"unicode"
	"unicode/utf8"

	"hikeshi/actions/logs/tally"
	"hikeshi/spool"
)

// Full is the number of deeds of a batch that is full.
const Full = 8 << 10

// maxKnown is how many texts and peers a Filler remembers from batch to batch, so that each is made once.
const maxKnown = 32 << 10

// A Filler turns events into the deeds of a batch.
type Filler struct {
	Batch  *Batch // with what was added
	own    map[string]bool
	domain []byte // that of every login without one, with its @; nil if the server has several
	short  map[string]string
	names  map[string]known[string]
	places map[netip.Addr]known[netip.Prefix]
	batch  int32  // number of the batch, from 1
	text   []byte // for texts that have to be changed
	whole  []byte // for a login with its domain
}

// known is a text or a peer with its number in the last batch that had it.
type known[T any] struct {
	value     T
	at, batch int32
}

// NewFiller returns a Filler with an empty batch; own are the domains of the server, in lower case, short the whole names of accounts by
// what stands before their @, where nothing else can be meant.
func NewFiller(own map[string]bool, short map[string]string) *Filler {
	f := &Filler{own: own, short: short, names: map[string]known[string]{}, places: map[netip.Addr]known[netip.Prefix]{}}
	if len(own) == 1 {
		for d := range own {
			f.domain = []byte("@" + d)
		}
	}
	f.Fresh(nil)
	return f
}

// Fresh begins a new batch, in the memory of an old one that is no longer used if there is one.
func (f *Filler) Fresh(old *Batch) {
	if old == nil {
		old = &Batch{Deeds: make([]Deed, 0, Full), Recipients: make([]uint64, 0, Full)}
	}
	clear(old.Names)
	f.Batch = &Batch{Deeds: old.Deeds[:0], Names: old.Names[:0], Places: old.Places[:0], Recipients: old.Recipients[:0]}
	f.batch++
	if len(f.names) > maxKnown {
		clear(f.names)
	}
	if len(f.places) > maxKnown {
		clear(f.places)
	}
}

// Add enters an event of a log, with what is of use of its kind; framed is as in Deed. Deliveries to mailboxes of the server are left out.
func (f *Filler) Add(e *spool.Event, at Ref, log *spool.Log, framed bool) {
	if e.Kind == spool.EventLocal {
		return
	}
	d := Deed{Wall: e.Wall, At: at, Kind: e.Kind, Service: e.Service, Session: log.Sessions, Framed: framed, Spread: log.Spread,
		Count: int32(min(e.Count, 1<<20)), Place: None, Login: None, Sender: None, HELO: None}
	if len(e.ID) > 0 {
		d.ID = tally.Hash(e.ID)
	}
	switch e.Kind {
	case spool.EventSent, spool.EventDeferred, spool.EventBounced:
		if d.Spread {
			f.recipients(e.Recipients, &d)
		}
	case spool.EventAccept:
		if len(e.Again) > 0 {
			d.Again = tally.Hash(e.Again)
		}
		f.message(e, &d)
		fallthrough
	default:
		d.Place = f.place(e.Client)
		if e.Login != nil {
			d.Login = f.login(e.Login)
		}
		if e.Kind == spool.EventEnd && e.SenderSaid && d.ID != 0 {
			f.sender(e, &d)
		}
	}
	f.Batch.Deeds = append(f.Batch.Deeds, d)
}

// message enters what is told of a message that was accepted.
func (f *Filler) message(e *spool.Event, d *Deed) {
	if e.SenderSaid {
		f.sender(e, d)
	}
	if e.HELO != nil {
		d.HELO = f.name(e.HELO)
	}
	f.recipients(e.Recipients, d)
}

func (f *Filler) sender(e *spool.Event, d *Deed) {
	d.Sender, d.SenderSaid = f.name(e.Sender), true
	d.SenderOwn = f.ours(f.Batch.Names[d.Sender])
}

// recipients enters recipients. A log with a space between its columns shows a HELO or a sender with spaces in it as more columns: what
// stands last is a recipient for sure, and those before it may be none.
func (f *Filler) recipients(all []byte, d *Deed) {
	d.First = int32(len(f.Batch.Recipients))
	for len(all) > 0 {
		one, rest, _ := bytes.Cut(all, []byte{' '})
		all = rest
		if len(one) == 0 {
			continue
		}
		one = f.safe(one)
		f.Batch.Recipients = append(f.Batch.Recipients, tally.Hash(one))
		d.Either = false
		if at := domain(one); len(at) > 0 && len(f.own) > 0 && !f.own[string(at)] {
			d.Outside++
		} else {
			d.Either = d.Outside > 0
		}
	}
	d.Past = int32(len(f.Batch.Recipients))
	d.Count = max(d.Count, d.Past-d.First)
}

// domain is what stands behind the last @; a name without one is of this server.
func domain[T []byte | string](address T) T {
	for i := len(address) - 1; i >= 0; i-- {
		if address[i] == '@' {
			return address[i+1:]
		}
	}
	return address[len(address):]
}

// ours says whether a sender claims to be of this server. Mail from "" and from names without a domain is not.
func (f *Filler) ours(sender string) bool {
	d := domain(sender)
	return d != "" && f.own[d]
}

// login is name, of a login. Where the server has one domain, a login without a domain is one of it: taro is taro@example.jp. Else it is the
// only account that can be meant.
func (f *Filler) login(text []byte) int32 {
	if len(f.short) > 0 && f.domain == nil && bytes.IndexByte(text, '@') < 0 {
		if whole, ok := f.short[string(f.safe(text))]; ok {
			return f.name([]byte(whole))
		}
	}
	if n := len(text); f.domain == nil || n == 0 || n+len(f.domain) > maxText || bytes.IndexByte(text, '@') >= 0 {
		return f.name(text)
	}
	f.whole = append(append(f.whole[:0], text...), f.domain...)
	return f.name(f.whole)
}

// name gives a text a number in the batch.
func (f *Filler) name(text []byte) int32 {
	text = f.safe(text)
	k, ok := f.names[string(text)]
	switch {
	case ok && k.batch == f.batch:
		return k.at
	case !ok:
		k.value = string(text)
	}
	k.at, k.batch = int32(len(f.Batch.Names)), f.batch
	f.Batch.Names = append(f.Batch.Names, k.value)
	f.names[k.value] = k
	return k.at
}

// safe makes a text from a stranger bounded, in lower case and free of what a terminal might obey. The result holds until the next call.
func (f *Filler) safe(text []byte) []byte {
	if len(text) > maxText {
		text = text[:maxText]
	}
	for _, c := range text {
		if c <= ' ' || c >= 0x7f || c >= 'A' && c <= 'Z' {
			return f.change(text)
		}
	}
	return text
}

func (f *Filler) change(text []byte) []byte {
	f.text = f.text[:0]
	for len(text) > 0 {
		r, n := utf8.DecodeRune(text)
		if r == utf8.RuneError || !unicode.IsPrint(r) {
			r = '?'
		}
		f.text = utf8.AppendRune(f.text, unicode.ToLower(r))
		text = text[n:]
	}
	return f.text
}

// place gives a peer a number in the batch.
func (f *Filler) place(a netip.Addr) int32 {
	if !a.IsValid() {
		return None
	}
	k, ok := f.places[a]
	switch {
	case ok && k.batch == f.batch:
		return k.at
	case !ok:
		k.value = Place(a)
	}
	k.at, k.batch = int32(len(f.Batch.Places)), f.batch
	f.Batch.Places = append(f.Batch.Places, k.value)
	f.places[a] = k
	return k.at
}

// Place is the address, or the network of an IPv6 address: a machine has many addresses in its /64.
func Place(a netip.Addr) netip.Prefix {
	a = a.Unmap().WithZone("")
	bits := a.BitLen()
	if a.Is6() {
		bits = 64
	}
	p, _ := a.Prefix(bits)
	return p
}
