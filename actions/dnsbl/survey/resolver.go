package survey

import (
	"context"
	"net/netip"
	"slices"
	"strings"
	"sync"

	"hikeshi/actions/dnsbl/ask"
)

// A Resolver is what is known of the resolvers that are used.
type Resolver struct {
	Servers   []netip.AddrPort
	Behind    []netip.AddrPort // whom a stub passes the questions on to
	Public    []string         // names of public resolvers among them, which lists do not answer
	Alive     []netip.AddrPort // have answered, not with REFUSED, and can be believed
	Refusing  []netip.AddrPort // answer nothing but REFUSED: this host may not ask them
	Lying     []netip.AddrPort // answer with addresses for names that do not exist
	Rewriting []netip.Addr     // what those answer; none if all are honest
}

// String names the resolvers.
func (r Resolver) String() string {
	var all []string
	for _, s := range r.Servers {
		if s.Port() == 53 {
			all = append(all, s.Addr().String())
		} else {
			all = append(all, s.String())
		}
	}
	return strings.Join(all, ", ")
}

// nowhere are zones of different operators in which a random name does not exist: one where no name can (RFC 6761 section 6.4), which
// some resolvers answer by themselves, and some from the root.
var nowhere = []string{"invalid", "com", "org", "jp"}

// Meet looks whether the resolvers answer, and how they answer for names that nobody has. One that has an address for such a name, be
// it that of a provider or one in 127.0.0.0/8 like the answer of a list, would have one for every subject. label makes random labels of
// a length, of makes the Asker for one resolver; behind are the upstreams of the system's stub resolver, if it is used.
func Meet(ctx context.Context, servers, behind []netip.AddrPort, label func(int) string, of func(netip.AddrPort) Asker) Resolver {
	r := Resolver{Servers: servers}
	if slices.ContainsFunc(servers, func(s netip.AddrPort) bool { return ask.IsStub(s.Addr()) }) {
		r.Behind = behind
	}
	for _, s := range slices.Concat(r.Servers, r.Behind) {
		if name := ask.Public(s.Addr()); name != "" && !slices.Contains(r.Public, name) {
			r.Public = append(r.Public, name)
		}
	}
	replies := make([][]ask.Reply, len(servers))
	var all sync.WaitGroup
	for i, s := range servers {
		replies[i] = make([]ask.Reply, len(nowhere))
		one := of(s)
		for j, zone := range nowhere {
			name := label(labelLength) + "." + zone
			all.Go(func() { replies[i][j] = one.Ask(ctx, name, ask.A) })
		}
	}
	all.Wait()
	for i, s := range servers {
		r.know(s, replies[i])
	}
	return r
}

// labelLength is that of a random label: long enough that nobody has it.
const labelLength = 20

// know sorts one resolver in by what it says.
func (r *Resolver) know(s netip.AddrPort, replies []ask.Reply) {
	answered, refused, lied := false, false, false
	for _, reply := range replies {
		answered = answered || reply.Answered() && reply.Status != ask.Refused
		refused = refused || reply.Status == ask.Refused
		for _, a := range reply.Addrs {
			if lied = true; !slices.Contains(r.Rewriting, a) {
				r.Rewriting = append(r.Rewriting, a)
			}
		}
	}
	switch {
	case lied:
		r.Lying = append(r.Lying, s)
	case answered:
		r.Alive = append(r.Alive, s)
	case refused:
		r.Refusing = append(r.Refusing, s)
	}
}
