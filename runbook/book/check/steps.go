package check

import (
	"fmt"
	"maps"
	"reflect"
	"slices"
	"strings"

	"hikeshi/runbook"
	"hikeshi/runbook/expression"
	"hikeshi/runbook/nearest"
	"hikeshi/runbook/strictyaml"
)

func (l *loader) loadSteps(s bookShape) {
	switch {
	case !s.Steps.Given():
		l.missing(s.Pos, "steps", "steps: and a list of them")
	case len(s.Steps.V) > MaxSteps:
		l.Mistake(s.Steps.Key, "there are %d steps, more than %d", len(s.Steps.V), MaxSteps)
		return
	case s.Steps.OK && len(s.Steps.V) == 0:
		l.Mistake(s.Steps.Pos, "there are no steps")
	}
	for _, step := range s.Steps.V {
		if id := step.ID.V; id != "" {
			l.absent[id] = fmt.Sprintf("step %q comes later", id)
		}
	}
	first := map[string]int{}
	for _, step := range s.Steps.V {
		if step.Line == 0 {
			continue // no keys with values, which was told
		}
		done := l.step(step)
		if done.ID == "" {
			l.unsure["facts."+step.ID.V] = true
		} else if l.unique(step.ID, "id", first) {
			l.book.Steps = append(l.book.Steps, done)
			l.learn(step, done)
		}
	}
}

// learn notes the facts that later steps can use.
func (l *loader) learn(s stepShape, step runbook.Step) {
	prototype, known := any(nil), true
	switch {
	case s.Manual.Given():
		prototype = runbook.ManualFacts{}
	case s.Uses.Given():
		var kind runbook.Kind
		kind, known = l.kinds[step.Uses]
		prototype = kind.Facts
	}
	switch {
	case !known:
		l.unsure["facts."+step.ID] = true
	case prototype == nil:
		l.absent[step.ID] = fmt.Sprintf("step %q has no facts", step.ID)
	case s.ForEach.Given():
		l.facts[step.ID] = reflect.Zero(reflect.SliceOf(reflect.TypeOf(prototype))).Interface()
	default:
		l.facts[step.ID] = prototype
	}
}

func (l *loader) step(s stepShape) runbook.Step {
	step := runbook.Step{
		ID: l.name(s.Pos, s.ID, "id", WordName), Title: l.title(s.Pos, s.Title),
		Phase: oneOf(l, s.Phase, "phase", "", runbook.Identify, runbook.Contain, runbook.Eradicate, runbook.Recover, runbook.Learn),
		Why:   l.text(s.Why), Cost: l.text(s.Cost), Fails: l.text(s.Fails), Back: l.text(s.Undo),
		Confirm: oneOf(l, s.Confirm, "confirm", runbook.ConfirmOnce, runbook.ConfirmEach),
		OnError: oneOf(l, s.OnError, "on_error", runbook.OnErrorStop, runbook.OnErrorContinue, runbook.OnErrorAsk),
		Timeout: s.Timeout.V, Retries: s.Retries.V, Headline: s.Headline.V,
	}
	if s.Timeout.OK && s.Timeout.V == 0 {
		l.Mistake(s.Timeout.Pos, "a timeout of 0 leaves no time; leave the key out for no limit")
	}
	if s.Retries.OK && (s.Retries.V < 0 || s.Retries.V > MaxRetries) {
		l.Mistake(s.Retries.Pos, "retries are between 0 and %d", MaxRetries)
	}
	env := l.env(nil)
	step.When = l.program(env, s.When, expression.Bool)
	l.doing(s)
	step.Uses = s.Uses.V
	l.usesKind(s, &step, env)
	step.Manual = l.manual(s.Manual, env)
	step.Gate = l.gate(s.Gate, env)
	return step
}

// doing checks that a step does one thing, and has no keys that belong to another.
func (l *loader) doing(s stepShape) {
	var does []string
	for _, x := range []struct {
		key   string
		given bool
	}{{"uses", s.Uses.Given()}, {"manual", s.Manual.Given()}, {"gate", s.Gate.Given()}} {
		if x.given {
			does = append(does, x.key)
		}
	}
	switch {
	case len(does) == 0 && !l.Meant(s.Pos, "manual") && !l.Meant(s.Pos, "gate"):
		l.missing(s.Pos, "uses", "one of uses, manual and gate")
	case len(does) == 0:
	case len(does) > 1:
		l.Mistake(s.Pos, "a step has one of uses, manual and gate; this one has %s", strings.Join(does, " and "))
	case !s.Uses.Given():
		l.onlyWithUses(s, does[0])
	}
}

func (l *loader) onlyWithUses(s stepShape, does string) {
	for _, x := range []struct {
		name string
		at   strictyaml.Pos
	}{
		{"with", s.With.Key}, {"for_each", s.ForEach.Key}, {"confirm", s.Confirm.Key}, {"timeout", s.Timeout.Key},
		{"retries", s.Retries.Key}, {"on_error", s.OnError.Key}, {"headline", s.Headline.Key},
	} {
		if x.at.Line > 0 {
			l.Mistake(x.at, "%s belongs to a step with uses, and this one is a step with %s", x.name, does)
		}
	}
}

// usesKind checks what belongs to uses.
func (l *loader) usesKind(s stepShape, step *runbook.Step, env *expression.Env) {
	if s.ForEach.Given() {
		step.ForEach = l.program(env, s.ForEach, expression.List)
		env = l.env(l.item(s.ForEach, step.ForEach))
		defer delete(l.unsure, "item")
	}
	if !s.Uses.OK {
		return
	}
	kind, ok := l.kinds[s.Uses.V]
	if !ok {
		names := slices.Sorted(maps.Keys(l.kinds))
		hint := nearest.Hint(s.Uses.V, names)
		if hint == "" {
			hint = "; there are " + strings.Join(names, ", ")
		}
		l.Mistake(s.Uses.Pos, "there is no kind %q%s", s.Uses.V, hint)
		return
	}
	step.With = l.params(s, kind, env)
}

// item returns the type of the items of for_each, nil if there is a mistake.
func (l *loader) item(at strictyaml.At[string], each *expression.Program) reflect.Type {
	if each == nil {
		l.unsure["item"] = true
		return nil
	}
	if each.Entry() == nil {
		l.unsure["item"] = true
		l.Mistake(at.Pos, "for_each: the type of the items cannot be told beforehand")
	}
	return each.Entry()
}
