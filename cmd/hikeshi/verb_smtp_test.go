package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net/netip"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"hikeshi/actions/smtpcheck/recorder"
)

// smtpRun runs the verb with a configuration and returns the exit code and what was written.
func smtpRun(t *testing.T, lang, config string, args ...string) (code int, out, complaint string) {
	t.Helper()
	return smtpRunVerb(t, "relaytest", lang, config, args...)
}

func smtpRunVerb(t *testing.T, verb, lang, config string, args ...string) (code int, out, complaint string) {
	t.Helper()
	dir := t.TempDir()
	file := filepath.Join(dir, "config.yaml")
	fine(t, os.WriteFile(file, []byte(config), 0o600))
	var stdout, stderr bytes.Buffer
	a := &app{stdin: strings.NewReader(""), stdout: &stdout, stderr: &stderr, now: time.Now, getenv: func(name string) string { return map[string]string{"HIKESHI_STATE": dir, "LANG": "C.UTF-8"}[name] }}
	code = a.execute(t.Context(), append([]string{"--config", file, "--root", dir, "--lang", lang, "--color", "never", "smtp", verb}, args...))
	for l := range strings.Lines(stdout.String()) {
		if !strings.HasPrefix(stdout.String(), "{") && cells.StringWidth(strings.TrimSuffix(l, "\n")) > width {
			t.Errorf("more than %d columns: %s", width, l)
		}
	}
	return code, stdout.String(), stderr.String()
}

func smtpServer(t *testing.T, s *recorder.Server) string {
	t.Helper()
	fine(t, s.Start("127.0.0.1:0"))
	t.Cleanup(s.Close)
	return s.Address()
}

const smtpSender = "smtp: {targets: /nowhere/targets.yaml, probe: relaytest@probe.example, sender: spamtest@f.example, account: taro@example.jp"

func TestRelayTestVerb(t *testing.T) {
	closed := smtpServer(t, &recorder.Server{})
	trusting := smtpServer(t, &recorder.Server{Rcpt: func(c *recorder.Client, _ string) string {
		return map[bool]string{true: "250 ok \x1b[2J"}[c.From == "taro@example.jp"]
	}})
	greylisting := smtpServer(t, &recorder.Server{Rcpt: func(*recorder.Client, string) string { return "450 4.2.0 later" }})
	farm := func() string { // the fourth of five hosts is open
		return smtpServer(t, &recorder.Server{Rcpt: func(c *recorder.Client, _ string) string { return map[bool]string{true: "250 ok"}[c.Number%5 == 4] }})
	}
	for name, tc := range map[string]struct {
		lang string
		args []string
		code int
		want []string
	}{
		"a farm":       {"en", []string{farm(), "--fast"}, exitFound, []string{"BAD SUSPECT: mail of strangers was taken in some connections and refused in others (R01: 1 of 7)", "test each by its own address"}},
		"a farm, ja":   {"ja", []string{farm(), "--fast"}, exitFound, []string{"R01: 7 回 中 1 回"}},
		"inside":       {"en", []string{closed, "--fast"}, exitUndetermined, []string{"undetermined: asked from inside, 31 of 36 tests were refused", "31 of 36 tests refused"}},
		"inside, ja":   {"ja", []string{closed, "--fast", "-v"}, exitUndetermined, []string{"内側からの試験", "R22    W       拒否", "C1     対照    受理", "R34 S 未実施"}},
		"one of two":   {"en", []string{closed, "127.0.0.1:1", "--fast", "-q"}, exitUndetermined, []string{"undetermined: no connection to 127.0.0.1:1;", "127.0.0.1:1: nothing listens there"}},
		"suspect":      {"en", []string{trusting, "--fast"}, exitFound, []string{"SUSPECT", "R06 suspect", "250 ok ?[2J"}},
		"suspect, ja":  {"ja", []string{trusting, "--fast"}, exitFound, []string{"疑いあり", "実在するアカウント"}},
		"undetermined": {"en", []string{greylisting, "--fast"}, exitUndetermined, []string{"undetermined: put off", "ask again in 5 to 15 minutes"}},
		"no account":   {"en", []string{closed, "--fast", "--account", "taro@other.example"}, exitUndetermined, []string{"proves nothing"}},
		"nobody there": {"ja", []string{"127.0.0.1:1", "--fast"}, exitUndetermined, []string{"待ち受けなし"}},
	} {
		t.Run(name, func(t *testing.T) {
			code, out, complaint := smtpRun(t, tc.lang, smtpSender+"}\n", tc.args...)
			for _, w := range tc.want {
				if code != tc.code || !strings.Contains(strings.Join(strings.Fields(out), " "), strings.Join(strings.Fields(w), " ")) || strings.ContainsRune(out, '\x1b') {
					t.Errorf("exit %d, want %d and %q\n%s%s", code, tc.code, w, out, complaint)
				}
			}
		})
	}
}

func TestRelayTestJSON(t *testing.T) {
	transcript := filepath.Join(t.TempDir(), "relay.txt")
	address := smtpServer(t, &recorder.Server{})
	code, out, _ := smtpRun(t, "ja", smtpSender+"}\n", address, "--fast", "--output", "json", "--transcript", transcript)
	var doc relayDocument
	if err := json.Unmarshal([]byte(out), &doc); err != nil || code != exitUndetermined || doc.Version != 1 || doc.Kind != "relaytest" || doc.State != "undetermined" || doc.Error != "" || len(doc.Controls) != 2 || doc.Tests[0].Verdict != "refused" || doc.Transcript != transcript ||
		doc.Listeners[0].Listener != address || !strings.HasPrefix(out, "{\n  \"hikeshi\": 1,\n  \"kind\": \"relaytest\"") {
		t.Errorf("exit %d, %v\n%.600s", code, err, out)
	}
	kept, err := os.ReadFile(transcript)
	fine(t, err)
	if !strings.Contains(string(kept), " C: RCPT TO:<relaytest@probe.example>\n") {
		t.Errorf("%.300s", kept)
	}
	if code, _, complaint := smtpRun(t, "en", smtpSender+"}\n", address, "--fast", "--transcript", transcript); code != exitUsage || !strings.Contains(complaint, "there already") {
		t.Errorf("exit %d: %s", code, complaint)
	}
}

// TestRelayTestRefused: what nobody allowed is refused before anything is sent, with the entry that would allow it.
func TestRelayTestRefused(t *testing.T) {
	s := &recorder.Server{}
	address := smtpServer(t, s)
	at := netip.MustParseAddrPort(address)
	targets := filepath.Join(t.TempDir(), "targets.yaml")
	fine(t, os.WriteFile(targets, []byte(fmt.Sprintf("format: 1\ntargets:\n  - {address: %q, ports: [%d], by: test, until: \"2999-12-31\"}\n", at.Addr(), at.Port())), 0o600))
	secret := filepath.Join(t.TempDir(), "password")
	fine(t, os.WriteFile(secret, []byte("geheim\n"), 0o644))
	with := strings.Replace(smtpSender, "/nowhere/targets.yaml", targets, 1)
	for name, tc := range map[string]struct {
		config string
		args   []string
		want   []string
	}{
		"no domain":       {"smtp: {probe: relaytest@probe.example}\n", []string{address, "--account", "taro"}, []string{`account "taro" has no domain`}},
		"a stranger":      {smtpSender + "}\n", []string{"192.0.2.99:2525"}, []string{"not an authorised target", `- {address: "192.0.2.99", ports: [2525], by:`}},
		"messages":        {with + "}\n", []string{address, "--deliver", "--receiver", "127.0.0.1:0"}, []string{"the leave of", "deliver: true, probe: relaytest@probe.example"}},
		"fast":            {smtpSender + "}\n", []string{"192.0.2.99", "--fast"}, []string{"not an authorised target"}},
		"no target":       {smtpSender + "}\n", nil, []string{"requires at least 1 arg"}},
		"a target":        {smtpSender + "}\n", []string{"a b"}, []string{"not a host"}},
		"two mailboxes":   {smtpSender + "}\n", []string{address, "--receiver", "x", "--maildir", "y"}, []string{"one place"}},
		"a source":        {smtpSender + "}\n", []string{address, "--source", "here"}, []string{"is no address"}},
		"a limit":         {smtpSender + "}\n", []string{address, "--limit", "0s"}, []string{"a time above 0"}},
		"a probe":         {"smtp: {probe: relaytest}\n", []string{address}, []string{"smtp.probe", "not a mail address"}},
		"a receiver":      {"smtp: {receiver: here}\n", []string{address}, []string{"smtp.receiver"}},
		"half a login":    {"smtp: {login: {user: jiro}}\n", []string{address}, []string{"belong together"}},
		"an open secret":  {smtpSender + ", login: {user: jiro@example.jp, password_file: " + secret + "}}\n", []string{address, "--fast"}, []string{"others can read", "chmod 600"}},
		"a wrong pattern": {smtpSender + "}\n", []string{address, "--patterns", targets}, []string{"unknown key"}},
	} {
		t.Run(name, func(t *testing.T) {
			code, _, complaint := smtpRun(t, "en", tc.config, tc.args...)
			for _, w := range tc.want {
				if code != exitUsage || !strings.Contains(complaint, w) || strings.Contains(complaint, "geheim") {
					t.Errorf("exit %d, want 2 and %q\n%s", code, w, complaint)
				}
			}
		})
	}
	if said := s.Said(); len(said) > 0 {
		t.Errorf("said %v", said)
	}
}
