package main

import (
	"context"
	"encoding/json"

	"github.com/spf13/cobra"

	"hikeshi/actions/logs"
	"hikeshi/runbook"
	"hikeshi/runbook/engine/planner"
)

func (a *app) logsVerb() *cobra.Command {
	cmd := &cobra.Command{Use: "logs", Short: "who is abused, from where, since when, by the logs"}
	cmd.AddCommand(
		a.logsLook("suspects", "the abused accounts and the sources of abuse", `Suspects reads the logs of a window of time and weighs accounts and sources: two signs
of different families make a suspect, one a hint. Nothing is locked by itself. Each
sign shows its value, its threshold, where the threshold comes from, and lines of
the logs (file:offset). A figure such as about 1,200 +-59 is an estimate, and hardly ever
wrong by more. A list that is cut says how much is left out. Where the logs are off, living connections, a sample of the
queue, the rate of message IDs and the failure counters stand in, as estimates.`,
			"  hikeshi logs suspects\n  hikeshi logs suspects --since 6h --exempt-account news@example.jp\n  hikeshi logs suspects --since \"2026-11-20 22:00\" --until \"2026-11-21 04:00\" --output json"),
		a.logsLook("logins", "who tries passwords, and whether one was found", `Logins counts failures of SMTP AUTH, POP3 and IMAP4 for each address and account:
bursts, a success after a burst, and slow guessing from many addresses. A figure such as
about 1,200 +-59 is an estimate, and hardly ever wrong by more. A name that is
no account of this server is shown masked: a password may have been typed in its place.`+mailboxLogs,
			"  hikeshi logs logins\n  hikeshi logs logins --account taro@example.jp --since 168h"),
		a.logsLook("timeline", "when the abuse began, was worst and ended", `Timeline counts messages, recipients and failed logins over the window, of the
accounts and sources named, else of the suspect accounts and sources, else of all. Mail
from addresses that are usual for its account, most likely its owner's, stands in a
column apart, before recipients, failed logins and mail that came back or was delayed.
The rows begin at round times of the server's clock; above them stands how long each is.
Where suspect sources sent mail of others than the suspect accounts, as through an open
relay, the logs are read twice.`,
			"  hikeshi logs timeline\n  hikeshi logs timeline --account taro@example.jp --since 48h --output json\n  hikeshi logs timeline --since 2026-11-21T03:00:00+09:00"),
		a.logsLook("access", "whether the mailboxes were read", `Access counts logins and messages read out by POP3 and IMAP4, of the accounts named,
by address, and tells the addresses that are usual for the account from others. Where
the logs of POP3 and IMAP4 are off or not understood, that is said: unknown is not no.
A login without a domain counts for the account whose it must be. Without --since it is
the last 7 days, but of logs younger than 13 days no more than leave 6 days before to
tell usual addresses by, and at least one day; each sentence names its time.`+mailboxLogs,
			"  hikeshi logs access --account taro@example.jp\n  hikeshi logs access --account taro@example.jp --source 203.0.113.9"),
		a.logsLook("sizes", "each log against its own history", `Sizes compares the newest day of each log with the median of the days before, and
says which are switched off. Compressed days are unpacked to count their text, up to
2 GiB for each log; days that are left out are told. --until says which day is compared
and --since with which days before it; --top shows the logs that grew most.`,
			"  hikeshi logs sizes\n  hikeshi logs sizes --until 2026-11-21 --top 3 --output json"),
		a.logsRefusals(),
	)
	return cmd
}

// logsFlags are the flags of the verbs of logs.
type logsFlags struct {
	since, until                             string
	accounts, sources, exemptNames, exemptIP []string
	top                                      int
}

func (f logsFlags) params() (json.RawMessage, error) {
	with := map[string]any{}
	for name, list := range map[string][]string{"accounts": f.accounts, "sources": f.sources, "exempt_accounts": f.exemptNames, "exempt_sources": f.exemptIP} {
		if len(list) > 0 {
			with[name] = list
		}
	}
	for name, text := range map[string]string{"since": f.since, "until": f.until} {
		if text != "" {
			with[name] = text
		}
	}
	if f.top > 0 {
		with["top"] = f.top
	}
	return json.Marshal(with)
}

// mailboxLogs says what the reading of two logs rests on.
const mailboxLogs = `

The vendor does not document the lines of pop3log and receivepop3: how they are read
here is a best guess, and lines that do not fit are counted as not understood.`

const logsTimes = `

Times are those of the server: 2026-11-21, "2026-11-21 03:00", 03:00, or a duration
before the end such as 6h. One with a zone of its own is put into the server's time:
2026-11-21T03:00:00+09:00, 2026-11-20T18:00:00Z.`

const logsCodes = `

Exit codes: 0 no suspect (hints do not count), 3 something stands out, 7 a log is off
or cannot be read, and nothing stands out in the others.`

// logsLook is the verb of the kind logs.NAME.
func (a *app) logsLook(name, short, long, example string) *cobra.Command {
	var f logsFlags
	times := logsTimes
	if name != "access" {
		times += " Without --since it is the last day of the logs."
	}
	cmd := &cobra.Command{
		Use: name, Short: short, Args: cobra.NoArgs, Long: long + times + logsCodes, Example: example,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if f.top < 0 || cmd.Flags().Changed("top") && f.top == 0 {
				return usagef("how many of each are shown; without it 20", "--top %d: a number above 0", f.top)
			}
			w, err := a.world(cmd.Context(), "")
			if err != nil {
				return err
			}
			return a.readLogs(cmd.Context(), w, "logs."+name, f)
		},
	}
	fl := cmd.Flags()
	fl.StringVar(&f.since, "since", "", "from `TIME` on")
	fl.StringVar(&f.until, "until", "", "until `TIME`")
	most := "show at most `N` of each"
	if name == "suspects" {
		most += ", the worst first (20 if not given)"
	}
	fl.IntVar(&f.top, "top", 0, most)
	if name == "sizes" {
		return cmd // a file is nobody's
	}
	fl.StringSliceVar(&f.accounts, "account", nil, "only this `ACCOUNT` (repeatable)")
	fl.StringSliceVar(&f.sources, "source", nil, "only this `ADDRESS` or network (repeatable)")
	if name != "logins" {
		fl.StringSliceVar(&f.exemptNames, "exempt-account", nil, "never call this `ACCOUNT` a suspect (repeatable)")
		fl.StringSliceVar(&f.exemptIP, "exempt-source", nil, "never call this `ADDRESS` or network a suspect (repeatable)")
	}
	return cmd
}

// readLogs reads and shows; the exit code goes by what was found.
func (a *app) readLogs(ctx context.Context, w *world, kind string, f logsFlags) error {
	with, err := f.params()
	if err != nil {
		return err
	}
	s := a.screenOn(a.stderr)
	out, err := w.kinds[kind].Action.Plan(ctx, runbook.Input{Step: kind, With: with, Rec: planner.Recorder{Step: a.word("reading the logs", "ログを読んでいる"), Told: s.Progress}})
	s.printf("") // takes the progress away
	if err != nil {
		return refusal(err)
	}
	if a.isJSON() {
		err = a.json(logsDocument(out, a.lang()))
	} else {
		a.printLogs(out)
	}
	if err != nil {
		return err
	}
	return logsOutcome(out)
}

// logsHead is what every document of the logs begins with.
type logsHead struct {
	Version int    `json:"hikeshi"`
	Kind    string `json:"kind"`
}

// logsDocument is the document of what was read.
func logsDocument(out runbook.Outcome, lang string) any {
	rows := findingRows(out.Findings, lang)
	switch f := out.Facts.(type) {
	case logs.SuspectsFacts:
		return struct {
			logsHead
			logs.SuspectsFacts
			Findings []findingRow `json:"findings"`
		}{logsHead{1, "suspects"}, f, rows}
	case logs.LoginsFacts:
		return struct {
			logsHead
			logs.LoginsFacts
			Findings []findingRow `json:"findings"`
		}{logsHead{1, "logins"}, f, rows}
	case logs.TimelineFacts:
		return struct {
			logsHead
			logs.TimelineFacts
			Findings []findingRow `json:"findings"`
		}{logsHead{1, "timeline"}, f, rows}
	case logs.AccessFacts:
		return struct {
			logsHead
			logs.AccessFacts
			Findings []findingRow `json:"findings"`
		}{logsHead{1, "access"}, f, rows}
	case logs.SizesFacts:
		return struct {
			logsHead
			logs.SizesFacts
			Findings []findingRow `json:"findings"`
		}{logsHead{1, "log-sizes"}, f, rows}
	case logs.RefusalsFacts:
		return struct {
			logsHead
			logs.RefusalsFacts
			Findings []findingRow `json:"findings"`
		}{logsHead{1, "refusals"}, f, rows}
	}
	return logsHead{1, "logs"}
}

func (a *app) printLogs(out runbook.Outcome) {
	s := a.screenOn(a.stdout)
	s.findings(out.Findings)
}

// logsOutcome is the exit code: something stands out, or a log that would tell more is off or cannot be read.
func logsOutcome(out runbook.Outcome) error {
	found, partly := false, false
	switch f := out.Facts.(type) {
	case logs.SuspectsFacts:
		found, partly = len(f.AccountNames)+len(f.SourceNames) > 0, f.Read.Problem || len(f.Read.Missing) > 0
	case logs.LoginsFacts:
		found, partly = len(f.Found)+len(f.SMTP)+len(f.POP3)+len(f.IMAP4)+len(f.Spread)+f.Spray.Sources > 0, f.Read.Problem || len(f.Read.Missing) > 0
	case logs.TimelineFacts:
		found, partly = f.Of == "suspects", f.Read.Problem || len(f.Read.Missing) > 0
	case logs.AccessFacts:
		found, partly = f.Strange != nil && *f.Strange > 0, f.Read.Problem || len(f.Unknown) > 0
	case logs.SizesFacts:
		found, partly = len(f.Swollen) > 0, len(f.Unread)+len(f.Missing) > 0
	case logs.RefusalsFacts:
		found, partly = f.Blocking > 0, f.Read.Problem || len(f.Unknown) > 0
	}
	switch {
	case found:
		return silent(exitFound)
	case partly:
		return silent(exitUndetermined)
	}
	return nil
}
