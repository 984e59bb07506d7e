package relaytest

import (
	"context"
	"errors"
	"net"
	"net/netip"
	"testing"

	"hikeshi/actions/smtpcheck/recorder"
)

// posed is a connection from 198.51.100.9 to another address than its own.
type posed struct {
	net.Conn
	remote net.Addr
}

func (p posed) LocalAddr() net.Addr {
	return net.TCPAddrFromAddrPort(netip.MustParseAddrPort("198.51.100.9:40000"))
}
func (p posed) RemoteAddr() net.Addr { return p.remote }

// outside is an env that asks s as 192.0.2.25:25, an own address, from outside; nothing listens anywhere else.
func outside(t testing.TB, s *recorder.Server) (Env, string) {
	t.Helper()
	const at = "192.0.2.25:25"
	e, _ := env(t)
	address, d := start(t, s), net.Dialer{}
	e.Book.Own = []netip.Prefix{netip.MustParsePrefix("192.0.2.0/24")}
	e.Book.Resolver = names{"mail.example.jp": netip.MustParseAddr("192.0.2.25")}
	e.Dial = func(ctx context.Context, network, to string) (net.Conn, error) {
		if to != at {
			return nil, errors.New("connection refused")
		}
		c, err := d.DialContext(ctx, network, address)
		if err != nil {
			return nil, err
		}
		return posed{c, net.TCPAddrFromAddrPort(netip.MustParseAddrPort(to))}, nil
	}
	return e, at
}
