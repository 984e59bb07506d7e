package relay

import (
	"context"
	"errors"
	"net"
	"net/netip"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"hikeshi/actions/smtpcheck/consent"
	"hikeshi/actions/smtpcheck/recorder"
	"hikeshi/actions/smtpcheck/relay/judge"
)

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

// TestWhyStopped: why a listener was left alone is told as it was: where the greeting was answered, no blocklist refused us before it.
func TestWhyStopped(t *testing.T) {
	strange := func(reply string) *recorder.Server {
		return &recorder.Server{Rcpt: func(_ *recorder.Client, to string) string { return map[bool]string{true: reply}[foreign(to)] }}
	}
	mail := func(reply string) *recorder.Server {
		return &recorder.Server{Command: func(_ *recorder.Client, verb, _ string) string { return map[string]string{"MAIL": reply}[verb] }}
	}
	for name, tc := range map[string]struct {
		s    *recorder.Server
		want string
	}{
		"hangs up at RCPT":           {strange("close"), "the connection ended at RCPT"},
		"hangs up at MAIL":           {mail("close"), "the connection ended at MAIL"},
		"no SMTP at RCPT":            {strange("hello"), "what answers does not speak SMTP"},
		"silence at RCPT":            {strange("hang"), "no longer answers in time"},
		"hangs up before the banner": {&recorder.Server{Banner: "close"}, "closed before the greeting: this vantage is refused"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			rep := ask(t, run(t, start(t, tc.s)))
			if !strings.Contains(rep.Stopped.EN, tc.want) || of(rep, "R30").Why != rep.Stopped || tc.s.Banner != "close" && strings.Contains(lines(rep), "greeting") {
				t.Errorf("%s\n%s", rep.Stopped.EN, lines(rep))
			}
		})
	}
	s := start(t, &recorder.Server{})
	r, conns := run(t, s), 0
	dial := r.Dial
	r.Dial = func(ctx context.Context, network, address string) (net.Conn, error) {
		if conns++; conns == 1 {
			return dial(ctx, network, address)
		}
		here, there := net.Pipe()
		there.Close()
		return here, nil
	}
	if rep := ask(t, r); !strings.Contains(rep.Stopped.EN, "after other connections were answered") {
		t.Errorf("a limit on clients: %s", rep.Stopped.EN)
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

// TestNames: another name in HELO needs no connection of its own, unless the server wants to hear one name only.
func TestNames(t *testing.T) {
	for name, tc := range map[string]struct {
		command func(c *recorder.Client, verb, arg string) string
		want    int // connections
	}{
		"again": {nil, 1},
		"once": {func(c *recorder.Client, verb, _ string) string {
			return map[bool]string{true: "503 5.5.1 you said so already"}[verb == "EHLO" && c.Helo != "" || verb == "HELO"]
		}, 5},
	} {
		s := start(t, &recorder.Server{Command: tc.command})
		rep := ask(t, run(t, s, "C1", "R01", "R11", "R12"))
		conns, helo, asked := 0, "", []string{}
		for _, line := range s.Said() {
			switch verb, rest, _ := strings.Cut(line, " "); verb {
			case "CONNECT":
				conns++
			case "EHLO":
				helo = rest
			case "MAIL":
				asked = append(asked, helo)
			}
		}
		want := "probe.example probe.example mail.example.jp localhost [127.0.0.1] probe.example"
		if got := strings.Join(asked, " "); conns != tc.want || got != want || rep.State() != judge.Safe || of(rep, "R11.3").Verdict != judge.Refused || rep.Control != judge.ControlPassed {
			t.Errorf("%s: %d connections, asked as %s\n%s", name, conns, got, lines(rep))
		}
	}
}

// TestLater: what was put off is asked again, twice at most, and only that. A server with greylisting is safe then, and one that goes on putting
// off is not.
func TestLater(t *testing.T) {
	grey := func(times int) *recorder.Server {
		var mu sync.Mutex
		seen := map[string]int{}
		return &recorder.Server{Rcpt: func(c *recorder.Client, to string) string {
			mu.Lock()
			defer mu.Unlock()
			if key := c.From + " " + to; !foreign(to) {
				if seen[key]++; seen[key] <= times {
					return "450 4.2.0 Greylisted"
				}
			}
			return ""
		}}
	}
	for name, tc := range map[string]struct {
		times int
		again time.Duration
		asked int // how often C1
		state judge.State
	}{
		"not asked again":   {1, 0, 1, judge.Undetermined},
		"once":              {1, 20 * time.Millisecond, 2, judge.Safe},
		"twice":             {2, 20 * time.Millisecond, 3, judge.Safe},
		"for ever":          {99, 20 * time.Millisecond, 3, judge.Undetermined},
		"nothing to repeat": {0, time.Hour, 1, judge.Safe},
	} {
		s := start(t, grey(tc.times))
		r := run(t, s, "C1", "C2", "R01", "R06", "R33")
		r.Again = tc.again
		rep := ask(t, r)
		controls, others := 0, 0
		for _, line := range s.Said() {
			if line == "RCPT TO:<taro@example.jp>" {
				controls++
			} else if strings.Contains(line, "RCPT TO:<relaytest@") {
				others++
			}
		}
		if rep.State() != tc.state || controls != tc.asked || others != 2 || strings.Contains(lines(rep), "proves nothing") != (tc.state != judge.Safe) || len(rep.Results) != 5 {
			t.Errorf("%s: %s, C1 asked %d times, others %d\n%s", name, rep.State(), controls, others, lines(rep))
		}
	}
	r := run(t, start(t, grey(9)), "C1", "R01")
	r.Again = time.Hour
	ctx, cancel := context.WithTimeout(t.Context(), 100*time.Millisecond)
	defer cancel()
	at, g := grant("192.0.2.25:25", false)
	if _, err := r.Test(ctx, at, "", g); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("stopped while it waits: %v", err)
	}
}
