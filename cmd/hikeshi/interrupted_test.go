package main

import (
	"bytes"
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// TestInterruptedReading: Ctrl-C ends every verb that may look for long with 130, and is told as that.
func TestInterruptedReading(t *testing.T) {
	p := newPlace(t)
	p.withHistory(3)
	config, mail := filepath.Join(p.dir, "config.yaml"), filepath.Join(p.dir, "mail.eml")
	fine(t, os.WriteFile(config, []byte(nobodyAnswers+"own: {addresses: [127.0.0.1]}\n"), 0o600))
	fine(t, os.WriteFile(mail, []byte("Received: from x ([203.0.113.9]) by mail1.example.jp\nSubject: x\n\nx\n"), 0o600))
	for _, line := range []string{
		"logs suspects", "logs logins", "logs timeline", "logs access", "logs sizes", "logs refusals", "logs suspects --output json", "logs logins --lang ja",
		"spool scan", "spool scan --exact", "spool scan --who", "spool scan --watch 1m",
		"status", "status --watch 0", "trace " + mail, "dnsbl check 192.0.2.25",
		"smtp relaytest 127.0.0.1:1", "smtp hygiene 127.0.0.1:1", "smtp denied 127.0.0.66 --target 127.0.0.1:1",
	} {
		var out, errs bytes.Buffer
		a := &app{stdin: strings.NewReader(""), stdout: &out, stderr: &errs, now: time.Now, getenv: func(name string) string { return p.vars[name] }}
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		code := a.execute(ctx, append([]string{"--root", p.root, "--config", config}, strings.Fields(line)...))
		said := out.String() + errs.String() // what a test of a server has found so far is shown
		if code != exitInterrupted || !strings.Contains(said, "interrupted") && !strings.Contains(said, "中断した") || strings.Contains(said, "hint:") || strings.Contains(said, "ヒント:") {
			t.Errorf("%s: exit %d\n%s%s", line, code, out.String(), errs.String())
		}
	}
}
