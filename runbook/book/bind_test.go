package book

import (
	"encoding/json"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"hikeshi/runbook"
)

func loaded(t *testing.T) *runbook.Runbook {
	t.Helper()
	b, err := Load("our.yaml", []byte(whole), kinds())
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func defaults() map[string]any {
	return map[string]any{"sources": []string{}, "settle": 5 * time.Minute, "strategy": "auto", "limit": 3, "force": false, "cause": ""}
}

func TestBind(t *testing.T) {
	for _, c := range []struct {
		name string
		set  []string
		want map[string]any // over the defaults
	}{
		{"nothing", nil, nil},
		{"one of a list", []string{"sources=192.0.2.1"}, map[string]any{"sources": []string{"192.0.2.1"}}},
		{"commas", []string{"sources=192.0.2.1, 198.51.100.0/24"}, map[string]any{"sources": []string{"192.0.2.1", "198.51.100.0/24"}}},
		{"again adds", []string{"sources=a,b", "sources=c"}, map[string]any{"sources": []string{"a", "b", "c"}}},
		{"empty list", []string{"sources="}, map[string]any{"sources": []string{}}},
		{"equals sign in a value", []string{"sources=a=b"}, map[string]any{"sources": []string{"a=b"}}},
		{"scalars", []string{"settle=90s", "strategy=move", "limit=-7", "force=true", "cause=b"},
			map[string]any{"settle": 90 * time.Second, "strategy": "move", "limit": -7, "force": true, "cause": "b"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			want := defaults()
			for name, v := range c.want {
				want[name] = v
			}
			got, err := Bind(loaded(t), c.set)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(want, got); diff != "" {
				t.Error(diff)
			}
		})
	}
}

// A string input keeps its commas: they separate only in lists.
func TestBindKeepsCommasOfATextInput(t *testing.T) {
	b := &runbook.Runbook{Name: "b", Inputs: []runbook.InputDef{{Name: "note", Type: runbook.String}}}
	got, err := Bind(b, []string{"note=one, two"})
	if err != nil || got["note"] != "one, two" {
		t.Errorf("%v, %v", got, err)
	}
}

// The defaults of a list do not grow when it is given several times or bound twice.
func TestBindDoesNotTouchTheDefault(t *testing.T) {
	b := &runbook.Runbook{Name: "b", Inputs: []runbook.InputDef{{Name: "list", Type: runbook.Strings, Default: append(make([]string, 0, 8), "d")}}}
	first, _ := Bind(b, []string{"list=a", "list=b"})
	second, _ := Bind(b, nil)
	if !cmp.Equal(first["list"], []string{"a", "b"}) || !cmp.Equal(second["list"], []string{"d"}) {
		t.Errorf("%v, %v", first, second)
	}
}

func TestBindMistakes(t *testing.T) {
	for _, c := range []struct {
		set  []string
		want []string
	}{
		{[]string{"sources"}, []string{"NAME=VALUE is wanted"}},
		{[]string{"=5"}, []string{`no input ""`}},
		{[]string{"source=a"}, []string{`runbook our-book has no input "source"; did you mean "sources"?`}},
		{[]string{"elephant=a"}, []string{`no input "elephant"; it has sources, settle, strategy`}},
		{[]string{"limit=1", "limit=2"}, []string{"input limit has one value and is given twice"}},
		{[]string{"limit=1", "limit=1"}, []string{"given twice"}},
		{[]string{"limit=many"}, []string{`a whole number is wanted, and here is the text "many"`}},
		{[]string{"limit=1,2"}, []string{"a whole number is wanted"}},
		{[]string{"limit="}, []string{"a whole number is wanted"}},
		{[]string{"force=yes"}, []string{"true or false is wanted"}},
		{[]string{"settle=5"}, []string{"a duration such as 90s"}},
		{[]string{"settle=-5m"}, []string{"a duration such as 90s"}},
		{[]string{"strategy=mvoe"}, []string{`"mvoe" is none of auto, move; did you mean "move"?`}},
		{[]string{"cause="}, []string{`"" is none of a, b`}},
		{[]string{"sources=a,,b"}, []string{"value 2 of the list is empty"}},
		{[]string{"sources=a\nb"}, []string{"a control character"}},
		{[]string{"sources=\x1b[31m"}, []string{"a control character", `"sources=\x1b[31m"`}},
		{[]string{"limit=x", "source=a", "cause=z"}, []string{"a whole number", `no input "source"`, `"z" is none of`}},
	} {
		_, err := Bind(loaded(t), c.set)
		for _, text := range c.want {
			if err == nil || !strings.Contains(err.Error(), text) {
				t.Errorf("%q: got %v, want %q", c.set, err, text)
			}
		}
		if err != nil && strings.ContainsRune(err.Error(), '\x1b') {
			t.Errorf("%q: unsafe error %q", c.set, err)
		}
	}
}

// What an incident was opened with comes back from its JSON as it was.
func TestRestore(t *testing.T) {
	b := loaded(t)
	values, err := Bind(b, []string{"sources=a,b", "settle=90s", "limit=7", "force=true", "cause=b"})
	if err != nil {
		t.Fatal(err)
	}
	raw, err := json.Marshal(values)
	if err != nil {
		t.Fatal(err)
	}
	var given map[string]any
	if err := json.Unmarshal(raw, &given); err != nil {
		t.Fatal(err)
	}
	got, err := Restore(b, given)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(values, got); diff != "" {
		t.Error(diff)
	}
	if got, err := Restore(b, nil); err != nil || !cmp.Equal(got, defaults()) {
		t.Errorf("%v, %v", got, err)
	}
	for name, v := range map[string]any{"elephant": 1, "limit": "x", "strategy": "copy", "settle": "soon", "sources": []any{1}, "force": nil} {
		if got, err := Restore(b, map[string]any{name: v}); err == nil || !strings.Contains(err.Error(), name) {
			t.Errorf("%s = %v is restored as %v, %v", name, v, got[name], err)
		}
	}
}
