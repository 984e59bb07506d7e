package main

import (
	"context"
	"encoding/json"
	"errors"
	"io/fs"
	"slices"
	"strings"

	"hikeshi/actions/service"
	"hikeshi/runbook"
	"hikeshi/runbook/book"
	"hikeshi/runbook/engine"
)

// A direct verb is a runbook of one step: same plan, same confirmation, same journal, same undo.

// directBook is a runbook in its file form; JSON is YAML.
type directBook struct {
	Format int          `json:"format"`
	Name   string       `json:"name"`
	Title  runbook.Text `json:"title"`
	Steps  []directStep `json:"steps"`
}

type directStep struct {
	ID    string         `json:"id"`
	Phase runbook.Phase  `json:"phase"`
	Title runbook.Text   `json:"title"`
	Uses  string         `json:"uses"`
	With  map[string]any `json:"with,omitempty"`
}

// direct runs one kind as an incident of its own. Parameters that are empty are left to the kind.
func (a *app) direct(ctx context.Context, w *world, step directStep, flags changeFlags) error {
	b, err := directRunbook(w.kinds, step)
	if err != nil {
		return err
	}
	j := job{book: b, flags: flags}
	if flags.dryRun {
		return a.planJob(ctx, w, j)
	}
	if done, err := a.idle(ctx, w, j); done || err != nil {
		return err
	}
	return a.perform(ctx, w, j)
}

// idle plans a direct verb before anything is opened for it: what is refused opens no incident, and neither does what has nothing
// to do.
func (a *app) idle(ctx context.Context, w *world, j job) (bool, error) {
	e := a.engine(w, j, nil, silentOperator{})
	var err error
	if e.Incident, err = a.store(w.state).NextID(); err != nil {
		return false, nil // the run says what is wrong with the state folder, and may go on without it
	}
	steps, err := e.Plan(ctx)
	if err != nil || len(steps) == 0 {
		return true, err
	}
	p := steps[0]
	switch {
	case p.State == runbook.Undetermined:
		return true, refusal(p.Err)
	case p.State == runbook.NothingToDo || p.State == runbook.Skipped:
		return true, a.nothingToDo(w, j, steps)
	}
	return false, nil
}

// withoutBus is what to do where systemd cannot be asked.
const (
	withoutBus          = "`--manager command` starts and stops by the commands of the configuration, without D-Bus (`hikeshi help config`: services.command)"
	untouchedWithoutBus = withoutBus + "; nothing was touched"
)

// refusal is the error of a direct verb that cannot be planned, or of one that could not look.
func refusal(err error) error {
	switch {
	case errors.Is(err, context.Canceled): // Ctrl-C, whatever it was that it ended
		return err
	case errors.Is(err, runbook.ErrInput):
		return usagef("nothing was touched", "%w", err)
	case errors.Is(err, service.ErrUnreachable):
		return failf(exitUndetermined, untouchedWithoutBus, "%w", err)
	case errors.Is(err, runbook.ErrUndetermined), errors.Is(err, fs.ErrPermission):
		return failf(exitUndetermined, "nothing was touched; `hikeshi doctor` says what this user may read", "%w", err)
	}
	return failf(exitError, "nothing was touched", "%w", err)
}

// nothingToDo says so, with what was found. A step that is left out altogether was not done, and that is no success; neither is one that
// found something bad that it cannot mend, which ends as a check that found something.
func (a *app) nothingToDo(w *world, j job, steps []engine.PlannedStep) error {
	open := slices.ContainsFunc(steps[0].Findings, func(f runbook.Finding) bool { return f.Level == runbook.Bad })
	if a.isJSON() {
		if err := a.json(planDocumentOf(w, j, steps, a.lang())); err != nil {
			return err
		}
	} else {
		s := a.screen()
		s.findings(steps[0].Findings)
		if steps[0].State == runbook.NothingToDo && open {
			s.printf("%s\n", a.word("nothing was changed; what is marked BAD is still open", "何も変更していない。[危険] としたものはまだ残っている"))
		} else if steps[0].State == runbook.NothingToDo {
			s.printf("%s\n", a.word("nothing to do; nothing was changed", "することはない。何も変更していない"))
		}
	}
	if steps[0].State == runbook.Skipped {
		return failf(exitError, "", a.word("not done: %s", "実行しなかった: %s"), steps[0].Reason(a.lang()))
	}
	if open {
		return silent(exitFound)
	}
	return nil
}

func directRunbook(kinds map[string]runbook.Kind, step directStep) (*runbook.Runbook, error) {
	for name, v := range step.With {
		if empty(v) {
			delete(step.With, name)
		}
	}
	data, err := json.MarshalIndent(directBook{Format: runbook.Format, Name: step.name(), Title: step.Title, Steps: []directStep{step}}, "", "  ")
	if err != nil {
		return nil, err
	}
	b, err := book.Load(step.name(), append(data, '\n'), kinds)
	if err != nil {
		return nil, usagef("", "%s", plainMistakes(err))
	}
	return b, nil
}

// plainMistakes tells the mistakes of a runbook that nobody wrote without their lines.
func plainMistakes(err error) string {
	var m *book.Mistakes
	if !errors.As(err, &m) {
		return err.Error()
	}
	var all []string
	for _, one := range m.List {
		all = append(all, one.Text)
	}
	return strings.Join(all, "; ")
}

// name turns the kind into a runbook's name: queue.purge is queue-purge.
func (s directStep) name() string {
	b := []byte(s.Uses)
	for i, c := range b {
		if c == '.' {
			b[i] = '-'
		}
	}
	return string(b)
}

func empty(v any) bool {
	switch v := v.(type) {
	case nil:
		return true
	case string:
		return v == ""
	case []string:
		return len(v) == 0
	case bool:
		return !v
	}
	return false
}
