package relay

import (
	"encoding/base64"
	"errors"
	"net/netip"
	"strings"
	"testing"
	"time"

	"hikeshi/actions/smtpcheck/probe"
	"hikeshi/actions/smtpcheck/recorder"
	"hikeshi/actions/smtpcheck/relay/judge"
)

// box is a mailbox that a server delivers to.
type box struct {
	arrived chan probe.Arrival
	err     error
}

func (b box) Poll() ([]probe.Arrival, error) {
	var all []probe.Arrival
	for {
		select {
		case a := <-b.arrived:
			all = append(all, a)
		default:
			return all, b.err
		}
	}
}

func delivery(b box) *Delivery {
	return &Delivery{Mailbox: b, Window: 200 * time.Millisecond, Every: 5 * time.Millisecond, RunID: "20261121-0312"}
}

// cookie is that of a message.
func cookie(text string) string {
	_, rest, _ := strings.Cut(text, "X-Hikeshi-Cookie: ")
	return strings.TrimSpace(rest[:40])
}

// TestDeliver: what becomes of a message that was taken at RCPT.
func TestDeliver(t *testing.T) {
	takes := func(*recorder.Client, string) string { return "250 ok" }
	for name, tc := range map[string]struct {
		command func(*recorder.Client, string, string) string
		message func(b box) func(*recorder.Client, string) string
		want    judge.Verdict
		state   judge.State
	}{
		"refused at DATA": {func(_ *recorder.Client, verb, _ string) string {
			return map[string]string{"DATA": "554 5.7.1 no"}[verb]
		}, nil, judge.RefusedLate, judge.Safe},
		"put off at DATA": {func(_ *recorder.Client, verb, _ string) string {
			return map[string]string{"DATA": "451 4.7.1 later"}[verb]
		}, nil, judge.Deferred, judge.Undetermined},
		"put off after it": {nil, func(box) func(*recorder.Client, string) string {
			return func(*recorder.Client, string) string { return "451 4.7.1 later" }
		}, judge.Deferred, judge.Undetermined},
		"refused after it": {nil, func(box) func(*recorder.Client, string) string {
			return func(*recorder.Client, string) string { return "550 5.7.1 spam" }
		}, judge.RefusedLate, judge.Safe},
		"thrown away": {nil, nil, judge.NotSeen, judge.Doubtful},
		"relayed": {nil, func(b box) func(*recorder.Client, string) string {
			return func(_ *recorder.Client, text string) string {
				b.arrived <- probe.Arrival{Cookie: cookie(text)}
				return ""
			}
		}, judge.Proven, judge.OpenRelay},
		"relayed, and never answered": {nil, func(b box) func(*recorder.Client, string) string {
			return func(_ *recorder.Client, text string) string {
				b.arrived <- probe.Arrival{Cookie: cookie(text)}
				return "hang"
			}
		}, judge.Proven, judge.OpenRelay},
		"never answered": {nil, func(box) func(*recorder.Client, string) string {
			return func(*recorder.Client, string) string { return "hang" }
		}, judge.Suspect, judge.Doubtful},
		"returned": {nil, func(b box) func(*recorder.Client, string) string {
			return func(_ *recorder.Client, text string) string {
				b.arrived <- probe.Arrival{Cookie: cookie(text), Bounce: true}
				return ""
			}
		}, judge.Backscatter, judge.Doubtful},
		"quoted": {nil, func(b box) func(*recorder.Client, string) string {
			return func(_ *recorder.Client, text string) string {
				b.arrived <- probe.Arrival{Cookie: cookie(text), Quoted: true}
				return ""
			}
		}, judge.Backscatter, judge.Doubtful},
		"returned, and relayed later": {nil, func(b box) func(*recorder.Client, string) string {
			return func(_ *recorder.Client, text string) string {
				b.arrived <- probe.Arrival{Cookie: cookie(text), Bounce: true}
				time.AfterFunc(50*time.Millisecond, func() { b.arrived <- probe.Arrival{Cookie: cookie(text)} })
				return ""
			}
		}, judge.Proven, judge.OpenRelay},
		"relayed, and quoted later": {nil, func(b box) func(*recorder.Client, string) string {
			return func(_ *recorder.Client, text string) string {
				b.arrived <- probe.Arrival{Cookie: cookie(text)}
				b.arrived <- probe.Arrival{Cookie: cookie(text), Quoted: true}
				return ""
			}
		}, judge.Proven, judge.OpenRelay},
		"a cookie of somebody else": {nil, func(b box) func(*recorder.Client, string) string {
			return func(*recorder.Client, string) string {
				b.arrived <- probe.Arrival{Cookie: probe.Cookie()}
				return ""
			}
		}, judge.NotSeen, judge.Doubtful},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			b := box{arrived: make(chan probe.Arrival, 10)}
			s := &recorder.Server{Rcpt: takes, Command: tc.command}
			if tc.message != nil {
				s.Message = tc.message(b)
			}
			start(t, s)
			r := run(t, s, "C1", "R02")
			r.Deliver = delivery(b)
			reps := []judge.Report{askAt(t, r, "192.0.2.25:25", true)}
			if _, err := r.Await(t.Context(), reps); err != nil {
				t.Fatal(err)
			}
			if got := of(reps[0], "R02"); got.Verdict != tc.want || reps[0].State() != tc.state {
				t.Errorf("%s, want %s; %s, want %s", got.Line(), tc.want, reps[0].State(), tc.state)
			}
		})
	}
}

// TestOneMessageEach: with leave, a test sends one message, to the probe mailbox alone; the control sends none, and no test whose message others would
// get too.
func TestOneMessageEach(t *testing.T) {
	s := start(t, &recorder.Server{Rcpt: func(*recorder.Client, string) string { return "250 ok" }})
	r := run(t, s, "C1", "C2", "R01", "R03", "R11", "R12", "R16", "R25", "R31")
	b := box{arrived: make(chan probe.Arrival)}
	r.Deliver = delivery(b)
	rep := askAt(t, r, "192.0.2.25:25", true)
	texts := strings.Join(s.Messages(), "\n")
	for id, want := range map[string]int{"C1": 0, "C2": 0, "R01": 1, "R03": 1, "R12": 0, "R16": 1, "R31": 0} {
		if n := strings.Count(texts, "\nSubject: relay test "+id+" of"); n != want && strings.Count(texts, "Subject: relay test "+id+" of") != want {
			t.Errorf("%s sent %d messages, want %d", id, n, want)
		}
		if got := of(rep, id); (got.Cookie != "") != (want == 1) {
			t.Errorf("%s: cookie %q", id, got.Cookie)
		}
	}
	if len(s.Messages()) != 5 || !strings.Contains(texts, "X-Hikeshi-Probe: 20261121-0312\r\n") || !strings.Contains(texts, "Auto-Submitted: auto-generated\r\n") {
		t.Errorf("%d messages:\n%s", len(s.Messages()), texts)
	}
	for id, n := range map[string]int{"R11": 0, "R25": 0} { // a test of several forms is one test still
		for _, form := range []string{"", ".2", ".3"} {
			n += strings.Count(texts, "Subject: relay test "+id+form+" of")
		}
		if n != 1 || of(rep, id+".2").Cookie != "" || !of(rep, id+".2").Unsent {
			t.Errorf("%s sent %d messages", id, n)
		}
	}
	said := s.Said()
	for i, line := range said {
		if line == "DATA" && !strings.Contains(said[i-1], "relaytest") {
			t.Errorf("DATA after %s", said[i-1])
		}
	}
}

// TestNeverDATA: whatever the server takes and whatever is asked for, without a consent that says so for this mailbox DATA is never said.
func TestNeverDATA(t *testing.T) {
	s := start(t, &recorder.Server{Hello: []string{"AUTH PLAIN"}, Auth: func(string) string { return "235 ok" }, Rcpt: func(*recorder.Client, string) string { return "250 ok" }})
	r := run(t, s)
	r.Failing, r.Login, r.Backup = true, &Login{User: "jiro@example.jp", Password: "geheim"}, "second.example"
	for _, deliver := range []bool{false, true} {
		if r.Deliver = nil; deliver {
			r.Deliver = delivery(box{arrived: make(chan probe.Arrival)})
		}
		for _, port := range []string{"25", "465x", "587", "2525"} {
			askAt(t, r, "192.0.2.25:"+strings.TrimSuffix(port, "x"), false)
		}
		at, g := grant("192.0.2.25:25", true)
		g.Probe = "another@probe.example"
		if _, err := r.Test(t.Context(), at, "", g); err != nil {
			t.Fatal(err)
		}
	}
	for _, line := range s.Said() {
		if strings.HasPrefix(strings.ToUpper(line), "DATA") || strings.HasPrefix(strings.ToUpper(line), "BDAT") {
			t.Fatalf("said %s", line)
		}
	}
	if n := len(s.Said()); n < 200 || len(s.Messages()) > 0 {
		t.Errorf("%d commands, %d messages", n, len(s.Messages()))
	}
}

func TestMailboxFails(t *testing.T) {
	s := start(t, &recorder.Server{Rcpt: func(*recorder.Client, string) string { return "250 ok" }})
	r := run(t, s, "C1", "R01")
	gone := errors.New("gone")
	r.Deliver = delivery(box{err: gone})
	reps := []judge.Report{askAt(t, r, "192.0.2.25:25", true)}
	if _, err := r.Await(t.Context(), reps); !errors.Is(err, gone) || of(reps[0], "R01").Verdict != judge.Accepted {
		t.Errorf("%v, %s", err, of(reps[0], "R01").Line())
	}
}

// TestSubmission: on 465 and 587 a listener that wants a login of everybody is safe, and is not asked the same forty times.
func TestSubmission(t *testing.T) {
	cfg, err := recorder.SelfSigned("mail.example.jp")
	if err != nil {
		t.Fatal(err)
	}
	wanted := func(*recorder.Client, string) string { return "530 5.7.0 Authentication required" }
	for _, port := range []string{"465", "587"} {
		s := &recorder.Server{TLS: cfg, Implicit: port == "465", Rcpt: wanted}
		if port == "587" {
			s.Hello = []string{"STARTTLS"}
		}
		start(t, s)
		rep := askAt(t, run(t, s), "192.0.2.25:"+port, false)
		if rep.State() != judge.Safe || rep.Control != judge.ControlLogin || !rep.TLS || rep.Rcpts > 12 || of(rep, "R33").Verdict != judge.Refused || of(rep, "R22").Verdict != judge.NotRun {
			t.Errorf("%s: %s, %s, TLS %v, %d recipients\n%s", port, rep.State(), rep.Control, rep.TLS, rep.Rcpts, lines(rep))
		}
	}
	s := start(t, &recorder.Server{Rcpt: func(c *recorder.Client, to string) string {
		if c.From == "taro@example.jp" {
			return "250 ok"
		}
		return wanted(c, to)
	}})
	rep := askAt(t, run(t, s), "192.0.2.25:587", false)
	if rep.State() != judge.Doubtful || of(rep, "R33").Verdict != judge.Suspect || of(rep, "R33").Reply != "250 ok" || rep.TLS {
		t.Errorf("%s\n%s", rep.State(), lines(rep))
	}
}

// TestTLSWanted: where RCPT wants TLS first, the test is made again inside TLS before anything is concluded; and TLS that fails is told.
func TestTLSWanted(t *testing.T) {
	cfg, err := recorder.SelfSigned("mail.example.jp")
	if err != nil {
		t.Fatal(err)
	}
	s := start(t, &recorder.Server{TLS: cfg, Hello: []string{"STARTTLS"}, Command: func(c *recorder.Client, verb, _ string) string {
		return map[bool]string{true: "530 5.7.0 Must issue a STARTTLS command first"}[verb == "MAIL" && !c.TLS]
	}, Rcpt: func(c *recorder.Client, to string) string { return map[bool]string{true: "250 ok"}[c.From == ""] }})
	rep := ask(t, run(t, s, "C1", "R01", "R03"))
	if !rep.TLS || rep.Control != judge.ControlPassed || of(rep, "R01").Verdict != judge.Refused || of(rep, "R03").Verdict != judge.Suspect {
		t.Errorf("%s", lines(rep))
	}
	s = start(t, &recorder.Server{TLS: nil, Hello: []string{"STARTTLS"}, Command: func(_ *recorder.Client, verb, _ string) string {
		return map[string]string{"STARTTLS": "220 go\r\n220 garbage"}[verb]
	}})
	if rep = askAt(t, run(t, s), "192.0.2.25:587", false); rep.State() != judge.Safe || rep.TLS {
		t.Errorf("garbage for TLS: %s\n%s", rep.State(), lines(rep))
	}
	if rep = askAt(t, run(t, start(t, &recorder.Server{})), "192.0.2.25:465", false); rep.State() != judge.Undetermined || of(rep, "C1").Verdict.Closed() {
		t.Errorf("no TLS on 465: %s", lines(rep))
	}
}

// TestLogins: a login that failed opens nothing, and one that succeeded only for its own sender; passwords go out in TLS only, and nowhere else.
func TestLogins(t *testing.T) {
	cfg, err := recorder.SelfSigned("mail.example.jp")
	if err != nil {
		t.Fatal(err)
	}
	const password = "Geheim-4711"
	auth := func(arg string) string {
		raw, _ := base64.StdEncoding.DecodeString(strings.TrimPrefix(arg, "PLAIN "))
		return map[bool]string{true: "235 ok", false: "535 no"}[string(raw) == "\x00jiro@example.jp\x00"+password]
	}
	s := start(t, &recorder.Server{TLS: cfg, Hello: []string{"STARTTLS", "AUTH PLAIN LOGIN"}, Auth: auth, Rcpt: func(c *recorder.Client, _ string) string {
		return map[bool]string{true: "250 ok"}[c.Login]
	}})
	r := run(t, s, "C1", "R06", "R34", "R35", "R01")
	r.Failing, r.Login = true, &Login{User: "jiro@example.jp", Password: password}
	rep := ask(t, r)
	if of(rep, "R34").Verdict != judge.Refused || of(rep, "R35").Verdict != judge.Suspect || of(rep, "R01").Verdict != judge.Refused {
		t.Errorf("%s", lines(rep))
	}
	if told := r.Log.String(); strings.Contains(told, password) || strings.Contains(told, base64.StdEncoding.EncodeToString([]byte("\x00jiro@example.jp\x00"+password))) || !strings.Contains(told, "AUTH PLAIN [redacted]") {
		t.Errorf("transcript:\n%s", told)
	}
	s = start(t, &recorder.Server{Hello: []string{"AUTH PLAIN"}, Auth: auth})
	r.Dial = reach(s)
	if got := of(ask(t, r), "R35"); got.Verdict != judge.NotRun || !strings.Contains(got.Why.EN, "in clear") {
		t.Errorf("without TLS: %s", got.Line())
	}
	s = start(t, &recorder.Server{})
	r.Dial = reach(s)
	if got := of(ask(t, r), "R34"); got.Verdict != judge.NotRun || !strings.Contains(got.Why.EN, "AUTH") {
		t.Errorf("without AUTH: %s", got.Line())
	}
	r.Account = "jiro@example.jp"
	if got := of(ask(t, r), "R35"); got.Verdict != judge.NotRun {
		t.Errorf("the same account: %s", got.Line())
	}
	for _, line := range s.Said() {
		if strings.HasPrefix(line, "AUTH") {
			t.Errorf("said %s", line)
		}
	}
}

func TestForeignLiteral(t *testing.T) {
	s := &session{run: run(t, nil), rep: &judge.Report{At: netip.MustParseAddrPort("[2001:db8::25]:25"), Host: "mail.example.jp"}}
	if v := s.values(); v["L"] != "[192.0.2.199]" || v["IP"] != "[IPv6:2001:db8::25]" || v["U"] != "taro" {
		t.Errorf("%v", v)
	}
}
