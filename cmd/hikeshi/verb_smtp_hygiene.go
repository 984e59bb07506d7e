package main

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"hikeshi/actions/smtpcheck/hygiene"
	"hikeshi/actions/smtpcheck/hygiene/advice"
	"hikeshi/actions/smtpcheck/relay"
)

// hygieneFlags are the flags of `hikeshi smtp hygiene`.
type hygieneFlags struct {
	hygiene.Request
	asking
	compare string
}

const hygieneLong = `Hygiene looks at what a server gives away and whom it believes: banner, HELP, VRFY
and EXPN (with a known and two unknown users: the leak is an answer that tells
them apart), ETRN, TLS and its certificate, commands injected before STARTTLS,
logins in clear, NTLM, own senders without a login, unknown senders and
recipients, submission without a login, names in DNS (H01 to H22). Each row tells
what was asked, what was answered, and what to change at this server: E-Post,
Postfix, sendmail, qmail or Exim, as it says of itself or by --server.

Only authorised targets are asked, as by relaytest, one connection at a time and
with a second between tests. It stops after RCPT, names at most 40 recipients to
a port, 21 of them for H05, and never tries a password (H19). A server may shut
out whoever names so many: let it except the address you ask from. --deliver
sends three messages to the probe mailbox alone (H21), where the entry of the
target allows it. smtp.login gives H15 a test account; with --pop H18 too. Its
password goes out over TLS, and in clear on loopback alone.

--compare INCIDENT shows what the first such look of the incident has seen, and
what is seen now, row by row; what has changed comes first. The listener (address
and port) has to be one that it looked at. Asked from inside once and from outside
once, rows of what strangers may do are not comparable.

-v shows all that was said in each row. What strangers may do (H13 to H18) is seen
from outside only: from inside it is unknown. Exit codes: 0 nothing bad,
3 something is, 7 nothing bad, but not everything could be determined, 2 not an
authorised target, or wrong usage.`

func (a *app) smtpHygiene() *cobra.Command {
	var f hygieneFlags
	cmd := &cobra.Command{
		Use: "hygiene TARGET...", Short: "what the server gives away, whom it believes, what to change", Long: hygieneLong,
		Example: "  hikeshi smtp hygiene mail.example.jp --account taro@example.jp\n  hikeshi smtp hygiene 192.0.2.25:25 --account taro@example.jp --server postfix -v\n" +
			"  hikeshi smtp hygiene 127.0.0.1:25 --fast --account taro@example.jp --output json\n  hikeshi smtp hygiene mail.example.jp --compare 1121-0312",
		Args: cobra.MinimumNArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			f.Targets = args
			if err := above0(map[string]time.Duration{"limit": f.Limit, "wait": f.wait}); err != nil {
				return err
			}
			w, err := a.hygieneWorld(&f)
			if err != nil {
				return err
			}
			return a.hygiene(cmd.Context(), w, f)
		},
	}
	fl := cmd.Flags()
	parties(cmd, &f.Account, &f.Domain, &f.Probe, &f.From)
	fl.StringVar(&f.compare, "compare", "", "show the first look of this `INCIDENT` beside")
	fl.BoolVar(&f.Fast, "fast", false, "no pauses; own addresses only")
	fl.BoolVar(&f.Deliver, "deliver", false, "send three messages to the probe mailbox (H21), where the entry of the target allows it")
	fl.BoolVar(&f.POP, "pop", false, "let the test account log in over POP3 (H18)")
	fl.DurationVar(&f.Limit, "limit", relay.DefaultLimit, "`TIME` for one listener")
	f.flags(cmd)
	// The error is for a flag that does not exist; this one does.
	_ = cmd.RegisterFlagCompletionFunc("compare", func(cmd *cobra.Command, _ []string, begun string) ([]string, cobra.ShellCompDirective) {
		return a.completeIncidents(cmd, nil, begun)
	})
	return cmd
}

// hygieneWorld is the world of the test. Here --server and the configuration may name a server that this version cannot work on: its settings
// are known all the same.
func (a *app) hygieneWorld(f *hygieneFlags) (*world, error) {
	f.Server = a.flags.server
	w, err := a.machine("")
	if err != nil {
		return nil, err
	}
	switch name := cmp.Or(f.Server, w.cfg.Server); {
	case name == "" || name == "epms":
		return a.serverOrNone()
	case !slices.Contains(advice.Servers(), name):
		return nil, usagef("this verb knows "+strings.Join(advice.Servers(), ", "), "server %q is not known", name)
	}
	return w, nil
}

func (a *app) hygiene(ctx context.Context, w *world, f hygieneFlags) error {
	env := w.smtpEnv(a).Hygiene
	env.Relay.Wait = f.wait
	var err error
	if env.Relay, err = from(env.Relay, f.source); err != nil {
		return err
	}
	if err := newFile(f.transcript); err != nil {
		return err
	}
	against := &hygieneBefore{}
	if f.compare != "" {
		if against, err = a.hygieneBefore(f.compare); err != nil {
			return err
		}
		f.Before, f.Matched = against.facts.Seen, true
	}
	s := a.screenOn(a.stderr)
	f.Progress = func(done, total int64) { s.Progress(a.word("asking the server", "サーバに試験中"), done, total) }
	r, err := env.Hygiene(ctx, f.Request)
	s.printf("") // takes the progress away
	if f.transcript != "" && r.Log != nil && len(r.Log.Entries) > 0 {
		err = errors.Join(err, keepTranscript(f.transcript, r.Transcript()))
	}
	if err != nil {
		return a.smtpRefusal(w, "hygiene", err)
	}
	if err := a.showHygiene(r, against, f.transcript); err != nil {
		return err
	}
	switch r.State() {
	case hygiene.Good:
		return nil
	case hygiene.Unknown:
		return silent(exitUndetermined)
	}
	return silent(exitFound)
}

// hygieneBefore is what an incident has seen first.
type hygieneBefore struct {
	incident string // "" if nothing is compared
	at       time.Time
	facts    hygiene.Facts
}

func (a *app) hygieneBefore(incident string) (*hygieneBefore, error) {
	jr, _, err := a.openIncident(incident)
	if err != nil {
		return nil, err
	}
	id := jr.ID()
	jr.Close()
	s, err := a.storeOnly()
	if err != nil {
		return nil, err
	}
	h, err := history(s, id)
	if h == nil {
		return nil, err
	}
	facts, at := h.First("smtp.hygiene")
	out := &hygieneBefore{incident: id, at: at}
	if facts == nil {
		return nil, usagef("a runbook makes one with a step that uses smtp.hygiene; `hikeshi show "+id+"` lists the steps", "incident %s holds no hygiene test to compare with", id)
	}
	if err := json.Unmarshal(facts, &out.facts); err != nil {
		return nil, fmt.Errorf("reading the hygiene test of incident %s: %w", id, err)
	}
	if len(out.facts.Seen) == 0 {
		return nil, usagef("", "the hygiene test of incident %s has seen nothing to compare with", id)
	}
	return out, nil
}
