// Package access says whether mailboxes were read: logs.access. It counts logins and mails read out (RETR, FETCH) of the accounts that
// are named, from the peers that are named; without names, of the suspect accounts from peers that are not usual for them.
package access

import (
	"context"
	"net/netip"
	"slices"
	"strings"
	"time"

	"hikeshi/actions/logs/desk"
	"hikeshi/actions/logs/ledger"
	"hikeshi/actions/logs/signals"
	"hikeshi/runbook"
	"hikeshi/spool"
)

// Facts are the facts of logs.access.
type Facts struct {
	Read     desk.Sources `json:"read" expr:"read"`
	Accounts []Account    `json:"accounts" expr:"accounts"`
	Mails    int64        `json:"mails" expr:"mails"`     // read out in all; a lower bound where Unknown holds a log
	Unknown  []string     `json:"unknown" expr:"unknown"` // logs that would tell of mailboxes and do not cover this time
}

// Account is one mailbox.
type Account struct {
	Name   string `json:"name" expr:"name"`
	Mails  int64  `json:"mails" expr:"mails"`   // read out
	Logins int64  `json:"logins" expr:"logins"` // by POP3 and IMAP4
	From   []Peer `json:"from" expr:"from"`
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
	r, err := a.env.Look(ctx, in)
	if err != nil {
		return runbook.Outcome{}, err
	}
	f := Facts{Accounts: []Account{}, Unknown: r.Blind()}
	var about, found []runbook.Finding
	f.Read, about = r.Sources(ctx)
	for _, name := range asked(r) {
		account, finding := look(ctx, r, name, f.Unknown)
		f.Accounts = append(f.Accounts, account)
		f.Mails += account.Mails
		found = append(found, finding)
	}
	if len(f.Accounts) == 0 && !r.Nothing() {
		found = append(found, runbook.Finding{Level: runbook.OK, Text: runbook.T("no account to ask about: none is named and none looks abused", "対象のアカウントがない: 指定がなく、疑わしいものもない")})
	}
	return runbook.Outcome{Findings: append(found, about...), Facts: f}, nil
}

// asked are the accounts that are named, else the suspects and those whose password was probably found.
func asked(r *desk.Reading) []string {
	if len(r.Params.Accounts) > 0 {
		return r.Named()
	}
	var all []string
	for _, e := range r.Judge().Accounts {
		if e.Level == signals.Suspect || r.Book.Accounts[e.Name].Break != nil {
			all = append(all, e.Name)
		}
	}
	return all
}

func look(ctx context.Context, r *desk.Reading, name string, unknown []string) (Account, runbook.Finding) {
	account := Account{Name: name, From: []Peer{}}
	if a := r.Book.Accounts[name]; a != nil {
		for _, p := range a.Peers() {
			if u := a.Uses[p]; wanted(r, p, u) {
				account.add(ctx, r, p, u)
			}
		}
	}
	return account, account.finding(unknown)
}

func wanted(r *desk.Reading, p netip.Prefix, u *ledger.Use) bool {
	if len(r.Params.Sources) > 0 {
		return r.Source(p)
	}
	return len(r.Params.Accounts) > 0 || !u.Usual
}

func (a *Account) add(ctx context.Context, r *desk.Reading, p netip.Prefix, u *ledger.Use) {
	a.Mails += u.Reads
	a.Logins += u.Logins[spool.POP3] + u.Logins[spool.IMAP4]
	if len(a.From) < r.Params.Top {
		a.From = append(a.From, Peer{Name: signals.PlaceName(p), Usual: u.Usual, SMTP: u.Logins[spool.SMTP], POP3: u.Logins[spool.POP3], IMAP4: u.Logins[spool.IMAP4],
			Mails: u.Reads, First: r.Time(u.First), Last: r.Time(u.Last), Evidence: r.Evidence(ctx, slices.Concat(u.ReadRefs, u.Refs))})
	}
}

// finding says what is known, and never that nothing was read where a log is missing.
func (a *Account) finding(unknown []string) runbook.Finding {
	peers, evidence := 0, ""
	for _, p := range a.From {
		if p.POP3+p.IMAP4+p.Mails > 0 {
			if peers++; evidence == "" {
				evidence = desk.First(p.Evidence)
			}
		}
	}
	missing := strings.Join(unknown, ", ")
	switch {
	case a.Mails > 0:
		return runbook.Finding{Level: runbook.Bad, Evidence: evidence, Text: runbook.Tf("%s: mails read out: %s, addresses: %d, logins: %d",
			"%s: メール %s 通が %d か所から読み出されている(ログイン %d 回)", a.Name, desk.Number(a.Mails), peers, a.Logins)}
	case a.Logins > 0:
		return runbook.Finding{Level: runbook.Warn, Evidence: evidence, Text: runbook.Tf("%s: %d logins to the mailbox from %d addresses; no mail was seen to be read out",
			"%s: %[3]d か所からメールボックスへのログイン %[2]d 回。読み出しは記録されていない", a.Name, a.Logins, peers)}
	case missing != "":
		return runbook.Finding{Level: runbook.Warn, Text: runbook.T(a.Name+": whether the mailbox was read is unknown: no log of this time: "+missing,
			a.Name+": メールボックスが読まれたかどうかは不明。この期間のログがない: "+missing)}
	}
	return runbook.Finding{Level: runbook.OK, Text: runbook.T(a.Name+": the mailbox was not read from there", a.Name+": その接続元からメールボックスは読まれていない")}
}
