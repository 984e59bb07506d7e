package main

import (
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"hikeshi/runbook"
	"hikeshi/runbook/journal"
)

// screens are the command lines whose output a responder reads, in the order of a night. INCIDENT is the newest one.
var screens = []string{
	"status --watch 0", "doctor", "runbooks", "runbooks mail-abuse", "lint BAD", "lint mail-abuse",
	"plan mail-abuse --set sources=203.0.113.9", "plan mail-abuse --set sources=203.0.113.9 --set accounts=taro --set cause=a", "spool scan", "spool scan --watch 1ms",
	"run mail-abuse --yes --accept-risk disruptive,reopening --set settle=10ms --set watch=10ms --set cause=a --set accounts=taro --set sources=203.0.113.9,spam.example.com --reason=testing",
	"status --watch 0", "show INCIDENT", "report INCIDENT", "report INCIDENT --handover", "verify INCIDENT", "verify-later", "verify-later --list", "incidents", "spool list",
	"spool find taro@example.jp", "spool find B0000000001", "spool find nobody@example.org", "relay list", "relay lint",
	"relay check 203.0.113.9", "relay check 198.51.100.1", "relay check 192.0.2.1 --sender taro@example.jp --login", "service status",
	"spool release INCIDENT --own-domains --dry-run", "spool release INCIDENT --all --dry-run",
	"spool release INCIDENT --clean --except-sender taro --except-client 203.0.113.0/24 --lot 2 --every 1ms --dry-run", "spool purge INCIDENT --dry-run",
	"undo INCIDENT --dry-run", "note INCIDENT told the customer", "undo INCIDENT --yes --accept-risk reopening,disruptive", "show INCIDENT", "report INCIDENT",
	"relay deny 198.51.100.7 2001:db8::7 --yes --reason=testing", "relay allow 198.51.100.7 --yes --accept-risk reopening",
	"relay allow 203.0.113.200 --yes", "spool quarantine --yes --strategy rename", "spool list", "undo INCIDENT --yes", "service stop --dry-run",
	"account audit", "account list", "account audit taro", "account lock taro --dry-run", "account lock taro --yes", "account rename taro hana --dry-run",
	"account rename taro --backend manual --yes --accept-risk disruptive", "account rename taro --yes --accept-risk disruptive", "status --watch 0", "account list --no-auth",
	"account restore taro --dry-run", "account restore taro --yes --accept-risk reopening", "account clean taro --dry-run", "account clean taro --yes", "undo INCIDENT --yes --accept-risk reopening",
	"relay settings", "relay settings --profile auth --dry-run", "relay settings --profile logs --dry-run", "relay settings --profile lockouts --yes", "relay settings --set SMTPAUTHOnly=2 --yes --accept-risk reopening",
	"relay fix --dry-run", "relay fix --catch-all --yes", "relay deny --hard 203.0.113.77 --dry-run", "relay deny --hard 203.0.113.77 198.51.100.0/24 --yes", "relay list", "report INCIDENT",
}

const badBook = `format: 1
name: bad
title: {en: bad}
inputs:
  - {name: settle, type: duration, title: {en: how long}, default: 30d}
steps:
  - {id: a, phase: contain, title: {en: a step with a long title that goes on}, uses: queue.quarantin, with: {strategy: fast}}
  - {id: a, phase: cntain, title: {en: another}, uses: relay.deny, with: {targets: []}}
`

// tour shows every screen of a place in one language.
func tour(t *testing.T, lang string, each func(t *testing.T, s said)) {
	p := newPlace(t)
	long := strings.Repeat("a-very-long-name-", 5) + "@example.com"
	p.put("incoming/B0000000011.MSG", "Subject: long\n\nbody\n")
	p.put("incoming/B0000000011.RCP", envelope("B0000000011", long, "v@example.org"))
	p.withAccounts()
	bad := filepath.Join(p.dir, "bad.yaml")
	fine(t, os.WriteFile(bad, []byte(badBook), 0o600))
	for _, text := range screens {
		id := "INCIDENT"
		entries, err := journal.List(journal.Store{State: p.state()})
		fine(t, err)
		if len(entries) > 0 {
			id = entries[len(entries)-1].ID
		}
		if text == "account audit" {
			p.withAccounts("jiro") // who would have kept the gate shut
		}
		args := []string{"--lang", lang}
		for _, a := range strings.Fields(text) {
			args = append(args, strings.NewReplacer("INCIDENT", id, "BAD", bad).Replace(a))
		}
		s := p.hikeshi(args...)
		if s.out == "" {
			t.Errorf("hikeshi %s shows nothing: %s", text, s.err)
		}
		each(t, s)
	}
}

// unbreakable is what a line may be too long for: a path, a hash or an expression, which somebody will copy.
var unbreakable = regexp.MustCompile(`/\S{30}|[0-9a-f]{64}|\$\{|\b(?:facts|inputs)\.`)

var (
	english = regexp.MustCompile(`\b[a-z]+ [a-z]+ [a-z]+ [a-z]+\b`)
	exact   = regexp.MustCompile("`[^`]*`|hikeshi .*|550 .*|https?://\\S+")
	wrongOf = regexp.MustCompile(`(?:^|[^\d,.:-])1 (?:changes|files|messages|steps|records|bytes|mistakes)\b`)
)

// TestFilesOfOneFolder: the files of a log do not fill the screen.
func TestFilesOfOneFolder(t *testing.T) {
	var files []string
	for day := 7; day <= 21; day++ {
		files = append(files, fmt.Sprintf("/var/spool/epms/acceptlog/mail1/2611%02d.log", day))
	}
	for lang, want := range map[string]string{"en": "15 days", "ja": "15 日分"} {
		var b strings.Builder
		(&screen{out: &b, lang: lang}).findings([]runbook.Finding{{Level: runbook.Info, Evidence: strings.Join(files, " "), Text: runbook.T("4,823 sessions in the end of the log", "ログ末尾の接続 4,823 回")}})
		if got := b.String(); strings.Count(got, "\n") > 3 || !strings.Contains(strings.Join(strings.Fields(got), " "), want) {
			t.Errorf("%s", got)
		}
	}
}

// TestScreens: every line of the screens fits a console of 80 columns, no sentence of the Japanese ones is English, and one thing is not told
// in the plural.
func TestScreens(t *testing.T) {
	for lang, speaks := range map[string]func(*testing.T, said){"en": singular, "ja": japanese} {
		t.Run(lang, func(t *testing.T) {
			t.Parallel()
			tour(t, lang, func(t *testing.T, s said) {
				for _, l := range strings.Split(s.out, "\n") {
					if n := cells.StringWidth(l); n > width && !unbreakable.MatchString(l) {
						t.Errorf("hikeshi %q: %d columns: %s", s.args[2:], n, l)
					}
				}
				speaks(t, s)
			})
		})
	}
}

func japanese(t *testing.T, s said) {
	if s.args[4] == "lint" && len(s.args) > 5 && strings.HasSuffix(s.args[5], ".yaml") {
		return // mistakes in a file are told in English
	}
	for _, l := range strings.Split(s.out, "\n") {
		if e := english.FindString(exact.ReplaceAllString(l, "")); e != "" {
			t.Errorf("hikeshi %q: %q in: %s", s.args[2:], e, l)
		}
	}
}

func singular(t *testing.T, s said) {
	for _, l := range strings.Split(s.out+s.err, "\n") {
		if wrongOf.MatchString(l) {
			t.Errorf("hikeshi %q: %s", s.args[2:], l)
		}
	}
}

// TestHintsAreTranslated: every hint that stands in the source in one language has its Japanese.
func TestHintsAreTranslated(t *testing.T) {
	a := &app{flags: globalFlags{lang: "ja"}, getenv: func(string) string { return "" }, said: map[string]bool{}}
	files, err := filepath.Glob("*.go")
	fine(t, err)
	seen := 0
	check := func(n ast.Node) bool {
		call, ok := n.(*ast.CallExpr)
		if !ok {
			return true
		}
		hint := ""
		if id, ok := call.Fun.(*ast.Ident); ok && id.Name == "usagef" {
			hint = inSource(call.Args[0])
		} else if ok && id.Name == "failf" {
			hint = inSource(call.Args[1])
		}
		if hint == "" || strings.HasPrefix(hint, "--count") {
			return true
		}
		if seen++; a.translated(hint) == hint {
			t.Errorf("no Japanese for the hint %q", hint)
		}
		return true
	}
	for _, name := range files {
		if strings.HasSuffix(name, "_test.go") {
			continue
		}
		f, err := parser.ParseFile(token.NewFileSet(), name, nil, 0)
		fine(t, err)
		ast.Inspect(f, check)
	}
	if seen < 20 {
		t.Errorf("only %d hints found", seen)
	}
}

// inSource is the text of a string in the source, with X for what is put in; "" for one that is not a text or is translated already.
func inSource(e ast.Expr) string {
	switch e := e.(type) {
	case *ast.BasicLit:
		text, _ := strconv.Unquote(e.Value)
		return strings.NewReplacer("%s", "X", "%d", "7").Replace(text)
	case *ast.BinaryExpr:
		if left, right := inSource(e.X), inSource(e.Y); left != "" || right != "" {
			return orX(left) + orX(right)
		}
	case *ast.CallExpr:
		if f, ok := e.Fun.(*ast.SelectorExpr); ok && f.Sel.Name == "Sprintf" {
			return inSource(e.Args[0])
		}
	}
	return ""
}

func orX(text string) string {
	if text == "" {
		return "X"
	}
	return text
}
