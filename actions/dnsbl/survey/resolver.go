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
	Alive     []netip.AddrPort // have answered, and not with REFUSED
	Refusing  []netip.AddrPort // answer nothing but REFUSED: this host may not ask them
	Rewriting []netip.Addr     // what they answer for names that do not exist; none if they are honest
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

// Meet looks whether the resolvers answer, and how they answer for a name that cannot exist (RFC 6761 section 6.4). of makes the Asker
// for one of them; behind are the upstreams of the system's stub resolver, if it is used.
func Meet(ctx context.Context, servers, behind []netip.AddrPort, label string, of func(netip.AddrPort) Asker) Resolver {
	r := Resolver{Servers: servers}
	if slices.ContainsFunc(servers, func(s netip.AddrPort) bool { return ask.IsStub(s.Addr()) }) {
		r.Behind = behind
	}
	for _, s := range slices.Concat(r.Servers, r.Behind) {
		if name := ask.Public(s.Addr()); name != "" && !slices.Contains(r.Public, name) {
			r.Public = append(r.Public, name)
		}
	}
	replies := make([]ask.Reply, len(servers))
	var all sync.WaitGroup
	for i, s := range servers {
		all.Go(func() { replies[i] = of(s).Ask(ctx, label+".invalid", ask.A) })
	}
	all.Wait()
	for i, reply := range replies {
		if reply.Status == ask.Refused {
			r.Refusing = append(r.Refusing, servers[i])
		} else if reply.Answered() {
			r.Alive = append(r.Alive, servers[i])
		}
		for _, a := range reply.Addrs {
			if !slices.Contains(r.Rewriting, a) {
				r.Rewriting = append(r.Rewriting, a)
			}
		}
	}
	return r
}
