package engine_test

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"hikeshi/runbook"
)

// addFacts are the facts of add.
type addFacts struct {
	Item string `json:"item" expr:"item"`
}

// add puts an item at the end of the list in the cell "list", in one write.
type add struct{ w *world }

type addParams struct {
	Item string `json:"item"`
}

func (k add) list() []string { return strings.Fields(k.w.cells["list"]) }

func (k add) Plan(_ context.Context, in runbook.Input) (runbook.Outcome, error) {
	k.w.reads[in.Step]++
	var p addParams
	if err := in.Decode(&p); err != nil {
		return runbook.Outcome{}, err
	}
	out := runbook.Outcome{Facts: addFacts(p)}
	if slices.Contains(k.list(), p.Item) {
		return out, nil
	}
	c, err := runbook.NewChange("list.add", "add", p.Item, p)
	c.UndoRisk = runbook.Reopening
	out.Changes = []runbook.Change{c}
	return out, err
}

func (k add) item(c runbook.Change) string {
	var p addParams
	if err := json.Unmarshal(c.Data, &p); err != nil {
		panic(err)
	}
	return p.Item
}

func (k add) Apply(ctx context.Context, c runbook.Change, _ runbook.Recorder) error {
	if err := k.w.ask(ctx, "apply", c); err != nil {
		return err
	}
	if !slices.Contains(k.list(), k.item(c)) {
		k.w.write("list", strings.TrimSpace(k.w.cells["list"]+" "+k.item(c)))
	}
	return nil
}

func (k add) Verify(ctx context.Context, c runbook.Change, _ runbook.Recorder) (runbook.State, error) {
	if err := k.w.ask(ctx, "verify", c); err != nil {
		return "", err
	}
	if slices.Contains(k.list(), k.item(c)) {
		return runbook.Done, nil
	}
	return runbook.None, nil
}

func (k add) Undo(ctx context.Context, c runbook.Change, _ runbook.Recorder) error {
	if err := k.w.ask(ctx, "undo", c); err != nil {
		return err
	}
	if i := slices.Index(k.list(), k.item(c)); i >= 0 {
		k.w.write("list", strings.Join(slices.Delete(k.list(), i, i+1), " "))
	}
	return nil
}

// move moves everything whose name begins with "queue/" to "aside/", one by one.
type move struct{ w *world }

func (k move) Plan(_ context.Context, in runbook.Input) (runbook.Outcome, error) {
	k.w.reads[in.Step]++
	var names []string
	for cell := range k.w.cells {
		if name, ok := strings.CutPrefix(cell, "queue/"); ok {
			names = append(names, name)
		}
	}
	slices.Sort(names)
	if len(names) == 0 {
		return runbook.Outcome{}, nil
	}
	c, err := runbook.NewChange("queue.move", "move", fmt.Sprint(len(names), " messages"), names)
	c.Risk, c.UndoRisk = runbook.Disruptive, runbook.Reopening
	return runbook.Outcome{Changes: []runbook.Change{c}}, err
}

func (k move) names(c runbook.Change) []string {
	var names []string
	if err := json.Unmarshal(c.Data, &names); err != nil {
		panic(err)
	}
	return names
}

// rename is one write: after a crash a message is on one side.
func (k move) rename(from, to string) {
	if text, ok := k.w.cells[from]; ok {
		k.w.guard(from)
		k.w.at("before renaming " + from)
		delete(k.w.cells, from)
		k.w.cells[to] = text
		k.w.at("after renaming " + from)
	}
}

func (k move) Apply(ctx context.Context, c runbook.Change, _ runbook.Recorder) error {
	for _, name := range k.names(c) {
		if err := k.w.ask(ctx, "middle", c); err != nil {
			return err
		}
		k.rename("queue/"+name, "aside/"+name)
	}
	return nil
}

func (k move) Verify(ctx context.Context, c runbook.Change, _ runbook.Recorder) (runbook.State, error) {
	if err := k.w.ask(ctx, "verify", c); err != nil {
		return "", err
	}
	moved := 0
	for _, name := range k.names(c) {
		if _, ok := k.w.cells["aside/"+name]; ok {
			moved++
		}
	}
	switch moved {
	case 0:
		return runbook.None, nil
	case len(k.names(c)):
		return runbook.Done, nil
	}
	return runbook.Partial, nil
}

func (k move) Undo(ctx context.Context, c runbook.Change, _ runbook.Recorder) error {
	for _, name := range k.names(c) {
		if err := k.w.ask(ctx, "unmiddle", c); err != nil {
			return err
		}
		k.rename("aside/"+name, "queue/"+name)
	}
	return nil
}
