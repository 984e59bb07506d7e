package main

import (
	"strings"
	"testing"
)

// TestMustNotReleaseEarly: while the incident stands at its gate, mail for outside goes back only when the risk is named. Mail for own
// domains and one message that somebody has found go as ever, and so does everything once the gate has opened.
func TestMustNotReleaseEarly(t *testing.T) {
	if !alone(t) {
		return
	}
	p := newPlayground(t, "epstrd", "epstdd")
	p.abuse("--set", "cause=a", "--set", "accounts=taro", "--set", "release=none", "--skip", "lock").exits(t, exitStopped, "the gate does not open", "taro@example.jp is open")
	id := p.id
	for _, what := range [][]string{{"--all"}, {"--recipient", "v@example.com"}, {"--own-domains", "--clean"}, {"--id", "B0000000010", "--id", "B0000000014"}, {"--id", "B0000000014", "--since", "2026-01-01"}} {
		args := append([]string{"spool", "release", id, "--yes", "--lang", "en"}, what...)
		p.here(args...).exits(t, exitUnconfirmed, "the risk reopening has to be accepted by its name", "--accept-risk reopening")
	}
	s := p.here("spool", "release", id, "--all", "--dry-run", "--lang", "en").exits(t, exitFound, "a gate is shut: "+id+" (closed)", "[reopening]")
	if strings.Contains(s.out, "the risk") {
		t.Errorf("a dry run asks for the risk:\n%s", s.out)
	}
	p.here("spool", "release", id, "--own-domains", "--dry-run", "--lang", "en").exits(t, exitFound)
	p.here("spool", "release", id, "--id", "B0000000010", "--yes", "--lang", "en").exits(t, exitOK)
	p.here("account", "lock", "taro", "--yes").exits(t, exitOK)
	p.here("resume", id, "--yes", "--accept-risk", "disruptive", "--lang", "en").exits(t, exitOK, "[ok]     the abused accounts were named")
	p.here("spool", "release", id, "--all", "--yes", "--lang", "en").exits(t, exitUnconfirmed, "--accept-risk reopening")
	p.here("spool", "release", id, "--all", "--dry-run", "--lang", "en").exits(t, exitFound, "named as abused and not excluded: taro")
	p.here("spool", "release", id, "--all", "--except-sender", "taro", "--except-client", "203.0.113.9", "--yes", "--lang", "en").exits(t, exitOK)
}
