package dnsbl

import (
	"fmt"
	"net/netip"
	"slices"
	"strings"

	"hikeshi/actions/dnsbl/survey"
	"hikeshi/actions/dnsbl/table"
	"hikeshi/actions/dnsbl/verdict"
	"hikeshi/runbook"
)

// maxNamed bounds how many lists one finding names.
const maxNamed = 8

// Findings tells the report, what matters first: the resolver, the listings, what is not tested and why, what is not listed, the names.
func (r Report) Findings() []runbook.Finding {
	all := r.resolver()
	all = append(all, r.Left...)
	for _, row := range r.Rows() {
		if row.Outcome == verdict.Listed {
			all = append(all, row.finding())
		}
	}
	all = append(all, r.untested()...)
	all = append(all, r.clean()...)
	return append(all, r.Names...)
}

// finding tells a listing.
func (r Row) finding() runbook.Finding {
	level := map[int]runbook.Level{1: runbook.Bad, 2: runbook.Warn, 3: runbook.Info}[r.List.Tier]
	if r.List.Network && level != runbook.Info {
		level = runbook.Warn
	}
	codes := table.Meaning(r.Codes)
	text := runbook.Tf("%[1]s is LISTED at %[2]s (tier %[3]d): %[4]s", "%[1]s は %[2]s に掲載 (重要度 %[3]d): %[5]s", r.Subject, r.List.Name, r.List.Tier, codes.EN, codes.In("ja"))
	if r.Text != "" {
		text = runbook.Tf("%[1]s; it says: %[3]s", "%[2]s。リストの説明: %[3]s", text.EN, text.In("ja"), r.Text)
	}
	return runbook.Finding{Level: level, Text: text, Evidence: r.List.Shown()}
}

// A group is the lists that are not tested for one reason.
type group struct {
	why   runbook.Text
	lists []table.List
	known bool // it was clear before that they cannot be asked
}

// untested tells what is not tested, each reason once.
func (r Report) untested() []runbook.Finding {
	var groups []*group
	for _, z := range r.Zones {
		for _, res := range z.Results {
			if res.Outcome != verdict.NotTested {
				continue
			}
			i := slices.IndexFunc(groups, func(g *group) bool { return g.why == res.Why })
			if i < 0 {
				groups = append(groups, &group{why: res.Why, known: !z.Why.IsZero()})
				i = len(groups) - 1
			}
			if !slices.ContainsFunc(groups[i].lists, func(l table.List) bool { return l.ID == z.List.ID }) {
				groups[i].lists = append(groups[i].lists, z.List)
			}
		}
	}
	slices.SortStableFunc(groups, func(x, y *group) int { return x.tier() - y.tier() })
	var all []runbook.Finding
	for _, g := range groups {
		level := runbook.Info
		if g.tier() < 3 && !g.known {
			level = runbook.Warn
		}
		all = append(all, runbook.Finding{Level: level, Text: runbook.Tf("not tested: %[1]s: %[2]s", "未判定: %[1]s: %[3]s", named(g.lists), g.why.EN, g.why.In("ja"))})
	}
	return all
}

func (g *group) tier() int {
	return slices.MinFunc(g.lists, func(x, y table.List) int { return x.Tier - y.Tier }).Tier
}

// named names lists, those that matter first.
func named(lists []table.List) string {
	lists = slices.Clone(lists)
	slices.SortStableFunc(lists, func(x, y table.List) int { return x.Tier - y.Tier })
	var names []string
	for i, l := range lists {
		if i == maxNamed {
			return strings.Join(names, ", ") + fmt.Sprintf(", +%d", len(lists)-i)
		}
		names = append(names, l.Name)
	}
	return strings.Join(names, ", ")
}

// clean tells on how many lists nothing is listed.
func (r Report) clean() []runbook.Finding {
	asked, clear := 0, 0
	for _, z := range r.Zones {
		if len(z.Results) == 0 {
			continue
		}
		asked++
		if !slices.ContainsFunc(z.Results, func(res survey.Result) bool { return res.Outcome != verdict.NotListed }) {
			clear++
		}
	}
	if clear == 0 {
		return nil
	}
	return []runbook.Finding{{Level: runbook.OK, Text: runbook.Tf("not listed on %d of %d lists", "%[2]d リスト中 %[1]d リストで掲載なし", clear, asked)}}
}

// resolver tells through whom was asked. What is wrong with it is said once, with what to do.
func (r Report) resolver() []runbook.Finding {
	res := r.Resolver
	switch {
	case len(res.Servers) == 0:
		return []runbook.Finding{{Level: runbook.Warn, Text: runbook.T("no resolver is known: nothing was asked (dns.resolvers in the configuration)", "リゾルバーが不明のため、何も照会していない(設定の dns.resolvers)")}}
	case len(res.Alive) == 0:
		return append(r.useless(), runbook.Finding{Level: runbook.Warn, Text: runbook.T("nothing could be tested", "何も判定できない")})
	}
	all := []runbook.Finding{{Level: runbook.Info, Text: runbook.Tf("asked through %s", "使用したリゾルバー: %s", res)}}
	if len(res.Behind) > 0 {
		behind := survey.Resolver{Servers: res.Behind}
		all[0].Text = runbook.Tf("asked through %s, which passes on to %s", "使用したリゾルバー: %s(転送先 %s)", res, behind)
	}
	all = append(all, r.useless()...)
	if en, ja := r.wrong(); len(en) > 0 {
		all = append(all, runbook.Finding{Level: runbook.Warn, Text: runbook.T(
			"not all lists can be asked through this resolver: "+strings.Join(en, "; ")+". Run a recursive resolver of your own (unbound) and name it in dns.resolvers, or get a key of the list (Spamhaus: DQS, free for small use) and give it as key: in the file of dns.lists",
			"このリゾルバーでは判定できないリストがある: "+strings.Join(ja, "、")+"。自前の再帰リゾルバー (unbound) を立てて dns.resolvers に指定するか、リストのキー(Spamhaus は DQS、小規模なら無料)を取得し、dns.lists のファイルに key: で指定する")})
	}
	return all
}

// useless tells which resolvers are of no use at all.
func (r Report) useless() (all []runbook.Finding) {
	for _, s := range r.Resolver.Servers {
		one := survey.Resolver{Servers: []netip.AddrPort{s}}
		switch {
		case slices.Contains(r.Resolver.Refusing, s):
			all = append(all, runbook.Finding{Level: runbook.Warn, Text: runbook.Tf("the resolver %s refuses to answer this host", "リゾルバー %s はこのホストからの問い合わせを拒否している", one)})
		case slices.Contains(r.Resolver.Lying, s):
			all = append(all, runbook.Finding{Level: runbook.Warn, Text: runbook.Tf("the resolver %s answers %s for names that do not exist, so nothing that it says is believed. Run a recursive resolver of your own (unbound) and name it in dns.resolvers",
				"リゾルバー %s は存在しない名前に %s を返すため、その応答は一切信用できない。自前の再帰リゾルバー (unbound) を立てて dns.resolvers に指定する", one, r.Resolver.Rewriting[0])})
		case !slices.Contains(r.Resolver.Alive, s):
			all = append(all, runbook.Finding{Level: runbook.Warn, Text: runbook.Tf("the resolver %s does not answer", "リゾルバー %s が応答しない", one)})
		}
	}
	return all
}

// wrong says what is wrong with the resolvers.
func (r Report) wrong() (en, ja []string) {
	say := func(t runbook.Text) { en, ja = append(en, t.EN), append(ja, t.In("ja")) }
	if p := strings.Join(r.Resolver.Public, ", "); p != "" {
		say(runbook.Tf("it is public (%s)", "公開リゾルバー (%s)", p))
	}
	blocked, hidden := r.with(verdict.Blocked, func(table.List) bool { return true }), r.with(verdict.Empty, func(l table.List) bool { return l.Tier == 1 && l.Test == table.Kept })
	if len(blocked) > 0 {
		say(runbook.Tf("it is refused by %s", "拒否しているリスト: %s", named(blocked)))
	}
	if len(hidden) > 0 {
		say(runbook.Tf("it hides the test entry of %s", "試験項目が見えないリスト: %s", named(hidden)))
	}
	return en, ja
}

// with returns the lists that have that state for any kind.
func (r Report) with(state verdict.State, want func(table.List) bool) []table.List {
	var lists []table.List
	for _, z := range r.Zones {
		for _, h := range z.Health {
			if h.State == state && want(z.List) {
				lists = append(lists, z.List)
				break
			}
		}
	}
	return lists
}
