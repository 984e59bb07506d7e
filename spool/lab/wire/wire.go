// Package wire is the network of a lab: whoever dials over it reaches the receiver of that lab, at the address that the scenario gives it, and
// nobody else. The other side sees whatever address the caller wants to be, since every client of the lab says whom it plays.
package wire

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"os"
	"syscall"
	"time"
)

// A Wire leads to one receiver.
type Wire struct {
	Server  netip.Addr // of the server, which listens on port 25
	Address string     // file that holds where the receiver really listens: standin.Config.Address
}

// Tester is the address of somebody outside who tests: nobody else's in any scenario.
func Tester() netip.Addr { return netip.AddrFrom4([4]byte{198, 51, 100, 250}) }

// ErrElsewhere says that there is nothing in the lab but its own receiver.
var ErrElsewhere = errors.New("there is no such address in the lab")

// Dial connects as the tester. The network is tcp.
func (w Wire) Dial(ctx context.Context, network, address string) (net.Conn, error) {
	return w.DialFrom(ctx, Tester(), address)
}

// DialFrom connects as from, ADDR:PORT of the server alone. Nothing listens on another port, nor while the receiver is down.
func (w Wire) DialFrom(ctx context.Context, from netip.Addr, address string) (net.Conn, error) {
	at, err := netip.ParseAddrPort(address)
	switch {
	case err != nil:
		return nil, fmt.Errorf("connecting to %q: %w", address, err)
	case at.Addr().Unmap() != w.Server:
		return nil, fmt.Errorf("connecting to %s: %w", at, ErrElsewhere)
	case at.Port() != 25:
		return nil, fmt.Errorf("connecting to %s: %w", at, syscall.ECONNREFUSED)
	}
	data, err := os.ReadFile(w.Address)
	if err != nil {
		return nil, fmt.Errorf("connecting to %s: %w", at, syscall.ECONNREFUSED)
	}
	really, err := netip.ParseAddrPort(string(data))
	if err != nil || !really.Addr().IsLoopback() {
		return nil, fmt.Errorf("connecting to %s: %q is not a loopback address", at, data)
	}
	var d net.Dialer
	c, err := d.DialContext(ctx, "tcp", really.String())
	if err != nil {
		return nil, fmt.Errorf("connecting to %s: %w", at, err)
	}
	c.SetDeadline(time.Now().Add(5 * time.Second))
	if _, err := fmt.Fprintf(c, "LAB-PEER %s\r\n", from); err != nil {
		c.Close()
		return nil, fmt.Errorf("connecting to %s: %w", at, err)
	}
	c.SetDeadline(time.Time{})
	return &conn{c, net.TCPAddrFromAddrPort(netip.AddrPortFrom(from, 40000)), net.TCPAddrFromAddrPort(at)}, nil
}

// A conn has the addresses that it plays.
type conn struct {
	net.Conn
	local, remote net.Addr
}

// LocalAddr is the address that the caller plays.
func (c *conn) LocalAddr() net.Addr { return c.local }

// RemoteAddr is the address of the server in its scenario.
func (c *conn) RemoteAddr() net.Addr { return c.remote }
