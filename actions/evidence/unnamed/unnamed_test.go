package unnamed

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"hikeshi/runbook"
)

func plan(t *testing.T, p params) (Facts, []runbook.Finding) {
	t.Helper()
	with, err := json.Marshal(p)
	if err != nil {
		t.Fatal(err)
	}
	out, err := New().Plan(context.Background(), runbook.Input{With: with})
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range out.Findings {
		if f.Text.JA == "" || f.Text.JA == f.Text.EN {
			t.Errorf("not in both languages: %+v", f)
		}
	}
	return out.Facts.(Facts), out.Findings
}

func TestUnnamed(t *testing.T) {
	found := params{Cause: "a", FoundAccounts: []string{"Taro@example.jp", "hanako"}, FoundSources: []string{"203.0.113.9", "198.51.100.7", "2001:db8::5"}}
	for name, c := range map[string]struct {
		change func(*params)
		want   Facts
	}{
		"nobody named": {func(*params) {}, Facts{[]string{"Taro@example.jp", "hanako"}, []string{"203.0.113.9", "198.51.100.7", "2001:db8::5"}, 5}},
		"others named": {func(p *params) {
			p.Accounts, p.Sources = []string{"jiro"}, []string{"spam.example.com", "203.0.113.90"}
		}, Facts{[]string{"Taro@example.jp", "hanako"}, []string{"203.0.113.9", "198.51.100.7", "2001:db8::5"}, 5}},
		"some named":   {func(p *params) { p.Accounts, p.Sources = []string{"taro"}, []string{"203.0.113.0/24"} }, Facts{[]string{"hanako"}, []string{"198.51.100.7", "2001:db8::5"}, 3}},
		"another taro": {func(p *params) { p.Accounts = []string{"taro@example.com", "HANAKO@example.jp"}; p.FoundSources = nil }, Facts{[]string{"Taro@example.jp"}, []string{}, 1}},
		"all named": {func(p *params) {
			p.Accounts, p.Sources = []string{"taro@example.jp", "hanako"}, []string{"::ffff:203.0.113.9", "198.51.100.7", "2001:db8::/32"}
		}, Facts{[]string{}, []string{}, 0}},
		"the host":      {func(p *params) { p.Cause = "d" }, Facts{[]string{}, []string{}, 0}},
		"not us":        {func(p *params) { p.Cause = "h" }, Facts{[]string{}, []string{}, 0}},
		"not decided":   {func(p *params) { p.Cause = ""; p.FoundSources = nil }, Facts{[]string{"Taro@example.jp", "hanako"}, []string{}, 2}},
		"no evidence":   {func(p *params) { *p = params{Cause: "a"} }, Facts{[]string{}, []string{}, 0}},
		"hostile names": {func(p *params) { p.FoundAccounts, p.FoundSources = []string{"a\x1b[31m\u202e@example.jp"}, nil }, Facts{[]string{"a\x1b[31m\u202e@example.jp"}, []string{}, 1}},
	} {
		p := found
		c.change(&p)
		f, said := plan(t, p)
		if d := cmp.Diff(c.want, f); d != "" {
			t.Errorf("%s: %s", name, d)
		}
		warned := false
		for _, one := range said {
			warned = warned || one.Level == runbook.Warn
			if strings.ContainsAny(one.Text.EN+one.Text.JA, "\x1b\u202e") {
				t.Errorf("%s: shown as it is: %q", name, one.Text)
			}
		}
		if warned != (f.Count > 0) {
			t.Errorf("%s: %v", name, said)
		}
	}
}

// Many names are counted, not listed.
func TestUnnamedIsBounded(t *testing.T) {
	p := params{Cause: "e"}
	for i := range 50 {
		p.FoundSources = append(p.FoundSources, fmt.Sprintf("203.0.113.%d", i))
	}
	f, said := plan(t, p)
	if f.Count != 50 || len(said) != 1 || !strings.HasSuffix(said[0].Text.EN, "203.0.113.7 and 42 more") || !strings.HasSuffix(said[0].Text.JA, "ほか 42 件") {
		t.Errorf("%d, %v", f.Count, said)
	}
}
