//go:build linux

package main

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// TestFullOutput: what could not be written is told, whatever the verb, and is no success; what a check has found stays found.
func TestFullOutput(t *testing.T) {
	p := newPlace(t)
	p.hikeshi("relay", "deny", "203.0.113.9", "--yes").exits(t, exitOK)
	id := p.incidents()[0]
	cf, none := filepath.Join(p.dir, "main.cf"), filepath.Join(p.dir, "none.cf")
	fine(t, os.WriteFile(cf, []byte("reject_rbl_client relays.ordb.org\n"), 0o600))
	for _, c := range []struct {
		code int
		line string
	}{
		{exitError, ""}, {exitError, "dnsbl"}, {exitError, "version"}, {exitError, "help exit-codes"}, {exitError, "help runbook-schema"}, {exitError, "runbooks"}, {exitError, "runbooks mail-abuse"},
		{exitError, "dnsbl zones"}, {exitError, "say first"}, {exitError, "delist programmes"}, {exitError, "delist list " + id}, {exitError, "incidents"}, {exitError, "show " + id},
		{exitError, "verify " + id}, {exitError, "report " + id}, {exitError, "relay list"}, {exitError, "note " + id + " told"}, {exitError, "notice " + id + " first"},
		{exitFound, "dnsbl zones --dead " + cf}, {exitUndetermined, "dnsbl zones --dead " + none}, {exitUndetermined, "logs refusals"},
		{exitError, "version --output json"}, {exitError, "dnsbl zones --output json"}, {exitError, "show --output json " + id},
	} {
		full, err := os.OpenFile("/dev/full", os.O_WRONLY, 0)
		fine(t, err)
		var errs bytes.Buffer
		a := &app{stdin: strings.NewReader(""), stdout: full, stderr: &errs, now: time.Now, getenv: func(name string) string { return p.vars[name] }}
		code := a.execute(t.Context(), append([]string{"--root", p.root}, strings.Fields(c.line)...))
		full.Close()
		if told := errs.String(); code != c.code || strings.Count(told, "no space left on device") != 1 || !strings.HasPrefix(told, "hikeshi: writing the output: ") && !strings.Contains(told, "\nhikeshi: writing the output: ") {
			t.Errorf("hikeshi %s: exit %d, want %d\n%s", c.line, code, c.code, told)
		}
	}
}

// TestTerminalBehind: a terminal is seen through what watches over the output.
func TestTerminalBehind(t *testing.T) {
	if fileOf(&output{to: os.Stdout}) != os.Stdout || fileOf(os.Stderr) != os.Stderr || fileOf(&bytes.Buffer{}) != nil || fileOf(&output{to: &bytes.Buffer{}}) != nil {
		t.Error("the file behind a writer is not found")
	}
}
