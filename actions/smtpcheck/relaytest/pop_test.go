package relaytest

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"strings"
	"sync/atomic"
	"testing"

	"hikeshi/actions/smtpcheck/recorder"
	"hikeshi/actions/smtpcheck/relay"
)

// TestPOP: after a login over POP3 the test is made without AUTH, and only where the port may be asked; the password stands nowhere.
func TestPOP(t *testing.T) {
	e, _ := env(t)
	var open atomic.Bool
	s := &recorder.Server{Rcpt: func(c *recorder.Client, _ string) string {
		return map[bool]string{true: "250 ok"}[open.Load() && !c.Login && c.From == "spamtest@f.example"]
	}}
	address := start(t, s)
	mail, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer mail.Close()
	go func() {
		for {
			c, err := mail.Accept()
			if err != nil {
				return
			}
			fmt.Fprint(c, "+OK\r\n+OK\r\n+OK\r\n")
			told, _ := io.ReadAll(c)
			open.Store(strings.Contains(string(told), "PASS geheim-4711\r\n"))
			c.Close()
		}
	}()
	d := net.Dialer{}
	e.Dial = func(ctx context.Context, network, to string) (net.Conn, error) {
		switch {
		case strings.HasSuffix(to, ":110"):
			to = mail.Addr().String()
		case strings.HasSuffix(to, ":995"):
			return nil, errors.New("refused")
		}
		c, err := d.DialContext(ctx, network, to)
		if err == nil && to == mail.Addr().String() {
			return lingering{c}, nil
		}
		return c, err
	}
	e.Login = func() (*relay.Login, error) {
		return &relay.Login{User: "jiro@example.jp", Password: "geheim-4711"}, nil
	}
	for _, allowed := range []bool{false, true} {
		r, err := e.RelayTest(t.Context(), Request{Targets: []string{address}, Fast: true, POP: allowed})
		if err != nil {
			t.Fatal(err)
		}
		want := map[bool]string{false: "not-run", true: "suspect"}[allowed]
		for _, x := range r.Facts().Tests {
			if x.ID == "R36" && x.Verdict != want {
				t.Errorf("allowed %v: %s %s %s", allowed, x.Verdict, x.Reply, x.Why.EN)
			}
		}
		if strings.Contains(r.Transcript(), "geheim") {
			t.Error("the password stands in the transcript")
		}
	}
}

// lingering is a connection whose other side has read everything before it is closed.
type lingering struct{ net.Conn }

func (l lingering) Close() error {
	l.Conn.(*net.TCPConn).CloseWrite()
	io.Copy(io.Discard, l.Conn)
	return l.Conn.Close()
}
