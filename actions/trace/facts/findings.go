package facts

import (
	"fmt"
	"strings"

	"hikeshi/runbook"
)

// Findings tell the facts: the answer first, then what it rests on.
func Findings(f Facts) []runbook.Finding {
	var all []runbook.Finding
	for _, t := range f.Messages {
		level := map[State]runbook.Level{Login: runbook.Bad, NoLogin: runbook.Bad, Through: runbook.Bad, Bounced: runbook.Bad, Forwarded: runbook.Warn, Unknown: runbook.Warn, Not: runbook.OK}[t.State]
		text := t.Answer
		if len(f.Messages) > 1 {
			label := t.Label()
			text = runbook.T(label.EN+": "+text.EN, label.JA+": "+text.JA)
		}
		all = append(all, runbook.Finding{Level: level, Text: text, Evidence: t.Evidence})
		all = append(all, t.About()...)
	}
	if f.Left > 0 {
		all = append(all, runbook.Finding{Level: runbook.Warn, Text: runbook.Tf("not looked at: %d more mails or messages; one of them may be yours", "残り %d 通は調べていない。その中に当サーバーのものがあり得る", f.Left)})
	}
	if f.Cut {
		all = append(all, runbook.Finding{Level: runbook.Warn, Text: runbook.T("the file is larger than 64 MiB; the rest was not read", "ファイルが 64 MiB を超えるため、残りは読んでいない")})
	}
	return all
}

// About tells of one message what its answer rests on.
func (t Traced) About() []runbook.Finding {
	var all []runbook.Finding
	add := func(level runbook.Level, text runbook.Text) {
		if !text.IsZero() {
			all = append(all, runbook.Finding{Level: level, Text: text})
		}
	}
	add(runbook.Info, t.Why)
	add(runbook.Info, t.which())
	for _, gap := range t.Gaps {
		add(runbook.Info, gap.text())
	}
	if t.Unread > 0 {
		add(runbook.Warn, runbook.Tf("lines that have no form of a Received line: %d", "Received 行として読めない行: %d", t.Unread))
	}
	if t.More > 0 {
		add(runbook.Warn, runbook.Tf("lines that were too many to be read: %d", "多すぎて読んでいない行: %d", t.More))
	}
	if t.Guess {
		add(runbook.Info, runbook.T("which of the upper lines can be believed is a guess", "上のどの行まで信用できるかは推定である"))
	}
	for _, s := range t.Signs {
		where := Numbers(s.Lines)
		level := runbook.Info
		if s.Weight > 1 {
			level = runbook.Warn
		}
		add(level, runbook.T("line "+where+": "+s.Text.EN+" ("+s.Code+", "+fmt.Sprint(s.Weight)+")", where+" 行目: "+s.Text.JA+" ("+s.Code+", "+fmt.Sprint(s.Weight)+")"))
	}
	if len(t.Signs) > 1 {
		add(runbook.Info, runbook.Tf("signs of lines made up: %d points together; they decide nothing", "偽造の兆候: 合計 %d 点 (判定には使わない)", t.Score))
	}
	return all
}

// Label names a message among several.
func (t Traced) Label() runbook.Text {
	mail := runbook.T(fmt.Sprintf("mail %d", t.Number), fmt.Sprintf("%d 通目", t.Number))
	switch {
	case t.Parts < 2:
		return mail
	case t.Part != "":
		return runbook.T(mail.EN+", part "+t.Part, mail.JA+" パート "+t.Part)
	case t.Taken == "itself":
		return runbook.T(mail.EN+" itself", mail.JA+" 自体")
	}
	w := t.words()
	return runbook.T(mail.EN+", "+w.EN, mail.JA+" "+w.JA)
}

// text says what was not read, and why.
func (g Gap) text() runbook.Text {
	name := g.Name
	if name == "" {
		name = g.Part
	}
	switch g.Why {
	case "deep":
		return runbook.T("not read: what lies deeper than 10 messages or 20 parts in one another", "未読: 10 通または 20 パートより深い入れ子")
	case "many":
		return runbook.T("not read: messages or parts, since they are too many", "未読: 多すぎるメールやパート")
	case "long":
		return runbook.T("not read: a text, beyond its first 4 MiB", "未読: 本文のうち 4 MiB より後")
	case "broken":
		return runbook.T("not readable: the parts of the mail (its MIME form is broken)", "読めない: メールのパート (MIME 形式が壊れている)")
	case "packed":
		return runbook.Tf("not opened: the archive %s", "開いていない: アーカイブ %s", name)
	}
	return runbook.Tf("not readable: the attachment %s (mail of Outlook, encrypted, or a mailbox); save it as .eml", "読めない: 添付 %s (Outlook 形式、暗号化、またはメールボックス)。.eml として保存すること", name)
}

// which says which message of the mail was looked at.
func (t Traced) which() runbook.Text {
	if t.Found > 1 || t.Taken != "itself" {
		w := t.words()
		return runbook.T("looked at: "+w.EN+", of "+runbook.Count(int64(t.Found), "message")+" in the mail", fmt.Sprintf("調べた対象: %s (メール内の %d 通のうち)", w.JA, t.Found))
	}
	return runbook.Text{}
}

// words say how the message lies in the mail.
func (t Traced) words() runbook.Text {
	part := runbook.Text{}
	if t.Part != "" {
		part = runbook.T(" as part "+t.Part, " (パート "+t.Part+")")
	}
	switch t.Taken {
	case "attached":
		return runbook.T("the message attached"+part.EN, "添付されたメール"+part.JA)
	case "reported":
		return runbook.T("the message that the report is about"+strings.Replace(part.EN, " as", ",", 1), "報告の対象のメール"+part.JA)
	case "quoted":
		return runbook.T("the header quoted in the text", "本文に引用されたヘッダー")
	}
	return runbook.T("the mail itself", "このメール自体")
}

// Numbers names lines as people count; of many the first ones.
func Numbers(lines []int) string {
	const most = 8
	text := ""
	for i, n := range lines {
		if i == most {
			return text + ", ..."
		}
		if i > 0 {
			text += ", "
		}
		text += fmt.Sprint(n)
	}
	return text
}
