package hygiene

import (
	"context"
	"crypto/tls"
	"encoding/base64"
	"encoding/binary"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"hikeshi/actions/smtpcheck/recorder"
	"hikeshi/runbook"
)

// TestBrake: a brake on whoever tries recipients is seen in each of its forms, within 20 tries.
func TestBrake(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		answer func(n int) string // to the nth unknown recipient in a row
		want   string
		why    string
		tried  int64
	}{
		"none":              {func(int) string { return "" }, "note", "no brake was seen within 20 unknown recipients", 20},
		"421":               {func(n int) string { return map[bool]string{true: "421 4.7.0 too many"}[n > 10] }, "good", "hung up after 10", 11},
		"hangs up":          {func(n int) string { return map[bool]string{true: "close"}[n > 5] }, "good", "hung up after 5", 6},
		"hangs up at once":  {func(int) string { return "close" }, "unknown", "the connection ended", 1},
		"throttles":         {func(n int) string { return map[bool]string{true: "450 4.7.1 slow down"}[n > 7] }, "good", "throttled after", 8},
		"slows down":        {func(n int) string { time.Sleep(time.Duration(max(0, n-4)) * 900 * time.Millisecond); return "" }, "good", "slowed down after", 5},
		"no answer in time": {func(n int) string { return map[bool]string{true: "hang"}[n > 5] }, "unknown", "no answer to RCPT in time", 6},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := closed(t)
			var tried atomic.Int64
			s.Rcpt = func(c *recorder.Client, to string) string {
				if !strings.HasPrefix(to, "nosuch-") || c.Commands < 5 {
					return ""
				}
				n := tried.Add(1)
				if n > 20 {
					t.Error("more than 20")
				}
				return tc.answer(int(n))
			}
			s.Rcpt = whenAlone(s.Rcpt)
			e := env(t, servers{25: start(t, s)})
			e.Relay.Wait = 2 * time.Second
			got := row(t, look(t, e, Request{}), "H05", 25)
			if got.Verdict != tc.want || !strings.Contains(got.Why.EN, tc.why) || tried.Load() != tc.tried {
				t.Errorf("%s after %d: %s", got.Verdict, tried.Load(), got.Why.EN)
			}
		})
	}
}

// whenAlone leaves out the recipients of other tests: the first unknown one of a conversation that has not named a known one before it.
func whenAlone(answer func(*recorder.Client, string) string) func(*recorder.Client, string) string {
	return func(c *recorder.Client, to string) string {
		if strings.HasPrefix(to, "nosuch-") && !slices.Contains(c.To, "taro@example.jp") {
			return ""
		}
		return answer(c, to)
	}
}

// TestInjection: a server that carries out inside TLS what came in clear is found, at once or late.
func TestInjection(t *testing.T) {
	t.Parallel()
	config, err := recorder.SelfSigned("mail.example.jp")
	if err != nil {
		t.Fatal(err)
	}
	for name, tc := range map[string]struct {
		late time.Duration // of the answer that nobody asked for; 0: there is none
		want string
	}{"mended": {0, "good"}, "at once": {time.Millisecond, "bad"}, "late": {2 * time.Second, "bad"}} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			e := env(t, nil)
			e.Relay.Wait = 4 * time.Second
			e.Relay.Dial = peer(t, func(c net.Conn) { vulnerable(c, config, tc.late) })
			got := row(t, look(t, e, Request{}), "H08", 25)
			if got.Verdict != tc.want {
				t.Errorf("%s: %q %q %s", got.Verdict, got.Asked, got.Answered, got.Why.EN)
			}
		})
	}
}

// vulnerable is a server over a connection that may keep what came behind STARTTLS.
func vulnerable(c net.Conn, config *tls.Config, late time.Duration) {
	buf := make([]byte, 4096)
	c.Write([]byte("220 mail.example.jp ESMTP\r\n"))
	for {
		n, err := c.Read(buf)
		switch text := string(buf[:n]); {
		case err != nil:
			return
		case strings.HasPrefix(text, "EHLO"):
			c.Write([]byte("250-mail.example.jp\r\n250 STARTTLS\r\n"))
		case strings.HasPrefix(text, "STARTTLS"):
			c.Write([]byte("220 go\r\n"))
			s := tls.Server(c, config)
			if s.Handshake() != nil {
				return
			}
			if late > 0 && strings.Contains(text, "NOOP") {
				go func() { time.Sleep(late); s.Write([]byte("250 2.0.0 injected\r\n")) }()
			}
			c = s
		case strings.HasPrefix(text, "QUIT"):
			return
		default:
			c.Write([]byte("550 5.7.1 no\r\n"))
		}
	}
}

// challenge is one of NTLM that names a machine.
func challenge() string {
	b := append([]byte("NTLMSSP\x00"), 2, 0, 0, 0, 8, 0, 8, 0, 56, 0, 0, 0)
	b = binary.LittleEndian.AppendUint32(b, 0x02000001)
	b = append(b, make([]byte, 24)...)
	b = append(b, 10, 0, 0x63, 0x45, 0, 0, 0, 15)
	return base64.StdEncoding.EncodeToString(append(b, 'C', 0, 'O', 0, 'R', 0, 'P', 0))
}

func TestNTLM(t *testing.T) {
	t.Parallel()
	s, broken := closed(t), false
	s.Hello = []string{"AUTH NTLM PLAIN"}
	s.Command = func(c *recorder.Client, verb, _ string) string {
		switch {
		case verb == "AUTH":
			return "334 "
		case strings.HasPrefix(verb, "TLRM"):
			return "334 " + challenge()
		case verb == "*":
			broken = true
			return "501 5.0.0 cancelled"
		}
		return ""
	}
	r := look(t, env(t, servers{25: start(t, s)}), Request{})
	if got := row(t, r, "H11", 25); got.Verdict != "bad" || got.Codes != "CORP, build 10.0.17763" || !broken {
		t.Errorf("%+v, broken off: %v", got, broken)
	}
	if got := row(t, r, "H10", 25); got.Verdict != "bad" {
		t.Errorf("%+v", got)
	}
}

// TestLoginAtAPort: a login where servers deliver is told with the port it is offered at.
func TestLoginAtAPort(t *testing.T) {
	t.Parallel()
	s := closed(t)
	s.Hello = []string{"STARTTLS", "AUTH PLAIN"}
	r := look(t, env(t, servers{110: start(t, s)}), Request{Targets: []string{"192.0.2.25:110"}})
	if got := row(t, r, "H12", 110); got.Verdict != "bad" || !strings.Contains(got.Why.EN, "port 110") || !strings.Contains(got.Why.JA, "110 番") || strings.Contains(got.Title.EN+got.Title.JA, "25") {
		t.Errorf("%+v", got)
	}
}

// TestLogins: with a test account, a sender that is not bound to it and POP before SMTP are found.
func TestLogins(t *testing.T) {
	t.Parallel()
	loose := submission(t, false)
	bound := loose.Command
	loose.Command = func(c *recorder.Client, verb, arg string) string {
		if verb == "MAIL" && c.Login {
			return ""
		}
		return bound(c, verb, arg)
	}
	sub := start(t, submission(t, false))
	var popped atomic.Bool
	mx := closed(t)
	mx.Rcpt = func(c *recorder.Client, to string) string {
		return map[bool]string{true: "250 ok"}[popped.Load() && to == "relaytest@probe.example"]
	}
	for name, s := range map[string]*recorder.Server{"good": sub, "bad": start(t, loose)} {
		e := env(t, servers{587: s})
		e.Relay.Login = testLogin
		r := look(t, e, Request{Targets: []string{"192.0.2.25:587"}})
		if got := row(t, r, "H15", 587); got.Verdict != name {
			t.Errorf("H15: %+v", got)
		}
		if strings.Contains(r.Transcript()+lines(r), "geheim") {
			t.Error("the password is told")
		}
	}
	all := servers{25: start(t, mx)}
	e := env(t, all)
	e.Relay.Login = testLogin
	if got := row(t, look(t, e, Request{POP: true}), "H18", 25); got.Verdict != "unknown" || !strings.Contains(got.Why.EN, "no POP login") {
		t.Errorf("H18: %+v", got)
	}
	if got := row(t, look(t, e, Request{}), "H18", 25); got.Verdict != "not-run" {
		t.Errorf("H18: %+v", got)
	}
	e.Relay.Dial = func(ctx context.Context, network, address string) (net.Conn, error) {
		if !strings.HasSuffix(address, ":995") {
			return all.dial(ctx, network, address)
		}
		ours, theirs := net.Pipe()
		go mailbox(tls.Server(theirs, mx.TLS), func() { popped.Store(true) })
		return ours, nil
	}
	if got := row(t, look(t, e, Request{POP: true}), "H18", 25); got.Verdict != "bad" || !popped.Load() {
		t.Errorf("H18: %+v", got)
	}
}

// mailbox is a POP3 server that takes every login.
func mailbox(c net.Conn, in func()) {
	defer c.Close()
	c.SetDeadline(time.Now().Add(10 * time.Second))
	buf := make([]byte, 512)
	fmt.Fprint(c, "+OK\r\n")
	for {
		n, err := c.Read(buf)
		if err != nil {
			return
		}
		if strings.HasPrefix(string(buf[:n]), "PASS") {
			in()
		}
		fmt.Fprint(c, "+OK\r\n")
	}
}

// TestSubmission: without a login nothing may be taken.
func TestSubmission(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct{ reply, want string }{"open": {"250 ok", "bad"}, "a login is wanted": {"530 5.7.0 log in", "good"}, "another reason": {"554 5.7.1 blocked", "note"}, "later": {"450 4.2.0 later", "unknown"}} {
		s := closed(t)
		s.Rcpt = func(*recorder.Client, string) string { return tc.reply }
		r := look(t, env(t, servers{587: start(t, s)}), Request{Targets: []string{"192.0.2.25:587"}})
		if got := row(t, r, "H17", 587); got.Verdict != tc.want {
			t.Errorf("%s: %s %s", name, got.Verdict, got.Why.EN)
		}
	}
}

// TestSmuggling: a false end of a message is found; the message goes to the probe mailbox alone, and nothing goes out without the leave.
func TestSmuggling(t *testing.T) {
	t.Parallel()
	lenient := func(t *testing.T, strict bool) *recorder.Server {
		s := submission(t, false)
		s.Command = func(c *recorder.Client, verb, arg string) string {
			switch {
			case verb == "EHLO" && c.TLS:
				return "250-mail.example.jp\r\n250 AUTH PLAIN LOGIN"
			case verb == "MAIL" && !c.Login:
				return "530 5.7.0 log in"
			case verb == "DATA" && strict:
				return "554 5.5.0 no messages today"
			}
			return ""
		}
		return start(t, s)
	}
	s := lenient(t, false) // the recorder takes any line of a dot for the end
	e := env(t, servers{587: s})
	e.Relay.Login = testLogin
	q := Request{Targets: []string{"192.0.2.25:587"}, Deliver: true, RunID: "20261121-0312"}
	r := look(t, e, q)
	if got := row(t, r, "H21", 587); got.Verdict != "bad" || !strings.Contains(got.Why.EN, "LF.LF") || len(s.Messages()) != 1 || !strings.Contains(s.Messages()[0], "X-Hikeshi-Probe: 20261121-0312") {
		t.Errorf("%+v\n%q", got, s.Messages())
	}
	for _, line := range s.Said() {
		if strings.HasPrefix(line, "RCPT TO:") && line != "RCPT TO:<relaytest@probe.example>" && line != "RCPT TO:<taro@example.jp>" {
			t.Errorf("said %s", line)
		}
	}
	s = lenient(t, true)
	e = env(t, servers{587: s})
	e.Relay.Login = testLogin
	if got := row(t, look(t, e, q), "H21", 587); got.Verdict != "unknown" || len(s.Messages()) > 0 {
		t.Errorf("%+v", got)
	}
	s = lenient(t, false)
	e = env(t, servers{587: s})
	e.Relay.Login = testLogin
	q.Deliver = false
	if got := row(t, look(t, e, q), "H21", 587); got.Verdict != "not-run" || slices.Contains(s.Said(), "DATA") {
		t.Errorf("%+v", got)
	}
	q.Deliver, q.Probe = true, "other@probe.example"
	if _, err := e.Hygiene(t.Context(), q); !errors.Is(err, runbook.ErrInput) {
		t.Errorf("another mailbox: %v", err)
	}
}

// strictEnd is a server that takes CRLF.CRLF alone as the end of a message.
func strictEnd(c net.Conn) {
	c.Write([]byte("220 mail.example.jp ESMTP\r\n"))
	buf, data, text := make([]byte, 64<<10), false, ""
	for {
		n, err := c.Read(buf)
		if err != nil {
			return
		}
		text += string(buf[:n])
		switch {
		case data && !strings.HasSuffix(text, "\r\n.\r\n"):
			continue
		case data:
			c.Write([]byte("250 2.0.0 queued\r\n"))
			data = false
		case strings.HasPrefix(text, "DATA"):
			c.Write([]byte("354 go\r\n"))
			data = true
		default:
			c.Write([]byte("250 2.0.0 ok\r\n"))
		}
		text = ""
	}
}

func TestStrictEnd(t *testing.T) {
	t.Parallel()
	e := env(t, nil)
	e.Relay.Dial = peer(t, strictEnd)
	if got := row(t, look(t, e, Request{Deliver: true}), "H21", 25); got.Verdict != "good" || got.Codes != "250 2.0.0 250 2.0.0 250 2.0.0" {
		t.Errorf("%+v", got)
	}
}

// dns is a resolver that knows some names.
type dns struct {
	ptr     []string
	ptrErr  error
	forward map[string]string
}

func (d dns) LookupAddr(context.Context, string) ([]string, error) { return d.ptr, d.ptrErr }

func (d dns) LookupNetIP(_ context.Context, _, host string) ([]netip.Addr, error) {
	switch a := d.forward[host]; a {
	case "":
		return nil, &net.DNSError{Err: "no such host", IsNotFound: true}
	case "broken":
		return nil, &net.DNSError{Err: "server misbehaving", IsTemporary: true}
	default:
		return []netip.Addr{netip.MustParseAddr(a)}, nil
	}
}

func TestNames(t *testing.T) {
	t.Parallel()
	missing := &net.DNSError{Err: "no such host", IsNotFound: true}
	for name, tc := range map[string]struct {
		dns  dns
		want string
	}{
		"in order":       {dns{[]string{"mail.example.jp."}, nil, map[string]string{"mail.example.jp": "192.0.2.25"}}, "good"},
		"no PTR":         {dns{nil, missing, nil}, "bad"},
		"PTR elsewhere":  {dns{[]string{"mail.example.jp."}, nil, map[string]string{"mail.example.jp": "192.0.2.99"}}, "bad"},
		"PTR of nothing": {dns{[]string{"host25.example.net."}, nil, nil}, "bad"},
		"another name":   {dns{[]string{"host25.example.net."}, nil, map[string]string{"host25.example.net": "192.0.2.25", "mail.example.jp": "192.0.2.25"}}, "note"},
		"a false name":   {dns{[]string{"host25.example.net."}, nil, map[string]string{"host25.example.net": "192.0.2.25"}}, "bad"},
		"no answer":      {dns{nil, &net.DNSError{Err: "timeout", IsTimeout: true}, nil}, "unknown"},
		"half an answer": {dns{[]string{"mail.example.jp."}, nil, map[string]string{"mail.example.jp": "broken"}}, "unknown"},
		"hostile":        {dns{[]string{"\x1b[2J.", "a b", strings.Repeat("x.", 500)}, nil, nil}, "bad"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			e := env(t, servers{25: start(t, closed(t))})
			e.Names = tc.dns
			r := look(t, e, Request{})
			proper(t, r)
			if got := row(t, r, "H22", 25); got.Verdict != tc.want {
				t.Errorf("%s: %q %s", got.Verdict, got.Answered, got.Why.EN)
			}
		})
	}
}

// TestWithout: what a tester does not tell makes tests unknown, never good.
func TestWithout(t *testing.T) {
	t.Parallel()
	e := env(t, servers{25: start(t, closed(t))})
	e.Relay.Account = ""
	r := look(t, e, Request{})
	proper(t, r)
	if got := shown(r, 25); !slices.Equal(got, []string{"H05 unknown", "H07 note", "H13 unknown", "H14 unknown", "H15 unknown", "H16 unknown", "H18 not-run", "H19 not-run", "H20 unknown", "H21 not-run", "H22 not-run", "RFC06 unknown", "RFC10 unknown"}) {
		t.Errorf("%v", got)
	}
	r = look(t, e, Request{Domain: "example.jp"})
	if got := shown(r, 25); !slices.Contains(got, "H13 unknown") || !slices.Contains(got, "H14 unknown") || slices.Contains(got, "H20 unknown") || slices.Contains(got, "H03 unknown") {
		t.Errorf("with a domain: %v", got)
	}
	s := closed(t) // a control that fails: no refusal proves anything
	s.Hosted = []string{"nobody@example.jp"}
	r = look(t, env(t, servers{25: start(t, s)}), Request{})
	for _, id := range []string{"H05", "H13", "H14", "H16", "H20", "RFC06", "RFC10"} {
		if got := row(t, r, id, 25); got.Verdict != "unknown" {
			t.Errorf("%s is %s, though the control failed: %s", id, got.Verdict, got.Why.EN)
		}
	}
}

// TestTLSFirst: a server that wants TLS first is asked inside it.
func TestTLSFirst(t *testing.T) {
	t.Parallel()
	s := closed(t)
	in := s.Command
	s.Command = func(c *recorder.Client, verb, arg string) string {
		if !c.TLS && !slices.Contains([]string{"EHLO", "STARTTLS", "QUIT", "NOOP"}, verb) {
			return "530 5.7.0 Must issue a STARTTLS command first"
		}
		return in(c, verb, arg)
	}
	if got := shown(look(t, env(t, servers{25: start(t, s)}), Request{}), 25); !slices.Equal(got, []string{"H05 note", "H07 note", "H15 not-run", "H18 not-run", "H19 not-run", "H21 not-run", "H22 not-run"}) {
		t.Errorf("%v", got)
	}
}

// TestCertificates: an old version, a name that does not fit and a time that is over.
func TestCertificates(t *testing.T) {
	t.Parallel()
	other, err := recorder.SelfSigned("other.example.net")
	if err != nil {
		t.Fatal(err)
	}
	for name, tc := range map[string]struct {
		port   uint16
		config func(*tls.Config) *tls.Config
		clock  time.Duration
		want   string
		codes  string
	}{
		"in order":             {25, nil, 0, "note", "TLS 1.3"},
		"another name":         {25, func(*tls.Config) *tls.Config { return other }, 0, "note", "TLS 1.3"},
		"another name, for us": {587, func(*tls.Config) *tls.Config { return other }, 0, "bad", "TLS 1.3"},
		"over":                 {25, nil, 48 * time.Hour, "bad", "TLS 1.3"},
		"not yet":              {25, nil, -48 * time.Hour, "bad", "TLS 1.3"},
		"old versions too":     {25, func(c *tls.Config) *tls.Config { c = c.Clone(); c.MinVersion = tls.VersionTLS10; return c }, 0, "note", "TLS 1.3, TLS 1.1 or older too"},
		"nothing but the oldest": {25, func(c *tls.Config) *tls.Config {
			c = c.Clone()
			c.MinVersion, c.MaxVersion = tls.VersionTLS10, tls.VersionTLS10
			return c
		}, 0, "bad", "TLS 1.0, TLS 1.1 or older too"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := closed(t)
			if tc.config != nil {
				s.TLS = tc.config(s.TLS)
			}
			e := env(t, servers{tc.port: start(t, s)})
			e.Relay.Clock = func() time.Time { return time.Now().Add(tc.clock) }
			e.Relay.Book.Clock = time.Now
			r := look(t, e, Request{Targets: []string{netip.AddrPortFrom(netip.MustParseAddr("192.0.2.25"), tc.port).String()}})
			if got := row(t, r, "H07", tc.port); got.Verdict != tc.want || got.Codes != tc.codes {
				t.Errorf("%s %q: %s", got.Verdict, got.Codes, got.Why.EN)
			}
		})
	}
}

// TestBareExpansion: 250 to EXPN that names nobody, and is said for every name, is a note as it is for VRFY; said for known names only it is bad.
func TestBareExpansion(t *testing.T) {
	for name, tc := range map[string]struct {
		says func(arg string) bool
		want string
	}{
		"every name":      {func(string) bool { return true }, "H04 note"},
		"postmaster only": {func(arg string) bool { return arg == "postmaster" }, "H04 note"},
		"known names":     {func(arg string) bool { return arg == "postmaster" || known(arg) }, "H04 bad"},
	} {
		s := closed(t)
		instead(s, "EXPN", func(arg string) string { return map[bool]string{true: "250 ok", false: "550 5.1.1 no"}[tc.says(arg)] })
		if got := shown(look(t, env(t, servers{25: start(t, s)}), Request{}), 25); !slices.Contains(got, tc.want) {
			t.Errorf("%s: want %s: %q", name, tc.want, got)
		}
	}
}
