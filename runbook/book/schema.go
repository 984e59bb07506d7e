package book

import (
	"maps"
	"slices"

	"hikeshi/runbook"
	"hikeshi/runbook/book/check"
)

// object is a part of a JSON Schema.
type object = map[string]any

// durationPattern matches what time.ParseDuration reads, without a sign.
const durationPattern = `^([0-9]+(\.[0-9]*)?(ns|us|ms|s|m|h))+$`

// expressionPattern matches a value with ${…} in it.
const expressionPattern = `\$\{`

// Schema describes the format to editors, as JSON Schema draft 2020-12 with the parameters of every kind. It cannot say everything that
// Load checks: expressions, and names that stand twice.
func Schema(kinds map[string]runbook.Kind) map[string]any {
	return object{
		"$schema": "https://json-schema.org/draft/2020-12/schema",
		"title":   "Hikeshi runbook",
		"type":    "object", "additionalProperties": false,
		"required": []string{"format", "name", "title", "steps"},
		"properties": object{
			"format": object{"const": runbook.Format, "description": "version of the format"},
			"name":   object{"type": "string", "pattern": check.BookName},
			"title":  ref("text"), "about": ref("text"),
			"inputs": object{"type": "array", "items": ref("input")},
			"steps":  object{"type": "array", "items": ref("step"), "minItems": 1, "maxItems": check.MaxSteps},
		},
		"$defs": object{
			"text":     record([]string{"en"}, object{"en": object{"type": "string", "minLength": 1}, "ja": object{"type": "string"}}),
			"word":     object{"type": "string", "pattern": check.WordName},
			"duration": object{"type": "string", "pattern": durationPattern, "examples": []string{"90s", "5m", "2h"}},
			"input":    inputSchema(), "step": stepSchema(kinds), "manual": manualSchema(),
			"condition": record([]string{"title", "that"}, object{"title": ref("text"), "that": object{"type": "string", "description": "an expression that is true or false"},
				"when": object{"type": "string", "description": "an expression that is true or false; with otherwise"}, "otherwise": ref("text")}),
		},
	}
}

func ref(name string) object { return object{"$ref": "#/$defs/" + name} }

func record(required []string, properties object) object {
	return object{"type": "object", "additionalProperties": false, "required": required, "properties": properties}
}

func words[T ~string](all ...T) object {
	return object{"type": "string", "enum": all}
}

// only returns a part that holds if the object has key.
func only(key string) object { return object{"required": []string{key}} }

func inputSchema() object {
	s := record([]string{"name", "type", "title"}, object{
		"name": ref("word"), "title": ref("text"), "default": object{},
		"type":    words(runbook.String, runbook.Strings, runbook.Bool, runbook.Int, runbook.Duration, runbook.Choice),
		"choices": object{"type": "array", "items": object{"type": "string", "minLength": 1}, "minItems": 1, "uniqueItems": true},
	})
	var rules []object
	for _, t := range []runbook.Type{runbook.String, runbook.Strings, runbook.Bool, runbook.Int, runbook.Duration, runbook.Choice} {
		then := object{"properties": object{"default": typeSchema(runbook.Param{Type: t})}}
		switch t {
		case runbook.Bool, runbook.Int, runbook.Duration:
			then["required"] = []string{"default"}
		case runbook.Choice:
			then["required"] = []string{"choices"}
		}
		rules = append(rules, object{"if": has("type", string(t)), "then": then})
	}
	s["allOf"] = rules
	return s
}

// has returns a part that holds if key has value.
func has(key, value string) object {
	return object{"properties": object{key: object{"const": value}}, "required": []string{key}}
}

func stepSchema(kinds map[string]runbook.Kind) object {
	names := slices.Sorted(maps.Keys(kinds))
	s := record([]string{"id", "title"}, object{
		"id": ref("word"), "title": ref("text"), "why": ref("text"), "cost": ref("text"), "fails": ref("text"), "undo": ref("text"),
		"phase":    words(runbook.Identify, runbook.Contain, runbook.Eradicate, runbook.Recover, runbook.Learn),
		"uses":     words(names...),
		"with":     object{"type": "object"},
		"when":     object{"type": "string", "description": "an expression: the step is done if it is true"},
		"for_each": object{"type": "string", "description": "an expression that gives a list: the step is done for each item"},
		"manual":   ref("manual"),
		"gate":     object{"type": "array", "items": ref("condition"), "minItems": 1},
		"confirm":  words(runbook.ConfirmOnce, runbook.ConfirmEach),
		"timeout":  ref("duration"),
		"retries":  object{"type": "integer", "minimum": 0, "maximum": check.MaxRetries},
		"on_error": words(runbook.OnErrorStop, runbook.OnErrorContinue, runbook.OnErrorAsk),
		"headline": object{"type": "boolean"},
	})
	s["oneOf"] = []object{only("uses"), only("manual"), only("gate")}
	needs := object{}
	for _, key := range []string{"with", "for_each", "confirm", "timeout", "retries", "on_error", "headline"} {
		needs[key] = []string{"uses"}
	}
	s["dependentRequired"] = needs
	var rules []object
	for _, name := range names {
		rules = append(rules, object{"if": has("uses", name), "then": kindSchema(kinds[name])})
	}
	s["allOf"] = rules
	return s
}

// kindSchema describes the with of a step that uses kind.
func kindSchema(kind runbook.Kind) object {
	properties, required := object{}, []string{}
	for _, p := range kind.Params {
		t := typeSchema(p)
		if p.Type != runbook.String {
			t = object{"anyOf": []object{t, {"type": "string", "pattern": expressionPattern}}}
		}
		t["description"] = p.Short
		properties[p.Name] = t
		if p.Required {
			required = append(required, p.Name)
		}
	}
	with := record(required, properties)
	with["description"] = kind.Short.EN
	then := object{"properties": object{"with": with}}
	if len(required) > 0 {
		then["required"] = []string{"with"}
	}
	return then
}

// typeSchema describes a literal of the type of p.
func typeSchema(p runbook.Param) object {
	switch p.Type {
	case runbook.Bool:
		return object{"type": "boolean"}
	case runbook.Int:
		return object{"type": "integer"}
	case runbook.Strings:
		return object{"type": "array", "items": object{"type": "string"}}
	case runbook.Duration:
		return object{"type": "string", "pattern": durationPattern}
	case runbook.Choice:
		if len(p.Choices) > 0 {
			return words(p.Choices...)
		}
	}
	return object{"type": "string"}
}

func manualSchema() object {
	s := record([]string{"text"}, object{
		"text": ref("text"), "required": object{"type": "boolean"}, "given": object{"type": "string", "minLength": 1},
		"offer": object{"type": "string", "minLength": 1}, "every": object{"type": "boolean"},
		"check":   record([]string{"uses", "as"}, object{"uses": object{"type": "string"}, "as": object{"type": "string"}}),
		"ask":     words(runbook.AskText, runbook.AskFile, runbook.AskChoice),
		"choices": object{"type": "array", "minItems": 1, "items": record([]string{"value", "title"}, object{"value": ref("word"), "title": ref("text")})},
	})
	s["if"] = has("ask", string(runbook.AskChoice))
	s["then"] = only("choices")
	s["else"] = object{"properties": object{"choices": false}}
	return s
}
