package relay

import (
	"context"
	"net/http/httptest"
	"net/netip"
	"slices"
	"strings"
	"sync/atomic"
	"testing"

	"hikeshi/actions/smtpcheck/recorder"
	"hikeshi/actions/smtpcheck/relay/headline"
	"hikeshi/actions/smtpcheck/relay/judge"
)

// users is a server for users: whoever has logged in may send anywhere, and nobody else anything.
func users(refusal string, bound bool) *recorder.Server {
	return &recorder.Server{Hello: []string{"AUTH PLAIN"}, Auth: func(arg string) string {
		return map[bool]string{true: "235 2.7.0 ok", false: "535 5.7.8 no"}[strings.Contains(arg, "AGhhbmFrbwB")] // \0hanako\0
	}, Rcpt: func(c *recorder.Client, _ string) string {
		switch {
		case !c.Login:
			return refusal
		case bound && c.From != "hanako@example.jp":
			return "553 5.7.1 Sender address rejected: not owned by user"
		}
		return "250 2.1.5 ok"
	}}
}

// TestPortOfUsers: a port that takes nothing without a login is safe, whatever it says to strangers, where a login shows that; and the sender has
// to be bound to the login there too.
func TestPortOfUsers(t *testing.T) {
	for name, tc := range map[string]struct {
		refusal      string
		bound, login bool
		port         string
		control      judge.Control
		r35          judge.Verdict
		state        judge.State
	}{
		"530":                        {"530 5.7.0 Authentication required", true, true, "587", judge.ControlLogin, judge.Refused, judge.Safe},
		"530, not bound":             {"530 5.7.0 Authentication required", false, true, "587", judge.ControlLogin, judge.Suspect, judge.Doubtful},
		"530, no account":            {"530 5.7.0 Authentication required", true, false, "465", judge.ControlLogin, judge.NotRun, judge.Safe},
		"Postfix":                    {"554 5.7.1 Recipient address rejected: Access denied", true, true, "587", judge.ControlLogin, judge.Refused, judge.Safe},
		"Postfix, not bound":         {"554 5.7.1 Recipient address rejected: Access denied", false, true, "465", judge.ControlLogin, judge.Suspect, judge.Doubtful},
		"Postfix, no test account":   {"554 5.7.1 Recipient address rejected: Access denied", true, false, "587", judge.ControlFailed, judge.NotRun, judge.Undetermined},
		"the same for other servers": {"554 5.7.1 Recipient address rejected: Access denied", true, true, "25", judge.ControlFailed, judge.Refused, judge.Undetermined},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			u := users(tc.refusal, tc.bound)
			h := httptest.NewTLSServer(nil) // which has a certificate
			h.Close()
			if u.TLS = h.TLS; tc.port == "465" {
				u.Implicit = true
			} else {
				u.Hello = append(u.Hello, "STARTTLS")
			}
			s := start(t, u)
			r := run(t, s)
			r.Failing = true
			if tc.login {
				r.Login = &Login{User: "hanako", Password: "Geheim-n17"}
			}
			rep := askAt(t, r, "192.0.2.25:"+tc.port, false)
			if rep.Control != tc.control || of(rep, "R35").Verdict != tc.r35 || of(rep, "R34").Verdict != judge.Refused || rep.State() != tc.state {
				t.Errorf("control %s, R34 %s, R35 %s, state %s\n%s", rep.Control, of(rep, "R34").Verdict, of(rep, "R35").Verdict, rep.State(), lines(rep))
			}
			if head := headline.Of([]judge.Report{rep}).EN; strings.HasPrefix(head, "SUSPECT: after a login mail in the name of another account would be taken (R35)") != (tc.r35 == judge.Suspect) {
				t.Errorf("R35 %s: %s", tc.r35, head)
			}
			if said := strings.Join(s.Said(), "\n"); strings.Contains(said, "DATA") {
				t.Errorf("DATA was said:\n%s", said)
			}
		})
	}
}

// TestPOPComesLast: what a POP login opens for everybody behind this address is not taken for what was open before.
func TestPOPComesLast(t *testing.T) {
	open := atomic.Bool{}
	s := start(t, &recorder.Server{Rcpt: func(*recorder.Client, string) string {
		return map[bool]string{true: "250 2.1.5 ok"}[open.Load()]
	}})
	r := run(t, s)
	r.Login = &Login{User: "hanako", Password: "Geheim-n17"}
	r.POP = func(context.Context, netip.Addr, Login) error { open.Store(true); return nil }
	var reports []judge.Report
	for _, at := range []string{"192.0.2.25:25", "192.0.2.25:2525"} {
		reports = append(reports, askAt(t, r, at, false))
	}
	for i := range reports {
		if x := of(reports[i], "R36"); x.Verdict != judge.NotRun || !x.Open || reports[i].State() != judge.Undetermined {
			t.Errorf("before the end: %s, %s", x.Line(), reports[i].State())
		}
	}
	for i := range reports {
		at, g := grant(reports[i].Listener(), false)
		if _, other := grant("192.0.2.26:25", false); r.After(t.Context(), &reports[i], other) == nil || at != reports[i].At {
			t.Error("asked without leave")
		}
		if err := r.After(t.Context(), &reports[i], g); err != nil {
			t.Fatal(err)
		}
		var hits []string
		for _, x := range reports[i].Results {
			if x.Verdict.Hit() {
				hits = append(hits, x.ID)
			}
		}
		if !slices.Equal(hits, []string{"R36"}) || reports[i].State() != judge.Doubtful {
			t.Errorf("hits %v, %s\n%s", hits, reports[i].State(), lines(reports[i]))
		}
	}
}
