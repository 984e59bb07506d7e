package blocks

import (
	"cmp"
	"math"
	"net/netip"
	"slices"
	"strconv"
	"strings"

	"hikeshi/spool/scan/draw"
	"hikeshi/spool/scan/tally"
)

const (
	maxParts    = 3    // blocks of one account that are told apart
	enough      = 0.8  // of its mail that they have to make up
	sizeClass   = 1.04 // from the smallest to the largest size of a class
	manySenders = 3    // of one network: more than that are forged
	maxNetworks = 5    // that a block names
)

// What tells blocks of an account apart.
const (
	bySender = iota
	byNetwork
	byHELO
	bySize
	marks
)

// An item is a message of the sample with what the logs know of it.
type item struct {
	login, state string
	found        bool
	client       netip.Addr
	size         int64
	recipients   int
	mark         [marks]string
}

func items(all []draw.Message, a Answer) []item {
	var list []item
	for _, m := range all {
		o, found := a.Owners[m.ID]
		it := item{login: o.Login, state: Unknown, found: found, client: m.Client, size: m.Size, recipients: m.Recipients}
		switch {
		case o.Login != "":
			it.state = ByLogin
		case o.Told:
			it.state = Without
		}
		if !it.client.IsValid() {
			it.client = o.Client
		}
		if it.client.IsValid() {
			it.mark[byNetwork] = network(it.client).String()
		}
		switch {
		case m.Sender != "":
			it.mark[bySender] = tally.Clean(m.Sender)
		case m.Enveloped:
			it.mark[bySender] = "<>"
		}
		if it.mark[byHELO] = strings.ToLower(m.HELO); m.HELO == "" {
			it.mark[byHELO] = o.HELO
		}
		list = append(list, it)
	}
	return list
}

// network is the neighbourhood of an address: its /24, of IPv6 its /64.
func network(a netip.Addr) netip.Prefix {
	a = a.Unmap().WithZone("")
	bits := 24
	if a.Is6() {
		bits = 64
	}
	p, _ := a.Prefix(bits)
	return p
}

// group makes blocks, the largest first.
func group(all []item) [][]item {
	senders := map[string]map[string]bool{} // of each network, of mail without a known login
	for _, it := range all {
		if n := it.mark[byNetwork]; it.login == "" && n != "" {
			if senders[n] == nil {
				senders[n] = map[string]bool{}
			}
			senders[n][it.mark[bySender]] = true
		}
	}
	var blocks [][]item
	for _, account := range split(all, func(it item) string {
		switch {
		case it.login != "":
			return "login " + it.login
		case len(senders[it.mark[byNetwork]]) > manySenders:
			return it.state + " network " + it.mark[byNetwork]
		}
		return it.state + " sender " + it.mark[bySender]
	}) {
		blocks = append(blocks, parts(account)...)
	}
	return largest(blocks)
}

// parts are the blocks of one account.
func parts(all []item) [][]item {
	classes(all)
	var dropped [marks]bool
	for {
		groups := split(all, func(it item) string {
			key := it.mark
			for i := range key {
				if dropped[i] {
					key[i] = ""
				}
			}
			return strings.Join(key[:], "\x00")
		})
		if len(groups) <= maxParts {
			return groups
		}
		n := 0
		for _, g := range groups[:maxParts] {
			n += len(g)
		}
		if float64(n) >= enough*float64(len(all)) {
			return append(groups[:maxParts:maxParts], slices.Concat(groups[maxParts:]...))
		}
		dropped[widest(all, dropped)] = true
	}
}

// classes puts the sizes into classes.
func classes(all []item) {
	slices.SortStableFunc(all, func(a, b item) int { return cmp.Compare(a.size, b.size) })
	start := int64(math.MinInt64)
	for i := range all {
		if s := all[i].size; start == math.MinInt64 || float64(s) > float64(start)*sizeClass {
			start = s
		}
		all[i].mark[bySize] = strconv.FormatInt(start, 10)
	}
}

// widest is the mark with the most different values, of those that still count.
func widest(all []item, dropped [marks]bool) int {
	best, most := 0, -1
	for i := range marks {
		if n := len(values(all, i)); !dropped[i] && n > most {
			best, most = i, n
		}
	}
	return best
}

// split puts those with the same key together, the largest group first; their order is else that of their keys.
func split(all []item, key func(item) string) [][]item {
	at, names := map[string][]item{}, []string(nil)
	for _, it := range all {
		k := key(it)
		if _, there := at[k]; !there {
			names = append(names, k)
		}
		at[k] = append(at[k], it)
	}
	slices.Sort(names)
	var groups [][]item
	for _, n := range names {
		groups = append(groups, at[n])
	}
	return largest(groups)
}

func largest(groups [][]item) [][]item {
	slices.SortStableFunc(groups, func(a, b []item) int { return cmp.Compare(len(b), len(a)) })
	return groups
}

// values are the different values of a mark, the most frequent first; "" is none.
func values(all []item, mark int) []string {
	n := map[string]int{}
	for _, it := range all {
		if v := it.mark[mark]; v != "" {
			n[v]++
		}
	}
	return frequent(n)
}

// frequent are the keys, those with the largest figure first.
func frequent(n map[string]int) []string {
	list := make([]string, 0, len(n))
	for v := range n {
		list = append(list, v)
	}
	slices.SortFunc(list, func(a, b string) int { return cmp.Or(cmp.Compare(n[b], n[a]), strings.Compare(a, b)) })
	return list
}

// fill writes the blocks down.
func (f *Facts) fill(groups [][]item, top int) {
	f.Blocks = []Block{}
	logins := map[string]int{}
	for i, g := range groups {
		if g[0].login != "" {
			logins[g[0].login] += len(g)
		}
		if i >= top {
			f.Rest += len(g)
			continue
		}
		f.Blocks = append(f.Blocks, block(g, f.Sampled))
	}
	f.Logins = frequent(logins)
}

func block(g []item, of int) Block {
	b := Block{Messages: len(g), Share: float64(len(g)) / float64(max(of, 1)), Login: g[0].login, State: g[0].state, SizeFrom: int(g[0].size)}
	addresses := map[netip.Addr]bool{}
	for _, it := range g {
		b.Recipients += it.recipients
		b.SizeFrom, b.SizeTo = min(b.SizeFrom, int(it.size)), max(b.SizeTo, int(it.size))
		if it.client.IsValid() {
			addresses[it.client] = true
		}
	}
	b.Addresses = len(addresses)
	senders, helos, networks := values(g, bySender), values(g, byHELO), values(g, byNetwork)
	b.Sender, b.Senders = first(senders), len(senders)
	b.HELO, b.HELOs = first(helos), len(helos)
	b.Networks = append([]string{}, networks[:min(len(networks), maxNetworks)]...)
	return b
}

func first(list []string) string {
	if len(list) == 0 {
		return ""
	}
	return list[0]
}
