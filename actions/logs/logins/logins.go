// Package logins says who tries passwords, and whether one was found: logs.logins.
package logins

import (
	"context"
	"net/netip"
	"slices"
	"time"

	"hikeshi/actions/logs/deed"
	"hikeshi/actions/logs/desk"
	"hikeshi/actions/logs/entry"
	"hikeshi/actions/logs/heard"
	"hikeshi/actions/logs/signals"
	"hikeshi/actions/logs/sweep"
	"hikeshi/actions/logs/tally"
	"hikeshi/actions/logs/told"
	"hikeshi/runbook"
	"hikeshi/spool"
)

// Limits of what is a guesser.
const (
	patient   = 20 // failures in the window, for several names
	severalOf = 3  // names
	slowPeers = 10 // peers that try one name, each a few times only
	slowEach  = 3
	manyPeers = 30 // peers that try one name, each no more than patient times
)

// Facts are the facts of logs.logins.
type Facts struct {
	Read       told.Sources `json:"read" expr:"read"`
	Found      []Found      `json:"found" expr:"found"`             // passwords that were probably found
	FoundNames []string     `json:"found_names" expr:"found_names"` // the accounts of these
	Sources    []Guesser    `json:"sources" expr:"sources"`         // that failed, most failures first
	Accounts   []Target     `json:"accounts" expr:"accounts"`       // whose logins were refused
	SMTP       []string     `json:"smtp" expr:"smtp"`               // guessers by protocol: proposed for the lock-out tables
	POP3       []string     `json:"pop3" expr:"pop3"`
	IMAP4      []string     `json:"imap4" expr:"imap4"`
	Spread     []string     `json:"spread" expr:"spread"`       // names that were tried from many addresses, seldom from each, or from unknown ones; without those that are no accounts
	Spray      Spray        `json:"spray" expr:"spray"`         // all zero if nobody does
	Now        []string     `json:"now" expr:"now"`             // guessers, however many, that failed within the last 15 minutes
	NowNames   []string     `json:"now_names" expr:"now_names"` // the same of Spread
	Deaf       []string     `json:"deaf" expr:"deaf"`           // logs of logins because of which nobody can say that nothing was tried
	Cut        int          `json:"cut" expr:"cut"`             // sources and accounts that are left out
}

// Found is a success after a burst of failures, from a peer that is new for the account.
type Found struct {
	Account  string          `json:"account" expr:"account"`
	Source   string          `json:"source" expr:"source"`
	At       time.Time       `json:"at" expr:"at"`
	Failures int64           `json:"failures" expr:"failures"` // in 10 minutes
	Evidence []desk.Evidence `json:"evidence" expr:"evidence"`
}

// Guesser is a peer whose logins were refused.
type Guesser struct {
	Name     string          `json:"name" expr:"name"`
	Failures int64           `json:"failures" expr:"failures"`
	SMTP     int64           `json:"smtp" expr:"smtp"`
	POP3     int64           `json:"pop3" expr:"pop3"`
	IMAP4    int64           `json:"imap4" expr:"imap4"`
	Names    int             `json:"names" expr:"names"`     // accounts that it tried
	About    bool            `json:"about" expr:"about"`     // Names is an estimate
	Error    int             `json:"error" expr:"error"`     // by so much Names may be too high or too low: three standard errors; 0: exact
	Worst    int64           `json:"worst" expr:"worst"`     // failures in 10 minutes
	Guesses  bool            `json:"guesses" expr:"guesses"` // tries passwords, as far as can be told
	First    time.Time       `json:"first" expr:"first"`
	Last     time.Time       `json:"last" expr:"last"`
	Evidence []desk.Evidence `json:"evidence" expr:"evidence"`
}

// Target is a name under which logins were refused.
type Target struct {
	Name     string    `json:"name" expr:"name"` // masked, if it is no account of the server: it may be a password
	Failures int64     `json:"failures" expr:"failures"`
	Sources  *int      `json:"sources" expr:"sources"` // null where no log tells of any address
	About    bool      `json:"about" expr:"about"`     // Sources is an estimate
	Error    int       `json:"error" expr:"error"`     // of Sources, likewise
	Worst    int64     `json:"worst" expr:"worst"`     // failures in 10 minutes
	Slow     bool      `json:"slow" expr:"slow"`       // tried from many peers, seldom from each
	First    time.Time `json:"first" expr:"first"`
	Last     time.Time `json:"last" expr:"last"`
}

type action struct{ env desk.Env }

// New returns the action of logs.logins.
func New(env desk.Env) runbook.Action { return action{env} }

// Plan reads the logs.
func (a action) Plan(ctx context.Context, in runbook.Input) (runbook.Outcome, error) {
	r, err := a.env.Look(ctx, in)
	if err != nil {
		return runbook.Outcome{}, err
	}
	return Judge(ctx, r), nil
}

// Judge says of a reading who tries passwords, and whether one was found.
func Judge(ctx context.Context, r *desk.Reading) runbook.Outcome {
	f := Facts{Found: []Found{}, FoundNames: []string{}, Sources: []Guesser{}, Accounts: []Target{}, SMTP: []string{}, POP3: []string{}, IMAP4: []string{}, Spread: []string{}, Now: []string{}, NowNames: []string{}}
	f.Deaf = heard.Deaf(r)
	var about []runbook.Finding
	f.Read, about = told.About(ctx, r)
	found := broken(ctx, r, &f)
	found = append(found, guessers(ctx, r, &f)...)
	found = append(found, targets(r, &f)...)
	found = append(found, sprayed(r, &f)...)
	f.bounds()
	if len(found) == 0 && !r.Nothing() {
		found = append(found, heard.Clean(r, runbook.T("nobody tries passwords in what these logs show", "これらのログから見える範囲では、パスワードの総当たりはない"),
			runbook.T("whether anybody tries passwords", "パスワードの総当たりの有無")))
	}
	return runbook.Outcome{Findings: append(found, about...), Facts: f}
}

// broken are the passwords that were probably found.
func broken(ctx context.Context, r *desk.Reading, f *Facts) []runbook.Finding {
	var names []string
	for name, a := range r.Book.Accounts {
		if a.Break != nil && r.Account(name) && r.Source(a.Break.Place) {
			names = append(names, name)
		}
	}
	slices.Sort(names)
	var found []runbook.Finding
	for _, name := range names {
		b := r.Book.Accounts[name].Break
		e := Found{name, signals.PlaceName(b.Place), r.Time(b.Wall), b.Failures, r.Evidence(ctx, []deed.Ref{b.Ref})}
		f.Found, f.FoundNames = append(f.Found, e), append(f.FoundNames, name)
		at := desk.Clock(b.Wall)
		found = append(found, runbook.Finding{Level: runbook.Bad, Evidence: desk.First(e.Evidence), Text: runbook.Tf(
			"%s: password probably found at %s from %s, after %d failures in 10 minutes", "%s: %s に %s からパスワードを当てられた疑い(直前の 10 分間に失敗 %d 回)", name, at, e.Source, b.Failures)})
	}
	return found
}

// guessers are the peers whose logins were refused; those that try passwords are told, like ones together.
func guessers(ctx context.Context, r *desk.Reading, f *Facts) []runbook.Finding {
	failing, guessing := 0, []netip.Prefix(nil)
	for _, p := range entry.Ranked(r.Book.Guessers, signals.PlaceName) {
		g := r.Book.Guessers[p]
		if g.N == 0 || !r.Source(p) {
			continue
		}
		failing++
		guesses := tries(r, p, g)
		if guesses {
			guessing = append(guessing, p)
			if lately(r, g.Last) {
				f.Now = append(f.Now, signals.PlaceName(p))
			}
			f.propose(signals.PlaceName(p), g)
		}
		if len(f.Sources) >= r.Params.Top {
			f.Cut++
			continue
		}
		f.Sources = append(f.Sources, Guesser{Name: signals.PlaceName(p), Failures: g.N, SMTP: g.ByService[spool.SMTP], POP3: g.ByService[spool.POP3], IMAP4: g.ByService[spool.IMAP4],
			Names: g.Others.N(), About: g.Others.Estimated(), Worst: g.Worst, Guesses: guesses, First: r.Time(g.First), Last: r.Time(g.Last), Evidence: r.Evidence(ctx, g.Refs)})
	}
	all := crowds(guessing, r.Book.Guessers)
	var found []runbook.Finding
	for i, c := range all {
		if i == shown {
			return append(found, others(all[i:], failing))
		}
		g := r.Book.Guessers[c.peers[0]]
		text := c.text()
		if len(c.peers) == 1 {
			text = alone(c, g)
		}
		found = append(found, runbook.Finding{Level: runbook.Warn, Evidence: desk.First(r.Evidence(ctx, g.Refs)), Text: text})
	}
	return found
}

// count writes how many different ones there were, and by how much that may be wrong where it is an estimate.
func count(n int, about bool) runbook.Text {
	if !about {
		return desk.About(n, 0)
	}
	return desk.About(n, tally.Bound(n))
}

// bounds says by how much the estimates may be wrong.
func (f *Facts) bounds() {
	for i := range f.Sources {
		if g := &f.Sources[i]; g.About {
			g.Error = tally.Bound(g.Names)
		}
	}
	for i := range f.Accounts {
		if t := &f.Accounts[i]; t.About {
			t.Error = tally.Bound(*t.Sources)
		}
	}
}

// lately says whether a time is one of the last 15 minutes, by the clock of this machine; where nobody knows that, before the end of the window.
func lately(r *desk.Reading, wall int64) bool {
	const minutes = 15
	now := r.Span.Until
	if r.Env.Clock != nil {
		now = sweep.WallOf(r.Env.Clock().In(r.Zone()))
	}
	return now-wall < minutes*60
}

// tries says whether a peer tries passwords: a burst, or patient tries of several names. Peers inside and those that accounts are
// used from day by day do not, unless one broke in: somebody there has an old password in a device.
func tries(r *desk.Reading, p netip.Prefix, g *entry.Guess) bool {
	src := r.Book.Sources[p]
	if src != nil && src.Break != nil {
		return true
	}
	if r.Span.Inside(p) || src != nil && entry.CountDays(src.Past) > 1 {
		return false
	}
	return g.Worst >= entry.Burst || g.N >= patient && g.Others.N() >= severalOf
}

func (f *Facts) propose(name string, g *entry.Guess) {
	for p, list := range map[spool.Protocol]*[]string{spool.SMTP: &f.SMTP, spool.POP3: &f.POP3, spool.IMAP4: &f.IMAP4} {
		if g.ByService[p] > 0 {
			*list = append(*list, name)
		}
	}
}

// targets are the names under which logins were refused; those for which no single address stands out are told, the first of them.
func targets(r *desk.Reading, f *Facts) []runbook.Finding {
	var found []runbook.Finding
	failing, more, failures := 0, 0, int64(0)
	for _, name := range entry.Ranked(r.Book.Guessed, func(s string) string { return s }) {
		g := r.Book.Guessed[name]
		if g.Failures() == 0 || !r.Account(name) {
			continue
		}
		failing++
		shownAs := r.Names.Tried(name)
		t := target(r, shownAs.EN, g)
		text, spread := t.spread(shownAs.JA)
		if spread && shownAs.EN == name {
			f.Spread = append(f.Spread, t.Name)
			if lately(r, g.Last) {
				f.NowNames = append(f.NowNames, t.Name)
			}
		}
		if len(f.Accounts) < r.Params.Top {
			f.Accounts = append(f.Accounts, t)
		} else {
			f.Cut++
		}
		switch {
		case spread && len(found) < shown:
			found = append(found, runbook.Finding{Level: runbook.Warn, Text: text})
		case spread:
			more, failures = more+1, failures+t.Failures
		}
	}
	if more > 0 {
		found = append(found, runbook.Finding{Level: runbook.Warn, Text: desk.Say("%[1]d more names are tried in this way: %[2]s failures; %[3]s names them",
			"ほか %[1]d 名も同じように試されている: 失敗 %[2]s 回(%[3]s で全件)", more, desk.Number(failures), each(failing))})
	}
	return found
}

func target(r *desk.Reading, name string, g *entry.Guess) Target {
	t := Target{Name: name, Failures: g.Failures(), Worst: g.Worst, First: r.Time(g.First), Last: r.Time(g.Last)}
	if peers := g.Others.N(); g.Seen > 0 {
		t.Sources, t.About, t.Slow = &peers, g.Others.Estimated(), peers >= slowPeers && (g.Seen <= int64(slowEach*peers) || peers >= manyPeers && g.Seen <= int64(patient*peers))
	}
	return t
}

// spread says whether the failures for a name are a guesser's, though no single address stands out: seldom from each of many addresses,
// by the sessions of each, or so many that nobody knows the addresses of. The first is the patient way around a lock-out.
func (t Target) spread(ja string) (text runbook.Text, yes bool) {
	switch {
	case t.Slow:
		return desk.Say("%[1]s is tried from %[3]s addresses, seldom from each: %[4]s failures", "%[2]s は %[3]s か所から少しずつ試されている: 失敗 %[4]s 回", t.Name, ja, count(*t.Sources, t.About), desk.Number(t.Failures)), true
	case t.Sources == nil && t.Failures >= patient:
		return runbook.Tf("%[1]s is tried: %[3]s failures, from where is unknown: no log of this time tells the addresses",
			"%[2]s が試されている: 失敗 %[3]s 回。接続元は不明(接続元を記録したログがない)", t.Name, ja, desk.Number(t.Failures)), true
	}
	return runbook.Text{}, false
}
