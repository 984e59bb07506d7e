package ask

import (
	"context"
	"net"
	"net/netip"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"hikeshi/actions/dnsbl/ask/play"
)

// quick asks with times that a test can wait for.
func quick(servers ...netip.AddrPort) *Asker {
	return &Asker{Servers: servers, Wait: 900 * time.Millisecond, Patience: 100 * time.Millisecond}
}

// long is a text of over 4 kB in the form of zone files, with characters that are escaped there.
var long = strings.Repeat(`see \"it\"\\ \027[31m `, 200)

// replies are the names that the server knows, and what it does.
var replies = map[string]play.Answer{
	"one.example.net":      {Addrs: []string{"127.0.0.2"}},
	"many.example.net":     {Addrs: []string{"127.0.0.2", "127.0.0.4", "127.0.0.10"}},
	"empty.example.net":    {Empty: true},
	"alias.example.net":    {CNAME: true, Addrs: []string{"127.0.0.3"}},
	"cut.example.net":      {Truncate: true, Addrs: []string{"127.0.0.5"}, Texts: []string{long}},
	"old.example.net":      {NoEDNS: true, Addrs: []string{"127.0.0.6"}},
	"refused.example.net":  {RCode: "REFUSED"},
	"broken.example.net":   {RCode: "SERVFAIL"},
	"notzone.example.net":  {RCode: "NOTZONE"},
	"silent.example.net":   {Drop: true},
	"id.example.net":       {WrongID: true, Addrs: []string{"127.0.0.2"}},
	"question.example.net": {WrongQuestion: true, Addrs: []string{"127.0.0.2"}},
	"garbage.example.net":  {Garbage: true},
	"host.example.net":     {Names: []string{"mail.example.jp"}},
}

func TestReplies(t *testing.T) {
	s := play.Start(t, func(q play.Query) play.Answer { return replies[q.Name] })
	for _, c := range []struct {
		name  string
		t     Type
		want  Status
		addrs string
	}{
		{"one", A, Found, "127.0.0.2"},
		{"many", A, Found, "127.0.0.2 127.0.0.4 127.0.0.10"},
		{"empty", A, None, ""},
		{"nothing", A, None, ""},
		{"alias", A, Found, "127.0.0.3"},
		{"cut", A, Found, "127.0.0.5"},
		{"old", A, Found, "127.0.0.6"},
		{"refused", A, Refused, ""},
		{"broken", A, ServFail, ""},
		{"notzone", A, Odd, ""},
		{"silent", A, Silent, ""},
		{"id", A, Mismatched, ""},
		{"question", A, Mismatched, ""},
		{"garbage", A, Odd, ""},
		{"one", TXT, None, ""},
		{"one", AAAA, None, ""},
	} {
		t.Run(c.name+" "+string(c.t), func(t *testing.T) {
			t.Parallel()
			r := quick(s.Addr).Ask(t.Context(), c.name+".example.net", c.t)
			var addrs []string
			for _, a := range r.Addrs {
				addrs = append(addrs, a.String())
			}
			if got := strings.Join(addrs, " "); r.Status != c.want || got != c.addrs {
				t.Errorf("%s %q, want %s %q", r.Status, got, c.want, c.addrs)
			}
			if r.Status == Found && (r.TTL != 5*time.Minute || r.Server != s.Addr || r.At.IsZero()) {
				t.Errorf("%+v", r)
			}
		})
	}
	r := quick(s.Addr).Ask(t.Context(), "cut.example.net", TXT)
	if want := strings.Repeat("see \"it\"\\ \x1b[31m ", 200); len(r.Texts) != 1 || r.Texts[0] != want {
		t.Errorf("TXT: %d texts, %d bytes, want %d", len(r.Texts), len(strings.Join(r.Texts, "")), len(want))
	}
	r = quick(s.Addr).Ask(t.Context(), "host.example.net", PTR)
	if !slices.Equal(r.Names, []string{"mail.example.jp"}) {
		t.Errorf("PTR: %v", r.Names)
	}
	for _, q := range s.Queries() {
		if q.EDNS != 1232 && q.Name != "old.example.net" {
			t.Errorf("%+v: the EDNS0 buffer is not 1232", q)
		}
		if !strings.HasSuffix(q.Name, ".example.net") || strings.Count(q.Name, ".") != 2 {
			t.Errorf("%q was asked", q.Name)
		}
	}
}

// TestNextServer: a resolver that fails, is silent or not there costs little when there is another one.
func TestNextServer(t *testing.T) {
	good := play.Start(t, func(play.Query) play.Answer { return play.Answer{Addrs: []string{"127.0.0.2"}} })
	for _, bad := range []play.Answer{{RCode: "SERVFAIL"}, {RCode: "REFUSED"}, {Drop: true}, {WrongQuestion: true}} {
		s := play.Start(t, func(play.Query) play.Answer { return bad })
		a := quick(s.Addr, good.Addr)
		began := time.Now()
		for range 2 { // each begins with another one
			if r := a.Ask(t.Context(), "x.example.net", A); r.Status != Found || r.Server != good.Addr {
				t.Errorf("%+v: %+v", bad, r)
			}
		}
		if d := time.Since(began); d > 700*time.Millisecond {
			t.Errorf("%+v: took %s", bad, d)
		}
	}
	gone := closed(t)
	if r := quick(gone, good.Addr).Ask(t.Context(), "x.example.net", A); r.Status != Found {
		t.Errorf("one that is not there: %+v", r)
	}
	if r := quick(gone).Ask(t.Context(), "x.example.net", A); r.Status != Unreachable || r.Answered() {
		t.Errorf("none there: %+v", r)
	}
	if r := quick().Ask(t.Context(), "x.example.net", A); r.Status != Unreachable {
		t.Errorf("none named: %+v", r)
	}
}

// closed is an address of this host where nobody listens.
func closed(t *testing.T) netip.AddrPort {
	t.Helper()
	pc, err := net.ListenPacket("udp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer pc.Close()
	return netip.MustParseAddrPort(pc.LocalAddr().String())
}

// TestLoss: a packet that is lost is made up for long before the question's time is over.
func TestLoss(t *testing.T) {
	var n atomic.Int32
	s := play.Start(t, func(play.Query) play.Answer {
		if n.Add(1)%2 == 1 {
			return play.Answer{Drop: true}
		}
		return play.Answer{Addrs: []string{"127.0.0.2"}}
	})
	began := time.Now()
	if r := quick(s.Addr).Ask(t.Context(), "x.example.net", A); r.Status != Found {
		t.Errorf("%+v", r)
	}
	if d := time.Since(began); d > 500*time.Millisecond {
		t.Errorf("took %s", d)
	}
}

// TestStop: the end of the run wakes a waiting question, and starts no other.
func TestStop(t *testing.T) {
	s := play.Start(t, func(play.Query) play.Answer { return play.Answer{Drop: true} })
	ctx, cancel := context.WithCancel(t.Context())
	time.AfterFunc(100*time.Millisecond, cancel)
	began := time.Now()
	r := (&Asker{Servers: []netip.AddrPort{s.Addr}}).Ask(ctx, "x.example.net", A)
	if d := time.Since(began); r.Status != Stopped || d > time.Second {
		t.Errorf("%s after %s", r.Status, d)
	}
	n := len(s.Queries())
	if r := quick(s.Addr).Ask(ctx, "y.example.net", A); r.Status != Stopped || len(s.Queries()) > n+1 {
		t.Errorf("%s, %d more queries", r.Status, len(s.Queries())-n)
	}
}

func TestReversed(t *testing.T) {
	for addr, want := range map[string]string{
		"192.0.2.99":                "99.2.0.192",
		"::ffff:127.0.0.2":          "2.0.0.0.0.0.f.7.f.f.f.f.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0",
		"2001:db8::1%eth0":          "1.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.8.b.d.0.1.0.0.2",
		"2001:db8:1:2:3:4:567:89ab": "b.a.9.8.7.6.5.0.4.0.0.0.3.0.0.0.2.0.0.0.1.0.0.0.8.b.d.0.1.0.0.2",
	} {
		if got := Reversed(netip.MustParseAddr(addr)); got != want {
			t.Errorf("%s: %s, want %s", addr, got, want)
		}
	}
	if got := Pointer(netip.MustParseAddr("192.0.2.99")); got != "99.2.0.192.in-addr.arpa" {
		t.Error(got)
	}
	if got := Pointer(netip.MustParseAddr("::1")); !strings.HasSuffix(got, ".0.0.ip6.arpa") || !strings.HasPrefix(got, "1.0.0.") {
		t.Error(got)
	}
}

func TestServers(t *testing.T) {
	got, err := Servers([]string{"192.0.2.1", "192.0.2.1:5353", "2001:db8::1", "[2001:db8::1]:5353", "[2001:db8::2]"})
	want := "[192.0.2.1:53 192.0.2.1:5353 [2001:db8::1]:53 [2001:db8::1]:5353 [2001:db8::2]:53]"
	if s := strings.TrimSpace(joinAddrs(got)); err != nil || "["+s+"]" != want {
		t.Errorf("%s %v, want %s", s, err, want)
	}
	for _, bad := range []string{"", "dns.example.jp", "192.0.2.1:0", "192.0.2.1:99999", "192.0.2.0/24"} {
		if _, err := Servers([]string{bad}); err == nil {
			t.Errorf("%q was taken", bad)
		}
	}
}

func joinAddrs(all []netip.AddrPort) string {
	var s []string
	for _, a := range all {
		s = append(s, a.String())
	}
	return strings.Join(s, " ")
}

func TestSystem(t *testing.T) {
	file := filepath.Join(t.TempDir(), "resolv.conf")
	for text, want := range map[string]string{
		"nameserver 192.0.2.1\nnameserver 2001:db8::1\nsearch example.jp\noptions rotate\n": "192.0.2.1:53 [2001:db8::1]:53",
		"nameserver 127.0.0.53\n":           "127.0.0.53:53",
		"":                                  "127.0.0.1:53",
		"nameserver\nnameserver nonsense\n": "127.0.0.1:53",
		"nameserver 192.0.2.1\nnameserver 192.0.2.2\nnameserver 192.0.2.3\nnameserver 192.0.2.4\n": "192.0.2.1:53 192.0.2.2:53 192.0.2.3:53",
	} {
		if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		got, err := System(file)
		if s := joinAddrs(got); err != nil || s != want {
			t.Errorf("%q: %s %v, want %s", text, s, err, want)
		}
	}
	if _, err := System(file + "-not-there"); err == nil {
		t.Error("a file that is not there was read")
	}
	if Public(netip.MustParseAddr("8.8.8.8")) == "" || Public(netip.MustParseAddr("2620:fe::fe")) == "" || Public(netip.MustParseAddr("192.0.2.1")) != "" {
		t.Error("public resolvers are not told from others")
	}
	if !IsStub(netip.MustParseAddr("127.0.0.53")) || IsStub(netip.MustParseAddr("127.0.0.1")) {
		t.Error("the stub is not known")
	}
}
