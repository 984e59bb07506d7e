// Package pop logs in to a POP3 server (RFC 1939) and hangs up: what opens the window of POP-before-SMTP. It reads no mail.
package pop

import (
	"bufio"
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"strings"
	"time"
	"unicode"
)

// maxLine bounds a reply in bytes; RFC 2449 section 4 gives it 512.
const maxLine = 1 << 10

// A Client says how to log in.
type Client struct {
	Dial func(ctx context.Context, network, address string) (net.Conn, error)
	Wait time.Duration // for everything
	TLS  bool          // from the first byte, as on port 995
}

// Login logs in and hangs up. A refusal is an error with the server's words, in which neither name nor password stands.
func (c Client) Login(ctx context.Context, address, user, password string) error {
	if user == "" || password == "" || strings.ContainsFunc(user+password, unicode.IsControl) {
		return errors.New("logging in over POP3: a name and a password of one line are wanted")
	}
	ctx, cancel := context.WithTimeout(ctx, c.Wait)
	defer cancel()
	nc, err := c.Dial(ctx, "tcp", address)
	if err != nil {
		return fmt.Errorf("logging in over POP3: %w", err)
	}
	defer nc.Close()
	line := nc // itself, below whatever is laid over it
	defer context.AfterFunc(ctx, func() { line.SetDeadline(time.Unix(1, 0)) })()
	if c.TLS {
		nc = tls.Client(nc, &tls.Config{InsecureSkipVerify: true, MinVersion: tls.VersionTLS10}) // a test, of a server with whatever certificate
	}
	in := bufio.NewReaderSize(nc, maxLine)
	for _, line := range []string{"", "USER " + user, "PASS " + password, "QUIT"} {
		if line != "" {
			if _, err := fmt.Fprint(nc, line+"\r\n"); err != nil {
				return fmt.Errorf("logging in over POP3: %w", err)
			}
		}
		if line == "QUIT" { // logged in; what it says to that is of no interest
			return nil
		}
		if err := ok(in); err != nil {
			return fmt.Errorf("logging in over POP3: %w", hide(err, user, password))
		}
	}
	return nil
}

func ok(in *bufio.Reader) error {
	line, err := in.ReadSlice('\n')
	if err != nil {
		return err // gone, out of time, or longer than any reply
	}
	if text := strings.TrimSpace(string(line)); text != "+OK" && !strings.HasPrefix(text, "+OK ") {
		return fmt.Errorf("the server says %.200q", text)
	}
	return nil
}

// hide takes name and password out of what the server repeats.
func hide(err error, secrets ...string) error {
	text := err.Error()
	for _, s := range secrets {
		if strings.Contains(text, s) {
			return errors.New("the server repeats the login in its refusal")
		}
	}
	return err
}
