package main

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"net"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"hikeshi/actions/smtpcheck/recorder"
)

// deniedRun runs `hikeshi smtp denied` with a test account.
func deniedRun(t *testing.T, login bool, args ...string) (code int, out, complaint string) {
	t.Helper()
	dir := t.TempDir()
	config := smtpSender + "}\n"
	if login {
		secret := filepath.Join(dir, "secret")
		fine(t, os.WriteFile(secret, []byte("hanako-s password\n"), 0o600))
		config = smtpSender + ", login: {user: hanako@example.jp, password_file: \"" + secret + "\"}}\n"
	}
	file := filepath.Join(dir, "config.yaml")
	fine(t, os.WriteFile(file, []byte(config), 0o600))
	var stdout, stderr bytes.Buffer
	a := &app{stdin: strings.NewReader(""), stdout: &stdout, stderr: &stderr, now: time.Now, getenv: func(name string) string { return map[string]string{"HIKESHI_STATE": dir, "LANG": "C.UTF-8"}[name] }}
	code = a.execute(t.Context(), append([]string{"--config", file, "--root", dir, "--color", "never", "smtp", "denied"}, args...))
	return code, stdout.String(), stderr.String()
}

func TestDeniedVerb(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.66:0")
	if err != nil {
		if strings.Contains(os.Getenv("HIKESHI_REQUIRE"), "root") {
			t.Fatalf("HIKESHI_REQUIRE asks for a machine with all of 127.0.0.0/8: %v", err)
		}
		t.Skipf("this machine has no more loopback addresses than one: %v", err)
	}
	l.Close()
	server := func(always bool) string {
		return smtpServer(t, &recorder.Server{Hello: []string{"AUTH PLAIN"}, Auth: func(string) string { return "235 2.7.0 ok" },
			Command: func(c *recorder.Client, verb, _ string) string {
				if c.Peer == "127.0.0.66" && verb == "MAIL" && (always || !c.Login) {
					return "550 5.1.7 Please, mail from a valid IP or Domain address."
				}
				return ""
			},
			Rcpt: func(c *recorder.Client, _ string) string { return map[bool]string{true: "250 2.1.5 ok"}[c.Login] }})
	}
	shut, walked := server(true), server(false)
	for name, tc := range map[string]struct {
		login bool
		args  []string
		code  int
		want  []string
	}{
		"denied":                  {true, []string{"127.0.0.66", "--target", shut}, exitOK, []string{"every source is refused, and a login does not help", "after a login too: MAIL: 550 5.1.7"}},
		"denied, in Japanese":     {true, []string{"127.0.0.66", "--target", shut, "--lang", "ja"}, exitOK, []string{"どの送信元も断られ、ログインしても送れない"}},
		"the login not tested":    {false, []string{"127.0.0.66", "--target", shut}, exitUndetermined, []string{"whether a login walks around it was not tested", "smtp.login"}},
		"a login walks around it": {true, []string{"127.0.0.66", "--target", walked}, exitFound, []string{"denied-not-after-login: refused without a login, taken after one", "denied, but NOT after a login: 127.0.0.66"}},
		"not denied":              {true, []string{"127.0.0.77", "--target", shut}, exitFound, []string{"NOT denied", "taken from there as from anybody"}},
		"from elsewhere":          {true, []string{"203.0.113.9", "--target", shut, "-v"}, exitUndetermined, []string{"it holds none of these addresses", "bash -c 'exec 3<>/dev/tcp/127.0.0.1/", "swaks --server 127.0.0.1"}},
		"quiet":                   {true, []string{"127.0.0.66", "--target", shut, "-q"}, exitOK, nil},
		"nobody said yes":         {true, []string{"127.0.0.66", "--target", "192.0.2.25"}, exitUsage, []string{"not an authorised target"}},
		"a slip, no address":      {true, []string{"999.1.1.1", "--target", shut}, exitUsage, []string{`"999.1.1.1" is no address, network or domain`}},
		"a slip, and no target":   {true, []string{"999.1.1.1"}, exitUsage, []string{`"999.1.1.1" is no address, network or domain`}},
		"a bad account":           {true, []string{"127.0.0.66", "--target", shut, "--account", "a'b@example.jp"}, exitUsage, []string{"no mail address"}},
	} {
		t.Run(name, func(t *testing.T) {
			code, out, complaint := deniedRun(t, tc.login, tc.args...)
			text := strings.Join(strings.Fields(out+complaint), " ")
			if code != tc.code || slices.ContainsFunc(tc.want, func(w string) bool { return !strings.Contains(text, w) }) || len(tc.want) == 0 && out != "" {
				t.Errorf("exit %d, want %d and %q\n%s%s", code, tc.code, tc.want, out, complaint)
			}
		})
	}
}

func TestDeniedJSON(t *testing.T) {
	transcript := filepath.Join(t.TempDir(), "denied.txt")
	address := smtpServer(t, &recorder.Server{Hello: []string{"AUTH PLAIN"}, Auth: func(string) string { return "235 2.7.0 ok" }})
	code, out, complaint := deniedRun(t, true, "203.0.113.9", "spam.example.com", "--target", address, "--output", "json", "--transcript", transcript)
	var doc deniedDocument
	if err := json.Unmarshal([]byte(out), &doc); err != nil || code != exitFound || doc.Kind != "denied" || doc.State != "not-denied" || doc.Proven || len(doc.Results) != 2 || len(doc.Asks) != 1 || len(doc.Asks[0].Lines) != 5 ||
		doc.Transcript != transcript || !slices.Equal(doc.Open, []string{"spam.example.com"}) || !slices.Equal(doc.Untold, []string{"203.0.113.9"}) || !strings.HasPrefix(out, "{\n  \"hikeshi\": 1,\n  \"kind\": \"denied\"") {
		t.Errorf("exit %d, %v\n%s%s", code, err, out, complaint)
	}
	kept, err := os.ReadFile(transcript)
	fine(t, err)
	blob := base64.StdEncoding.EncodeToString([]byte("\x00hanako@example.jp\x00hanako-s password"))
	if text := string(kept) + out; !strings.Contains(text, "AUTH PLAIN [redacted]") || strings.Contains(text, "hanako-s password") || strings.Contains(text, blob) || strings.Contains(text, "DATA") {
		t.Errorf("%s", kept)
	}
}
