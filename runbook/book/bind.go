package book

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"unicode"

	"hikeshi/runbook"
	"hikeshi/runbook/book/check"
	"hikeshi/runbook/expression"
	"hikeshi/runbook/nearest"
)

// Bind gives the inputs of b the values of set, each NAME=VALUE as after --set, and their defaults otherwise. Commas separate the
// values of a list input; a list that is given again adds, any other input given again is an error. The values are of the Go types
// of their definitions, and every input has one. The error tells everything that is wrong with set.
func Bind(b *runbook.Runbook, set []string) (map[string]any, error) {
	values := map[string]any{}
	var wrong []error
	for _, s := range set {
		if err := bind(b, values, s); err != nil {
			wrong = append(wrong, fmt.Errorf("--set %q: %w", s, err))
		}
	}
	fill(b, values)
	return values, errors.Join(wrong...)
}

// Restore gives the inputs of b the values that an incident was opened with, as they came out of JSON, and their defaults where it
// had none.
func Restore(b *runbook.Runbook, given map[string]any) (map[string]any, error) {
	values := map[string]any{}
	var wrong []error
	for _, name := range slices.Sorted(maps.Keys(given)) {
		def, ok := definition(b, name)
		if !ok {
			wrong = append(wrong, fmt.Errorf("the runbook has no input %q", name))
			continue
		}
		v, err := expression.Type(def.Type).Input(given[name])
		if s, text := v.(string); text && def.Type == runbook.Choice && s != "" && err == nil {
			_, err = check.Choice(s, def.Choices)
		}
		if err != nil {
			wrong = append(wrong, fmt.Errorf("input %s: %w", name, err))
			continue
		}
		values[name] = v
	}
	fill(b, values)
	return values, errors.Join(wrong...)
}

// fill gives every input that has no value its default, or the empty value.
func fill(b *runbook.Runbook, values map[string]any) {
	for _, def := range b.Inputs {
		_, given := values[def.Name]
		switch {
		case given:
		case def.Default != nil:
			values[def.Name] = def.Default
		case def.Type == runbook.Strings:
			values[def.Name] = []string{}
		default:
			values[def.Name] = ""
		}
	}
}

func definition(b *runbook.Runbook, name string) (runbook.InputDef, bool) {
	i := slices.IndexFunc(b.Inputs, func(d runbook.InputDef) bool { return d.Name == name })
	if i < 0 {
		return runbook.InputDef{}, false
	}
	return b.Inputs[i], true
}

// bind adds one NAME=VALUE to values.
func bind(b *runbook.Runbook, values map[string]any, set string) error {
	name, text, ok := strings.Cut(set, "=")
	if !ok {
		return errors.New("NAME=VALUE is wanted")
	}
	def, ok := definition(b, name)
	if !ok {
		return fmt.Errorf("runbook %s has no input %q%s", b.Name, name, inputHint(b, name))
	}
	if strings.ContainsFunc(text, unicode.IsControl) {
		return errors.New("a control character must not stand in a value")
	}
	before, again := values[name]
	if def.Type == runbook.Strings {
		list, _ := before.([]string)
		more, err := commas(text)
		values[name] = append(append([]string{}, list...), more...) // never nil, which JSON would not bring back
		return err
	}
	if again {
		return fmt.Errorf("input %s has one value and is given twice", name)
	}
	v, err := scalar(def, text)
	if err == nil {
		values[name] = v
	}
	return err
}

func inputHint(b *runbook.Runbook, name string) string {
	var names []string
	for _, def := range b.Inputs {
		names = append(names, def.Name)
	}
	switch hint := nearest.Hint(name, names); {
	case hint != "":
		return hint
	case len(names) == 0:
		return "; it has none"
	}
	return "; it has " + strings.Join(names, ", ")
}

// commas cuts the value of a list input. Nothing at all is the empty list.
func commas(text string) ([]string, error) {
	if strings.TrimSpace(text) == "" {
		return []string{}, nil
	}
	list := strings.Split(text, ",")
	for i := range list {
		if list[i] = strings.TrimSpace(list[i]); list[i] == "" {
			return nil, fmt.Errorf("value %d of the list is empty", i+1)
		}
	}
	return list, nil
}

// scalar makes the text of a value one of the Go type of its input.
func scalar(def runbook.InputDef, text string) (any, error) {
	switch def.Type {
	case runbook.Bool:
		if text != "true" && text != "false" {
			return nil, check.Wanted("true or false", text)
		}
		return text == "true", nil
	case runbook.Int:
		n, err := strconv.Atoi(text)
		if err != nil {
			return nil, check.Wanted("a whole number", text)
		}
		return n, nil
	case runbook.Duration:
		return check.Duration(text)
	case runbook.Choice:
		return check.Choice(text, def.Choices)
	}
	return text, nil
}
