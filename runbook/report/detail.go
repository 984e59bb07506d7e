package report

import (
	"fmt"
	"strings"

	"hikeshi/runbook"
	"hikeshi/runbook/report/page"
	"hikeshi/runbook/report/story"
)

// steps tells every step that was reached.
func (t teller) steps() []page.Item {
	var items []page.Item
	for i, s := range t.History.Steps {
		if s.Plan == nil && s.Result == runbook.ResultPending {
			continue
		}
		head := fmt.Sprintf("%d %s [%s]", i+1, s.Head.Title.In(t.lang), s.Head.ID)
		if s.Head.Phase != "" {
			head = t.word(string(s.Head.Phase)) + ": " + head
		}
		items = append(items, page.Item{Text: head, Sub: t.step(s)})
	}
	return items
}

func (t teller) step(s *runbook.StepHistory) []page.Item {
	var sub []page.Item
	if s.Plan != nil {
		for _, f := range s.Plan.Findings {
			sub = append(sub, page.Item{Name: t.word(string(f.Level)), Text: t.seenAt(f)})
		}
		for _, g := range s.Plan.Gate {
			sub = append(sub, page.Item{Name: t.say("condition", "条件"), Text: t.because(t.gate(g), g.Reason(t.lang))})
		}
	}
	if s.Decision != nil {
		sub = append(sub, page.Item{Name: t.say("decision", "判断"), Text: t.agreed(s)})
	}
	for _, c := range t.MadeIn(s.Head.ID) {
		sub = append(sub, page.Item{Name: t.say("change", "変更"), Text: t.became(c)})
	}
	result := t.because(t.result(s), t.why(s))
	if !s.Ended.IsZero() {
		result += t.say(", %s", "、%s", t.when(s.Ended))
	}
	sub = append(sub, page.Item{Name: t.say("result", "結果"), Text: result})
	for _, e := range s.Evidence {
		sub = append(sub, page.Item{Name: t.say("evidence", "証拠"), Text: t.kept(e)})
	}
	return sub
}

func (t teller) seenAt(f runbook.Finding) string {
	text := f.Text.In(t.lang)
	if f.Evidence != "" {
		text += t.say(" (see %s)", "(根拠: %s)", f.Where().In(t.lang))
	}
	return text
}

func (t teller) gate(g runbook.GateRow) string {
	if g.Off {
		return t.say("not asked: %s", "対象外: %s", g.Title.In(t.lang))
	}
	if g.Holds {
		return t.say("holds: %s", "成立: %s", g.Title.In(t.lang))
	}
	return t.say("does not hold: %s", "不成立: %s", g.Title.In(t.lang))
}

// agreed says what was decided in a step, by whom, when and why.
func (t teller) agreed(s *runbook.StepHistory) string {
	d := *s.Decision
	text := t.say("%s; by %s, %s", "%s。判断者 %s、%s", t.answer(d), story.Account(s.DecidedBy), t.when(t.Decided[s.Head.ID]))
	if d.Choice != "" {
		text += t.say("; chosen: %s", "。選択: %s", d.Choice)
	}
	if d.Note != "" {
		text += t.say("; note: %s", "。メモ: %s", t.reason(s.Head.ID, d.Note))
	}
	if d.File != "" {
		text += t.say("; file: %s", "。添付: %s", d.File)
	}
	return text
}

// became says what a change was and what became of it.
func (t teller) became(c *runbook.ChangeHistory) string {
	text := t.named(c)
	before, after := c.Words(t.lang)
	after = edited(after)
	if strings.Contains(after, " -> ") { // it names both sides itself
		before = ""
	}
	switch {
	case before != "" && after != "":
		text += fmt.Sprintf(" (%s -> %s)", before, after)
	case before != "" || after != "":
		text += fmt.Sprintf(" (%s)", before+after)
	}
	switch {
	case c.Undone():
		return text + t.say(": undone, %s", ": 取り消し済み、%s", t.when(c.UndoEnded))
	case c.UndoPending():
		return text + t.say(": undoing was begun, how far is not known", ": 取り消しに着手、結果は不明")
	case c.Pending():
		return text + t.say(": begun %s, how far is not known", ": %s に着手、結果は不明", t.when(c.Began))
	case c.State == runbook.None:
		return t.because(text+t.say(": not made", ": 実施されず"), c.Error)
	case c.State != runbook.Done:
		text = t.because(text+": "+t.state(c.State), c.Error)
	default:
		text += t.say(": made, %s", ": 実施、%s", t.when(c.Ended))
	}
	if c.UndoError != "" {
		text = t.because(text+t.say("; could not be undone", "。取り消せず"), c.UndoError)
	}
	return text
}

// edited is a difference of files as the lines that were added and taken out; another text stays as it is.
func edited(text string) string {
	if !strings.HasPrefix(text, "--- ") {
		return text
	}
	var all []string
	for _, l := range strings.Split(text, "\n")[1:] {
		if strings.HasPrefix(l, "-") || strings.HasPrefix(l, "+") && !strings.HasPrefix(l, "+++ ") {
			all = append(all, l)
		}
	}
	return strings.Join(all, ", ")
}

// changes lists what was changed, step by step, each with the command that undoes it.
func (t teller) changes() []page.Item {
	var items []page.Item
	for _, s := range t.History.Steps {
		made := t.MadeIn(s.Head.ID)
		if len(made) == 0 {
			continue
		}
		it := page.Item{Text: fmt.Sprintf("%s [%s]", s.Head.Title.In(t.lang), s.Head.ID)}
		for _, c := range made {
			it.Sub = append(it.Sub, page.Item{Name: c.ID, Text: t.became(c)})
		}
		it.Sub = append(it.Sub, t.wayBack(s.Head.ID, made)...)
		items = append(items, it)
	}
	return items
}

// wayBack says how the changes of a step that are in force can be undone, and what that would mean.
func (t teller) wayBack(step string, made []*runbook.ChangeHistory) []page.Item {
	force, final := 0, 0
	risks := map[runbook.Risk]bool{}
	for _, c := range made {
		if !c.InForce() {
			continue
		}
		force++
		if c.Risk == runbook.Irreversible || c.UndoRisk == runbook.Irreversible {
			final++
		} else {
			risks[c.UndoRisk] = true
		}
	}
	var items []page.Item
	if force > final {
		items = append(items, command("undo", t.History.Opening.Incident, step))
	}
	if risks[runbook.Reopening] {
		items = append(items, page.Item{Name: "[!]", Text: t.say("undoing this reopens what was shut; it asks for --accept-risk reopening",
			"取り消すと、遮断したものが再び通るようになる。--accept-risk reopening の指定が必要")})
	}
	if risks[runbook.Disruptive] {
		items = append(items, page.Item{Name: "[!]", Text: t.say("undoing this stops or refuses mail for a while; it asks for --accept-risk disruptive",
			"取り消す間、メールの配送または受信が止まる。--accept-risk disruptive の指定が必要")})
	}
	if final > 0 {
		items = append(items, page.Item{Name: "[!]", Text: t.say("%d of these changes cannot be undone", "うち %d 件は取り消し不可", final)})
	}
	return items
}

// quarantine lists the mail that was set aside, and what became of it.
func (t teller) quarantine() []page.Item {
	var items []page.Item
	aside := false
	for _, s := range t.History.Steps {
		var sub []page.Item
		for _, c := range t.MadeIn(s.Head.ID) {
			switch c.Kind {
			case "queue.quarantine":
				aside = aside || c.InForce()
			case "queue.release", "queue.purge":
			default:
				continue
			}
			sub = append(sub, page.Item{Name: c.ID, Text: t.became(c)})
		}
		if len(sub) > 0 {
			items = append(items, page.Item{Text: fmt.Sprintf("%s [%s]%s", s.Head.Title.In(t.lang), s.Head.ID, t.amount(story.FactsOf(s))), Sub: sub})
		}
	}
	if aside {
		items = append(items, page.Item{Text: t.say("still set aside; what lies where, and how to put back a part of it or all:",
			"退避は継続中。所在の確認と、一部または全部の戻し方:"), Sub: []page.Item{command("spool", "list"), command("spool", "release", "--help")}})
	}
	return items
}

// amount says how much mail a step handled, as far as it is known.
func (t teller) amount(f story.QueueFacts) string {
	var all []string
	add := func(n *int64, en, ja string) {
		if n != nil {
			all = append(all, runbook.T(en, fmt.Sprintf(ja, *n)).In(t.lang))
		}
	}
	add(f.Messages, counted(f.Messages, "message"), "%d 通")
	add(f.Files, counted(f.Files, "file"), "%d ファイル")
	add(f.Left, counted(f.Left, "message")+" left set aside", "退避のまま残り %d 通")
	if f.Strategy != "" {
		all = append(all, t.say("strategy %s", "方式 %s", f.Strategy))
	}
	if len(all) == 0 {
		return ""
	}
	return ": " + strings.Join(all, t.say(", ", "、"))
}

func counted(n *int64, noun string) string {
	if n == nil {
		return ""
	}
	return runbook.Count(*n, noun)
}

func (t teller) gaps() []page.Item {
	var items []page.Item
	for _, text := range t.Gaps() {
		items = append(items, page.Item{Text: text.In(t.lang)})
	}
	return items
}

// evidence lists every file that was kept, with its hash.
func (t teller) evidence() []page.Item {
	var items []page.Item
	for _, r := range t.History.Records {
		if r.Evidence == nil || r.Evidence.SHA256 == "" {
			continue
		}
		items = append(items, page.Item{Text: t.kept(*r.Evidence), Sub: []page.Item{{Text: "SHA-256 " + r.Evidence.SHA256}}})
	}
	return items
}

// kept describes one file.
func (t teller) kept(e runbook.EvidenceRef) string {
	text := runbook.T(e.Name+", "+runbook.Count(e.Size, "byte"), fmt.Sprintf("%s、%d バイト", e.Name, e.Size)).In(t.lang)
	switch {
	case e.SHA256 == "":
		return fmt.Sprintf("%s: %s", e.Name, t.say("not kept", "保存できず"))
	case e.Cut:
		text += t.say(", cut", "、以降は省略")
	}
	if e.Backup {
		text += t.say(", backup", "、変更前の控え")
	}
	return text
}
