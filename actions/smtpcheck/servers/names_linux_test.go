package servers

import (
	"net"
	"strings"

	"golang.org/x/net/dns/dnsmessage"
)

// serveNames is the DNS of a server, on port 53 of its loopback: the names of the tests have addresses, and there are no others.
func serveNames() error {
	pc, err := net.ListenPacket("udp", "127.0.0.1:53")
	if err != nil {
		return err
	}
	go func() {
		for b := make([]byte, 1500); ; {
			n, from, err := pc.ReadFrom(b)
			if err != nil {
				return
			}
			if reply, err := nameReply(b[:n]); err == nil {
				pc.WriteTo(reply, from)
			}
		}
	}()
	return nil
}

// addresses are the names that mail of the tests comes from and goes to. Their mail exchanger is the tester.
func addresses() map[string]string {
	return map[string]string{"probe.example": clientIP, "sender.example": clientIP, "client.example.net": clientIP, "example.jp": serverIP, hostName: serverIP, "localhost": "127.0.0.1"}
}

func nameReply(query []byte) ([]byte, error) {
	var p dnsmessage.Parser
	h, err := p.Start(query)
	if err != nil {
		return nil, err
	}
	q, err := p.Question()
	if err != nil {
		return nil, err
	}
	m := dnsmessage.Message{Header: dnsmessage.Header{ID: h.ID, Response: true, Authoritative: true, RecursionAvailable: true}, Questions: []dnsmessage.Question{q}}
	head := dnsmessage.ResourceHeader{Name: q.Name, Class: dnsmessage.ClassINET, TTL: 60}
	address, known := addresses()[strings.ToLower(strings.TrimSuffix(q.Name.String(), "."))]
	pointer := q.Name.String() == "7.100.51.198.in-addr.arpa."
	switch {
	case known && q.Type == dnsmessage.TypeA:
		m.Answers = append(m.Answers, dnsmessage.Resource{Header: head, Body: &dnsmessage.AResource{A: [4]byte(net.ParseIP(address).To4())}})
	case pointer && q.Type == dnsmessage.TypePTR:
		m.Answers = append(m.Answers, dnsmessage.Resource{Header: head, Body: &dnsmessage.PTRResource{PTR: dnsmessage.MustNewName("client.example.net.")}})
	case !known && !pointer:
		m.RCode = dnsmessage.RCodeNameError
	}
	return m.Pack()
}
