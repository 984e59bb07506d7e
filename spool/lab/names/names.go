// Package names is the Internet's DNS as a lab sees it: the blocklists with their test entries (RFC 5782 section 5), the entries of this
// server in some of them, its reverse name, and nothing else. Everything else does not exist.
//
// Start begins to answer on a port of its own on loopback, over UDP and TCP; Addr is the resolver to ask; Close ends it. It answers as a
// recursive resolver does: for a list that refuses this resolver with REFUSED, for one whose own servers are gone with SERVFAIL, at once
// where a real one tries for seconds before. It asks nobody, so a question that is put to it does not leave the machine.
package names

import (
	"errors"
	"fmt"
	"net"
	"net/netip"
	"slices"

	"github.com/miekg/dns"
)

// A Server is a running DNS server.
type Server struct {
	addr  netip.AddrPort
	world World
	tree  tree
	both  []*dns.Server // UDP and TCP
	ended chan error    // one for each of both, when it has stopped serving
}

// tries is how often another port is taken where only UDP is free on the first one.
const tries = 20

// Start serves until Close. The error says what is wrong with the world, or that loopback gives no port.
func Start(w World) (*Server, error) {
	s := &Server{world: w}
	var err error
	if s.tree, err = grow(w); err != nil {
		return nil, fmt.Errorf("making the DNS of the lab: %w", err)
	}
	pc, l, err := listen()
	if err != nil {
		return nil, fmt.Errorf("serving the DNS of the lab: %w", err)
	}
	s.addr = netip.MustParseAddrPort(pc.LocalAddr().String())
	s.both = []*dns.Server{{PacketConn: pc, Handler: s}, {Listener: l, Handler: s}}
	s.ended = make(chan error, len(s.both))
	for _, one := range s.both {
		ready := make(chan struct{})
		one.NotifyStartedFunc = func() { close(ready) }
		go func() { s.ended <- one.ActivateAndServe() }()
		<-ready // a server that has not begun cannot be shut down
	}
	return s, nil
}

// listen takes one port for both.
func listen() (net.PacketConn, net.Listener, error) {
	var last error
	for range tries {
		pc, err := net.ListenPacket("udp4", "127.0.0.1:0")
		if err != nil {
			return nil, nil, err
		}
		l, err := net.Listen("tcp4", pc.LocalAddr().String())
		if err == nil {
			return pc, l, nil
		}
		last = errors.Join(err, pc.Close())
	}
	return nil, nil, last
}

// Addr is where it answers: an address of loopback.
func (s *Server) Addr() netip.AddrPort { return s.addr }

// Close ends it, and returns when nothing of it is left. It is called once.
func (s *Server) Close() error {
	var errs []error
	for _, one := range s.both {
		errs = append(errs, one.Shutdown())
	}
	for range s.both {
		errs = append(errs, <-s.ended)
	}
	if err := errors.Join(errs...); err != nil {
		return fmt.Errorf("ending the DNS of the lab: %w", err)
	}
	return nil
}

// ServeDNS answers one question. The library has refused what is none.
func (s *Server) ServeDNS(w dns.ResponseWriter, m *dns.Msg) {
	r := new(dns.Msg).SetReply(m)
	r.RecursionAvailable = true
	size := dns.MinMsgSize
	if opt := m.IsEdns0(); opt != nil {
		size = max(size, int(opt.UDPSize()))
		r.SetEdns0(opt.UDPSize(), false)
	}
	s.answer(r)
	if w.LocalAddr().Network() == "udp" {
		r.Truncate(size)
	}
	if w.WriteMsg(r) != nil {
		w.Close() // who asked has gone
	}
}

// answer fills in what there is to say to the question in r.
func (s *Server) answer(r *dns.Msg) {
	q := r.Question[0]
	below := func(zone string) bool { return dns.IsSubDomain(dns.Fqdn(zone), q.Name) }
	records, exists := s.tree[dns.CanonicalName(q.Name)]
	switch {
	case slices.ContainsFunc(s.world.Refusing, below):
		r.Rcode = dns.RcodeRefused
	case slices.ContainsFunc(s.world.Failing, below):
		r.Rcode = dns.RcodeServerFailure
	case !exists || q.Qclass != dns.ClassINET:
		r.Rcode = dns.RcodeNameError
	}
	if r.Rcode != dns.RcodeSuccess {
		return
	}
	for _, rr := range records {
		if rr.Header().Rrtype == q.Qtype {
			own := dns.Copy(rr)
			own.Header().Name = q.Name // as it was asked, small letters or not
			r.Answer = append(r.Answer, own)
		}
	}
}
