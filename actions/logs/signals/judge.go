package signals

import (
	"cmp"
	"fmt"
	"net/netip"
	"slices"
	"strconv"
	"strings"

	"hikeshi/actions/logs/deed"
	"hikeshi/actions/logs/entry"
	"hikeshi/actions/logs/ledger"
	"hikeshi/actions/logs/tally"
	"hikeshi/runbook"
)

// The levels of a Suspect.
const (
	Hint    = "hint"
	Suspect = "suspect"
)

// A Hit is one signal that was seen.
type Hit struct {
	Rule
	Value  float64
	Detail runbook.Text // what exactly; may be empty
	Refs   []deed.Ref
	About  bool // the value is an estimate: see tally.Distinct

	owners bool // all of it came from peers that are usual for the account
}

// Strong says that the value reaches the higher threshold.
func (h Hit) Strong() bool { return h.Value >= h.Rule.Strong }

// Threshold is the one that the value reaches.
func (h Hit) Threshold() float64 {
	if h.Strong() {
		return h.Rule.Strong
	}
	return h.Warn
}

// Signal is the ID without what it was measured by.
func (h Hit) Signal() string {
	id, _, _ := strings.Cut(h.ID, separator)
	return id
}

// An Entry is an account or a peer with its hits.
type Entry struct {
	Name        string
	Place       netip.Prefix // of a peer
	Level       string
	Score       int // 1 for each hit, 2 for a strong one
	Hits        []Hit
	From        []string // of an account: the peers that are not usual for it, those with the most messages first, no more than three; all where that is not known
	Via         []string // of a peer: the suspect accounts that it takes a hit from
	First, Last int64    // wall clock
	Messages    int64    // of an account: from peers that are not usual for it, if there are any
	Recipients  int64
	Addresses   int // of an account: peers that are not usual for it; of a peer: accounts
	Refs        []deed.Ref
	Named       int64 // of an account: its messages that named it without a login
}

// Options say who is left out of the suspects and hints. Who is exempt is measured all the same: see Verdict.
type Options struct {
	Account func(name string) bool        // exempt
	Source  func(place netip.Prefix) bool // exempt
}

// A Verdict is who looks abused, the worst first.
type Verdict struct {
	Accounts []Entry
	Sources  []Entry
	Exempt   []Entry // accounts and peers that would be suspects if they were not exempt
}

// A judge measures one book.
type judge struct {
	b     *ledger.Book
	rules map[string]Rule
	names map[string]int // accounts by the HELO that is usual for them; nil until somebody asks
}

// Judge measures a book that is closed.
func Judge(b *ledger.Book, o Options) Verdict {
	j := &judge{b: b, rules: map[string]Rule{}}
	for _, r := range Rules() {
		j.rules[r.ID] = r
	}
	var v Verdict
	for name, a := range b.Accounts {
		if e := j.account(a); len(e.Hits) > 0 {
			v.add(&v.Accounts, e, o.Account != nil && o.Account(name))
		}
	}
	sortEntries(v.Accounts)
	for _, e := range j.sources(v.Accounts) {
		v.add(&v.Sources, e, o.Source != nil && o.Source(e.Place))
	}
	sortEntries(v.Sources)
	sortEntries(v.Exempt)
	return v
}

// add puts an entry into its list, or among those that are exempt.
func (v *Verdict) add(list *[]Entry, e Entry, exempt bool) {
	switch {
	case !exempt:
		*list = append(*list, e)
	case e.Level == Suspect:
		v.Exempt = append(v.Exempt, e)
	}
}

// sortEntries puts the worst first, and what is equally bad in the order of the names.
func sortEntries(all []Entry) {
	slices.SortFunc(all, func(a, b Entry) int {
		return cmp.Or(cmp.Compare(b.Level, a.Level), cmp.Compare(b.Score, a.Score), cmp.Compare(b.Messages, a.Messages), strings.Compare(a.Name, b.Name))
	})
}

// hit measures value by a rule.
func (j *judge) hit(e *Entry, rule string, value float64, refs []deed.Ref, detail runbook.Text) {
	j.put(e, rule, Hit{Value: value, Detail: detail, Refs: refs})
}

// seen is hit, of an hour or a day of an account: one in which strangers had a part goes before one that is all its owner's.
func (j *judge) seen(e *Entry, rule string, value float64, l *entry.Lines, detail runbook.Text) {
	j.put(e, rule, Hit{Value: value, Detail: detail, Refs: l.Refs(), owners: l.Usual()})
}

func (j *judge) put(e *Entry, rule string, h Hit) {
	if h.Rule = j.rules[rule]; h.Value < h.Warn {
		return
	}
	h.About = h.About || counted(rule) && h.Value > tally.Exact
	if what, ok := spreadOver(rule); ok && !j.b.Known() {
		h.What = what
	}
	for i, other := range e.Hits {
		if other.Signal() != h.Signal() {
			continue
		}
		// The same signal, by the hour and by the day.
		if other.owners && !h.owners || other.owners == h.owners && h.Strong() && !other.Strong() {
			e.Hits[i] = h
		}
		return
	}
	e.Hits = append(e.Hits, h)
}

// weigh says what the hits add up to, with those taken from others.
func (e *Entry) weigh(taken int) {
	slices.SortStableFunc(e.Hits, func(a, b Hit) int { return cmp.Compare(number(a), number(b)) })
	families := map[string]bool{}
	for _, h := range e.Hits {
		families[h.Family] = true
		e.Score++
		if h.Strong() {
			e.Score++
		}
	}
	e.Score += taken
	switch {
	case len(families) > 1, len(families) == 1 && taken > 0:
		e.Level = Suspect
	default:
		e.Level = Hint
	}
}

// number is that of the signal: 3 of D3.
func number(h Hit) int {
	n, _ := strconv.Atoi(strings.TrimPrefix(h.Signal(), "D"))
	return n
}

// Families are the families of the hits, each once.
func (e Entry) Families() []string {
	var all []string
	for _, h := range e.Hits {
		if !slices.Contains(all, h.Family) {
			all = append(all, h.Family)
		}
	}
	return all
}

// PlaceName is how a peer is called: an address, or the network of an IPv6 address.
func PlaceName(p netip.Prefix) string {
	if p.IsSingleIP() {
		return p.Addr().String()
	}
	return fmt.Sprint(p)
}
