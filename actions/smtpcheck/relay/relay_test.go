package relay

import (
	"net/netip"
	"slices"
	"strings"
	"testing"

	"hikeshi/actions/smtpcheck/recorder"
	"hikeshi/actions/smtpcheck/relay/judge"
	"hikeshi/actions/smtpcheck/talk"
)

// TestClosed: a healthy server is safe, asked politely: few tests in a connection, one connection at a time, never DATA, no more
// recipients than there may be.
func TestClosed(t *testing.T) {
	s := start(t, &recorder.Server{})
	rep := ask(t, run(t, s))
	if strings.Contains(lines(rep), "proves nothing") {
		t.Errorf("the controls passed, and\n%s", lines(rep))
	}
	if rep.State() != judge.Safe || rep.Control != judge.ControlPassed || rep.Vantage.Inside || rep.Rcpts > MaxRcpts {
		t.Errorf("%s, controls %s, inside %v, %d recipients\n%s", rep.State(), rep.Control, rep.Vantage.Inside, rep.Rcpts, lines(rep))
	}
	for id, want := range map[string]judge.Verdict{"C1": judge.Passed, "C2": judge.Passed, "R01": judge.Refused, "R03": judge.Refused, "R12": judge.Refused, "R25.2": judge.Refused, "R29.2": judge.Refused,
		"R32": judge.NotRun, "R33": judge.NotRun, "R34": judge.NotRun, "R35": judge.NotRun, "R36": judge.NotRun} {
		if got := of(rep, id); got.Verdict != want {
			t.Errorf("%s: want %s", got.Line(), want)
		}
	}
	tests, rcpts := 0, 0
	for _, line := range s.Said() {
		switch verb, _, _ := strings.Cut(line, " "); verb {
		case "CONNECT":
			tests = 0
		case "MAIL":
			if tests++; tests > 8 {
				t.Errorf("%d tests in one connection", tests)
			}
		case "RCPT":
			rcpts++
		case "DATA", "AUTH":
			t.Errorf("said %s", line)
		}
	}
	if s.Most() > 1 || rcpts != rep.Rcpts {
		t.Errorf("%d connections at a time; %d recipients of %d", s.Most(), rcpts, rep.Rcpts)
	}
}

// TestVerdicts: one answer of a server, and what it means.
func TestVerdicts(t *testing.T) {
	rcpt := func(reply string) *recorder.Server {
		return &recorder.Server{Rcpt: func(_ *recorder.Client, to string) string {
			if foreign(to) {
				return reply
			}
			return ""
		}}
	}
	mail := func(reply string) *recorder.Server {
		return &recorder.Server{Command: func(_ *recorder.Client, verb, arg string) string {
			if verb == "MAIL" && strings.Contains(arg, "f.example") {
				return reply
			}
			return ""
		}}
	}
	for name, tc := range map[string]struct {
		s     *recorder.Server
		test  string
		want  judge.Verdict
		state judge.State
	}{
		"relay denied":          {rcpt("554 5.7.1 Relay access denied"), "R02", judge.Refused, judge.Safe},
		"login wanted":          {rcpt("530 5.7.0 Authentication required"), "R02", judge.Refused, judge.Safe},
		"Postfix's net":         {rcpt("454 4.7.1 Relay access denied"), "R02", judge.RefusedSoft, judge.Safe},
		"greylisting":           {rcpt("450 4.2.0 Greylisted"), "R02", judge.Deferred, judge.Undetermined},
		"taken":                 {rcpt("250 ok"), "R02", judge.Suspect, judge.Doubtful},
		"will forward":          {rcpt("251 will forward"), "R02", judge.Suspect, judge.Doubtful},
		"taken, weak":           {rcpt("250 ok"), "R18", judge.WeakSuspect, judge.Doubtful},
		"three hundred":         {rcpt("354 go on"), "R02", judge.Inconclusive, judge.Undetermined},
		"silence":               {rcpt("hang"), "R02", judge.Timeout, judge.Undetermined},
		"a byte at a time":      {rcpt("trickle 250 ok, and then it goes on"), "R02", judge.Timeout, judge.Undetermined},
		"hang-up":               {rcpt("close"), "R02", judge.Inconclusive, judge.Undetermined},
		"421":                   {rcpt("421 too many"), "R02", judge.Inconclusive, judge.Undetermined},
		"refused at MAIL":       {mail("553 5.1.8 sender refused"), "R30", judge.RefusedAtMail, judge.Undetermined},
		"deferred at MAIL":      {mail("451 4.1.8 sender domain"), "R30", judge.Deferred, judge.Undetermined},
		"two answers":           {rcpt("554 no\r\n250 ok"), "R02", judge.Refused, judge.Safe}, // what came unasked is no answer
		"a code in the text":    {rcpt("554 250 ok"), "R02", judge.Refused, judge.Safe},
		"escapes":               {rcpt("554 \x1b[2J\x1b]0;250 ok\x07"), "R02", judge.Refused, judge.Safe},
		"999 lines":             {rcpt(strings.Repeat("250-more\r\n", 999) + "250 ok"), "R02", judge.Inconclusive, judge.Undetermined},
		"two codes":             {rcpt("250-ok\r\n554 no"), "R02", judge.Inconclusive, judge.Undetermined},
		"half a megabyte":       {rcpt("250 " + strings.Repeat("x", 500_000)), "R02", judge.Inconclusive, judge.Undetermined},
		"TLS garbage":           {rcpt("\x15\x03\x03\x00\x02\x02\x28"), "R02", judge.Inconclusive, judge.Undetermined},
		"RCPT wants TLS, none":  {rcpt("530 5.7.0 Must issue a STARTTLS command first"), "R02", judge.Inconclusive, judge.Undetermined},
		"every command refused": {&recorder.Server{Command: func(_ *recorder.Client, verb, _ string) string { return map[string]string{"MAIL": "550 no"}[verb] }}, "R02", judge.RefusedAtMail, judge.Undetermined},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			rep := ask(t, run(t, start(t, tc.s), "C1", "R02", "R06", "R18", "R30"))
			got := of(rep, tc.test)
			if got.Verdict != tc.want || rep.State() != tc.state {
				t.Errorf("%s is %s, want %s; the state is %s, want %s\n%s", tc.test, got.Verdict, tc.want, rep.State(), tc.state, lines(rep))
			}
			if strings.ContainsAny(got.Reply, "\x1b\x07\r\n") || len(got.Reply) > 3*talk.MaxLine {
				t.Errorf("reply %.100q", got.Reply)
			}
		})
	}
}

// TestConnect: what happens before anything is asked.
func TestConnect(t *testing.T) {
	for name, tc := range map[string]struct {
		s     *recorder.Server
		want  judge.Verdict
		conns int // at most
	}{
		"554":     {&recorder.Server{Banner: "554 5.7.1 you are listed"}, judge.Inconclusive, 1},
		"421":     {&recorder.Server{Banner: "421 too busy"}, judge.Inconclusive, 1},
		"closes":  {&recorder.Server{Banner: "close"}, judge.Inconclusive, 2},
		"silence": {&recorder.Server{Banner: "hang"}, judge.Timeout, 2},
		"HTTP":    {&recorder.Server{Banner: "HTTP/1.1 400 Bad Request"}, judge.Inconclusive, 2},
		"EHLO":    {&recorder.Server{Command: func(*recorder.Client, string, string) string { return "421 go away" }}, judge.Inconclusive, 1},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := start(t, tc.s)
			rep := ask(t, run(t, s))
			conns := 0
			for _, line := range s.Said() {
				if line == "CONNECT" {
					conns++
				}
				if strings.HasPrefix(line, "MAIL") {
					t.Errorf("said %s", line)
				}
			}
			if got := of(rep, "C1"); got.Verdict != tc.want || rep.State() != judge.Undetermined || rep.Stopped.IsZero() || conns > tc.conns {
				t.Errorf("%s; %s; %d connections", got.Line(), rep.State(), conns)
			}
			if got := of(rep, "R22"); got.Verdict != judge.NotRun || got.Why.EN == "" || got.Why.JA == "" {
				t.Errorf("%+v", got)
			}
		})
	}
}

func TestNobodyThere(t *testing.T) {
	s := &recorder.Server{}
	if err := s.Start("127.0.0.1:0"); err != nil {
		t.Fatal(err)
	}
	s.Close()
	rep := ask(t, run(t, s))
	if !rep.Nothing || rep.State() != judge.Undetermined || of(rep, "C1").Verdict != judge.Inconclusive {
		t.Errorf("%+v", rep)
	}
	other := ask(t, run(t, start(t, &recorder.Server{})))
	other.At = netip.MustParseAddrPort("192.0.2.25:25")
	rep.At, rep.Spare = netip.MustParseAddrPort("192.0.2.25:465"), true
	if got := judge.Overall([]judge.Report{other, rep}); got != judge.Safe {
		t.Errorf("nothing on 465: %s", got)
	}
	if got := judge.Overall([]judge.Report{rep}); got != judge.Undetermined {
		t.Errorf("nothing but 465: %s", got)
	}
	rep.Spare = false
	if got := judge.Overall([]judge.Report{other, rep}); got != judge.Undetermined {
		t.Errorf("nothing on a port that was named: %s", got)
	}
}

// TestOpen: each way of being open is found by its own test, and by no other that it has nothing to do with.
func TestOpen(t *testing.T) {
	const ok = "250 ok"
	yes := func(b bool) string { return map[bool]string{true: ok}[b] }
	for name, tc := range map[string]struct {
		rcpt func(c *recorder.Client, to string) string
		hits []string
	}{
		"own account":   {func(c *recorder.Client, _ string) string { return yes(c.From == "taro@example.jp") }, []string{"R06"}},
		"own domain":    {func(c *recorder.Client, _ string) string { return yes(strings.HasSuffix(c.From, "@example.jp")) }, []string{"R05", "R06", "R07"}},
		"null sender":   {func(c *recorder.Client, _ string) string { return yes(c.From == "") }, []string{"R03"}},
		"no domain":     {func(c *recorder.Client, _ string) string { return yes(c.From == "spamtest") }, []string{"R04"}},
		"HELO":          {func(c *recorder.Client, _ string) string { return yes(c.Helo == "localhost") }, []string{"R11.2"}},
		"second rcpt":   {func(c *recorder.Client, to string) string { return yes(len(c.To) > 0) }, []string{"R12"}},
		"AUTH=":         {func(c *recorder.Client, _ string) string { return yes(c.Params == "AUTH=taro@example.jp") }, []string{"R13"}},
		"final dot":     {func(_ *recorder.Client, to string) string { return yes(strings.HasSuffix(to, ".")) }, []string{"R30"}},
		"percent":       {func(_ *recorder.Client, to string) string { return yes(to == "relaytest%probe.example@example.jp") }, []string{"R16"}},
		"bang":          {func(_ *recorder.Client, to string) string { return yes(to == "probe.example!relaytest@example.jp") }, []string{"R28.2"}},
		"source route":  {func(_ *recorder.Client, to string) string { return yes(strings.HasPrefix(to, "@mail.example.jp:")) }, []string{"R25"}},
		"literal":       {func(_ *recorder.Client, to string) string { return yes(strings.HasSuffix(to, "@[198.51.100.9]")) }, []string{"R31"}},
		"target's name": {func(_ *recorder.Client, to string) string { return yes(strings.HasSuffix(to, "@[192.0.2.25]")) }, []string{"R14", "R20", "R21", "R27"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			rep := ask(t, run(t, start(t, &recorder.Server{Rcpt: tc.rcpt})))
			var hits []string
			for _, r := range rep.Results {
				if r.Verdict.Hit() {
					hits = append(hits, r.ID)
				}
			}
			slices.Sort(hits)
			if !slices.Equal(hits, tc.hits) || rep.State() != judge.Doubtful {
				t.Errorf("hits %v, want %v; %s\n%s", hits, tc.hits, rep.State(), lines(rep))
			}
		})
	}
}

// TestWithoutAccount: a closed server is not safe, since the test that matters was not made.
func TestWithoutAccount(t *testing.T) {
	r := run(t, start(t, &recorder.Server{}))
	r.Account = ""
	rep := ask(t, r)
	if rep.State() != judge.Undetermined || rep.Control != judge.ControlUnknown || of(rep, "C1").Verdict != judge.NotRun || of(rep, "R06").Verdict != judge.NotRun || of(rep, "R05").Verdict != judge.Refused || of(rep, "R07").Verdict != judge.Refused {
		t.Errorf("%s, %s\n%s", rep.State(), rep.Control, lines(rep))
	}
	r = run(t, start(t, &recorder.Server{Rcpt: func(c *recorder.Client, _ string) string {
		return map[bool]string{true: "250 ok"}[strings.HasPrefix(c.From, "postmaster@")]
	}}))
	r.Account = ""
	if rep := ask(t, r); rep.State() != judge.Doubtful || of(rep, "R07").Verdict != judge.Suspect {
		t.Errorf("R07 does not stand in: %s\n%s", rep.State(), lines(rep))
	}
	r = run(t, start(t, &recorder.Server{Rcpt: func(*recorder.Client, string) string { return "530 5.7.0 Authentication required" }}))
	r.Account = ""
	if rep := ask(t, r); rep.State() != judge.Undetermined || rep.Control != judge.ControlLogin {
		t.Errorf("a login is wanted of everybody, but R06 was not asked: %s, %s", rep.State(), rep.Control)
	}
}

// TestOneOpenQuestion: one test of many that is not answered leaves the question open.
func TestOneOpenQuestion(t *testing.T) {
	for _, reply := range []string{"450 4.2.0 later", "hang", "354 go on"} {
		rep := ask(t, run(t, start(t, &recorder.Server{Rcpt: func(c *recorder.Client, _ string) string { return map[bool]string{true: reply}[c.From == ""] }})))
		if rep.State() != judge.Undetermined || rep.Control != judge.ControlPassed || of(rep, "R04").Verdict != judge.Refused {
			t.Errorf("%s: %s\n%s", reply, rep.State(), lines(rep))
		}
	}
}

// TestControlFails: where mail for an account is refused too, refusals prove nothing.
func TestControlFails(t *testing.T) {
	for _, reply := range []string{"550 5.7.1 listed", "450 greylisted", "hang"} {
		rep := ask(t, run(t, start(t, &recorder.Server{Rcpt: func(*recorder.Client, string) string { return reply }}), "C1", "C2", "R01", "R06"))
		if rep.Control == judge.ControlPassed || rep.State() != judge.Undetermined {
			t.Errorf("%s: %s, %s", reply, rep.Control, rep.State())
		}
		for _, r := range rep.Results {
			if r.Verdict.Closed() && r.Weight != "control" && !strings.Contains(r.Why.EN, "proves nothing") {
				t.Errorf("%s: %s", reply, r.Line())
			}
		}
	}
}

// TestRepeat: a stranger's plain mail that is taken once is asked often, each time in a fresh connection, and is told as what it is; an odd
// address that is taken once is weak.
func TestRepeat(t *testing.T) {
	s := start(t, &recorder.Server{Rcpt: func(c *recorder.Client, to string) string {
		return map[bool]string{true: "250 ok"}[foreign(to) && c.Commands > 10]
	}})
	rep := ask(t, run(t, s, "C1", "R01", "R02", "R03"))
	if got := of(rep, "R03"); got.Verdict != judge.Suspect || got.Taken != 1 || got.Asked != 8 || !strings.Contains(got.Line(), "taken in 1 of 8 connections, otherwise 554") {
		t.Errorf("%s\n%s", got.Line(), lines(rep))
	}
	s = start(t, &recorder.Server{Rcpt: func(c *recorder.Client, to string) string {
		return map[bool]string{true: "250 ok"}[c.Number == 1 && strings.Contains(to, "%")]
	}})
	rep = ask(t, run(t, s, "C1", "R14"))
	if got := of(rep, "R14"); got.Verdict != judge.WeakSuspect || got.Fickle() || !strings.Contains(got.Why.EN, "fresh connection") {
		t.Errorf("%s\n%s", got.Line(), lines(rep))
	}
}

// TestManyHits: an open server is asked everything, and again what it took; nothing is named a third time.
func TestManyHits(t *testing.T) {
	s := start(t, &recorder.Server{Rcpt: func(*recorder.Client, string) string { return "250 ok" }})
	rep := ask(t, run(t, s))
	rcpts, limit := 0, MaxRcpts
	for _, line := range s.Said() {
		if strings.HasPrefix(line, "RCPT") {
			rcpts++
		}
		if line == "DATA" {
			t.Error("DATA was said")
		}
	}
	for _, x := range rep.Results {
		if x.Verdict.Hit() {
			limit += strings.Count(x.Said, "RCPT")
		}
		if x.Open {
			t.Errorf("%s", x.Line())
		}
	}
	if rcpts > limit || rep.Rcpts != rcpts || of(rep, "R29.2").Verdict != judge.WeakSuspect || rep.State() != judge.Doubtful {
		t.Errorf("%d recipients of %d, %d counted; %s\n%s", rcpts, limit, rep.Rcpts, rep.State(), lines(rep))
	}
}
