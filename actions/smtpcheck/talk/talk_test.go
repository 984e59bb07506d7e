package talk

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"net"
	"slices"
	"strings"
	"testing"
	"time"
)

// peer serves one connection with do and returns its address. It is gone when the test ends.
func peer(t *testing.T, do func(c net.Conn, in *bufio.Reader)) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	done := make(chan struct{})
	t.Cleanup(func() { l.Close(); <-done })
	go func() {
		defer close(done)
		c, err := l.Accept()
		if err != nil {
			return
		}
		defer c.Close()
		defer context.AfterFunc(t.Context(), func() { c.Close() })() // a peer that is still busy
		do(c, bufio.NewReader(c))
	}()
	return l.Addr().String()
}

// script answers each line with the next reply; "" answers nothing.
func script(replies ...string) func(net.Conn, *bufio.Reader) {
	return func(c net.Conn, in *bufio.Reader) {
		for _, r := range replies {
			fmt.Fprint(c, r)
			if _, err := in.ReadString('\n'); err != nil {
				return
			}
		}
	}
}

func quick() Config {
	var d net.Dialer
	return Config{Dial: d.DialContext, Wait: 500 * time.Millisecond, Total: 10 * time.Second}
}

func open(t *testing.T, cfg Config, address string) *Conn {
	t.Helper()
	c, err := Open(t.Context(), cfg, address, false)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(c.Close)
	return c
}

func TestConversation(t *testing.T) {
	c := open(t, quick(), peer(t, script("220 mail.example.jp ESMTP\r\n",
		"250-mail.example.jp Hello [192.0.2.9]\r\n250-SIZE 1000\r\n250-auth plain login\r\n250-AUTH=LOGIN\r\n250 STARTTLS\r\n", "250 2.1.0 Ok\r\n", "554 5.7.1 Relay access denied\r\n", "221 bye\r\n")))
	if c.Banner.String() != "220 mail.example.jp ESMTP" || c.Remote().String() != "127.0.0.1" || !c.Local().IsLoopback() {
		t.Errorf("banner %q, remote %s, local %s", c.Banner, c.Remote(), c.Local())
	}
	if _, err := c.Hello("probe.example"); err != nil {
		t.Fatal(err)
	}
	if want := []string{"AUTH", "AUTH=", "SIZE", "STARTTLS"}; !slices.Equal(c.Caps.Names(), want) || c.Caps.Params["AUTH"] != "plain login" || !strings.Contains(c.Caps.Greeting, "192.0.2.9") {
		t.Errorf("caps %+v", c.Caps)
	}
	r, err := c.Cmd("MAIL FROM:<>")
	if err != nil || !r.Good() || r.Enhanced != "2.1.0" {
		t.Errorf("%+v, %v", r, err)
	}
	if r, err = c.Cmd("RCPT TO:<a@b>"); err != nil || !r.Hard() || r.Soft() || r.Code != 554 || r.Enhanced != "5.7.1" || r.Text() != "5.7.1 Relay access denied" {
		t.Errorf("%+v, %v", r, err)
	}
	if _, err := c.Cmd("RCPT TO:<a>\r\nDATA"); !errors.Is(err, ErrLine) || c.Err() != nil {
		t.Errorf("two lines in one: %v", err)
	}
	c.Quit()
	for _, want := range []string{" C: EHLO probe.example\n", " S: 250-SIZE 1000\n", " S: 554 5.7.1 Relay access denied\n", " C: QUIT\n"} {
		if !strings.Contains(c.Log.String(), want) {
			t.Errorf("no %q in\n%s", want, c.Log)
		}
	}
	if strings.Contains(c.Log.String(), "DATA") {
		t.Errorf("a command that was refused stands in the transcript:\n%s", c.Log)
	}
}

func TestHELO(t *testing.T) {
	c := open(t, quick(), peer(t, script("220 x\r\n", "502 what?\r\n", "250 x\r\n")))
	if r, err := c.Hello("probe.example"); err != nil || r.Code != 250 || len(c.Caps.Params) > 0 {
		t.Errorf("%+v, %v, %+v", r, err, c.Caps)
	}
}

// TestUnmarked: E-Post ends every line of its answer to EHLO like the last one. None of them is taken for the answer to what is asked next,
// however late it comes.
func TestUnmarked(t *testing.T) {
	slowly := func(c net.Conn, in *bufio.Reader) {
		for _, r := range [][]string{{"220 mail.example.jp"}, {"250 mail.example.jp Hello [192.0.2.9], pleased to meet you", "250 SIZE 1000", "250 AUTH PLAIN LOGIN"}, {"214 2.0.0 Help message."}, {"554 5.7.1 no"}} {
			for _, line := range r {
				fmt.Fprint(c, line+"\r\n")
				time.Sleep(100 * time.Millisecond)
			}
			if _, err := in.ReadString('\n'); err != nil {
				return
			}
		}
	}
	cfg := quick()
	cfg.Wait = 2 * time.Second
	c := open(t, cfg, peer(t, slowly))
	if r, err := c.Hello("probe.example"); err != nil || !r.Good() || c.Caps.Params["AUTH"] != "PLAIN LOGIN" || !c.Caps.Has("SIZE") || !strings.Contains(c.Caps.Greeting, "192.0.2.9") {
		t.Errorf("%+v, %v, %+v", r, err, c.Caps)
	}
	if r, err := c.Cmd("MAIL FROM:<>"); err != nil || r.Code != 554 {
		t.Errorf("MAIL: %+v, %v", r, err)
	}
	gone := open(t, quick(), peer(t, script("220 mail.example.jp E-POST ESMTP Receiver\r\n", "250 mail.example.jp\r\n250 SIZE 1\r\n", "421 too busy\r\n")))
	if r, err := gone.Hello("probe.example"); err != nil || r.Code != 421 {
		t.Errorf("hung up: %+v, %v", r, err)
	}
	endless := open(t, quick(), peer(t, script("220 x\r\n", "250 x\r\n"+strings.Repeat("250 SIZE 1\r\n", 200), "")))
	if _, err := endless.Hello("probe.example"); !errors.Is(err, ErrBroken) {
		t.Errorf("without an end: %v", err)
	}
}

// TestHostile: no peer hangs the conversation, makes it read without end, or has what it says taken for what it is not.
func TestHostile(t *testing.T) {
	slow := func(c net.Conn, _ *bufio.Reader) {
		for _, b := range []byte("220 a banner of one byte each, which never comes to an end") {
			if _, err := c.Write([]byte{b}); err != nil {
				return
			}
			time.Sleep(100 * time.Millisecond)
		}
	}
	endless := func(c net.Conn, _ *bufio.Reader) {
		for range 10 << 10 {
			if _, err := c.Write([]byte(strings.Repeat("x", 1<<10))); err != nil {
				return
			}
		}
	}
	for _, tc := range []struct {
		name string
		do   func(net.Conn, *bufio.Reader)
		want error
	}{
		{"a byte at a time", slow, ErrTimeout},
		{"silence", func(_ net.Conn, in *bufio.Reader) { in.ReadByte() }, ErrTimeout},
		{"ten megabytes and no line", endless, ErrBroken},
		{"999 lines", script(strings.Repeat("220-more\r\n", 999) + "220 end\r\n"), ErrBroken},
		{"early close", func(c net.Conn, _ *bufio.Reader) { c.Write([]byte("220-half")) }, ErrClosed},
		{"close at once", func(net.Conn, *bufio.Reader) {}, ErrClosed},
		{"TLS garbage", script("\x15\x03\x01\x00\x02\x02\x28\n"), ErrBroken},
		{"HTTP", script("HTTP/1.1 200 OK\r\n\r\n"), ErrBroken},
		{"two codes", script("220-a\r\n550 b\r\n"), ErrBroken},
		{"four digits", script("2200 a\r\n"), ErrBroken},
		{"six", script("620 a\r\n"), ErrBroken},
		{"a null before the code", script("\x00220 a\r\n"), ErrBroken},
	} {
		t.Run(tc.name, func(t *testing.T) {
			began := time.Now()
			c, err := Open(t.Context(), quick(), peer(t, tc.do), false)
			if !errors.Is(err, tc.want) || c.Err() != err {
				t.Errorf("%v, want %v", err, tc.want)
			}
			for _, other := range []error{ErrConnect, ErrTimeout, ErrClosed, ErrBroken, ErrTLS} {
				if other != tc.want && errors.Is(err, other) {
					t.Errorf("%v is %v as well", err, other)
				}
			}
			if took := time.Since(began); took > 2*time.Second {
				t.Errorf("it took %s", took)
			}
			if _, err := c.Cmd("NOOP"); err != c.Err() {
				t.Errorf("it goes on: %v", err)
			}
			for _, e := range c.Log.Entries {
				if len(e.Text) > MaxLine || strings.ContainsFunc(e.Text, func(r rune) bool { return r < ' ' }) {
					t.Errorf("in the transcript: %.80q", e.Text)
				}
			}
		})
	}
}

func TestNobodyListens(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	l.Close()
	if _, err := Open(t.Context(), quick(), l.Addr().String(), false); !errors.Is(err, ErrConnect) {
		t.Errorf("%v", err)
	}
	hangs := Config{Wait: 50 * time.Millisecond, Dial: func(ctx context.Context, _, _ string) (net.Conn, error) { <-ctx.Done(); return nil, ctx.Err() }}
	if _, err := Open(t.Context(), hangs, "192.0.2.1:25", false); !errors.Is(err, ErrTimeout) || errors.Is(err, ErrConnect) {
		t.Errorf("%v", err)
	}
}

// TestEarly: what came before the command is never taken for its answer.
func TestEarly(t *testing.T) {
	for reply, want := range map[string]error{"250 ok\r\n550 no\r\n": ErrBroken, "250 ok\r\n421 busy\r\n": nil} {
		c := open(t, quick(), peer(t, script("220 x\r\n", reply, "250 the real one\r\n")))
		if r, err := c.Cmd("RSET"); err != nil || r.Code != 250 {
			t.Fatalf("%v, %v", r, err)
		}
		r, err := c.Cmd("RCPT TO:<a@b>")
		if !errors.Is(err, want) || want == nil && r.Code != 421 || want != nil && r.Code != 0 {
			t.Errorf("after %q: %v, %v", reply, r, err)
		}
	}
}

func TestEscapes(t *testing.T) {
	c := open(t, quick(), peer(t, script("220 \x1b[2J\u202eevil\rx\xff\r\n")))
	if got := c.Banner.Text(); got != "?[2J?evil?x?" || strings.Contains(c.Log.String(), "\x1b") {
		t.Errorf("%q", got)
	}
}

func TestContextEnds(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	cfg := quick()
	cfg.Wait = time.Minute
	c, err := Open(ctx, cfg, peer(t, script("220 x\r\n", "", "")), false)
	if err != nil {
		t.Fatal(err)
	}
	time.AfterFunc(50*time.Millisecond, cancel)
	if _, err := c.Cmd("NOOP"); !errors.Is(err, context.Canceled) || errors.Is(err, ErrTimeout) {
		t.Errorf("%v", err)
	}
}

func TestTotal(t *testing.T) {
	cfg := quick()
	cfg.Wait, cfg.Total = time.Minute, 100*time.Millisecond
	c := open(t, cfg, peer(t, script("220 x\r\n", "", "")))
	began := time.Now()
	if _, err := c.Cmd("NOOP"); !errors.Is(err, ErrTimeout) || time.Since(began) > 5*time.Second {
		t.Errorf("%v after %s", err, time.Since(began))
	}
}
