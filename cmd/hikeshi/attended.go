package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"strings"

	"hikeshi/runbook"
	"hikeshi/runbook/engine"
)

// attended asks the responder at a terminal.
type attended struct {
	*screen
	p *prompter
}

// Decide asks until there is an answer.
func (t attended) Decide(ctx context.Context, v engine.View) (runbook.Decision, error) {
	for {
		d, again, err := t.once(v)
		if errors.Is(err, errAborted) {
			return runbook.Decision{Answer: runbook.Quit, Via: "prompt", Note: "Ctrl-C"}, nil
		}
		if err != nil || !again {
			d.Via = "prompt"
			return d, err
		}
		if err := ctx.Err(); err != nil {
			return d, err
		}
	}
}

// once asks one time; again says that the answer was none.
func (t attended) once(v engine.View) (runbook.Decision, bool, error) {
	switch v.Ask {
	case engine.AskManual:
		return t.manual(v)
	case engine.AskUndo:
		return t.undo(v)
	case engine.AskDrift:
		return t.choice(v, t.word("y=plan it anew  s=leave it  q=quit (kept)", "y=計画し直す  s=そのままにする  q=中断(記録は残る)"), "ysq")
	case engine.AskFailure:
		return t.choice(v, t.word("y=try again  s=go on without  q=quit (kept)", "y=再試行  s=飛ばして続行  q=中断(記録は残る)"), "ysq")
	}
	if v.Step.Confirm == runbook.ConfirmEach && len(v.Plan.Changes) > 1 {
		return t.each(v)
	}
	return t.choice(v, t.word("y=do  d=details  m=done by hand  s=skip  q=quit (kept)", "y=実行  d=詳細  m=手作業で実施済み  s=飛ばす  q=中断(記録は残る)"), "ydmsq")
}

// choice asks for one of the keys and turns it into a decision.
func (t attended) choice(v engine.View, words, keys string) (runbook.Decision, bool, error) {
	if v.Err != nil {
		t.printf("[!] %s\n", clean(v.Err.Error()))
	}
	key, err := t.p.ask(words)
	if err != nil || len(key) != 1 || !strings.Contains(keys, strings.ToLower(key)) {
		return runbook.Decision{}, true, err
	}
	switch strings.ToLower(key) {
	case "y":
		return t.yes(v)
	case "m":
		note, err := t.p.ask(t.word("what was done by hand?", "手作業で行った内容は?"))
		return runbook.Decision{Answer: runbook.ByHand, Note: note}, note == "", err
	case "s":
		note, err := t.p.ask(t.word("why is it skipped? (for the report)", "飛ばす理由は?(報告書に残る)"))
		return runbook.Decision{Answer: runbook.Skip, Note: note}, false, err
	case "q":
		return runbook.Decision{Answer: runbook.Quit}, false, nil
	}
	t.details(v)
	return runbook.Decision{}, true, nil
}

// yes takes a y; what cannot be undone has to be typed by its name.
func (t attended) yes(v engine.View) (runbook.Decision, bool, error) {
	for _, c := range v.Plan.Changes {
		if c.Risk != runbook.Irreversible || v.Ask != engine.AskChanges {
			continue
		}
		typed, err := t.p.ask(t.word("this cannot be undone: type the word irreversible", "元に戻せません。irreversible と入力してください"))
		if err != nil || typed != string(runbook.Irreversible) {
			return runbook.Decision{}, true, err
		}
		break
	}
	return runbook.Decision{Answer: runbook.Do}, false, nil
}

// each asks for every change of a step by itself.
func (t attended) each(v engine.View) (runbook.Decision, bool, error) {
	d := runbook.Decision{Answer: runbook.Do}
	for _, c := range v.Plan.Changes {
		one := v
		one.Plan.Changes = []runbook.Change{c}
		for {
			t.changes(one.Plan.Changes)
			got, again, err := t.choice(one, t.word("y=do this one  d=details  s=not this one  q=quit (kept)", "y=これを実行  d=詳細  s=これは行わない  q=中断(記録は残る)"), "ydsq")
			if err != nil || got.Answer == runbook.Quit {
				return got, false, err
			}
			if again {
				continue
			}
			if got.Answer == runbook.Do {
				d.Changes = append(d.Changes, c.ID)
			}
			break
		}
	}
	if len(d.Changes) == 0 {
		return runbook.Decision{Answer: runbook.Skip, Note: "none of the changes was wanted"}, false, nil
	}
	return d, false, nil
}

// manual asks for what a person did, with the evidence that the step wants.
func (t attended) manual(v engine.View) (runbook.Decision, bool, error) {
	key, err := t.p.ask(t.word("y=done  o=leave open  s=skip  q=quit (kept)", "y=実施した  o=未実施のまま進む  s=不要として飛ばす  q=中断(記録は残る)"))
	if err != nil {
		return runbook.Decision{}, true, err
	}
	switch strings.ToLower(key) {
	case "y":
		return t.evidence(v)
	case "o":
		return runbook.Decision{Answer: runbook.Open}, false, nil
	case "s":
		note, err := t.p.ask(t.word("why is it skipped? (for the report)", "飛ばす理由は?(報告書に残る)"))
		return runbook.Decision{Answer: runbook.Skip, Note: note}, false, err
	case "q":
		return runbook.Decision{Answer: runbook.Quit}, false, nil
	}
	return runbook.Decision{}, true, nil
}

func (t attended) evidence(v engine.View) (runbook.Decision, bool, error) {
	d := runbook.Decision{Answer: runbook.ByHand}
	m := v.Step.Manual
	var err error
	switch m.Ask {
	case runbook.AskText:
		d.Note, err = t.p.ask(t.word("for the record, in a few words:", "記録のため、ひとことで:"))
	case runbook.AskFile:
		if d.File, err = t.p.ask(t.word("path of the file to keep:", "保存するファイルのパス:")); err == nil && d.File != "" {
			if _, serr := os.Stat(d.File); serr != nil {
				t.printf("[!] %s\n", clean(serr.Error()))
				return d, true, nil
			}
		}
	case runbook.AskChoice:
		for _, c := range m.Choices {
			t.printf("  %-3s %s\n", c.Value, c.Title.In(t.lang))
		}
		d.Choice, err = t.p.ask(t.word("which one?", "どれですか?"))
		if err == nil && !m.Has(d.Choice) {
			return d, true, nil
		}
	}
	if err != nil {
		return d, true, err
	}
	return d, m.Required && d.Note == "" && d.File == "" && d.Choice == "", nil
}

// undo asks which changes to take back; what reopens a door is named, and done only if its name is typed.
func (t attended) undo(v engine.View) (runbook.Decision, bool, error) {
	risks := undoRisks(v.Plan.Changes)
	words := t.word("y=undo  q=quit", "y=元に戻す  q=中断")
	if len(risks) > 0 {
		words = fmt.Sprintf(t.word("y=undo what is safe  %s=undo these too  q=quit", "y=安全なものだけ戻す  %s=これらも戻す  q=中断"), strings.Join(risks, ","))
	}
	typed, err := t.p.ask(words)
	if err != nil {
		return runbook.Decision{}, true, err
	}
	switch {
	case typed == "q":
		return runbook.Decision{Answer: runbook.Quit}, false, nil
	case typed == "":
		return runbook.Decision{}, true, nil
	}
	var named []string
	if typed != "y" {
		if named, err = riskNames([]string{typed}); err != nil {
			t.printf("[!] %v\n", err)
			return runbook.Decision{}, true, nil
		}
	}
	d, err := unattended{screen: t.screen, accept: named}.undo(v)
	if err != nil {
		t.printf("[!] %v\n", err)
		return d, true, nil
	}
	return d, false, nil
}
