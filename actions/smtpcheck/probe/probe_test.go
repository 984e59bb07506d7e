package probe

import (
	"bufio"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

func letter() Letter {
	return Letter{Cookie: Cookie(), Test: "R01", Run: "20261121-0312", Target: "192.0.2.25:25", From: "relaytest@probe.example", To: "relaytest@probe.example", Host: "probe.example",
		At: time.Date(2026, 11, 21, 3, 12, 0, 0, time.UTC)}
}

func TestText(t *testing.T) {
	l := letter()
	text := l.Text()
	for _, want := range []string{"Date: Sat, 21 Nov 2026 03:12:00 +0000\n", "Message-ID: <" + l.Cookie + "@probe.example>\n", "Auto-Submitted: auto-generated\n", "X-Hikeshi-Probe: 20261121-0312\n", "text/plain"} {
		if !strings.Contains(text, want) {
			t.Errorf("no %q in\n%s", want, text)
		}
	}
	if l.Cookie == letter().Cookie || len(l.Cookie) != 40 {
		t.Errorf("cookie %s", l.Cookie)
	}
	a, ok := Read([]byte(text), time.Now())
	if !ok || a.Cookie != l.Cookie || a.Bounce {
		t.Errorf("%+v, %v", a, ok)
	}
	for name, bounce := range map[string]string{
		"report": "From: <mail@mail.example.jp>\nContent-Type: multipart/report; boundary=x\n\n--x\nContent-Type: message/rfc822\n\n" + text,
		"qmail":  "From: MAILER-DAEMON@mail.example.jp\nSubject: failure notice\n\nHi. This is the program at mail.example.jp.\n--- Below this line is a copy.\n\n" + text,
	} {
		if a, ok := Read([]byte(bounce), time.Now()); !ok || !a.Bounce || a.Cookie != l.Cookie {
			t.Errorf("%s: %+v, %v", name, a, ok)
		}
	}
	if _, ok := Read([]byte("Subject: hello\n\nhikeshi-123\n"), time.Now()); ok {
		t.Error("a message without a cookie")
	}
}

// talk says lines, reads one reply to each, and returns their codes.
func talk(t *testing.T, address string, lines ...string) []string {
	t.Helper()
	c, err := net.Dial("tcp", address)
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	c.SetDeadline(time.Now().Add(5 * time.Second))
	in := bufio.NewReader(c)
	var codes []string
	for _, line := range append([]string{""}, lines...) {
		if line != "" {
			fmt.Fprint(c, line+"\r\n")
		}
		reply, err := in.ReadString('\n')
		if err != nil {
			return append(codes, "gone")
		}
		codes = append(codes, reply[:3])
	}
	return codes
}

func TestReceiver(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	r := Listen(l, "RelayTest@probe.example", time.Now)
	defer r.Close()
	one := letter()
	text := strings.ReplaceAll(one.Text(), "\n", "\r\n")
	for _, tc := range []struct {
		name  string
		lines []string
		want  string
	}{
		{"a probe", []string{"EHLO x", "MAIL FROM:<>", "RCPT TO:<relaytest@Probe.example>", "DATA", text + "..dot\r\n.", "QUIT"}, "220 250 250 250 354 250 221"},
		{"a stranger", []string{"MAIL FROM:<>", "RCPT TO:<other@probe.example>", "DATA"}, "220 250 550 503"},
		{"no cookie", []string{"MAIL FROM:<>", "RCPT TO:<relaytest@probe.example> NOTIFY=NEVER", "DATA", "Subject: x\r\n\r\nx\r\n."}, "220 250 250 354 550"},
		{"RSET", []string{"RCPT TO:<relaytest@probe.example>", "RSET", "DATA", "VRFY x"}, "220 250 250 503 502"},
		{"a long command", []string{strings.Repeat("x", 5000)}, "220 gone"},
		{"a large message", []string{"RCPT TO:<relaytest@probe.example>", "DATA", strings.Repeat(strings.Repeat("x", 998)+"\r\n", 1100)}, "220 250 354 gone"},
	} {
		if got := strings.Join(talk(t, l.Addr().String(), tc.lines...), " "); got != tc.want {
			t.Errorf("%s: %s, want %s", tc.name, got, tc.want)
		}
	}
	all, err := r.Poll()
	if err != nil || len(all) != 1 || all[0].Cookie != one.Cookie || !strings.HasSuffix(all[0].Raw, "\n.dot\r\n") {
		t.Errorf("%+v, %v", all, err)
	}
	if again, _ := r.Poll(); len(again) > 0 {
		t.Errorf("again: %+v", again)
	}
}

func TestMaildir(t *testing.T) {
	dir := t.TempDir()
	put := func(name, text string) {
		t.Helper()
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := Open(dir, time.Now); err == nil {
		t.Error("a folder without new was opened")
	}
	for _, sub := range []string{"new", "cur", "tmp"} {
		if err := os.Mkdir(filepath.Join(dir, sub), 0o700); err != nil {
			t.Fatal(err)
		}
	}
	put("new/old", letter().Text())
	m, err := Open(dir, time.Now)
	if err != nil {
		t.Fatal(err)
	}
	defer m.Close()
	one, two := letter(), letter()
	put("new/1", one.Text())
	put("cur/2:2,S", two.Text())
	put("tmp/3", letter().Text())
	put("new/4", "Subject: spam\n\nnothing\n")
	os.Symlink("/etc/passwd", filepath.Join(dir, "new/5"))
	got := map[string]bool{}
	for range 2 {
		all, err := m.Poll()
		if err != nil {
			t.Error(err)
		}
		for _, a := range all {
			if got[a.Cookie] {
				t.Errorf("%s came twice", a.Cookie)
			}
			got[a.Cookie] = true
		}
	}
	if len(got) != 2 || !got[one.Cookie] || !got[two.Cookie] {
		t.Errorf("%v", got)
	}
}

// TestOwnHead: only a cookie in the message's own head is the message itself. Whoever quotes it, by hand or by itself, has not got it relayed.
func TestOwnHead(t *testing.T) {
	l := letter()
	crlf := func(s string) string { return strings.ReplaceAll(s, "\n", "\r\n") }
	strip := func(field string) string {
		var kept []string
		for _, line := range strings.Split(l.Text(), "\n") {
			if !strings.HasPrefix(line, field) {
				kept = append(kept, line)
			}
		}
		return strings.Join(kept, "\n")
	}
	away := "From: Taro <taro@example.jp>\nTo: relaytest@probe.example\nSubject: Re: relay test, I am away\n"
	for name, tc := range map[string]struct {
		text           string
		bounce, quoted bool
	}{
		"passed on":                 {"Received: from x\n" + l.Text(), false, false},
		"passed on, CRLF":           {crlf("Received: from x\n" + l.Text()), false, false},
		"without X- fields":         {strip("X-Hikeshi"), false, false},
		"with another Message-ID":   {strip("Message-ID"), false, false},
		"folded":                    {strings.Replace(strip("X-Hikeshi"), "Message-ID: ", "Message-ID:\n ", 1), false, false},
		"a reply that quotes it":    {away + "\nI am away. You wrote:\n\n" + l.Text(), false, true},
		"the same, CRLF":            {crlf(away + "\nI am away. You wrote:\n\n" + l.Text()), false, true},
		"a reply that refers to it": {away + "In-Reply-To: <" + l.Cookie + "@probe.example>\nReferences: <x@y>\n <" + l.Cookie + "@probe.example>\n\nI am away.\n", false, true},
		"a reply that says so":      {"Auto-Submitted: auto-replied\n" + away + "\n" + l.Text(), true, false},
		"a forward":                 {"From: boss@example.jp\nSubject: Fwd: relay test\nContent-Type: multipart/mixed; boundary=x\n\n--x\nContent-Type: message/rfc822\n\n" + l.Text(), false, true},
	} {
		a, ok := Read([]byte(tc.text), time.Now())
		if !ok || a.Cookie != l.Cookie || a.Bounce != tc.bounce || a.Quoted != tc.quoted {
			t.Errorf("%s: cookie %s, bounce %v, quoted %v", name, a.Cookie, a.Bounce, a.Quoted)
		}
	}
	other := letter()
	if a, _ := Read([]byte(strings.Replace(l.Text(), "\nSubject", "\nReferences: <"+other.Cookie+"@x>\nSubject", 1)), time.Now()); a.Cookie != l.Cookie || a.Quoted {
		t.Errorf("the cookie of another: %+v", a)
	}
}
