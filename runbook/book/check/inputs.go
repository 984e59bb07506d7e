package check

import (
	"strings"
	"unicode"

	"hikeshi/runbook"
	"hikeshi/runbook/expression"
)

func (l *loader) loadInputs(all []inputShape) {
	first := map[string]int{}
	for _, s := range all {
		if s.Line == 0 {
			continue // no keys with values, which was told
		}
		def := runbook.InputDef{Name: l.name(s.Pos, s.Name, "name", WordName), Title: l.title(s.Pos, s.Title)}
		def.Type = l.inputType(s)
		def.Choices = l.choices(s, def.Type)
		def.Default = l.inputDefault(s, def)
		switch {
		case def.Name == "" || !l.unique(s.Name, "input", first):
		case def.Type == "":
			l.unsure["inputs."+def.Name] = true
		default:
			l.inputs[def.Name] = expression.Type(def.Type)
			l.book.Inputs = append(l.book.Inputs, def)
		}
	}
}

// inputType returns the type, or "" if it is not known.
func (l *loader) inputType(s inputShape) runbook.Type {
	if !s.Type.Given() {
		l.missing(s.Pos, "type", "type: string, strings, bool, int, duration or choice")
	}
	if !s.Type.OK {
		return ""
	}
	return oneOf(l, s.Type, "type", "", runbook.String, runbook.Strings, runbook.Bool, runbook.Int, runbook.Duration, runbook.Choice)
}

func (l *loader) choices(s inputShape, t runbook.Type) []string {
	switch {
	case t == runbook.Choice && !s.Choices.Given():
		l.missing(s.Pos, "choices", "choices: and a list of words")
	case t == runbook.Choice && s.Choices.OK && len(s.Choices.V) == 0:
		l.Mistake(s.Choices.Pos, "there are no choices")
	case t != runbook.Choice && t != "" && s.Choices.Given():
		l.Mistake(s.Choices.Key, "only an input of type choice has choices")
	}
	first := map[string]int{}
	var all []string
	for _, c := range s.Choices.V {
		switch {
		case !c.OK:
		case c.V == "" || strings.ContainsFunc(c.V, unicode.IsSpace):
			l.Mistake(c.Pos, "choice %q is not one word", c.V)
		case l.unique(c, "choice", first):
			all = append(all, c.V)
		}
	}
	return all
}

// inputDefault returns the default. A type that has no empty value needs one.
func (l *loader) inputDefault(s inputShape, def runbook.InputDef) any {
	if !s.Default.Given() {
		switch def.Type {
		case runbook.Bool, runbook.Int, runbook.Duration:
			l.missing(s.Pos, "default", "default: and a value, since an input of type %s is never empty", def.Type)
		}
		return nil
	}
	if !s.Default.OK || def.Type == "" || def.Type == runbook.Choice && len(def.Choices) == 0 {
		return nil
	}
	v, err := literal(def.Type, def.Choices, s.Default.V)
	if err != nil {
		l.Mistake(s.Default.Pos, "default: %v", err)
		return s.Default.V // so that nobody complains that there is none
	}
	return v
}
