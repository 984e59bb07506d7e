package find

import (
	"context"
	"fmt"
	"strings"

	"hikeshi/actions/queue/setaside"
	"hikeshi/actions/queue/words"
	"hikeshi/runbook"
)

type finder struct{ env setaside.Env }

// Kind is the kind queue.find.
func Kind(env setaside.Env) runbook.Kind {
	return runbook.Kind{
		Name: "queue.find", Short: runbook.T("finds messages of one sender or recipient, or one message, in the mail that was set aside", "退避したメールの中から、差出人・あて先または ID でメールを探す"),
		Params: []runbook.Param{
			{Name: "what", Type: runbook.String, Required: true, Short: "an address, a domain, an account of an own domain, or the name of a message"},
			{Name: "incident", Type: runbook.String, Short: "only what this incident has set aside; default: all of it"},
		},
		Facts: Facts{}, Reads: []string{"queue"}, Action: finder{env},
	}
}

// Plan looks, and tells one message in each finding.
func (f finder) Plan(ctx context.Context, in runbook.Input) (runbook.Outcome, error) {
	var p struct {
		What     string `json:"what"`
		Incident string `json:"incident"`
	}
	if err := in.Decode(&p); err != nil {
		return runbook.Outcome{}, err
	}
	all, more, err := Mail(ctx, f.env, Query{What: p.What, Incident: p.Incident, Rec: in.Rec})
	if err != nil {
		return runbook.Outcome{}, err
	}
	out := runbook.Outcome{Facts: Facts{Found: len(all)}}
	for _, m := range all {
		out.Findings = append(out.Findings, runbook.Finding{Level: runbook.Info, Text: runbook.T(m.text("en"), m.text("ja")), Evidence: m.Command})
	}
	switch {
	case len(all) == 0:
		out.Findings = append(out.Findings, runbook.Finding{Level: runbook.Info, Text: runbook.Tf("no such message is set aside: %s", "退避したメールに該当なし: %s", words.Safe(p.What))})
	case more:
		out.Findings = append(out.Findings, runbook.Finding{Level: runbook.Warn, Text: runbook.Tf("there are more than these %d; look for less", "%d 通を超えて該当する。条件を絞ること", len(all))})
	}
	return out, nil
}

// shown is how many recipients a finding names.
const shown = 3

// text tells one message in one line.
func (m Found) text(lang string) string {
	word := func(en, ja string) string { return runbook.T(en, ja).In(lang) }
	from, to := "<>", strings.Join(m.Recipients[:min(shown, len(m.Recipients))], ", ")
	switch {
	case m.Unread:
		from, to = "?", "?"
	case m.Sender != "":
		from = m.Sender
	}
	if n := m.Total - min(shown, len(m.Recipients)); n > 0 && !m.Unread {
		to += fmt.Sprintf(word(" and %d more", " ほか %d 件"), n)
	}
	when, client := "?", "?"
	if !m.When.IsZero() {
		when = m.When.Local().Format("2006-01-02 15:04")
	}
	if m.Client != "" {
		client = m.Client
	}
	text := fmt.Sprintf(word("%s  %s -> %s  %s  %s  from %s  in %s", "%s  %s -> %s  %s  %s  接続元 %s  場所 %s"),
		m.ID, from, to, when, fmt.Sprintf(word("%s bytes", "%s バイト"), words.Number(m.Size)), client, strings.Join(m.Folders, ", "))
	switch {
	case m.Release && m.Why != "":
		text += fmt.Sprintf(word("; a part of it can be released (%s)", "。一部は戻せる (%s)"), word(m.Why, m.WhyJA))
	case m.Release:
		text += word("; can be released", "。戻せる")
	case m.Why != "":
		text += fmt.Sprintf(word("; cannot be released: %s", "。戻せない: %s"), word(m.Why, m.WhyJA))
	default:
		text += word("; cannot be released", "。戻せない")
	}
	return text
}
