package main

import (
	"cmp"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"

	"github.com/mattn/go-runewidth"

	"hikeshi/runbook"
	"hikeshi/runbook/engine"
	"hikeshi/runbook/report"
)

// width is how wide the console is taken to be.
const width = 80

// cells measures text on a console: ambiguous characters count one cell, whatever the locale says.
var cells = &runewidth.Condition{EastAsianWidth: false, StrictEmojiNeutral: true}

// screen shows steps to the responder, in 80 columns.
type screen struct {
	out     io.Writer
	lang    string
	color   bool
	quiet   bool
	verbose bool
	brief   bool // what a step is and does, without its instructions: for rehearsals
	now     func() time.Time
	tty     bool
	waiting bool              // the last line tells how far something is, and is still open
	stage   func(step string) // told at every step, for the holder record; may be nil
}

func (s *screen) word(en, ja string) string { return runbook.T(en, ja).In(s.lang) }

func (s *screen) printf(format string, args ...any) {
	if s.waiting {
		fmt.Fprintf(s.out, "\r%s\r", strings.Repeat(" ", width-1))
		s.waiting = false
	}
	fmt.Fprintf(s.out, format, args...)
}

// Show shows a step: what it is, what was found, what would be done.
func (s *screen) Show(v engine.View) {
	if s.stage != nil {
		s.stage(v.Step.ID)
	}
	if s.quiet && v.Plan.State != runbook.Undetermined && v.Plan.Open() && !asks(v) && !v.Plan.ByHand {
		return
	}
	s.head(v)
	if v.Plan.State == runbook.Skipped {
		why := v.Plan.Reason(s.lang)
		if strings.HasPrefix(v.Plan.Why, "not needed: ") && !s.verbose {
			why = s.word("not needed here", "ここでは不要") // the condition stands in the record, and is shown with -v
		}
		s.row("", s.word("skipped: ", "対象外: ")+why)
		return
	}
	if v.Step.Manual != nil && v.Plan.State == runbook.NothingToDo { // answered already
		s.findings(v.Plan.Findings)
		return
	}
	if !s.brief {
		s.row(s.word("why", "理由"), v.Step.Why.In(s.lang))
	}
	if v.Plan.State == runbook.Undetermined {
		s.unplanned(v.Plan)
	}
	if v.Plan.After != "" {
		s.row("", fmt.Sprintf(s.word("planned against the server before step %s", "手順 %s を行う前の状態で計画したもの"), v.Plan.After))
	}
	s.findings(v.Plan.Findings)
	s.gate(v.Plan.Gate)
	if v.Step.Manual != nil && !s.brief {
		s.row(s.word("do", "作業"), v.Step.Manual.Text.In(s.lang))
		for i, o := range v.Plan.Offer {
			s.row(fmt.Sprintf("  %2d", i+1), line(o))
		}
	}
	if v.Ask == engine.AskUndo {
		s.undoing(v.Plan.Changes)
		return
	}
	s.changes(v.Plan.Changes)
	if asks(v) && !s.brief {
		s.row(s.word("cost", "影響"), v.Step.Cost.In(s.lang))
		s.row(s.word("fails if", "失敗時"), v.Step.Fails.In(s.lang))
		s.row(s.word("undo", "戻し方"), s.back(v))
	}
}

// unplanned says why a step cannot be planned: it is refused as it is asked for, or something cannot be found out.
func (s *screen) unplanned(p runbook.StepPlan) {
	why := strings.TrimPrefix(p.Reason(s.lang), runbook.ErrUndetermined.Error()+": ")
	if errors.Is(p.Err, runbook.ErrInput) {
		if text := translate(s.lang, joined(why)); text != joined(why) {
			s.row("[!]", text)
			return
		}
		s.row("[!]", s.word("refused: ", "受け付けられない: ")+strings.TrimPrefix(joined(why), runbook.ErrInput.Error()+": "))
		return
	}
	s.row("[?]", s.word("cannot be determined: ", "判定できない: ")+why)
}

// asks says that there is something to decide about a step.
func asks(v engine.View) bool { return len(v.Plan.Changes) > 0 || v.Step.Manual != nil }

// head is the first line of a step.
func (s *screen) head(v engine.View) {
	if v.Ask == engine.AskUndo {
		s.printf("\n[%s] %s %s\n", s.word("undo", "元に戻す"), s.word("incident", "事案"), v.Incident)
		return
	}
	left := fmt.Sprintf("[%d/%d %s] %s", v.Number, v.Of, s.phase(v.Step.Phase), v.Step.Title.In(s.lang))
	right := ""
	if v.Incident != "" && !v.Opened.IsZero() {
		right = fmt.Sprintf("%s %s  %s %s", s.word("incident", "事案"), v.Incident, s.word("elapsed", "経過"), clock(s.now().Sub(v.Opened)))
	}
	if right == "" {
		s.printf("\n%s\n", s.bold(left))
		return
	}
	gap := max(width-cells.StringWidth(left)-cells.StringWidth(right), 2)
	if cells.StringWidth(left)+cells.StringWidth(right)+2 > width {
		s.printf("\n%s\n%s%s\n", s.bold(left), strings.Repeat(" ", max(width-cells.StringWidth(right), 0)), right)
		return
	}
	s.printf("\n%s%s%s\n", s.bold(left), strings.Repeat(" ", gap), right)
}

var phasesJA = map[runbook.Phase]string{
	runbook.Identify: "確認", runbook.Contain: "封じ込め", runbook.Eradicate: "根絶", runbook.Recover: "復旧", runbook.Learn: "事後",
}

func (s *screen) phase(p runbook.Phase) string {
	if s.lang == "ja" {
		return phasesJA[p]
	}
	return string(p)
}

// row prints a label and a text, wrapped below itself.
func (s *screen) row(label, text string) {
	if text == "" {
		return
	}
	const indent = 9
	used := cells.StringWidth(ansi.ReplaceAllString(label, ""))
	text = strings.ReplaceAll(clean(text), "\t", `\t`) // a tab is as wide as it likes
	for i, l := range wrap(text, width-max(indent, used+1)) {
		if i == 0 {
			s.printf("%s%s%s\n", label, strings.Repeat(" ", max(indent-used, 1)), l)
			continue
		}
		s.printf("%s%s\n", strings.Repeat(" ", indent), l)
	}
}

func (s *screen) findings(all []runbook.Finding) {
	for _, f := range all {
		text := f.Text.In(s.lang)
		if f.Evidence != "" && !s.brief {
			text += "  [" + f.Where().In(s.lang) + "]"
		}
		s.row(s.level(f.Level), line(text))
	}
}

// level is the mark of a finding; colour only underlines the word.
func (s *screen) level(l runbook.Level) string {
	words := map[runbook.Level][3]string{runbook.OK: {"ok", "正常", "32"}, runbook.Info: {"info", "情報", "36"}, runbook.Warn: {"WARN", "注意", "33"}, runbook.Bad: {"BAD", "危険", "31"}}
	w := words[l]
	return s.paint(w[2], s.word(w[0], w[1]))
}

func (s *screen) gate(rows []runbook.GateRow) {
	for _, g := range rows {
		mark := s.word("[no] ", "[未] ")
		if g.Holds {
			mark = s.word("[ok] ", "[済] ")
		}
		if g.Off {
			mark = s.word("[--] ", "[－] ")
		}
		text := g.Title.In(s.lang)
		if g.Why != "" {
			text += " (" + line(joined(g.Reason(s.lang))) + ")"
		}
		s.row(mark, text)
	}
}

// changes is the table of what would be done. Long lists are one table, never many questions.
func (s *screen) changes(all []runbook.Change) {
	label := s.word("does", "内容")
	for i, c := range all {
		s.change(label, fmt.Sprint(i+1), c)
		label = ""
	}
}

func (s *screen) change(label, number string, c runbook.Change) {
	text := fmt.Sprintf("%s %s %s", number, s.op(c.Op), line(c.Target))
	if c.Risk != runbook.Reversible && c.Risk != "" {
		text += "  [" + string(c.Risk) + "]"
	}
	s.row(label, text)
	_, after := c.Words(s.lang)
	for _, l := range lines(after) {
		if !strings.HasPrefix(l, "--- ") && !strings.HasPrefix(l, "+++ ") { // the file is named above
			s.row("", "  "+l)
		}
	}
}

// op is the word of a change.
func (s *screen) op(word string) string { return report.Op(word, s.lang) }

// inverse are the words for taking an operation back, by its kind or by its name.
var inverse = map[string][2]string{
	"stop": {"start again what was running:", "動いていたものを起動:"}, "start": {"stop again", "再び停止:"}, "bar": {"allow starts again:", "起動禁止を解除:"},
	"unbar": {"bar again from starting:", "再び起動禁止:"}, "restart": {"nothing to take back:", "戻すものはない:"}, "rename": {"put the folders back in", "フォルダを元に戻す:"},
	"move": {"put the messages back in", "メールを元に戻す:"}, "release": {"set aside again, from", "再び退避:"}, "deny": {"take the denials out of", "拒否の行を削除:"},
	"allow": {"deny again in", "再び拒否:"}, "purge": {"cannot be undone:", "元に戻せない:"},
	"account.rename": {"give the old name back to", "元の名前に戻す:"}, "account.restore": {"rename again", "再び改名:"},
	"lock": {"put the old passwords back of", "元のパスワードに戻す:"}, "clean": {"put back what was taken out of", "外した行を元に戻す:"},
	"fix": {"put the old lines back in", "元の行に戻す:"}, "cut": {"take the rows out of", "加えた行を削除:"}, "set": {"put the old value back in", "元の値に戻す:"},
}

// undoing is the table of what an undo would do: the inverse of each change, newest first.
func (s *screen) undoing(all []runbook.Change) {
	for i, c := range all {
		words, ok := inverse[c.Kind]
		if !ok {
			words, ok = inverse[c.Op]
		}
		if !ok {
			words = [2]string{"undo " + c.Op, "取り消し: " + s.op(c.Op)}
		}
		text := fmt.Sprintf("%d %s %s", i+1, s.word(words[0], words[1]), line(c.Target))
		if c.UndoRisk != runbook.Reversible && c.UndoRisk != "" {
			text += "  [" + string(c.UndoRisk) + "]"
		}
		s.row("", text)
		s.inverted(c)
	}
}

// details shows all of every change, before and after.
func (s *screen) details(v engine.View) {
	for i, c := range v.Plan.Changes {
		s.row(fmt.Sprintf("%d.", i+1), fmt.Sprintf("%s %s  (%s, id %s)", s.op(c.Op), line(c.Target), c.Kind, c.ID))
		s.row("", fmt.Sprintf("%s: %s   %s: %s", s.word("risk", "リスク"), cmp.Or(c.Risk, runbook.Reversible), s.word("of undoing", "戻す場合"), cmp.Or(c.UndoRisk, runbook.Reversible)))
		before, after := c.Words(s.lang)
		for _, part := range []struct{ name, text string }{{s.word("before", "変更前"), before}, {s.word("after", "変更後"), after}} {
			for j, l := range lines(part.text) {
				if j == 0 {
					s.row("", part.name+":")
				}
				s.row("", "  "+l)
			}
		}
	}
}

// lines are the lines of text, none for no text.
func lines(text string) []string {
	if text == "" {
		return nil
	}
	return strings.Split(strings.TrimRight(text, "\n"), "\n")
}

func (s *screen) back(v engine.View) string {
	text := v.Step.Back.In(s.lang)
	if v.Ask == engine.AskUndo || len(v.Plan.Changes) == 0 {
		return text
	}
	cmd := fmt.Sprintf("hikeshi undo %s %s", v.Incident, v.Step.ID)
	final := func(c runbook.Change) bool { return c.Risk == runbook.Irreversible }
	if slices.ContainsFunc(v.Plan.Changes, final) {
		cmd = s.word("cannot be undone", "元に戻せない")
	}
	for _, c := range v.Plan.Changes {
		if c.UndoRisk == runbook.Reopening {
			cmd += s.word("   [!] reopens a door", "   [!] 再び開くことになる")
			break
		}
	}
	if text == "" {
		return cmd
	}
	return cmd + "\n" + text
}
