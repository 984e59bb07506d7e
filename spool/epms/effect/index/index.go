// Package index answers many queries about one effect.dat, and says which lines no query can reach.
//
// To decide one query costs a pass of the file: a tenth of a second for a million lines. An index costs
// about a second once and then microseconds, because texts, networks and star patterns are looked up
// instead of tried in turn. Only two-star patterns and unaligned IPv6 ranges are still tried one by one;
// Tried says how many there are.
//
// It must never differ from [effect.File.Decide], which is the model; the tests hold it to that.
package index

import (
	"net/netip"

	"hikeshi/spool/epms/effect"
	"hikeshi/spool/epms/effect/pattern"
)

// An Index holds the lines added so far.
type Index struct {
	file   *effect.File
	lines  []entry
	first  map[key]int32          // the first line of each pattern; the value is its place in lines
	nets   map[netip.Prefix]int32 // the same for networks
	bits   [2][129]bool           // the lengths that occur in nets, for IPv4 and for IPv6
	shapes map[shape]bool         // the star patterns that occur in first, by the lengths of their affixes
	rest   []tried                // what cannot be looked up, in order
	mark   bool                   // after the last line
	last   effect.Action
	zero   bool
}

// entry is a line.
type entry struct {
	offset int64
	number int32
	action effect.Action
	mark   bool
}

// key is what a pattern is looked up by; the class keeps texts of different sense apart.
type key struct {
	class class
	text  string
}

type class uint8

const (
	everyone class = iota
	word
	twoStars
	peer    // the text of the peer's address
	address // the whole sender
	domain  // the part behind the first @
	stars   // added to one of the three above for a pattern with one star
)

type shape struct {
	class          class // peer, address or domain
	prefix, suffix uint8
}

type tried struct {
	pattern pattern.Pattern
	line    int32
}

// New returns an index of the file without lines; see [Index.Add].
func New(f *effect.File) *Index {
	return &Index{file: f, first: map[key]int32{}, nets: map[netip.Prefix]int32{}, shapes: map[shape]bool{}, last: effect.Default}
}

// Of returns the index of the whole file.
func Of(f *effect.File) *Index {
	x := New(f)
	for l := range f.Lines() {
		if !l.Skipped {
			x.Add(l, pattern.Parse(l.Pattern))
		}
	}
	return x
}

// Tried returns how many patterns are tried one by one at a query.
func (x *Index) Tried() int { return len(x.rest) }

// Add appends a line that is not skipped, with its pattern. Lines come in their order.
func (x *Index) Add(l effect.Line, p pattern.Pattern) {
	n := int32(len(x.lines))
	x.mark, x.last, x.zero = l.Action.Mark(x.mark), l.Action, l.Zero
	x.lines = append(x.lines, entry{l.Offset, int32(l.Number), l.Action, x.mark})
	switch p.Form {
	case pattern.Never:
		return
	case pattern.Network:
		x.addNetwork(p, n)
		return
	case pattern.TwoStars:
		if _, known := x.first[keyOf(&p)]; !known {
			x.rest = append(x.rest, tried{p, n})
		}
	case pattern.Star:
		prefix, suffix := p.Affixes()
		x.shapes[shape{classOf(&p), uint8(len(prefix)), uint8(len(suffix))}] = true
	}
	keep(x.first, keyOf(&p), n)
}

func (x *Index) addNetwork(p pattern.Pattern, n int32) {
	net, ok := pattern.AsNetwork(p.Lo, p.Hi)
	if !ok {
		x.rest = append(x.rest, tried{p, n})
		return
	}
	x.bits[family(net)][net.Bits()] = true
	keep(x.nets, net, n)
}

// Decide answers like [effect.File.Decide].
func (x *Index) Decide(q effect.Query) effect.Decision {
	s := q.Subject()
	best := x.lookup(&s)
	for i := range x.rest {
		if best.found && x.rest[i].line > best.line {
			break
		}
		if x.rest[i].pattern.Matches(&s) {
			best.add(x.rest[i].line)
			break
		}
	}
	if !best.found {
		return effect.Decision{Result: effect.Unmatched(x.last, x.mark), Zero: x.mark && x.zero}
	}
	e := x.lines[best.line]
	return effect.Decision{
		Result: effect.Matched(e.action, e.mark),
		Line:   int(e.number),
		Text:   x.file.Piece(e.offset).Text,
	}
}

// lookup finds the first of the lines that can be looked up.
func (x *Index) lookup(s *pattern.Subject) least {
	var best least
	best.take(x.first, key{everyone, ""})
	if s.Peer.IsValid() {
		best.take(x.first, key{peer, s.Text})
		x.supernets(&best, netip.PrefixFrom(s.Peer, s.Peer.BitLen()))
		x.starred(&best, peer, s.Text)
	}
	if s.Given {
		best.take(x.first, key{address, s.Sender})
		best.take(x.first, key{domain, s.Domain})
		x.starred(&best, address, s.Sender)
		x.starred(&best, domain, s.Domain)
		for w := pattern.NullSender; w <= pattern.Host; w++ {
			if s.Is(w) {
				best.take(x.first, wordKey(w))
			}
		}
	}
	return best
}

// supernets takes the networks that contain the given one, itself included.
func (x *Index) supernets(best *least, net netip.Prefix) {
	for bits := range net.Bits() + 1 {
		if !x.bits[family(net)][bits] {
			continue
		}
		wide, err := net.Addr().Prefix(bits)
		if n, ok := x.nets[wide]; ok && err == nil {
			best.add(n)
		}
	}
}

// starred takes the patterns with one star that match the text.
func (x *Index) starred(best *least, c class, text string) {
	for sh := range x.shapes {
		if sh.class == c && len(text) >= int(max(sh.prefix, sh.suffix)) {
			best.take(x.first, starKey(c, text[:sh.prefix], text[len(text)-int(sh.suffix):]))
		}
	}
}

// least is the first of the lines seen.
type least struct {
	found bool
	line  int32
}

func (l *least) add(n int32) {
	if !l.found || n < l.line {
		l.found, l.line = true, n
	}
}

func (l *least) take(m map[key]int32, k key) {
	if n, ok := m[k]; ok {
		l.add(n)
	}
}

func keep[K comparable](m map[K]int32, k K, n int32) {
	if _, ok := m[k]; !ok {
		m[k] = n
	}
}

func family(net netip.Prefix) int { return net.Addr().BitLen() / 128 }

// keyOf returns what a pattern of any form but Network and Never is looked up by.
func keyOf(p *pattern.Pattern) key {
	switch p.Form {
	case pattern.Everyone:
		return key{everyone, ""}
	case pattern.Named:
		return wordKey(p.Word)
	case pattern.TwoStars:
		return key{twoStars, p.Text}
	case pattern.Star:
		prefix, suffix := p.Affixes()
		return starKey(classOf(p), fold(p, prefix), fold(p, suffix))
	}
	return key{classOf(p), fold(p, p.Text)}
}

// fold lowers the text of a sender pattern; a peer's text is compared as it is.
func fold(p *pattern.Pattern, s string) string {
	if p.IP {
		return s
	}
	return pattern.Lower(s)
}

func classOf(p *pattern.Pattern) class {
	switch {
	case p.IP:
		return peer
	case p.WholeSender():
		return address
	}
	return domain
}

// starKey joins the affixes with a LF, which no pattern holds.
func starKey(c class, prefix, suffix string) key { return key{c + stars, prefix + "\n" + suffix} }

func wordKey(w pattern.Word) key { return key{word, string(rune('0' + w))} }
