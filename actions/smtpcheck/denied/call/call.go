// Package call holds one dialogue with a mail server, up to RCPT, from an address that the caller chooses, and says what has come of it.
package call

import (
	"context"
	"errors"
	"net"
	"net/netip"
	"slices"
	"strings"
	"syscall"
	"time"

	"hikeshi/actions/smtpcheck/relay"
	"hikeshi/actions/smtpcheck/relay/judge"
	"hikeshi/actions/smtpcheck/talk"
	"hikeshi/actions/smtpcheck/target"
)

// An Outcome is what a dialogue has come to.
type Outcome int

// The outcomes.
const (
	Unknown Outcome = iota // silence, no SMTP, or it could not be asked
	Taken                  // the recipient was
	Refused                // 5xx, or hung up before the greeting
	Later                  // 4xx
)

// A Dialogue is one transaction up to RCPT.
type Dialogue struct {
	From, To string
	Login    *relay.Login // to log in first; nil for a stranger
}

// A Try is a dialogue that was held.
type Try struct {
	Outcome
	At     judge.Stage // where it ended
	Reply  talk.Reply
	Err    error
	Local  netip.Addr // that was asked from, if there was a connection
	Closed bool       // nothing listens there, for this address
	No     string     // why a login could not be tried; then nothing was asked
}

// String is the answer in one line.
func (t Try) String() string {
	switch {
	case t.No != "":
		return t.No
	case t.Closed:
		return "no connection"
	case t.Dead() && errors.Is(t.Err, talk.ErrClosed):
		return "the connection is closed before the greeting"
	case t.Err != nil:
		return string(t.At) + ": " + talk.Safe(t.Err.Error())
	case t.Reply.Code == 0:
		return ""
	}
	return string(t.At) + ": " + Cut(t.Reply.String())
}

// Cut bounds a text for facts; the transcript has all of it.
func Cut(s string) string {
	if len(s) > 300 {
		return strings.ToValidUTF8(s[:300], "") + "..."
	}
	return s
}

// Further says whether t has come further than a dialogue that was refused.
func (t Try) Further(than Try) bool {
	rank := []judge.Stage{judge.Connect, judge.Hello, judge.Auth, judge.Mail, judge.Rcpt}
	return t.Outcome == Taken || t.Outcome == Refused && slices.Index(rank, t.At) > slices.Index(rank, than.At)
}

// Dead says that nobody has greeted us: nothing more needs to be asked.
func (t Try) Dead() bool { return t.At == judge.Connect && t.Err != nil }

// Early says that the dialogue ended before a login could have been tried.
func (t Try) Early() bool { return t.At == judge.Connect || t.At == judge.Hello }

// A Caller holds dialogues with one listener from one address.
type Caller struct {
	Dial  func(ctx context.Context, network, address string) (net.Conn, error) // from that address
	Here  func(netip.Addr) bool                                                // an address of this very machine; nil: loopback alone
	Clock func() time.Time
	Wait  time.Duration
	Log   *talk.Log
	To    target.Listener
	Name  string // that we say in EHLO

	bare bool  // STARTTLS was offered, and did not work
	dead error // why the last connection could not be made; nil if it could
}

// Hold holds one dialogue in a connection of its own.
func (c *Caller) Hold(ctx context.Context, d Dialogue) Try {
	t, again := c.once(ctx, d)
	if again {
		c.bare = true
		t, _ = c.once(ctx, d)
	}
	return t
}

// once holds it; again says that it ended since TLS could not be had.
func (c *Caller) once(ctx context.Context, d Dialogue) (t Try, again bool) {
	cfg := talk.Config{Dial: c.dial, Wait: c.Wait, Clock: c.Clock, Log: c.Log}
	if target.IsName(c.To.Host) {
		cfg.Name = c.To.Host
	}
	conn, err := talk.Open(ctx, cfg, c.To.At.String(), c.To.At.Port() == 465)
	if err != nil {
		t = broken(judge.Connect, err)
		if t.Closed = errors.Is(c.dead, syscall.ECONNREFUSED); t.Closed {
			t.Outcome = Refused
		}
		return t, false
	}
	defer conn.Quit()
	t.Local = conn.Local()
	if t.ended(judge.Connect, conn.Banner, nil) {
		return t, false
	}
	if r, err := conn.Hello(c.Name); t.ended(judge.Hello, r, err) {
		return t, false
	}
	if conn.Caps.Has("STARTTLS") && !conn.TLS().On && !c.bare {
		if _, err := conn.Secure(); err != nil && !errors.Is(err, talk.ErrNoTLS) {
			return broken(judge.Hello, err), true
		}
		if r, err := conn.Hello(c.Name); t.ended(judge.Hello, r, err) {
			return t, false
		}
	}
	if d.Login != nil && c.logIn(conn, *d.Login, &t) {
		return t, false
	}
	if r, err := conn.Cmd("MAIL FROM:<" + d.From + ">"); t.ended(judge.Mail, r, err) {
		return t, false
	}
	r, err := conn.Cmd("RCPT TO:<" + d.To + ">")
	t.ended(judge.Rcpt, r, err)
	return t, false
}

func (c *Caller) dial(ctx context.Context, network, address string) (conn net.Conn, err error) {
	conn, err = c.Dial(ctx, network, address)
	c.dead = err
	return conn, err
}

// Why a login was not tried.
const (
	NoAuth = "no AUTH PLAIN or LOGIN is offered"
	NoTLS  = "no TLS: the password would go out in clear"
)

// logIn logs in and says whether the dialogue ends there. A password goes out in clear to this machine only.
func (c *Caller) logIn(conn *talk.Conn, l relay.Login, t *Try) (ends bool) {
	m, offered := relay.Mechanism(conn.Caps)
	private := conn.Private() || c.Here != nil && c.Here(conn.Remote())
	switch {
	case !offered:
		t.No, t.At = NoAuth, judge.Auth
		return true
	case !private:
		t.No, t.At = NoTLS, judge.Auth
		return true
	}
	r, err := conn.Login(m, l.User, l.Password)
	return t.ended(judge.Auth, r, err)
}

// ended enters an answer and says whether it ends the dialogue: all but a 2xx do, and RCPT does anyway.
func (t *Try) ended(at judge.Stage, r talk.Reply, err error) bool {
	if err != nil {
		local := t.Local
		*t = broken(at, err)
		t.Local = local
		return true
	}
	t.At, t.Reply = at, r
	switch {
	case r.Hard():
		t.Outcome = Refused
	case r.Soft():
		t.Outcome = Later
	case r.Good() && at == judge.Rcpt:
		t.Outcome = Taken
	case r.Good():
		return false
	}
	return true
}

// broken is a dialogue that an error ended. Silence is no refusal; to be turned away at the door is one.
func broken(at judge.Stage, err error) Try {
	t := Try{At: at, Err: err}
	if at == judge.Connect && errors.Is(err, talk.ErrClosed) {
		t.Outcome = Refused
	}
	return t
}
