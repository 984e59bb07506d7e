package account

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"hikeshi/actions/account/pick"
	"hikeshi/actions/account/rewrite"
	"hikeshi/runbook"
	"hikeshi/spool"
)

// CheckFacts are the facts of account.check.
type CheckFacts struct {
	Closed bool     `json:"closed" expr:"closed"` // every account is
	Open   []string `json:"open" expr:"open"`     // the others: account: why
	Living bool     `json:"living" expr:"living"` // accounts are named, whose sessions go on until the receiver restarts
}

type check struct{ env Env }

// Plan looks at each account: it is closed if its name is gone from the account file and no folder of that name holds an auth file, or
// if both passwords are others than the kept ones; for cause b only the former counts. Planted settings keep it open.
func (k check) Plan(_ context.Context, in runbook.Input) (runbook.Outcome, error) {
	names, cause, err := pick.Accounts(in)
	if err != nil {
		return runbook.Outcome{}, err
	}
	d, err := pick.Open(k.env.Server)
	if err != nil {
		return runbook.Outcome{}, err
	}
	c, err := d.Examined(names)
	if err != nil {
		return runbook.Outcome{}, err
	}
	t := inspection{desk: d, rec: in.Rec, recorded: k.env.Recorded, nameOnly: strings.EqualFold(cause, "b")}
	for _, name := range c.Unknown {
		t.gone(c, name)
	}
	for _, a := range c.Found {
		t.there(a)
	}
	facts := CheckFacts{Closed: len(t.open) == 0, Open: append([]string{}, t.open...), Living: len(names) > 0}
	if facts.Closed && len(t.unsure) > 0 {
		var errs []error
		for _, d := range t.unsure {
			errs = append(errs, d)
		}
		return runbook.Outcome{Findings: t.findings(names)}, fmt.Errorf("%w: whether the accounts are closed: %w", runbook.ErrUndetermined, errors.Join(errs...))
	}
	for _, d := range t.unsure {
		facts.Open = append(facts.Open, d.Error())
	}
	return runbook.Outcome{Facts: facts, Findings: t.findings(names)}, nil
}

// inspection is what is found of the accounts.
type inspection struct {
	desk     pick.Desk
	rec      runbook.Recorder
	recorded func() ([]Renamed, error) // may be nil
	nameOnly bool                      // a changed password does not count
	closed   []runbook.Finding
	found    []runbook.Finding // why the others are open
	open     []string
	unsure   []doubt
}

// doubt is why it cannot be told of an account whether it is closed.
type doubt struct {
	at   string
	text runbook.Text
	err  error // the same as an error, where it is one
}

func (d doubt) Error() string { return d.at + ": " + d.text.EN }
func (d doubt) Unwrap() error { return d.err }

// doubts takes an error of looking at an account for a doubt.
func (t *inspection) doubts(at string, err error) {
	var d doubt
	if !errors.As(err, &d) {
		d = doubt{text: runbook.T(err.Error(), ""), err: err}
	}
	d.at = at
	t.unsure = append(t.unsure, d)
}

func (t *inspection) stays(at, evidence string, why runbook.Text) {
	t.open = append(t.open, at+": "+why.EN)
	t.found = append(t.found, runbook.Finding{Level: runbook.Bad, Text: runbook.T(at+" is open: "+why.EN, at+" は閉じていない: "+why.JA), Evidence: evidence})
}

func (t *inspection) shut(at string, en, ja string) {
	t.closed = append(t.closed, runbook.Finding{Level: runbook.OK, Text: runbook.T(at+" is closed: "+en, at+" は閉じている: "+ja)})
}

// gone looks at an account that no account file has: an auth file in a folder of its name lets the thief in all the same. A name that
// nothing is known of may be misspelt, and proves nothing.
func (t *inspection) gone(c pick.Chosen, name string) {
	user, domain, found := strings.Cut(strings.ToLower(name), "@")
	domains := []string{domain}
	if !found {
		domains = domainsOf(c.All)
	}
	if err := t.missing(c, name, user, domains); err != nil {
		t.doubts(name, err)
		return
	}
	open := len(t.open)
	for _, dom := range domains {
		files, err := t.authFiles(user, dom)
		if err != nil {
			t.doubts(name, err)
			return
		}
		for _, file := range files {
			if !slices.ContainsFunc(c.All.Accounts, func(a spool.Account) bool { return a.AuthFile == file }) {
				t.stays(name, file, runbook.T("a folder of its name has an auth file: SMTP AUTH asks nothing else", "その名前のフォルダに認証ファイルがあり、SMTP認証が通る"))
			}
		}
	}
	if open == len(t.open) {
		t.shut(name, "there is no such account, and no auth file under its name", "アカウントも、その名前の認証ファイルも存在しない")
	}
}

func domainsOf(all spool.AccountList) []string {
	var domains []string
	for _, a := range all.Accounts {
		if !slices.Contains(domains, a.Domain) {
			domains = append(domains, a.Domain)
		}
	}
	return domains
}

// missing makes sure that there was such an account, in this incident's copies or in a recorded renaming, and that there is none now.
func (t *inspection) missing(c pick.Chosen, name, user string, domains []string) error {
	for _, p := range c.All.Problems {
		file := filepath.Base(p.Path)
		if p.Line == 0 && (slices.Contains(domains, strings.TrimSuffix(file, ".idx")) || strings.HasSuffix(file, ".idx") && len(domains) != 1) {
			return doubt{text: runbook.T(p.Path+": "+p.Text, p.Path+": "+p.TextJA)}
		}
	}
	for _, domain := range domains {
		kept, err := rewrite.First(t.rec, rewrite.IdxCopy(domain))
		if errors.Is(err, fs.ErrNotExist) {
			continue
		}
		if err != nil {
			return err
		}
		if had, _ := t.desk.AccountSecrets().Equal(kept, kept, user); had {
			return nil
		}
	}
	renamed, err := Env{Recorded: t.recorded}.renamed()
	if err != nil {
		return err
	}
	for _, r := range renamed {
		if u, d, _ := strings.Cut(r.Account, "@"); pick.Means(name, u, d) {
			return nil
		}
	}
	c.Unknown = []string{name}
	err = c.Refuse()
	return doubt{text: runbook.T("nothing says that there was such an account: "+err.Error(), "そのようなアカウントがあったという記録がない。名前の綴りを確かめること"), err: err}
}

// authFiles are the auth files in the folders of a name, however it is spelt.
func (t *inspection) authFiles(user, domain string) ([]string, error) {
	folder, auth, err := t.desk.MailboxOf(user, domain)
	if err != nil {
		return nil, err
	}
	entries, err := os.ReadDir(filepath.Dir(folder))
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, err
	}
	var all []string
	for _, e := range entries {
		if !strings.EqualFold(e.Name(), filepath.Base(folder)) {
			continue
		}
		file := filepath.Join(filepath.Dir(folder), e.Name(), filepath.Base(auth))
		if _, err := os.Lstat(file); err == nil {
			all = append(all, file)
		} else if !errors.Is(err, fs.ErrNotExist) {
			return nil, err
		}
	}
	return all, nil
}
