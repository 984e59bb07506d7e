package effect_test

import (
	"net/netip"
	"strings"
	"testing"

	"hikeshi/spool/epms/effect"
)

// TestReply is the table of what a result means: the answers to MAIL FROM, and to RCPT for an outside
// recipient without and with AUTH, for an outside, a local and an unknown local sender.
func TestReply(t *testing.T) {
	const (
		denied    = "550 5.1.7 Please, mail from a valid IP or Domain address."
		noAccount = "550 5.1.7 Please, mail from a valid e-mail address."
		noRelay   = "550 5.7.1 Sorry <rcpt>, I don't allow unauthorized relaying."
		ok        = "250"
	)
	refused := effect.Reply{Mail: noAccount}
	no, yes := effect.Reply{Mail: ok, Rcpt: noRelay}, effect.Reply{Mail: ok, Rcpt: ok}
	out := effect.Reply{Mail: denied}
	for _, x := range []struct {
		result                                 effect.Result
		outside, outsideAuth, local, localAuth effect.Reply
		unknownLocal, unknownLocalAuth         effect.Reply
	}{
		{effect.Deny, out, out, out, out, out, out},
		{effect.Relay, yes, yes, yes, yes, yes, yes},
		{effect.DefaultRule, no, no, yes, yes, refused, refused},
		{effect.RelayAfterAuth, no, no, no, yes, refused, refused},
		{effect.RelayNever, no, no, no, no, refused, refused},
		{effect.AnyAfterAuth, no, yes, no, yes, no, yes},
		{effect.OnlyFrom, no, no, yes, yes, refused, refused},
		{effect.RestrictedByOnly, no, no, no, no, refused, refused},
	} {
		d := effect.Decision{Result: x.result}
		for _, c := range []struct {
			name      string
			got, want effect.Reply
		}{
			{"outside", d.Reply(effect.Outside, false), x.outside},
			{"outside after AUTH", d.Reply(effect.Outside, true), x.outsideAuth},
			{"local", d.Reply(effect.Local, false), x.local},
			{"local after AUTH", d.Reply(effect.Local, true), x.localAuth},
			{"unknown local", d.Reply(effect.UnknownLocal, false), x.unknownLocal},
			{"unknown local after AUTH", d.Reply(effect.UnknownLocal, true), x.unknownLocalAuth},
		} {
			if c.got != c.want {
				t.Errorf("%s, %s: %+v, want %+v", x.result, c.name, c.got, c.want)
			}
		}
		for _, login := range []bool{false, true} {
			m := d.Meaning(login)
			if !strings.HasSuffix(m, ".") || strings.Count(m, ". ") > 0 || strings.Contains(m, "unknown") {
				t.Errorf("%s: %q is not one clear sentence", x.result, m)
			}
		}
	}
}

func TestMeaningOfZero(t *testing.T) {
	f := effect.Parse([]byte("192.168.1.* only\n10.0.0.7 default,0\n"))
	q := effect.Query{Peer: netip.MustParseAddr("203.0.113.9"), Sender: "taro@example.jp", SenderGiven: true, Login: true}
	d := f.Decide(q)
	if d.Result != effect.RestrictedByOnly || !d.Zero || !strings.Contains(d.Meaning(true), "even after this login") {
		t.Errorf("%+v means %q", d, d.Meaning(true))
	}
	d = effect.Parse([]byte("192.168.1.* only\n10.0.0.7 default\n")).Decide(q)
	if d.Zero || strings.Contains(d.Meaning(true), "even after") {
		t.Errorf("%+v means %q", d, d.Meaning(true))
	}
}

func TestCovers(t *testing.T) {
	if !effect.Covers("203.0.113.0/24", netip.MustParseAddr("203.0.113.9")) || effect.Covers("example.com", netip.MustParseAddr("203.0.113.9")) || effect.Covers("#blank", netip.MustParseAddr("203.0.113.9")) {
		t.Error("Covers is wrong about 203.0.113.9")
	}
	if !effect.CoversSender("*.example.jp", "a@mail.example.jp") || effect.CoversSender("203.0.113.9", "a@203.0.113.9") {
		t.Error("CoversSender is wrong")
	}
}
