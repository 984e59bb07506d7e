package notice

import (
	"net/netip"
	"slices"
	"strings"

	"hikeshi/actions/delist/casefile"
	"hikeshi/runbook"
)

// most is how many lists a notice names.
const most = 30

// server is how others know the server: by the name that it gives in HELO and by its addresses. The name of the machine says little to
// them, and stands only where there is no other.
func (p *Page) server(c casefile.Case, w casefile.Writer) {
	for _, name := range []string{c.Host, w.Host} {
		p.set("host", name)
	}
	addresses := w.Addresses
	if l := c.Lists; l != nil {
		p.set("host", strings.TrimSuffix(l.HELO, "."))
		if len(l.Hosts) > 0 {
			addresses = nil
		}
		for _, h := range l.Hosts {
			addresses = append(addresses, h.Address)
		}
	}
	var all []string
	for _, text := range addresses {
		if a, err := netip.ParseAddr(text); err == nil && !slices.Contains(all, a.String()) {
			all = append(all, a.String())
		}
	}
	if text := strings.Join(all, ", "); text != "" {
		p.known["addresses"] = fact{text, text, text} // whole: half a list would look like all of it
	}
}

// listings are the lists of tier 1 and 2 on which the server stands. What is to be asked by the owner of the network is marked.
func (p *Page) listings(c casefile.Case) {
	if c.Lists == nil {
		return
	}
	for _, l := range c.Lists.Listings {
		if l.Domain || l.Tier > 2 {
			continue
		}
		mark := owners(l)
		p.view.Owners = p.view.Owners || !mark.IsZero()
		if name := plain(l.Name + ": " + l.Subject + mark.In(p.lang)); !slices.Contains(p.lists, name) {
			p.lists = append(p.lists, name)
		}
	}
	if n := len(p.lists) - most; n > 0 {
		p.lists = append(p.lists[:most], runbook.Tf("%s more", "ほか %s 件", number(int64(n))).In(p.lang))
	}
}

// owners marks a list where nobody but the owner of the network can ask for the removal, or for that of one of its parts; empty where
// others can, or nobody.
func owners(l casefile.Listing) runbook.Text {
	parts := map[bool][]string{}
	for _, r := range l.Routes {
		nothing := r.Way == "wait" || r.Way == "none" || r.Way == ""
		owner := r.Way == "provider" || l.Network && !nothing
		parts[owner] = append(parts[owner], r.Part)
	}
	switch {
	case len(parts[true]) == 0:
		return runbook.Text{}
	case len(parts[false]) == 0:
		return runbook.T(" (only the owner of the network can ask)", "(解除申請は回線事業者様のみ)")
	}
	return runbook.Tf(" (%s: only the owner of the network can ask)", "(%s の解除申請は回線事業者様のみ)", strings.Join(parts[true], ", "))
}
