package logins

import (
	"cmp"
	"net/netip"
	"slices"

	"hikeshi/actions/logs/desk"
	"hikeshi/actions/logs/entry"
	"hikeshi/actions/logs/signals"
	"hikeshi/runbook"
	"hikeshi/spool"
)

// Like things are told in few lines; the facts have each of them.
const (
	together = 3 // addresses of one network that are told in one line
	shown    = 5 // lines of one sort
)

// A crowd is one peer that tries passwords, or several of one network.
type crowd struct {
	net      netip.Prefix
	peers    []netip.Prefix // those with the most failures first
	failures int64
	worst    int64 // of one peer
	by       [4]int64
}

// crowds puts the peers of one network together, where there are several; those with the most failures come first.
func crowds(peers []netip.Prefix, guesses map[netip.Prefix]*entry.Guess) []*crowd {
	var all []*crowd
	at := map[netip.Prefix]*crowd{}
	count := map[netip.Prefix]int{}
	for _, p := range peers {
		count[network(p)]++
	}
	for _, p := range peers {
		key := p
		if n := network(p); count[n] >= together {
			key = n
		}
		c := at[key]
		if c == nil {
			c = &crowd{net: key}
			at[key] = c
			all = append(all, c)
		}
		g := guesses[p]
		c.peers, c.failures, c.worst = append(c.peers, p), c.failures+g.N, max(c.worst, g.Worst)
		for i, n := range g.ByService {
			c.by[i] += n
		}
	}
	slices.SortStableFunc(all, func(a, b *crowd) int { return cmp.Compare(b.failures, a.failures) })
	return all
}

// network is the one whose addresses are told together: a /24, of IPv6 a /48.
func network(p netip.Prefix) netip.Prefix {
	bits := 24
	if p.Addr().Is6() {
		bits = 48
	}
	n, _ := p.Addr().Prefix(min(bits, p.Bits()))
	return n
}

// text is the sentence about several peers of a network.
func (c *crowd) text() runbook.Text {
	return runbook.Tf("%s: %d addresses try passwords: %s failures (%s), at most %d in 10 minutes from one of them", "%s の %d か所からパスワードが試されている: 失敗 %s 回(%s)、1 か所から 10 分間に最大 %d 回",
		c.net, len(c.peers), desk.Number(c.failures), services(c.by), c.worst)
}

// alone is the sentence about one peer.
func alone(c *crowd, g *entry.Guess) runbook.Text {
	return desk.Say("%s tries passwords: %s failures, names: %s (%s), at most %d in 10 minutes", "%s がパスワードを試している: 失敗 %s 回、対象 %s 名(%s)、10 分間に最大 %d 回",
		signals.PlaceName(c.peers[0]), desk.Number(g.N), count(g.Others.N(), g.Others.Estimated()), services(g.ByService), g.Worst)
}

// others says how many peers and failures the crowds are that have no line.
func others(all []*crowd, top int) runbook.Finding {
	peers, failures := 0, int64(0)
	for _, c := range all {
		peers, failures = peers+len(c.peers), failures+c.failures
	}
	return runbook.Finding{Level: runbook.Warn, Text: desk.Say("%[1]d more addresses try passwords: %[2]s failures; %[3]s names them", "ほか %[1]d か所からもパスワードが試されている: 失敗 %[2]s 回(%[3]s で全件)",
		peers, desk.Number(failures), each(top))}
}

// each is what lists every one of so many, of which the facts hold desk.Top where nothing else is asked for.
func each(n int) runbook.Text {
	if n <= desk.Top {
		return runbook.T("--output json", "--output json")
	}
	return runbook.Tf("--output json --top %d", "--output json --top %d", n)
}

// services writes the failures by protocol.
func services(by [4]int64) string {
	text := ""
	for _, p := range []spool.Protocol{spool.SMTP, spool.POP3, spool.IMAP4} {
		if n := by[p]; n > 0 {
			text += ", " + p.String() + " " + desk.Number(n)
		}
	}
	return text[min(len(text), len(", ")):]
}
