package main

import (
	"context"
	"fmt"
	"os"
	"strings"

	"hikeshi/runbook"
	"hikeshi/runbook/engine"
)

// manual asks for what a person did, with the evidence that the step wants.
func (t attended) manual(ctx context.Context, v engine.View) (runbook.Decision, bool, error) {
	key, err := t.key(ctx, t.keys("y=done  o=leave open  s=skip  q=quit (kept)", "y=実施した  o=未実施のまま進む  s=不要として飛ばす  q=中断(記録は残る)", "yosq"))
	if err != nil {
		return runbook.Decision{}, false, err
	}
	switch key {
	case "y":
		return t.evidence(ctx, *v.Step.Manual)
	case "o":
		return runbook.Decision{Answer: runbook.Open}, false, nil
	case "s":
		return t.noted(ctx, runbook.Skip, t.word("why is it skipped? (for the report)", "飛ばす理由は?(報告書に残る)"))
	case "q":
		return runbook.Decision{Answer: runbook.Quit}, false, nil
	}
	return runbook.Decision{}, true, nil
}

// evidence asks for what m wants to see; without it a step that requires it is asked again.
func (t attended) evidence(ctx context.Context, m runbook.Manual) (d runbook.Decision, again bool, err error) {
	d.Answer = runbook.ByHand
	none := t.word(" (Enter: nothing)", "(なければ Enter)")
	if m.Required {
		none = ""
	}
	switch m.Ask {
	case runbook.AskText:
		d.Note, err = t.p.ask(ctx, t.word("for the record, in a few words", "記録のため、ひとことで")+none+":")
	case runbook.AskFile:
		d.File, err = t.file(ctx, t.word("path of the file to keep", "保存するファイルのパス")+none+":")
	case runbook.AskChoice:
		d.Choice, err = t.value(ctx, m)
	}
	if err != nil {
		return d, false, err
	}
	missing := d.Note == "" && d.File == "" && d.Choice == "" && m.Ask != runbook.AskNothing
	if missing && (m.Required || m.Ask == runbook.AskChoice) {
		t.row("[?]", t.word("without an answer the step does not count as done; o leaves it open", "答えがないと実施済みにならない。o で未実施のまま進める"))
		return d, true, nil
	}
	return d, false, nil
}

// file asks for the path of a plain file until there is one, or Enter alone.
func (t attended) file(ctx context.Context, question string) (string, error) {
	for {
		path, err := t.p.ask(ctx, question)
		if err != nil || path == "" {
			return "", err
		}
		st, err := os.Stat(path)
		if err == nil && st.Mode().IsRegular() {
			return path, nil
		}
		if err == nil {
			err = fmt.Errorf(t.word("%s is not a plain file", "%s は通常のファイルではない"), path)
		}
		t.row("[!]", err.Error())
	}
}

// value asks for one of the choices; "" says that it was none of them.
func (t attended) value(ctx context.Context, m runbook.Manual) (string, error) {
	for _, c := range m.Choices {
		t.row("  "+c.Value, c.Title.In(t.lang))
	}
	typed, err := t.p.ask(ctx, t.word("which one?", "どれですか?"))
	for _, value := range []string{typed, plainKey(typed)} {
		if err == nil && m.Has(value) {
			return value, nil
		}
	}
	return "", err
}

// undo asks which changes to take back; what reopens a door is named, and done only if its name is typed.
func (t attended) undo(ctx context.Context, v engine.View) (runbook.Decision, bool, error) {
	risks := undoRisks(v.Plan.Changes)
	words := t.word("y=undo  d=details  q=quit", "y=元に戻す  d=詳細  q=中断")
	if len(risks) > 0 {
		words = fmt.Sprintf(t.word("y=undo what is safe  %s=undo these too  d=details  q=quit", "y=安全なものだけ戻す  %s=これらも戻す  d=詳細  q=中断"), strings.Join(risks, ","))
	}
	typed, err := t.p.ask(ctx, words)
	if err != nil {
		return runbook.Decision{}, false, err
	}
	named, err := riskNames([]string{typed})
	switch key := plainKey(typed); {
	case key == "q":
		return runbook.Decision{Answer: runbook.Quit}, false, nil
	case key == "d":
		t.details(v)
		return runbook.Decision{}, true, nil
	case key == "y":
		named = nil
	case err != nil:
		t.row("[?]", fmt.Sprintf(t.word("type y, d, q or the names of risks: %s; Enter alone does nothing", "y、d、q か、リスクの名前 %s を入力する。Enter だけでは何もしない"), strings.Join(risks, ",")))
		return runbook.Decision{}, true, nil
	}
	d, err := unattended{screen: t.screen, accept: append(named, t.accept...)}.undo(v)
	if err != nil {
		t.row("[!]", err.Error())
		return d, true, nil
	}
	return d, false, nil
}
