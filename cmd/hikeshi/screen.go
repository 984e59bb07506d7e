package main

import (
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/mattn/go-runewidth"

	"hikeshi/runbook"
	"hikeshi/runbook/engine"
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
	stage   func(step string) // told at every step, for the holder record; may be nil
}

func (s *screen) word(en, ja string) string { return runbook.T(en, ja).In(s.lang) }

func (s *screen) printf(format string, args ...any) { fmt.Fprintf(s.out, format, args...) }

// Show shows a step: what it is, what was found, what would be done.
func (s *screen) Show(v engine.View) {
	if s.stage != nil {
		s.stage(v.Step.ID)
	}
	if s.quiet && v.Plan.State != runbook.Undetermined && len(v.Plan.Changes) == 0 {
		return
	}
	s.head(v)
	if v.Plan.State == runbook.Skipped {
		s.row("", s.word("skipped: ", "対象外: ")+v.Plan.Why)
		return
	}
	if !s.brief {
		s.row(s.word("why", "理由"), v.Step.Why.In(s.lang))
	}
	if v.Plan.State == runbook.Undetermined {
		s.row("[?]", s.word("", "判定できない: ")+v.Plan.Why)
	}
	if v.Plan.After != "" {
		s.row("", fmt.Sprintf(s.word("planned against the server before step %s", "手順 %s を行う前のサーバーで計画したもの"), v.Plan.After))
	}
	s.findings(v.Plan.Findings)
	s.gate(v.Plan.Gate)
	if v.Step.Manual != nil && !s.brief {
		s.row(s.word("do", "作業"), v.Step.Manual.Text.In(s.lang))
	}
	s.changes(v.Plan.Changes)
	if (len(v.Plan.Changes) > 0 || v.Step.Manual != nil) && !s.brief {
		s.row(s.word("cost", "影響"), v.Step.Cost.In(s.lang))
		s.row(s.word("fails if", "失敗時"), v.Step.Fails.In(s.lang))
		s.row(s.word("undo", "戻し方"), s.back(v))
	}
}

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
	pad := strings.Repeat(" ", max(indent-cells.StringWidth(ansi.ReplaceAllString(label, "")), 1))
	for i, l := range wrap(clean(text), width-indent) {
		if i == 0 {
			s.printf("%s%s%s\n", label, pad, l)
			continue
		}
		s.printf("%s%s\n", strings.Repeat(" ", indent), l)
	}
}

func (s *screen) findings(all []runbook.Finding) {
	for _, f := range all {
		text := f.Text.In(s.lang)
		if f.Evidence != "" && !s.brief {
			text += "  [" + f.Evidence + "]"
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
		text := g.Title.In(s.lang)
		if g.Why != "" {
			text += " (" + line(g.Why) + ")"
		}
		s.row(mark, text)
	}
}

// changes is the table of what would be done. Long lists are one table, never many questions.
func (s *screen) changes(all []runbook.Change) {
	for i, c := range all {
		label := ""
		if i == 0 {
			label = s.word("does", "内容")
		}
		text := fmt.Sprintf("%d %s %s", i+1, s.op(c.Op), line(c.Target))
		if c.Risk != runbook.Reversible && c.Risk != "" {
			text += "  [" + string(c.Risk) + "]"
		}
		s.row(label, text)
		if c.After != "" {
			s.row("", "  "+clean(c.After))
		}
	}
}

var opsJA = map[string]string{
	"stop": "停止", "start": "起動", "restart": "再起動", "bar": "起動禁止", "unbar": "起動禁止の解除", "rename": "改名して退避", "move": "移して退避",
	"release": "戻す", "purge": "完全に削除", "deny": "拒否を追加", "allow": "拒否を解除",
}

// op is the word of a change; one that has no translation stays as it is.
func (s *screen) op(word string) string {
	if ja, ok := opsJA[word]; ok && s.lang == "ja" {
		return ja
	}
	return word
}

// details shows all of every change, before and after.
func (s *screen) details(v engine.View) {
	for i, c := range v.Plan.Changes {
		s.printf("%d. %s %s  (%s, id %s)\n", i+1, s.op(c.Op), line(c.Target), c.Kind, c.ID)
		s.printf("   %s: %s   %s: %s\n", s.word("risk", "危険度"), c.Risk, s.word("of undoing", "戻す場合"), c.UndoRisk)
		if c.Before != "" {
			s.printf("   %s:\n%s\n", s.word("before", "変更前"), indentLines(clean(c.Before)))
		}
		if c.After != "" {
			s.printf("   %s:\n%s\n", s.word("after", "変更後"), indentLines(clean(c.After)))
		}
	}
}

func (s *screen) back(v engine.View) string {
	text := v.Step.Back.In(s.lang)
	if v.Ask == engine.AskUndo || len(v.Plan.Changes) == 0 {
		return text
	}
	cmd := fmt.Sprintf("hikeshi undo %s %s", v.Incident, v.Step.ID)
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
