package notice

import (
	"bytes"
	"errors"
	"flag"
	"net/mail"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"hikeshi/runbook"
)

var update = flag.Bool("update", false, "write the golden files")

// golden are all notices of a request: what is read, what is missing, how it is filed.
func golden(t *testing.T, r Request, lang string) map[string]string {
	t.Helper()
	r.Lang = lang
	all := map[string]string{}
	for _, name := range All() {
		list, err := load(t).Write(r, name, lang)
		if err != nil {
			t.Fatal(err)
		}
		for _, n := range list {
			head := "id:      " + n.Letter.ID + "\nto:      " + n.Letter.To + "\nway:     " + n.Letter.Way + "\nstate:   " + string(n.Letter.State) +
				"\ngaps:    " + strings.Join(n.Letter.Missing(n.Lang), ", ") + "\nfile:    " + n.File + "\n\n"
			all[n.File] = head + n.Text
		}
	}
	return all
}

func TestGolden(t *testing.T) {
	for which, r := range map[string]Request{"bare": bare(), "full": full()} {
		for _, lang := range []string{"en", "ja"} {
			all := golden(t, r, lang)
			if want := map[string]int{"bare": 17, "full": 18}[which]; len(all) != want {
				t.Errorf("%s %s: %d notices, want %d", which, lang, len(all), want)
			}
			for file, got := range all {
				name := filepath.Join("testdata", which, file+".golden")
				if *update {
					if err := os.MkdirAll(filepath.Dir(name), 0o755); err != nil {
						t.Fatal(err)
					}
					if err := os.WriteFile(name, []byte(got), 0o644); err != nil {
						t.Fatal(err)
					}
				}
				want, err := os.ReadFile(name)
				if err != nil {
					t.Fatal(err)
				}
				if d := cmp.Diff(string(want), got); d != "" {
					t.Errorf("%s:\n%s", name, d)
				}
			}
		}
	}
}

// leftover is what a text shows where something is missing and not marked, or where a template went wrong.
var leftover = regexp.MustCompile(`<no value>|<nil>|0001-01-01|%!|\{\{|\}\}| ,| \.|\(\)|  \n| \n|: \n|\n\n\n|/var|/usr|/etc|\[\[[^F]|\[\]`)

// mark is a gap.
var mark = regexp.MustCompile(`\[\[FILL IN: [^\]\n]+\]\]|【要記入:[^】\n]+】`)

// TestEveryNotice holds what is true of every notice, whatever is known.
func TestEveryNotice(t *testing.T) {
	for which, r := range map[string]Request{"bare": bare(), "full": full(), "nothing": {Now: bare().Now, Next: bare().Next, Zone: jst}, "reopened": reopened(), "forged": forged()} {
		for _, lang := range []string{"en", "ja"} {
			r.Lang = lang
			for _, name := range All() {
				list, err := load(t).Write(r, name, lang)
				if errors.Is(err, ErrForged) && which == "forged" && name != "complaint" {
					continue
				}
				if err != nil {
					t.Fatal(err)
				}
				for _, n := range list {
					every(t, which+" "+n.File, r, n)
				}
			}
		}
	}
}

func every(t *testing.T, what string, r Request, n Notice) {
	t.Helper()
	if bad := leftover.FindString(n.Text); bad != "" {
		t.Errorf("%s: %q is left in\n%s", what, bad, n.Text)
	}
	marked := map[string]bool{}
	for _, m := range mark.FindAllString(n.Text, -1) {
		marked[m] = true
	}
	if len(marked) != len(n.Letter.Gaps) || (n.Letter.State == runbook.LetterReady) != (len(n.Letter.Gaps) == 0) {
		t.Errorf("%s: %d gaps are marked, listed are %v, state %s", what, len(marked), n.Letter.Gaps, n.Letter.State)
	}
	for _, account := range r.Case.Accounts {
		if strings.Contains(n.Text, account) && n.Letter.About != account {
			t.Errorf("%s names the account %s", what, account)
		}
	}
	if n.Letter.Way == say {
		if lines := strings.Count(n.Text, "\n"); lines < 4 || lines > 7 {
			t.Errorf("%s: %d lines", what, lines)
		}
		if strings.Contains(n.Text, "@") || strings.Contains(n.Text, "://") || strings.Contains(n.Text, "example") {
			t.Errorf("%s: an address is to be spelt:\n%s", what, n.Text)
		}
	}
	if strings.HasSuffix(n.File, ".eml") {
		m, err := mail.ReadMessage(bytes.NewReader(n.Data))
		if err != nil || m.Header.Get("X-Unsent") != "1" {
			t.Errorf("%s: %v, %v", what, err, m)
		}
	}
}

// TestFirstNeedsNothing: a first notice can be written seconds after the stop. Only the addresses of the server have to be known from before.
func TestFirstNeedsNothing(t *testing.T) {
	for _, lang := range []string{"en", "ja"} {
		for _, name := range Names("first") {
			r := bare()
			for _, unknown := range []bool{name == "first-upstream", false} {
				list, err := load(t).Write(r, name, lang)
				if err != nil || len(list) != 1 {
					t.Fatal(list, err)
				}
				if gaps := list[0].Letter.Gaps; len(gaps) > 0 != unknown || missing(list[0], "addresses") != unknown {
					t.Errorf("%s %s needs %v", name, lang, gaps)
				}
				r.Writer.Addresses = []string{"192.0.2.25"}
			}
		}
	}
}

// TestEachCause: each cause has its words, and an unknown one is a gap.
func TestEachCause(t *testing.T) {
	seen := map[string]bool{}
	for _, cause := range strings.Split("abcdefgx", "") {
		r := full()
		r.Case.Cause = cause
		list, err := load(t).Write(r, "provider", "en")
		if err != nil || len(list) != 1 {
			t.Fatal(list, err)
		}
		if gap := missing(list[0], "cause"); gap != (cause == "x") {
			t.Errorf("cause %s: gaps %v", cause, list[0].Letter.Gaps)
		}
		line := regexp.MustCompile(`Cause +(.*)`).FindString(list[0].Text)
		if seen[line] {
			t.Errorf("cause %s: %q is said of another one", cause, line)
		}
		seen[line] = true
	}
}
