package account

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"slices"
	"strings"

	"hikeshi/actions/account/pick"
	"hikeshi/actions/account/rewrite"
	"hikeshi/runbook"
	"hikeshi/spool"
)

// ListFacts are the facts of account.list.
type ListFacts struct {
	Accounts int      `json:"accounts" expr:"accounts"`
	Domains  int      `json:"domains" expr:"domains"`
	WithAuth int      `json:"with_auth" expr:"with_auth"` // how many have an auth file
	NoAuth   []string `json:"no_auth" expr:"no_auth"`     // the first of those that have none
	Problems int      `json:"problems" expr:"problems"`   // lines and files that are not as documented
}

// maxNames bounds how many names and remarks one step shows.
const maxNames = 40

type list struct{ env Env }

// Plan counts the accounts and says which of them have no auth file.
func (l list) Plan(_ context.Context, _ runbook.Input) (runbook.Outcome, error) {
	all, err := l.env.List()
	if err != nil {
		return runbook.Outcome{}, err
	}
	facts := ListFacts{Accounts: len(all.Accounts), Problems: len(all.Problems), NoAuth: []string{}}
	domains := map[string]bool{}
	for _, a := range all.Accounts {
		domains[a.Domain] = true
		if a.Auth {
			facts.WithAuth++
		} else if len(facts.NoAuth) < maxNames {
			facts.NoAuth = append(facts.NoAuth, a.Address())
		}
	}
	facts.Domains = len(domains)
	out := runbook.Outcome{Facts: facts, Findings: problems(all)}
	without := facts.Accounts - facts.WithAuth
	out.Findings = append(out.Findings, runbook.Finding{Level: runbook.Info, Text: runbook.T(
		fmt.Sprintf("%s in %s, %d without an auth file", runbook.Count(int64(facts.Accounts), "account"), runbook.Count(int64(facts.Domains), "domain"), without),
		fmt.Sprintf("アカウント %d 件 (ドメイン %d 件)、うち認証ファイルなし %d 件", facts.Accounts, facts.Domains, without))})
	if without > 0 {
		out.Findings = append(out.Findings, runbook.Finding{Level: runbook.Warn, Text: runbook.Tf("without an auth file anybody may send in their name: %s%s",
			"認証ファイルがなく、誰でもその名前で送信できる: %s%s", strings.Join(facts.NoAuth, ", "), more(without-len(facts.NoAuth)))})
	}
	return out, nil
}

func more(n int) string {
	if n <= 0 {
		return ""
	}
	return fmt.Sprintf(" (+%d)", n)
}

// problems tells what of the account files is not as documented.
func problems(all spool.AccountList) []runbook.Finding {
	var found []runbook.Finding
	for i, p := range all.Problems {
		if i == maxNames {
			n := len(all.Problems) - i
			return append(found, runbook.Finding{Level: runbook.Info, Text: runbook.T(runbook.Count(int64(n), "more remark"), fmt.Sprintf("ほかに %d 件", n))})
		}
		at := p.Path
		if p.Line > 0 {
			at = fmt.Sprintf("%s:%d", p.Path, p.Line)
		}
		found = append(found, runbook.Finding{Level: runbook.Warn, Text: runbook.T(p.Text, p.TextJA), Evidence: at})
	}
	return found
}

// AuditFacts are the facts of account.audit. All lists hold addresses.
type AuditFacts struct {
	Accounts []string `json:"accounts" expr:"accounts"`
	Auth     []string `json:"auth" expr:"auth"`       // have an auth file
	NoAuth   []string `json:"no_auth" expr:"no_auth"` // have none
	Planted  []string `json:"planted" expr:"planted"` // have planted settings in their mailbox
	Named    []string `json:"named" expr:"named"`     // something names them
	Manual   []string `json:"manual" expr:"manual"`   // can be renamed in the console only
	Never    []string `json:"never" expr:"never"`     // are never renamed: protected, or the postmaster
	Unread   []string `json:"unread" expr:"unread"`   // the server may not see their line in the account file
}

type audit struct{ env Env }

// Plan looks at the accounts and keeps copies of their secrets, with which account.check compares later.
func (a audit) Plan(_ context.Context, in runbook.Input) (runbook.Outcome, error) {
	renamed, err := a.env.renamed()
	if err != nil {
		return runbook.Outcome{}, err
	}
	_, c, err := pick.Asked(a.env.Server, in)
	if err != nil {
		return runbook.Outcome{}, errors.Join(err, formerly(c.Unknown, renamed))
	}
	facts := AuditFacts{Accounts: []string{}, Auth: []string{}, NoAuth: []string{}, Planted: []string{}, Named: []string{}, Manual: []string{}, Never: []string{}, Unread: []string{}}
	out := runbook.Outcome{Findings: problems(c.All)}
	if len(c.Found) == 0 {
		out.Findings = append(out.Findings, pick.Nobody)
	}
	for _, acc := range c.Found {
		never := pick.Never(acc, a.env.Protected)
		facts.add(acc, never)
		out.Findings = append(out.Findings, oldName(acc, renamed)...)
		out.Findings = append(append(out.Findings, audited(acc)...), renamable(acc, never))
	}
	out.Facts = facts
	return out, a.env.keep(in.Rec, c.Found)
}

// renamed are the renamings of incidents that are in force.
func (e Env) renamed() ([]Renamed, error) {
	if e.Recorded == nil {
		return nil, nil
	}
	all, err := e.Recorded()
	if err != nil {
		return nil, fmt.Errorf("%w: reading the recorded renamings: %w", runbook.ErrUndetermined, err)
	}
	return all, nil
}

// oldName says of an account that an incident renamed which name it had.
func oldName(a spool.Account, renamed []Renamed) []runbook.Finding {
	for _, r := range slices.Backward(renamed) {
		if strings.EqualFold(r.New, a.Address()) {
			return []runbook.Finding{{Level: runbook.Info, Text: runbook.Tf("%s was %s: incident %s renamed it; `hikeshi account restore %s` gives the old name back",
				"%s の元の名前は %s (事案 %s で改名)。`hikeshi account restore %s` で元に戻す", a.Address(), r.Account, r.Incident, r.Account), Evidence: a.File}}
		}
	}
	return nil
}

// formerly says of names that there are not any more which incident renamed them; nil if none did.
func formerly(unknown []string, renamed []Renamed) error {
	var errs []error
	for _, name := range unknown {
		for _, r := range slices.Backward(renamed) {
			if user, domain, _ := strings.Cut(r.Account, "@"); pick.Means(name, user, domain) {
				errs = append(errs, fmt.Errorf("incident %s renamed %s to %s", r.Incident, r.Account, r.New))
				break
			}
		}
	}
	return errors.Join(errs...)
}

func (f *AuditFacts) add(a spool.Account, never runbook.Text) {
	at := a.Address()
	f.Accounts = append(f.Accounts, at)
	for _, l := range []struct {
		is bool
		to *[]string
	}{{a.Auth, &f.Auth}, {!a.Auth, &f.NoAuth}, {len(a.Planted) > 0, &f.Planted}, {len(a.Named) > 0, &f.Named}, {!never.IsZero(), &f.Never},
		{a.Unread != "", &f.Unread}, {never.IsZero() && !pick.Hindrance(a).IsZero(), &f.Manual}} {
		if l.is {
			*l.to = append(*l.to, at)
		}
	}
}

// audited tells what of an account matters after a theft.
func audited(a spool.Account) []runbook.Finding {
	at := a.Address()
	auth := runbook.Finding{Level: runbook.Info, Text: runbook.Tf("%s has an auth file: it logs in for sending", "%s は認証ファイルあり (SMTP認証を使う)", at), Evidence: a.AuthFile}
	switch {
	case a.Mailbox == "":
		auth = runbook.Finding{Level: runbook.Warn, Text: runbook.T("where the mailbox of "+at+" is cannot be told: "+a.Lost, at+" のメールボックスの場所が分からない: "+a.LostJA), Evidence: a.File}
	case !a.Auth:
		auth.Level, auth.Text = runbook.Warn, runbook.Tf("%s has no auth file: anybody may send in its name unless AUTH is demanded of every session", "%s は認証ファイルなし: 全セッションに認証を求めない限り、誰でもその名前で送信できる", at)
	}
	all := []runbook.Finding{auth}
	if a.Unread != "" {
		all = append(all, runbook.Finding{Level: runbook.Bad, Text: runbook.T(at+": the server may not see its line in the account file ("+a.Unread+"); SMTP AUTH asks the auth file only, so its login may work all the same",
			at+": アカウントファイルの行をサーバが読めないおそれがある ("+a.UnreadJA+")。SMTP認証は認証ファイルだけを見るため、ログインは通りうる"), Evidence: fmt.Sprintf("%s:%d", a.File, a.Line)})
	}
	for _, twin := range a.Twins {
		all = append(all, runbook.Finding{Level: runbook.Bad, Text: runbook.Tf("a folder differs from that of %s in letter case only and has an auth file: a login spelt that way works, too", "%s のフォルダと大文字小文字だけが異なるフォルダに認証ファイルがある: その綴りでもログインできる", at), Evidence: twin})
	}
	for _, p := range a.Planted {
		all = append(all, runbook.Finding{Level: runbook.Bad, Text: runbook.T(at+": the mailbox has "+pick.Setting(p).EN+": is that the owner's?", at+": メールボックスに "+pick.Setting(p).In("ja")+" がある。本人の設定か確認すること"), Evidence: fmt.Sprintf("%s:%d", p.File, p.Line)})
	}
	for i, r := range a.Named {
		if i == maxNames {
			all = append(all, runbook.Finding{Level: runbook.Info, Text: runbook.T(fmt.Sprintf("%d more places name %s", len(a.Named)-i, at), fmt.Sprintf("%s を指す設定はほかに %d 件", at, len(a.Named)-i))})
			break
		}
		all = append(all, runbook.Finding{Level: runbook.Info, Text: pick.Words(a, r), Evidence: r.Path})
	}
	return all
}

// renamable says whether account.rename would rename an account.
func renamable(a spool.Account, never runbook.Text) runbook.Finding {
	at := a.Address()
	if !never.IsZero() {
		return runbook.Finding{Level: runbook.Info, Text: runbook.T(at+" is not renamed: "+never.EN, at+" は改名しない: "+never.In("ja")), Evidence: a.File}
	}
	if h := pick.Hindrance(a); !h.IsZero() {
		return runbook.Finding{Level: runbook.Warn, Text: runbook.T(at+" can be renamed in the web console only: "+h.EN, at+" の改名は web コンソールでのみ可能: "+h.In("ja")), Evidence: a.File}
	}
	return runbook.Finding{Level: runbook.OK, Text: runbook.Tf("%s can be renamed here: its account file is as documented", "%s はここで改名できる (アカウントファイルは文書どおり)", at), Evidence: a.File}
}

// keep keeps the files with the secrets of accounts, unless this incident has.
func (e Env) keep(rec runbook.Recorder, all []spool.Account) error {
	var errs []error
	for _, a := range all {
		errs = append(errs, e.keepOne(rec, rewrite.IdxCopy(a.Domain), a.File))
		if a.Auth {
			errs = append(errs, e.keepOne(rec, rewrite.AuthCopy(a.Address()), a.AuthFile))
		} else {
			errs = append(errs, e.keepNone(rec, a))
		}
	}
	return errors.Join(errs...)
}

// keepOne keeps a file, unless there is a copy of it under this name.
func (e Env) keepOne(rec runbook.Recorder, name, path string) error {
	if _, err := rewrite.First(rec, name); !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	now, err := rewrite.Read(path)
	if err != nil {
		return fmt.Errorf("%w: keeping a copy: %w", runbook.ErrUndetermined, err)
	}
	sealed, err := rewrite.Seal(e.Random, now)
	if err != nil {
		return err
	}
	return rec.Backup(name, bytes.NewReader(sealed))
}

// keepNone keeps that an account has no auth file: without it nobody could tell later that the account file was kept for its sake, too.
func (e Env) keepNone(rec runbook.Recorder, a spool.Account) error {
	for _, name := range []string{rewrite.NoAuthCopy(a.Address()), rewrite.AuthCopy(a.Address())} {
		if _, err := rewrite.First(rec, name); !errors.Is(err, fs.ErrNotExist) {
			return err
		}
	}
	sealed, err := rewrite.Seal(e.Random, nil)
	if err != nil {
		return err
	}
	return rec.Backup(rewrite.NoAuthCopy(a.Address()), bytes.NewReader(sealed))
}
