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
		return runbook.Outcome{}, fmt.Errorf("%w: whether the accounts are closed: %w", runbook.ErrUndetermined, errors.Join(t.unsure...))
	}
	for _, err := range t.unsure {
		facts.Open = append(facts.Open, err.Error())
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
	unsure   []error
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
		t.unsure = append(t.unsure, err)
		return
	}
	open := len(t.open)
	for _, dom := range domains {
		files, err := t.authFiles(user, dom)
		if err != nil {
			t.unsure = append(t.unsure, fmt.Errorf("%s: %w", name, err))
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
			return fmt.Errorf("%s: %s %s", name, p.Path, p.Text)
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
	renamed, err := t.renamed()
	if err != nil {
		return fmt.Errorf("%s: reading the recorded renamings: %w", name, err)
	}
	for _, r := range renamed {
		if u, d, _ := strings.Cut(r.Account, "@"); pick.Means(name, u, d) {
			return nil
		}
	}
	c.Unknown = []string{name}
	return fmt.Errorf("nothing says that there was such an account: %w", c.Refuse())
}

func (t *inspection) renamed() ([]Renamed, error) {
	if t.recorded == nil {
		return nil, nil
	}
	return t.recorded()
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

// there looks at an account that there is.
func (t *inspection) there(a spool.Account) {
	at, open := a.Address(), len(t.open)
	for _, p := range a.Planted {
		t.stays(at, fmt.Sprintf("%s:%d", p.File, p.Line), runbook.Tf("its mailbox has %s=%s", "メールボックスに %s=%s がある", p.Key, p.Value))
	}
	for _, twin := range a.Twins {
		t.stays(at, twin, runbook.T("a folder that differs in letter case only has an auth file", "大文字小文字だけが異なるフォルダに認証ファイルがある"))
	}
	if t.nameOnly {
		t.stays(at, a.File, runbook.T("its name is still there, and mail in its name needs no password", "名前が残っており、その名前での送信にパスワードは要らない"))
		return
	}
	if err := t.passwords(a); err != nil {
		t.unsure = append(t.unsure, fmt.Errorf("%s: %w", at, err))
		return
	}
	if open == len(t.open) {
		t.shut(at, "its passwords are not the stolen ones any more", "盗まれたパスワードはもう使えない")
	}
}

// passwords compares both with what account.audit kept. One that a lock has written needs no copy.
func (t *inspection) passwords(a spool.Account) error {
	had, err := t.had(a)
	if err != nil {
		return err
	}
	if had && !a.Auth {
		t.stays(a.Address(), a.AuthFile, runbook.T("its auth file is gone, so mail in its name may need no password", "認証ファイルがなくなり、その名前での送信にパスワードが要らなくなっている"))
	}
	err = t.compare(a, a.File, rewrite.IdxCopy(a.Domain), t.desk.AccountSecrets())
	if !a.Auth {
		return err
	}
	second := t.compare(a, a.AuthFile, rewrite.AuthCopy(a.Address()), t.desk.AuthSecrets())
	if errors.Is(err, errNoCopy) && errors.Is(second, errNoCopy) {
		return err
	}
	return errors.Join(err, second)
}

// errNoCopy is why two passwords cannot be compared, noCopyJA the same in Japanese.
var errNoCopy = errors.New("no copy of its password was kept in this incident: run account.audit first")

const noCopyJA = "この事案にパスワードの控えがない。先に account.audit を行うこと"

// had says whether the account had an auth file when copies were kept.
func (t *inspection) had(a spool.Account) (bool, error) {
	_, err := rewrite.First(t.rec, rewrite.AuthCopy(a.Address()))
	if errors.Is(err, fs.ErrNotExist) {
		return false, nil
	}
	return err == nil, err
}

// compare looks whether a password is the one that was kept. The error tells that there is no copy to compare with.
func (t *inspection) compare(a spool.Account, file, name string, f spool.Secrets) error {
	now, err := rewrite.Read(file)
	if err != nil {
		return err
	}
	if ours, err := f.Begins(now, a.Name, rewrite.Mark); err != nil || ours {
		return err
	}
	kept, err := rewrite.First(t.rec, name)
	if errors.Is(err, fs.ErrNotExist) {
		return errNoCopy
	}
	if err != nil {
		return err
	}
	same, err := f.Equal(now, kept, a.Name)
	if same {
		t.stays(a.Address(), file, runbook.T("its password is the one that was kept", "パスワードが控えと同じまま"))
	}
	return err
}

func (t *inspection) findings(names []string) []runbook.Finding {
	if len(names) == 0 {
		return []runbook.Finding{pick.Nobody}
	}
	all := append(t.found, t.closed...)
	for _, err := range t.unsure {
		all = append(all, runbook.Finding{Level: runbook.Bad, Text: runbook.T("cannot be told: "+err.Error(), "判定できない: "+strings.Replace(err.Error(), errNoCopy.Error(), noCopyJA, 1))})
	}
	if len(all) > 2*maxNames {
		n := len(all) - 2*maxNames
		all = append(all[:2*maxNames:2*maxNames], runbook.Finding{Level: runbook.Info, Text: runbook.T(runbook.Count(int64(n), "more finding"), fmt.Sprintf("ほかに %d 件", n))})
	}
	return append(all, pick.Living)
}
