package hygiene

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"hikeshi/actions/smtpcheck/recorder"
	"hikeshi/actions/smtpcheck/relay"
	"hikeshi/actions/smtpcheck/relaytest"
	"hikeshi/actions/smtpcheck/target"
	"hikeshi/runbook"
)

// start starts a server, which is gone when the test ends.
func start(t testing.TB, s *recorder.Server) *recorder.Server {
	t.Helper()
	if err := s.Start("127.0.0.1:0"); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(s.Close)
	return s
}

// posed is a connection between other addresses than its own.
type posed struct {
	net.Conn
	local, remote net.Addr
}

func (p posed) LocalAddr() net.Addr  { return p.local }
func (p posed) RemoteAddr() net.Addr { return p.remote }

// servers answer at ports of 192.0.2.25, asked from 198.51.100.9.
type servers map[uint16]*recorder.Server

func (s servers) dial(ctx context.Context, network, address string) (net.Conn, error) {
	at := netip.MustParseAddrPort(address)
	if s[at.Port()] == nil {
		return nil, errors.New("connection refused")
	}
	var d net.Dialer
	c, err := d.DialContext(ctx, network, s[at.Port()].Address())
	if err != nil {
		return nil, err
	}
	return posed{c, net.TCPAddrFromAddrPort(netip.MustParseAddrPort("198.51.100.9:40000")), net.TCPAddrFromAddrPort(at)}, nil
}

// A tally counts the connections that are open at the same time.
type tally struct{ open, most atomic.Int32 }

func (c *tally) dial(dial func(context.Context, string, string) (net.Conn, error)) func(context.Context, string, string) (net.Conn, error) {
	return func(ctx context.Context, network, address string) (net.Conn, error) {
		conn, err := dial(ctx, network, address)
		if err != nil {
			return nil, err
		}
		if n := c.open.Add(1); n > c.most.Load() {
			c.most.Store(n)
		}
		return &counted{Conn: conn, tally: c}, nil
	}
}

// counted is a connection of a tally.
type counted struct {
	net.Conn
	tally *tally
	once  sync.Once
}

func (c *counted) Close() error {
	c.once.Do(func() { c.tally.open.Add(-1) })
	return c.Conn.Close()
}

type noNames struct{}

func (noNames) LookupNetIP(context.Context, string, string) ([]netip.Addr, error) {
	return nil, errors.New("no such host")
}

// env may ask 192.0.2.25, with real messages to the probe mailbox.
func env(t testing.TB, s servers) Env {
	t.Helper()
	file := filepath.Join(t.TempDir(), "targets.yaml")
	if err := os.WriteFile(file, []byte("format: 1\ntargets:\n  - {address: 192.0.2.25, ports: [25, 465, 587, 995, 110], by: test, until: \"2999-12-31\", deliver: true, probe: relaytest@probe.example}\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	read := func(name string) []byte {
		data, err := os.ReadFile("../../../templates/" + name)
		if err != nil {
			t.Fatal(err)
		}
		return data
	}
	own := []netip.Prefix{netip.MustParsePrefix("192.0.2.25/32")} // so that --fast is allowed
	return Env{Words: read("hygiene.yaml"), Relay: relaytest.Env{Dial: s.dial, Clock: time.Now, Builtin: read("relaytests.yaml"), Wait: 400 * time.Millisecond,
		Account: "taro@example.jp", Probe: "relaytest@probe.example", Sender: "spamtest@f.example", Book: target.Book{Resolver: noNames{}, File: file, Clock: time.Now, Own: own}}}
}

// look asks and returns the report.
func look(t testing.TB, e Env, q Request) Report {
	t.Helper()
	if q.Targets == nil {
		q.Targets = []string{"192.0.2.25:25"}
	}
	q.Fast = true
	r, err := e.Hygiene(t.Context(), q)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// row is the row of a test at a port.
func row(t testing.TB, r Report, id string, port uint16) Test {
	t.Helper()
	for _, row := range r.Facts().Rows {
		if row.ID == id && strings.HasSuffix(row.Listener, fmt.Sprintf(":%d", port)) {
			return row
		}
	}
	t.Fatalf("no row %s at %d", id, port)
	return Test{}
}

// lines are all rows, for messages.
func lines(r Report) string {
	var b strings.Builder
	for _, row := range r.Facts().Rows {
		fmt.Fprintf(&b, "%s %-6s %-8s %s %q %q %s\n", row.Listener, row.ID, row.Verdict, row.Codes, row.Asked, row.Answered, row.Why.EN)
	}
	return b.String()
}

// closed is a server in order: nothing told, nothing relayed, everybody told what to do.
func closed(t testing.TB) *recorder.Server {
	t.Helper()
	tls, err := recorder.SelfSigned("mail.example.jp")
	if err != nil {
		t.Fatal(err)
	}
	return &recorder.Server{TLS: tls, Hello: []string{"SIZE 1000", "STARTTLS"}, Command: func(c *recorder.Client, verb, arg string) string {
		own := strings.HasSuffix(strings.Trim(arg[strings.IndexByte(arg, ':')+1:], "<>"), "@example.jp")
		switch {
		case verb == "VRFY":
			return "252 2.0.0 cannot verify"
		case verb == "MAIL" && (own || strings.Contains(arg, ".invalid>")):
			return "550 5.7.1 not without a login"
		}
		return ""
	}}
}

// submission is one where nothing is taken without a login, and jiro is bound to his address.
func submission(t testing.TB, implicit bool) *recorder.Server {
	t.Helper()
	s := closed(t)
	s.Implicit = implicit
	if implicit {
		s.Hello = nil
	}
	s.Command = func(c *recorder.Client, verb, arg string) string {
		switch {
		case verb == "EHLO" && c.TLS:
			return "250-mail.example.jp\r\n250 AUTH PLAIN LOGIN"
		case verb == "AUTH":
			return ""
		case verb == "MAIL" && !c.TLS:
			return "530 5.7.0 Must issue a STARTTLS command first"
		case verb == "MAIL" && !c.Login:
			return "530 5.7.0 authentication required"
		case verb == "MAIL" && !strings.Contains(arg, "jiro@"):
			return "553 5.7.1 not your address"
		}
		return ""
	}
	s.Auth = func(string) string { return "235 2.7.0 ok" }
	s.Rcpt = func(c *recorder.Client, to string) string {
		return map[bool]string{true: "250 ok"}[c.Login]
	}
	return s
}

func testLogin() (*relay.Login, error) {
	return &relay.Login{User: "jiro@example.jp", Password: "geheim-und-lang"}, nil
}

// proper says what is wrong with the form of a report.
func proper(t *testing.T, r Report) {
	t.Helper()
	for _, row := range r.Facts().Rows {
		if row.Title.EN == "" || row.Title.JA == "" || row.Why.EN == "" || row.Why.JA == "" || len(row.Asked) < len(row.Answered) {
			t.Errorf("%s without words: %+v", row.ID, row)
		}
		if (row.Verdict == "bad" || row.Verdict == "note") != (row.Change.EN != "") && row.ID != "H19" {
			t.Errorf("%s %s: what to change: %q", row.ID, row.Verdict, row.Change.EN)
		}
		if strings.ContainsFunc(fmt.Sprint(row), func(c rune) bool { return c < ' ' || c == 0x7f }) {
			t.Errorf("%s: %q", row.ID, fmt.Sprint(row))
		}
	}
	for _, f := range r.Findings() {
		if f.Text.EN == "" || f.Text.JA == "" || strings.Contains(f.Text.EN+f.Text.JA, "%!") {
			t.Errorf("finding %+v", f)
		}
	}
}

// shown are the verdicts of a port that are not good: "H01 note".
func shown(r Report, port uint16) []string {
	var all []string
	for _, row := range r.Facts().Rows {
		if strings.HasSuffix(row.Listener, fmt.Sprintf(":%d", port)) && row.Verdict != "good" {
			all = append(all, row.ID+" "+row.Verdict)
		}
	}
	return all
}

func has(f []runbook.Finding, text string) bool {
	return slices.ContainsFunc(f, func(f runbook.Finding) bool { return strings.Contains(f.Text.EN, text) })
}
