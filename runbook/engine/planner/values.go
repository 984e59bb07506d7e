package planner

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"reflect"
	"strings"

	"hikeshi/runbook"
	"hikeshi/runbook/expression"
)

// Facts are what the steps so far found out, by step id, as Value gives them. A step that is not in it has none: whatever uses it
// is undetermined.
type Facts map[string]any

// errNoFacts is why an expression cannot be evaluated.
var errNoFacts = fmt.Errorf("%w: depends on a step that was not done", runbook.ErrUndetermined)

// inJapanese are the words for an error that wraps errNoFacts; "" for another.
func inJapanese(err error) string {
	if _, id, ok := strings.Cut(err.Error(), errNoFacts.Error()+": "); ok {
		return "手順 " + id + " が済んでいない"
	}
	return ""
}

// eval evaluates x, or says that it cannot be.
func (p *Planner) eval(x *expression.Program, f Facts, item any) (any, error) {
	v, err := x.Eval(expression.Values{Inputs: p.Inputs, Facts: f, Item: item})
	if missing := (*expression.NoFacts)(nil); errors.As(err, &missing) {
		return nil, fmt.Errorf("%w: %s", errNoFacts, missing.Step)
	}
	if err != nil {
		return nil, fmt.Errorf("%w: evaluating %q: %w", runbook.ErrUndetermined, x.Source(), err)
	}
	return v, nil
}

// holds evaluates a condition. What is neither true nor false is an error, not false.
func (p *Planner) holds(x *expression.Program, f Facts) (bool, error) {
	v, err := p.eval(x, f, nil)
	if err != nil {
		return false, err
	}
	yes, ok := v.(bool)
	if !ok {
		return false, fmt.Errorf("%w: %q is neither true nor false", runbook.ErrUndetermined, x.Source())
	}
	return yes, nil
}

// when says whether step is to be done.
func (p *Planner) when(step runbook.Step, f Facts) (bool, error) {
	if step.When == nil {
		return true, nil
	}
	return p.holds(step.When, f)
}

// items returns what for_each goes over; one nil item where there is none.
func (p *Planner) items(step runbook.Step, f Facts) ([]any, error) {
	if step.ForEach == nil {
		return []any{nil}, nil
	}
	v, err := p.eval(step.ForEach, f, nil)
	if err != nil {
		return nil, err
	}
	list := reflect.ValueOf(v)
	if list.Kind() != reflect.Slice {
		return nil, fmt.Errorf("%w: for_each %q gives no list", runbook.ErrUndetermined, step.ForEach.Source())
	}
	all := make([]any, list.Len())
	for i := range all {
		all[i] = list.Index(i).Interface()
	}
	return all, nil
}

// with evaluates the parameters of a step into one JSON object.
func (p *Planner) with(step runbook.Step, f Facts, item any) (json.RawMessage, error) {
	values := map[string]any{}
	for name, v := range step.With {
		if v.Expr == nil {
			values[name] = v.Literal
			continue
		}
		x, err := p.eval(v.Expr, f, item)
		if err != nil {
			return nil, err
		}
		values[name] = x
	}
	raw, err := json.Marshal(values)
	if err != nil {
		return nil, fmt.Errorf("encoding the parameters of step %s: %w", step.ID, err)
	}
	return raw, nil
}

// outcome is what planning a step gave, all its items together.
type outcome struct {
	findings []runbook.Finding
	changes  []runbook.Change
	facts    json.RawMessage
	left     runbook.Text // why the step is left out, if no item changes anything
	byHand   runbook.Text // what of it is left to a person
}

// outcome plans a step that uses a kind, once for each item.
func (p *Planner) outcome(ctx context.Context, step runbook.Step, f Facts, planned []runbook.Change) (outcome, error) {
	var all outcome
	kind, ok := p.Kinds[step.Uses]
	if !ok {
		return all, fmt.Errorf("step %s uses %s, which this version does not have", step.ID, step.Uses)
	}
	items, err := p.items(step, f)
	if err != nil {
		return all, err
	}
	each := make([]any, 0, len(items))
	for _, item := range items {
		in := runbook.Input{Incident: p.Incident, Step: step.ID, Planned: planned, Rec: p.Recorder(step.ID)}
		if in.With, err = p.with(step, f, item); err != nil {
			return all, err
		}
		out, err := kind.Action.Plan(ctx, in)
		all.findings = append(all.findings, out.Findings...)
		if err != nil {
			return all, err
		}
		all.changes = append(all.changes, out.Changes...)
		each = append(each, out.Facts)
		if all.left.IsZero() {
			all.left = out.Left
		}
		if all.byHand.IsZero() {
			all.byHand = out.ByHand
		}
	}
	all.facts, err = encode(step, kind, each)
	return all, err
}

// encode puts the facts of the items together: those of the one item, or with for_each the list of all. A list in which some have
// none is no list.
func encode(step runbook.Step, kind runbook.Kind, each []any) (json.RawMessage, error) {
	for _, v := range each {
		if v == nil || kind.Facts == nil {
			return nil, nil
		}
		if reflect.TypeOf(v) != reflect.TypeOf(kind.Facts) {
			return nil, fmt.Errorf("step %s: the facts of %s are %T, not %T", step.ID, kind.Name, v, kind.Facts)
		}
	}
	var facts any = each
	if step.ForEach == nil {
		facts = each[0]
	} else if kind.Facts == nil {
		return nil, nil
	}
	raw, err := json.Marshal(facts)
	if err != nil {
		return nil, fmt.Errorf("encoding the facts of step %s: %w", step.ID, err)
	}
	return raw, nil
}

// Value decodes the facts of a step into a new value of its kind's own type, a slice of that with for_each; nil if it has none.
func (p *Planner) Value(step runbook.Step, raw json.RawMessage) (any, error) {
	if len(raw) == 0 || string(raw) == "null" {
		return nil, nil
	}
	var prototype any = runbook.ManualFacts{}
	if step.Manual == nil {
		prototype = p.Kinds[step.Uses].Facts
	}
	if prototype == nil {
		return nil, nil
	}
	t := reflect.TypeOf(prototype)
	if step.ForEach != nil {
		t = reflect.SliceOf(t)
	}
	v := reflect.New(t)
	if err := json.Unmarshal(raw, v.Interface()); err != nil {
		return nil, fmt.Errorf("reading the facts of step %s: %w", step.ID, err)
	}
	return v.Elem().Interface(), nil
}
