package main

import (
	"fmt"

	"github.com/spf13/cobra"

	"hikeshi/runbook"
	"hikeshi/spool"
)

func (a *app) relayVerb() *cobra.Command {
	cmd := &cobra.Command{
		Use: "relay", Short: "the deny file and the settings: who may relay, who is refused",
		Long: `The deny file of E-Post is effect.dat. It is read at every message, so a denial
needs no restart. To mend a line that opens the server is not yet to demand a
login: fix says what a stranger can still do, and whether --catch-all or
` + "`relay settings --profile auth`" + ` closes it. Kinds in runbooks: relay.lint,
relay.door, relay.deny, relay.denied, relay.allow, relay.fix, relay.hard;
settings.show and settings.set.`,
	}
	cmd.AddCommand(a.relayCheck(), a.relayLint(), a.relayList(), a.relaySettings(), a.relayDeny(), a.relayAllow(), a.relayFix())
	return cmd
}

// denyFile returns the deny file of the server, or the named one with the same rules.
func (a *app) denyFile(cmd *cobra.Command, file string) (spool.Denier, []byte, string, error) {
	denier, err := a.denier(cmd, file)
	if err != nil {
		return nil, nil, "", err
	}
	path, data := file, []byte(nil)
	if file != "" {
		data, err = readFile(file)
	} else {
		path = denier.DenyFile()
		data, err = readOwn(path)
	}
	if err != nil {
		return nil, nil, path, failf(exitError, "`hikeshi doctor` says what this user may read; --file FILE looks at another file", "reading the deny file: %w", err)
	}
	return denier, data, path, nil
}

func (a *app) relayLint() *cobra.Command {
	var file string
	cmd := &cobra.Command{
		Use: "lint", Short: "mistakes in the deny file, each with its line", Args: cobra.NoArgs,
		Long:    "Lint finds lines that open the server, that block nothing, that are never reached,\nand bytes that are read otherwise than they look.\n\nExit codes: 0 nothing to mend, 3 something was found.",
		Example: "  hikeshi relay lint\n  hikeshi relay lint --file ./effect.dat",
		RunE: func(cmd *cobra.Command, _ []string) error {
			denier, data, path, err := a.denyFile(cmd, file)
			if err != nil {
				return err
			}
			var own spool.Own
			if w, werr := a.world(cmd.Context(), ""); werr == nil {
				own = w.host.Relay.Own
			}
			l, ok := denier.(spool.Linter)
			if !ok {
				return failf(exitError, "", "this server has no deny file that can be checked")
			}
			return a.showLint(path, l.Lint(data, own))
		},
	}
	cmd.Flags().StringVar(&file, "file", "", "check this `FILE` instead of the server's")
	return cmd
}

type lintDocument struct {
	Version  int       `json:"hikeshi"`
	Kind     string    `json:"kind"`
	File     string    `json:"file"`
	Findings []lintRow `json:"findings"`
}

type lintRow struct {
	Line  int    `json:"line"`
	Level string `json:"level"`
	Code  string `json:"code"`
	Text  string `json:"text"`
	Raw   string `json:"raw"`
}

func (a *app) showLint(path string, found []spool.LintFinding) error {
	doc := lintDocument{Version: 1, Kind: "relay-lint", File: path, Findings: []lintRow{}}
	worst := false
	for _, f := range found {
		doc.Findings = append(doc.Findings, lintRow{f.Line, f.Level, f.Code, runbook.T(f.Text, f.TextJA).In(a.lang()), line(f.Raw)})
		worst = worst || f.Level != "info"
	}
	if a.isJSON() {
		if err := a.json(doc); err != nil {
			return err
		}
	} else {
		s := a.screen()
		for _, r := range doc.Findings {
			fmt.Fprintf(a.stdout, "%s:%d: %s %s\n", path, r.Line, s.level(runbook.Level(r.Level)), r.Code)
			if r.Raw != "" {
				s.hang(4, "    "+r.Raw)
			}
			s.row("", r.Text)
		}
		if len(found) == 0 {
			fmt.Fprintln(a.stdout, path+": "+a.word("nothing wrong", "誤りはない"))
		}
	}
	if worst {
		return silent(exitFound)
	}
	return nil
}

func (a *app) relayDeny() *cobra.Command {
	var c changeFlags
	var review string
	var hard bool
	cmd := &cobra.Command{
		Use: "deny TARGET...", Short: "refuse addresses, networks or senders", Args: cobra.MinimumNArgs(1),
		Long: `Deny puts a line for each target at the place where it takes effect, shows the
difference, proves that nobody else is decided otherwise, and asks. Own addresses
and domains, loopback and the address you are connected from are refused.
A denial is met at MAIL FROM; the peer may still connect and guess passwords. With
--hard the addresses go into the lock-out tables (rejectsmtpip.dat and its kin)
instead: refused when they connect, without a trace in acceptlog.`,
		Example: "  hikeshi relay deny 203.0.113.9\n  hikeshi relay deny 203.0.113.0/24 spam.example.com --review 168h --reason 'flood of 21 Nov'",
		RunE: func(cmd *cobra.Command, args []string) error {
			w, err := a.world(cmd.Context(), c.manager)
			if err != nil {
				return err
			}
			uses := "relay.deny"
			if hard {
				uses = "relay.hard"
			}
			return a.direct(cmd.Context(), w, directStep{ID: "deny", Phase: runbook.Contain, Uses: uses,
				Title: runbook.T("deny the sources", "送信元を拒否する"), With: map[string]any{"targets": args, "review": review}}, c)
		},
	}
	cmd.Flags().BoolVar(&hard, "hard", false, "refuse at the connection, through the lock-out tables (addresses only)")
	cmd.Flags().StringVar(&review, "review", "", "when to look at the denial again, e.g. 168h (default 720h, 30 days; units: s, m, h)")
	c.add(cmd)
	return cmd
}

func (a *app) relayAllow() *cobra.Command {
	var c changeFlags
	var incident string
	cmd := &cobra.Command{
		Use: "allow TARGET...", Short: "take out denials that hikeshi added", Args: cobra.MinimumNArgs(1),
		Long: `Allow takes out exactly the lines of effect.dat, and the rows of the lock-out
tables (deny --hard), that incidents added for the targets. What was written by
hand, and what the services have locked by themselves, stays.`,
		Example: "  hikeshi relay allow 203.0.113.9 --accept-risk reopening",
		RunE: func(cmd *cobra.Command, args []string) error {
			w, err := a.world(cmd.Context(), c.manager)
			if err != nil {
				return err
			}
			return a.direct(cmd.Context(), w, directStep{ID: "allow", Phase: runbook.Recover, Uses: "relay.allow",
				Title: runbook.T("take denials out again", "拒否を解除する"), With: map[string]any{"targets": args, "incident": incident}}, c)
		},
	}
	cmd.Flags().StringVar(&incident, "incident", "", "only what this `INCIDENT` added")
	c.add(cmd)
	return cmd
}

type denialsDocument struct {
	Version int         `json:"hikeshi"`
	Kind    string      `json:"kind"`
	File    string      `json:"file"`
	Denials []denialRow `json:"denials"`
}

type denialRow struct {
	Target   string `json:"target"`
	Incident string `json:"incident"`
	Review   string `json:"review"` // RFC 3339, UTC
	Due      bool   `json:"due"`
}

func (a *app) relayList() *cobra.Command {
	return &cobra.Command{
		Use: "list", Short: "the denials that hikeshi added, and when to look at them again", Args: cobra.NoArgs, Example: "  hikeshi relay list",
		RunE: func(cmd *cobra.Command, _ []string) error {
			w, err := a.world(cmd.Context(), "")
			if err != nil {
				return err
			}
			list, err := w.host.Relay.Recorded()
			if err != nil {
				return err
			}
			doc := denialsDocument{Version: 1, Kind: "denials", Denials: []denialRow{}}
			if d, ok := w.server.(spool.Denier); ok {
				doc.File = d.DenyFile()
			}
			for _, d := range list {
				doc.Denials = append(doc.Denials, denialRow{d.Target, d.Incident, d.Review.UTC().Format("2006-01-02T15:04:05Z"), a.now().After(d.Review)})
			}
			if a.isJSON() {
				return a.json(doc)
			}
			for i, d := range doc.Denials {
				due := ""
				if d.Due {
					due = a.word("  [!] review is due", "  [!] 見直しの期限")
				}
				a.screenOn(a.stdout).hang(4, fmt.Sprintf(a.word("%-28s  incident %-16s  review %s%s", "%-28s  事案 %-16s  見直し %s%s"), line(d.Target), d.Incident, list[i].Review.Local().Format("2006-01-02"), due))
			}
			if len(list) == 0 {
				fmt.Fprintln(a.stdout, a.word("no denials by hikeshi", "hikeshi による拒否はない"))
			}
			return nil
		},
	}
}
