package blocks

import (
	"context"
	"fmt"
	"strings"

	"hikeshi/actions/queue/words"
	"hikeshi/runbook"
)

// Kind is queue.blocks.
func Kind(env Env) runbook.Kind {
	return runbook.Kind{
		Name: "queue.blocks", Short: runbook.T("name the account behind each block of queued mail, by the logs", "滞留メールをまとまりごとに分け、送ったアカウントをログから特定する"),
		Params: []runbook.Param{
			{Name: "headers", Type: runbook.Bool, Short: "read subject and sender in the headers, too: personal data, which then stands in the record"},
			{Name: "sample", Type: runbook.Int, Short: "messages of the queue that are read (5000, and not more)"},
			{Name: "top", Type: runbook.Int, Short: "at most so many blocks and subjects (10)"},
		},
		Facts: Facts{}, Reads: []string{"queue", "logs"}, Action: action{env},
	}
}

type action struct{ env Env }

// Plan looks and tells.
func (a action) Plan(ctx context.Context, in runbook.Input) (runbook.Outcome, error) {
	var p struct {
		Headers bool `json:"headers"`
		Sample  int  `json:"sample"`
		Top     int  `json:"top"`
	}
	if err := in.Decode(&p); err != nil {
		return runbook.Outcome{}, err
	}
	if p.Sample < 0 || p.Top < 0 {
		return runbook.Outcome{}, fmt.Errorf("reading the parameters of queue.blocks: %w: sample and top are numbers above 0", runbook.ErrInput)
	}
	f, err := Look(ctx, a.env, Options{Sample: p.Sample, Top: p.Top, Headers: p.Headers, Rec: in.Rec})
	if err != nil {
		return runbook.Outcome{}, err
	}
	return runbook.Outcome{Findings: Findings(f), Facts: f}, nil
}

// Findings tells what was found, the largest block first.
func Findings(f Facts) []runbook.Finding {
	info := func(t runbook.Text) runbook.Finding { return runbook.Finding{Level: runbook.Info, Text: t} }
	var all []runbook.Finding
	if f.Messages == 0 {
		return []runbook.Finding{{Level: runbook.OK, Text: runbook.T("the queue is empty", "キューは空")}}
	}
	if f.Sampled < f.Messages {
		all = append(all, info(runbook.Tf("the figures are those of a sample: %s of %s messages", "以下は、キューの全 %[2]s 通から抜き出した %[1]s 通についての数値", words.Number(int64(f.Sampled)), words.Number(int64(f.Messages)))))
	}
	for _, b := range f.Blocks {
		all = append(all, info(b.Sentence(f.Sampled)))
	}
	if f.Rest > 0 {
		all = append(all, info(runbook.Tf("%s messages in smaller blocks", "そのほかの小さなまとまりに %s 通", words.Number(int64(f.Rest)))))
	}
	all = append(all, f.doubts()...)
	if !f.Read {
		return all
	}
	for _, s := range f.Subjects {
		all = append(all, info(runbook.Tf("%s messages with the subject: %s  (from %s, hash %s)", "件名が同じもの %s 通: %s  (From: %s、ハッシュ %s)",
			words.Number(int64(s.Messages)), s.Subject, s.From, s.Hash)))
	}
	return append(all, runbook.Finding{Level: runbook.Warn, Text: Personal(f)})
}

// doubts says what could not be told.
func (f Facts) doubts() []runbook.Finding {
	var all []runbook.Finding
	warn := func(t runbook.Text) { all = append(all, runbook.Finding{Level: runbook.Warn, Text: t}) }
	switch {
	case !f.Logs:
		warn(runbook.T("login unknown: no log of this time can be read", "ログイン名は不明: この期間のログが読めない"))
	case !f.Told:
		warn(runbook.T("login unknown: no log of logins covers this time", "ログイン名は不明: この期間のログインを記録したログがない"))
	case f.Found < f.Sampled:
		warn(runbook.Tf("%s of %s messages stand in no log of this time", "%[2]s 通のうち %[1]s 通はこの期間のログに見つからない", words.Number(int64(f.Sampled-f.Found)), words.Number(int64(f.Sampled))))
	}
	if f.Unread > 0 {
		warn(runbook.Tf("%s files of the sample could not be read or make no sense", "標本のうち %s ファイルは読めないか、壊れている", words.Number(int64(f.Unread))))
	}
	return all
}

// Personal says that personal data was read.
func Personal(f Facts) runbook.Text {
	return runbook.Tf("personal data: subject and sender in the headers of %s queued messages were read and are shown here", "個人情報: 滞留メール %s 通のヘッダーから件名と差出人を読み、ここに表示している", words.Number(int64(f.Sampled)))
}

// Sentence is one block in words, such as: 2,310 of 3,008: sender taro@example.jp, login taro@example.jp, 5 addresses, HELO localhost,
// 3.1 kB.
func (b Block) Sentence(of int) runbook.Text {
	en := []string{"sender " + orElse(b.Sender, "unknown") + others(b.Senders, " and %s others"), "login " + b.login("none", "unknown")}
	ja := []string{"差出人 " + orElse(b.Sender, "不明") + others(b.Senders, " ほか %s 件"), "ログイン " + b.login("なし", "不明")}
	switch {
	case b.Addresses == 1 && len(b.Networks) == 1:
		en, ja = append(en, "1 address in "+b.Networks[0]), append(ja, "アドレス 1 個 ("+b.Networks[0]+")")
	case b.Addresses > 0:
		en, ja = append(en, words.Number(int64(b.Addresses))+" addresses"), append(ja, "アドレス "+words.Number(int64(b.Addresses))+" 個")
		if len(b.Networks) == 1 {
			en[len(en)-1] += " in " + b.Networks[0]
			ja[len(ja)-1] += " (" + b.Networks[0] + ")"
		}
	}
	if b.HELO != "" {
		en, ja = append(en, "HELO "+b.HELO+others(b.HELOs, " and %s others")), append(ja, "HELO "+b.HELO+others(b.HELOs, " ほか %s 件"))
	}
	en, ja = append(en, b.size()), append(ja, b.size())
	n, m := words.Number(int64(b.Messages)), words.Number(int64(of))
	return runbook.T(n+" of "+m+": "+strings.Join(en, ", "), m+" 通中 "+n+" 通: "+strings.Join(ja, "、"))
}

// login is the login, or the word for none or an unknown one.
func (b Block) login(none, unknown string) string {
	switch b.State {
	case ByLogin:
		return b.Login
	case Without:
		return none
	}
	return unknown
}

func (b Block) size() string {
	from, to := kB(b.SizeFrom), kB(b.SizeTo)
	if float64(b.SizeTo) <= float64(b.SizeFrom)*sizeClass || from == to {
		return kB((b.SizeFrom + b.SizeTo) / 2)
	}
	return from + " - " + to
}

// kB writes a size in thousands of bytes.
func kB(n int) string {
	switch {
	case n < 1000:
		return fmt.Sprintf("%d B", n)
	case n < 1_000_000:
		return fmt.Sprintf("%.1f kB", float64(n)/1000)
	}
	return fmt.Sprintf("%.1f MB", float64(n)/1_000_000)
}

func others(n int, text string) string {
	if n < 2 {
		return ""
	}
	return fmt.Sprintf(text, words.Number(int64(n-1)))
}

func orElse(text, otherwise string) string {
	if text == "" {
		return otherwise
	}
	return text
}
