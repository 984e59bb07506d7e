package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"os"
	"time"

	"github.com/spf13/cobra"

	"hikeshi/actions/smtpcheck/probe/imap"
	"hikeshi/actions/smtpcheck/relay"
	"hikeshi/actions/smtpcheck/relay/judge"
	"hikeshi/actions/smtpcheck/relaytest"
	"hikeshi/actions/smtpcheck/talk"
	"hikeshi/actions/smtpcheck/target"
	"hikeshi/runbook"
	"hikeshi/runbook/strictyaml"
)

func (a *app) smtpVerb() *cobra.Command {
	cmd := &cobra.Command{
		Use: "smtp", Short: "test a mail server over SMTP: does it relay, is a denial real, what leaks",
		Long: "Only servers that stand in the file of authorised targets (smtp.targets) are\ntested, and your own addresses. Kinds in runbooks: smtp.relaytest, smtp.denied,\nsmtp.hygiene.",
	}
	cmd.AddCommand(a.smtpRelayTest(), a.smtpDenied(), a.smtpHygiene())
	return cmd
}

// relayFlags are the flags of `hikeshi smtp relaytest`.
type relayFlags struct {
	relaytest.Request
	asking
	receiver, maildir, imap, imapFile string
}

// asking are the flags of everything that asks a server from here.
type asking struct {
	source, transcript string
	wait               time.Duration
}

func (q *asking) flags(cmd *cobra.Command) {
	fl := cmd.Flags()
	fl.DurationVar(&q.wait, "wait", talk.DefaultWait, "`TIME` for one reply")
	fl.StringVar(&q.source, "source", "", "ask from this `ADDRESS` of the machine")
	fl.StringVar(&q.transcript, "transcript", "", "write everything that was said to a new `FILE`")
}

// parties are the flags of who is named to a server: what a request leaves out is as the configuration says.
func parties(cmd *cobra.Command, account, domain, probe, from *string) {
	fl := cmd.Flags()
	fl.StringVar(account, "account", "", "an `ACCOUNT` of the server, user@domain (smtp.account)")
	fl.StringVar(domain, "domain", "", "a `DOMAIN` of the server (that of the account)")
	fl.StringVar(probe, "probe", "", "the probe mailbox, an `ADDRESS` at a foreign domain of yours (smtp.probe)")
	fl.StringVar(from, "from", "", "a second foreign sender, an `ADDRESS` of yours (smtp.sender)")
}

// above0 refuses times that are none, by the names of their flags.
func above0(times map[string]time.Duration) error {
	for name, d := range times {
		if d <= 0 {
			return usagef("", "--%s %s: a time above 0 is wanted", name, d)
		}
	}
	return nil
}

const relayTestLong = `Relaytest asks a server, by 36 tests and two controls, whether it passes on the
mail of strangers, at every address and at port 25, 465 (TLS) and 587 (STARTTLS),
or at the port that is named. It stops after RCPT: no message is sent. What is
taken is asked again in a fresh connection, and up to six times more where the
answers differ: behind one address there may be several hosts. The tests
that need something say so; --account gives the one that test pages on the web
cannot make, an existing account as sender.

Only authorised targets are asked: your own addresses, and those of smtp.targets
(` + "`hikeshi help config`" + `). Nothing is sent to any other. There is one connection at
a time, and a second between tests.

--deliver sends one message for each test that was taken, to the probe mailbox
alone, if the entry of the target says deliver: true and names that mailbox. The
server is an open relay when the message arrives there: at --receiver, in a
--maildir, or in a mailbox anywhere that is read over IMAP (--imap), where nothing
is changed, not even what is unread.

The file of --patterns adds tests and switches others off:

  format: 1
  off: [R12]
  patterns:
    - {id: X01, weight: S, from: "news@{T}", to: ["{P}"], needs: [domain],
       why: {en: "the newsletter account"}}

{P} is the probe mailbox, {u} and {d} its parts, {T} a domain of the server, {U} an
account, {H} its name, {IP} its address, {F} a second sender, {B} --backup-domain.

Where the test stands counts: on the server itself, in its own network or behind
the same NAT it is asked from inside, where servers trust their own. A refusal
there says nothing about strangers, and the exit code is 7: ask from outside, or
let somebody outside ask. Mail that is taken is a finding from everywhere.

-v shows every test. Exit codes:
  0    asked from outside, everything that was asked was refused, and the
       controls show that refusals count
  2    not an authorised target, or wrong usage; nothing was sent
  3    mail of strangers was or would be taken, or odd addresses were
  7    undetermined: nothing was taken, but it was asked from inside, a target
       could not be reached, or the refusals prove too little
  130  interrupted: what was found and sent until then is shown`

func (a *app) smtpRelayTest() *cobra.Command {
	var f relayFlags
	cmd := &cobra.Command{
		Use: "relaytest TARGET...", Short: "does the server pass on mail of strangers", Long: relayTestLong,
		Example: "  hikeshi smtp relaytest mail.example.jp --account taro@example.jp\n  hikeshi smtp relaytest 192.0.2.25:25 --account taro@example.jp -v\n" +
			"  hikeshi smtp relaytest '[2001:db8::25]:587' --output json\n  hikeshi smtp relaytest 127.0.0.1:25 --fast --account taro@example.jp\n" +
			"  hikeshi smtp relaytest 192.0.2.25 --deliver --window 10m --transcript relay.txt",
		Args: cobra.MinimumNArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			f.Targets = args
			if err := f.check(); err != nil {
				return err
			}
			w, err := a.serverOrNone()
			if err != nil {
				return err
			}
			return a.relayTest(cmd.Context(), w, f)
		},
	}
	fl := cmd.Flags()
	parties(cmd, &f.Account, &f.Domain, &f.Probe, &f.From)
	fl.StringVar(&f.Backup, "backup-domain", "", "a `DOMAIN` that it is secondary MX for")
	fl.StringVar(&f.Patterns, "patterns", "", "a `FILE` of own tests (smtp.patterns)")
	fl.BoolVar(&f.Fast, "fast", false, "no pauses; own addresses only")
	fl.BoolVar(&f.Deliver, "deliver", false, "send real messages, where the entry of the target allows it")
	fl.StringVar(&f.receiver, "receiver", "", "`ADDR:PORT` where mail to the probe mailbox arrives (smtp.receiver)")
	fl.StringVar(&f.maildir, "maildir", "", "the `DIR` that it is delivered to (smtp.maildir)")
	fl.StringVar(&f.imap, "imap", "", "read it over IMAP: `imaps://USER@HOST/INBOX` (smtp.imap)")
	fl.StringVar(&f.imapFile, "imap-password-file", "", "a `FILE` with its password, which nobody else can read")
	fl.BoolVar(&f.FailingLogin, "failing-login", false, "let one login fail, with a made-up name (R34)")
	fl.BoolVar(&f.POP, "pop", false, "let the test account log in over POP3 (R36)")
	fl.BoolVar(&f.Retry, "retry-deferred", false, "ask again what was put off (4xx), after 5 minutes and after 10 more")
	fl.DurationVar(&f.Window, "window", relaytest.DefaultWindow, "`TIME` to wait for messages")
	fl.DurationVar(&f.Limit, "limit", relay.DefaultLimit, "`TIME` for one listener")
	f.flags(cmd)
	return cmd
}

func (f relayFlags) check() error {
	if err := above0(map[string]time.Duration{"window": f.Window, "limit": f.Limit, "wait": f.wait}); err != nil {
		return err
	}
	if f.receiver != "" && f.maildir+f.imap != "" || f.maildir != "" && f.imap != "" {
		return usagef("leave out all but one", "--receiver, --maildir and --imap: mail to the probe mailbox arrives in one place")
	}
	if (f.imap == "") != (f.imapFile == "") {
		return usagef("its password stands in the first line of a file that nobody else can read", "--imap and --imap-password-file belong together")
	}
	if f.imap != "" {
		if _, err := imap.Parse(f.imap); err != nil {
			return usagef("imaps://USER@HOST/INBOX, and the password in --imap-password-file", "--imap: %w", err)
		}
	}
	return nil
}

// env is what the test works with: the configuration, and what the flags say instead.
func (f relayFlags) env(base relaytest.Env) (relaytest.Env, error) {
	base.Wait = f.wait
	if f.receiver+f.maildir+f.imap != "" {
		base.Receiver, base.Maildir, base.IMAP = f.receiver, f.maildir, smtpConfig{IMAP: f.imap, IMAPFile: f.imapFile}.mailbox()
	}
	return from(base, f.source)
}

// from is a test from another address of the machine, "" for any.
func from(base relaytest.Env, source string) (relaytest.Env, error) {
	if source == "" {
		return base, nil
	}
	addr, err := netip.ParseAddr(source)
	if err != nil {
		return base, usagef("", "--source %q is no address", source)
	}
	d := net.Dialer{LocalAddr: net.TCPAddrFromAddrPort(netip.AddrPortFrom(addr, 0))}
	base.Dial = d.DialContext
	return base, nil
}

func (a *app) relayTest(ctx context.Context, w *world, f relayFlags) error {
	env, err := f.env(w.smtpEnv(a).Relay)
	if err != nil {
		return err
	}
	if err := newFile(f.transcript); err != nil {
		return err
	}
	return a.askRelay(ctx, w, f, env)
}

// askRelay makes the test and shows it.
func (a *app) askRelay(ctx context.Context, w *world, f relayFlags, env relaytest.Env) error {
	s := a.screenOn(a.stderr)
	f.Progress = func(done, total int64) { s.Progress(a.word("asking the server", "サーバに試験中"), done, total) }
	r, err := env.RelayTest(ctx, f.Request)
	s.printf("") // takes the progress away
	return a.relayEnd(w, r, f, err)
}

// relayEnd keeps the transcript, shows what was found, as far as the test has come, and ends with the code for it.
func (a *app) relayEnd(w *world, r relaytest.Report, f relayFlags, err error) error {
	var lost error
	if f.transcript != "" && r.Log != nil && len(r.Log.Entries) > 0 {
		if lost = keepTranscript(f.transcript, r.Transcript()); lost != nil {
			f.transcript = ""
		}
	}
	if err != nil && !r.Cut {
		return a.smtpRefusal(w, "relaytest", errors.Join(err, lost))
	}
	if err := a.showRelayTest(r, f.transcript, lost); err != nil {
		return err
	}
	if r.Cut && lost != nil {
		return failf(exitInterrupted, "", "interrupted; %w", lost)
	}
	return cmp.Or(lost, silent(relayCode(r.State())))
}

// relayCode is the exit code for a state.
func relayCode(s judge.State) int {
	switch s {
	case judge.Safe:
		return exitOK
	case judge.Undetermined:
		return exitUndetermined
	case judge.Interrupted:
		return exitInterrupted
	}
	return exitFound
}

// newFile refuses a file for the transcript that is there already.
func newFile(name string) error {
	if name == "" {
		return nil
	}
	if _, err := os.Lstat(name); err == nil {
		return usagef("name another file", "--transcript %s: the file is there already", name)
	}
	return nil
}

// keepTranscript writes a new file that only its owner can read.
func keepTranscript(name, text string) error {
	f, err := os.OpenFile(name, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return fmt.Errorf("writing the transcript: %w", err)
	}
	_, err = f.WriteString(text)
	if err = errors.Join(err, f.Sync(), f.Close()); err != nil {
		return fmt.Errorf("writing the transcript: %w", err)
	}
	return nil
}

// smtpRefusal tells what was asked or configured wrongly from what went wrong.
func (a *app) smtpRefusal(w *world, verb string, err error) error {
	var u *target.Unauthorised
	switch {
	case errors.As(err, &u):
		return usagef(fmt.Sprintf(a.word("nothing was sent. With the leave of its owner, add to %s: %s", "何も送信していない。所有者の許可を得て %s に追加する: %s"), w.cfg.SMTP.Targets, u.Entry()), "%w", err)
	case errors.Is(err, context.Canceled):
		return err
	case errors.Is(err, runbook.ErrInput) || errors.As(err, new(*strictyaml.Mistakes)):
		return usagef(fmt.Sprintf(a.word("nothing was sent; `hikeshi smtp %s --help` shows examples", "何も送信していない。例は `hikeshi smtp %s --help` で見る"), verb), "%w", err)
	case errors.Is(err, runbook.ErrUndetermined):
		return failf(exitUndetermined, a.word("an address can be given instead of a name", "名前の代わりにアドレスでも指定できる"), "%w", err)
	}
	return err
}
