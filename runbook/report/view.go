package report

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"hikeshi/runbook"
	"hikeshi/runbook/report/page"
	"hikeshi/runbook/report/story"
)

func (t teller) page() page.Page {
	o := t.History.Opening
	return page.Page{
		Title: t.say("Incident report %s: %s", "障害報告書 事案 %s: %s", o.Incident, o.Title.In(t.lang)),
		Sections: []page.Section{
			{Title: t.say("Summary", "概要"), Items: t.summary()},
			{Title: t.say("Timeline", "経過"), Items: t.timeline()},
			{Title: t.say("Checklist", "実施状況"), Items: t.checklist()},
			{Title: t.say("Still open", "残作業"), Items: t.orNone(t.open())},
			{Title: t.say("Steps", "各手順の記録"), Items: t.orNone(t.steps())},
			{Title: t.say("What was changed, and how to undo it", "変更箇所と取り消し方法"), Items: t.orNone(t.changes())},
			{Title: t.say("Mail set aside", "退避したメール"), Items: t.orNone(t.quarantine())},
			{Title: t.say("Letters", "対外文書"), Items: t.orNone(t.letters())},
			{Title: t.say("Not recorded", "記録できなかった事項"), Items: t.orNone(t.gaps())},
			{Title: t.say("Evidence", "保存した証拠"), Items: t.orNone(t.evidence())},
			{Title: t.say("Proof of the record", "記録の照合"), Items: t.proof()},
		},
	}
}

func (t teller) orNone(items []page.Item) []page.Item {
	if len(items) == 0 {
		return []page.Item{{Text: t.say("none", "なし")}}
	}
	return items
}

func (t teller) summary() []page.Item {
	h, o := t.History, t.History.Opening
	items := []page.Item{
		{Name: t.say("incident", "事案"), Text: o.Incident},
		{Name: t.say("runbook", "手順書"), Text: fmt.Sprintf("%s (%s)", o.Title.In(t.lang), o.Runbook)},
		{Name: t.say("server", "対象サーバー"), Text: t.server()},
		{Name: t.say("state", "状態"), Text: t.because(t.word(string(h.State)), t.closed(t.Closing))},
		{Name: t.say("opened", "開始"), Text: stamp(h.Opened, t.loc)},
	}
	if !h.Closed.IsZero() {
		took := t.say("%s after %s", "%s(所要 %s)", t.when(h.Closed), long(h.Closed.Sub(h.Opened), t.lang))
		items = append(items, page.Item{Name: t.say("ended", "終了"), Text: took})
	}
	for _, a := range t.Actors() {
		items = append(items, page.Item{Name: t.say("responder", "対応者"), Text: story.Account(a) + ", " + a.Host})
	}
	if o.Reason != "" {
		items = append(items, page.Item{Name: t.say("reason", "理由"), Text: o.Reason})
	}
	n := t.Results()
	items = append(items, page.Item{Name: t.say("steps", "手順"), Text: t.say(
		"%d done, %d by hand, %d left open, %d skipped, %d failed, %d undone, %d not finished or not reached",
		"完了%d、手作業%d、未実施%d、見送り%d、失敗%d、取り消し%d、未完了・未着手%d",
		n[runbook.ResultDone], n[runbook.ResultByHand], n[runbook.ResultOpen], n[runbook.ResultSkipped], n[runbook.ResultFailed],
		n[runbook.ResultUndone], n[runbook.ResultPending])})
	items = append(items, page.Item{Name: t.say("changes", "変更"), Text: t.say("%d made, %d of them in force", "実施 %d 件、うち現在有効 %d 件", t.effective(), len(h.InForce()))})
	for _, d := range t.Downs() {
		items = append(items, page.Item{Name: t.say("mail stopped", "メール停止"), Text: t.down(d)})
	}
	return append(items, t.headlines()...)
}

// mostHeadlines is how many findings of one step the summary tells.
const mostHeadlines = 8

// headlines are what the steps found that the runbook names for it: what needs attention, else the first finding.
func (t teller) headlines() []page.Item {
	var items []page.Item
	for i, s := range t.History.Steps {
		if !s.Head.Headline || s.Plan == nil || len(s.Plan.Findings) == 0 {
			continue
		}
		told := slices.DeleteFunc(slices.Clone(s.Plan.Findings), func(f runbook.Finding) bool { return f.Level != runbook.Warn && f.Level != runbook.Bad })
		if len(told) == 0 {
			told = s.Plan.Findings[:1]
		}
		it := page.Item{Name: s.Head.Title.In(t.lang), Text: t.say("step %d", "手順 %d", i+1)}
		for _, f := range told[:min(mostHeadlines, len(told))] {
			it.Sub = append(it.Sub, page.Item{Name: t.word(string(f.Level)), Text: t.seenAt(f)})
		}
		if more := len(told) - len(it.Sub); more > 0 {
			it.Sub = append(it.Sub, page.Item{Text: t.say("and %d more", "ほか %d 件", more)})
		}
		items = append(items, it)
	}
	return items
}

// effective counts the changes that had an effect, undone or not.
func (t teller) effective() int {
	n := 0
	for _, c := range t.Made() {
		if c.State != runbook.None {
			n++
		}
	}
	return n
}

func (t teller) server() string {
	o := t.History.Opening
	text := o.Host
	if o.Server != "" {
		text += " [" + o.Server + "]"
	} else {
		text += t.say(", without a mail server's files", " (メールサーバーのファイルはない)")
	}
	if o.Root != "" && o.Root != "/" {
		text += t.say(", below %s", "、%s 以下", o.Root)
	}
	return text
}

func (t teller) down(d story.Down) string {
	if d.To.IsZero() {
		return t.say("since %s, not started again by this incident", "%s から停止中(本事案ではまだ起動していない)", t.when(d.From))
	}
	return t.say("%s to %s, %s", "%s から %s まで(%s)", t.when(d.From), t.when(d.To), long(d.To.Sub(d.From), t.lang))
}

func (t teller) checklist() []page.Item {
	var items []page.Item
	for i, s := range t.History.Steps {
		it := page.Item{Box: "-", Text: t.say("%d %s: %s", "%d %s: %s", i+1, s.Head.Title.In(t.lang), t.result(s))}
		switch s.Result {
		case runbook.ResultDone, runbook.ResultByHand:
			it.Box = "x"
		case runbook.ResultOpen, runbook.ResultFailed, runbook.ResultPending:
			it.Box = " "
		}
		it.Text = t.because(it.Text, t.why(s))
		if who := t.decidedBy(s); who != "" && s.Result != runbook.ResultPending {
			it.Text += t.say(" (%s)", " (%s)", who)
		}
		items = append(items, it)
	}
	return items
}

// why is the reason for how a step stands.
func (t teller) why(s *runbook.StepHistory) string {
	why := []string{}
	if s.Error != "" {
		why = append(why, s.Error)
	}
	if s.Why != "" {
		why = append(why, t.reason(s.Head.ID, s.Why))
	} else if s.Plan != nil && s.Plan.Why != "" {
		why = append(why, s.Plan.Reason(t.lang))
	}
	return strings.Join(why, "; ")
}

func (t teller) decidedBy(s *runbook.StepHistory) string {
	at := s.Ended
	if at.IsZero() {
		at = t.Decided[s.Head.ID]
	}
	if at.IsZero() || s.Decision == nil {
		return ""
	}
	return story.Account(s.DecidedBy) + ", " + t.when(at)
}

// open lists what is left to do.
func (t teller) open() []page.Item {
	id := t.History.Opening.Incident
	var items []page.Item
	for i, s := range t.History.Steps {
		switch s.Result {
		case runbook.ResultOpen, runbook.ResultFailed, runbook.ResultPending:
			items = append(items, page.Item{Box: " ", Text: t.because(fmt.Sprintf("%d %s: %s", i+1, s.Head.Title.In(t.lang), t.result(s)), t.why(s))})
		}
	}
	for _, c := range t.History.Changes {
		if c.Pending() || c.UndoPending() || c.Unsettled() {
			items = append(items, page.Item{Box: " ", Text: t.say("change %s (%s) was begun, and how far it got is not known", "変更 %s (%s) は着手後の結果が不明",
				c.ID, t.named(c)), Sub: []page.Item{command("resume", id)}})
		}
	}
	return items
}

func (t teller) proof() []page.Item {
	note := t.say("Whoever kept this hash elsewhere can prove that no record up to it was changed since:",
		"この値を別の場所に控えておけば、ここまでの記録がその後改変されていないことを次のコマンドで確認できます。")
	return []page.Item{
		{Name: t.say("head", "ハッシュ値"), Text: t.Head},
		{Name: t.say("records", "記録数"), Text: fmt.Sprint(len(t.History.Records))},
		{Text: note, Sub: []page.Item{command("verify", t.History.Opening.Incident, "--head", "HEAD")}},
	}
}

// day is a date with its weekday.
func (t teller) day(at time.Time) string {
	l := at.In(t.loc)
	if t.lang == "ja" {
		return l.Format("2006-01-02") + "(" + []string{"日", "月", "火", "水", "木", "金", "土"}[l.Weekday()] + ")"
	}
	return l.Format("Mon 2006-01-02")
}
