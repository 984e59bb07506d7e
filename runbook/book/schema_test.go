package book

import (
	"encoding/json"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"
)

// at follows keys and indexes into the schema as editors see it.
func at(t *testing.T, v any, path string) any {
	t.Helper()
	for _, key := range strings.Split(path, "/") {
		m, ok := v.(map[string]any)
		if !ok {
			t.Fatalf("%s: no object at %s", path, key)
		}
		if v, ok = m[key]; !ok {
			t.Fatalf("%s: there is no %s", path, key)
		}
	}
	return v
}

func TestSchema(t *testing.T) {
	raw, err := json.Marshal(Schema(kinds()))
	if err != nil {
		t.Fatal(err)
	}
	var s map[string]any
	if err := json.Unmarshal(raw, &s); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		path, want string // want: the JSON there
	}{
		{"$schema", `"https://json-schema.org/draft/2020-12/schema"`},
		{"type", `"object"`},
		{"additionalProperties", `false`},
		{"required", `["format","name","title","steps"]`},
		{"properties/format/const", `1`},
		{"properties/steps/items/$ref", `"#/$defs/step"`},
		{"properties/inputs/items/$ref", `"#/$defs/input"`},
		{"properties/title/$ref", `"#/$defs/text"`},
		{"$defs/text/required", `["en"]`},
		{"$defs/text/additionalProperties", `false`},
		{"$defs/step/additionalProperties", `false`},
		{"$defs/step/required", `["id","title"]`},
		{"$defs/step/oneOf", `[{"required":["uses"]},{"required":["manual"]},{"required":["gate"]}]`},
		{"$defs/step/properties/phase/enum", `["identify","contain","eradicate","recover","learn"]`},
		{"$defs/step/properties/confirm/enum", `["once","each"]`},
		{"$defs/step/properties/on_error/enum", `["stop","continue","ask"]`},
		{"$defs/step/properties/retries/maximum", `10`},
		{"$defs/step/properties/timeout/$ref", `"#/$defs/duration"`},
		{"$defs/step/properties/gate/items/$ref", `"#/$defs/condition"`},
		{"$defs/step/dependentRequired/with", `["uses"]`},
		{"$defs/condition/required", `["title","that"]`},
		{"$defs/input/properties/type/enum", `["string","strings","bool","int","duration","choice"]`},
		{"$defs/manual/required", `["text"]`},
		{"$defs/manual/properties/ask/enum", `["text","file","choice"]`},
	} {
		got, err := json.Marshal(at(t, s, c.path))
		if err != nil || string(got) != c.want {
			t.Errorf("%s is %s, want %s", c.path, got, c.want)
		}
	}
	schemaKeys(t, s)
	schemaKinds(t, s)
}

// schemaKeys checks that the schema knows the very keys that Load knows.
func schemaKeys(t *testing.T, s map[string]any) {
	for path, text := range map[string]string{
		"properties":                                       "x_: 1\n",
		"$defs/text/properties":                            "title: {x_: 1}\n",
		"$defs/input/properties":                           "inputs: [{x_: 1}]\n",
		"$defs/step/properties":                            "steps: [{x_: 1}]\n",
		"$defs/manual/properties":                          "steps: [{manual: {x_: 1}}]\n",
		"$defs/condition/properties":                       "steps: [{gate: [{x_: 1}]}]\n",
		"$defs/manual/properties/choices/items/properties": "steps: [{manual: {choices: [{x_: 1}]}}]\n",
	} {
		var keys []string
		for key := range at(t, s, path).(map[string]any) {
			keys = append(keys, key)
		}
		slices.Sort(keys)
		want := "there are " + strings.Join(keys, ", ")
		if got := strings.Join(mistakes(t, text), "\n"); !strings.Contains(got, want) {
			t.Errorf("%s: %s\nwant %s", path, got, want)
		}
	}
}

// schemaKinds checks that every kind and every parameter is there.
func schemaKinds(t *testing.T, s map[string]any) {
	rules := at(t, s, "$defs/step/allOf").([]any)
	found := map[string]any{}
	for _, r := range rules {
		found[at(t, r, "if/properties/uses/const").(string)] = at(t, r, "then")
	}
	for name, kind := range kinds() {
		then, ok := found[name]
		if !ok {
			t.Errorf("kind %s is not in the schema", name)
			continue
		}
		with := at(t, then, "properties/with")
		if at(t, with, "additionalProperties") != false || len(at(t, with, "properties").(map[string]any)) != len(kind.Params) {
			t.Errorf("%s: %v", name, with)
		}
		for _, p := range kind.Params {
			at(t, with, "properties/"+p.Name)
			if required := slices.Contains(at(t, with, "required").([]any), any(p.Name)); required != p.Required {
				t.Errorf("%s: %s required: %v", name, p.Name, required)
			}
		}
	}
	targets, _ := json.Marshal(at(t, found["relay.deny"], "properties/with/properties/targets"))
	want := `{"anyOf":[{"items":{"type":"string"},"type":"array"},{"pattern":"\\$\\{","type":"string"}],"description":"whom"}`
	if string(targets) != want {
		t.Errorf("targets: %s, want %s", targets, want)
	}
	strategy, _ := json.Marshal(at(t, found["queue.quarantine"], "properties/with/properties/strategy"))
	if !strings.Contains(string(strategy), `"enum":["auto","move","rename"]`) {
		t.Errorf("strategy: %s", strategy)
	}
}

// The pattern of durations takes what Load takes.
func TestDurationPattern(t *testing.T) {
	pattern := regexp.MustCompile(durationPattern)
	for _, s := range []string{"90s", "5m", "2h30m", "1.5h", "10ms", "1.h", "5", "", "-5m", "5 m", "soon", "5d", "h"} {
		_, err := time.ParseDuration(s)
		if ok := err == nil && !strings.HasPrefix(s, "-"); pattern.MatchString(s) != ok {
			t.Errorf("%q: the pattern says %v, Load says %v", s, !ok, ok)
		}
	}
}
