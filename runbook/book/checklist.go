package book

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/mattn/go-runewidth"

	"hikeshi/runbook"
)

// Checklist returns b as a text that can be printed and ticked off, in lang ("en" or "ja"). Lines are as long as the texts of the
// runbook make them: those of at most 71 columns stay within 80.
func Checklist(b *runbook.Runbook, lang string) string {
	c := &checklist{lang: lang, cells: &runewidth.Condition{StrictEmojiNeutral: true}}
	c.line("%s  %s", b.Name, b.Title.In(lang))
	if !b.About.IsZero() {
		c.line("%s", b.About.In(lang))
	}
	if len(b.Inputs) > 0 {
		c.line("\n%s", c.word("inputs (--set NAME=VALUE)", "入力項目 (--set NAME=VALUE)"))
	}
	for _, def := range b.Inputs {
		c.names = max(c.names, len(def.Name)+len("    "))
	}
	for _, def := range b.Inputs {
		c.input(def)
	}
	for i, s := range b.Steps {
		c.step(i+1, s)
	}
	return c.out.String()
}

type checklist struct {
	lang  string
	cells *runewidth.Condition
	names int // width of the column of input names
	out   strings.Builder
}

// indent is the width of the labels.
const indent = 9

func (c *checklist) word(en, ja string) string { return runbook.T(en, ja).In(c.lang) }

func (c *checklist) line(format string, args ...any) {
	text := fmt.Sprintf(format, args...)
	for _, l := range strings.Split(text, "\n") {
		c.out.WriteString(strings.TrimRight(l, " ") + "\n")
	}
}

// row writes a label and a text beside it.
func (c *checklist) row(label, text string) { c.column(indent, label, text) }

func (c *checklist) column(width int, label, text string) {
	if text == "" {
		return
	}
	pad := strings.Repeat(" ", max(width-c.cells.StringWidth(label), 1))
	c.line("%s%s%s", label, pad, strings.ReplaceAll(text, "\n", "\n"+strings.Repeat(" ", width)))
}

func (c *checklist) input(def runbook.InputDef) {
	words := string(def.Type)
	if def.Type == runbook.Choice {
		words = strings.Join(def.Choices, "|")
	}
	if def.Default != nil {
		words += fmt.Sprintf("  %s %v", c.word("default", "既定値"), shown(def.Default))
	}
	c.column(c.names, "  "+def.Name, words)
	c.row("", def.Title.In(c.lang))
}

// shown writes a default as it is given with --set.
func shown(v any) any {
	if list, ok := v.([]string); ok {
		return strings.Join(list, ",")
	}
	return v
}

func (c *checklist) step(number int, s runbook.Step) {
	c.line("\n[ ] %s  %s", strings.TrimSpace(fmt.Sprintf("%d %s", number, c.phase(s.Phase))), s.Title.In(c.lang))
	c.row(c.word("step", "手順"), c.how(s))
	c.row(c.word("why", "理由"), s.Why.In(c.lang))
	if s.When != nil {
		c.row(c.word("only if", "条件"), s.When.Source())
	}
	if s.ForEach != nil {
		c.row(c.word("for each", "対象ごと"), s.ForEach.Source())
	}
	label := c.word("with", "指定")
	for _, name := range slices.Sorted(maps.Keys(s.With)) {
		c.row(label, name+": "+source(s.With[name]))
		label = ""
	}
	c.manual(s.Manual)
	for _, g := range s.Gate {
		c.row("", "( ) "+g.Title.In(c.lang)+"\n    "+g.That.Source())
		if g.When != nil {
			c.row("", "    "+c.word("if ", "条件 ")+g.When.Source()+c.word("; else: ", "。それ以外: ")+g.Otherwise.In(c.lang))
		}
	}
	c.row(c.word("cost", "影響"), s.Cost.In(c.lang))
	c.row(c.word("fails if", "失敗時"), s.Fails.In(c.lang))
	c.row(c.word("undo", "戻し方"), s.Back.In(c.lang))
}

func (c *checklist) phase(p runbook.Phase) string {
	ja := map[runbook.Phase]string{
		runbook.Identify: "確認", runbook.Contain: "封じ込め", runbook.Eradicate: "根絶", runbook.Recover: "復旧", runbook.Learn: "事後",
	}
	return c.word(string(p), ja[p])
}

// how says what a step is, behind its id.
func (c *checklist) how(s runbook.Step) string {
	switch {
	case s.Manual != nil:
		return s.ID + "  " + c.word("by hand", "手作業")
	case s.Gate != nil:
		return s.ID + "  " + c.word("gate: nothing goes on until all of this holds", "関門:すべて満たすまで先へ進まない")
	}
	return s.ID + "  " + s.Uses
}

// source writes a parameter as it stands in the file.
func source(v runbook.Value) string {
	if v.Expr != nil {
		return v.Expr.Source()
	}
	return fmt.Sprint(shown(v.Literal))
}

func (c *checklist) manual(m *runbook.Manual) {
	if m == nil {
		return
	}
	c.row(c.word("do", "作業"), m.Text.In(c.lang))
	for _, choice := range m.Choices {
		c.row("", fmt.Sprintf("%-8s %s", choice.Value, choice.Title.In(c.lang)))
	}
	asks := map[runbook.Ask]string{
		runbook.AskText: c.word("a text", "文章"), runbook.AskFile: c.word("a file", "ファイル"), runbook.AskChoice: c.word("one of these", "上から一つ選ぶ"),
	}
	if m.Offer != nil {
		c.row(c.word("offered", "候補"), m.Offer.Source())
	}
	if m.Given != nil {
		c.row(c.word("given", "既知なら"), m.Given.Source()+c.word(" (not asked where it holds a value)", " (値があれば尋ねない)"))
	}
	if ask := asks[m.Ask]; ask != "" && m.Required {
		c.row(c.word("record", "記録"), ask+c.word(", needed", "(必須)"))
	} else if ask != "" {
		c.row(c.word("record", "記録"), ask)
	}
}
