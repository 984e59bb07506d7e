package main

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"

	"hikeshi/actions/smtpcheck/recorder"
)

// apartRun runs hikeshi on a machine without a mail server. Of the relay tests there is only R01, so that the pauses are few.
func apartRun(t *testing.T) func(args ...string) said {
	t.Helper()
	dir := t.TempDir()
	p := &place{t: t, dir: dir, root: filepath.Join(dir, "root"), vars: map[string]string{"HIKESHI_STATE": filepath.Join(dir, "state"), "LANG": "C.UTF-8", "HOME": dir, "TERM": "dumb"}}
	fine(t, os.Mkdir(p.root, 0o755))
	off := "format: 1\noff: [R02, R03, R04, R05, R06, R07, R08, R09, R10, R11, R12, R13, R14, R15, R16, R17, R18, R19, R20, R21, R22, R23, R24, R25, R26, R27, R28, R29, R30, R31, R32, R33, R34, R35, R36]\n"
	patterns, config := filepath.Join(dir, "patterns.yaml"), filepath.Join(dir, "config.yaml")
	fine(t, os.WriteFile(patterns, []byte(off), 0o600))
	fine(t, os.WriteFile(config, []byte(smtpSender+", patterns: "+patterns+"}\n"), 0o600))
	return func(args ...string) said { return p.hikeshi(append([]string{"--config", config}, args...)...) }
}

// TestRelayCheckFromElsewhere: on a machine without a mail server the self-check asks the servers that it is told, and says that the files of
// none are here; it stops at its gate and goes on like any other.
func TestRelayCheckFromElsewhere(t *testing.T) {
	open := &atomic.Bool{}
	address := smtpServer(t, &recorder.Server{Rcpt: func(*recorder.Client, string) string {
		if open.Load() {
			return "250 2.1.5 ok"
		}
		return ""
	}})
	hikeshi := apartRun(t)
	book := []string{"relay-check", "--skip", "hygiene", "--skip", "hygiene_after", "--set", "targets=" + address}

	s := hikeshi(append([]string{"plan", "--output", "json"}, book...)...).exits(t, exitUndetermined) // from inside
	var plan planDocument
	fine(t, json.Unmarshal([]byte(s.out), &plan))
	left := []string{}
	for _, step := range plan.Steps {
		if step.Why == "not this machine" {
			left = append(left, step.ID)
		}
	}
	if got := strings.Join(left, " "); got != "services relay_file settings accounts door" {
		t.Errorf("left out: %s\n%s", got, s.out)
	}

	open.Store(true)
	hikeshi(append([]string{"run", "--yes"}, book...)...).exits(t, exitStopped, "not this machine", "R01 suspect")
	hikeshi("resume", "--yes").exits(t, exitStopped, "R01 suspect")
	open.Store(false)
	hikeshi("resume", "--yes").exits(t, exitStopped, "[ok]     nothing of a stranger was taken", "[no]     it was asked from outside", "[--]     not looked at: the server's files are not on this machine")
	hikeshi(append([]string{"run", "--yes", "--set", "accepted=tested from 198.51.100.7 too"}, book...)...).exits(t, exitOK, "[--]     not looked at")
	id := strings.Fields(hikeshi("incidents").out)[0]
	for lang, want := range map[string][]string{"en": {"not this machine", "without a mail server's files"}, "ja": {"このマシンではない", "メールサーバーのファイルはない"}} {
		hikeshi("report", id, "--lang", lang).exits(t, exitOK, want...)
		if s := hikeshi("show", id, "--lang", lang).exits(t, exitOK); strings.Contains(s.out, "[]") {
			t.Errorf("a server without a name: %s", s.out)
		}
	}
}

// TestNoServerNoRunbook: what changes something, what is told of no server to ask, and what is configured and not there are still refused.
func TestNoServerNoRunbook(t *testing.T) {
	hikeshi := apartRun(t)
	dir := t.TempDir()
	bold, config := filepath.Join(dir, "bold.yaml"), filepath.Join(dir, "named.yaml")
	fine(t, os.WriteFile(bold, []byte(`format: 1
name: bold
title: {en: bold}
inputs:
  - {name: targets, type: strings, title: {en: servers}}
steps:
  - {id: stop, phase: contain, title: {en: stop}, uses: service.stop}
`), 0o600))
	fine(t, os.WriteFile(config, []byte("epms: {spool: /srv/mail}\n"), 0o600))
	hint := "--set targets=ADDR asks a server elsewhere, and needs none here"
	hikeshi("run", "relay-check", "--yes").exits(t, exitError, "finding the mail server", hint)
	for _, args := range [][]string{
		{"run", "mail-abuse", "--yes"},
		{"plan", bold, "--set", "targets=127.0.0.1:1"},
		{"plan", "relay-check", "--set", "targets=127.0.0.1:1", "--config", config},
		{"status"},
	} {
		if s := hikeshi(args...).exits(t, exitError, "finding the mail server"); strings.Contains(s.err, hint) && args[0] != "plan" {
			t.Errorf("%q: %s", args, s.err)
		}
	}
}
