// Package pattern is the left half of a line of effect.dat: what it is compared with, and when it matches.
//
// The pattern up to its first slash, every star read as 0, is tried as an address, as the C library reads
// one. If it is one, the line is about the connecting peer:
//
//	203.0.113.9         the text of the peer's address, letter case included
//	203.0.113.*         a prefix of that text; what follows the star is ignored
//	*.*.*.*             every peer, IPv6 too: the star comes first
//	203.0.113.0/24      an IPv4 network, base masked
//	2001:db8:0:1::/64   an IPv6 network: shorter than /64 it covers its first /64 only
//
// Any other text is about the envelope sender, letter case ignored. With an @ it is compared with the whole
// sender, without one with the part behind the sender's first @ (the whole sender if it has none):
//
//	example.com         the domain, not its sub-domains
//	*.example.com       one star: prefix and suffix
//	*@*.example.com     two stars: the text between them, in lower case, is searched from the start
//	#<> #blank #number #nodomain #host    kinds of senders
//
// Sources: FAQ bsd/01-09, bsd/01-99, win/15-93, spa/no04, guide17, and the receiver of 2026.
package pattern

import (
	"net/netip"
	"strings"
)

// A Form is how a pattern compares.
type Form uint8

// The forms.
const (
	Never    Form = iota // an IP pattern that no peer can match: a network ending in 255.255.255.255
	Everyone             // an IP pattern that begins with a star
	Exact                // equal text: the peer's address, a sender or a domain
	Network              // peers from Lo to Hi
	Star                 // prefix and, for senders, suffix
	TwoStars             // senders only: prefix, middle, suffix; a third star is a plain character
	Named                // senders only: one of the # words
)

// A Word is a kind of sender that has a name.
type Word uint8

// The words. Of #<>, #blank, #nodomain and #host only the first 3, 6, 7 and 5 characters count.
const (
	NoWord     Word = iota
	NullSender      // #<>: the null sender
	Blank           // #blank: nothing, the null sender, or nothing behind the @
	Number          // #number: a domain of digits and dots
	NoDomain        // #nodomain: no @ or nothing behind it, the null sender too
	Host            // #host: a domain without a dot
)

// A Pattern is one that has been read.
type Pattern struct {
	Text   string
	IP     bool // about the peer, else about the sender
	Form   Form
	Word   Word       // with the form Named
	Lo, Hi netip.Addr // with the form Network: the first and the last peer
}

// Parse reads a pattern. Every text is one.
func Parse(text string) Pattern {
	p := Pattern{Text: text}
	base, length, slash := strings.Cut(text, "/")
	addr, ok := parseIP(base)
	star := strings.IndexByte(text, '*')
	switch {
	case !ok:
		p.Form, p.Word = senderForm(text, star)
		return p
	case star == 0:
		p.Form = Everyone
	case star > 0:
		p.Form = Star
	case slash && addr.Is4():
		p.Form, p.Lo, p.Hi = network4(addr, atoi(length))
	case slash:
		p.Form, p.Lo, p.Hi = network6(addr, atoi(length))
	default:
		p.Form = Exact
	}
	p.IP = true
	return p
}

func senderForm(text string, star int) (Form, Word) {
	if w := wordOf(text); w != NoWord {
		return Named, w
	}
	switch {
	case star < 0:
		return Exact, NoWord
	case strings.IndexByte(text[star+1:], '*') < 0:
		return Star, NoWord
	}
	return TwoStars, NoWord
}

func wordOf(text string) Word {
	if text == "" || text[0] != '#' {
		return NoWord
	}
	begins := func(w string) bool { return len(text) >= len(w) && EqualFold(text[:len(w)], w) }
	switch {
	case begins("#<>"):
		return NullSender
	case begins("#blank"):
		return Blank
	case EqualFold(text, "#number"):
		return Number
	case begins("#nodoma"):
		return NoDomain
	case begins("#host"):
		return Host
	}
	return NoWord
}

// WholeSender reports whether a sender pattern is compared with the whole sender, not with its domain.
func (p *Pattern) WholeSender() bool { return strings.IndexByte(p.Text, '@') >= 0 }

// Affixes returns the texts before and behind the star of the form Star. For a peer nothing counts behind.
func (p *Pattern) Affixes() (prefix, suffix string) {
	prefix, suffix, _ = strings.Cut(p.Text, "*")
	if p.IP {
		suffix = ""
	}
	return prefix, suffix
}

// A Subject is a peer and a sender made ready to be compared with many patterns.
type Subject struct {
	Peer   netip.Addr // invalid when only the sender is asked about
	Text   string     // of the peer: dotted IPv4 or canonical IPv6
	Given  bool       // a sender is known; else no sender pattern matches
	Sender string     // in lower case; "<>" is the null sender
	Domain string     // behind the first @, else the whole sender
	at     bool
}

// NewSubject returns a subject; given false leaves out the sender. An IPv4-mapped peer counts as IPv4.
func NewSubject(peer netip.Addr, sender string, given bool) Subject {
	s := Subject{Given: given}
	if peer.IsValid() {
		s.Peer = peer.Unmap().WithZone("")
		s.Text = s.Peer.String()
	}
	if given {
		s.Sender = Lower(sender)
		s.Domain = s.Sender
		if _, domain, ok := strings.Cut(s.Sender, "@"); ok {
			s.Domain, s.at = domain, true
		}
	}
	return s
}

// Matches reports whether the pattern matches the peer or the sender, whichever it is about.
func (p *Pattern) Matches(s *Subject) bool {
	switch {
	case p.Form == Everyone:
		return true
	case !p.IP:
		return s.Given && p.matchesSender(s)
	case p.Form == Exact:
		return s.Text == p.Text
	case p.Form == Star:
		return strings.HasPrefix(s.Text, p.Text[:strings.IndexByte(p.Text, '*')])
	}
	return p.Form == Network && Within(s.Peer, p.Lo, p.Hi)
}

func (p *Pattern) matchesSender(s *Subject) bool {
	if p.Form == Named {
		return s.Is(p.Word)
	}
	text := s.Domain
	if p.WholeSender() {
		text = s.Sender
	}
	if p.Form == Exact {
		return EqualFold(p.Text, text)
	}
	prefix, suffix, _ := strings.Cut(p.Text, "*")
	if len(text) < len(prefix) || !EqualFold(prefix, text[:len(prefix)]) {
		return false
	}
	if p.Form == TwoStars {
		middle, end, _ := strings.Cut(suffix, "*")
		i := strings.Index(text, middle)
		if i < 0 {
			return false
		}
		text, suffix = text[i+len(middle):], end
	}
	return len(text) >= len(suffix) && EqualFold(suffix, text[len(text)-len(suffix):])
}

// Is reports whether the sender, which must be given, is of the kind.
func (s *Subject) Is(w Word) bool {
	null := s.Sender == "<>"
	switch w {
	case NullSender:
		return null
	case Blank:
		return null || s.Domain == ""
	case Number:
		return s.at && s.Domain != "" && strings.Trim(s.Domain, "0123456789.") == ""
	case NoDomain:
		return !s.at || s.Domain == ""
	case Host:
		return s.at && s.Domain != "" && strings.IndexByte(s.Domain, '.') < 0
	}
	return false
}

// EqualFold compares without regard to the case of ASCII letters; other bytes must be equal.
func EqualFold(a, b string) bool {
	if len(a) != len(b) {
		return false
	}
	for i := range len(a) {
		if a[i] != b[i] && lowerByte(a[i]) != lowerByte(b[i]) {
			return false
		}
	}
	return true
}

// Lower lowers ASCII letters and, unlike strings.ToLower, keeps bytes that are no UTF-8.
func Lower(s string) string {
	if strings.IndexFunc(s, func(r rune) bool { return 'A' <= r && r <= 'Z' }) < 0 {
		return s
	}
	b := []byte(s)
	for i := range b {
		b[i] = lowerByte(b[i])
	}
	return string(b)
}

func lowerByte(c byte) byte {
	if 'A' <= c && c <= 'Z' {
		c += 'a' - 'A'
	}
	return c
}
