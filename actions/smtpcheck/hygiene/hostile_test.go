package hygiene

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"net"
	"net/netip"
	"strings"
	"testing"
	"time"
)

// peer answers every connection by serve.
func peer(t *testing.T, serve func(net.Conn)) func(context.Context, string, string) (net.Conn, error) {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { l.Close() })
	go func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			go func() {
				defer c.Close()
				c.SetDeadline(time.Now().Add(time.Minute))
				serve(c)
			}()
		}
	}()
	return func(ctx context.Context, network, address string) (net.Conn, error) {
		var d net.Dialer
		c, err := d.DialContext(ctx, network, l.Addr().String())
		if err != nil {
			return nil, err
		}
		return posed{c, net.TCPAddrFromAddrPort(netip.MustParseAddrPort("198.51.100.9:40000")), net.TCPAddrFromAddrPort(netip.MustParseAddrPort(address))}, nil
	}
}

// after says the greeting and answers EHLO, and then answers everything else by answer; "" hangs up.
func after(answer func(line string) string) func(net.Conn) {
	return func(c net.Conn) {
		fmt.Fprint(c, "220 mail.example.jp ESMTP\r\n")
		in := bufio.NewReader(c)
		for {
			line, err := in.ReadString('\n')
			if err != nil {
				return
			}
			reply := "250-mail.example.jp\r\n250 STARTTLS\r\n"
			if !strings.HasPrefix(line, "EHLO") {
				reply = answer(strings.TrimSpace(line))
			}
			if reply == "" {
				return
			}
			if _, err := io.WriteString(c, reply); err != nil {
				return
			}
		}
	}
}

func slowly(c net.Conn, text string, each time.Duration) {
	for i := range len(text) {
		if _, err := c.Write([]byte{text[i]}); err != nil {
			return
		}
		time.Sleep(each)
	}
	io.Copy(io.Discard, c)
}

// TestHostile: whatever answers, nothing hangs or breaks, and no verdict is good that no answer has earned.
func TestHostile(t *testing.T) {
	t.Parallel()
	always := func(reply string) func(net.Conn) { return after(func(string) string { return reply }) }
	for name, tc := range map[string]struct {
		serve func(net.Conn)
		good  string // ids that may be good
	}{
		"nothing":              {func(c net.Conn) { io.Copy(io.Discard, c) }, ""},
		"a byte at a time":     {func(c net.Conn) { slowly(c, strings.Repeat("2", 100), 100*time.Millisecond) }, ""},
		"10 MB without an end": {func(c net.Conn) { c.Write([]byte("220 " + strings.Repeat("x", 10<<20))) }, ""},
		"999 lines":            {func(c net.Conn) { io.WriteString(c, strings.Repeat("220-x\r\n", 999)+"220 x\r\n") }, ""},
		"closed at once":       {func(net.Conn) {}, ""},
		"no SMTP":              {func(c net.Conn) { io.WriteString(c, "SSH-2.0-OpenSSH_9.2\r\n") }, ""},
		"TLS at once":          {func(c net.Conn) { c.Write([]byte("\x16\x03\x01\x02\x00\x01\x00")) }, ""},
		"refused":              {func(c net.Conn) { io.WriteString(c, "554 5.7.1 go away\r\n") }, ""},
		"busy":                 {func(c net.Conn) { io.WriteString(c, "421 4.7.0 too busy\r\n") }, ""},

		"closed after EHLO":    {always(""), "H01 H09"},
		"421 to everything":    {always("421 4.7.0 enough\r\n"), "H01"},
		"silence after EHLO":   {after(func(string) string { time.Sleep(20 * time.Second); return "" }), "H01"},
		"354 to everything":    {always("354 go on\r\n"), "H01 H09"},
		"4xx to everything":    {always("450 4.2.0 later\r\n"), "H01 H07 H08 H09"},
		"two codes":            {always("250-ok\r\n550 no\r\n"), "H01 H09"},
		"two answers":          {always("550 no\r\n550 no\r\n"), "H01 H02 H06 H08 H09"},
		"999 lines after EHLO": {always(strings.Repeat("250-x\r\n", 999) + "250 x\r\n"), "H01 H09"},
		"escapes":              {always("550 \x1b[2J\x1b]0;x\x07\x00\r\n"), "H01 H02 H04 H06 H08 H09"},
		"garbage for TLS": {after(func(line string) string {
			return map[bool]string{true: "220 go\r\n", false: "garbage\r\n"}[line == "STARTTLS"]
		}), "H01 H09"},
		"250 to everything":     {always("250 2.0.0 ok\r\n"), "H01 H02 H09 H05 RFC06"},
		"random for every name": {after(func(line string) string { return fmt.Sprintf("250 2.0.0 %d %s\r\n", time.Now().UnixNano(), line) }), "H01 H02 H09 H05 RFC06"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			e := env(t, nil)
			e.Relay.Dial, e.Relay.Wait = peer(t, tc.serve), 400*time.Millisecond
			began := time.Now()
			r := look(t, e, Request{})
			if took := time.Since(began); took > 20*time.Second {
				t.Errorf("it took %s", took)
			}
			proper(t, r)
			for _, row := range r.Facts().Rows {
				if row.Verdict == "good" && !strings.Contains(" "+tc.good+" ", " "+row.ID+" ") {
					t.Errorf("%s is good: %q %q %s", row.ID, row.Asked, row.Answered, row.Why.EN)
				}
			}
			if f := r.Facts(); f.State == Good || tc.good == "" && (f.State != Unknown || len(f.Bad) > 0) {
				t.Errorf("state %s, bad %v\n%s", f.State, f.Bad, lines(r))
			}
			if strings.ContainsAny(r.Transcript(), "\x1b\x07\x00") {
				t.Error("control characters in the transcript")
			}
		})
	}
}
