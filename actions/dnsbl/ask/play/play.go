// Package play is a DNS server on loopback for tests, which says what it is told to say: good answers and every kind of bad one. It serves
// UDP and TCP on one port and tells what it was asked.
package play

import (
	"net"
	"net/netip"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/miekg/dns"
)

// An Answer is what is said to one query. The zero Answer is NXDOMAIN.
type Answer struct {
	Addrs         []string // A or AAAA records
	Texts         []string // TXT records, in the presentation form of zone files: \DDD for a byte
	Names         []string // PTR records
	RCode         string   // REFUSED; "" is NOERROR with records, NXDOMAIN without
	Empty         bool     // NOERROR without records
	CNAME         bool     // a CNAME stands before the records
	Drop          bool     // nothing is said
	Delay         time.Duration
	Truncate      bool // over UDP: truncated, without records
	WrongID       bool
	WrongQuestion bool // the reply is about another name
	Garbage       bool // no DNS message
	NoEDNS        bool // FORMERR to a query with OPT
}

// A Query is what the server was asked.
type Query struct {
	Name string // lower case, without the last dot
	Type string // A
	TCP  bool
	EDNS int // the UDP size of OPT, 0 without one
}

// A Server is a running server.
type Server struct {
	Addr netip.AddrPort

	script func(Query) Answer

	mu      sync.Mutex
	queries []Query
}

// Start runs a server until the test ends. script is called by many goroutines.
func Start(t testing.TB, script func(Query) Answer) *Server {
	t.Helper()
	s := &Server{script: script}
	for try := 0; ; try++ {
		pc, err := net.ListenPacket("udp", "127.0.0.1:0")
		if err != nil {
			t.Fatal(err)
		}
		if u, ok := pc.(*net.UDPConn); ok {
			u.SetReadBuffer(4 << 20) // a burst must not be lost on the way
		}
		s.Addr = netip.MustParseAddrPort(pc.LocalAddr().String())
		l, err := net.Listen("tcp", s.Addr.String())
		if err != nil && try < 20 { // somebody else has the port
			pc.Close()
			continue
		}
		if err != nil {
			t.Fatal(err)
		}
		for _, srv := range []*dns.Server{{PacketConn: pc, Handler: handler{s, false}}, {Listener: l, Handler: handler{s, true}}} {
			go srv.ActivateAndServe()
			t.Cleanup(func() { srv.Shutdown() })
		}
		return s
	}
}

// Queries returns what was asked so far.
func (s *Server) Queries() []Query {
	s.mu.Lock()
	defer s.mu.Unlock()
	return append([]Query(nil), s.queries...)
}

// Asked returns how many queries there were for names that end in suffix.
func (s *Server) Asked(suffix string) int {
	n := 0
	for _, q := range s.Queries() {
		if strings.HasSuffix(q.Name, suffix) {
			n++
		}
	}
	return n
}

type handler struct {
	s   *Server
	tcp bool
}

// ServeDNS answers one query.
func (h handler) ServeDNS(w dns.ResponseWriter, m *dns.Msg) {
	q := Query{Name: strings.ToLower(strings.TrimSuffix(m.Question[0].Name, ".")), Type: dns.TypeToString[m.Question[0].Qtype], TCP: h.tcp}
	if opt := m.IsEdns0(); opt != nil {
		q.EDNS = int(opt.UDPSize())
	}
	h.s.mu.Lock()
	h.s.queries = append(h.s.queries, q)
	h.s.mu.Unlock()
	a := h.s.script(q)
	time.Sleep(a.Delay)
	switch {
	case a.Drop:
		return
	case a.Garbage:
		w.Write([]byte("no DNS"))
		return
	}
	if err := w.WriteMsg(reply(m, q, a)); err != nil {
		w.Close()
	}
}

func reply(m *dns.Msg, q Query, a Answer) *dns.Msg {
	r := new(dns.Msg)
	r.SetReply(m)
	if a.WrongID {
		r.Id++
	}
	if a.WrongQuestion {
		r.Question[0].Name = "other." + r.Question[0].Name
	}
	switch {
	case a.NoEDNS && q.EDNS > 0:
		r.Rcode = dns.RcodeFormatError
		return r
	case a.RCode != "":
		r.Rcode = dns.StringToRcode[a.RCode]
		return r
	case a.Truncate && !q.TCP:
		r.Truncated = true
		return r
	}
	owner := m.Question[0].Name
	if a.CNAME {
		r.Answer = append(r.Answer, &dns.CNAME{Hdr: head(owner, dns.TypeCNAME), Target: "alias.example.net."})
		owner = "alias.example.net."
	}
	r.Answer = append(r.Answer, records(owner, q.Type, a)...)
	if len(r.Answer) == 0 && !a.Empty {
		r.Rcode = dns.RcodeNameError
	}
	return r
}

// records are the records of the type that is asked for.
func records(owner, t string, a Answer) (all []dns.RR) {
	for _, s := range a.Addrs {
		addr := netip.MustParseAddr(s)
		switch {
		case t == "A" && addr.Is4():
			all = append(all, &dns.A{Hdr: head(owner, dns.TypeA), A: addr.AsSlice()})
		case t == "AAAA" && !addr.Is4():
			all = append(all, &dns.AAAA{Hdr: head(owner, dns.TypeAAAA), AAAA: addr.AsSlice()})
		}
	}
	for _, s := range a.Texts {
		if t == "TXT" {
			all = append(all, &dns.TXT{Hdr: head(owner, dns.TypeTXT), Txt: pieces(s)})
		}
	}
	for _, s := range a.Names {
		if t == "PTR" {
			all = append(all, &dns.PTR{Hdr: head(owner, dns.TypePTR), Ptr: dns.Fqdn(s)})
		}
	}
	return all
}

func head(owner string, t uint16) dns.RR_Header {
	return dns.RR_Header{Name: owner, Rrtype: t, Class: dns.ClassINET, Ttl: 300}
}

// pieces cuts a text into strings of at most 200 characters, never inside \DDD.
func pieces(s string) []string {
	var all []string
	for len(s) > 200 {
		n := 200
		for n > 196 && strings.Contains(s[n-4:n], `\`) {
			n--
		}
		all, s = append(all, s[:n]), s[n:]
	}
	return append(all, s)
}
