package main

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"hikeshi/actions/account"
	"hikeshi/runbook"
	"hikeshi/runbook/engine/planner"
	"hikeshi/spool"
)

func (a *app) accountVerb() *cobra.Command {
	cmd := &cobra.Command{
		Use: "account", Short: "mail accounts: who logs in, what is planted; lock, rename",
		Long: `A stolen password is closed by lock: both passwords (account file and auth file)
are overwritten with random values, and a new one is set in the console. An
account that is named without a login is closed by rename, mailbox and auth file
included. No password is ever shown. Kinds in runbooks: account.list,
account.audit, account.lock, account.rename, account.restore, account.clean,
account.check.`,
	}
	cmd.AddCommand(a.accountList(), a.accountAudit(), a.accountCheck(),
		a.accountChange("lock ACCOUNT...", "overwrite both passwords with random values", "account.lock", runbook.T("lock accounts", "アカウントを凍結する"),
			`Lock overwrites the password of the mailbox (account file) and that for sending
(auth file) with random values that nobody keeps; mail to the account goes on
arriving. Set the new password in the web console and tell it by telephone. A
session that is logged in already ends only when the receiver is restarted. What is
not as documented is left alone, named, and left open: exit 6.`),
		a.accountChange("rename ACCOUNT...", "give accounts another name, mailbox included", "account.rename", runbook.T("rename accounts", "アカウントを改名する"),
			`Rename puts a prefix before the name of the account (configuration: account.prefix)
and renames its mailbox folder with the auth file in the same step. Mail to the old
name is refused until `+"`hikeshi account restore`"+`. Where the account file is not as
documented the web console has to do it: the steps are shown, the step is left open
(exit 6), and `+"`hikeshi resume INCIDENT`"+` looks whether it was done.`),
		a.accountChange("clean ACCOUNT...", "take planted forwards out of mailboxes", "account.clean", runbook.T("take planted settings out", "仕込まれた設定を外す"),
			"Clean takes ForwardTo, Discard and module lines out of the control file of a mailbox;\nundo puts the same lines back."),
		a.accountRestore())
	return cmd
}

// accountWorld is the world of the account verbs.
func (a *app) accountWorld(cmd *cobra.Command, manager string) (*world, error) {
	return a.world(cmd.Context(), manager)
}

type accountRow struct {
	Address string `json:"address"`
	Auth    bool   `json:"auth"`    // has an auth file: it logs in for sending
	Mailbox string `json:"mailbox"` // "" if it cannot be told
	File    string `json:"file"`
	Line    int    `json:"line"`
	Unread  string `json:"unread,omitempty"` // why the server may not see the line
	// WasNamed is the address that Incident renamed to this one.
	WasNamed string `json:"was_named,omitempty"`
	Incident string `json:"incident,omitempty"`
}

type accountDocument struct {
	Version  int          `json:"hikeshi"`
	Kind     string       `json:"kind"`
	Accounts []accountRow `json:"accounts"`
	Problems []string     `json:"problems"` // files and lines that could not be read, or are not as documented
}

func accountDocumentOf(list spool.AccountList, lang string) accountDocument {
	doc := accountDocument{Version: 1, Kind: "accounts", Accounts: []accountRow{}, Problems: []string{}}
	for _, x := range list.Accounts {
		doc.Accounts = append(doc.Accounts, accountRow{Address: x.Address(), Auth: x.Auth, Mailbox: x.Mailbox, File: x.File, Line: x.Line, Unread: runbook.T(x.Unread, x.UnreadJA).In(lang)})
	}
	for _, p := range list.Problems {
		where := p.Path
		if p.Line > 0 {
			where = fmt.Sprintf("%s:%d", p.Path, p.Line)
		}
		doc.Problems = append(doc.Problems, where+": "+runbook.T(p.Text, p.TextJA).In(lang))
	}
	return doc
}

func (a *app) accountList() *cobra.Command {
	var noAuth bool
	cmd := &cobra.Command{
		Use: "list", Short: "the accounts, and which of them log in for sending", Args: cobra.NoArgs,
		Long:    "List shows every account with its mailbox, and whether it has an auth file. One\nwithout an auth file can be named as a sender without a login. Passwords are not shown.\n\nExit codes: 0, or 3 when a file is not as documented.",
		Example: "  hikeshi account list --no-auth\n  hikeshi account list --output json | jq -r '.accounts[].address'",
		RunE: func(cmd *cobra.Command, _ []string) error {
			w, err := a.accountWorld(cmd, "")
			if err != nil {
				return err
			}
			list, err := w.host.Account.List()
			if err != nil {
				return refusal(err)
			}
			doc := accountDocumentOf(list, a.lang())
			if err := doc.renamed(w.host.Account.Recorded); err != nil {
				return refusal(err)
			}
			if noAuth {
				doc.Accounts = without(doc.Accounts)
			}
			if a.isJSON() {
				err = a.json(doc)
			} else {
				a.printAccounts(doc)
			}
			if err == nil && len(doc.Problems) > 0 {
				return silent(exitFound)
			}
			return err
		},
	}
	cmd.Flags().BoolVar(&noAuth, "no-auth", false, "only those without an auth file")
	return cmd
}

// renamed notes with the accounts that incidents have renamed which name they had.
func (d *accountDocument) renamed(recorded func() ([]account.Renamed, error)) error {
	all, err := recorded()
	for _, r := range all {
		for i := range d.Accounts {
			if row := &d.Accounts[i]; strings.EqualFold(row.Address, r.New) {
				row.WasNamed, row.Incident = r.Account, r.Incident
			}
		}
	}
	return err
}

func without(rows []accountRow) []accountRow {
	left := []accountRow{}
	for _, r := range rows {
		if !r.Auth {
			left = append(left, r)
		}
	}
	return left
}

func (a *app) printAccounts(doc accountDocument) {
	s := a.screenOn(a.stdout)
	for _, r := range doc.Accounts {
		auth := a.word("no auth file", "認証ファイルなし")
		if r.Auth {
			auth = a.word("auth file", "認証ファイルあり")
		}
		s.hang(4, pad(line(r.Address), 34)+"  "+pad(auth, 16)+"  "+line(r.Mailbox))
		if r.WasNamed != "" {
			s.hang(4, fmt.Sprintf(a.word("    was %s; renamed by incident %s", "    元の名前は %s (事案 %s で改名)"), line(r.WasNamed), r.Incident))
		}
		if r.Unread != "" {
			s.row("[!]", fmt.Sprintf(a.word("%s: the server may not see line %d of %s: %s", "%s: %[3]s の %[2]d 行目をサーバが読めないおそれがある: %[4]s"), line(r.Address), r.Line, r.File, r.Unread))
		}
	}
	fmt.Fprintln(a.stdout, runbook.T(runbook.Count(int64(len(doc.Accounts)), "account"), fmt.Sprintf("アカウント %d 件", len(doc.Accounts))).In(a.lang()))
	for _, p := range doc.Problems {
		s.row("[!]", p)
	}
}

type auditDocument struct {
	Version  int                `json:"hikeshi"`
	Kind     string             `json:"kind"`
	Findings []findingRow       `json:"findings"`
	Facts    account.AuditFacts `json:"facts"`
}

func (a *app) accountAudit() *cobra.Command {
	return &cobra.Command{
		Use: "audit [ACCOUNT...]", Short: "auth file or not, planted forwards, what names the account",
		Long: `Audit looks at the named accounts, or at all: whether they have an auth file, whether
ForwardTo, Discard or a module stands in their mailbox, and which aliases, lists,
forwards and settings name them. Nothing is changed and no password is shown.

Exit codes: 0 nothing to mend, 3 something was found.`,
		Example: "  hikeshi account audit taro@example.jp\n  hikeshi account audit --output json",
		RunE: func(cmd *cobra.Command, args []string) error {
			w, err := a.accountWorld(cmd, "")
			if err != nil {
				return err
			}
			return a.audit(cmd.Context(), w, args)
		},
	}
}

// audit plans account.audit and prints what it found; nothing is kept outside an incident.
func (a *app) audit(ctx context.Context, w *world, names []string) error {
	if len(names) == 0 {
		list, err := w.host.Account.List()
		if err != nil {
			return refusal(err)
		}
		for _, x := range list.Accounts {
			names = append(names, x.Address())
		}
	}
	with, err := json.Marshal(map[string]any{"accounts": names})
	if err != nil {
		return err
	}
	out, err := w.kinds["account.audit"].Action.Plan(ctx, runbook.Input{Step: "audit", With: with, Planned: []runbook.Change{}, Rec: planner.Recorder{Told: func(string, int64, int64) {}}})
	if err != nil {
		return refusal(err)
	}
	found := false
	for _, f := range out.Findings {
		found = found || f.Level == runbook.Warn || f.Level == runbook.Bad
	}
	if a.isJSON() {
		facts, _ := out.Facts.(account.AuditFacts)
		err = a.json(auditDocument{1, "account-audit", findingRows(out.Findings, a.lang()), facts})
	} else {
		a.screenOn(a.stdout).findings(out.Findings)
	}
	if err == nil && found {
		return silent(exitFound)
	}
	return err
}

// accountChange is a verb that plans one kind over the accounts that are named.
func (a *app) accountChange(use, short, kind string, title runbook.Text, long string) *cobra.Command {
	var c changeFlags
	var backend string
	verb, _, _ := strings.Cut(use, " ")
	cmd := &cobra.Command{
		Use: use, Short: short, Long: long, Args: cobra.MinimumNArgs(1), Example: "  hikeshi account " + verb + " taro@example.jp --dry-run\n  hikeshi account " + verb + " taro@example.jp --yes --accept-risk disruptive",
		RunE: func(cmd *cobra.Command, args []string) error {
			w, err := a.accountWorld(cmd, c.manager)
			if err != nil {
				return err
			}
			with := map[string]any{"accounts": args}
			if backend != "" {
				with["backend"] = backend
			}
			return a.direct(cmd.Context(), w, directStep{ID: verb, Phase: runbook.Eradicate, Uses: kind, Title: title, With: with}, c)
		},
	}
	if kind == "account.rename" {
		cmd.Flags().StringVar(&backend, "backend", "", "how: auto, idx, command or manual (default: configuration)")
		_ = cmd.RegisterFlagCompletionFunc("backend", cobra.FixedCompletions([]string{"auto", "idx", "command", "manual"}, cobra.ShellCompDirectiveNoFileComp))
	}
	c.add(cmd)
	return cmd
}

func (a *app) accountRestore() *cobra.Command {
	var c changeFlags
	var incident string
	cmd := &cobra.Command{
		Use: "restore [ACCOUNT...]", Short: "give renamed accounts their old name again",
		Long:    "Restore renames back what incidents have renamed: the accounts named, or with\n--incident all of one incident. It opens a door that was shut, so the risk reopening\nhas to be accepted by name.",
		Example: "  hikeshi account restore taro@example.jp --accept-risk reopening\n  hikeshi account restore --incident 20261121-0312 --dry-run",
		RunE: func(cmd *cobra.Command, args []string) error {
			if len(args) == 0 && incident == "" {
				return usagef("`hikeshi status` counts those that are renamed", "name accounts, or --incident INCIDENT for all that it renamed")
			}
			w, err := a.accountWorld(cmd, c.manager)
			if err != nil {
				return err
			}
			if incident != "" {
				if incident, err = a.store(w.state).Find(incident); err != nil {
					return usagef("`hikeshi incidents` lists them", "%w", err)
				}
			}
			return a.direct(cmd.Context(), w, directStep{ID: "restore", Phase: runbook.Learn, Uses: "account.restore", Title: runbook.T("rename accounts back", "アカウントの名前を元に戻す"),
				With: map[string]any{"accounts": args, "incident": incident}}, c)
		},
	}
	cmd.Flags().StringVar(&incident, "incident", "", "what this incident renamed")
	c.add(cmd)
	return cmd
}
