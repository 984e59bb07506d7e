package names

import (
	"net"
	"net/netip"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/miekg/dns"
)

var server = netip.MustParseAddr("192.0.2.25")

// long does not fit into a UDP reply without EDNS.
var long = strings.Repeat(`a\b`, 300)

func world() World {
	return World{
		Zones: []Zone{{Name: "four.example", IP4: true}, {Name: "both.example", IP4: true, IP6: true}, {Name: "domains.example", Domain: true},
			{Name: "own.example", Domain: true, Entries: []string{"dbltest.com", "198.51.100.1"}}, {Name: "bare.example"},
			{Name: "refusing.example", IP4: true}, {Name: "failing.example", IP4: true}},
		Listings: []Listing{{Zone: "four.example", Subject: server.String(), Answer: netip.MustParseAddr("127.0.0.3"), Text: "spam was seen"},
			{Zone: "both.example", Subject: "2001:db8::25", Answer: netip.MustParseAddr("127.0.0.4"), Text: long},
			{Zone: "domains.example", Subject: "example.jp", Answer: netip.MustParseAddr("127.0.0.5")},
			{Zone: "refusing.example", Subject: server.String(), Answer: netip.MustParseAddr("127.0.0.6")}},
		Hosts:    map[netip.Addr]string{server: "mail1.example.jp", netip.MustParseAddr("2001:db8::25"): "mail1.example.jp"},
		Refusing: []string{"refusing.example"}, Failing: []string{"failing.example"},
	}
}

func start(t *testing.T) *Server {
	t.Helper()
	s, err := Start(world())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	})
	return s
}

// ask is one round trip. What comes back is the code and the data of the records.
func ask(t *testing.T, s *Server, network, name string, kind uint16) string {
	t.Helper()
	r := exchange(t, s, network, name, kind)
	if r.Rcode != dns.RcodeSuccess {
		return dns.RcodeToString[r.Rcode]
	}
	var all []string
	for _, rr := range r.Answer {
		if rr.Header().Name != dns.Fqdn(name) {
			t.Errorf("asked for %s, answered about %s", name, rr.Header().Name)
		}
		all = append(all, strings.TrimPrefix(rr.String(), rr.Header().String()))
	}
	return strings.Join(all, " ")
}

func exchange(t *testing.T, s *Server, network, name string, kind uint16) *dns.Msg {
	t.Helper()
	c := dns.Client{Net: network, Timeout: 5 * time.Second}
	r, _, err := c.Exchange(new(dns.Msg).SetQuestion(dns.Fqdn(name), kind), s.Addr().String())
	if err != nil {
		t.Fatalf("%s %s over %s: %v", name, dns.TypeToString[kind], network, err)
	}
	return r
}

const (
	// The test entries of RFC 5782 section 5 as that document writes them.
	listed6 = "2.0.0.0.0.0.f.7.f.f.f.f.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0"
	clean6  = "1.0.0.0.0.0.f.7.f.f.f.f.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0"
	server6 = "5.2.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.8.b.d.0.1.0.0.2"
)

func TestAnswers(t *testing.T) {
	s := start(t)
	for _, c := range []struct {
		name string
		kind uint16
		want string
	}{
		{"2.0.0.127.four.example", dns.TypeA, "127.0.0.2"},
		{"2.0.0.127.four.example", dns.TypeTXT, `"test entry"`},
		{"1.0.0.127.four.example", dns.TypeA, "NXDOMAIN"},
		{"100.2.0.192.four.example", dns.TypeA, "NXDOMAIN"},
		{"25.2.0.192.four.example", dns.TypeA, "127.0.0.3"},
		{"25.2.0.192.Four.EXAMPLE", dns.TypeA, "127.0.0.3"},
		{"25.2.0.192.four.example", dns.TypeTXT, `"spam was seen"`},
		{"25.2.0.192.four.example", dns.TypeAAAA, ""},
		{"2.0.192.four.example", dns.TypeA, ""}, // names stand below it
		{"four.example", dns.TypeA, ""},
		{listed6 + ".four.example", dns.TypeA, "NXDOMAIN"},
		{"2.0.0.127.both.example", dns.TypeA, "127.0.0.2"},
		{listed6 + ".both.example", dns.TypeA, "127.0.0.2"},
		{clean6 + ".both.example", dns.TypeA, "NXDOMAIN"},
		{server6 + ".both.example", dns.TypeA, "127.0.0.4"},
		{"25.2.0.192.both.example", dns.TypeA, "NXDOMAIN"},
		{"test.domains.example", dns.TypeA, "127.0.0.2"},
		{"TEST.domains.example", dns.TypeA, "127.0.0.2"},
		{"invalid.domains.example", dns.TypeA, "NXDOMAIN"},
		{"2.0.0.127.domains.example", dns.TypeA, "NXDOMAIN"},
		{"example.jp.domains.example", dns.TypeA, "127.0.0.5"},
		{"example.jp.domains.example", dns.TypeTXT, ""},
		{"dbltest.com.own.example", dns.TypeA, "127.0.0.2"},
		{"1.100.51.198.own.example", dns.TypeA, "127.0.0.2"},
		{"test.own.example", dns.TypeA, "NXDOMAIN"},
		{"bare.example", dns.TypeA, ""},
		{"2.0.0.127.bare.example", dns.TypeA, "NXDOMAIN"},
		{"2.0.0.127.refusing.example", dns.TypeA, "REFUSED"},
		{"25.2.0.192.refusing.example", dns.TypeA, "REFUSED"},
		{"2.0.0.127.failing.example", dns.TypeA, "SERVFAIL"},
		{"25.2.0.192.in-addr.arpa", dns.TypePTR, "mail1.example.jp."},
		{server6 + ".ip6.arpa", dns.TypePTR, "mail1.example.jp."},
		{"mail1.example.jp", dns.TypeA, "192.0.2.25"},
		{"mail1.example.jp", dns.TypeAAAA, "2001:db8::25"},
		{"mail2.example.jp", dns.TypeA, "NXDOMAIN"},
		{"mail1.example.jp.invalid", dns.TypeA, "NXDOMAIN"},
		{"www.example.com", dns.TypeA, "NXDOMAIN"},
	} {
		for _, network := range []string{"udp", "tcp"} {
			if got := ask(t, s, network, c.name, c.kind); got != c.want {
				t.Errorf("%s %s over %s: %q, want %q", c.name, dns.TypeToString[c.kind], network, got, c.want)
			}
		}
	}
}

// A reply that is too long for UDP says so, and comes whole over TCP or where a larger one is taken.
func TestTruncated(t *testing.T) {
	s := start(t)
	name := server6 + ".both.example"
	if r := exchange(t, s, "udp", name, dns.TypeTXT); !r.Truncated {
		t.Errorf("%d bytes over UDP, and not called truncated", r.Len())
	}
	m := new(dns.Msg).SetQuestion(dns.Fqdn(name), dns.TypeTXT)
	m.SetEdns0(4096, false)
	large, _, err := (&dns.Client{Timeout: 5 * time.Second}).Exchange(m, s.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	if large.Truncated || large.IsEdns0() == nil {
		t.Errorf("truncated for a client that takes 4096 bytes, or without OPT: %v", large)
	}
	for _, r := range []*dns.Msg{large, exchange(t, s, "tcp", name, dns.TypeTXT)} {
		if len(r.Answer) != 1 || strings.ReplaceAll(strings.Join(r.Answer[0].(*dns.TXT).Txt, ""), `\\`, `\`) != long {
			t.Errorf("the text is not whole: %v", r.Answer)
		}
	}
}

func TestOnlyOfTheInternet(t *testing.T) {
	s := start(t)
	m := new(dns.Msg).SetQuestion("mail1.example.jp.", dns.TypeA)
	m.Question[0].Qclass = dns.ClassCHAOS
	r, err := dns.Exchange(m, s.Addr().String())
	if err != nil || r.Rcode != dns.RcodeNameError || len(r.Answer) > 0 {
		t.Errorf("%v %v", r, err)
	}
}

// Nothing is left after Close: no goroutine, no socket, although somebody holds a connection.
func TestClose(t *testing.T) {
	before := runtime.NumGoroutine()
	s, err := Start(world())
	if err != nil {
		t.Fatal(err)
	}
	if !s.Addr().Addr().IsLoopback() {
		t.Errorf("it listens on %s", s.Addr())
	}
	held, err := net.Dial("tcp", s.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	defer held.Close()
	ask(t, s, "tcp", "mail1.example.jp", dns.TypeA)
	began := time.Now()
	if err := s.Close(); err != nil || time.Since(began) > time.Second {
		t.Errorf("%v after %s", err, time.Since(began))
	}
	if conn, err := net.Dial("tcp", s.Addr().String()); err == nil {
		conn.Close()
		t.Error("it still listens")
	}
	pc, err := net.ListenPacket("udp", s.Addr().String())
	if err != nil {
		t.Fatalf("the port is still taken: %v", err)
	}
	pc.Close()
	for range 100 {
		if runtime.NumGoroutine() <= before {
			return
		}
		time.Sleep(10 * time.Millisecond)
	}
	buf := make([]byte, 1<<20)
	t.Errorf("%d goroutines, %d before\n%s", runtime.NumGoroutine(), before, buf[:runtime.Stack(buf, true)])
}

// What could never be found is a mistake of the lab.
func TestWrongWorld(t *testing.T) {
	for what, change := range map[string]func(*World){
		"entry":    func(w *World) { w.Listings[0].Zone = "gone.example" },
		"refusing": func(w *World) { w.Refusing = []string{"gone.example"} },
		"failing":  func(w *World) { w.Failing = []string{"gone.example"} },
	} {
		w := world()
		change(&w)
		if s, err := Start(w); err == nil || !strings.Contains(err.Error(), `no list "gone.example"`) {
			t.Errorf("%s: %v", what, err)
			if err == nil {
				s.Close()
			}
		}
	}
}

func TestNoted(t *testing.T) {
	s := start(t)
	file := filepath.Join(t.TempDir(), "dns.addr")
	if _, err := Noted(file); err == nil {
		t.Error("found where nothing is noted")
	}
	if err := s.Note(file); err != nil {
		t.Fatal(err)
	}
	if got, err := Noted(file); err != nil || got != s.Addr() {
		t.Errorf("%s %v, want %s", got, err, s.Addr())
	}
	for _, foreign := range []string{"192.0.2.53:53", "127.0.0.1", "", "resolver:53"} {
		if err := os.WriteFile(file, []byte(foreign), 0o600); err != nil {
			t.Fatal(err)
		}
		if got, err := Noted(file); err == nil {
			t.Errorf("%q: taken as %s", foreign, got)
		}
	}
}

func TestNight(t *testing.T) {
	var zones []string
	for _, l := range Night(server) {
		zones = append(zones, l.Zone)
		if l.Subject != "192.0.2.25" || !netip.MustParsePrefix("127.0.0.0/24").Contains(l.Answer) {
			t.Errorf("%+v", l)
		}
	}
	slices.Sort(zones)
	if len(slices.Compact(zones)) != 5 {
		t.Errorf("on %v", zones)
	}
	if got := (Listing{Zone: "zen.spamhaus.org", Subject: "192.0.2.25", Answer: netip.MustParseAddr("127.0.0.3")}).String(); got != "192.0.2.25 zen.spamhaus.org 127.0.0.3" {
		t.Error(got)
	}
}
