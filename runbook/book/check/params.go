package check

import (
	"errors"
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

// env returns the names that a step can use now.
func (l *loader) env(item reflect.Type) *expression.Env {
	return expression.NewEnv(expression.Names{Inputs: l.inputs, Facts: maps.Clone(l.facts), Absent: maps.Clone(l.absent), Item: item})
}

// program compiles a key that holds an expression; nil if it is not there or wrong.
func (l *loader) program(env *expression.Env, at strictyaml.At[string], want expression.Type) *expression.Program {
	if !at.OK {
		return nil
	}
	if expression.HasExpression(at.V) {
		l.Mistake(at.Pos, "an expression stands here anyway, without ${}")
		return nil
	}
	p, err := env.Compile(at.V, expression.Want{Type: want})
	if err != nil {
		l.wrong(at.Pos, "", err)
		return nil
	}
	return p
}

// wrong tells what is wrong with an expression, unless that follows from a mistake that was told where it stands.
func (l *loader) wrong(at strictyaml.Pos, prefix string, err error) {
	var e *expression.Error
	if errors.As(err, &e) && e.Name != "" && (l.unsure[e.Name] || l.Torn()) {
		return
	}
	l.Mistake(at, "%s%v", prefix, err)
}

// params checks the parameters of a step.
func (l *loader) params(s stepShape, kind runbook.Kind, env *expression.Env) map[string]runbook.Value {
	values, meant := map[string]runbook.Value{}, map[string]bool{}
	var names []string
	for _, p := range kind.Params {
		names = append(names, p.Name)
	}
	for _, name := range slices.Sorted(maps.Keys(s.With.V)) {
		if !slices.Contains(names, name) {
			meant[nearest.Name(name, names)] = true
			l.Mistake(s.With.V[name].Key, "%s has no parameter %q%s", kind.Name, name, paramHint(name, names))
		}
	}
	for _, p := range kind.Params {
		at, ok := s.With.V[p.Name]
		switch {
		case ok && at.OK:
			values[p.Name] = l.value(p, at, env)
		case !ok && p.Required && !meant[p.Name] && (s.With.OK || !s.With.Given()):
			l.missing(s.Uses.Key, fmt.Sprintf("parameter %s of %s", p.Name, kind.Name), "with: {%s: %s}", p.Name, p.Type)
		}
	}
	return values
}

func paramHint(name string, names []string) string {
	if hint := nearest.Hint(name, names); hint != "" {
		return hint
	}
	if len(names) == 0 {
		return "; it has none"
	}
	return "; it has " + strings.Join(names, ", ")
}

// value checks one parameter.
func (l *loader) value(p runbook.Param, at strictyaml.At[any], env *expression.Env) runbook.Value {
	if src, ok := at.V.(string); ok && expression.HasExpression(src) {
		x, err := env.CompileValue(src, expression.Want{Type: expression.Type(p.Type), Choices: p.Choices})
		if err != nil {
			l.wrong(at.Pos, p.Name+": ", err)
			return runbook.Value{}
		}
		l.sameChoices(p, at.Pos, src)
		return runbook.Value{Expr: x}
	}
	v, err := literal(p.Type, p.Choices, at.V)
	if err != nil {
		l.Mistake(at.Pos, "%s: %v", p.Name, err)
		return runbook.Value{}
	}
	if p.Type == runbook.Duration {
		v = fmt.Sprint(v) // parameters are given to the kind as JSON, where a duration is a text
	}
	return runbook.Value{Literal: v}
}

// sameChoices tells where an input can be something that the parameter cannot.
func (l *loader) sameChoices(p runbook.Param, at strictyaml.Pos, src string) {
	if p.Type != runbook.Choice {
		return
	}
	for _, in := range l.book.Inputs {
		if src != "${inputs."+in.Name+"}" {
			continue
		}
		switch {
		case in.Type != runbook.Choice:
			l.Mistake(at, "%s: input %s can be any text, and %s is one of %s", p.Name, in.Name, p.Name, strings.Join(p.Choices, ", "))
		case in.Default == nil:
			l.Mistake(at, "%s: input %s has no default and can be empty, and %s cannot", p.Name, in.Name, p.Name)
		}
		for _, c := range in.Choices {
			if !slices.Contains(p.Choices, c) {
				l.Mistake(at, "%s: input %s can be %q, and %s is one of %s", p.Name, in.Name, c, p.Name, strings.Join(p.Choices, ", "))
			}
		}
	}
}

func (l *loader) manual(s strictyaml.At[manualShape], env *expression.Env) *runbook.Manual {
	if !s.Given() || s.V.Line == 0 {
		return nil
	}
	m := &runbook.Manual{Ask: oneOf(l, s.V.Ask, "ask", runbook.AskNothing, runbook.AskText, runbook.AskFile, runbook.AskChoice), Required: s.V.Required.V}
	if !s.V.Text.Given() {
		l.missing(s.V.Pos, "text", "text: {en: ..., ja: ...}")
	}
	m.Text = l.text(s.V.Text)
	m.Given = l.program(env, s.V.Given, expression.String)
	if s.V.Given.Given() && m.Ask != runbook.AskText && m.Ask != runbook.AskChoice {
		l.Mistake(s.V.Given.Key, "given belongs to ask: text or choice")
	}
	m.Offer, m.Every = l.program(env, s.V.Offer, expression.List), s.V.Every.V
	switch {
	case s.V.Offer.Given() && m.Ask != runbook.AskText:
		l.Mistake(s.V.Offer.Key, "offer belongs to ask: text")
	case m.Every && !s.V.Offer.Given():
		l.Mistake(s.V.Every.Key, "every belongs to offer")
	}
	m.Check = l.check(s.V.Check, m.Ask)
	switch {
	case m.Ask == runbook.AskChoice && !s.V.Choices.Given():
		l.missing(s.V.Pos, "choices", "choices: [{value: ..., title: {en: ...}}]")
	case m.Ask == runbook.AskChoice && s.V.Choices.OK && len(s.V.Choices.V) == 0:
		l.Mistake(s.V.Choices.Pos, "there are no choices")
	case m.Ask != runbook.AskChoice && s.V.Choices.Given() && (s.V.Ask.OK || !s.V.Ask.Given()):
		l.Mistake(s.V.Choices.Key, "choices belong to ask: choice")
	case m.Ask == runbook.AskNothing && m.Required && !s.V.Ask.Given():
		l.Mistake(s.V.Required.Key, "required belongs to ask: text, file or choice")
	}
	first := map[string]int{}
	for _, c := range s.V.Choices.V {
		if c.Line == 0 {
			continue
		}
		value := l.name(c.Pos, c.Value, "value", WordName)
		title := l.title(c.Pos, c.Title)
		if value != "" && l.unique(c.Value, "value", first) {
			m.Choices = append(m.Choices, runbook.ManualChoice{Value: value, Title: title})
		}
	}
	return m
}

// check reads which kind and parameter the names of an answer are for.
func (l *loader) check(s strictyaml.At[checkShape], ask runbook.Ask) *runbook.ManualCheck {
	if !s.Given() || s.V.Line == 0 {
		return nil
	}
	if ask != runbook.AskText {
		l.Mistake(s.Key, "check belongs to ask: text")
	}
	c := &runbook.ManualCheck{Uses: s.V.Uses.V, As: s.V.As.V}
	kind, ok := l.kinds[c.Uses]
	if !ok {
		l.Mistake(s.Pos, "check: uses: there is no kind %q%s", c.Uses, nearest.Hint(c.Uses, slices.Collect(maps.Keys(l.kinds))))
		return nil
	}
	var names []string
	for _, p := range kind.Params {
		if p.Type == runbook.Strings {
			names = append(names, p.Name)
		}
	}
	if !slices.Contains(names, c.As) {
		l.Mistake(s.Pos, "check: as: %s has no list %q%s", c.Uses, c.As, paramHint(c.As, names))
		return nil
	}
	return c
}

func (l *loader) gate(s strictyaml.At[[]conditionShape], env *expression.Env) []runbook.Condition {
	if s.OK && len(s.V) == 0 {
		l.Mistake(s.Pos, "a gate without conditions stands open")
	}
	var all []runbook.Condition
	for _, c := range s.V {
		if c.Line == 0 {
			continue
		}
		if !c.That.Given() {
			l.missing(c.Pos, "that", "that: and a condition")
		}
		one := runbook.Condition{Title: l.title(c.Pos, c.Title), That: l.program(env, c.That, expression.Bool)}
		if c.When.Given() != c.Otherwise.Given() {
			l.Mistake(c.Pos, "when: and otherwise: go together: what is told where there is nothing to ask")
		} else if c.When.Given() {
			one.When, one.Otherwise = l.program(env, c.When, expression.Bool), l.title(c.Pos, c.Otherwise)
		}
		all = append(all, one)
	}
	return all
}
