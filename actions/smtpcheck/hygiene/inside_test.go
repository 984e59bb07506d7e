package hygiene

import (
	"context"
	"net"
	"net/netip"
	"slices"
	"strings"
	"testing"

	"hikeshi/actions/smtpcheck/recorder"
)

// TestInsideIsNotOutside: what a server takes from its own is bad when strangers are taken so, and says nothing when its own asked.
func TestInsideIsNotOutside(t *testing.T) {
	t.Parallel()
	trusting := func() *recorder.Server {
		s := closed(t)
		instead(s, "MAIL", func(string) string { return "250 ok" })
		return s
	}
	outside := env(t, servers{25: start(t, trusting())})
	inside := env(t, servers{25: start(t, trusting())})
	dial := inside.Relay.Dial
	inside.Relay.Dial = func(ctx context.Context, network, address string) (net.Conn, error) {
		c, err := dial(ctx, network, address)
		if err != nil {
			return nil, err
		}
		own := net.TCPAddrFromAddrPort(netip.MustParseAddrPort("192.0.2.25:40000"))
		return posed{c, own, c.RemoteAddr()}, nil
	}
	out, in := look(t, outside, Request{}), look(t, inside, Request{})
	if f := out.Facts(); !slices.Contains(f.Bad, "H14") || !slices.Contains(f.Bad, "H16") || state(f, "10") != NotMet {
		t.Errorf("outside: bad %v, recommendation 10 %s\n%s", f.Bad, state(f, "10"), lines(out))
	}
	for _, id := range []string{"H05", "H14", "H16", "RFC10"} {
		if got := row(t, in, id, 25); got.Verdict != "unknown" || !strings.Contains(got.Why.EN, "ask from outside") {
			t.Errorf("inside: %s %s: %s", id, got.Verdict, got.Why.EN)
		}
	}
	if got := state(in.Facts(), "10"); got != NotSeen {
		t.Errorf("inside: recommendation 10 %s", got)
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
