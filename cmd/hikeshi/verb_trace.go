package main

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"hikeshi/actions/trace"
	"hikeshi/actions/trace/facts"
	"hikeshi/actions/trace/message"
	"hikeshi/runbook"
)

// traceFlags are the flags of trace.
type traceFlags struct {
	own     []string
	message int
	outer   bool
}

func (a *app) traceVerb() *cobra.Command {
	var f traceFlags
	cmd := &cobra.Command{
		Use: "trace FILE...", Short: "which host really relayed a message, and was it this server", Args: cobra.MinimumNArgs(1),
		Long: `Trace reads the Received lines of a message from the top, through your own hosts,
to the border: the line whose client handed the message over. What stands below
is hearsay, which that client may have made up; it is marked so. So is what stands
below a hand-over on a host of yours: a filter wrote it, or a script made it up.
Signs of forgery are named with their lines and weights (1 seen in honest mail too,
3 hardly ever); they decide nothing. A line of your own server is the key to its
log: the log, not the line, names the account and the address.

FILE is the spam (.eml), an mbox, a complaint with the spam attached or quoted, a
bounce, or an ARF report; - is standard input. Every message in it that has
Received lines is looked at, and the mail around it too: the worst answer counts.
--outer takes the mail itself alone. No mail server is needed: --own and own in
the configuration say what is yours; name all your addresses, else nobody can say
that a relay is not yours.

Exit codes: 0 not relayed through this server, and nothing in the file speaks
against it; 3 through it (relayed, forwarded, or bounced); 7 cannot be told, or
not all could be read; 2 a file cannot be read.`,
		Example: "  hikeshi trace complaint.eml\n  hikeshi trace --own 192.0.2.25 --own example.jp spam.eml\n  hikeshi trace --message 3 --output json reports.mbox\n  hikeshi trace - < complaint.eml",
		RunE: func(cmd *cobra.Command, args []string) error {
			if f.message < 1 && cmd.Flags().Changed("message") {
				return usagef("", "--message %d: a number from 1", f.message)
			}
			return a.trace(cmd.Context(), f, args)
		},
	}
	fl := cmd.Flags()
	fl.StringArrayVar(&f.own, "own", nil, "`ADDR|DOMAIN|HOST` that is yours; repeatable")
	fl.IntVar(&f.message, "message", 0, "only mail `N` of an mbox, from 1")
	fl.BoolVar(&f.outer, "outer", false, "the mail itself, not what is attached to it or quoted in it")
	return cmd
}

func (a *app) trace(ctx context.Context, f traceFlags, files []string) error {
	w, err := a.serverOrNone()
	if err != nil {
		return err
	}
	own, err := withOwn(w.ownKnown(), f.own)
	if err != nil {
		return err
	}
	env, all := w.traceEnv(a, own), trace.Facts{Messages: []trace.Traced{}}
	for _, name := range files {
		one, err := a.traceFile(ctx, env, trace.Request{Name: name, Message: f.message, Outer: f.outer})
		if errors.Is(err, message.ErrOutlook) {
			return usagef(a.word("copy its Internet headers (in Outlook: File, Properties) into a text file, or save it as .eml (new Outlook, Outlook on the web)", "インターネット ヘッダー (Outlook の [ファイル] > [プロパティ]) をテキストファイルに貼り付けるか、新しい Outlook か Web 版で .eml として保存する"), "%w", err)
		}
		if errors.Is(err, runbook.ErrInput) {
			return usagef(a.word("a file of mail is wanted: .eml, mbox, ARF, or - for standard input", "メールのファイル (.eml, mbox, ARF) か、標準入力の - を指定する"), "%w", err)
		}
		if err != nil {
			return err
		}
		all.Messages = append(all.Messages, one.Messages...)
		all.Left, all.Cut = all.Left+one.Left, all.Cut || one.Cut
	}
	all.Sum()
	if err := a.showTrace(all); err != nil {
		return err
	}
	return silent(codeOfTrace(all.State))
}

// codeOfTrace is the exit code of an answer.
func codeOfTrace(s trace.State) int {
	switch s {
	case facts.Not:
		return exitOK
	case facts.Unknown:
		return exitUndetermined
	}
	return exitFound
}

func (a *app) traceFile(ctx context.Context, env trace.Env, q trace.Request) (trace.Facts, error) {
	if q.Name == "-" {
		return env.Look(ctx, a.stdin, q)
	}
	r, err := trace.Open(q.Name)
	if err != nil {
		return trace.Facts{}, err
	}
	defer r.Close()
	return env.Look(ctx, r, q)
}

type traceDocument struct {
	Version  int         `json:"hikeshi"`
	Kind     string      `json:"kind"`
	State    trace.State `json:"state"` // login, no-login, through, bounced, forwarded, unknown, not-through: the worst
	Logins   []string    `json:"logins"`
	Clients  []string    `json:"clients"`
	Relays   []string    `json:"relays"`
	Messages []traceRow  `json:"messages"`
	Left     int         `json:"left"` // mails that were not looked at
	Cut      bool        `json:"cut"`  // a file was too long to be read whole
}

// traceRow is a message with its words in the language of the reader.
type traceRow struct {
	trace.Traced
	Answer string    `json:"answer"`
	Why    string    `json:"why"`
	Signs  []signRow `json:"signs"`
}

type signRow struct {
	trace.Sign
	Text string `json:"text"`
}

func (a *app) showTrace(f trace.Facts) error {
	if !a.isJSON() {
		a.printTrace(f)
		return nil
	}
	doc := traceDocument{Version: 1, Kind: "trace", State: f.State, Logins: f.Logins, Clients: f.Clients, Relays: f.Relays, Messages: []traceRow{}, Left: f.Left, Cut: f.Cut}
	for _, t := range f.Messages {
		row := traceRow{Traced: t, Answer: t.Answer.In(a.lang()), Why: t.Why.In(a.lang()), Signs: []signRow{}}
		for _, s := range t.Signs {
			row.Signs = append(row.Signs, signRow{s, s.Text.In(a.lang())})
		}
		doc.Messages = append(doc.Messages, row)
	}
	return a.json(doc)
}

// printTrace shows each message: the answer, what it rests on, the lines. With -q the answers alone.
func (a *app) printTrace(f trace.Facts) {
	s := a.screen()
	for i, t := range f.Messages {
		one := facts.Findings(trace.Facts{Messages: []trace.Traced{t}})
		if len(f.Messages) > 1 {
			if i > 0 && !s.quiet {
				s.printf("\n")
			}
			s.hang(9, t.File+" "+t.Label().In(a.lang()))
		}
		if s.quiet {
			one = one[:1]
		}
		s.findings(one)
		if !s.quiet {
			a.printHops(s, t)
		}
	}
	s.findings(facts.Findings(trace.Facts{Left: f.Left, Cut: f.Cut}))
}

// mostHops are the lines that are shown without -v.
const mostHops = 20

func (a *app) printHops(s *screen, t trace.Traced) {
	for i, h := range t.Hops {
		if i == mostHops && !s.verbose {
			s.row("", fmt.Sprintf(a.word("%d more lines, with -v", "ほかに %d 行 (-v で表示)"), len(t.Hops)-i))
			return
		}
		s.hang(14, pad(fmt.Sprintf("%3d", h.Number), 4)+pad(a.saidBy(h.Said), 10)+strings.Join(a.hopWords(h), "  "))
	}
}

// saidBy is the word for who wrote a line.
func (a *app) saidBy(by string) string {
	return map[string]string{"own": a.word("own", "自ホスト"), "receiver": a.word("receiver", "受信側"), "border": a.word("border", "境界"), "hearsay": a.word("hearsay", "不確か")}[by]
}

// hopWords are the parts of a line that it has.
func (a *app) hopWords(h trace.Hop) []string {
	if h.Text != "" {
		return []string{a.word("unreadable:", "解釈不能:"), h.Text}
	}
	var all []string
	add := func(label, text string) {
		if text != "" {
			all = append(all, strings.TrimSpace(label+" "+text))
		}
	}
	from := h.IP
	switch {
	case from == "" && h.Local && h.Ident == "" && h.Software == "postfix": // made here, or the line hides it
		from = a.word("(not shown)", "(記載なし)")
	case from == "" && h.Local:
		from = a.localUser(h.Ident)
	case from == "":
		from = h.HELO
	case h.Name != "" && h.Name != h.IP:
		from += " (" + h.Name + ")"
	}
	add(a.word("from", "接続元"), from)
	add(a.word("by", "受信"), h.By)
	add("id", h.ID)
	if h.Auth {
		add(a.word("login", "ログイン"), h.User+map[bool]string{true: a.word("yes", "あり")}[h.User == ""])
	}
	if h.Time != nil {
		add("", h.Time.Format("2006-01-02 15:04:05Z")+map[bool]string{false: "?"}[h.Zone])
	}
	if h.Delay != nil {
		d, sign := time.Duration(*h.Delay)*time.Second, "+"
		if d < 0 {
			d, sign = -d, "-"
		}
		add("", sign+a.delay(d))
	}
	if len(h.Signs) > 0 {
		add("", "["+strings.Join(h.Signs, ", ")+"]")
	}
	return all
}

// localUser names who handed a mail in on the host that wrote the line.
func (a *app) localUser(who string) string {
	host := a.word("this host", "同一ホスト")
	switch {
	case who == "":
		return host
	case strings.Trim(who, "0123456789") == "":
		return host + ", uid " + who
	}
	return host + ", " + who
}

// delay is how long a hop took; of days the clock says nothing.
func (a *app) delay(d time.Duration) string {
	if days := int(d.Hours()) / 24; days > 3 {
		return fmt.Sprintf(a.word("%d days", "%d 日"), days)
	}
	return clock(d)
}
