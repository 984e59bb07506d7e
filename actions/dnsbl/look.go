package dnsbl

import (
	"context"
	"crypto/rand"
	"net/netip"
	"slices"
	"time"

	"hikeshi/actions/dnsbl/ask"
	"hikeshi/actions/dnsbl/host"
	"hikeshi/actions/dnsbl/survey"
	"hikeshi/actions/dnsbl/table"
	"hikeshi/actions/dnsbl/verdict"
	"hikeshi/runbook"
)

// Outcome is what is said of one subject on one list.
type Outcome = verdict.Outcome

// The outcomes.
const (
	Listed    = verdict.Listed
	NotListed = verdict.NotListed
	NotTested = verdict.NotTested
)

// A Request says what to look up.
type Request struct {
	Subjects []string      // addresses and domains; none: those of the server
	Limit    time.Duration // for everything; 0: 30 s
	Progress func(done, total int64)
}

// A Report is what a look has shown.
type Report struct {
	Resolver survey.Resolver
	Subjects []survey.Subject
	Left     []runbook.Finding // what was not looked up, and why
	Hosts    []host.Address    // the outgoing addresses
	HELO     host.State        // "" if it was not looked at
	HELOName string            // "" if it is not known
	Names    []runbook.Finding // what was seen of reverse names and HELO
	Zones    []survey.Zone     // in the order of the table
	Began    time.Time         // UTC
}

// A Row is what one list says of one subject.
type Row struct {
	List table.List
	survey.Result
}

// Rows returns all results, those that matter first: by tier, listed before the others, not tested before not listed.
func (r Report) Rows() []Row {
	var rows []Row
	for _, z := range r.Zones {
		for _, res := range z.Results {
			rows = append(rows, Row{z.List, res})
		}
	}
	order := []verdict.Outcome{verdict.Listed, verdict.NotTested, verdict.NotListed}
	slices.SortStableFunc(rows, func(x, y Row) int {
		if x.List.Tier != y.List.Tier {
			return x.List.Tier - y.List.Tier
		}
		return slices.Index(order, x.Outcome) - slices.Index(order, y.Outcome)
	})
	return rows
}

// Look looks everything up. The error wraps runbook.ErrInput where a subject or the configuration is wrong; a network that does not answer is
// no error.
func (e Env) Look(ctx context.Context, q Request) (Report, error) {
	r := Report{Began: e.now()}
	t, err := e.Table()
	if err != nil {
		return r, err
	}
	servers, behind, err := e.servers()
	if err != nil {
		return r, err
	}
	limit := q.Limit
	if limit <= 0 {
		limit = survey.DefaultBound
	}
	ctx, cancel := context.WithTimeout(ctx, limit)
	defer cancel()
	outgoing, err := e.subjects(ctx, q.Subjects, &r)
	if err != nil {
		return r, err
	}
	r.Resolver = survey.Meet(ctx, servers, behind, letters, func(s netip.AddrPort) survey.Asker { return e.makeAsker([]netip.AddrPort{s}) })
	asker := e.makeAsker(r.Resolver.Alive)
	if len(r.Resolver.Alive) > 0 && len(r.Subjects) > 0 {
		e.names(ctx, asker, outgoing, len(q.Subjects) == 0, &r)
	}
	if len(r.Resolver.Alive) == 0 {
		r.Zones = untouched(t.Lists, r.Subjects, r.Resolver)
		return r, nil
	}
	r.Zones = survey.Run{Asker: asker, Bound: limit, Label: letters, Progress: q.Progress}.Do(ctx, t.Lists, r.Subjects)
	if !r.proven() {
		r.doubt()
	}
	return r, nil
}

func (e Env) now() time.Time {
	if e.Clock == nil {
		return time.Now().UTC()
	}
	return e.Clock().UTC()
}

// names looks at reverse names, and at the HELO name where the server itself is looked up.
func (e Env) names(ctx context.Context, a survey.Asker, outgoing []netip.Addr, self bool, r *Report) {
	r.Hosts = host.Addresses(ctx, a, outgoing)
	for _, h := range r.Hosts {
		r.Names = append(r.Names, h.Finding())
	}
	if self && e.Hostname != "" {
		state, f := host.HELO(ctx, a, e.Hostname, outgoing)
		r.HELO, r.HELOName, r.Names = state, e.Hostname, append(r.Names, f)
	}
}

// untouched is what is said of the lists where no resolver answers that can be believed.
func untouched(lists []table.List, subjects []survey.Subject, res survey.Resolver) []survey.Zone {
	why := runbook.Tf("no resolver answers (%s)", "リゾルバーが応答しない (%s)", res)
	switch {
	case len(res.Servers) == 0:
		why = runbook.T("no resolver is known", "リゾルバーが設定されていない")
	case len(res.Lying) > 0:
		why = runbook.T("the resolver answers for names that do not exist", "リゾルバーが存在しない名前にも応答する")
	}
	nobody := survey.Run{Asker: mute{}, Label: letters}
	zones := nobody.Do(context.Background(), lists, subjects)
	for i := range zones {
		for kind, h := range zones[i].Health {
			h.State, h.Why = verdict.Untried, why
			zones[i].Health[kind] = h
		}
		for j := range zones[i].Results {
			if zones[i].Why.IsZero() {
				zones[i].Results[j].Why = why
			}
		}
	}
	return zones
}

// mute answers nothing.
type mute struct{}

// Ask never has an answer.
func (mute) Ask(context.Context, string, ask.Type) ask.Reply {
	return ask.Reply{Status: ask.Unreachable}
}

// letters returns n random small letters.
func letters(n int) string {
	b := make([]byte, n)
	rand.Read(b) // never fails
	for i := range b {
		b[i] = 'a' + b[i]%26
	}
	return string(b)
}
