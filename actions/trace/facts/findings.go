package facts

import (
	"fmt"

	"hikeshi/runbook"
)

// Findings tell the facts: the answer first, then what it rests on.
func Findings(f Facts) []runbook.Finding {
	var all []runbook.Finding
	for _, t := range f.Messages {
		level := map[State]runbook.Level{Login: runbook.Bad, NoLogin: runbook.Bad, Through: runbook.Bad, Unknown: runbook.Warn, Not: runbook.OK}[t.State]
		text := t.Answer
		if len(f.Messages) > 1 {
			text = runbook.T(fmt.Sprintf("mail %d: %s", t.Number, text.EN), fmt.Sprintf("%d 通目: %s", t.Number, text.JA))
		}
		all = append(all, runbook.Finding{Level: level, Text: text, Evidence: t.Evidence})
		all = append(all, t.About()...)
	}
	if f.Left > 0 {
		all = append(all, runbook.Finding{Level: runbook.Warn, Text: runbook.Tf("%d more mails were not looked at", "残り %d 通は調べていない", f.Left)})
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

// which says which message of the mail was taken.
func (t Traced) which() runbook.Text {
	words := map[string]runbook.Text{
		"itself":   runbook.T("the mail itself", "このメール自体"),
		"attached": runbook.T("the message attached as part "+t.Part, "添付されたメール (パート "+t.Part+")"),
		"reported": runbook.T("the message that the report is about, part "+t.Part, "報告の対象のメール (パート "+t.Part+")"),
		"quoted":   runbook.T("the header quoted in the text", "本文に引用されたヘッダー"),
	}
	w := words[t.Taken]
	if t.Found > 1 || t.Taken != "itself" {
		return runbook.T("looked at: "+w.EN+", of "+runbook.Count(int64(t.Found), "message")+" in the mail", fmt.Sprintf("調べた対象: %s (メール内の %d 通のうち)", w.JA, t.Found))
	}
	return runbook.Text{}
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
