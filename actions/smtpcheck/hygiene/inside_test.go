package hygiene

import (
	"context"
	"crypto/tls"
	"net"
	"net/netip"
	"strings"
	"testing"

	"hikeshi/actions/smtpcheck/hygiene/session"
	"hikeshi/actions/smtpcheck/recorder"
)

// TestInsideIsNotOutside: what a server takes from its own is bad when strangers are taken so, and says nothing when its own asked.
func TestInsideIsNotOutside(t *testing.T) {
	t.Parallel()
	trusting := func() *recorder.Server {
		s := closed(t)
		instead(s, "MAIL", func(string) string { return "250 ok" })
		s.Rcpt = func(_ *recorder.Client, to string) string {
			return map[bool]string{true: "250 ok"}[strings.HasSuffix(to, "@probe.example")]
		}
		return s
	}
	q := Request{Targets: []string{"192.0.2.25:25", "192.0.2.25:587"}, POP: true}
	outside := env(t, servers{25: start(t, trusting()), 587: start(t, trusting())})
	inside := env(t, servers{25: start(t, trusting()), 587: start(t, trusting())})
	inside.Relay.Dial = fromInside(inside.Relay.Dial)
	for _, e := range []*Env{&outside, &inside} {
		e.Relay.Login = testLogin
		e.Relay.Dial = popping(t, e.Relay.Dial)
	}
	out, in := look(t, outside, q), look(t, inside, q)
	ids := []string{"H05", "H13", "H14", "H16", "H17", "H18", "RFC10"}
	for _, id := range ids {
		port := map[bool]uint16{true: 587, false: 25}[id == "H17"]
		if got := row(t, out, id, port); got.Verdict != "bad" && got.Verdict != "note" {
			t.Errorf("outside: %s %s: %s", id, got.Verdict, got.Why.EN)
		}
		if got := row(t, in, id, port); got.Verdict != "unknown" || !strings.Contains(got.Why.EN, "ask from outside") {
			t.Errorf("inside: %s %s: %s", id, got.Verdict, got.Why.EN)
		}
	}
	for _, r := range in.Facts().Rows {
		if told := strings.Contains(r.Why.EN, "from inside"); told != session.DependsOnVantage(r.ID) && r.Verdict != "not-run" {
			t.Errorf("inside: %s depends on the vantage: %v; %s: %s", r.ID, session.DependsOnVantage(r.ID), r.Verdict, r.Why.EN)
		}
	}
	if o, i := out.Facts(), in.Facts(); state(o, "10") != NotMet || state(o, "1") != NotMet || state(i, "10") != NotSeen || state(i, "1") != NotSeen {
		t.Errorf("recommendations 1 and 10: outside %s %s, inside %s %s", state(o, "1"), state(o, "10"), state(i, "1"), state(i, "10"))
	}
}

// dialer opens connections.
type dialer = func(ctx context.Context, network, address string) (net.Conn, error)

// fromInside is a dialer from the own address of the server.
func fromInside(dial dialer) dialer {
	return func(ctx context.Context, network, address string) (net.Conn, error) {
		c, err := dial(ctx, network, address)
		if err != nil {
			return nil, err
		}
		return posed{c, net.TCPAddrFromAddrPort(netip.MustParseAddrPort("192.0.2.25:40000")), c.RemoteAddr()}, nil
	}
}

// popping adds a POP3 server that takes every login.
func popping(t *testing.T, dial dialer) dialer {
	config, err := recorder.SelfSigned("mail.example.jp")
	if err != nil {
		t.Fatal(err)
	}
	return func(ctx context.Context, network, address string) (net.Conn, error) {
		if !strings.HasSuffix(address, ":995") {
			return dial(ctx, network, address)
		}
		ours, theirs := net.Pipe()
		go mailbox(tls.Server(theirs, config), func() {})
		return ours, nil
	}
}

// state is that of a recommendation.
func state(f Facts, id string) string {
	for _, r := range f.RFC {
		if r.ID == id {
			return r.State
		}
	}
	return ""
}

// TestNullSenderForNow: a null sender that is refused for now is told so.
func TestNullSenderForNow(t *testing.T) {
	t.Parallel()
	s := closed(t)
	instead(s, "MAIL", func(arg string) string {
		return map[bool]string{true: "451 4.3.0 later"}[strings.Contains(arg, "<>")]
	})
	got := row(t, look(t, env(t, servers{25: start(t, s)}), Request{}), "RFC06", 25)
	if got.Verdict != "unknown" || !strings.Contains(got.Why.EN, "refused for now only") {
		t.Errorf("%s: %s", got.Verdict, got.Why.EN)
	}
}
