package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"slices"
	"time"

	"github.com/spf13/cobra"

	"hikeshi/actions/smtpcheck/denied"
	"hikeshi/actions/smtpcheck/talk"
	"hikeshi/runbook"
)

// deniedFlags are the flags of `hikeshi smtp denied`.
type deniedFlags struct {
	denied.Request
	transcript string
	wait       time.Duration
}

const smtpDeniedLong = `Denied verifies over SMTP that a source which was denied is really refused, without
a login and, with a test account (smtp.login), after one: some servers look at the
login first, so that a stolen password walks around the denial. Its password goes out
over TLS, and in clear to this machine itself alone; else the login is not tested.

ADDR is an address, a network, or the domain of senders. It is asked from that
address if this machine holds it, and from another one to compare: a refusal that
everybody gets proves nothing. Where the machine does not hold the address, there
are commands for somebody who does, each in one line, which stop before DATA. What
the server's own file decides is shown beside it, and is no proof.

Results: denied, denied-not-after-login, not-denied, refused-otherwise (everything
is refused, but not for the denial), cannot-tell. No message is sent. -v shows the
commands for all tools.

Exit codes: 0 denied, and a login does not help; 3 not denied, or not after a
login; 7 it cannot be told, or the login was not tested; 2 not an authorised target,
or wrong usage.`

func (a *app) smtpDenied() *cobra.Command {
	var f deniedFlags
	cmd := &cobra.Command{
		Use: "denied ADDR...", Short: "is a denied source really refused, also after a login", Long: smtpDeniedLong,
		Example: "  hikeshi smtp denied 203.0.113.9\n  hikeshi smtp denied 203.0.113.0/24 spam.example.com --target 192.0.2.25\n" +
			"  hikeshi smtp denied 203.0.113.9 --target mail.example.jp:587 --account taro@example.jp -v",
		Args: cobra.MinimumNArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			f.Denied = args
			if f.wait <= 0 {
				return usagef("", "--wait %s: a time above 0 is wanted", f.wait)
			}
			w, err := a.serverOrNone()
			if err != nil {
				return err
			}
			return a.verifyDenied(cmd.Context(), w, f)
		},
	}
	fl := cmd.Flags()
	fl.StringSliceVar(&f.Targets, "target", nil, "`HOST`, address, or either with :PORT (this server)")
	fl.StringVar(&f.Account, "account", "", "an `ACCOUNT` of the server, user@domain (smtp.account, else its postmaster)")
	fl.StringVar(&f.Probe, "probe", "", "a foreign recipient, an `ADDRESS` of yours (smtp.probe)")
	fl.StringVar(&f.From, "from", "", "a foreign sender, an `ADDRESS` of yours (smtp.sender)")
	fl.DurationVar(&f.wait, "wait", talk.DefaultWait, "`TIME` for one reply")
	fl.StringVar(&f.transcript, "transcript", "", "write everything that was said to a new `FILE`")
	return cmd
}

func (a *app) verifyDenied(ctx context.Context, w *world, f deniedFlags) error {
	if _, err := os.Lstat(f.transcript); f.transcript != "" && err == nil {
		return usagef("name another file", "--transcript %s: the file is there already", f.transcript)
	}
	env := w.smtpEnv(a).Denied
	env.Wait = f.wait
	r, err := env.Verify(ctx, f.Request)
	if f.transcript != "" && r.Log != nil && len(r.Log.Entries) > 0 {
		err = errors.Join(err, keepTranscript(f.transcript, r.Transcript()))
	}
	if err != nil {
		return a.smtpRefusal(w, "denied", err)
	}
	if err := a.showDenied(r, f.transcript); err != nil {
		return err
	}
	switch state := r.State(); {
	case state == denied.NotDenied || state == denied.AfterLogin:
		return silent(exitFound)
	case !r.Proven():
		return silent(exitUndetermined)
	}
	return nil
}

type deniedDocument struct {
	Version    int          `json:"hikeshi"`
	Kind       string       `json:"kind"`
	State      string       `json:"state"` // denied, denied-not-after-login, not-denied, refused-otherwise, cannot-tell, nothing-asked
	Proven     bool         `json:"proven"`
	Open       []string     `json:"open"`
	Untold     []string     `json:"untold"`
	Results    []deniedRow  `json:"results"`
	Asks       []askRow     `json:"asks"`
	Account    string       `json:"account"`
	Transcript string       `json:"transcript"` // "" if none was asked for
	Findings   []findingRow `json:"findings"`
}

// deniedRow is a result with its words in the language of the reader.
type deniedRow struct {
	denied.Result
	Why     string `json:"why"`
	NoLogin string `json:"no_login"`
}

type askRow struct {
	denied.Ask
	Expect string `json:"expect"`
}

func (a *app) showDenied(r denied.Report, transcript string) error {
	found := r.Findings()
	for i := range found {
		if found[i].Evidence == r.Facts().Transcript {
			found[i].Evidence = transcript
		}
	}
	if a.isJSON() {
		return a.json(a.deniedDocument(r, transcript, found))
	}
	s := a.screen()
	if s.quiet {
		found = slices.DeleteFunc(found, func(f runbook.Finding) bool { return f.Level == runbook.OK || f.Level == runbook.Info })
	}
	s.findings(found)
	if !s.verbose {
		return nil
	}
	for _, ask := range r.Asks() {
		fmt.Fprintf(a.stdout, a.word("\nfrom %s, one of:\n", "\n%s から、いずれか1つ:\n"), ask.Denied)
		for _, l := range ask.Lines {
			fmt.Fprintf(a.stdout, "  %s\n", l.Text) // never broken: it is to be copied
		}
	}
	return nil
}

func (a *app) deniedDocument(r denied.Report, transcript string, found []runbook.Finding) deniedDocument {
	f, lang := r.Facts(), a.lang()
	doc := deniedDocument{Version: 1, Kind: "denied", State: f.State, Proven: f.Proven, Open: f.Open, Untold: f.Untold, Results: []deniedRow{}, Asks: []askRow{},
		Account: f.Account, Transcript: transcript, Findings: findingRows(found, lang)}
	for _, x := range f.Results {
		doc.Results = append(doc.Results, deniedRow{x, x.Why.In(lang), x.NoLogin.In(lang)})
	}
	for _, x := range f.Asks {
		doc.Asks = append(doc.Asks, askRow{x, x.Expect.In(lang)})
	}
	return doc
}
