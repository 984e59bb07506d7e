package refusals

import (
	"bytes"
	"cmp"
	"net/netip"
	"slices"
	"strings"

	"hikeshi/actions/logs/deed"
	"hikeshi/actions/logs/desk"
	"hikeshi/actions/logs/refusals/reply"
	"hikeshi/actions/logs/tally"
	"hikeshi/spool"
)

// Bounds of the book: strangers choose how many different replies there are.
const (
	maxGroups = 4096
	maxOf     = 16 // names, codes and addresses of a group
	maxTop    = 50 // names and codes of all
	maxDomain = 253
)

// A group is one reply of one domain.
type group struct {
	Reply
	first, last int64 // on the wall clock
	refs        []deed.Ref
}

// A book counts refusals.
type book struct {
	own                              spool.Own
	since, until                     int64 // on the wall clock
	groups                           map[string]*group
	names, codes                     *tally.Counter // of those that speak of a block
	refusals, blocking, silent, lost int64
}

func newBook(own spool.Own, since, until int64) *book {
	return &book{own: own, since: since, until: until, groups: map[string]*group{}, names: tally.NewCounter(512), codes: tally.NewCounter(512)}
}

// add takes an event.
func (b *book) add(e *spool.Event, at deed.Ref) {
	if e.Kind != spool.EventDeferred && e.Kind != spool.EventBounced || e.Wall < b.since || e.Wall >= b.until {
		return
	}
	said := reply.Read(e.Reply, e.Recipients)
	if said.Code == 0 {
		b.silent++
		return
	}
	said.Names = slices.DeleteFunc(said.Names, b.ours)
	b.refusals++
	if said.Blocking {
		b.blocking++
		for _, n := range said.Names {
			b.names.Add(n, 1)
		}
		for _, c := range said.Codes {
			b.codes.Add(c, 1)
		}
	}
	b.group(domainOf(e), said).take(e, at, said, b.own.Addresses)
}

// ours says whether a name is of this server.
func (b *book) ours(name string) bool {
	for _, own := range append(b.own.Domains[:len(b.own.Domains):len(b.own.Domains)], b.own.Hostname) {
		own = strings.ToLower(strings.TrimSuffix(own, "."))
		if own != "" && (name == own || strings.HasSuffix(name, "."+own)) {
			return true
		}
	}
	return false
}

// domainOf is the domain of the recipient.
func domainOf(e *spool.Event) string {
	domain := e.Domain
	if i := bytes.LastIndexByte(e.Recipients, '@'); i >= 0 {
		domain = e.Recipients[i+1:]
	}
	return reply.Domain(domain[:min(len(domain), maxDomain)])
}

// group finds the group of a reply, or makes one.
func (b *book) group(domain string, said reply.Reply) *group {
	key := domain + " " + said.Normal
	g := b.groups[key]
	if g == nil {
		if len(b.groups) >= maxGroups {
			b.drop()
		}
		g = &group{Reply: Reply{Domain: domain, Code: said.Code, Enhanced: said.Enhanced, Text: said.Normal, Example: said.Example,
			Names: []string{}, Codes: []string{}, Addresses: []string{}}}
		b.groups[key] = g
	}
	return g
}

// drop makes room: a quarter of the groups goes, those that matter least.
func (b *book) drop() {
	for _, g := range b.ranked()[maxGroups*3/4:] {
		b.lost += g.Count
		delete(b.groups, g.Domain+" "+g.Text)
	}
}

// ranked are the groups, what matters first.
func (b *book) ranked() []*group {
	all := make([]*group, 0, len(b.groups))
	for _, g := range b.groups {
		all = append(all, g)
	}
	slices.SortFunc(all, func(x, y *group) int {
		if x.Blocking != y.Blocking {
			if x.Blocking {
				return -1
			}
			return 1
		}
		return cmp.Or(cmp.Compare(y.Count, x.Count), cmp.Compare(x.Domain, y.Domain), cmp.Compare(x.Text, y.Text))
	})
	return all
}

// take counts a refusal.
func (g *group) take(e *spool.Event, at deed.Ref, said reply.Reply, own []netip.Prefix) {
	g.Count++
	if e.Kind == spool.EventBounced {
		g.Final++
	}
	g.Blocking = g.Blocking || said.Blocking
	if g.first == 0 || e.Wall < g.first {
		g.first = e.Wall
	}
	g.last = max(g.last, e.Wall)
	if len(g.refs) < desk.MaxEvidence {
		g.refs = append(g.refs, at)
	}
	g.Names, g.Codes = join(g.Names, said.Names), join(g.Codes, said.Codes)
	for _, a := range said.Addresses {
		if slices.ContainsFunc(own, func(p netip.Prefix) bool { return p.Contains(a) }) {
			g.Addresses = join(g.Addresses, []string{a.String()})
		}
	}
}

// join adds to a list what is not in it yet.
func join(all, more []string) []string {
	for _, m := range more {
		if len(all) < maxOf && !slices.Contains(all, m) {
			all = append(all, m)
		}
	}
	return all
}

// top are the most frequent names.
func top(c *tally.Counter) []string {
	all := []string{}
	for _, n := range c.Top(maxTop) {
		all = append(all, n.Name)
	}
	return all
}
