package report

import (
	"slices"
	"strings"
	"time"

	"hikeshi/runbook"
	"hikeshi/runbook/report/page"
	"hikeshi/runbook/report/story"
)

// timeline tells the records that matter afterwards, day by day. Plans are told by their warnings, intents only where no result
// followed.
func (t teller) timeline() []page.Item {
	var items []page.Item
	day := ""
	first := t.History.Records[0].Actor
	for _, r := range t.History.Records {
		for _, text := range t.tell(r) {
			if d := t.day(r.Time); d != day {
				day = d
				items = append(items, page.Item{Text: d})
			}
			if story.Account(r.Actor) != story.Account(first) {
				text += " (" + story.Account(r.Actor) + ")"
			}
			items = append(items, page.Item{Name: clock(r.Time, t.loc, time.TimeOnly), Text: text})
		}
	}
	return items
}

// tell returns the sentences for one record, often none.
func (t teller) tell(r runbook.Record) []string {
	one := func(en, ja string, args ...any) []string { return []string{t.because(t.say(en, ja, args...), r.Error)} }
	switch r.Event {
	case runbook.Opened:
		return one("incident opened by %s", "事案を開始: %s", story.Account(r.Actor))
	case runbook.Began:
		return one("%s begins", "%s", t.word(r.Text))
	case runbook.Planned:
		return t.warnings(r)
	case runbook.Decided:
		return t.decision(r)
	case runbook.Intent, runbook.Applied, runbook.UndoIntent, runbook.Undone:
		return t.change(r)
	case runbook.Ended:
		return t.ended(r)
	case runbook.Noted:
		if r.Error != "" {
			return []string{t.say("record: %s", "記録: %s", r.Error)}
		}
		return one("note: %s", "メモ: %s", r.Text)
	case runbook.Looked:
		return append(one("looked again: %s", "再確認: %s", r.Kind), t.warnings(r)...)
	case runbook.Drafted, runbook.Held, runbook.Sent:
		return t.letter(r)
	case runbook.Torn:
		return one("record: %s", "記録: 異常終了で書きかけになった行を切り離して保存(%s)", r.Text)
	case runbook.Closed:
		return []string{t.because(t.say("ended: %s", "終了: %s", t.word(r.Text)), t.closed(r.Error))}
	}
	return nil
}

func (t teller) warnings(r runbook.Record) []string {
	var all []string
	if r.Plan == nil {
		return nil
	}
	for i, f := range r.Plan.Findings {
		if f.Level == runbook.Warn || f.Level == runbook.Bad || i == 0 && t.rests(r.Step, f) {
			all = append(all, t.say("found [%s] %s", "判明 [%s] %s", t.word(string(f.Level)), f.Text.In(t.lang)))
		}
	}
	if r.Plan.State == runbook.Undetermined {
		why := r.Plan.Reason(t.lang)
		if asked, refused := strings.CutPrefix(why, runbook.ErrInput.Error()+": "); refused {
			return append(all, t.because(t.say("%s: refused as it was asked for", "%s: 指定を受け付けられず", t.title(r.Step)), asked))
		}
		all = append(all, t.because(t.say("%s: cannot be determined", "%s: 判定できず", t.title(r.Step)), strings.TrimPrefix(why, runbook.ErrUndetermined.Error()+": ")))
	}
	return all
}

// rests says whether a good finding rests on what its step has kept: it is worth as much as a bad one.
func (t teller) rests(step string, f runbook.Finding) bool {
	s := t.History.Step(step)
	return f.Level == runbook.OK && f.Evidence != "" && s != nil && slices.ContainsFunc(s.Evidence, func(e runbook.EvidenceRef) bool { return strings.HasSuffix(e.Name, f.Evidence) })
}

func (t teller) decision(r runbook.Record) []string {
	d := r.Decision
	if d == nil || d.Via == "reading" || d.Answer != runbook.Do && d.Answer != runbook.Quit {
		return nil // how the step ended says the rest
	}
	what := t.say("undo", "取り消し")
	if r.Step != "" {
		what = t.title(r.Step)
	}
	return []string{t.because(t.say("decision: %s: %s", "判断: %s: %s", what, t.answer(*d)), t.reason(r.Step, d.Note))}
}

func (t teller) change(r runbook.Record) []string {
	c := t.History.Change(r.Change)
	if c == nil {
		return nil
	}
	what := t.named(c)
	switch {
	case r.Event == runbook.Intent && c.Pending() && c.Began.Equal(r.Time), r.Event == runbook.UndoIntent && c.UndoPending() && c.UndoBegan.Equal(r.Time):
		return []string{t.say("begun, no result is recorded: %s", "着手、結果の記録なし: %s", what)}
	case r.Event == runbook.Undone && r.Error == "":
		return []string{t.say("undone: %s", "取り消し完了: %s", what)}
	case r.Event == runbook.Undone:
		return []string{t.because(t.say("not undone: %s", "取り消せず: %s", what), r.Error)}
	case r.Event == runbook.Applied && r.State == runbook.Done && r.Error == "":
		return []string{t.because(t.say("changed: %s", "変更: %s", what), r.Text)}
	case r.Event == runbook.Applied:
		return []string{t.because(t.because(t.say("change not made as planned: %s (%s)", "変更が計画どおりに完了せず: %s (%s)", what, t.state(r.State)), r.Error), r.Text)}
	}
	return nil
}

func (t teller) state(s runbook.State) string {
	if s == "" {
		return t.say("how far is not known", "進み具合は不明")
	}
	return t.word(string(s))
}

// ended tells of steps that ended otherwise than by their changes, which are told already.
func (t teller) ended(r runbook.Record) []string {
	s := &runbook.StepHistory{Result: r.Result, Plan: &runbook.StepPlan{}}
	if r.Result == runbook.ResultDone && len(t.MadeIn(r.Step)) > 0 {
		return nil
	}
	return []string{t.because(t.because(t.say("%s: %s", "%s: %s", t.title(r.Step), t.result(s)), r.Error), t.reason(r.Step, r.Text))}
}

// title is the title of a step, or its id where the checklist has none.
func (t teller) title(step string) string {
	if s := t.History.Step(step); s != nil && !s.Head.Title.IsZero() {
		return s.Head.Title.In(t.lang)
	}
	return step
}
