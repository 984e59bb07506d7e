package imap

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"net"
	"strings"
	"testing"
	"time"

	"hikeshi/actions/smtpcheck/talk"
)

// script is a server that answers each command by its name, "*" being any; TAG stands for the tag. What it does not know it answers with OK.
func script(t testing.TB, greeting string, answers map[string]string) Place {
	t.Helper()
	p := Place{Host: "localhost", Port: "143", User: "probe", Password: "geheim", Folder: "INBOX", Clock: time.Now}
	p.Dial = func(context.Context, string, string) (net.Conn, error) {
		l, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			return nil, err
		}
		go func() {
			c, err := l.Accept()
			l.Close()
			if err != nil {
				return
			}
			defer c.Close()
			io.WriteString(c, greeting)
			for in := bufio.NewScanner(c); in.Scan(); {
				tag, rest, _ := strings.Cut(in.Text(), " ")
				name, _, _ := strings.Cut(rest, " ")
				if name == "UID" {
					name, _, _ = strings.Cut(strings.TrimPrefix(rest, "UID "), " ")
				}
				answer, ok := answers[name]
				if !ok {
					answer, ok = answers["*"]
				}
				if !ok {
					answer = "TAG OK\r\n"
				}
				if answer == "close" {
					return
				}
				if _, err := io.WriteString(c, strings.ReplaceAll(answer, "TAG", tag)); err != nil {
					return
				}
			}
		}()
		var d net.Dialer
		return d.Dial("tcp", l.Addr().String())
	}
	return p
}

const (
	caps    = "* CAPABILITY IMAP4rev1\r\nTAG OK\r\n"
	opened  = "* 1 EXISTS\r\n* OK [UIDVALIDITY 7] x\r\n* OK [UIDNEXT 10] x\r\nTAG OK [READ-ONLY]\r\n"
	found   = "* SEARCH 10 9 4294967295 x\r\nTAG OK\r\n"
	cookie  = "hikeshi-0123456789abcdef0123456789abcdef"
	message = "X-Hikeshi-Cookie: " + cookie + "\r\n\r\nx\r\n"
)

func numbers(from, below int) string {
	var b strings.Builder
	for ; from < below; from++ {
		fmt.Fprintf(&b, " %d", from)
	}
	return b.String()
}

func fetched(item string) string {
	return fmt.Sprintf("* 1 FETCH (%s BODY[]<0> {%d}\r\n%s)\r\nTAG OK\r\n", item, len(message), message)
}

// TestHostile: whatever a server says ends in time, as an error or as what it is. Nothing but a fetched message is an arrival.
func TestHostile(t *testing.T) {
	for name, c := range map[string]struct {
		answers map[string]string
		want    string // of the error; "" none
		arrived int
	}{
		"an honest one":            {map[string]string{"FETCH": fetched("UID 10")}, "", 1},
		"UID behind the literal":   {map[string]string{"FETCH": strings.Replace(strings.Replace(fetched("X"), "(X ", "(", 1), message+")", message+" UID 10)", 1)}, "", 1},
		"another message":          {map[string]string{"FETCH": fetched("UID 9")}, "", 0},
		"a cookie in the OK":       {map[string]string{"FETCH": "* OK " + cookie + "\r\nTAG OK " + cookie + "\r\n"}, "", 0},
		"a cookie in the search":   {map[string]string{"SEARCH": "* SEARCH " + cookie + "\r\nTAG OK\r\n"}, "", 0},
		"OK without a result":      {map[string]string{"SEARCH": "TAG OK\r\n"}, "not what it has found", 0},
		"nothing found":            {map[string]string{"SEARCH": "* SEARCH\r\nTAG OK\r\n"}, "", 0},
		"a repeated password":      {map[string]string{"NOOP": "TAG NO not with geheim, nor AHByb2JlAGdlaGVpbQ==\r\n"}, "not with [redacted], nor [redacted]", 0},
		"the same in a BYE":        {map[string]string{"NOOP": "* BYE geheim\r\n"}, "BYE [redacted]", 0},
		"too many messages":        {map[string]string{"SEARCH": "* SEARCH" + numbers(10, 2*maxNew+10) + "\r\nTAG OK\r\n", "FETCH": "TAG OK\r\n"}, "more than can be read", 0},
		"NO":                       {map[string]string{"SEARCH": "TAG NO \x1b[2J\r\n"}, "refuses", 0},
		"BYE":                      {map[string]string{"NOOP": "* BYE too many\r\n"}, "ends the conversation", 0},
		"an early close":           {map[string]string{"FETCH": "close"}, "closed", 0},
		"10 MB without a line end": {map[string]string{"NOOP": strings.Repeat("x", 10<<20)}, "a line of more than", 0},
		"a huge literal":           {map[string]string{"FETCH": "* 1 FETCH (UID 10 BODY[]<0> {999999999}\r\nx"}, "a literal of", 0},
		"a literal cut short":      {map[string]string{"FETCH": "* 1 FETCH (UID 10 BODY[]<0> {100}\r\nx", "LOGOUT": "close"}, "", 0},
		"many lines":               {map[string]string{"NOOP": strings.Repeat("* 1 EXISTS\r\n", 200_000) + "TAG OK\r\n"}, "bytes in answer", 0},
		"another tag":              {map[string]string{"NOOP": "B1 OK\r\n"}, "", 0},
		"no UIDNEXT":               {map[string]string{"EXAMINE": "TAG OK\r\n"}, "UIDVALIDITY", 0},
		"NUL and escapes":          {map[string]string{"NOOP": "\x00\x1b]0;x\x07\r\n* \xff\xfe\r\nTAG OK\r\n"}, "", 0},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			answers := map[string]string{"CAPABILITY": caps, "EXAMINE": opened, "SEARCH": found}
			for k, v := range c.answers {
				answers[k] = v
			}
			ctx, cancel := context.WithTimeout(t.Context(), 2*time.Second) // for servers that say nothing more
			defer cancel()
			b, err := Open(ctx, script(t, "* OK ready\r\n", answers))
			var n int
			if err == nil {
				all, perr := b.Poll()
				n, err = len(all), perr
			}
			b.Close()
			waited := ctx.Err() != nil && c.want == ""
			if n != c.arrived || !waited && (err == nil) != (c.want == "") || err != nil && (!strings.Contains(err.Error(), c.want) || strings.Contains(err.Error(), "geheim") || strings.ContainsAny(err.Error(), "\x1b\x00")) {
				t.Errorf("%d arrivals, %v; want %d, %q", n, err, c.arrived, c.want)
			}
		})
	}
	for _, greeting := range []string{"", "* BYE\r\n", "HTTP/1.1 400\r\n", "220 smtp\r\n", strings.Repeat("x", 1<<20)} {
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		if b, err := Open(ctx, script(t, greeting, nil)); err == nil {
			t.Errorf("%.20q: opened", greeting)
			b.Close()
		}
		cancel()
	}
}

// TestWithheld: a message that is named and not handed out is not taken for one that was read.
func TestWithheld(t *testing.T) {
	answers := map[string]string{"CAPABILITY": caps, "EXAMINE": opened, "SEARCH": found, "FETCH": "TAG OK\r\n"}
	b, err := Open(t.Context(), script(t, "* OK\r\n", answers))
	if err != nil {
		t.Fatal(err)
	}
	if all, err := b.Poll(); err != nil || len(all) != 0 {
		t.Errorf("withheld: %d arrivals, %v", len(all), err)
	}
	b.Close()
	answers = map[string]string{"CAPABILITY": caps, "EXAMINE": opened, "SEARCH": found, "FETCH": fetched("UID 10")}
	b.place.Dial = script(t, "* OK\r\n", answers).Dial
	defer b.Close()
	if all, err := b.Poll(); err != nil || len(all) != 1 {
		t.Errorf("handed out: %d arrivals, %v", len(all), err)
	}
}

// TestTranscript: everything that was said is told but the password, however it is said or repeated, and the message; idle looks are counted.
func TestTranscript(t *testing.T) {
	for _, method := range []string{"", " AUTH=PLAIN"} {
		answers := map[string]string{"CAPABILITY": "* CAPABILITY IMAP4rev1" + method + "\r\nTAG OK\r\n", "EXAMINE": opened, "SEARCH": "* SEARCH\r\nTAG OK\r\n", "AUTHENTICATE": "+ \r\nTAG OK AHByb2JlAGdlaGVpbQ==\r\n",
			"LOGIN": "* OK geheim \x1b[2J\r\nTAG OK " + strings.Repeat("y", 195) + "geheim\r\n"}
		p := script(t, "* OK hello\r\n", answers)
		p.Log = &talk.Log{}
		b, err := Open(t.Context(), p)
		if err != nil {
			t.Fatal(err)
		}
		for range 3 {
			if _, err := b.Poll(); err != nil {
				t.Fatal(err)
			}
		}
		b.Close()
		b.place.Dial = script(t, "* OK\r\n", map[string]string{"CAPABILITY": caps, "EXAMINE": opened, "SEARCH": found, "FETCH": fetched("UID 10")}).Dial
		if _, err := b.Poll(); err != nil {
			t.Fatal(err)
		}
		b.Close()
		text := p.Log.String()
		for _, want := range []string{"connecting to the probe mailbox at localhost:143", "S: * OK hello", "C: A3 EXAMINE \"INBOX\"", "[redacted]", "found nothing new: 3", "C: A5 UID SEARCH UID 10:*", "S: * SEARCH 10", "C: A6 UID FETCH 10", "C: Z LOGOUT"} {
			if !strings.Contains(text, want) {
				t.Errorf("%q: no %q", method, want)
			}
		}
		for _, not := range []string{"geheim", "gehei", "AHByb2Jl", cookie, "\x1b"} {
			if strings.Contains(text, not) {
				t.Errorf("%q: %q in\n%s", method, not, text)
			}
		}
	}
}

// TestInjection: what is said between STARTTLS and TLS by whoever sits in between is no answer.
func TestInjection(t *testing.T) {
	p := script(t, "* OK\r\n", map[string]string{"CAPABILITY": "* CAPABILITY IMAP4rev1 STARTTLS\r\nTAG OK\r\n", "STARTTLS": "TAG OK\r\n* OK injected\r\n"})
	if _, err := Open(t.Context(), p); err == nil || !strings.Contains(err.Error(), "between STARTTLS and TLS") {
		t.Error(err)
	}
}

// said is a connection in which everything was said beforehand.
type said struct{ io.Reader }

func (said) Write(b []byte) (int, error)      { return len(b), nil }
func (said) Close() error                     { return nil }
func (said) LocalAddr() net.Addr              { return &net.TCPAddr{IP: net.IPv4(127, 0, 0, 1)} }
func (said) RemoteAddr() net.Addr             { return &net.TCPAddr{IP: net.IPv4(127, 0, 0, 1)} }
func (said) SetDeadline(time.Time) error      { return nil }
func (said) SetReadDeadline(time.Time) error  { return nil }
func (said) SetWriteDeadline(time.Time) error { return nil }

func FuzzAnswers(f *testing.F) {
	f.Add("A4 OK\r\n* SEARCH 10\r\nA5 OK\r\n" + strings.ReplaceAll(fetched("UID 10"), "TAG", "A6"))
	f.Add("A4 OK\r\n* SEARCH 10\r\nA5 OK\r\n* 1 FETCH (UID 10 BODY[]<0> {3}\r\nabc{2}\r\nxx)\r\nA6 OK\r\n")
	f.Add("+ \r\n{}\r\n {1}\r\n")
	f.Fuzz(func(t *testing.T, answer string) {
		p := Place{Host: "localhost", Port: "143", User: "probe", Password: "x", Folder: "INBOX", Clock: time.Now}
		begin := strings.ReplaceAll("* OK\r\n* CAPABILITY IMAP4rev1\r\nA1 OK\r\nA2 OK\r\n"+opened, "TAG", "A3")
		p.Dial = func(context.Context, string, string) (net.Conn, error) {
			return said{strings.NewReader(begin + answer)}, nil
		}
		b, err := Open(t.Context(), p)
		if err != nil {
			t.Fatal(err)
		}
		all, _ := b.Poll()
		for _, a := range all {
			if !strings.Contains(answer, a.Cookie) {
				t.Fatalf("%q is told to have arrived", a.Cookie)
			}
		}
		b.Close()
	})
}
