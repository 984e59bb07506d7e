package proof

import (
	"fmt"
	"math/rand/v2"
	"net/netip"
	"strings"

	"hikeshi/spool/epms/effect"
	"hikeshi/spool/epms/effect/pattern"
	"hikeshi/spool/epms/effect/target"
)

const (
	maxPatterns = 150 // of each file that peers or senders are made of
	maxDenied   = 200 // denied networks that are asked about with their neighbours; of the rest one peer each
	randomPeers = 24  // of each address family
)

// sampler collects the peers and senders to ask about, the most telling first.
type sampler struct {
	rng     *rand.Rand
	own     effect.Own
	denied  []target.Target
	peers   set[netip.Addr]
	senders set[string]
}

// set keeps the order in which its members came.
type set[T comparable] struct {
	list []T
	seen map[T]bool
}

func (s *set[T]) add(members ...T) {
	for _, m := range members {
		if !s.seen[m] {
			s.seen[m] = true
			s.list = append(s.list, m)
		}
	}
}

func newSampler(s Sample, denied []target.Target) *sampler {
	return &sampler{
		rng:     rand.New(rand.NewPCG(s.Seed, 0)),
		own:     s.Own,
		denied:  denied,
		peers:   set[netip.Addr]{seen: map[netip.Addr]bool{}},
		senders: set[string]{seen: map[string]bool{}},
	}
}

// queries returns every peer with every kind of sender, and every other sender from some peers.
func (s *sampler) queries(files ...*effect.File) []effect.Query {
	s.addKinds()
	kinds := len(s.senders.list)
	s.addDenied()
	s.addRandom()
	common := len(s.peers.list)
	for _, f := range files {
		for _, p := range s.choose(f) {
			s.addPattern(p)
		}
	}
	var all []effect.Query
	for _, peer := range s.peers.list {
		all = append(all, effect.Query{Peer: peer})
		for _, sender := range s.senders.list[:kinds] {
			all = append(all, effect.Query{Peer: peer, Sender: sender, SenderGiven: true})
		}
	}
	some := s.peers.list[max(0, common-8):common]
	for _, sender := range s.senders.list[kinds:] {
		for _, peer := range some {
			all = append(all, effect.Query{Peer: peer, Sender: sender, SenderGiven: true})
		}
	}
	return all
}

// addKinds adds a sender of each kind: none, empty, own, outside, and those the # words are about.
func (s *sampler) addKinds() {
	s.senders.add("<>", "", "a@", "root", "a@localhost", "a@12.34", s.word()+"@"+s.word()+".example", "a@example.com")
	for _, domain := range s.own.Domains[:min(len(s.own.Domains), 4)] {
		s.senders.add("postmaster@"+domain, s.word()+"@"+domain)
	}
}

func (s *sampler) addDenied() {
	for i, d := range s.denied {
		switch {
		case d.IP() && i < maxDenied:
			s.addRange(d.Lo, d.Hi)
			continue
		case d.IP():
			s.peers.add(s.near(d.Lo, d.Hi))
			continue
		}
		s.senders.add(d.Pattern, "a"+d.Pattern, "a@"+d.Pattern, "a@b."+d.Pattern, "a@b"+d.Pattern, d.Pattern+".example")
	}
}

// addRange adds both ends of a range, two inside, and the neighbours on either side.
func (s *sampler) addRange(lo, hi netip.Addr) {
	s.peers.add(lo, hi, s.near(lo, hi), s.near(lo, hi))
	for _, a := range []netip.Addr{lo.Prev(), hi.Next()} {
		if a.IsValid() {
			s.peers.add(a)
		}
	}
}

// near returns a random address of a network.
func (s *sampler) near(lo, hi netip.Addr) netip.Addr {
	a, b := lo.As16(), hi.As16()
	for i := range a {
		a[i] |= byte(s.rng.Uint32()) & (a[i] ^ b[i])
	}
	return netip.AddrFrom16(a).Unmap()
}

func (s *sampler) addRandom() {
	s.peers.add(s.own.Addresses[:min(len(s.own.Addresses), 8)]...)
	for range randomPeers {
		v4 := [4]byte{byte(1 + s.rng.UintN(223)), byte(s.rng.Uint32()), byte(s.rng.Uint32()), byte(s.rng.Uint32())}
		v6 := [16]byte{0x20, 0x01, 0x0d, 0xb8}
		for i := 2 + 2*s.rng.IntN(7); i < 16; i++ {
			v6[i] = byte(s.rng.Uint32())
		}
		s.peers.add(netip.AddrFrom4(v4), netip.AddrFrom16(v6))
	}
}

// choose returns patterns of the file: all if they are few, else a random choice.
func (s *sampler) choose(f *effect.File) []pattern.Pattern {
	var chosen []pattern.Pattern
	n := 0
	for l := range f.Lines() {
		if l.Skipped {
			continue
		}
		n++
		if len(chosen) < maxPatterns {
			chosen = append(chosen, pattern.Parse(l.Pattern))
		} else if i := s.rng.IntN(n); i < maxPatterns {
			chosen[i] = pattern.Parse(l.Pattern)
		}
	}
	return chosen
}

// addPattern adds peers or senders that the pattern matches, or nearly does.
func (s *sampler) addPattern(p pattern.Pattern) {
	if !p.IP {
		filled := strings.ReplaceAll(p.Text, "*", "x")
		s.senders.add(filled, "a@"+filled)
		return
	}
	switch p.Form {
	case pattern.Network:
		s.addRange(p.Lo, p.Hi)
	case pattern.Exact, pattern.Star:
		text := strings.ReplaceAll(p.Text, "*", "1")
		if a, err := netip.ParseAddr(text); err == nil && a.Zone() == "" {
			s.peers.add(a.Unmap())
		}
	}
}

func (s *sampler) word() string { return fmt.Sprintf("x%x", s.rng.Uint32()) }
