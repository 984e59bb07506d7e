// Package crime is what is done to a mail server by those who abuse it, and the truth about it: who was abused, from where, when, how
// much. Its addresses are of 203.0.113.0/24 and 2001:db8:bad::/48, each in one role only.
package crime

import (
	"cmp"
	"net/netip"
	"slices"
	"strings"

	"hikeshi/spool/lab/history/daemon"
)

// Kind is a kind of incident.
type Kind string

// The kinds. Those that need a stolen password go with StolenFast.
const (
	StolenFast    Kind = "stolen-fast"    // a stolen password sends from many addresses, as fast as it can
	StolenSlow    Kind = "stolen-slow"    // one sends from sixty addresses and more, seldom from each
	StolenQuiet   Kind = "stolen-quiet"   // one sends from a single address, a few mails an hour, to strangers, and none of them comes back
	GuessedBefore Kind = "guessed-before" // the password was found by trying: a burst of failures, then success
	Spray         Kind = "spray"          // a few passwords tried on all accounts
	Probe         Kind = "probe"          // a single mail, days earlier
	ManyFroms     Kind = "many-froms"     // the stolen password sends under many senders
	ReadOut       Kind = "read-out"       // the thief reads the mailbox
	OwnSender     Kind = "own-sender"     // an account is named as sender without a login
	OpenLine      Kind = "open-line"      // the server relays for strangers who name none of its accounts
)

// Kinds are all of them.
func Kinds() []Kind {
	return []Kind{StolenFast, StolenSlow, GuessedBefore, Spray, Probe, ManyFroms, ReadOut, OwnSender, OpenLine, StolenQuiet}
}

// A Truth is what really happened. Times are wall seconds.
type Truth struct {
	Incidents     []Incident
	Accounts      []Account // abused, by login
	Sources       []Source  // that sent abuse or logged in with a stolen password, by address
	Guessers      []Source  // that tried passwords and found none; the noise of every day, [people.IsGuesser], is not among them
	HeavyAccounts []string  // that look busy and are innocent
	HeavySources  []netip.Addr
	Secrets       []string // all passwords that were used: in receivelog only
}

// An Incident is one deed.
type Incident struct {
	Kind        Kind
	First, Last int64
}

// How an account was abused.
type How string

// The ways.
const (
	Stolen How = "stolen" // its password was used
	Named  How = "named"  // it was named as sender without a login
)

// An Account is one that was abused.
type Account struct {
	Login string
	How   How
	Figures
}

// A Source is an address.
type Source struct {
	Addr netip.Addr
	Figures
}

// Figures say how much, from the beginning of the first session to the end of the last.
type Figures struct {
	First, Last int64
	Messages    int // accepted
	Recipients  int // of those
	Logins      int // that succeeded, of SMTP, POP3 and IMAP4
	Failures    int // logins that failed, as the logs show them: SMTP one a session
	Reads       int // mails read out
}

func (f *Figures) add(s *daemon.Session) {
	if f.First == 0 || s.At < f.First {
		f.First = s.At
	}
	f.Last = max(f.Last, s.End())
	f.Reads += s.Reads
	if s.Service != daemon.SMTP {
		f.Failures += s.Tries
	}
	switch {
	case s.Failed:
		f.Failures++
	case s.Login != "":
		f.Logins++
	}
	for _, m := range s.Mails {
		f.Messages++
		f.Recipients += len(m.To)
	}
}

// judge finds the truth in the sessions that were planned.
func judge(deeds []deed) Truth {
	var t Truth
	accounts, sources := map[string]*Account{}, map[netip.Addr]*Source{}
	bad := map[netip.Addr]bool{}
	for _, d := range deeds {
		t.incident(d)
		s := d.session
		if sources[s.Peer] == nil {
			sources[s.Peer] = &Source{Addr: s.Peer}
		}
		sources[s.Peer].add(s)
		if s.Failed {
			continue
		}
		bad[s.Peer] = true
		if d.victim == "" {
			continue
		}
		if accounts[d.victim] == nil {
			accounts[d.victim] = &Account{Login: d.victim, How: Named}
		}
		if accounts[d.victim].add(s); s.Login != "" {
			accounts[d.victim].How = Stolen
		}
	}
	for _, a := range accounts {
		t.Accounts = append(t.Accounts, *a)
	}
	for _, s := range sources {
		if bad[s.Addr] {
			t.Sources = append(t.Sources, *s)
		} else {
			t.Guessers = append(t.Guessers, *s)
		}
	}
	slices.SortFunc(t.Accounts, func(a, b Account) int { return strings.Compare(a.Login, b.Login) })
	byAddr := func(a, b Source) int { return a.Addr.Compare(b.Addr) }
	slices.SortFunc(t.Sources, byAddr)
	slices.SortFunc(t.Guessers, byAddr)
	slices.SortFunc(t.Incidents, func(a, b Incident) int {
		return cmp.Or(cmp.Compare(a.First, b.First), strings.Compare(string(a.Kind), string(b.Kind)))
	})
	return t
}

func (t *Truth) incident(d deed) {
	for _, k := range d.kinds {
		i := slices.IndexFunc(t.Incidents, func(i Incident) bool { return i.Kind == k })
		if i < 0 {
			i = len(t.Incidents)
			t.Incidents = append(t.Incidents, Incident{Kind: k, First: d.session.At})
		}
		t.Incidents[i].First = min(t.Incidents[i].First, d.session.At)
		t.Incidents[i].Last = max(t.Incidents[i].Last, d.session.End())
	}
}
