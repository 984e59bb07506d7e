package dnsbl

import (
	"net"
	"net/netip"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"hikeshi/actions/dnsbl/ask"
	"hikeshi/actions/dnsbl/ask/play"
	"hikeshi/actions/dnsbl/survey"
	"hikeshi/runbook"
)

// TestNoNetwork: every list is not tested, in bounded time, whatever is wrong with the resolver.
func TestNoNetwork(t *testing.T) {
	pc, err := net.ListenPacket("udp", "127.0.0.1:0") // takes everything and says nothing
	if err != nil {
		t.Fatal(err)
	}
	defer pc.Close()
	hole := netip.MustParseAddrPort(pc.LocalAddr().String())
	other, err := net.ListenPacket("udp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	closed := netip.MustParseAddrPort(other.LocalAddr().String())
	other.Close()
	refusing := play.Start(t, func(play.Query) play.Answer { return play.Answer{RCode: "REFUSED"} })
	failing := play.Start(t, func(play.Query) play.Answer { return play.Answer{RCode: "SERVFAIL"} })
	cut := play.Start(t, func(q play.Query) play.Answer { return play.Answer{Drop: !strings.HasSuffix(q.Name, ".invalid")} }) // a resolver that is cut off
	for name, server := range map[string]netip.AddrPort{"silent": hole, "closed": closed, "refusing": refusing.Addr, "failing": failing.Addr, "cut off": cut.Addr, "none": {}} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			e := env(t, server, "")
			e.asker = nil // as it is in use
			if !server.IsValid() {
				e.Resolvers = nil
			}
			began := time.Now()
			out, _, err := plan(t, e, "dnsbl.check", `{"limit":"5s"}`)
			if d := time.Since(began); err != nil || d > 7*time.Second {
				t.Fatalf("%v after %s", err, d)
			}
			f := out.Facts.(Facts)
			if f.State != "untested" || f.Tested != 0 || f.NotTested < 60 || f.Named || len(f.Untested) < 15 {
				t.Errorf("facts: %+v", f)
			}
			for _, x := range out.Findings {
				if x.Level == runbook.OK {
					t.Errorf("this was found well: %s", x.Text.EN)
				}
			}
		})
	}
}

// blocked is the same through a resolver that lists refuse.
func blocked(q play.Query) play.Answer {
	switch {
	case strings.HasSuffix(q.Name, ".spamhaus.org"):
		return play.Answer{Addrs: []string{"127.255.255.254"}}
	case strings.HasSuffix(q.Name, ".surbl.org"), strings.HasSuffix(q.Name, ".uribl.com"):
		return play.Answer{Addrs: []string{"127.0.0.1"}}
	}
	return internet(q)
}

// hiding is the same through a resolver that knows nothing of Spamhaus.
func hiding(q play.Query) play.Answer {
	if strings.HasSuffix(q.Name, ".spamhaus.org") {
		return play.Answer{}
	}
	return internet(q)
}

// rewriting is the same through a resolver that answers for names that do not exist.
func rewriting(q play.Query) play.Answer {
	if a := internet(q); len(a.Addrs) > 0 || q.Type != "A" {
		return a
	}
	return play.Answer{Addrs: []string{"203.0.113.80"}}
}

// TestResolver: what is wrong with a resolver is said once, with what to do.
func TestResolver(t *testing.T) {
	for _, c := range []struct {
		name, resolver string
		script         func(play.Query) play.Answer
		want           string
	}{
		{"public", "8.8.8.8", blocked, "it is public (Google Public DNS); it is refused by Spamhaus ZEN, Spamhaus DBL, Barracuda Reputation Block List, SURBL multi, URIBL multi"},
		{"hiding", "192.0.2.53", hiding, "it is refused by Barracuda Reputation Block List; it hides the test entry of Spamhaus ZEN, Spamhaus DBL"},
	} {
		t.Run(c.name, func(t *testing.T) {
			s := play.Start(t, c.script)
			e := env(t, s.Addr, "")
			e.Resolvers = []string{c.resolver}
			e.asker = func([]netip.AddrPort) survey.Asker { return &ask.Asker{Servers: []netip.AddrPort{s.Addr}} } // nothing leaves this host
			out, _, err := plan(t, e, "dnsbl.check", `{"subjects":["192.0.2.25","example.jp"]}`)
			if err != nil {
				t.Fatal(err)
			}
			n := 0
			for _, f := range out.Findings {
				if strings.Contains(f.Text.EN, "not all lists can be asked") {
					n++
					if !strings.Contains(f.Text.EN, ": "+c.want+". Run a") || !strings.Contains(f.Text.JA, "unbound") || !strings.Contains(f.Text.EN, "DQS") {
						t.Errorf("%s", f.Text.EN)
					}
				}
				if strings.Contains(f.Text.EN, "LISTED at Spamhaus") || strings.Contains(f.Text.EN, "LISTED at SURBL") && c.name == "public" {
					t.Errorf("a refusal was taken for a listing: %s", f.Text.EN)
				}
			}
			if n != 1 {
				t.Errorf("said %d times:\n%s", n, told(out))
			}
		})
	}
}

// everything is a resolver that has the answer of a list for every name.
func everything(q play.Query) play.Answer {
	return play.Answer{Addrs: []string{"127.0.0.2"}, Names: []string{"mail1.example.jp"}}
}

// honestOnce rewrites too, but for the names that a resolver answers by itself (RFC 6761).
func honestOnce(q play.Query) play.Answer {
	if strings.HasSuffix(q.Name, ".invalid") {
		return play.Answer{}
	}
	return rewriting(q)
}

// TestRewriting: nothing is believed of a resolver that has an answer for names that nobody has; that is said once. One that is honest is
// asked in its place.
func TestRewriting(t *testing.T) {
	for name, c := range map[string]struct {
		script func(play.Query) play.Answer
		answer string
	}{"a provider's address": {rewriting, "203.0.113.80"}, "the answer of a list": {everything, "127.0.0.2"}, "honest for .invalid": {honestOnce, "203.0.113.80"}} {
		t.Run(name, func(t *testing.T) {
			s := play.Start(t, c.script)
			e := env(t, s.Addr, "")
			out, _, err := plan(t, e, "dnsbl.check", `{}`)
			if err != nil {
				t.Fatal(err)
			}
			f, text := out.Facts.(Facts), told(out)
			if f.State != "untested" || f.Tested != 0 || f.Named || len(f.Listings)+len(f.Clear) != 0 || len(f.Hosts) != 0 || f.HELOState != "" {
				t.Errorf("facts: %+v", f)
			}
			if strings.Count(text, "answers "+c.answer+" for names that do not exist, so nothing") != 1 || strings.Contains(text, "ok:") || strings.Contains(text, "leads") {
				t.Errorf("%s", text)
			}
			if n := s.Asked(".spamhaus.org"); n != 0 {
				t.Errorf("%d questions to a list", n)
			}
			honest := play.Start(t, internet)
			e.Resolvers = append(e.Resolvers, honest.Addr.String())
			out, _, err = plan(t, e, "dnsbl.check", `{"subjects":["192.0.2.25"]}`)
			if f := out.Facts.(Facts); err != nil || f.State != "listed" || f.Tested < 50 || strings.Count(told(out), "so nothing that it says is believed") != 1 {
				t.Errorf("beside an honest one: %v %+v\n%s", err, f, told(out))
			}
		})
	}
}

// TestNamesNeedProof: what a resolver says of names is taken back if no list passes its self-test through it.
func TestNamesNeedProof(t *testing.T) {
	nothing := play.Start(t, func(play.Query) play.Answer { return play.Answer{} })
	out, _, err := plan(t, env(t, nothing.Addr, ""), "dnsbl.check", `{}`)
	if err != nil {
		t.Fatal(err)
	}
	f, text := out.Facts.(Facts), told(out)
	if f.State != "untested" || f.HELOState != "unknown" || len(f.Hosts) != 2 || f.Hosts[0].State != "unknown" || strings.Count(text, "cannot be believed") != 1 || strings.Contains(text, "has no address") {
		t.Errorf("%+v\n%s", f, text)
	}
}

// TestStub: the resolvers behind the stub of systemd-resolved are the ones that count.
func TestStub(t *testing.T) {
	s := play.Start(t, internet)
	dir := t.TempDir()
	for name, text := range map[string]string{"resolv.conf": "nameserver 127.0.0.53\n", "upstream.conf": "nameserver 1.1.1.1\n"} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	e := env(t, s.Addr, "")
	e.Resolvers, e.ResolvConf, e.Upstreams = nil, filepath.Join(dir, "resolv.conf"), filepath.Join(dir, "upstream.conf")
	e.asker = func([]netip.AddrPort) survey.Asker { return &ask.Asker{Servers: []netip.AddrPort{s.Addr}} }
	out, _, err := plan(t, e, "dnsbl.check", `{"subjects":["203.0.113.1"]}`)
	if text := told(out); err != nil || !strings.Contains(text, "asked through 127.0.0.53, which passes on to 1.1.1.1") || !strings.Contains(text, "it is public (Cloudflare)") {
		t.Errorf("%v\n%s", err, text)
	}
}
