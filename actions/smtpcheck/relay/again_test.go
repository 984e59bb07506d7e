package relay

import (
	"fmt"
	"strings"
	"testing"

	"hikeshi/actions/smtpcheck/probe"
	"hikeshi/actions/smtpcheck/recorder"
	"hikeshi/actions/smtpcheck/relay/headline"
	"hikeshi/actions/smtpcheck/relay/judge"
)

// farm is a server of which every n-th connection, beginning with first, meets a host that is open.
func farm(n, first int) *recorder.Server {
	return &recorder.Server{Rcpt: func(c *recorder.Client, _ string) string {
		return map[bool]string{true: "250 ok"}[c.Number%n == first%n]
	}}
}

// often are the tests that were asked more than twice.
func often(rep judge.Report) int {
	n := 0
	for _, x := range rep.Results {
		if x.Asked > 2 {
			n++
		}
	}
	return n
}

// TestFarm: behind one address every n-th connection meets a host that is open. Whichever test meets it, that it takes a stranger's plain mail is
// found and told, with how often, and few of the tests are asked many times.
func TestFarm(t *testing.T) {
	for _, n := range []int{2, 3, 5} {
		for first := range n {
			t.Run(fmt.Sprintf("every %d from %d", n, first), func(t *testing.T) {
				s := start(t, farm(n, first))
				rep := ask(t, run(t, s))
				all := []judge.Report{rep}
				if x := of(rep, plain); x.Verdict != judge.Suspect || x.Taken < 1 || x.Taken >= x.Asked || x.Asked < maxOften || !strings.Contains(x.Line(), fmt.Sprintf("taken in %d of %d connections, otherwise 554", x.Taken, x.Asked)) {
					t.Errorf("%+v", x)
				}
				for _, x := range rep.Results {
					if x.Weight == "S" && x.Verdict == judge.WeakSuspect {
						t.Error(x.Line())
					}
				}
				head := headline.Of(all)
				if rep.State() != judge.Doubtful || headline.Weak(all) || !strings.HasPrefix(head.EN, "SUSPECT: mail of strangers was taken in some connections and refused in others (R01: ") || !strings.Contains(head.JA, "R01: ") || strings.Contains(head.EN+head.JA, "%!") {
					t.Errorf("%s: %s\n%s\n%s", rep.State(), head.EN, head.JA, lines(rep))
				}
				conns := 0
				for _, l := range s.Said() {
					if l == "CONNECT" {
						conns++
					}
				}
				if often(rep) > maxFickle+1 || s.Most() > 1 || conns > 45 {
					t.Errorf("%d tests asked often, %d connections, %d at a time\n%s", often(rep), conns, s.Most(), lines(rep))
				}
			})
		}
	}
}

// TestOddOnce: an odd address that was taken once has the plain test asked often; where that is always refused, the odd one stays weak, and the
// plain one says how often.
func TestOddOnce(t *testing.T) {
	s := start(t, &recorder.Server{Rcpt: func(c *recorder.Client, to string) string {
		return map[bool]string{true: "250 ok"}[c.Number == 1 && strings.Contains(to, "%")]
	}})
	rep := ask(t, run(t, s, "C1", "R01", "R14"))
	x := of(rep, plain)
	if x.Verdict != judge.Refused || x.Asked != maxOften+1 || x.Taken != 0 || x.Fickle() || !strings.Contains(x.Line(), "the same in 7 connections") || !headline.Weak([]judge.Report{rep}) || rep.State() != judge.Doubtful {
		t.Errorf("%s\n%s", rep.State(), lines(rep))
	}
	if refused, of := headline.Tests([]judge.Report{rep}); refused != 1 || of != 2 {
		t.Errorf("%d of %d refused", refused, of)
	}
}

// TestFarmDelivers: with a message allowed, one goes with the first time that a stranger's mail is taken again, and only one for a test; it proves
// that one of the hosts is open.
func TestFarmDelivers(t *testing.T) {
	for first := range 5 {
		b := box{arrived: make(chan probe.Arrival, 100)}
		s := farm(5, first)
		s.Message = func(_ *recorder.Client, text string) string {
			b.arrived <- probe.Arrival{Cookie: cookie(text)}
			return ""
		}
		start(t, s)
		r := run(t, s)
		r.Deliver = delivery(b)
		rep := askAt(t, r, "192.0.2.25:25", true)
		all := []judge.Report{rep}
		if _, err := r.Await(t.Context(), all); err != nil {
			t.Fatal(err)
		}
		x := of(all[0], plain)
		if x.Verdict != judge.Proven || !x.Fickle() || !strings.Contains(x.Line(), "has arrived; taken in") || all[0].State() != judge.OpenRelay {
			t.Errorf("from %d: %s\n%s", first, x.Line(), lines(all[0]))
		}
		tests := map[string]int{}
		for _, m := range s.Messages() {
			_, rest, _ := strings.Cut(m, "Subject: relay test ")
			id, _, _ := strings.Cut(rest, " ")
			if tests[id]++; tests[id] > 1 || id == "" {
				t.Errorf("%d messages of %q\n%s", tests[id], id, m)
			}
		}
	}
}

// TestFarmLate: a host that takes it at RCPT and refuses the message is no suspect for being met again.
func TestFarmLate(t *testing.T) {
	s := farm(2, 1)
	s.Message = func(*recorder.Client, string) string { return "550 5.7.1 spam" }
	start(t, s)
	r := run(t, s, "C1", "R01", "R02")
	r.Deliver = delivery(box{arrived: make(chan probe.Arrival)})
	if x := of(askAt(t, r, "192.0.2.25:25", true), plain); x.Verdict != judge.RefusedLate || x.Taken < 2 {
		t.Errorf("%+v", x)
	}
}

// TestFailingLoginIsNotOften: a login that may fail is made twice at most, whatever the answers.
func TestFailingLoginIsNotOften(t *testing.T) {
	s := farm(2, 0)
	s.Hello = []string{"AUTH PLAIN"}
	start(t, s)
	r := run(t, s, "C1", "R34")
	r.Failing = true
	rep := ask(t, r)
	logins := 0
	for _, l := range s.Said() {
		if strings.HasPrefix(l, "AUTH ") {
			logins++
		}
	}
	if x := of(rep, "R34"); !x.Fickle() || x.Asked != 2 || logins != 2 {
		t.Errorf("%d logins\n%s", logins, lines(rep))
	}
}

// TestProgress: it is told in tests, as they are counted everywhere.
func TestProgress(t *testing.T) {
	r := run(t, start(t, &recorder.Server{}))
	var done, total int64
	first := int64(-1)
	r.Progress = func(d, n int64) {
		if first < 0 {
			first = d
		}
		if d < done {
			t.Errorf("from %d back to %d", done, d)
		}
		done, total = d, n
	}
	if _, of := headline.Tests([]judge.Report{ask(t, r)}); first != 0 || done != 35 || total != int64(of) || of != 36 {
		t.Errorf("from %d to %d of %d, and %d are counted", first, done, total, of)
	}
}
