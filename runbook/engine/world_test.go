package engine_test

import (
	"context"
	"fmt"
	"maps"
	"strings"

	"hikeshi/runbook"
)

// world is what the kinds of the tests look at and change: cells with a text in each. It outlives the process.
type world struct {
	cells   map[string]string
	point   func(where string)                                              // before and after every write
	guard   func(cell string)                                               // before every write
	trouble func(ctx context.Context, where string, c runbook.Change) error // where: plan, apply, middle, applied, verify, undo, unmiddle
	reads   map[string]int                                                  // plans by step
}

func newWorld(cells map[string]string) *world {
	return &world{cells: maps.Clone(cells), reads: map[string]int{}}
}

func (w *world) write(cell, text string) {
	if w.guard != nil {
		w.guard(cell)
	}
	w.at("before writing " + cell)
	if text == "" {
		delete(w.cells, cell)
	} else {
		w.cells[cell] = text
	}
	w.at("after writing " + cell)
}

func (w *world) at(where string) {
	if w.point != nil {
		w.point(where)
	}
}

func (w *world) ask(ctx context.Context, where string, c runbook.Change) error {
	if w.trouble == nil {
		return nil
	}
	return w.trouble(ctx, where, c)
}

// lookFacts are the facts of the reading kind.
type lookFacts struct {
	Door  string   `json:"door" expr:"door"`
	Names []string `json:"names" expr:"names"`
	Count int      `json:"count" expr:"count"`
}

// look only looks.
type look struct{ w *world }

func (k look) Plan(ctx context.Context, in runbook.Input) (runbook.Outcome, error) {
	k.w.reads[in.Step]++
	if err := k.w.ask(ctx, "plan", runbook.Change{Target: in.Step}); err != nil {
		return runbook.Outcome{}, err
	}
	f := lookFacts{Door: k.w.cells["door"], Names: strings.Fields(k.w.cells["names"])}
	f.Count = len(f.Names)
	if err := in.Rec.Evidence("seen", strings.NewReader(f.Door)); err != nil {
		return runbook.Outcome{}, err
	}
	return runbook.Outcome{Facts: f, Findings: []runbook.Finding{{Level: runbook.Info, Text: runbook.T("the door is "+f.Door, "")}}}, nil
}

// mute looks and has no facts to give, though its kind has.
type mute struct{}

func (mute) Plan(context.Context, runbook.Input) (runbook.Outcome, error) {
	return runbook.Outcome{}, nil
}

// gone leaves its step out where set has nothing to do.
type gone struct{ set }

func (k gone) Plan(ctx context.Context, in runbook.Input) (runbook.Outcome, error) {
	out, err := k.set.Plan(ctx, in)
	if len(out.Changes) == 0 {
		out.Left = runbook.T("there is no manager", "")
	}
	return out, err
}

// setFacts are the facts of set.
type setFacts struct {
	Was   string   `json:"was" expr:"was"` // of the first cell
	Cells []string `json:"cells" expr:"cells"`
}

// set writes a text into cells. Each is written in two halves, CELL and CELL.mark, so that a change can be half made.
type set struct {
	w    *world
	kind string
}

type setParams struct {
	Cells []string `json:"cells"`
	To    string   `json:"to"`
	Risk  string   `json:"risk"`
}

type setData struct{ Cell, From, To, Mark string }

func (k set) Plan(ctx context.Context, in runbook.Input) (runbook.Outcome, error) {
	k.w.reads[in.Step]++
	var p setParams
	var out runbook.Outcome
	if err := in.Decode(&p); err != nil {
		return out, err
	}
	if err := k.w.ask(ctx, "plan", runbook.Change{Target: in.Step}); err != nil {
		return out, err
	}
	if p.To == "nonsense" {
		return out, fmt.Errorf("%w: %q is nothing a cell can hold", runbook.ErrInput, p.To)
	}
	f := setFacts{Cells: p.Cells}
	for i, cell := range p.Cells {
		if i == 0 {
			f.Was = k.w.cells[cell]
		}
		if k.w.cells[cell] == p.To {
			continue
		}
		c, err := runbook.NewChange(k.kind, "set", cell, setData{cell, k.w.cells[cell], p.To, k.w.cells[cell+".mark"]})
		if err != nil {
			return out, err
		}
		if p.Risk != "" {
			c.UndoRisk = runbook.Risk(p.Risk)
		}
		out.Changes = append(out.Changes, c)
	}
	out.Facts = f
	return out, nil
}

func (k set) state(d setData) runbook.State {
	switch cell, mark := k.w.cells[d.Cell], k.w.cells[d.Cell+".mark"]; {
	case cell == d.To && mark == d.To:
		return runbook.Done
	case cell == d.To && mark != d.To:
		return runbook.Partial
	case cell == d.From:
		return runbook.None
	}
	return runbook.Drifted
}

func (k set) Apply(ctx context.Context, c runbook.Change, rec runbook.Recorder) error {
	var d setData
	if err := c.Decode(1, &d); err != nil {
		return err
	}
	if err := k.w.ask(ctx, "apply", c); err != nil {
		return err
	}
	if k.state(d) == runbook.Drifted {
		return fmt.Errorf("setting %s: %w", d.Cell, runbook.ErrDrift)
	}
	if err := rec.Backup("before-"+d.Cell, strings.NewReader(d.From)); err != nil {
		return err
	}
	if k.state(d) == runbook.None {
		k.w.write(d.Cell, d.To)
	}
	if err := k.w.ask(ctx, "middle", c); err != nil {
		return err
	}
	if k.state(d) == runbook.Partial {
		k.w.write(d.Cell+".mark", d.To)
	}
	rec.Progress(2, 2)
	return k.w.ask(ctx, "applied", c)
}

func (k set) Verify(ctx context.Context, c runbook.Change, _ runbook.Recorder) (runbook.State, error) {
	var d setData
	if err := c.Decode(1, &d); err != nil {
		return "", err
	}
	if err := k.w.ask(ctx, "verify", c); err != nil {
		return "", err
	}
	return k.state(d), nil
}

func (k set) Undo(ctx context.Context, c runbook.Change, _ runbook.Recorder) error {
	var d setData
	if err := c.Decode(1, &d); err != nil {
		return err
	}
	if err := k.w.ask(ctx, "undo", c); err != nil {
		return err
	}
	if k.state(d) == runbook.Drifted {
		return fmt.Errorf("%s: %w", d.Cell, runbook.ErrDrift)
	}
	if k.w.cells[d.Cell+".mark"] == d.To {
		k.w.write(d.Cell+".mark", d.Mark)
	}
	if err := k.w.ask(ctx, "unmiddle", c); err != nil {
		return err
	}
	if k.w.cells[d.Cell] == d.To {
		k.w.write(d.Cell, d.From)
	}
	return nil
}

// kinds is the catalogue of the tests.
func (w *world) kinds() map[string]runbook.Kind {
	cells := []string{"cells"}
	all := []runbook.Kind{
		{Name: "cells.look", Facts: lookFacts{}, Reads: cells, Action: look{w}},
		{Name: "cells.mute", Facts: lookFacts{}, Reads: cells, Action: mute{}},
		{Name: "cells.set", Facts: setFacts{}, Reads: cells, Touches: cells, MaxRisk: runbook.Disruptive, Action: set{w, "cells.set"}},
		{Name: "cells.stop", Facts: setFacts{}, Reads: cells, Touches: cells, Unrecorded: true, Action: set{w, "cells.stop"}},
		{Name: "services.set", Facts: setFacts{}, Reads: []string{"services"}, Touches: []string{"services"}, MaxRisk: runbook.Disruptive, Action: set{w, "services.set"}},
		{Name: "list.add", Facts: addFacts{}, Reads: []string{"list"}, Touches: []string{"list"}, Action: add{w}},
		{Name: "queue.move", Reads: []string{"queue"}, Touches: []string{"queue"}, Action: move{w}},
	}
	m := map[string]runbook.Kind{}
	for _, k := range all {
		m[k.Name] = k
	}
	return m
}
