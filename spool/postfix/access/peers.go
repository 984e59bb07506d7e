package access

import (
	"errors"
	"fmt"
	"net/netip"
	"slices"
	"strings"
)

// Peers is the table of peers, of type cidr.
type Peers struct{}

// Takes says whether the target is an address or a network.
func (Peers) Takes(target string) bool {
	_, err := network(target)
	return err == nil
}

// network reads an address or a network as a network.
func network(s string) (netip.Prefix, error) {
	if a, err := netip.ParseAddr(s); err == nil {
		if a.Zone() != "" {
			return netip.Prefix{}, errors.New("the server knows no zones of addresses")
		}
		a = a.Unmap()
		return netip.PrefixFrom(a, a.BitLen()), nil
	}
	p, err := netip.ParsePrefix(s)
	if err != nil {
		return p, errors.New("it is no address and no network as ADDRESS/LENGTH")
	}
	if p != p.Masked() {
		return p, fmt.Errorf("it has host bits: the network is %s", p.Masked())
	}
	return p, nil
}

func (Peers) key(target string) (string, error) {
	if err := sane(target); err != nil {
		return "", err
	}
	p, err := network(target)
	if err != nil {
		return "", err
	}
	if p.IsSingleIP() {
		return p.Addr().String(), nil
	}
	return p.String(), nil
}

// A block is an if of cidr_table(5) that is open.
type block struct {
	net netip.Prefix
	not bool
}

// holds says whether a line of the block counts for a: one of the other family it does not concern.
func (b block) holds(a netip.Addr) bool {
	return b.net.Addr().Is4() == a.Is4() && b.net.Contains(a) != b.not
}

// Lookup is what Postfix finds for a peer: the first line that matches. It passes over lines that it cannot read, an if and an endif too.
func (Peers) Lookup(file []byte, peer netip.Addr) Found {
	peer = peer.Unmap()
	var open []block
	for _, r := range parse(file) {
		switch word := strings.ToLower(r.pattern); {
		case word == "if":
			pattern, _ := cutWord(r.result)
			if net, not, err := readPattern(pattern); err == nil {
				open = append(open, block{net, not})
			}
		case word == "endif":
			open = open[:max(0, len(open)-1)]
		default:
			net, not, err := readPattern(r.pattern)
			if err == nil && inside(open, peer) && (block{net, not}).holds(peer) {
				return r.found()
			}
		}
	}
	return Found{}
}

func inside(open []block, a netip.Addr) bool {
	return !slices.ContainsFunc(open, func(b block) bool { return !b.holds(a) })
}

// readPattern reads the pattern of a line: ADDRESS or ADDRESS/LENGTH, in brackets or not, with ! in front for all others.
func readPattern(s string) (net netip.Prefix, not bool, err error) {
	if rest, ok := strings.CutPrefix(s, "!"); ok {
		not, s = true, rest
	}
	s = strings.NewReplacer("[", "", "]", "").Replace(s)
	net, err = network(s)
	return net, not, err
}

// refuses says whether a plain line refuses the whole network, and no line above it has to do with it.
func (Peers) refuses(rules []rule, key string) bool {
	want, err := network(key)
	if err != nil {
		return false
	}
	for _, r := range rules {
		net, not, err := readPattern(r.pattern)
		switch {
		case strings.EqualFold(r.pattern, "if"):
			return false // what stands inside counts for some only
		case err != nil:
		case !not && Refused(r.result) && net.Bits() <= want.Bits() && net.Contains(want.Addr()):
			return true
		case not || net.Overlaps(want):
			return false
		}
	}
	return false
}

// against returns nothing: the first line counts, and what is added goes above all others.
func (Peers) against([]rule, string) (rule, bool) { return rule{}, false }

// proof looks up the edges of every network that the files and the keys name, and those just beside them.
func (t Peers) proof(before, after []byte, keys []string) (int, error) {
	var own []netip.Prefix
	for _, k := range keys {
		p, err := network(k)
		if err != nil {
			return 0, err
		}
		own = append(own, p)
	}
	asked := 0
	for a := range t.edges(before, after, own) {
		asked++
		b, f := t.Lookup(before, a), t.Lookup(after, a)
		if b.Result != f.Result && !contains(own, a) {
			return asked, fmt.Errorf("%s is named by nobody, and the lookup changes from %.80q to %.80q", a, b.Result, f.Result)
		}
	}
	return asked, nil
}

// mostAsked bounds the lookups of one proof.
const mostAsked = 4000

func (Peers) edges(before, after []byte, own []netip.Prefix) map[netip.Addr]bool {
	nets := own
	for _, file := range [][]byte{before, after} {
		for _, r := range parse(file) {
			word := r.pattern
			if strings.EqualFold(word, "if") {
				word, _ = cutWord(r.result)
			}
			if net, _, err := readPattern(word); err == nil {
				nets = append(nets, net)
			}
		}
	}
	asked := map[netip.Addr]bool{}
	for _, n := range nets {
		first, last := n.Masked().Addr(), lastOf(n)
		for _, a := range []netip.Addr{first, last, first.Prev(), last.Next()} {
			if a.IsValid() && len(asked) < mostAsked {
				asked[a] = true
			}
		}
	}
	return asked
}

func lastOf(n netip.Prefix) netip.Addr {
	b := n.Masked().Addr().AsSlice()
	for i := range b {
		for bit := range 8 {
			if i*8+bit >= n.Bits() {
				b[i] |= 0x80 >> bit
			}
		}
	}
	a, _ := netip.AddrFromSlice(b)
	return a
}

func contains(nets []netip.Prefix, a netip.Addr) bool {
	for _, n := range nets {
		if n.Contains(a) {
			return true
		}
	}
	return false
}
