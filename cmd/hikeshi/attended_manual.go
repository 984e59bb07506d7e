package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"slices"
	"strconv"
	"strings"

	"hikeshi/runbook"
	"hikeshi/runbook/engine"
	"hikeshi/runbook/engine/planner"
)

// manual asks for what a person did, with the evidence that the step wants.
func (t attended) manual(ctx context.Context, v engine.View) (runbook.Decision, bool, error) {
	key, err := t.key(ctx, t.keys("y=done  o=leave open  s=skip  q=quit (kept)", "y=実施した  o=未実施のまま進む  s=不要として飛ばす  q=中断(記録は残る)", "yosq"))
	if err != nil {
		return runbook.Decision{}, false, err
	}
	switch key {
	case "y":
		return t.evidence(ctx, v)
	case "o":
		return runbook.Decision{Answer: runbook.Open}, false, nil
	case "s":
		return t.noted(ctx, runbook.Skip, t.word("why is it skipped? (for the report)", "飛ばす理由は?(報告書に残る)"))
	case "q":
		return runbook.Decision{Answer: runbook.Quit}, false, nil
	}
	return runbook.Decision{}, true, nil
}

// evidence asks for what a step wants to see; without it a step that requires it is asked again.
func (t attended) evidence(ctx context.Context, v engine.View) (d runbook.Decision, again bool, err error) {
	d.Answer = runbook.ByHand
	m := *v.Step.Manual
	none := t.word(" (Enter: nothing)", "(なければ Enter)")
	if m.Required {
		none = ""
	}
	if m.Ask == runbook.AskText && len(v.Plan.Offer) > 0 {
		return t.chosen(ctx, v)
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
	if m.Ask == runbook.AskText && d.Note != "" {
		if names, _ := offered(nil, d.Note); !t.fits(ctx, m.Check, names) {
			return d, true, nil
		}
	}
	missing := d.Note == "" && d.File == "" && d.Choice == "" && m.Ask != runbook.AskNothing
	if missing && (m.Required || m.Ask == runbook.AskChoice) {
		t.row("[?]", t.word("without an answer the step does not count as done; o leaves it open", "答えがないと実施済みにならない。o で未実施のまま進める"))
		return d, true, nil
	}
	return d, false, nil
}

// chosen asks which of what was shown it is, or what else; the names are the answer. Nothing is chosen beforehand.
func (t attended) chosen(ctx context.Context, v engine.View) (d runbook.Decision, again bool, err error) {
	typed, err := t.p.ask(ctx, t.word("numbers or names, separated by commas:", "番号か名前をコンマ区切りで:"))
	if err != nil {
		return d, false, err
	}
	names, wrong := offered(v.Plan.Offer, typed)
	switch {
	case wrong != "":
		t.row("[?]", fmt.Sprintf(t.word("%s is no number of the list", "%s 番は一覧にない"), wrong))
		return d, true, nil
	case len(names) == 0:
		t.row("[?]", t.word("without an answer the step does not count as done; o leaves it open", "答えがないと実施済みにならない。o で未実施のまま進める"))
		return d, true, nil
	}
	if !t.fits(ctx, v.Step.Manual.Check, names) {
		return d, true, nil
	}
	d = runbook.Decision{Answer: runbook.ByHand, Note: strings.Join(names, ",")}
	if left := notChosen(v.Plan.Offer, names); v.Step.Manual.Every && len(left) > 0 {
		d.Answer = runbook.Open
		t.row("[?]", fmt.Sprintf(t.word("left open, since these are missing: %s", "次が残っているため未完了とする: %s"), line(strings.Join(left, ", "))))
	}
	return d, false, nil
}

// fits says whether a step that comes later would take the names, and shows why not. What only the later step can tell is left to it.
func (t attended) fits(ctx context.Context, c *runbook.ManualCheck, names []string) bool {
	names = slices.DeleteFunc(slices.Clone(names), func(name string) bool { return name == "-" })
	if c == nil || len(names) == 0 || t.kinds[c.Uses].Action == nil {
		return true
	}
	with, err := json.Marshal(map[string][]string{c.As: names})
	if err == nil {
		quiet := planner.Recorder{Told: func(string, int64, int64) {}}
		_, err = t.kinds[c.Uses].Action.Plan(ctx, runbook.Input{Step: "check", With: with, Rec: quiet})
	}
	if !errors.Is(err, runbook.ErrInput) {
		return true
	}
	t.row("[!]", err.Error())
	t.row("", t.word("nothing was recorded; type the names anew, or - for none", "何も記録していない。名前を入力し直すか、なければ - を入力する"))
	return false
}

// offered reads numbers of a list and names; wrong is a number that the list does not have.
func offered(list []string, typed string) (names []string, wrong string) {
	for word := range strings.SplitSeq(strings.NewReplacer("、", ",", "，", ",").Replace(typed), ",") {
		word = strings.TrimSpace(word)
		n, err := strconv.Atoi(plainKey(word))
		switch {
		case word == "":
			continue
		case err != nil:
			names = append(names, word)
			continue
		case n < 1 || n > len(list):
			return nil, word
		}
		name, _, _ := strings.Cut(list[n-1], " ")
		names = append(names, name)
	}
	return names, ""
}

func notChosen(list, names []string) (left []string) {
	for _, o := range list {
		if name, _, _ := strings.Cut(o, " "); !slices.Contains(names, name) {
			left = append(left, name)
		}
	}
	return left
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
