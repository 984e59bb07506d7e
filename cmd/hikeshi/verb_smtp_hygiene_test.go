package main

import (
	"encoding/json"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"hikeshi/actions/smtpcheck/recorder"
)

// hygieneServer is in order but for what is told: with leak its VRFY tells users apart.
func hygieneServer(t *testing.T, banner string, leak func() bool) string {
	t.Helper()
	config, err := recorder.SelfSigned("mail.example.jp")
	fine(t, err)
	return smtpServer(t, &recorder.Server{Banner: banner, TLS: config, Hello: []string{"STARTTLS"},
		Command: func(c *recorder.Client, verb, arg string) string {
			own := strings.HasSuffix(arg, "@example.jp>")
			switch {
			case verb == "VRFY" && leak():
				return map[bool]string{true: "250 2.1.5 Taro \x1b[2J <taro@example.jp>", false: "550 5.1.1 unknown"}[strings.HasPrefix(arg, "taro")]
			case verb == "VRFY":
				return "252 2.0.0 cannot verify"
			case verb == "MAIL" && (own || strings.Contains(arg, ".invalid>")):
				return "550 5.7.1 not without a login"
			}
			return ""
		},
		Rcpt: func(c *recorder.Client, to string) string {
			return map[bool]string{true: "421 4.7.0 too many errors"}[c.Commands > 12 && strings.HasPrefix(to, "nosuch-")]
		}})
}

func always(v bool) func() bool { return func() bool { return v } }

func TestHygieneVerb(t *testing.T) {
	postfix := hygieneServer(t, "220 mail.example.jp ESMTP Postfix", always(true))
	silent := hygieneServer(t, "220 mail.example.jp ESMTP", always(false))
	for name, tc := range map[string]struct {
		lang string
		args []string
		code int
		want []string
	}{
		"leak":         {"en", []string{postfix, "--fast"}, exitFound, []string{"BAD to be changed: H03 (server: Postfix)", "H03 bad VRFY: it tells known and unknown names apart: 250 2.1.5/550 5.1.1", "VRFY taro -> 250 2.1.5 Taro ?[2J", "disable_vrfy_command = yes", "12 not met controls VRFY and EXPN (H03, H04)", "13 met controls ETRN", "asked from inside"}},
		"leak, ja":     {"ja", []string{postfix, "--fast", "-v"}, exitFound, []string{"要改善", "実在する名前としない名前を区別できる", "disable_vrfy_command = yes", "不適合", "H19 未実施"}},
		"from inside":  {"en", []string{silent, "--fast"}, exitUndetermined, []string{"WARN nothing bad was seen, but not everything could be determined: H13, H14, H16", "refused, but from inside", "H20 good", "H05 good recipients tried one after the other: the server hung up after"}},
		"of a server":  {"en", []string{postfix, "--fast", "--server", "sendmail"}, exitFound, []string{"sendmail: PrivacyOptions=noexpn,novrfy"}},
		"of E-Post":    {"en", []string{postfix, "--fast", "--server", "epms"}, exitFound, []string{"E-Post: Vrfy=0"}},
		"of qmail, ja": {"ja", []string{postfix, "--fast", "--server", "qmail"}, exitFound, []string{"qmail: 設定名は未収録"}},
		"unknown":      {"en", []string{silent, "--fast", "--account", "jiro@example.jp"}, exitUndetermined, []string{"WARN nothing bad was seen, but not everything could be determined", "H20 unknown", "so a refusal proves nothing"}},
		"nobody there": {"ja", []string{"127.0.0.1:1", "--fast"}, exitUndetermined, []string{"待ち受けなし"}},
		"quiet":        {"en", []string{postfix, "--fast", "-q"}, exitFound, []string{"H03 bad"}},
	} {
		t.Run(name, func(t *testing.T) {
			code, out, complaint := smtpRunVerb(t, "hygiene", tc.lang, smtpSender+"}\n", tc.args...)
			flat := strings.Join(strings.Fields(out), " ")
			for _, w := range tc.want {
				if code != tc.code || !strings.Contains(flat, w) || strings.ContainsRune(out, '\x1b') {
					t.Errorf("exit %d, want %d and %q\n%s%s", code, tc.code, w, out, complaint)
				}
			}
			if slices.Contains(tc.args, "-q") && (strings.Contains(out, "good") || strings.Contains(out, "RFC 2505")) {
				t.Errorf("%s", out)
			}
		})
	}
}

func TestHygieneJSON(t *testing.T) {
	transcript := filepath.Join(t.TempDir(), "hygiene.txt")
	address := hygieneServer(t, "220 mail.example.jp E-POST ESMTP Receiver 5.00", always(true))
	code, out, complaint := smtpRunVerb(t, "hygiene", "ja", smtpSender+"}\n", address, "--fast", "--output", "json", "--transcript", transcript)
	var doc hygieneDocument
	if err := json.Unmarshal([]byte(out), &doc); err != nil || code != exitFound || doc.Kind != "hygiene" || doc.Server != "epms" || !slices.Equal(doc.Bad, []string{"H01", "H03"}) || doc.VRFY != "250 2.1.5/550 5.1.1" ||
		doc.Compared != nil || len(doc.RFC) != 13 || doc.Transcript != transcript || !strings.HasPrefix(out, "{\n  \"hikeshi\": 1,\n  \"kind\": \"hygiene\"") {
		t.Errorf("exit %d, %v %s\n%.600s", code, err, complaint, out)
	}
	for _, r := range doc.Rows {
		if r.ID == "H03" && (r.Verdict != "bad" || len(r.Asked) != 3 || len(r.Answered) != 3 || !strings.Contains(r.Change, "E-Post: Vrfy=0") || !slices.Equal(r.RFC, []string{"12"}) || !r.Inside) {
			t.Errorf("%+v", r)
		}
	}
	kept, err := os.ReadFile(transcript)
	fine(t, err)
	if !strings.Contains(string(kept), " C: VRFY taro\n") || strings.ContainsRune(string(kept), '\x1b') {
		t.Errorf("%.300s", kept)
	}
}

// TestHygieneRefused: what nobody allowed is refused before anything is sent.
func TestHygieneRefused(t *testing.T) {
	s := &recorder.Server{}
	address := smtpServer(t, s)
	for name, tc := range map[string]struct {
		args []string
		want string
	}{
		"a stranger":   {[]string{"192.0.2.99:2525"}, "not an authorised target"},
		"its entry":    {[]string{"192.0.2.99:2525"}, `- {address: "192.0.2.99", ports: [2525], by:`},
		"messages":     {[]string{address, "--deliver"}, "deliver: true, probe: relaytest@probe.example"},
		"no target":    {nil, "requires at least 1 arg"},
		"a source":     {[]string{address, "--source", "here"}, "is no address"},
		"a limit":      {[]string{address, "--limit", "0s"}, "a time above 0"},
		"a server":     {[]string{address, "--server", "courier"}, "hint: this verb knows epms, postfix, sendmail, qmail, exim"},
		"no incident":  {[]string{address, "--compare", "1121-0312"}, "1121-0312"},
		"an old file":  {[]string{address, "--transcript", os.DevNull}, "there already"},
		"two accounts": {[]string{address, "--account", "a b@example.jp"}, "is no name or address"},
	} {
		code, _, complaint := smtpRunVerb(t, "hygiene", "en", smtpSender+"}\n", tc.args...)
		if code != exitUsage || !strings.Contains(complaint, tc.want) {
			t.Errorf("%s: exit %d, want 2 and %q\n%s", name, code, tc.want, complaint)
		}
	}
	if said := s.Said(); len(said) > 0 {
		t.Errorf("said %v", said)
	}
}
