package main

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"hikeshi/runbook"
	"hikeshi/runbook/engine"
)

// attended asks the responder at a terminal.
type attended struct {
	*screen
	p      *prompter
	accept []string                // risks accepted by name on the command line
	kinds  map[string]runbook.Kind // by which answers are checked; nil: they are not
}

// attended returns an operator that asks at p. What it asks about is shown on standard output if that is a terminal, else beside the
// questions, never only in a file or a pipe.
func (a *app) attended(p *prompter, accept []string, kinds map[string]runbook.Kind) attended {
	s := a.screen()
	if !s.tty {
		s = a.screenOn(a.stderr)
	}
	return attended{screen: s, p: p, accept: accept, kinds: kinds}
}

// Decide asks until there is an answer.
func (t attended) Decide(ctx context.Context, v engine.View) (runbook.Decision, error) {
	t.introduce(v)
	for {
		d, again, err := t.once(ctx, v)
		d.Via = "prompt"
		switch {
		case errors.Is(err, errInterrupted):
			return d, &engine.Stop{Reason: engine.StopInterrupted, Err: err}
		case errors.Is(err, errClosed):
			return runbook.Decision{Answer: runbook.Quit, Via: "prompt", Note: err.Error()}, nil
		case err != nil || !again:
			return d, err
		}
	}
}

// introduce shows what the engine has not shown before it asks: what went wrong, and what a drift is about.
func (t attended) introduce(v engine.View) {
	if v.Ask == engine.AskDrift {
		t.head(v)
		t.changes(v.Plan.Changes)
	}
	if v.Err != nil && v.Err.Error() != v.Plan.Why {
		t.row("[!]", v.Err.Error())
	}
}

// once asks one time; again says that the answer was none.
func (t attended) once(ctx context.Context, v engine.View) (d runbook.Decision, again bool, err error) {
	switch v.Ask {
	case engine.AskManual:
		return t.manual(ctx, v)
	case engine.AskUndo:
		return t.undo(ctx, v)
	case engine.AskDrift:
		return t.choice(ctx, v, t.keys("y=plan it anew  s=leave it  q=quit (kept)", "y=計画し直す  s=そのままにする  q=中断(記録は残る)", "ysq"))
	case engine.AskFailure:
		return t.choice(ctx, v, t.keys("y=try again  s=go on without  q=quit (kept)", "y=再試行  s=飛ばして続行  q=中断(記録は残る)", "ysq"))
	}
	if v.Step.Confirm == runbook.ConfirmEach && len(v.Plan.Changes) > 1 {
		return t.each(ctx, v)
	}
	return t.choice(ctx, v, t.keys("y=do  d=details  m=done by hand  s=skip  q=quit (kept)", "y=実行  d=詳細  m=手作業で実施済み  s=飛ばす  q=中断(記録は残る)", "ydmsq"))
}

// keys are the answers to one question, and the words that name them.
type keys struct{ words, letters string }

func (t attended) keys(en, ja, letters string) keys { return keys{t.word(en, ja), letters} }

// key asks for one of the keys; "" says that it was none of them, and the responder was told.
func (t attended) key(ctx context.Context, k keys) (string, error) {
	typed, err := t.p.ask(ctx, k.words)
	if err != nil {
		return "", err
	}
	if key := plainKey(typed); len(key) == 1 && strings.Contains(k.letters, key) {
		return key, nil
	}
	t.row("[?]", fmt.Sprintf(t.word("type %s; Enter alone does nothing", "%s のどれかを入力する。Enter だけでは何もしない"), strings.Join(strings.Split(k.letters, ""), " ")))
	return "", nil
}

// plainKey is what was meant by a key typed with Caps Lock or a Japanese input method on.
func plainKey(typed string) string {
	return strings.ToLower(strings.Map(func(r rune) rune {
		if r >= '！' && r <= '～' {
			return r - '！' + '!'
		}
		return r
	}, typed))
}

// choice asks for one of the keys and turns it into a decision.
func (t attended) choice(ctx context.Context, v engine.View, k keys) (runbook.Decision, bool, error) {
	key, err := t.key(ctx, k)
	if err != nil {
		return runbook.Decision{}, false, err
	}
	switch key {
	case "y":
		return t.yes(ctx, v)
	case "m":
		return t.noted(ctx, runbook.ByHand, t.word("what was done by hand?", "手作業で行った内容は?"))
	case "s":
		return t.noted(ctx, runbook.Skip, t.word("why is it skipped? (for the report)", "飛ばす理由は?(報告書に残る)"))
	case "q":
		return runbook.Decision{Answer: runbook.Quit}, false, nil
	case "d":
		t.details(v)
	}
	return runbook.Decision{}, true, nil
}

// noted is an answer that needs a word for the record; Enter alone goes back to the question.
func (t attended) noted(ctx context.Context, answer runbook.Answer, question string) (runbook.Decision, bool, error) {
	note, err := t.p.ask(ctx, question)
	return runbook.Decision{Answer: answer, Note: note}, note == "", err
}

// yes takes a y; what cannot be undone has to be typed by its name.
func (t attended) yes(ctx context.Context, v engine.View) (runbook.Decision, bool, error) {
	final := func(c runbook.Change) bool { return c.Risk == runbook.Irreversible }
	if v.Ask == engine.AskChanges && slices.ContainsFunc(v.Plan.Changes, final) {
		typed, err := t.p.ask(ctx, t.word("this cannot be undone: type the word irreversible", "元に戻せません。irreversible と入力してください"))
		if err != nil || typed != string(runbook.Irreversible) {
			return runbook.Decision{}, true, err
		}
	}
	return runbook.Decision{Answer: runbook.Do}, false, nil
}

// each asks for every change of a step by itself.
func (t attended) each(ctx context.Context, v engine.View) (runbook.Decision, bool, error) {
	d := runbook.Decision{Answer: runbook.Do}
	var left []string
	for i, c := range v.Plan.Changes {
		got, err := t.one(ctx, v, i)
		switch {
		case err != nil || got.Answer == runbook.Quit:
			return got, false, err
		case got.Answer == runbook.Do:
			d.Changes = append(d.Changes, c.ID)
		default:
			left = append(left, fmt.Sprintf("%s: %s", c.ID, got.Note))
		}
	}
	if len(d.Changes) == 0 {
		d.Answer = runbook.Skip
	}
	d.Note = strings.Join(left, "; ")
	return d, false, nil
}

// one asks for change i of a step until there is an answer.
func (t attended) one(ctx context.Context, v engine.View, i int) (runbook.Decision, error) {
	one := v
	one.Plan.Changes = v.Plan.Changes[i : i+1]
	t.change(t.word("does", "内容"), fmt.Sprintf("%d/%d", i+1, len(v.Plan.Changes)), v.Plan.Changes[i])
	for {
		d, again, err := t.choice(ctx, one, t.keys("y=do this one  d=details  s=not this one  q=quit (kept)", "y=これを実行  d=詳細  s=これは行わない  q=中断(記録は残る)", "ydsq"))
		if err != nil || !again {
			return d, err
		}
	}
}
