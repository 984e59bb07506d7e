package rename

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"

	"hikeshi/actions/account/pick"
	"hikeshi/actions/account/rename/move"
	"hikeshi/actions/account/rewrite"
	"hikeshi/runbook"
	"hikeshi/spool"
	"hikeshi/spool/disk"
)

// Facts are the facts of account.rename.
type Facts struct {
	Accounts []string `json:"accounts" expr:"accounts"` // addresses that are renamed, or are to be by hand
	New      []string `json:"new" expr:"new"`           // their new addresses, in the same order
	Manual   bool     `json:"manual" expr:"manual"`     // some are for the responder to rename in the console; account.check verifies
}

type rename struct{ changer }

// Plan makes one change of each account that can be renamed here, and says what is to be done by hand of the others.
func (r rename) Plan(_ context.Context, in runbook.Input) (runbook.Outcome, error) {
	var p struct {
		Accounts []string `json:"accounts"`
		Backend  string   `json:"backend"`
	}
	if err := in.Decode(&p); err != nil {
		return runbook.Outcome{}, err
	}
	d, err := pick.Open(r.env.Server)
	if err != nil {
		return runbook.Outcome{}, err
	}
	c, err := d.Examined(p.Accounts)
	if err != nil {
		return runbook.Outcome{}, err
	}
	plan := planning{env: r.env, desk: d, all: c.All, kind: "account.rename", by: in.Incident, facts: Facts{Accounts: []string{}, New: []string{}}}
	if c.Unknown, err = plan.already(c.Unknown); err != nil {
		return runbook.Outcome{}, err
	}
	if err := errors.Join(c.Refuse(), r.env.refuse(c.Found)); err != nil {
		return runbook.Outcome{}, err
	}
	prefix, err := r.env.prefix()
	if err != nil {
		return runbook.Outcome{}, err
	}
	for _, a := range c.Found {
		if err := plan.one(a, prefix, or(p.Backend, or(r.env.Backend, auto))); err != nil {
			return runbook.Outcome{}, err
		}
	}
	return plan.outcome(len(p.Accounts)), nil
}

func or(s, otherwise string) string {
	if s == "" {
		return otherwise
	}
	return s
}

// refuse says which accounts are never renamed.
func (e Env) refuse(all []spool.Account) error {
	var errs []error
	for _, a := range all {
		if why := pick.Never(a, e.Protected); !why.IsZero() {
			errs = append(errs, fmt.Errorf("%w: renaming %s: %s", runbook.ErrInput, a.Address(), why.EN))
		}
	}
	return errors.Join(errs...)
}

const (
	standard = "zz-{random}-"
	letters  = 6
)

// prefix is what stands before new names; its letters are drawn anew each time, so that a thief cannot know the new name.
func (e Env) prefix() (string, error) {
	b := make([]byte, letters)
	if _, err := io.ReadFull(e.Random, b); err != nil {
		return "", fmt.Errorf("drawing random letters: %w", err)
	}
	for i := range b {
		b[i] = 'a' + b[i]%26
	}
	return strings.ReplaceAll(or(e.Prefix, standard), "{random}", string(b)), nil
}

// planning is a plan that is being made.
type planning struct {
	env      Env
	desk     pick.Desk
	all      spool.AccountList
	kind     string
	by       string // the incident
	facts    Facts
	findings []runbook.Finding
	changes  []runbook.Change
	taken    []string // new addresses of this plan
	byPerson []string // addresses that are left to a person
}

func (p *planning) say(level runbook.Level, evidence string, text runbook.Text) {
	p.findings = append(p.findings, runbook.Finding{Level: level, Text: text, Evidence: evidence})
}

// already takes those names out of unknown that were renamed before.
func (p *planning) already(unknown []string) ([]string, error) {
	form := strings.ReplaceAll(regexp.QuoteMeta(or(p.env.Prefix, standard)), `\{random\}`, fmt.Sprintf("[a-z]{%d}", letters))
	prefix, err := regexp.Compile("^" + form)
	if err != nil {
		return nil, err
	}
	return slices.DeleteFunc(slices.Clone(unknown), func(name string) bool {
		for _, a := range p.all.Accounts {
			old := prefix.ReplaceAllString(a.Name, "")
			if old != a.Name && pick.Means(name, old, a.Domain) {
				p.say(runbook.OK, a.File, runbook.Tf("%s is renamed already: there is %s", "%s は改名済み: %s がある", name, a.Address()))
				return true
			}
		}
		return false
	}), nil
}

// one plans the renaming of one account.
func (p *planning) one(a spool.Account, prefix, backend string) error {
	m, err := p.find(a, prefix+a.Name)
	if err != nil {
		return err
	}
	hindrance := pick.Hindrance(a)
	switch {
	case backend == command && (len(p.env.Command) == 0 || p.env.Run == nil):
		return fmt.Errorf("%w: backend command: no command is configured (account.command.rename)", runbook.ErrInput)
	case backend == command && len(a.Again) > 0:
		return fmt.Errorf("%w: renaming %s: %s", runbook.ErrInput, a.Address(), hindrance.EN)
	case backend == command:
		m.Command, m.Back = move.Words(p.env.Command, m), move.Words(p.env.Command, move.Trip{Move: m}.Reversed().Move)
	case backend == idx && !hindrance.IsZero():
		return fmt.Errorf("%w: renaming %s by rewriting its account file: %s", runbook.ErrInput, a.Address(), hindrance.EN)
	case backend == manual || !hindrance.IsZero():
		p.byHand(a, m, hindrance)
		return nil
	}
	return p.add(a, m, runbook.Disruptive, runbook.Reopening)
}

// find finds out what the renaming of an account to another name means.
func (p *planning) find(a spool.Account, to string) (move.Move, error) {
	refused := func(err error) error {
		return fmt.Errorf("%w: renaming %s to %s: %w", runbook.ErrInput, a.Address(), to, err)
	}
	remark, err := p.desk.CheckName(to)
	if err != nil {
		return move.Move{}, refused(err)
	}
	if remark != "" {
		p.say(runbook.Warn, to, runbook.T(remark, fmt.Sprintf("%s は古い版では受け付けられない長さ", to)))
	}
	m := move.Move{Domain: a.Domain, From: a.Name, To: to, File: a.File, At: p.env.Clock().UTC(), By: p.by}
	taken := func(b spool.Account) bool { return pick.Means(m.To+"@"+m.Domain, b.Name, b.Domain) }
	if slices.ContainsFunc(p.all.Accounts, taken) || slices.Contains(p.taken, strings.ToLower(to+"@"+a.Domain)) {
		return move.Move{}, refused(errors.New("there is an account of that name"))
	}
	p.taken = append(p.taken, strings.ToLower(to+"@"+a.Domain))
	if a.Mailbox == "" {
		return m, nil
	}
	folder, _, err := p.desk.MailboxOf(to, a.Domain)
	if err != nil {
		return move.Move{}, refused(err)
	}
	m.Parent, m.Folder, m.Becomes = filepath.Dir(a.Mailbox), filepath.Base(a.Mailbox), filepath.Base(folder)
	if _, err := os.Lstat(filepath.Join(m.Parent, m.Becomes)); !errors.Is(err, fs.ErrNotExist) {
		return move.Move{}, refused(fmt.Errorf("there is a folder %s", filepath.Join(m.Parent, m.Becomes)))
	}
	return m, p.identify(&m)
}

// identify notes which folder is the mailbox.
func (p *planning) identify(m *move.Move) error {
	dir, err := disk.Open(m.Parent)
	if err == nil {
		defer dir.Close()
		var e disk.Entry
		e, err = dir.Lstat(m.Folder)
		m.ID = e.ID
	}
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("%w: looking at the mailbox of %s: %w", runbook.ErrUndetermined, m.From, err)
	}
	return nil
}

// add makes the change, once it is sure that the account file can be read, and that the new name fits into it.
func (p *planning) add(a spool.Account, m move.Move, risk, undo runbook.Risk) error {
	now, err := rewrite.Read(m.File)
	if err == nil {
		_, err = p.desk.Rename(now, m.From, m.To)
	}
	if err != nil {
		return fmt.Errorf("%w: renaming %s: %s: %w", runbook.ErrUndetermined, a.Address(), m.File, err)
	}
	c, err := runbook.NewChange(p.kind, "rename", a.Address(), m)
	if err != nil {
		return err
	}
	c.Risk, c.UndoRisk = risk, undo
	was, is := runbook.T(a.Address(), ""), runbook.T(m.To+"@"+m.Domain, "")
	if m.ID.Ino != 0 {
		was = runbook.Tf("%s, mailbox %s", "%s、メールボックス %s", a.Address(), filepath.Join(m.Parent, m.Folder))
		is = runbook.Tf("%s@%s, mailbox %s", "%s@%s、メールボックス %s", m.To, m.Domain, filepath.Join(m.Parent, m.Becomes))
	}
	c.Describe(was, is)
	p.changes = append(p.changes, c)
	p.facts.Accounts, p.facts.New = append(p.facts.Accounts, a.Address()), append(p.facts.New, m.To+"@"+m.Domain)
	for _, r := range a.Named {
		p.say(runbook.Warn, r.Path, pick.Words(a, r))
	}
	return nil
}
