package main

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// TestRefusedInput: what is refused as it is asked for is exit 2, in a plan and in a run alike, and nothing is opened for it.
func TestRefusedInput(t *testing.T) {
	t.Parallel()
	p := newPlace(t)
	p.hikeshi("spool", "quarantine", "--strategy", "rename", "--yes").exits(t, exitOK)
	entries, err := os.ReadDir(filepath.Join(p.state(), "incidents"))
	if err != nil || len(entries) != 1 {
		t.Fatalf("incidents %v, %v", entries, err)
	}
	id := entries[0].Name()
	for _, line := range []string{
		"spool release ID --client bogus", "spool release ID --since yesterday", "spool release ID --since 00:01", "spool release ID --until 25:00",
		"relay deny .jp", "relay deny .co.jp", "relay deny example..com", "relay deny example.com.", "relay deny taro@.jp", "relay deny 203.0.113.9 --review -5s",
	} {
		args := strings.Fields(strings.ReplaceAll(line, "ID", id))
		for _, flag := range []string{"--dry-run", "--yes"} {
			s := p.hikeshi(append(args, flag)...).exits(t, exitUsage)
			if s.tells("cannot be determined") {
				t.Errorf("hikeshi %s %s: refused is not undetermined:\n%s%s", line, flag, s.out, s.err)
			}
		}
	}
	p.hikeshi("relay", "deny", ".jp", "--dry-run").exits(t, exitUsage, "[!]      refused: ", "*.example.com")
	p.hikeshi("relay", "deny", ".jp", "--dry-run", "--lang", "ja").exits(t, exitUsage, "[!]      拒否できない: ", "*.example.com")
	for _, args := range [][]string{
		{"verify", id, "--head", ""}, {"note", id, ""}, {"note", id, " ", "\t"}, {"status", "--watch", "-5s"}, {"status", "--monitor", "--watch=-1ms"}, {"spool", "scan", "--watch", "-5s"}, {"verify-later", "--watch", "-5s"},
	} {
		p.hikeshi(args...).exits(t, exitUsage, "hint: ")
		if s := p.hikeshi(append(args, "--lang", "ja")...); english.MatchString(exact.ReplaceAllString(s.err, "")) {
			t.Errorf("in English: %s", s.err)
		}
	}
	if entries, err := os.ReadDir(filepath.Join(p.state(), "incidents")); err != nil || len(entries) != 1 {
		t.Errorf("incidents %v, %v", entries, err)
	}
	if s := p.hikeshi("report", id, "-o", "-").exits(t, exitOK); s.out != p.hikeshi("report", id).out {
		t.Errorf("on standard output: %s", s.out)
	}
	p.hikeshi("report", id, "-o", "-", "--format", "json").exits(t, exitOK, `"kind": "incident"`)
}

// TestLintAll: every file is checked, whatever is wrong with the others.
func TestLintAll(t *testing.T) {
	t.Parallel()
	p := newPlace(t)
	bad, missing := filepath.Join(p.dir, "bad.yaml"), filepath.Join(p.dir, "missing.yaml")
	fine(t, os.WriteFile(bad, []byte(badBook), 0o600))
	p.run("lint", missing, "mail-abuse", bad).exits(t, exitUsage, missing+": no built-in runbook", bad+":5: ", "in 3 files")
	p.run("lint", missing, bad, "--output", "json").exits(t, exitUsage, `"file": "`+missing+`"`, `"line": 5`)
}

// TestTornTail: a line that a crash left unfinished is a finding, and it is said what repairs it; nothing of it is lost.
func TestTornTail(t *testing.T) {
	t.Parallel()
	for _, repair := range []string{"resume ID --yes", "undo ID --yes --accept-risk reopening"} {
		p := newPlace(t)
		p.hikeshi("relay", "deny", "203.0.113.9", "--yes").exits(t, exitOK)
		entries, err := os.ReadDir(filepath.Join(p.state(), "incidents"))
		fine(t, err)
		id := entries[0].Name()
		journal := filepath.Join(p.state(), "incidents", id, "journal.jsonl")
		whole, err := os.ReadFile(journal)
		fine(t, err)
		fine(t, os.WriteFile(journal, append(whole, `{"seq":99,`...), 0o600))

		hint := "`hikeshi resume " + id + "` or `hikeshi undo " + id + "` repairs it; its bytes are kept"
		p.hikeshi("verify", id).exits(t, exitFound, "the last line is unfinished after a crash (10 bytes)", "all as written")
		p.hikeshi("verify", id, "--output", "json").exits(t, exitFound, hint, `"ok": false`, `"torn": 10`)
		p.hikeshi("verify", id, "--lang", "ja").exits(t, exitFound, "書きかけ (10 バイト)")
		p.hikeshi("note", id, "told the customer").exits(t, exitError, "unfinished after a crash", "hint: "+hint)
		p.hikeshi("attach", id, p.deny()).exits(t, exitError, "hint: "+hint)
		p.hikeshi("note", id, "told the customer", "--lang", "ja").exits(t, exitError, "書きかけ", "で修復する")

		p.hikeshi(strings.Fields(strings.ReplaceAll(repair, "ID", id))...).exits(t, exitOK)
		p.hikeshi("verify", id).exits(t, exitOK)
		p.hikeshi("note", id, "told the customer").exits(t, exitOK)
		kept, err := os.ReadFile(filepath.Join(filepath.Dir(journal), "journal.torn-1"))
		if err != nil || string(kept) != `{"seq":99,` {
			t.Errorf("kept of the torn line: %q, %v", kept, err)
		}
	}
}

// TestJoinedErrors: errors that were joined stand on one line, with no escape in it.
func TestJoinedErrors(t *testing.T) {
	t.Parallel()
	err := errors.Join(errors.New("one"), fmt.Errorf("two: %w", errors.Join(errors.New("three"), errors.New("four"))))
	if got := joined(err.Error()); got != "one; two: three; four" {
		t.Errorf("joined: %q", got)
	}
	s := newPlace(t).hikeshi("relay", "deny", "127.0.0.1", "::1", "--yes").exits(t, exitUsage)
	if strings.Contains(s.err, `\n`) || strings.Count(s.err, "\n") != 2 {
		t.Errorf("more than the error and its hint: %q", s.err)
	}
}
