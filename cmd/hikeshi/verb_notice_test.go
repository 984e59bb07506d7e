package main

import (
	"net/netip"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"hikeshi/actions/delist/notice"
	"hikeshi/runbook"
	"hikeshi/spool"
)

// tellSteps are an incident that letters can be written from, though it changes nothing.
const tellSteps = `
  - {id: words, phase: contain, title: {en: write}, uses: notice.draft, with: {about: [complaint], languages: [en]}}
  - {id: boss, phase: contain, title: {en: tell}, manual: {text: {en: By telephone.}, ask: text}}
`

// fixed is a time of the next word that is not over.
const fixed = "2099-11-22T14:30:00Z"

// TestNoticeAtATerminal: at a terminal nothing of a letter is wider than it, and items hang below themselves; a pipe gets every line as it is.
func TestNoticeAtATerminal(t *testing.T) {
	s := newServer(t)
	s.run(exitOK, "run", s.book(tellSteps), "--yes")
	for _, args := range [][]string{
		{"--lang", "en", "notice", "jpcert", "--in", "en"}, {"--lang", "en", "notice", "provider"}, {"--lang", "ja", "notice", "restored", "--next", fixed}, {"--lang", "en", "say", "restored", "--in", "ja"}, {"--lang", "en", "say", "restored"},
	} {
		piped, _ := s.run(exitOK, args...)
		p := s.at(dumb, args...)
		p.exits(exitOK)
		wide := 0
		for l := range strings.Lines(piped) {
			if cells.StringWidth(strings.TrimSuffix(l, "\n")) > width {
				wide++
			}
			if strings.HasPrefix(l, "---") && cells.StringWidth(l) > width {
				t.Errorf("%v: too wide in a pipe: %s", args, l)
			}
		}
		if wide == 0 && args[3] != "restored" {
			t.Errorf("%v: no line of it is wide, so this shows nothing:\n%s", args, piped)
		}
		for l := range strings.Lines(p.text()) {
			if cells.StringWidth(strings.TrimRight(l, "\n")) > width {
				t.Errorf("%v: more than %d columns: %s", args, width, l)
			}
		}
		flat := func(text string) string { return strings.Join(strings.Fields(text), "") }
		if first, _, _ := strings.Cut(piped, "\n\n"); !strings.Contains(flat(p.text()), flat(first)) {
			t.Errorf("%v: another text at a terminal:\n%s", args, p.text())
		}
	}
}

func TestNoticeItemsHang(t *testing.T) {
	const measures = "対策\n\n・2026-11-22 05:10 JST 悪用されたアカウントの名前を変更し、元の名前を無効化(2件)し、パスワードを無効化\n\n- short\n"
	for tty, want := range map[bool]string{false: measures, true: "対策\n\n・2026-11-22 05:10 JST 悪用されたアカウントの名前を変更し、元の名前を無効化(2件)\n  し、パスワードを無効化\n\n- short\n"} {
		var b strings.Builder
		(&screen{out: &b, tty: tty}).letter(measures)
		if b.String() != want {
			t.Errorf("terminal %v:\n%s", tty, b.String())
		}
	}
	long := notice.Notice{Letter: runbook.Letter{ID: "user@" + strings.Repeat("x", 40) + "@example.jp", Title: runbook.T("letter to the owner of an abused account", "")}}
	var b strings.Builder
	(&app{stdout: &b, getenv: os.Getenv}).printNotices([]notice.Notice{long, long})
	for l := range strings.Lines(b.String()) {
		if cells.StringWidth(strings.TrimSuffix(l, "\n")) > width {
			t.Errorf("more than %d columns: %s", width, l)
		}
	}
	for l, want := range map[string]int{"- one": 2, "・一": 2, "  (note)": 2, "  - one": 4, "plain": 0, "": 0} {
		if got := hanging(l); got != want {
			t.Errorf("%q hangs by %d, want %d", l, got, want)
		}
	}
}

// TestNoticeOfNewest: what cannot be read may be the newest incident, so none before it is taken; a name settles it.
func TestNoticeOfNewest(t *testing.T) {
	s := newServer(t)
	book := s.book(tellSteps)
	s.run(exitOK, "run", book, "--yes")
	s.run(exitOK, "relay", "deny", "198.51.100.7", "--yes")
	ids := s.incidents()
	if out, _ := s.run(exitOK, "notice", "jpcert", "--output", "json"); !strings.Contains(out, `"incident": "`+ids[0]+`"`) {
		t.Fatalf("the newest that went through a runbook is %s: %s", ids[0], out)
	}
	fine(t, os.WriteFile(filepath.Join(s.state, "incidents", ids[1], "journal.jsonl"), []byte("{}\n"), 0o600))
	for _, lang := range []string{"en", "ja"} {
		if _, errs := s.run(exitUndetermined, "--lang", lang, "notice", "jpcert"); !strings.Contains(errs, ids[1]) {
			t.Errorf("%s", errs)
		}
	}
	s.run(exitOK, "notice", ids[0], "jpcert")
	if out, errs := s.run(exitUndetermined, "say", "--for", "staff"); !strings.Contains(out, "FILL IN: what happened") || !strings.Contains(errs, ids[1]) {
		t.Errorf("%s %s", out, errs)
	}
	fine(t, os.Remove(filepath.Join(s.state, "incidents", ids[0], "journal.jsonl")))
	if _, errs := s.run(exitUndetermined, "notice", ids[0], "jpcert"); !strings.Contains(errs, "hikeshi verify "+ids[0]) {
		t.Errorf("a record without its journal: %s", errs)
	}
	s.run(exitUsage, "notice", "20000101-0000", "jpcert")
}

// TestContactTellsTheServer: letters name the server as the world knows it: by its name, and by its public addresses, each once.
func TestContactTellsTheServer(t *testing.T) {
	var own spool.Own
	for _, p := range []string{"192.0.2.25/32", "10.0.0.5/32", "100.64.0.1/32", "169.254.0.1/32", "127.0.0.1/32", "198.51.100.0/24", "2001:db8::25/128", "fd00::1/128", "fe80::1/128", "192.0.2.25/32"} {
		own.Addresses = append(own.Addresses, netip.MustParsePrefix(p))
	}
	own.Hostname, own.Domains = "mx.example.jp", []string{"example.jp"}
	w := config{}.writer(own)
	if w.Host != "mx.example.jp" || !slices.Equal(w.Addresses, []string{"192.0.2.25", "2001:db8::25"}) || !slices.Equal(w.Domains, own.Domains) {
		t.Errorf("%+v", w)
	}
}

// TestContactOfTheServer: the settings of a server that is there tell its name; the configuration comes first.
func TestContactOfTheServer(t *testing.T) {
	s := newServer(t)
	s.write("var/spool/epms/reg/epost/ims/HostName.2", "mx1.example.jp\n")
	s.run(exitOK, "run", s.book(tellSteps), "--yes")
	if out, _ := s.run(exitOK, "notice", "first-upstream"); !strings.Contains(out, "the mail server mx1.example.jp on your network") || !strings.Contains(out, "FILL IN: IP addresses of the server") {
		t.Errorf("%s", out)
	}
	s.write("../config.yaml", "own: {hostname: mx.example.jp, addresses: [192.0.2.25]}\n")
	if out, _ := s.run(exitOK, "--config", filepath.Join(filepath.Dir(s.root), "config.yaml"), "notice", "first-upstream"); !strings.Contains(out, "the mail server mx.example.jp on your network") || !strings.Contains(out, "IP addresses: 192.0.2.25\n") {
		t.Errorf("%s", out)
	}
}
