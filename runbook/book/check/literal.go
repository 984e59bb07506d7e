package check

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"hikeshi/runbook"
	"hikeshi/runbook/expression"
	"hikeshi/runbook/nearest"
)

// literal makes v, as YAML has it, a value of the Go type of t.
func literal(t runbook.Type, choices []string, v any) (any, error) {
	switch t {
	case runbook.Bool:
		if b, ok := v.(bool); ok {
			return b, nil
		}
		return nil, Wanted("true or false", v)
	case runbook.Int:
		if n, ok := v.(int); ok {
			return n, nil
		}
		return nil, Wanted("a whole number", v)
	case runbook.Strings:
		return literalList(v)
	}
	s, ok := v.(string)
	switch {
	case !ok && t == runbook.Duration:
		return nil, Wanted("a duration such as 90s, 5m or 720h (units: s, m, h; no days)", v)
	case !ok:
		return nil, Wanted("a text", v)
	case expression.HasExpression(s):
		return nil, fmt.Errorf("there can be no ${…} here")
	case t == runbook.Duration:
		return Duration(s)
	case t == runbook.Choice:
		return Choice(s, choices)
	}
	return s, nil
}

func literalList(v any) (any, error) {
	list, ok := v.([]any)
	if !ok {
		return nil, Wanted("a list of texts", v)
	}
	all := make([]string, len(list))
	for i, x := range list {
		s, ok := x.(string)
		switch {
		case !ok:
			return nil, fmt.Errorf("entry %d: %w", i+1, Wanted("a text", x))
		case expression.HasExpression(s):
			return nil, fmt.Errorf("entry %d: a ${…} gives the whole list, not one entry of it", i+1)
		}
		all[i] = s
	}
	return all, nil
}

// Duration reads a duration as Go writes it. It is never negative.
func Duration(s string) (time.Duration, error) {
	d, err := time.ParseDuration(s)
	if err != nil || d < 0 {
		return 0, Wanted("a duration such as 90s, 5m or 720h (units: s, m, h; no days)", s)
	}
	return d, nil
}

// Choice returns s if it is one of choices.
func Choice(s string, choices []string) (string, error) {
	if !slices.Contains(choices, s) {
		return "", fmt.Errorf("%q is none of %s%s", s, strings.Join(choices, ", "), nearest.Hint(s, choices))
	}
	return s, nil
}

// Wanted says what has to stand where v stands.
func Wanted(what string, v any) error {
	here := "a list"
	switch v := v.(type) {
	case string:
		here = fmt.Sprintf("the text %q", v)
	case bool:
		here = fmt.Sprint(v)
	case int, float64:
		here = fmt.Sprintf("the number %v", v)
	case map[string]any:
		here = "keys with values"
	}
	return fmt.Errorf("%s is wanted, and here is %s", what, here)
}
