package report

import (
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"
	"time"

	"hikeshi/runbook"
	"hikeshi/runbook/report/page"
	"hikeshi/runbook/report/story"
)

// maxNotes is how many of the last notes a hand-over shows.
const maxNotes = 10

// Handover writes what the next responder has to know, for a console of 80 columns or as Markdown: where it stands, what is stopped since
// when, what comes next, what is open and due. due are sentences of the caller about dates that the records do not know of.
func (r *Report) Handover(w io.Writer, markdown bool, form Form, due []string) error {
	t := teller{r, form.Lang, form.Loc}
	p := t.handover(due)
	if markdown {
		return p.Markdown(w)
	}
	return p.Text(w)
}

// A Form is the language of a report, and the place in whose time it is.
type Form struct {
	Lang string
	Loc  *time.Location
}

func (t teller) handover(due []string) page.Page {
	o := t.History.Opening
	var dates []page.Item
	for _, d := range due {
		dates = append(dates, page.Item{Box: " ", Text: d})
	}
	return page.Page{
		Title: t.say("Hand-over, incident %s: %s", "引き継ぎ 事案 %s: %s", o.Incident, o.Title.In(t.lang)),
		Sections: []page.Section{
			{Title: t.say("Where it stands", "いまの状況"), Items: t.stands()},
			{Title: t.say("What comes next", "次にすること"), Items: t.next()},
			{Title: t.say("What people decided and did", "人が決めたこと、行ったこと"), Items: t.orNone(t.byPeople())},
			{Title: t.say("Changes in force", "有効な変更"), Items: t.orNone(t.inForce())},
			{Title: t.say("Mail set aside", "退避したメール"), Items: t.orNone(t.quarantine())},
			{Title: t.say("Still open", "残作業"), Items: t.orNone(t.open())},
			{Title: t.say("Due", "期限のあるもの"), Items: t.orNone(dates)},
			{Title: t.say("Last notes", "最近のメモ"), Items: t.orNone(t.notes())},
		},
	}
}

// stands is the summary in short.
func (t teller) stands() []page.Item {
	h := t.History
	items := []page.Item{
		{Name: t.say("server", "対象サーバー"), Text: t.server()},
		{Name: t.say("state", "状態"), Text: t.because(t.word(string(h.State)), t.closed(t.Closing))},
		{Name: t.say("opened", "開始"), Text: stamp(h.Opened, t.loc)},
	}
	for _, a := range t.Actors() {
		items = append(items, page.Item{Name: t.say("responder", "対応者"), Text: story.Account(a) + ", " + a.Host})
	}
	downs := t.Downs()
	for _, d := range downs {
		items = append(items, page.Item{Name: t.say("mail stopped", "メール停止"), Text: t.down(d)})
	}
	if len(downs) == 0 {
		items = append(items, page.Item{Name: t.say("mail stopped", "メール停止"), Text: t.say("not by this incident", "この事案では止めていない")})
	}
	return items
}

// next is the step that a resume comes to, and how to go on.
func (t teller) next() []page.Item {
	h, id := t.History, t.History.Opening.Incident
	how := []page.Item{command("resume", id), command("show", id)}
	for i, s := range h.Steps {
		if s.Result != runbook.ResultPending && s.Result != runbook.ResultFailed {
			continue
		}
		text := t.because(fmt.Sprintf("%d/%d %s: %s", i+1, len(h.Steps), s.Head.Title.In(t.lang), t.result(s)), t.why(s))
		return []page.Item{{Text: text, Sub: how}}
	}
	return []page.Item{{Text: t.say("the runbook reached its end", "手順書は最後まで実行した"), Sub: []page.Item{command("show", id), command("report", id)}}}
}

// byPeople lists what was decided with the inputs, the answers at manual steps, those known without asking among them, and what was skipped
// and why.
func (t teller) byPeople() []page.Item {
	items := t.inputs()
	for _, s := range t.History.Steps {
		if known := t.known(s); known != "" {
			items = append(items, page.Item{Text: s.Head.Title.In(t.lang) + t.say(" (nobody was asked): ", " (確認者なし): ") + known})
			continue
		}
		if s.Decision == nil || s.Result == runbook.ResultPending || s.Result == runbook.ResultOpen {
			continue
		}
		said := s.Decision.Note
		if s.Decision.Choice != "" {
			said = s.Decision.Choice
		}
		if s.Decision.File != "" {
			said = s.Decision.File
		}
		if s.Head.Manual || s.Decision.Answer != runbook.Do {
			items = append(items, page.Item{Text: t.because(s.Head.Title.In(t.lang)+" ("+t.result(s)+", "+story.Account(s.DecidedBy)+")", said)})
		}
	}
	return items
}

// inputs are the values that the run began with, those that the runbook sets by itself among them.
func (t teller) inputs() []page.Item {
	var given []string
	for _, name := range slices.Sorted(maps.Keys(t.History.Opening.Inputs)) {
		if v := bounded(t.History.Opening.Inputs[name]); v != "" && v != "[]" {
			given = append(given, name+"="+v)
		}
	}
	if len(given) == 0 {
		return nil
	}
	return []page.Item{{Text: t.say("inputs at the start: %s", "開始時の入力項目: %s", strings.Join(given, " "))}}
}

// known is the answer of a manual step that an input or an earlier step had given already; "" for another step.
func (t teller) known(s *runbook.StepHistory) string {
	var f runbook.ManualFacts
	if !s.Head.Manual || s.Decision != nil || s.Result != runbook.ResultDone || json.Unmarshal(s.Facts, &f) != nil {
		return ""
	}
	return bounded(f.Answer)
}

// maxInput bounds an input or an answer in a hand-over, in characters.
const maxInput = 200

func bounded(text string) string {
	if all := []rune(text); len(all) > maxInput {
		return string(all[:maxInput]) + "..."
	}
	return text
}

func (t teller) inForce() []page.Item {
	var items []page.Item
	for _, c := range slices.Backward(t.History.InForce()) {
		if c.Kind == "service.start" || story.Overtaken(t.History, c) != "" {
			continue // what runs again as it did before is no change any more
		}
		items = append(items, page.Item{Text: t.say("%s, since %s", "%s(%s から)", t.named(c), t.when(c.Began))})
	}
	return items
}

func (t teller) notes() []page.Item {
	var items []page.Item
	for _, r := range t.History.Records {
		if r.Event == runbook.Noted && r.Error == "" {
			items = append(items, page.Item{Name: t.when(r.Time), Text: r.Text + " (" + story.Account(r.Actor) + ")"})
		}
	}
	return items[max(0, len(items)-maxNotes):]
}
