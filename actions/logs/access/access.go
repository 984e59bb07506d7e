// Package access says whether mailboxes were read: logs.access. It counts logins and mails read out (RETR, FETCH) of the accounts that
// are named, from the peers that are named; without names, of the suspect accounts from peers that are not usual for them.
package access

import (
	"context"
	"net/netip"
	"slices"
	"time"

	"hikeshi/actions/logs/desk"
	"hikeshi/actions/logs/heard"
	"hikeshi/actions/logs/ledger"
	"hikeshi/actions/logs/signals"
	"hikeshi/actions/logs/told"
	"hikeshi/runbook"
	"hikeshi/spool"
)

// span is how far back it looks when nothing else is said, in seconds: whoever has a password reads the mail before he sends his own.
const span = 7 * 86400

// Facts are the facts of logs.access.
type Facts struct {
	Read      told.Sources `json:"read" expr:"read"`
	Accounts  []Account    `json:"accounts" expr:"accounts"`
	Mails     *int64       `json:"mails" expr:"mails"`         // read out in all; a lower bound where Unknown holds a log, null if that is 0
	Strange   *int64       `json:"strange" expr:"strange"`     // of these, from addresses that are not usual for their account; null likewise
	Unknown   []string     `json:"unknown" expr:"unknown"`     // logs that would tell of mailboxes and do not cover this time, cannot be read, or are not wholly understood
	Separated bool         `json:"separated" expr:"separated"` // the history is long enough to tell which addresses are usual
}

// Account is one mailbox. Where Facts.Unknown holds a log its figures are lower bounds, and null instead of 0.
type Account struct {
	Name    string   `json:"name" expr:"name"`
	Spelt   []string `json:"spelt" expr:"spelt"`     // as the logs spell it, with the domain and without
	Mails   *int64   `json:"mails" expr:"mails"`     // read out
	Logins  *int64   `json:"logins" expr:"logins"`   // by POP3 and IMAP4
	Strange Part     `json:"strange" expr:"strange"` // of these, from addresses that are not usual for the account
	Usual   Part     `json:"usual" expr:"usual"`     // from those that are: most likely its owner
	From    []Peer   `json:"from" expr:"from"`
}

// Part is what was done from some addresses. Figures are null as in Account.
type Part struct {
	Mails     *int64 `json:"mails" expr:"mails"`
	Logins    *int64 `json:"logins" expr:"logins"`
	Addresses *int64 `json:"addresses" expr:"addresses"` // from which the mailbox was used
}

// A sum is what becomes a Part.
type sum struct{ mails, logins, addresses int64 }

func (s sum) none() bool { return s.mails+s.logins == 0 }

func (s sum) part(known bool) Part {
	return Part{desk.Told(known, s.mails), desk.Told(known, s.logins), desk.Told(known, s.addresses)}
}

// Peer is one that used the account.
type Peer struct {
	Name     string          `json:"name" expr:"name"`
	Usual    bool            `json:"usual" expr:"usual"` // it is usual for the account
	SMTP     int64           `json:"smtp" expr:"smtp"`   // logins
	POP3     int64           `json:"pop3" expr:"pop3"`
	IMAP4    int64           `json:"imap4" expr:"imap4"`
	Mails    int64           `json:"mails" expr:"mails"` // read out
	First    time.Time       `json:"first" expr:"first"`
	Last     time.Time       `json:"last" expr:"last"`
	Evidence []desk.Evidence `json:"evidence" expr:"evidence"`
}

type action struct{ env desk.Env }

// New returns the action of logs.access.
func New(env desk.Env) runbook.Action { return action{env} }

// Plan reads the logs.
func (a action) Plan(ctx context.Context, in runbook.Input) (runbook.Outcome, error) {
	r, err := a.env.For(span).Look(ctx, in)
	if err != nil {
		return runbook.Outcome{}, err
	}
	f := Facts{Accounts: []Account{}, Unknown: heard.Blind(r), Separated: r.Book.Known()}
	var about, found []runbook.Finding
	f.Read, about = told.About(ctx, r)
	mails, strange := int64(0), int64(0)
	for _, name := range asked(r) {
		l := look(ctx, r, name, len(f.Unknown) == 0)
		f.Accounts = append(f.Accounts, l.account)
		mails, strange = mails+l.strange.mails+l.usual.mails, strange+l.strange.mails
		found = append(found, l.finding(&f))
	}
	f.Mails, f.Strange = desk.Told(len(f.Unknown) == 0, mails), desk.Told(len(f.Unknown) == 0, strange)
	if len(f.Accounts) == 0 && !r.Nothing() {
		found = append(found, heard.Clean(r, runbook.T("no account to ask about: none is named and none looks abused", "対象のアカウントがない: 指定がなく、疑わしいものもない"),
			runbook.T("whose mailboxes to ask about", "調べるべきメールボックス")))
	}
	return runbook.Outcome{Findings: append(found, about...), Facts: f}, nil
}

// asked are the accounts that are named, else the suspects and those whose password was probably found. A login without a domain and
// one with it are one account, where nothing else can be meant.
func asked(r *desk.Reading) []string {
	var all []string
	if len(r.Params.Accounts) > 0 {
		all = r.Named()
	} else {
		for _, e := range r.Judge().Accounts {
			if e.Level == signals.Suspect || r.Book.Accounts[e.Name].Break != nil {
				all = append(all, e.Name)
			}
		}
	}
	var once []string
	for _, name := range all {
		if r.Book.Accounts[name] != nil {
			name = r.Names.Full(name)
		}
		if !slices.Contains(once, name) {
			once = append(once, name)
		}
	}
	return once
}

// A looked is what the books say of one account.
type looked struct {
	r              *desk.Reading
	account        Account
	strange, usual sum
	named          bool // a log of the window names the account
}

// look reads it; whole says that every log of mailboxes covers the time.
func look(ctx context.Context, r *desk.Reading, name string, whole bool) looked {
	l := looked{r: r, account: Account{Name: name, Spelt: spelt(r, name), From: []Peer{}}}
	one := merge(r, l.account.Spelt)
	l.named = one.First != 0 || one.Reads > 0
	for _, p := range one.Peers() {
		if u := one.Uses[p]; wanted(r, p, u) {
			l.add(ctx, r, p, u)
		}
	}
	l.account.Mails, l.account.Logins = desk.Told(whole, l.strange.mails+l.usual.mails), desk.Told(whole, l.strange.logins+l.usual.logins)
	l.account.Strange, l.account.Usual = l.strange.part(whole), l.usual.part(whole)
	return l
}

// spelt are the logins of the logs that stand for an account, with the domain and without.
func spelt(r *desk.Reading, account string) []string {
	all := []string{}
	for name := range r.Book.Accounts {
		if name == account || r.Names.Full(name) == account {
			all = append(all, name)
		}
	}
	slices.Sort(all)
	return all
}

// merge is how an account was used under all its spellings. A peer that is usual under one of them is usual.
func merge(r *desk.Reading, names []string) *ledger.Account {
	sum := &ledger.Account{Uses: map[netip.Prefix]*ledger.Use{}}
	for _, name := range names {
		a := r.Book.Accounts[name]
		if a.First != 0 {
			sum.Seen(a.First)
		}
		sum.Reads += a.Reads
		for _, p := range a.Peers() {
			u := *a.Uses[p]
			if to := sum.Uses[p]; to != nil {
				u.Join(to)
			}
			u.Usual = u.Usual || slices.ContainsFunc(names, func(n string) bool { return r.Book.Usual(r.Book.Accounts[n], p, 0) })
			sum.Uses[p] = &u
		}
	}
	return sum
}

func wanted(r *desk.Reading, p netip.Prefix, u *ledger.Use) bool {
	if len(r.Params.Sources) > 0 {
		return r.Source(p)
	}
	return len(r.Params.Accounts) > 0 || !u.Usual
}

func (l *looked) add(ctx context.Context, r *desk.Reading, p netip.Prefix, u *ledger.Use) {
	to, logins := &l.strange, u.Logins[spool.POP3]+u.Logins[spool.IMAP4]
	if u.Usual {
		to = &l.usual
	}
	to.mails, to.logins = to.mails+u.Reads, to.logins+logins
	if u.Reads+logins > 0 {
		to.addresses++
	}
	if a := &l.account; len(a.From) < r.Params.Top {
		a.From = append(a.From, Peer{Name: signals.PlaceName(p), Usual: u.Usual, SMTP: u.Logins[spool.SMTP], POP3: u.Logins[spool.POP3], IMAP4: u.Logins[spool.IMAP4],
			Mails: u.Reads, First: r.Time(u.First), Last: r.Time(u.Last), Evidence: r.Evidence(ctx, slices.Concat(u.ReadRefs, u.Refs))})
	}
}
