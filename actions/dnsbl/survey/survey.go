// Package survey asks many blocklists about many subjects at once: every list is tested first, and asked on only if it deserves it.
//
// Run.Do returns one Zone for each list, in the order of the lists, with what its self-test has shown and one Result for each subject
// that it serves. It never fails; what could not be asked is not tested, with the reason.
//
// Limits: so many questions under way in all, so many to the lists of one operator, a least time between two where a list wants one, and
// a bound for the whole run. A list whose self-test is not answered costs one question; one that stops answering costs three.
package survey

import (
	"context"
	"net/netip"
	"sync"
	"sync/atomic"
	"time"

	"hikeshi/actions/dnsbl/ask"
	"hikeshi/actions/dnsbl/table"
	"hikeshi/actions/dnsbl/verdict"
	"hikeshi/runbook"
)

// An Asker puts one question.
type Asker interface {
	Ask(ctx context.Context, name string, t ask.Type) ask.Reply
}

// A Subject is an address or a domain that is looked up.
type Subject struct {
	Addr netip.Addr // valid, or
	Name string     // a domain in lower case, without the last dot
}

// String is the subject as it is shown.
func (s Subject) String() string {
	if s.Addr.IsValid() {
		return s.Addr.String()
	}
	return s.Name
}

// Kind is what the subject is to a list.
func (s Subject) Kind() table.Kind {
	switch {
	case s.Addr.Is4():
		return table.IP4
	case s.Addr.IsValid():
		return table.IP6
	}
	return table.Domain
}

// below is the name under which the subject is asked, without the zone.
func (s Subject) below() string {
	if s.Addr.IsValid() {
		return ask.Reversed(s.Addr)
	}
	return s.Name
}

// The limits where a Run names none. They keep to what list operators and shared resolvers take as normal use.
const (
	DefaultBound    = 30 * time.Second
	DefaultTotal    = 32
	DefaultOperator = 4
)

// maxSilent is how many questions may stay without any answer before a list is not asked further.
const maxSilent = 3

// Run is what is needed to ask. Zero limits mean the defaults.
type Run struct {
	Asker    Asker
	Bound    time.Duration           // for everything
	Total    int                     // questions under way
	Operator int                     // of those, to the lists of one operator
	Label    func(length int) string // random small letters, for the entries that nobody can have listed
	Progress func(done, total int64) // told after every list; may be nil; called by one goroutine at a time
}

// A Zone is one list and what it said.
type Zone struct {
	List    table.List
	Why     runbook.Text // why it was not asked at all; empty if it was
	Covered bool         // not asked since another list tells as much
	Health  map[table.Kind]verdict.Health
	Results []Result
}

// A Result is what one list says of one subject.
type Result struct {
	Subject Subject
	verdict.Result
	Answers []netip.Addr
	Text    string        // the list's own words, made safe; "" if there are none
	TTL     time.Duration // of the answer
	At      time.Time     // when it came, UTC
}

// Do asks all lists about all subjects that they serve.
func (r Run) Do(ctx context.Context, lists []table.List, subjects []Subject) []Zone {
	ctx, cancel := context.WithTimeout(ctx, positive(r.Bound, DefaultBound))
	defer cancel()
	g := newGate(positive(r.Total, DefaultTotal), positive(r.Operator, DefaultOperator), lists)
	zones := make([]Zone, len(lists))
	told := map[string]bool{} // by id: will be asked
	for _, l := range lists {
		_, told[l.ID] = l.Query()
		told[l.ID] = told[l.ID] && !l.Off
	}
	var all sync.WaitGroup
	var mu sync.Mutex
	done := int64(0)
	for _, i := range byTier(lists) {
		all.Go(func() {
			zones[i] = r.list(ctx, g, lists[i], told, subjects)
			mu.Lock()
			defer mu.Unlock()
			if done++; r.Progress != nil {
				r.Progress(done, int64(len(lists)))
			}
		})
	}
	all.Wait()
	return zones
}

func positive[T int | time.Duration](v, def T) T {
	if v > 0 {
		return v
	}
	return def
}

// byTier returns the indexes of lists, those that matter most first: a bound that is reached takes from the others.
func byTier(lists []table.List) []int {
	var order []int
	for tier := 1; tier <= 3; tier++ {
		for i, l := range lists {
			if l.Tier == tier {
				order = append(order, i)
			}
		}
	}
	return order
}

// list asks one list. told are the lists that are asked: what they cover need not be.
func (r Run) list(ctx context.Context, g *gate, l table.List, told map[string]bool, subjects []Subject) Zone {
	z := Zone{List: l, Health: map[table.Kind]verdict.Health{}}
	zone, ok := l.Query()
	switch {
	case l.Off:
		z.Why = runbook.T("switched off in the own file", "独自ファイルで無効にされている")
		return z
	case told[l.Covered]:
		z.Covered, z.Why = true, runbook.Tf("told by %s as well", "%s で分かるため省略", l.Covered)
		return z
	case !ok:
		z.Why = unasked(l)
		for _, s := range subjects {
			if l.Serves(s.Kind()) {
				z.Results = append(z.Results, Result{Subject: s, Result: verdict.Result{Outcome: verdict.NotTested, Why: z.Why}})
			}
		}
		return z
	}
	t := &tester{run: r, gate: g, list: l, zone: zone, avoid: subjects, known: map[table.Kind]verdict.Health{}}
	for _, kind := range []table.Kind{table.IP4, table.IP6, table.Domain} {
		var own []Subject
		for _, s := range subjects {
			if s.Kind() == kind && l.Serves(kind) {
				own = append(own, s)
			}
		}
		if len(own) > 0 {
			z.Health[kind] = t.health(ctx, kind)
			z.Results = append(z.Results, t.about(ctx, z.Health[kind], own)...)
		}
	}
	return z
}

// unasked says why a list cannot be asked by this program.
func unasked(l table.List) runbook.Text {
	page := l.Delist.Lookup
	if page == "" {
		page = l.Delist.URL
	}
	if l.Zone == "" {
		return runbook.Tf("it cannot be asked by DNS: look it up at %s", "DNS では照会できない。%s で照会すること", page)
	}
	return runbook.Tf("it wants a key (key: in the file of dns.lists); or look it up at %s", "キーが必要(dns.lists のファイルの key:)。または %s で照会すること", page)
}

// about asks one list about subjects of one kind.
func (t *tester) about(ctx context.Context, h verdict.Health, subjects []Subject) []Result {
	results := make([]Result, len(subjects))
	var all sync.WaitGroup
	var silent atomic.Int32
	for i, s := range subjects {
		results[i] = Result{Subject: s, Result: verdict.Result{Outcome: verdict.NotTested, Why: h.Why}}
		if h.Dead() {
			continue
		}
		all.Go(func() {
			name := s.below() + "." + t.zone
			reply := t.gate.do(ctx, t.list, func() ask.Reply {
				if silent.Load() >= maxSilent {
					return ask.Reply{Status: ask.Silent}
				}
				return t.run.Asker.Ask(ctx, name, ask.A)
			})
			if reply.Status == ask.Silent {
				silent.Add(1)
			}
			results[i] = t.result(ctx, s, h, reply)
		})
	}
	all.Wait()
	return results
}

// result says what a reply means, and fetches the list's own words for a hit. They stand at the name that was asked, not at that of the
// address in the answer.
func (t *tester) result(ctx context.Context, s Subject, h verdict.Health, reply ask.Reply) Result {
	res := Result{Subject: s, Result: verdict.Decide(t.list, h, verdict.Read(t.list, reply)), Answers: reply.Addrs, TTL: reply.TTL, At: reply.At}
	if res.Outcome != verdict.Listed {
		return res
	}
	words := t.gate.do(ctx, t.list, func() ask.Reply { return t.run.Asker.Ask(ctx, s.below()+"."+t.zone, ask.TXT) })
	if words.Status == ask.Found {
		res.Text = t.list.Hide(Clean(words.Texts))
	}
	return res
}
