package talk

import (
	"bufio"
	"encoding/base64"
	"fmt"
	"net"
	"strings"
	"testing"

	"hikeshi/actions/smtpcheck/talk/lines"
)

// TestLogin: no secret reaches the transcript or a reply, whatever the peer repeats.
func TestLogin(t *testing.T) {
	const user, password = "taro@example.jp", "hunter2 geheim"
	blob := base64.StdEncoding.EncodeToString
	plain := blob([]byte("\x00" + user + "\x00" + password))
	long := strings.Repeat("x", (lines.Max+lines.Spare-4+1)%len(plain)) + strings.Repeat(plain, 200) // cut one byte before the end of a secret
	for name, tc := range map[string]struct {
		m       Mechanism
		replies []string
	}{
		"plain":            {Plain, []string{"235 2.7.0 " + password + " " + plain + "\r\n"}},
		"plain, two steps": {Plain, []string{"334 " + plain + "\r\n", "535 5.7.8 no " + blob([]byte(password)) + "\r\n"}},
		"login":            {Login, []string{"334 VXNlcm5hbWU6\r\n", "334 " + blob([]byte(user)) + "\r\n", "235 ok " + password + "\r\n"}},
		"a long line":      {Plain, []string{"535 " + long + "\r\n"}},
		"torn":             {Plain, []string{"535 hunter2 gehei"}},
	} {
		t.Run(name, func(t *testing.T) {
			c := open(t, quick(), peer(t, script(append([]string{"220 x\r\n"}, tc.replies...)...)))
			r, err := c.Login(tc.m, user, password)
			told := c.Log.String() + r.String() + fmt.Sprint(err)
			for _, secret := range []string{password, "hunter2 gehei", plain, plain[:len(plain)/2], blob([]byte(password)), blob([]byte(user))} {
				if strings.Contains(told, secret) {
					t.Errorf("%q stands in\n%s", secret, told)
				}
			}
			if name != "torn" && (err != nil || r.Code != 235 && r.Code != 535) {
				t.Errorf("%v, %v", r, err)
			}
		})
	}
	c := open(t, quick(), peer(t, script("220 x\r\n", "334 go\r\n", "235 ok\r\n")))
	c.Cmd("AUTH CRAM-MD5")
	c.Cmd("c2VjcmV0")
	if strings.Contains(c.Log.String(), "c2VjcmV0") || !strings.Contains(c.Log.String(), "334 go") {
		t.Errorf("by hand:\n%s", c.Log)
	}
}

func TestMessage(t *testing.T) {
	got := make(chan string, 1)
	c := open(t, quick(), peer(t, func(c net.Conn, in *bufio.Reader) {
		fmt.Fprint(c, "220 x\r\n")
		var all string
		for !strings.HasSuffix(all, "\r\n.\r\n") {
			line, err := in.ReadString('\n')
			if err != nil {
				break
			}
			all += line
		}
		got <- all
		fmt.Fprint(c, "250 queued\r\n")
	}))
	r, err := c.Message("Subject: x\n\n.\n.dot\r\nend\n")
	if all := <-got; err != nil || r.Code != 250 || all != "Subject: x\r\n\r\n..\r\n..dot\r\nend\r\n.\r\n" {
		t.Errorf("%v, %v, %q", r, err, all)
	}
}

// FuzzReply: any bytes are a reply within its bounds, or no reply.
func FuzzReply(f *testing.F) {
	for _, s := range []string{"220 x\r\n", "250-a\r\n250 2.1.0 b\r\n", "550\n", "250-a\r\n550 b\r\n", "\x16\x03", "999 \x1b[2J\r\n", strings.Repeat("250-x\r\n", 101)} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		s := lines.New(strings.NewReader(string(data)), maxRead)
		raw, err := s.Reply()
		if len(raw) > lines.MaxLines {
			t.Fatalf("%d lines", len(raw))
		}
		if err != nil {
			return
		}
		r, err := parse(raw)
		if err != nil {
			return
		}
		if r.Code < 200 || r.Code > 599 || len(r.Lines) != len(raw) || !strings.HasPrefix(string(data), fmt.Sprint(r.Code)) {
			t.Fatalf("%+v of %q", r, data)
		}
		for _, l := range r.Lines {
			if l != Safe(l) || len(l) > MaxLine || strings.ContainsAny(l, "\r\n\x1b\x00") {
				t.Fatalf("%q", l)
			}
		}
		if r.Enhanced != "" && r.Enhanced[0] != data[0] {
			t.Fatalf("%+v", r)
		}
	})
}
