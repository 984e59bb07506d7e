package dialogue

import (
	"bytes"
	"crypto/sha256"
	"encoding/base64"
	"fmt"
	"strings"
	"testing"

	"hikeshi/spool"
)

var doors = [...]spool.Protocol{spool.SMTP, spool.POP3, spool.IMAP4}

// FuzzLines: whatever stands in the log, events are bounded and soundly made.
func FuzzLines(f *testing.F) {
	for _, text := range []string{
		"AUTH LOGIN\n334 x\nYWRtaW4=\n334 y\nc2VjcmV0\n535 no", "MAIL FROM:<a>\n250 ok\nRCPT TO:<b>\n250 ok\nDATA\n354 id <B0000097587>\n.\n250 ok",
		"a1 LOGIN {4}\n+ \ntaro {7}\n+ \nsecret\na1 OK\na2 UID FETCH 1 BODY[]\na2 OK\na3 LOGOUT\na3 OK", "USER a\n+OK\nPASS b\n+OK\nRETR 1\n+OK\nx\n.\nQUIT\n+OK",
	} {
		f.Add([]byte(text))
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		for _, door := range doors {
			p := New(door)
			for said := range bytes.SplitSeq(text, []byte("\n")) {
				line := append([]byte("[12/Dec/2017:00:01:47], 0000000"), '1'+byte(len(said)%3))
				line = append(append(line, ", "...), said...)
				sound(t, p, line)
				sound(t, p, said)
			}
		}
	})
}

func sound(t *testing.T, p *Parser, line []byte) {
	t.Helper()
	e := spool.Event{Login: []byte("old")}
	r := p.Parse(line, &e)
	for _, b := range [][]byte{e.Login, e.Sender, e.Recipients, e.ID} {
		if len(b) > maxText {
			t.Fatalf("%q: %d bytes", line, len(b))
		}
	}
	if r != spool.LineSaid {
		if e.Login != nil || e.Sender != nil || e.Reply != nil {
			t.Fatalf("%q: %+v", line, e)
		}
		return
	}
	if wall, ok := p.Wall(line); !ok || wall != e.Wall || e.Secret || e.Kind == 0 || e.Kind > spool.EventEnd || len(e.Reply) > len(line) {
		t.Errorf("%q: %+v", line, e)
	}
}

// exchanges are logins of all kinds with their passwords.
func exchanges(user, password string) map[spool.Protocol][]string {
	e := func(s string) string { return base64.StdEncoding.EncodeToString([]byte(s)) }
	three := e("\x00" + user + "\x00" + password)
	return map[spool.Protocol][]string{
		spool.SMTP: {
			"EHLO x\n250 ok\nAUTH LOGIN\n334 a\n" + e(user) + "\n334 b\n" + e(password) + "\nUSER=[x] PASS=[" + password + "]\n", "AUTH LOGIN " + e(user) + "\n334 b\n" + e(password) + "\n", "AUTH LOGIN ?\n334 b\n" + e(password) + "\n",
			"AUTH PLAIN " + three + "\n", "AUTH PLAIN\n334 \n" + three + "\n", "AUTH PLAIN " + e(user+"\x00"+password) + "\n", "AUTH PLAIN " + e(password) + "\n", "AUTH CRAM-MD5\n334 x\n" + e(user+" "+password) + "\n",
			"AUTH XOAUTH2 " + e("user="+user+"\x01auth=Bearer "+password+"\x01\x01") + "\n", "AUTH XAOUTH2\n334 \n" + e(password) + "\n", "AUTH NTLM " + e(password) + "\n334 x\n" + e(password) + "\n", "AUTH LOGIN\n" + e(password) + "\n",
		},
		spool.POP3: {
			"USER " + user + "\n+OK\nPASS " + password + "\n", "APOP " + user + " " + password + "\n", "AUTH PLAIN " + three + "\n", "AUTH LOGIN\n+ a\n" + e(user) + "\n+ b\n" + e(password) + "\n", "PASS " + password + "\n",
		},
		spool.IMAP4: {
			"a1 LOGIN " + user + " " + password + "\n", "a1 LOGIN \"" + user + "\" \"" + password + "\"\n", "a1 LOGIN {4}\n+ \n" + user + " {9}\n+ \n" + password + "\n", "a1 LOGIN " + user + " {9}\n+ \n" + password + "\n",
			"a1 LOGIN {4+}\n" + user + " {9+}\n" + password + "\n", "a1 AUTHENTICATE PLAIN " + three + "\n", "a1 AUTHENTICATE PLAIN\n+ \n" + three + "\n", "a1 AUTHENTICATE LOGIN\n+ a\n" + e(user) + "\n+ b\n" + e(password) + "\n",
		},
	}
}

var verdicts = map[spool.Protocol][]string{
	spool.SMTP: {"235 2.0.0 Authentication successful.", "535 5.7.0 Authentication failed.", "get_reply() SOCKET_ERROR OTHER CODE=54", "RSET\n250 ok\nMAIL FROM:<x>\n550 no"},
	spool.POP3: {"+OK", "-ERR", "QUIT\n+OK"}, spool.IMAP4: {"a1 OK", "a1 NO", "* BYE"},
}

// FuzzPassword: wherever the log is entered, and whatever other sessions say meanwhile, no byte of a password stands in an event or
// stays in the parser.
func FuzzPassword(f *testing.F) {
	for i := range byte(30) {
		f.Add("taro@example.jp", i, i%3, i/3, []byte("AUTH LOGIN\n334 x"))
	}
	f.Fuzz(func(t *testing.T, seed string, n, which, skip byte, noise []byte) {
		password := fmt.Sprintf("%x", sha256.Sum256(fmt.Append(nil, seed, n)))[:40]
		user := strings.Map(func(r rune) rune {
			if r > ' ' && r < 0x7f && !strings.ContainsRune(`"{}`, r) {
				return r
			}
			return -1
		}, seed)
		user = "u" + user[:min(len(user), 100)]
		if strings.Contains(user, password[:8]) || bytes.Contains(noise, []byte(password[:8])) {
			return
		}
		door := doors[int(which)%len(doors)]
		all := exchanges(user, password)[door]
		said := strings.Split(all[int(n)%len(all)]+verdicts[door][int(skip)%len(verdicts[door])], "\n")
		spy(t, New(door), said[int(skip)%len(said):], bytes.Split(noise, []byte("\n")), password)
	})
}

// spy reads the lines with noise of another session between, and looks for the password after each.
func spy(t *testing.T, p *Parser, said []string, noise [][]byte, password string) {
	t.Helper()
	for i, own := range said {
		for s, other := range map[int]string{1: own, 2: string(noise[i%len(noise)])} {
			var e spool.Event
			p.Parse(fmt.Appendf(nil, "[12/Dec/2017:00:01:47], %08x, %s", s, other), &e)
			for _, b := range [][]byte{e.Login, e.Sender, e.Recipients, e.HELO, e.ID, e.Reply} {
				leak(t, b, password, other)
			}
		}
		for i := range p.open.all {
			s := &p.open.all[i]
			for _, kept := range []*text{&s.login, &s.sender, &s.rcpt, &s.id, &s.tag} {
				leak(t, kept.data[:], password, own)
			}
		}
	}
}

// leak looks for any eight bytes of the password, plain and in Base64.
func leak(t *testing.T, b []byte, password, line string) {
	t.Helper()
	if b = bytes.Trim(b, "\x00"); len(b) < 8 {
		return
	}
	for _, secret := range []string{password, base64.StdEncoding.EncodeToString([]byte(password)), base64.StdEncoding.EncodeToString([]byte("x" + password))[4:], base64.StdEncoding.EncodeToString([]byte("xx" + password))[4:]} {
		for i := 0; i+8 <= len(secret); i++ {
			if bytes.Contains(b, []byte(secret[i:i+8])) {
				t.Fatalf("after %q: %q", line, b)
			}
		}
	}
}

func TestPasswords(t *testing.T) {
	password := "c2f0a9d1e7b35864hunter2hunter2"
	for door, all := range exchanges("taro@example.jp", password) {
		for _, text := range all {
			for _, verdict := range verdicts[door] {
				said := strings.Split(text+verdict, "\n")
				for skip := range said {
					spy(t, New(door), said[skip:], [][]byte{[]byte("AUTH LOGIN"), []byte("334 x"), []byte("+ x")}, password)
				}
			}
		}
	}
}

func BenchmarkParse(b *testing.B) {
	var lines [][]byte
	for s := range 50 {
		for _, said := range []string{"220 hello", "EHLO pc", "250 hello", "AUTH LOGIN", "334 a", b64("taro@example.jp"), "334 b", b64("secret"), "235 ok", "MAIL FROM:<taro@example.jp>", "250 ok",
			"RCPT TO:<hanako@example.com>", "250 ok", "DATA", "354 Start mail input;id <B0000097587> end with <CRLF>.<CRLF>", "250 ok", "QUIT", "221 bye"} {
			lines = append(lines, fmt.Appendf(nil, "[12/Dec/2017:00:01:47], %08x, %s", s+1, said))
		}
	}
	p, i := New(spool.SMTP), 0
	var e spool.Event
	for _, line := range lines {
		p.Parse(line, &e)
	}
	b.ReportAllocs()
	for b.Loop() {
		p.Parse(lines[i%len(lines)], &e)
		i++
	}
}
