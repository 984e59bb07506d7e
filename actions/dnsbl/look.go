package dnsbl

import (
	"context"
	"crypto/rand"
	"fmt"
	"net/netip"
	"slices"
	"strings"
	"time"

	"hikeshi/actions/dnsbl/ask"
	"hikeshi/actions/dnsbl/host"
	"hikeshi/actions/dnsbl/survey"
	"hikeshi/actions/dnsbl/table"
	"hikeshi/actions/dnsbl/verdict"
	"hikeshi/runbook"
)

// MaxSubjects bounds how much is looked up in one run.
const MaxSubjects = 256

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
	r.Resolver = survey.Meet(ctx, servers, behind, letters(20), func(s netip.AddrPort) survey.Asker { return e.makeAsker([]netip.AddrPort{s}) })
	asker := e.makeAsker(r.Resolver.Alive)
	if len(r.Resolver.Alive) > 0 && len(r.Subjects) > 0 {
		e.names(ctx, asker, outgoing, len(q.Subjects) == 0, &r)
	}
	if len(r.Resolver.Alive) == 0 {
		r.Zones = untouched(t.Lists, r.Subjects, r.Resolver)
		return r, nil
	}
	r.Zones = survey.Run{Asker: asker, Bound: limit, Label: letters, Progress: q.Progress}.Do(ctx, t.Lists, r.Subjects)
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

// untouched is what is said of the lists where no resolver answers.
func untouched(lists []table.List, subjects []survey.Subject, res survey.Resolver) []survey.Zone {
	why := runbook.Tf("no resolver answers (%s)", "リゾルバーが応答しない (%s)", res)
	if len(res.Servers) == 0 {
		why = runbook.T("no resolver is known", "リゾルバーが設定されていない")
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

// subjects fills in what is looked up and returns the addresses whose names are looked at.
func (e Env) subjects(ctx context.Context, given []string, r *Report) ([]netip.Addr, error) {
	if len(given) > 0 {
		for _, s := range given {
			if err := r.add(s); err != nil {
				return nil, err
			}
		}
	} else if err := e.ownSubjects(ctx, r); err != nil {
		return nil, err
	}
	if n := len(r.Subjects); n > MaxSubjects {
		r.Subjects = r.Subjects[:MaxSubjects]
		r.leave(runbook.Warn, runbook.Tf("not looked up: %d more, since at most %d are looked up at once", "未照会: ほか %d 件(一度に照会できるのは %d 件まで)", n-MaxSubjects, MaxSubjects))
	}
	var addrs []netip.Addr
	for _, s := range r.Subjects {
		if s.Addr.IsValid() {
			addrs = append(addrs, s.Addr)
		}
	}
	return addrs, nil
}

// CheckSubjects says whether all are addresses or domains, as Request.Subjects wants them, and whether anything is left to be looked up
// of them. The error wraps runbook.ErrInput.
func (e Env) CheckSubjects(all []string) error {
	var r Report
	for _, s := range all {
		if err := r.add(s); err != nil {
			return err
		}
	}
	if len(all) > 0 && len(r.Subjects) == 0 {
		return fmt.Errorf("%w: %s: no address that anybody outside can see, so no list can list it", runbook.ErrInput, survey.Clean([]string{strings.Join(all, ", ")}))
	}
	return nil
}

// ownSubjects are the outgoing addresses, the HELO name and the hosted domains.
func (e Env) ownSubjects(ctx context.Context, r *Report) error {
	var addrs []netip.Addr
	if e.Outgoing != nil {
		var err error
		if addrs, err = e.Outgoing(ctx); err != nil {
			r.leave(runbook.Warn, runbook.Tf("the outgoing addresses cannot be read: %s", "送信元アドレスを取得できない: %s", survey.Clean([]string{err.Error()})))
		}
	}
	for _, a := range addrs {
		if err := r.add(a.WithZone("").String()); err != nil {
			return err
		}
	}
	if len(r.Subjects) == 0 {
		r.leave(runbook.Warn, runbook.T("no public outgoing address is known: name it (own.addresses in the configuration, or as an argument)",
			"送信元のグローバルアドレスが分からない。設定の own.addresses か引数で指定する"))
	}
	for _, d := range append([]string{e.Hostname}, e.Domains...) {
		if d == "" {
			continue
		}
		if err := r.add(d); err != nil {
			r.leave(runbook.Warn, runbook.Tf("not looked up: %s is no domain", "未照会: %s はドメイン名ではない", survey.Clean([]string{d})))
		}
	}
	return nil
}

func (r *Report) leave(level runbook.Level, text runbook.Text) {
	r.Left = append(r.Left, runbook.Finding{Level: level, Text: text})
}

// add adds a subject once. An address that nobody outside can see is left out, and that is told.
func (r *Report) add(s string) error {
	if a, err := netip.ParseAddr(strings.Trim(s, "[]")); err == nil {
		if a = a.Unmap().WithZone(""); !public(a) {
			r.leave(runbook.Info, runbook.Tf("not looked up: %s is no public address", "未照会: %s はグローバルアドレスではない", a))
			return nil
		}
		r.once(survey.Subject{Addr: a})
		return nil
	}
	name := strings.ToLower(strings.TrimSuffix(s, "."))
	switch {
	case numeric(name):
		return fmt.Errorf("%w: %q is no address: four numbers from 0 to 255 without leading zeros and without a dot at the end are one", runbook.ErrInput, survey.Clean([]string{s}))
	case !table.IsName(name) || !strings.Contains(name, "."):
		return fmt.Errorf("%w: %q is neither an address nor a domain (other scripts as xn--)", runbook.ErrInput, survey.Clean([]string{s}))
	}
	r.once(survey.Subject{Name: name})
	return nil
}

// numeric says whether a name is meant as an address: no top-level domain begins with a digit (RFC 3696 section 2 has them alphabetic), so
// what ends in 256 or 2O is an address with a slip in it. Taken for a domain it would be reported as not listed.
func numeric(name string) bool {
	last := name[strings.LastIndexByte(name, '.')+1:]
	return last != "" && last[0] >= '0' && last[0] <= '9'
}

func (r *Report) once(s survey.Subject) {
	if !slices.Contains(r.Subjects, s) {
		r.Subjects = append(r.Subjects, s)
	}
}

var shared = netip.MustParsePrefix("100.64.0.0/10") // between a provider and its customers (RFC 6598)

func public(a netip.Addr) bool {
	return a.IsGlobalUnicast() && !a.IsPrivate() && !shared.Contains(a)
}
