package ask

import (
	"context"
	"errors"
	"net"
	"net/netip"
	"os"
	"strings"
	"time"

	"github.com/miekg/dns"
)

// bufferSize is the UDP payload size that is announced: large enough, and never fragmented (DNS flag day 2020).
const bufferSize = 1232

// maxRecords bounds how many records of a reply are read.
const maxRecords = 64

type question struct {
	name string
	t    Type
}

func (q question) message(edns bool) *dns.Msg {
	m := new(dns.Msg)
	m.SetQuestion(dns.Fqdn(q.name), dns.StringToType[string(q.t)])
	if edns {
		m.SetEdns0(bufferSize, false)
	}
	return m
}

// exchange is one try: it asks one resolver until that answers or ctx ends.
func exchange(ctx context.Context, server netip.AddrPort, q question) Reply {
	edns, network := true, "udp"
	for {
		m, status := roundTrip(ctx, network, server, q.message(edns))
		switch {
		case m == nil:
			return Reply{Status: status}
		case edns && (m.Rcode == dns.RcodeFormatError || m.Rcode == dns.RcodeNotImplemented):
			edns = false
		case m.Truncated && network == "udp":
			network = "tcp"
		default:
			return read(m, server, q)
		}
	}
}

// roundTrip sends m and waits for its reply. Without one it returns why.
func roundTrip(ctx context.Context, network string, server netip.AddrPort, m *dns.Msg) (*dns.Msg, Status) {
	var d net.Dialer
	raw, err := d.DialContext(ctx, network, server.String())
	if err != nil {
		return nil, failure(ctx, err)
	}
	defer raw.Close()
	defer context.AfterFunc(ctx, func() { raw.SetDeadline(time.Unix(1, 0)) })() // wakes a waiting read
	conn := &dns.Conn{Conn: raw, UDPSize: bufferSize}
	if err := conn.WriteMsg(m); err != nil {
		return nil, failure(ctx, err)
	}
	status := Silent
	for {
		r, err := conn.ReadMsg()
		switch {
		case err == nil && fits(m, r):
			return r, ""
		case err == nil:
			status = Mismatched // a forged or late reply: the true one may come yet
		case r != nil && r.Id == m.Id && r.Response && r.Truncated:
			return r, "" // cut in the middle of a record
		case failed(err):
			if f := failure(ctx, err); f != Silent {
				return nil, f
			}
			return nil, status
		default:
			status = Odd // no DNS message
		}
		if network == "tcp" && status != Silent {
			return nil, status
		}
	}
}

// failed says whether the socket failed, as opposed to the message in it.
func failed(err error) bool {
	var op net.Error
	return errors.As(err, &op) || errors.Is(err, net.ErrClosed) || errors.Is(err, os.ErrDeadlineExceeded) || strings.Contains(err.Error(), "EOF")
}

func failure(ctx context.Context, err error) Status {
	if ctx.Err() != nil || errors.Is(err, os.ErrDeadlineExceeded) {
		return Silent
	}
	return Unreachable
}

// fits says whether r is the reply to m.
func fits(m, r *dns.Msg) bool {
	if !r.Response || r.Id != m.Id {
		return false
	}
	if len(r.Question) == 0 { // some servers leave it out of errors, of those only
		return r.Rcode == dns.RcodeFormatError || r.Rcode == dns.RcodeNotImplemented
	}
	q, a := m.Question[0], r.Question[0]
	return len(r.Question) == 1 && strings.EqualFold(q.Name, a.Name) && q.Qtype == a.Qtype && q.Qclass == a.Qclass
}

// read makes a Reply of a message.
func read(m *dns.Msg, server netip.AddrPort, q question) Reply {
	r := Reply{Server: server, RCode: dns.RcodeToString[m.Rcode]}
	switch m.Rcode {
	case dns.RcodeSuccess, dns.RcodeNameError:
	case dns.RcodeRefused:
		r.Status = Refused
		return r
	case dns.RcodeServerFailure:
		r.Status = ServFail
		return r
	default:
		r.Status = Odd
		return r
	}
	if m.Truncated {
		r.Status = Odd // truncated over TCP: not all of it is here
		return r
	}
	for i, rr := range m.Answer {
		if i < maxRecords && rr.Header().Rrtype == dns.StringToType[string(q.t)] {
			r.take(rr)
		}
	}
	r.Status = None
	if len(r.Addrs)+len(r.Texts)+len(r.Names) > 0 && m.Rcode == dns.RcodeSuccess {
		r.Status = Found
	}
	return r
}

// take adds one record.
func (r *Reply) take(rr dns.RR) {
	if ttl := time.Duration(rr.Header().Ttl) * time.Second; r.TTL == 0 || ttl < r.TTL {
		r.TTL = ttl
	}
	switch rr := rr.(type) {
	case *dns.A:
		if a, ok := netip.AddrFromSlice(rr.A.To4()); ok {
			r.Addrs = append(r.Addrs, a)
		}
	case *dns.AAAA:
		if a, ok := netip.AddrFromSlice(rr.AAAA.To16()); ok {
			r.Addrs = append(r.Addrs, a)
		}
	case *dns.TXT:
		r.Texts = append(r.Texts, unescape(strings.Join(rr.Txt, "")))
	case *dns.PTR:
		r.Names = append(r.Names, strings.TrimSuffix(rr.Ptr, "."))
	case *dns.NS:
		r.Names = append(r.Names, strings.TrimSuffix(rr.Ns, "."))
	}
}

// unescape turns the library's presentation form (\" and \DDD) back into the bytes of the record.
func unescape(s string) string {
	var b strings.Builder
	for i := 0; i < len(s); i++ {
		switch {
		case s[i] != '\\' || i+1 == len(s):
			b.WriteByte(s[i])
		case i+3 < len(s) && digits(s[i+1:i+4]):
			b.WriteByte((s[i+1]-'0')*100 + (s[i+2]-'0')*10 + s[i+3] - '0')
			i += 3
		default:
			i++
			b.WriteByte(s[i])
		}
	}
	return b.String()
}

func digits(s string) bool { return strings.Trim(s, "0123456789") == "" }
