package relay

import (
	"context"
	"errors"
	"net"
	"net/netip"
	"slices"
	"strings"
	"testing"
	"time"

	"hikeshi/actions/smtpcheck/consent"
	"hikeshi/actions/smtpcheck/recorder"
	"hikeshi/actions/smtpcheck/relay/judge"
	"hikeshi/actions/smtpcheck/talk"
)

// TestClosed: a healthy server is safe, asked politely: few tests in a connection, one connection at a time, never DATA, at most 40 recipients.
func TestClosed(t *testing.T) {
	s := start(t, &recorder.Server{})
	rep := ask(t, run(t, s))
	if strings.Contains(lines(rep), "proves nothing") {
		t.Errorf("the controls passed, and\n%s", lines(rep))
	}
	if rep.State() != judge.Safe || rep.Control != judge.ControlPassed || rep.Vantage.Inside || rep.Rcpts > 40 {
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
			if tests++; tests > 6 {
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
	rep.At = netip.MustParseAddrPort("192.0.2.25:465")
	if got := judge.Overall([]judge.Report{other, rep}); got != judge.Safe {
		t.Errorf("nothing on 465: %s", got)
	}
	rep.At, other.At = other.At, rep.At
	if got := judge.Overall([]judge.Report{other, rep}); got != judge.Undetermined {
		t.Errorf("nothing on 25: %s", got)
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

// TestRepeat: what is taken once, and not in a fresh connection, is weak.
func TestRepeat(t *testing.T) {
	s := start(t, &recorder.Server{Rcpt: func(c *recorder.Client, to string) string {
		return map[bool]string{true: "250 ok"}[foreign(to) && c.Commands > 10]
	}})
	rep := ask(t, run(t, s, "C1", "R01", "R02", "R03"))
	if got := of(rep, "R03"); got.Verdict != judge.WeakSuspect || !strings.Contains(got.Why.EN, "fresh connection") {
		t.Errorf("%s\n%s", got.Line(), lines(rep))
	}
}

// TestManyHits: an open server is not named more than 40 recipients, and what was not asked is said.
func TestManyHits(t *testing.T) {
	s := start(t, &recorder.Server{Rcpt: func(*recorder.Client, string) string { return "250 ok" }})
	rep := ask(t, run(t, s))
	rcpts := 0
	for _, line := range s.Said() {
		if strings.HasPrefix(line, "RCPT") {
			rcpts++
		}
		if line == "DATA" {
			t.Error("DATA was said")
		}
	}
	if rcpts > 40 || rcpts < 35 || rep.Rcpts != rcpts || of(rep, "R28").Verdict != judge.NotRun || rep.State() != judge.Doubtful {
		t.Errorf("%d recipients, %d counted; %s", rcpts, rep.Rcpts, rep.State())
	}
}

// TestCutOff: a server that cuts off clients between tests is asked again, and one that says 421 is left alone.
func TestCutOff(t *testing.T) {
	s := start(t, &recorder.Server{Command: func(c *recorder.Client, verb, _ string) string {
		return map[bool]string{true: "close"}[verb == "RSET" && c.Commands > 7]
	}})
	if rep := ask(t, run(t, s)); rep.State() != judge.Safe {
		t.Errorf("%s\n%s", rep.State(), lines(rep))
	}
	s = start(t, &recorder.Server{Command: func(c *recorder.Client, verb, _ string) string {
		return map[bool]string{true: "421 4.7.0 too many errors"}[verb == "RSET" && c.Number == 2]
	}})
	rep := ask(t, run(t, s))
	said := s.Said()
	i := slices.IndexFunc(said, func(x string) bool { return x == "CONNECT" })
	if rep.State() != judge.Undetermined || strings.Count(strings.Join(said[i:], "\n"), "CONNECT") != 2 {
		t.Errorf("%s\n%s", rep.State(), strings.Join(said, "\n"))
	}
}

// TestTarpit: a server that answers late is left when the time for it is over, and one that stops answering after two tests.
func TestTarpit(t *testing.T) {
	s := start(t, &recorder.Server{Command: func(*recorder.Client, string, string) string { time.Sleep(100 * time.Millisecond); return "" }})
	r := run(t, s)
	r.Limit = 400 * time.Millisecond
	began := time.Now()
	rep := ask(t, r)
	if took := time.Since(began); took > 5*time.Second || rep.State() != judge.Undetermined || !strings.Contains(rep.Stopped.EN, "time for a listener") {
		t.Errorf("%s: %s, %s", took, rep.State(), rep.Stopped.EN)
	}
	s = start(t, &recorder.Server{Rcpt: func(*recorder.Client, string) string { return "hang" }})
	began = time.Now()
	rep = ask(t, run(t, s))
	if took := time.Since(began); took > 5*time.Second || of(rep, "C1").Verdict != judge.Timeout || of(rep, "R30").Verdict != judge.NotRun {
		t.Errorf("%s\n%s", took, lines(rep))
	}
}

// TestInside: where the tester stands is told, and marks every verdict; what is taken is a finding all the same.
func TestInside(t *testing.T) {
	addr := netip.MustParseAddr
	own := func(a netip.Addr) bool { return a == addr("203.0.113.25") || a == addr("203.0.113.77") }
	for name, tc := range map[string]struct {
		local, remote, greeting string
		inside                  bool
	}{
		"outside":              {"198.51.100.9", "192.0.2.25", "mail", false},
		"loopback":             {"127.0.0.1", "127.0.0.1", "mail", true},
		"own to own":           {"203.0.113.77", "203.0.113.25", "mail", true},
		"own to a stranger":    {"203.0.113.77", "192.0.2.25", "mail", false},
		"neighbours":           {"192.0.2.77", "192.0.2.25", "mail", true},
		"neighbours, IPv6":     {"2001:db8::1", "2001:db8::2", "mail", true},
		"private":              {"10.0.0.1", "10.9.0.1", "mail", true},
		"NAT, not told":        {"10.0.0.1", "192.0.2.25", "mail", true},
		"NAT, told":            {"10.0.0.1", "192.0.2.25", "mail Hello x [198.51.100.9], pleased to meet you", false},
		"seen as private":      {"198.51.100.9", "192.0.2.25", "mail.example.jp Hello probe.example [10.90.0.2]", true},
		"seen as own":          {"10.0.0.1", "203.0.113.25", "mail Hello x [203.0.113.77]", true},
		"seen as shared space": {"198.51.100.9", "192.0.2.25", "mail Hello x [100.64.1.1]", true},
		"no address":           {"198.51.100.9", "192.0.2.25", "mail [a:b]", false},
	} {
		v := judge.Stand(addr(tc.local), addr(tc.remote), tc.greeting, own)
		if v.Inside != tc.inside || v.Inside != (v.Why.EN != "" && v.Why.JA != "") {
			t.Errorf("%s: %+v", name, v)
		}
	}
	r := run(t, start(t, &recorder.Server{Rcpt: func(*recorder.Client, string) string { return "250 ok" }}), "C1", "R01")
	plain := r.Dial
	r.Dial = func(ctx context.Context, network, address string) (net.Conn, error) {
		c, err := plain(ctx, network, address)
		if err != nil {
			return nil, err
		}
		return c.(posed).Conn, nil
	}
	rep := ask(t, r)
	if got := of(rep, "R01"); !got.Inside || got.Verdict != judge.Suspect || rep.State() != judge.Doubtful {
		t.Errorf("%+v", got)
	}
}

// TestNoGrant: without a grant for this very address nothing is sent, not even a connection made.
func TestNoGrant(t *testing.T) {
	s := start(t, &recorder.Server{})
	for _, g := range []consent.Grant{{}, {At: netip.MustParseAddrPort("192.0.2.25:587")}, {At: netip.MustParseAddrPort("192.0.2.26:25"), Deliver: true}} {
		if _, err := run(t, s).Test(t.Context(), netip.MustParseAddrPort("192.0.2.25:25"), "", g); !errors.Is(err, consent.ErrNone) {
			t.Errorf("%+v: %v", g, err)
		}
	}
	if said := s.Said(); len(said) > 0 {
		t.Errorf("said %v", said)
	}
}

func TestContextEnds(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	s := start(t, &recorder.Server{Rcpt: func(*recorder.Client, string) string { cancel(); return "hang" }})
	r := run(t, s)
	r.Wait = time.Minute
	at, g := grant("192.0.2.25:25", false)
	if _, err := r.Test(ctx, at, "", g); !errors.Is(err, context.Canceled) {
		t.Errorf("%v", err)
	}
}

// TestPause: there is a pause between tests.
func TestPause(t *testing.T) {
	var at []time.Time
	s := start(t, &recorder.Server{Command: func(_ *recorder.Client, verb, _ string) string {
		if verb == "MAIL" {
			at = append(at, time.Now())
		}
		return ""
	}})
	r := run(t, s, "C1", "C2", "R01", "R02")
	r.Pause = 60 * time.Millisecond
	ask(t, r)
	s.Close()
	for i := 1; i < len(at); i++ {
		if d := at[i].Sub(at[i-1]); d < r.Pause {
			t.Errorf("test %d came after %s", i, d)
		}
	}
	if len(at) != 4 {
		t.Errorf("%d tests", len(at))
	}
}
