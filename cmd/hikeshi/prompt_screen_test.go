package main

import (
	"bytes"
	"encoding/json"
	"io"
	"os"
	"regexp"
	"strings"
	"testing"

	"github.com/mattn/go-runewidth"
)

// atPrompt matches a plain question that waits, with what was shown before it.
var atPrompt = regexp.MustCompile(`(?s)^(.*?\n)> ([^\n]* )$`)

// drive answers every question of a run so that it goes on, details first, and returns all that was shown.
func drive(p *person) string {
	p.t.Helper()
	detailed := ""
	for {
		rest := p.until("a question or the end", func(rest []byte) int {
			if bytes.Contains(rest, []byte("\nhead:  ")) || atPrompt.Match(bytes.ReplaceAll(rest, []byte("\r"), nil)) {
				return len(rest)
			}
			return -1
		})
		m := atPrompt.FindStringSubmatch(strings.ReplaceAll(rest, "\r", ""))
		if m == nil {
			p.exits(0)
			return p.text()
		}
		step := heading.FindString(p.text()[strings.LastIndex(p.text(), "\n["):])
		answer := "y"
		switch {
		case strings.Contains(m[2], "d=") && detailed != step:
			answer, detailed = "d", step
		case strings.HasSuffix(m[2], "? "): // one of the choices
			answer = firstChoice.FindStringSubmatch(m[1])[1]
		case strings.Contains(m[2], "q="):
		case strings.Contains(p.text()[strings.LastIndex(p.text(), "\n["):], "acceptlog"): // which accounts were abused
			answer = "taro"
		default:
			answer = "203.0.113.9"
		}
		p.send(answer + "\r")
		p.until("the answer", func(rest []byte) int { return bytes.IndexByte(rest, '\n') })
	}
}

var (
	heading     = regexp.MustCompile(`\[\d+/\d+ [^\]]*\]`)
	firstChoice = regexp.MustCompile(`(?m)^  (\w+) `)
)

// Every step of mail-abuse fits a console of 80 columns, in both languages.
func TestPromptScreenWidth(t *testing.T) {
	var all []subtest
	for _, lang := range []string{"en", "ja"} {
		for name, set := range map[string][]string{"named": nil, "given": {"--set", "sources=198.51.100.7,2001:db8:1:2::/64", "--set", "cause=a", "--set", "accounts=taro@example.jp"}} {
			all = append(all, subtest{lang + " " + name, func(t *testing.T) {
				s := newServer(t)
				s.write("../config.yaml", "own: {domains: [example.jp]}\n"+nobodyAnswers)
				s.write("var/spool/epms/db/example.jp.idx", accountLine("taro"))
				s.write("var/spool/epms/inbox/taro/apop.dat", accountSecret+"\n1\n")
				p := s.at(dumb, append([]string{"--config", s.root + "/../config.yaml", "--lang", lang, "run", "mail-abuse", "--set", "settle=1s", "--set", "watch=10ms"}, set...)...)
				text := drive(p)
				if n := len(heading.FindAllString(text, -1)); n < 30 {
					t.Errorf("%d steps were shown", n)
				}
				fits(t, text)
			}})
		}
	}
	t.Parallel()
	atOnce(t, all)
}

// fits fails for lines of more than 80 cells and for characters that are as wide as the console likes.
func fits(t *testing.T, text string) {
	t.Helper()
	for _, l := range strings.FieldsFunc(text, func(r rune) bool { return r == '\n' || r == '\r' }) {
		if w := cells.StringWidth(l); w > width && !strings.HasPrefix(l, "hikeshi: ") {
			t.Errorf("%d cells: %s", w, l)
		}
		for _, r := range l {
			if runewidth.IsAmbiguousWidth(r) {
				t.Errorf("%q is of ambiguous width: %s", r, l)
			}
		}
	}
}

// survey's question stands whole on one line of the screen, in Japanese too.
func TestPromptJapanese(t *testing.T) {
	t.Parallel()
	const question = "> y=実行  d=詳細  m=手作業で実施済み  s=飛ばす  q=中断(記録は残る)"
	for _, kind := range []tty{xterm, dumb} {
		for _, locale := range []string{"--lang ja", "LANG=ja_JP.UTF-8", "LC_ALL=ja_JP.utf8"} {
			s := newServer(t)
			args := []string{"run", s.book(denyStep)}
			if strings.HasPrefix(locale, "-") {
				args = append(strings.Fields(locale), args...)
			} else {
				s.env = []string{locale}
			}
			p := s.at(kind, args...)
			p.expect("[1/1 封じ込め] 拒否する")
			p.expect("q=中断(記録は残る)")
			if screen := p.screen.String(); kind.answers && !strings.Contains(screen, question) {
				t.Errorf("%s: on the screen:\n%s", locale, screen)
			}
			fits(t, p.text())
			p.send("\r")
			p.expect("Enter だけでは何もしない")
			p.answer("q=中断(記録は残る)", "s")
			p.expect("飛ばす理由は?")
			if kind.answers {
				p.send("共用あ\x7f")
			} else {
				p.send("共用")
			}
			p.send("の回線\r")
			p.exits(0)
			if want := "共用の回線"; !strings.Contains(s.journal(), want) {
				t.Errorf("the record lacks %s:\n%s", want, s.journal())
			}
		}
	}
}

// Where the console cannot show Japanese, English is used, and that is said once.
func TestLanguageOfConsole(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		env, config, says string
	}{
		{"LANG=C", "", ""},
		{"LANG=C", "lang: ja\n", "not UTF-8 (LANG=C)"},
		{"LANG=ja_JP.eucJP", "", "not UTF-8 (LANG=ja_JP.eucJP)"},
		{"LC_ALL=ja_JP.SJIS", "", "not UTF-8 (LC_ALL=ja_JP.SJIS)"},
		{"LANG=ja", "", "not UTF-8 (LANG=ja)"},
		{"LC_ALL=C", "", ""},
		{"LANG=en_US.UTF-8", "", ""},
	} {
		s := newServer(t)
		s.env = []string{c.env}
		s.write("../config.yaml", c.config)
		p := s.at(dumb, "--config", s.root+"/../config.yaml", "run", s.book(denyStep))
		p.expect("[1/1 contain] refuse it")
		p.answer(doOrSkip, "q")
		p.exits(4)
		if n := strings.Count(p.all(), "not UTF-8"); c.says == "" && n != 0 || c.says != "" && (n != 1 || !strings.Contains(p.all(), c.says)) {
			t.Errorf("%+v: %q", c, p.all())
		}
	}
}

// With -q what is asked about is shown all the same, and nothing else.
func TestPromptQuiet(t *testing.T) {
	t.Parallel()
	s := newServer(t)
	p := s.at(dumb, "-q", "run", s.book(lookStep+manualStep("call", ", ask: text")+denyStep))
	if shown := p.expect("[2/3 identify] call"); strings.Contains(shown, "[1/3") {
		t.Errorf("shown: %s", shown)
	}
	p.expect("do it")
	p.answer(doOrSkip, "o")
	p.expect("203.0.113.9 false")
	p.answer(doOrSkip, "y")
	p.exits(0)
}

// With --output json standard output is one document; everything else is on the terminal.
func TestPromptWithJSON(t *testing.T) {
	everywhere(t, func(t *testing.T, kind tty) {
		for want, key := range map[int]string{0: "y", 4: "q", 130: "\x03"} {
			s := newServer(t)
			cmd := s.command("--output", "json", "run", s.book(denyStep))
			r, w, err := os.Pipe()
			if err != nil {
				t.Fatal(err)
			}
			cmd.Stdout = w
			p := s.sit(kind, cmd)
			w.Close()
			p.expect("203.0.113.9 false")
			p.answer(doOrSkip, key)
			p.exits(want)
			out, err := io.ReadAll(r)
			if err != nil {
				t.Fatal(err)
			}
			isIncident(t, string(out), want == 0)
		}
	})
}

func TestJSONOffTerminal(t *testing.T) {
	t.Parallel()
	s := newServer(t)
	stdout, _ := s.run(0, "--output", "json", "run", "--yes", s.book(denyStep))
	isIncident(t, stdout, true)
}

// isIncident wants one document, of an incident.
func isIncident(t *testing.T, out string, done bool) {
	t.Helper()
	var doc struct {
		Hikeshi int
		Kind    string
		State   string
	}
	if err := json.Unmarshal([]byte(out), &doc); err != nil || doc.Hikeshi != 1 || doc.Kind != "incident" || (doc.State == "done") != done {
		t.Errorf("%v: %s", err, out)
	}
}

// What is asked about is shown at the terminal also where standard output is a file.
func TestPromptBesideFile(t *testing.T) {
	t.Parallel()
	s := newServer(t)
	cmd := s.command("run", s.book(denyStep))
	file, err := os.Create(s.root + "/../out")
	if err != nil {
		t.Fatal(err)
	}
	cmd.Stdout = file
	p := s.sit(xterm, cmd)
	file.Close()
	p.expect("203.0.113.9 false")
	p.answer(doOrSkip, "y")
	p.exits(0)
	out, err := os.ReadFile(file.Name())
	if err != nil || !strings.Contains(string(out), "hikeshi report") {
		t.Errorf("in the file: %q, %v", out, err)
	}
}

// Off a terminal nothing is asked and nothing done; what a pipe holds is no answer.
func TestOffTerminal(t *testing.T) {
	t.Parallel()
	s := newServer(t)
	book := s.book(denyStep)
	verbs := [][]string{{"run", book}, {"run", "mail-abuse"}, {"spool", "quarantine"}, {"relay", "deny", "203.0.113.9"}, {"run", book, "--output", "json"}}
	stdins := map[string]string{"pipe": "", "null": "</dev/null", "closed": "<&-", "file": "<" + book}
	for name, from := range stdins {
		for _, verb := range verbs {
			cmd := s.command(verb...)
			if name == "pipe" {
				cmd.Stdin = strings.NewReader("y\ny\ny\n")
			} else {
				cmd.Args = append([]string{"sh", "-c", `exec "$0" "$@" ` + from, cmd.Path}, cmd.Args[1:]...)
				cmd.Path = "/bin/sh"
			}
			stdout, stderr := s.end(exitUnconfirmed, cmd)
			if !strings.Contains(stderr, "no terminal to ask at") || !strings.Contains(stderr, "hint: ") || !strings.Contains(stderr, "--yes") {
				t.Errorf("%s, %q: %q", name, verb, stderr)
			}
			if strings.Contains(stdout+stderr, "> ") || strings.Contains(stdout+stderr, "\x1b") {
				t.Errorf("%s, %q: something was asked: %q %q", name, verb, stdout, stderr)
			}
		}
	}
	// A keyboard is not enough where the questions could not be seen, nor a screen without a keyboard.
	for _, redirect := range []string{"2>/dev/null", "</dev/null"} {
		cmd := s.command("run", book)
		cmd.Args = append([]string{"sh", "-c", `exec "$0" "$@" ` + redirect, cmd.Path}, cmd.Args[1:]...)
		cmd.Path = "/bin/sh"
		p := s.sit(xterm, cmd)
		p.exits(exitUnconfirmed)
	}
	if _, err := os.Stat(s.state); !os.IsNotExist(err) || s.effect() != "#<> default\n" {
		t.Errorf("an incident was opened (%v) or something changed: %q", err, s.effect())
	}
}
