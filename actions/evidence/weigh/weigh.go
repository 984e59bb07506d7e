// Package weigh gathers the signs of each cause and weighs them: evidence.cause.
package weigh

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"slices"
	"strings"
	"time"

	"hikeshi/actions/evidence/cause"
	"hikeshi/actions/evidence/look"
	"hikeshi/actions/evidence/scene"
	"hikeshi/actions/evidence/trace"
	"hikeshi/runbook"
	"hikeshi/spool"
	"hikeshi/spool/disk"
)

// Facts are the facts of evidence.cause.
type Facts struct {
	Likely   string   `json:"likely" expr:"likely"`     // a to h; "" if nothing stands out
	Causes   []Weight `json:"causes" expr:"causes"`     // all of them, the most likely first
	Accounts []string `json:"accounts" expr:"accounts"` // likely to be abused
	Sources  []string `json:"sources" expr:"sources"`   // addresses that handed in much of the mail for outside
	Standing []string `json:"standing" expr:"standing"` // of these: so much of it that they stand out
}

// Weight is how much speaks for one cause.
type Weight struct {
	Cause   string `json:"cause" expr:"cause"`
	Score   int    `json:"score" expr:"score"`
	For     int    `json:"for" expr:"for"`         // signs
	Against int    `json:"against" expr:"against"` // signs
	Unknown int    `json:"unknown" expr:"unknown"` // signs that could not be looked at
}

// maxTable bounds the deny file, mostNamed the names in one finding.
const (
	maxTable  = 8 << 20
	mostNamed = 5
)

type action struct{ env }

// env has the parts as its methods.
type env struct{ scene.Env }

// New returns the action of evidence.cause.
func New(e scene.Env) runbook.Action { return action{env{e}} }

// signs is what a part of the look for causes saw.
type signs = look.Seen[cause.Signs]

// Plan gathers the signs and weighs them. It fails only when the parameters are wrong or ctx has ended.
func (a action) Plan(ctx context.Context, in runbook.Input) (runbook.Outcome, error) {
	var p scene.Times
	if err := in.Decode(&p); err != nil {
		return runbook.Outcome{}, err
	}
	limit, err := scene.Span("limit", p.Limit, time.Minute)
	if err != nil {
		return runbook.Outcome{}, err
	}
	if p.Sample == 0 {
		p.Sample = 2000
	}
	if p.Sample < 0 || p.Sample > 100_000 {
		return runbook.Outcome{}, fmt.Errorf("reading parameter sample: %d is not from 1 to 100000", p.Sample)
	}
	e := a.env
	ask := func(en, ja string, do func(context.Context) (signs, error)) look.Part[cause.Signs] {
		return look.Part[cause.Signs]{Name: runbook.T(en, ja), Limit: limit, Look: do}
	}
	var s cause.Signs
	found, err := look.Gather(ctx, in.Rec, look.Run(ctx, limit, []look.Part[cause.Signs]{
		ask("who has to log in", "ログインの設定", e.ruled),
		ask("deny file", "中継制限ファイル", e.denied),
		ask("log of logins", "ログインの記録", e.loggedIn),
		ask("account files", "アカウントファイル", e.changed),
		ask("mail in the queue", "キューのメール", func(ctx context.Context) (signs, error) { return e.mail(ctx, in.Incident, p.Sample) }),
	}), &s)
	if err != nil {
		return runbook.Outcome{}, err
	}
	s.Handed = cause.Handed{Login: p.ByLogin, Name: p.ByName, Foreign: p.ByForeign, Judged: p.Judged, LoggedIn: p.LoggedIn, Guessed: p.Guessed}
	all, likely := cause.Judge(&s)
	facts := Facts{Likely: likely, Causes: []Weight{}, Accounts: cause.Accounts(&s), Sources: cause.Sources(&s), Standing: cause.Standing(&s)}
	for _, v := range all {
		facts.Causes = append(facts.Causes, Weight{v.Cause, v.Score, len(v.For), len(v.Against), v.Unknown})
	}
	out := runbook.Outcome{Facts: facts, Findings: append(verdicts(all, likely), found...)}
	out.Findings = append(out.Findings, who(facts, &s)...)
	if err := in.Rec.Evidence("causes.txt", bytes.NewReader(written(out.Findings))); err != nil {
		out.Findings = append(out.Findings, look.NotSeen(runbook.T("copy of the weighing", "判定の写し"), err))
	}
	return out, nil
}

// verdicts tells what stands out, and then all causes for which anything speaks.
func verdicts(all []cause.Verdict, likely string) []runbook.Finding {
	head := runbook.Finding{Level: runbook.Warn, Text: runbook.T("no cause stands out: look at the signs below, and decide", "際立つ原因はない: 下の根拠を見て判断すること")}
	if likely != "" {
		n := cause.Name(likely)
		head.Text = runbook.T(fmt.Sprintf("likely: (%s) %s; you decide", likely, n.EN), fmt.Sprintf("有力: (%s) %s。決めるのは対応者", likely, n.JA))
	}
	found := []runbook.Finding{head}
	for _, v := range all {
		if len(v.For) == 0 {
			continue
		}
		text := runbook.T(fmt.Sprintf("(%s) %s: weight %+d", v.Cause, v.Name.EN, v.Score), fmt.Sprintf("(%s) %s: 重み %+d", v.Cause, v.Name.JA, v.Score))
		for _, t := range v.For {
			text.EN, text.JA = text.EN+"; for: "+t.EN, text.JA+"。根拠: "+t.In("ja")
		}
		for _, t := range v.Against {
			text.EN, text.JA = text.EN+"; against: "+t.EN, text.JA+"。反証: "+t.In("ja")
		}
		if v.Unknown > 0 {
			text.EN, text.JA = fmt.Sprintf("%s; signs not known: %d", text.EN, v.Unknown), fmt.Sprintf("%s。不明な点 %d", text.JA, v.Unknown)
		}
		found = append(found, runbook.Finding{Level: runbook.Info, Text: text})
	}
	return found
}

// who names the accounts, and the sources with their share.
func who(f Facts, s *cause.Signs) []runbook.Finding {
	var all []runbook.Finding
	if len(f.Accounts) > 0 {
		names := strings.Join(f.Accounts[:min(len(f.Accounts), mostNamed)], ", ")
		all = append(all, runbook.Finding{Level: runbook.Info, Text: runbook.Tf("accounts that may be abused: %d: %s; a sender alone proves nothing", "悪用の疑いのあるアカウント %d 件: %s (差出人だけでは証拠にならない)", len(f.Accounts), names)})
	}
	if len(f.Sources) > 0 {
		some := slices.Clone(f.Sources[:min(len(f.Sources), mostNamed)])
		for i, c := range some {
			some[i] = fmt.Sprintf("%s (%d%%)", c, s.Mail.Share(c))
		}
		names := strings.Join(some, ", ")
		all = append(all, runbook.Finding{Level: runbook.Info, Text: runbook.Tf("sources of mail for outside: %d: %s; a customer's own address may be among them", "外部あてメールの送信元 %d 件: %s (顧客のアドレスが混じることがある)", len(f.Sources), names)})
	}
	return all
}

func written(all []runbook.Finding) []byte {
	var b bytes.Buffer
	for _, f := range all {
		fmt.Fprintf(&b, "%s: %s\n", f.Level, f.Text.EN)
	}
	return b.Bytes()
}

// ruled asks of whom a login is demanded.
func (e env) ruled(context.Context) (s signs, err error) {
	if e.Rule == nil {
		return s, scene.ErrNobody
	}
	r, err := e.Rule()
	if err != nil {
		return s, err
	}
	s.Facts = func(c *cause.Signs) { c.Rule = &r }
	words := map[spool.Demand]runbook.Text{
		spool.DemandNobody:    runbook.T("nobody has to log in: naming an existing account is enough", "ログイン不要の設定: 登録アカウントを名乗るだけで送れる"),
		spool.DemandLocal:     runbook.T("local senders with an auth file have to log in", "認証ファイルのある自社の差出人はログインが必要な設定"),
		spool.DemandEverybody: runbook.T("everybody has to log in", "すべての接続にログインが必要な設定"),
	}
	s.Find(runbook.Info, "", words[r.Demand])
	return s, nil
}

// denied asks which lines of the deny file open the server, and how old they can be at most.
func (e env) denied(context.Context) (s signs, err error) {
	d, ok := e.Server.(spool.Denier)
	l, lints := e.Server.(spool.Linter)
	if !ok || !lints {
		return s, scene.ErrNobody
	}
	data, at, err := readDeny(d)
	if err != nil {
		return s, err
	}
	deny := cause.Deny{Known: true, Age: e.Now().Sub(at)}
	for _, f := range l.Lint(data, e.Own) {
		if f.Level == "bad" && strings.HasSuffix(f.Code, "-open") && f.Line > 0 {
			deny.Opening = append(deny.Opening, f.Line)
		}
	}
	s.Facts = func(c *cause.Signs) { c.Deny = deny }
	return s, nil
}

// readDeny reads the deny file; a server without one behaves as with an empty one.
func readDeny(d spool.Denier) ([]byte, time.Time, error) {
	data, at, err := trace.ReadFile(d.DenyFile(), maxTable)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, time.Time{}, nil
	}
	return data, at, err
}

// loggedIn reads the end of the log of logins.
func (e env) loggedIn(ctx context.Context) (s signs, err error) {
	if e.Logins == nil {
		return s, scene.ErrNobody
	}
	l, err := e.Logins(ctx)
	if err != nil {
		return s, err
	}
	if !l.On {
		return s, look.Why("the log is off", "ログが記録されていない")
	}
	s.Facts = func(c *cause.Signs) { c.Logins = &l }
	s.Find(runbook.Info, strings.Join(l.Files, " "), runbook.Tf("%s sessions in the end of the log, %d names logged in or tried, %d lines not understood", "ログ末尾の接続 %s 回、ログイン名 %d 件、読めない行 %d", look.Grouped(l.Sessions), len(l.Users), l.Unread))
	return s, nil
}

// changed asks when an account file was changed last.
func (e env) changed(ctx context.Context) (s signs, err error) {
	if e.Traces.Accounts == "" {
		return s, scene.ErrNobody
	}
	d, err := disk.Open(e.Traces.Accounts)
	if err != nil {
		return s, err
	}
	defer d.Close()
	names, err := d.Names()
	if err != nil {
		return s, err
	}
	var newest time.Time
	for _, name := range names {
		if !strings.HasSuffix(strings.ToLower(name), e.Traces.Account) || ctx.Err() != nil {
			continue
		}
		if entry, err := d.Lstat(name); err == nil && entry.Type == 0 && time.Unix(entry.Sec, 0).After(newest) {
			newest = time.Unix(entry.Sec, 0)
		}
	}
	s.Facts = func(c *cause.Signs) {
		c.Changed = cause.Changed{Known: !newest.IsZero(), Age: e.Now().Sub(newest)}
	}
	return s, ctx.Err()
}
