package traffic

import (
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"net/textproto"
	"os"
	"strings"
	"time"
)

// patience is how long a client waits for an answer.
const patience = 10 * time.Second

// ErrNoConnection says that nobody listens, or that the connection broke. ErrTurnedAway says besides that somebody listened and
// closed the connection before the banner, as the receiver does by its lock-out table.
var (
	ErrNoConnection = errors.New("no connection")
	ErrTurnedAway   = errors.New("turned away before the banner")
)

// A Conn is one SMTP session with the receiver of the lab.
type Conn struct {
	text *textproto.Conn
	conn net.Conn
	free func() bool
}

// Dial connects to the receiver whose address stands in addressFile, as the host peer. It connects to loopback addresses only. The
// session ends when ctx does.
func Dial(ctx context.Context, addressFile string, peer netip.Addr) (*Conn, error) {
	data, err := os.ReadFile(addressFile)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrNoConnection, err)
	}
	addr, err := netip.ParseAddrPort(string(data))
	if err != nil || !addr.Addr().IsLoopback() {
		return nil, fmt.Errorf("connecting to %q: not a loopback address", data)
	}
	dialer := net.Dialer{Timeout: patience}
	conn, err := dialer.DialContext(ctx, "tcp", addr.String())
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrNoConnection, err)
	}
	c := &Conn{text: textproto.NewConn(conn), conn: conn, free: context.AfterFunc(ctx, func() { conn.Close() })}
	if err := c.greet(peer); err != nil {
		c.Close()
		return nil, err
	}
	return c, nil
}

// greet says whom the client plays and makes sure that the other side is the stand-in.
func (c *Conn) greet(peer netip.Addr) error {
	c.conn.SetDeadline(time.Now().Add(patience))
	if err := c.text.PrintfLine("LAB-PEER %s", peer); err != nil {
		return fmt.Errorf("%w: %w", ErrNoConnection, err)
	}
	banner, err := c.answer()
	if errors.Is(err, ErrNoConnection) {
		return fmt.Errorf("%w: %w", ErrTurnedAway, err)
	}
	if err == nil && !(strings.HasPrefix(banner, "220 ") && strings.Contains(banner, "-lab)")) {
		err = fmt.Errorf("greeted with %q: not the receiver of a lab", banner)
	}
	return err
}

// Close ends the session, politely if it still can.
func (c *Conn) Close() {
	c.free()
	c.conn.SetDeadline(time.Now().Add(time.Second))
	c.text.PrintfLine("QUIT")
	c.text.Close()
}

// Command sends a line and returns the answer, one line. An answer of the classes 4 and 5 is an error of type *textproto.Error.
func (c *Conn) Command(format string, args ...any) (string, error) {
	c.conn.SetDeadline(time.Now().Add(patience))
	if err := c.text.PrintfLine(format, args...); err != nil {
		return "", fmt.Errorf("%w: %w", ErrNoConnection, err)
	}
	return c.answer()
}

// answer reads one line. The stand-in, like the real server, never marks a line as being followed by another (250-).
func (c *Conn) answer() (string, error) {
	line, err := c.text.ReadLine()
	if err != nil {
		return "", fmt.Errorf("%w: %w", ErrNoConnection, err)
	}
	if line != "" && line[0] >= '4' {
		var code int
		fmt.Sscanf(line, "%d", &code)
		return line, &textproto.Error{Code: code, Msg: strings.TrimPrefix(line, fmt.Sprint(code, " "))}
	}
	return line, nil
}

// Hello introduces the client, and logs in if it has a login. All lines of the answer to EHLO begin "250 ", so that nothing says
// which is the last one: it is the one with AUTH.
func (c *Conn) Hello(client Client) error {
	if client.Login == "" {
		_, err := c.Command("HELO %s", client.Name)
		return err
	}
	line, err := c.Command("EHLO %s", client.Name)
	for err == nil && !strings.HasPrefix(line, "250 AUTH ") {
		line, err = c.answer()
	}
	if err != nil {
		return err
	}
	if client.Mode != "LOGIN" {
		_, err = c.Command("AUTH PLAIN %s", encode("\x00"+client.Login+"\x00"+client.Password))
		return err
	}
	for _, line := range []string{"AUTH LOGIN", encode(client.Login), encode(client.Password)} {
		if _, err = c.Command("%s", line); err != nil {
			return err
		}
	}
	return nil
}

func encode(text string) string { return base64.StdEncoding.EncodeToString([]byte(text)) }

// Send hands one message over. Without an error it has been accepted.
func (c *Conn) Send(m Message) error {
	if _, err := c.Command("MAIL FROM:<%s>", m.Sender); err != nil {
		return err
	}
	for _, rcpt := range m.Recipients {
		if _, err := c.Command("RCPT TO:<%s>", rcpt); err != nil {
			return err
		}
	}
	if _, err := c.Command("DATA"); err != nil {
		return err
	}
	w := c.text.DotWriter()
	_, err := w.Write([]byte(m.text()))
	if err = errors.Join(err, w.Close()); err != nil {
		return fmt.Errorf("%w: %w", ErrNoConnection, err)
	}
	_, err = c.answer()
	return err
}

// Reset gives up a message that was refused.
func (c *Conn) Reset() error {
	_, err := c.Command("RSET")
	return err
}
