package survey

import (
	"context"
	"net/netip"
	"slices"
	"sync"

	"hikeshi/actions/dnsbl/ask"
	"hikeshi/actions/dnsbl/table"
	"hikeshi/actions/dnsbl/verdict"
	"hikeshi/runbook"
)

// The test entries of RFC 5782 section 5. The IPv6 ones hold IPv4 addresses and are asked in the IPv6 form all the same.
var (
	rfcListed = map[table.Kind]string{table.IP4: "127.0.0.2", table.IP6: "::ffff:127.0.0.2", table.Domain: "test"}
	rfcClean  = map[table.Kind]string{table.IP4: "127.0.0.1", table.IP6: "::ffff:127.0.0.1", table.Domain: "invalid"}
)

// A tester asks one list. It is used by one goroutine.
type tester struct {
	run   Run
	gate  *gate
	list  table.List
	zone  string // with the key
	avoid []Subject
	known map[table.Kind]verdict.Health
}

// health tests the list for one kind of subjects, once. Many lists have no test entries for IPv6 or domains (RFC 5782 asks for them): such a
// list is proven by its IPv4 entries in the same zone, if nothing that it must not list is listed.
func (t *tester) health(ctx context.Context, kind table.Kind) verdict.Health {
	if h, ok := t.known[kind]; ok {
		return h
	}
	h := t.test(ctx, kind)
	if h.State == verdict.Empty && kind != table.IP4 && t.list.Serves(table.IP4) {
		if t.health(ctx, table.IP4).State == verdict.Healthy {
			h = verdict.Health{State: verdict.Healthy, By: table.IP4}
		}
	}
	if h.State == verdict.Blocked && !t.list.Access.IsZero() {
		h.Why = runbook.Tf("%[1]s; access: %[3]s", "%[2]s。利用条件: %[4]s", h.Why.EN, h.Why.In("ja"), t.list.Access.EN, t.list.Access.In("ja"))
	}
	t.known[kind] = h
	return h
}

// test makes the self-test: first one entry that must be listed, alone, since a list that does not answer should cost no more than one
// question; then all others.
func (t *tester) test(ctx context.Context, kind table.Kind) verdict.Health {
	listed, clean := t.entries(kind)
	var proof []verdict.Reading
	for _, name := range listed {
		r := t.ask(ctx, name)
		proof = append(proof, r)
		if r.Sense == verdict.Failure || r.Sense == verdict.Refusal {
			return verdict.Judge(t.list, proof, nil)
		}
		if verdict.Proves(r.Sense) {
			break
		}
	}
	readings := make([]verdict.Reading, len(clean))
	var all sync.WaitGroup
	for i, name := range clean {
		all.Go(func() { readings[i] = t.ask(ctx, name) })
	}
	all.Wait()
	return verdict.Judge(t.list, proof, readings)
}

// ask reads the answer for a name below the zone.
func (t *tester) ask(ctx context.Context, name string) verdict.Reading {
	return verdict.Read(t.list, t.gate.do(ctx, t.list, func() ask.Reply { return t.run.Asker.Ask(ctx, name+"."+t.zone, ask.A) }))
}

// entries returns the names of the test entries below the zone. The random one is there because a list may hide 127.0.0.1 and have a
// wildcard all the same.
func (t *tester) entries(kind table.Kind) (listed, clean []string) {
	listed, clean = own(t.list.Listed, kind), own(t.list.Clean, kind)
	if len(listed) == 0 {
		listed = []string{Entry(rfcListed[kind])}
	}
	if len(clean) == 0 {
		clean = []string{Entry(rfcClean[kind]), t.random(kind)}
	}
	return listed, clean
}

// own returns the list's own entries of one kind.
func own(all []string, kind table.Kind) []string {
	var names []string
	for _, s := range all {
		a, err := netip.ParseAddr(s)
		is := Subject{Addr: a}.Kind()
		if err != nil {
			is = table.Domain
		}
		if is == kind {
			names = append(names, Entry(s))
		}
	}
	return names
}

// Entry returns the name of a test entry below the zone of a list.
func Entry(s string) string {
	if a, err := netip.ParseAddr(s); err == nil {
		return ask.Reversed(a)
	}
	return s
}

// random returns an entry that nobody can have listed: an address of a range for documentation that is none of the subjects, or a
// domain that nobody has.
func (t *tester) random(kind table.Kind) string {
	letters := t.run.Label(20)
	switch kind {
	case table.Domain:
		return letters + ".com"
	case table.IP6:
		a := netip.MustParseAddr("2001:db8::").As16()
		copy(a[6:], letters)
		return ask.Reversed(netip.AddrFrom16(a))
	}
	last := letters[0] // 97 to 122
	for slices.ContainsFunc(t.avoid, func(s Subject) bool { return s.Addr == netip.AddrFrom4([4]byte{192, 0, 2, last}) }) {
		last++
	}
	return ask.Reversed(netip.AddrFrom4([4]byte{192, 0, 2, last}))
}
