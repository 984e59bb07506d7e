package relaytest

import (
	"fmt"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"hikeshi/actions/smtpcheck/recorder"
	"hikeshi/actions/smtpcheck/relay/judge"
)

// told are the findings as text, one a line: LEVEL TEXT.
func told(r Report, lang string) string {
	var b strings.Builder
	for _, f := range r.Findings() {
		fmt.Fprintf(&b, "%s %s\n", f.Level, f.Text.In(lang))
	}
	return b.String()
}

func test(t *testing.T, e Env, q Request) Report {
	t.Helper()
	r, err := e.RelayTest(t.Context(), q)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func yes(b bool) string { return map[bool]string{true: "250 2.1.5 ok"}[b] }

// TestHeadline: the first line claims what was seen and no more, and the state goes with it.
func TestHeadline(t *testing.T) {
	own := func(to string) bool { return to == "taro@example.jp" || to == "postmaster@example.jp" }
	strange := func(reply string) *recorder.Server {
		return &recorder.Server{Rcpt: func(_ *recorder.Client, to string) string { return map[bool]string{true: reply}[!own(to)] }}
	}
	all := func(reply string) *recorder.Server {
		return &recorder.Server{Rcpt: func(*recorder.Client, string) string { return reply }}
	}
	for name, tc := range map[string]struct {
		s     *recorder.Server
		state judge.State
		want  []string // in the findings; of the first one if it begins with ^
		not   []string
	}{
		"closed": {&recorder.Server{}, judge.Safe, []string{"^ok no relay found: asked from outside, 31 of 36 tests were refused, and the controls passed; not run: R32, R33, R34, R35, R36"}, []string{"every test", "inside"}},
		"a login is wanted of everybody": {&recorder.Server{Command: func(_ *recorder.Client, verb, _ string) string {
			return map[string]string{"MAIL": "530 5.7.0 Authentication required"}[verb]
		}}, judge.Safe, []string{"^ok no relay found: asked from outside, nothing is taken without a login", "0 recipients named"}, []string{"controls passed"}},
		"odd addresses": {&recorder.Server{Rcpt: func(_ *recorder.Client, to string) string { return yes(strings.ContainsAny(to, `%!"`)) }}, judge.Doubtful,
			[]string{"^warn WEAK suspect: odd addresses were taken, perhaps as local names", "only delivery proves a relay"}, []string{"mail of strangers would be taken", "bad "}},
		"taken once": {&recorder.Server{Rcpt: func(c *recorder.Client, _ string) string { return yes(c.Number == 1 && c.From == "") }}, judge.Doubtful,
			[]string{"^bad SUSPECT: mail of strangers was taken in some connections and refused in others (R03: 1 of 8): one of several hosts", "taken in 1 of 8 connections, otherwise 554"}, []string{"odd addresses", "WEAK"}},
		"an odd one taken once": {&recorder.Server{Rcpt: func(c *recorder.Client, to string) string { return yes(c.Number < 4 && strings.Contains(to, "%")) }}, judge.Doubtful,
			[]string{"^warn WEAK suspect: odd addresses were taken once, and refused when asked again (R14)"}, []string{"mail of strangers"}},
		"an own sender": {&recorder.Server{Rcpt: func(c *recorder.Client, _ string) string { return yes(c.From == "taro@example.jp") }}, judge.Doubtful,
			[]string{"^bad SUSPECT: mail of strangers would be taken (R06); only delivery proves a relay (--deliver); until then treat it as open"}, nil},
		"greylisting of its own": {&recorder.Server{Rcpt: func(_ *recorder.Client, to string) string {
			return map[bool]string{true: "451 4.7.1 greylisted, try later"}[own(to)]
		}}, judge.Undetermined, []string{"^warn undetermined: 31 of 36 tests were refused, and mail for the server itself put off", "ask again in 5 to 15 minutes", "put off (C1 451 4.7.1 greylisted"}, []string{"refused too"}},
		"greylisting of all": {all("451 4.7.1 greylisted, try later"), judge.Undetermined, []string{"^warn undetermined: put off, as greylisting does: ask again in 5 to 15 minutes"}, []string{"refused too", "proves nothing"}},
		"all refused":        {all("550 5.7.1 refused"), judge.Undetermined, []string{"^warn undetermined: 31 of 36 tests were refused, and so was mail for the server itself", "refused too (C1 550 5.7.1 refused)"}, nil},
		"a banner":           {&recorder.Server{Banner: "554 5.7.1 no service for you"}, judge.Undetermined, []string{"^warn undetermined: no test got an answer that counts", "could not be found out (C1 554 5.7.1 no service"}, []string{"refused too"}},
		"HTTP":               {&recorder.Server{Banner: "HTTP/1.1 400 Bad Request"}, judge.Undetermined, []string{"^warn undetermined: no test got an answer", "could not be found out (C1 what answers does not speak SMTP)"}, []string{"refused too"}},
		"silence":            {&recorder.Server{Banner: "hang"}, judge.Undetermined, []string{"^warn undetermined: no test got an answer", "could not be found out (C1 no answer to connect in time)"}, []string{"refused too"}},
		"hangs up at RCPT":   {strange("close"), judge.Undetermined, []string{"^warn undetermined: no test got an answer", "not asked: the connection ended at RCPT"}, []string{"before the greeting", "blocklist"}},
		"silence at RCPT":    {strange("hang"), judge.Undetermined, []string{"no longer answers in time"}, []string{"before the greeting", "refused too"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			e, at := outside(t, tc.s)
			e.Wait = 300 * time.Millisecond
			r := test(t, e, Request{Targets: []string{at}, Fast: true})
			text := told(r, "en")
			for _, w := range tc.want {
				if first, ok := strings.CutPrefix(w, "^"); r.State() != tc.state || ok && !strings.HasPrefix(text, first) || !strings.Contains(text, first) {
					t.Errorf("%s, want %s and %q\n%s", r.State(), tc.state, w, text)
				}
			}
			for _, n := range tc.not {
				if strings.Contains(text, n) {
					t.Errorf("says %q\n%s", n, text)
				}
			}
			if r.headline().Text.JA == "" || strings.Contains(text+told(r, "ja"), "%!") {
				t.Errorf("%s\n%s", text, told(r, "ja"))
			}
		})
	}
}

// TestForms: the forms of a test that were answered alike are told in one line, and count as one test.
func TestForms(t *testing.T) {
	e, at := outside(t, &recorder.Server{Rcpt: func(c *recorder.Client, _ string) string {
		return yes(c.Helo == "localhost" || c.Helo == "mail.example.jp" || c.Helo == "[127.0.0.1]")
	}})
	r := test(t, e, Request{Targets: []string{at}, Fast: true})
	f, text := r.Facts(), told(r, "en")
	if f.Strong != 1 || f.Refused != 30 || f.Count != 36 || !strings.Contains(text, "30 of 36 tests refused") || !strings.HasPrefix(text, "bad SUSPECT: mail of strangers would be taken (R11);") || strings.Count(text, "trust by the name in HELO") != 1 || !strings.Contains(text, ": R11, R11.2, R11.3 suspect: ") {
		t.Errorf("%d strong, %d of %d refused\n%s", f.Strong, f.Refused, f.Count, text)
	}
}

// TestInsideIsNotSafe: what was refused from inside says nothing about strangers, and is not called safe; what was taken counts all the same.
func TestInsideIsNotSafe(t *testing.T) {
	e, _ := env(t)
	r := test(t, e, Request{Targets: []string{start(t, &recorder.Server{})}, Fast: true})
	text := told(r, "en")
	if r.State() != judge.Undetermined || !strings.HasPrefix(text, "warn undetermined: asked from inside, 31 of 36 tests were refused; strangers may be treated otherwise: ask from outside; not run: R32") {
		t.Errorf("%s\n%s", r.State(), text)
	}
	for _, x := range r.Facts().Tests {
		if x.Verdict != "not-run" && !x.Inside {
			t.Errorf("%s is not marked inside", x.ID)
		}
	}
	r = test(t, e, Request{Targets: []string{start(t, &recorder.Server{Rcpt: func(*recorder.Client, string) string { return "530 5.7.0 Authentication required" }})}, Fast: true})
	if text := told(r, "en"); r.State() != judge.Undetermined || !strings.HasPrefix(text, "warn undetermined: asked from inside, nothing is taken without a login") || strings.Contains(text, "controls passed") {
		t.Errorf("%s\n%s", r.State(), text)
	}
	r = test(t, e, Request{Targets: []string{start(t, &recorder.Server{Rcpt: func(c *recorder.Client, _ string) string { return yes(c.From == "") }})}, Fast: true})
	if text := told(r, "en"); r.State() != judge.Doubtful || !strings.HasPrefix(text, "bad SUSPECT: mail of strangers would be taken (R03)") {
		t.Errorf("%s\n%s", r.State(), text)
	}
}

// TestUnreachableTarget: a target that was named and does not answer leaves the question open, whatever the others say. The usual ports that nobody
// named may be missing.
func TestUnreachableTarget(t *testing.T) {
	e, at := outside(t, &recorder.Server{})
	for targets, want := range map[string]string{
		at + " 192.0.2.26:25":  "warn undetermined: no connection to 192.0.2.26:25; elsewhere 31 of 36 tests were refused; not run:",
		at + " 192.0.2.25:465": "warn undetermined: no connection to 192.0.2.25:465; elsewhere",
		"192.0.2.26:25":        "warn undetermined: no connection to 192.0.2.26:25, and nothing was refused",
		"192.0.2.26":           "warn undetermined: no connection to 192.0.2.26:25, and nothing was refused",
		"192.0.2.25":           "ok no relay found",
	} {
		r := test(t, e, Request{Targets: strings.Fields(targets), Fast: true})
		text := told(r, "en")
		if !strings.HasPrefix(text, want) || (r.State() == judge.Safe) != strings.HasPrefix(want, "ok") {
			t.Errorf("%s: %s\n%s", targets, r.State(), text)
		}
		missing := strings.Fields(want)[0] == "warn"
		if missing != strings.Contains(text, "warn 192.0.2.2") {
			t.Errorf("%s: -q would not tell\n%s", targets, text)
		}
	}
}

// TestAutoreplyIsNoProof: an automatic reply that quotes the probe is no proof of a relay, nor is a bounce; the message itself is.
func TestAutoreplyIsNoProof(t *testing.T) {
	for name, tc := range map[string]struct {
		wrap  string
		state string
		want  string
	}{
		"vacation": {"From: Taro <taro@example.jp>\r\nSubject: Re: relay test, I am away\r\n\r\nI am away. You wrote:\r\n\r\n", "suspect", "returned or quoted in another message"},
		"bounce":   {"From: MAILER-DAEMON@mail1.example.jp\r\nSubject: failure notice\r\n\r\nI could not deliver.\r\n--- Below this line is a copy of the message.\r\n\r\n", "suspect", "returned to the sender"},
		"itself":   {"Received: from the open server\r\n", "open", "the message has arrived"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			e, _ := env(t)
			e.Receiver = free(t)
			s := &recorder.Server{Rcpt: func(c *recorder.Client, _ string) string { return yes(c.From == "taro@example.jp") }}
			s.Message = func(_ *recorder.Client, text string) string {
				go send(e.Receiver, tc.wrap+text)
				return ""
			}
			address := start(t, s)
			e.Book.File = consented(t, address, deliverTo)
			r := test(t, e, Request{Targets: []string{address}, Fast: true, Deliver: true, Window: 2 * time.Second})
			f := r.Facts()
			if f.State != tc.state || (f.Proven == 1) != (tc.state == "open") || f.Sent != 1 || len(s.Messages()) != 1 || len(r.Arrived) != 1 || !strings.Contains(told(r, "en"), tc.want) ||
				tc.state == "suspect" && !strings.Contains(told(r, "en"), "bad SUSPECT: mail of strangers was taken (R06), and has not arrived itself") {
				t.Errorf("%s, %d proven, %d sent, %d arrived\n%s", f.State, f.Proven, f.Sent, len(r.Arrived), told(r, "en"))
			}
		})
	}
}

// send gives a message to the receiver.
func send(address, text string) {
	c, err := net.Dial("tcp", address)
	if err != nil {
		return
	}
	defer c.Close()
	fmt.Fprintf(c, "MAIL FROM:<taro@example.jp>\r\nRCPT TO:<relaytest@probe.example>\r\nDATA\r\n%s.\r\nQUIT\r\n", text)
	c.Read(make([]byte, 4096))
	time.Sleep(100 * time.Millisecond)
}

// TestRefusedLate: an appliance that takes everything at RCPT and refuses the messages is told as that. What could not be sent is no suspect any
// more, and no acquittal either; with those tests switched off, it passes.
func TestRefusedLate(t *testing.T) {
	for name, s := range map[string]func() *recorder.Server{
		"at DATA": func() *recorder.Server {
			return &recorder.Server{Command: func(_ *recorder.Client, verb, _ string) string {
				return map[string]string{"DATA": "550 5.7.1 not here"}[verb]
			}}
		},
		"after it": func() *recorder.Server {
			return &recorder.Server{Message: func(*recorder.Client, string) string { return "550 5.7.1 spam" }}
		},
	} {
		t.Run(name, func(t *testing.T) {
			server := s()
			server.Rcpt = func(*recorder.Client, string) string { return "250 ok" }
			e, at := outside(t, server)
			e.Book.File, e.Receiver = consented(t, at, deliverTo), free(t)
			q := Request{Targets: []string{at}, Fast: true, Deliver: true, Window: time.Minute}
			r := test(t, e, q)
			text := told(r, "en")
			if r.State() != judge.Undetermined || !strings.HasPrefix(text, "warn undetermined: 29 of 36 tests were refused, and R12, R31 taken at RCPT and not sent") || !strings.Contains(text, "refused late, at DATA or after it: R01, R02") || strings.Contains(text, "bad ") ||
				strings.Contains(text, "recipients were named already") || r.Took > 20*time.Second {
				t.Errorf("%s after %s\n%s", r.State(), r.Took, text)
			}
			r = test(t, e, withOff(t, q, "R12", "R31"))
			if text = told(r, "en"); r.State() != judge.Safe || !strings.HasPrefix(text, "ok no relay found: asked from outside, 29 of 34 tests were refused") || !strings.Contains(text, "warn R12 is switched off") {
				t.Errorf("%s\n%s", r.State(), text)
			}
			r = test(t, e, Request{Targets: []string{at}, Fast: true})
			if r.State() != judge.Doubtful {
				t.Errorf("without messages: %s", r.State())
			}
		})
	}
}

// TestHitsDoNotCrowdOut: what is asked again, since it was taken, does not keep other tests from being asked.
func TestHitsDoNotCrowdOut(t *testing.T) {
	e, at := outside(t, &recorder.Server{Rcpt: func(c *recorder.Client, _ string) string { return yes(strings.HasSuffix(c.From, "@example.jp")) }})
	r := test(t, e, Request{Targets: []string{at}, Fast: true})
	for _, x := range r.Facts().Tests {
		if strings.Contains(x.Why.EN, "named already") || x.ID == "R29.2" && x.Verdict != "refused" {
			t.Errorf("%s %s %s", x.ID, x.Verdict, x.Why.EN)
		}
	}
}

// TestAccountWithoutDomain: an account whose domain is not known is refused at once, not after a test that proves nothing.
func TestAccountWithoutDomain(t *testing.T) {
	e, dials := env(t)
	address := start(t, &recorder.Server{})
	e.Account = ""
	if _, err := e.RelayTest(t.Context(), Request{Targets: []string{address}, Account: "taro"}); err == nil || !strings.Contains(err.Error(), `account "taro" has no domain`) || *dials > 0 {
		t.Errorf("%v, %d connections", err, *dials)
	}
	for _, q := range []Request{{Account: "taro", Domain: "example.jp"}, {Account: "taro@example.jp"}} {
		q.Targets, q.Fast = []string{address}, true
		if r := test(t, e, q); r.Account != "taro@example.jp" {
			t.Errorf("%+v: %s", q, r.Account)
		}
	}
	e.Domains = []string{"example.jp"}
	if r := test(t, e, Request{Targets: []string{address}, Fast: true, Account: "taro"}); r.Account != "taro@example.jp" {
		t.Errorf("the domain of the server: %s", r.Account)
	}
}

// TestJapaneseVerdicts: no word of the program's own stands untranslated in a Japanese report.
func TestJapaneseVerdicts(t *testing.T) {
	e, at := outside(t, &recorder.Server{Rcpt: func(c *recorder.Client, to string) string { return yes(c.From == "" || strings.Contains(to, "%")) }})
	text := told(test(t, e, Request{Targets: []string{at}, Fast: true}), "ja")
	for _, v := range []judge.Verdict{judge.WeakSuspect, judge.NotRun, judge.Suspect, judge.Refused} {
		if strings.Contains(text, string(v)) {
			t.Errorf("%s\n%s", v, text)
		}
		if v.Text().JA == "" {
			t.Errorf("%s has no Japanese", v)
		}
	}
	if !strings.Contains(text, "弱い疑い") || !strings.Contains(text, "R34 未実施") {
		t.Error(text)
	}
}

// withOff is a request whose own file switches tests off.
func withOff(t *testing.T, q Request, ids ...string) Request {
	t.Helper()
	q.Patterns = filepath.Join(t.TempDir(), "patterns.yaml")
	if err := os.WriteFile(q.Patterns, []byte("format: 1\noff: ["+strings.Join(ids, ", ")+"]\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	return q
}
