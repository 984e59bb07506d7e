package talk

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"os"
	"time"

	"hikeshi/actions/smtpcheck/talk/lines"
)

// The ways in which a conversation ends too early. Every error of this package but ErrLine and ErrNoTLS wraps one of them.
var (
	ErrConnect = errors.New("no connection")         // refused, unreachable
	ErrTimeout = errors.New("no answer in time")     // whatever was waited for
	ErrClosed  = errors.New("connection closed")     // by the peer
	ErrBroken  = errors.New("no answer of SMTP")     // not to be read as a reply, or without bounds
	ErrTLS     = errors.New("no agreement over TLS") // the handshake failed
)

// ErrHandshake is the ErrTimeout of a TLS handshake.
var ErrHandshake = fmt.Errorf("%w to the TLS handshake", ErrTimeout)

// ErrLine is the error for a command that would be more than one line. Nothing was sent.
var ErrLine = errors.New("the command is not one line of printable text")

// The defaults of a Config; RFC 5321 section 4.5.3.2 gives a server minutes, which tarpits use.
const (
	DefaultWait  = 45 * time.Second
	DefaultTotal = 15 * time.Minute
	maxRead      = 1 << 20 // bytes of a conversation
	maxCommand   = 4 << 10
)

// A Config says how to talk. Dial is needed.
type Config struct {
	Dial  func(ctx context.Context, network, address string) (net.Conn, error) // from the address that the caller wants
	Wait  time.Duration                                                        // for one reply, or a connection; 0: DefaultWait
	Total time.Duration                                                        // for the conversation; 0: DefaultTotal
	Clock func() time.Time                                                     // for the transcript; nil: the machine's
	Log   *Log                                                                 // where it is written; nil: one of its own
	Name  string                                                               // server name for TLS (SNI); "" sends none
	Most  uint16                                                               // highest version of TLS to offer, as in crypto/tls; 0: the newest
}

// A Conn is one conversation.
type Conn struct {
	Log    *Log
	Banner Reply // of the greeting
	Caps   Caps  // of the last EHLO; empty after HELO

	cfg     Config
	ctx     context.Context
	net     net.Conn
	in      lines.Reader
	end     time.Time
	stop    func() bool
	secrets []string
	hush    bool // in an exchange of AUTH
	last    int  // code of the last reply
	err     error
}

// Open connects to address (host:port) and reads the banner; with implicit it begins with TLS (RFC 8314). A banner other than 220 is no
// error. ctx holds for the whole conversation. The Conn is there with an error too, for its Log; it needs no Close then.
func Open(ctx context.Context, cfg Config, address string, implicit bool) (*Conn, error) {
	if cfg.Wait <= 0 {
		cfg.Wait = DefaultWait
	}
	if cfg.Total <= 0 {
		cfg.Total = DefaultTotal
	}
	if cfg.Clock == nil {
		cfg.Clock = time.Now
	}
	if cfg.Log == nil {
		cfg.Log = &Log{}
	}
	c := &Conn{Log: cfg.Log, cfg: cfg, ctx: ctx, end: time.Now().Add(cfg.Total)}
	dial, cancel := context.WithTimeout(ctx, min(cfg.Wait, cfg.Total))
	defer cancel()
	nc, err := cfg.Dial(dial, "tcp", address)
	if err != nil {
		return c, c.fail("connecting to "+address, err, ErrConnect)
	}
	c.use(nc)
	c.stop = context.AfterFunc(ctx, func() { nc.SetDeadline(time.Unix(1, 0)) })
	c.note("connected to %s from %s", nc.RemoteAddr(), nc.LocalAddr())
	if implicit {
		if err := c.handshake(); err != nil {
			return c, err
		}
	}
	c.Banner, err = c.read()
	return c, err
}

func (c *Conn) use(nc net.Conn) {
	left := int64(maxRead)
	if c.net != nil {
		left = c.in.Left
	}
	c.net, c.in = nc, lines.New(nc, left)
}

// Local is the address that we talk from, Remote that of the peer; zero if there is no connection over IP.
func (c *Conn) Local() netip.Addr { return addrOf(c.net, net.Conn.LocalAddr) }

// Remote is the address of the peer.
func (c *Conn) Remote() netip.Addr { return addrOf(c.net, net.Conn.RemoteAddr) }

// Private says whether a password may be said here: over TLS, and in clear to loopback, where it passes no wire.
func (c *Conn) Private() bool { return c.TLS().On || c.Remote().IsLoopback() }

func addrOf(nc net.Conn, which func(net.Conn) net.Addr) netip.Addr {
	if nc == nil {
		return netip.Addr{}
	}
	ap, err := netip.ParseAddrPort(which(nc).String())
	if err != nil {
		return netip.Addr{}
	}
	return ap.Addr().Unmap().WithZone("")
}

// Err is the error that has ended the conversation, or nil.
func (c *Conn) Err() error { return c.err }

// deadline gives what follows its time.
func (c *Conn) deadline() error {
	if err := c.ctx.Err(); err != nil {
		return c.fail("talking", err, ErrClosed)
	}
	at := time.Now().Add(c.cfg.Wait)
	if c.end.Before(at) {
		at = c.end
	}
	if err := c.net.SetDeadline(at); err != nil {
		return c.fail("talking", err, ErrClosed)
	}
	if c.ctx.Err() != nil { // AfterFunc may have run in between, and its deadline be gone
		c.net.SetDeadline(time.Unix(1, 0))
	}
	return nil
}

// fail ends the conversation. An end that the caller wanted is told as the caller's context tells it.
func (c *Conn) fail(doing string, err, as error) error {
	var timeout net.Error
	switch {
	case c.ctx.Err() != nil:
		as = c.ctx.Err()
		if errors.Is(as, context.DeadlineExceeded) {
			as = fmt.Errorf("%w: %w", ErrTimeout, as)
		}
	case !errors.Is(err, context.DeadlineExceeded) && !errors.Is(err, os.ErrDeadlineExceeded) && !(errors.As(err, &timeout) && timeout.Timeout()):
	case as == ErrTLS:
		as = ErrHandshake
	default:
		as = ErrTimeout
	}
	c.err = fmt.Errorf("%s: %w: %s", doing, as, Safe(c.redact(err.Error())))
	c.note("%s", c.err)
	c.hangUp()
	return c.err
}

func (c *Conn) note(format string, args ...any) {
	c.Log.Add(c.cfg.Clock(), Note, c.redact(fmt.Sprintf(format, args...)))
}

// Quit says QUIT, waits a second for the reply, and hangs up.
func (c *Conn) Quit() {
	if c.err == nil {
		c.cfg.Wait = min(c.cfg.Wait, time.Second)
		c.say("QUIT\r\n", "QUIT")
	}
	c.Close()
}

// Close hangs up without a word.
func (c *Conn) Close() {
	if c.err == nil {
		c.err = fmt.Errorf("talking: %w", net.ErrClosed)
	}
	c.hangUp()
}

func (c *Conn) hangUp() {
	if c.stop != nil {
		c.stop()
	}
	if t, ok := c.net.(*tls.Conn); ok {
		c.net = t.NetConn() // without its alert, which could wait
	}
	if c.net != nil {
		c.net.Close()
	}
}
