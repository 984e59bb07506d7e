package dialogue

import (
	"encoding/base64"
	"fmt"
	"strings"
	"testing"
	"time"

	"hikeshi/spool"
)

// tell writes what came of a line.
func tell(e spool.Event, r spool.Reading) string {
	switch r {
	case spool.LineUnknown:
		return "unknown"
	case spool.LineQuiet:
		return ""
	}
	s := e.Kind.String()
	if e.Login != nil {
		s += fmt.Sprintf(" login=%q", e.Login)
	}
	if e.Client.IsValid() {
		s += " client=" + e.Client.String()
	}
	if e.SenderSaid {
		s += fmt.Sprintf(" from=%q", e.Sender)
	}
	if e.Recipients != nil || e.Count != 0 {
		s += fmt.Sprintf(" to=%d:%q", e.Count, e.Recipients)
	}
	if e.ID != nil {
		s += " id=" + string(e.ID)
	}
	if e.Size != 0 {
		s += fmt.Sprintf(" size=%d", e.Size)
	}
	if e.Reply != nil {
		s += fmt.Sprintf(" reply=%q", e.Reply)
	}
	if e.Secret {
		s += " SECRET"
	}
	return s
}

// follow reads a dialogue, lines of a session that may name another one as `2> `, and returns all events.
func follow(t *testing.T, door spool.Protocol, text string) string {
	t.Helper()
	p := New(door)
	var all []string
	for line := range strings.SplitSeq(strings.Trim(text, "\n"), "\n") {
		session := uint32(0x347c89c8)
		if n, rest, ok := strings.Cut(line, "> "); ok && len(n) == 1 {
			session, line = uint32(n[0]-'0'), rest
		}
		raw := fmt.Sprintf("[12/Dec/2017:00:01:47], %08x, %s", session, line)
		var e spool.Event
		r := p.Parse([]byte(raw), &e)
		if wall, ok := p.Wall([]byte(raw)); !ok || wall != e.Wall || wall != time.Date(2017, 12, 12, 0, 1, 47, 0, time.UTC).Unix() || e.Service != door {
			t.Errorf("%q: %d, %v, %+v", raw, wall, ok, e)
		}
		if s := tell(e, r); s != "" {
			all = append(all, s)
		}
	}
	return strings.Join(all, "\n")
}

func b64(s string) string { return base64.StdEncoding.EncodeToString([]byte(s)) }

// FAQ bsd/05-36, the five lines in their order.
func TestSample(t *testing.T) {
	p := New(spool.SMTP)
	for i, c := range []struct {
		line, want string
		second     int
	}{
		{"[12/Dec/2017:00:01:47], 347c89c8, AUTH LOGIN", "", 47},
		{"[12/Dec/2017:00:01:48], 347c89c8, 334 dXNlcm5hbWU6", "", 48},
		{"[12/Dec/2017:00:01:48], 347c89c8, YWRtaW4=", "", 48},
		{"[12/Dec/2017:00:01:49], 347c89c8, 535 5.7.0 Authentication failed.", `login-failed login="admin"`, 49},
		{"[12/Dec/2017:00:01:49], 347c89c8, get_reply() SOCKET_ERROR OTHER CODE=54", "", 49},
	} {
		var e spool.Event
		r := p.Parse([]byte(c.line), &e)
		if want := time.Date(2017, 12, 12, 0, 1, c.second, 0, time.UTC).Unix(); tell(e, r) != c.want || e.Wall != want || e.Service != spool.SMTP {
			t.Errorf("line %d: %s at %d, want %s at %d", i, tell(e, r), e.Wall, c.want, want)
		}
	}
	if len(p.open.at) != 0 {
		t.Error("the session is not over")
	}
}

// FAQ bsd/04-16, and what the receiver writes of a peer in its lock-out table: what follows is read all the same.
func TestRefusedPeers(t *testing.T) {
	const after = "\n220 mail1.example.jp E-POST ESMTP Receiver\nAUTH LOGIN\n334 x\nYWRtaW4=\n535 5.7.0 Authentication failed."
	for first, want := range map[string]string{
		"Query_FILTER_RBL(203.0.113.9)=found list": "",
		"Query_FILTER_RBL(203.0.113.9)=found list\n550 5.7.0 Sorry. Your IP is in the open relay data base list.\r": "",
		"0> reject address = [203.0.113.9]": "reject client=203.0.113.9\n",
	} {
		if got := follow(t, spool.SMTP, first+after); got != want+`login-failed login="admin"` {
			t.Errorf("%q: %s", first, got)
		}
	}
}

func TestLogins(t *testing.T) {
	for name, c := range map[string]struct{ text, want string }{
		"login":                             {"AUTH LOGIN\n334 VXNlcm5hbWU6\n" + b64("taro@example.jp") + "\n334 UGFzc3dvcmQ6\n" + b64("hunter2") + "\n235 2.0.0 Authentication successful.", `login login="taro@example.jp"`},
		"login, name on the line":           {"auth login " + b64("taro") + "\n334 UGFzc3dvcmQ6\n" + b64("hunter2") + "\n535 5.7.0 Authentication failed.", `login-failed login="taro"`},
		"login, bad name on the line":       {"AUTH LOGIN ???\n334 UGFzc3dvcmQ6\n" + b64("hunter2") + "\n535 5.7.0 Authentication failed.", `login-failed`},
		"login, bad name":                   {"AUTH LOGIN\n334 VXNlcm5hbWU6\nhunter 2\n334 UGFzc3dvcmQ6\n" + b64("hunter2") + "\n535 no", `login-failed`},
		"plain":                             {"AUTH PLAIN " + b64("\x00taro\x00hunter2") + "\n235 ok", `login login="taro"`},
		"plain, asked":                      {"AUTH PLAIN\n334 \n" + b64("boss\x00taro\x00hunter2") + "\n235 ok", `login login="taro"`},
		"plain without a name":              {"AUTH PLAIN " + b64("boss\x00\x00hunter2") + "\n535 no", `login-failed login="boss"`},
		"plain with one NUL":                {"AUTH PLAIN " + b64("taro\x00hunter2") + "\n535 no", `login-failed login="taro"`},
		"plain without NUL":                 {"AUTH PLAIN " + b64("hunter2") + "\n535 no", `login-failed`},
		"cram":                              {"AUTH CRAM-MD5\n334 PDEyMzRAZXhhbXBsZT4=\n" + b64("taro b913a602c7eda7a495b4e6e7334d3890") + "\n235 ok", `login login="taro"`},
		"cram without digest":               {"AUTH CRAM-MD5\n334 PDEyMzRAZXhhbXBsZT4=\n" + b64("hunter2") + "\n535 no", `login-failed`},
		"bearer":                            {"AUTH XOAUTH2 " + b64("user=taro@example.jp\x01auth=Bearer hunter2\x01\x01") + "\n235 ok", `login login="taro@example.jp"`},
		"bearer without user":               {"AUTH XOAUTH2 " + b64("hunter2\x01") + "\n535 no", `login-failed`},
		"unknown mechanism":                 {"AUTH NTLM " + b64("taro") + "\n535 no", `login-failed`},
		"given up":                          {"AUTH LOGIN\n334 VXNlcm5hbWU6\n*\n501 5.0.0 cancelled", ``},
		"refused":                           {"AUTH LOGIN\n503 5.5.1 Error: authentication not enabled.\nYWRtaW4=\n500 what", ``},
		"the answer is the server's":        {"AUTH LOGIN\n334 VXNlcm5hbWU6\n" + b64("boss") + "\n334 UGFzc3dvcmQ6\n235 2.0.0 Authentication successful.\n535 5.7.0 Authentication failed.", `login-failed login="boss"`},
		"an answer that nobody asked for":   {"EHLO x\n250 ok\n235 2.0.0 Authentication successful.\n500 what", ``},
		"with lines of the server between":  {"AUTH LOGIN\n334 VXNlcm5hbWU6\n" + b64("taro") + "\n334 UGFzc3dvcmQ6\n" + b64("hunter2") + "\nldap_bind USER=[taro] PASS=[hunter2]\n535 no", `login-failed login="taro"`},
		"two tries":                         {"AUTH PLAIN " + b64("\x00a\x00x") + "\n535 no\nAUTH PLAIN " + b64("\x00b\x00x") + "\n235 ok", "login-failed login=\"a\"\nlogin login=\"b\""},
		"only once":                         {"AUTH PLAIN " + b64("\x00a\x00x") + "\n235 ok\nAUTH PLAIN " + b64("\x00b\x00x") + "\n503 no", "login login=\"a\""},
		"two sessions":                      {"1> AUTH LOGIN\n2> AUTH LOGIN\n1> 334 x\n2> 334 x\n2> " + b64("b") + "\n1> " + b64("a") + "\n1> 334 y\n2> 334 y\n1> " + b64("p") + "\n2> " + b64("q") + "\n1> 235 ok\n2> 535 no", "login login=\"a\"\nlogin-failed login=\"b\""},
		"the number is used again":          {"AUTH PLAIN " + b64("\x00a\x00x") + "\n235 ok\nQUIT\n221 bye\n220 hello\nAUTH PLAIN " + b64("\x00b\x00x") + "\n535 no", "login login=\"a\"\nlogin-failed login=\"b\""},
		"begun in the middle of a password": {b64("hunter2") + "\n235 2.0.0 Authentication successful.\nNOOP\n250 ok", ``},
		"a strange name":                    {"AUTH LOGIN\n334 x\n" + b64("\x1b[31m\n\xff") + "\n334 y\nx\n535 no", "login-failed login=\"\\x1b[31m\\n\\xff\""},
		"a long name":                       {"AUTH LOGIN\n334 x\n" + b64(strings.Repeat("n", 9999)) + "\n334 y\nx\n535 no", fmt.Sprintf("login-failed login=%q", strings.Repeat("n", maxText))},
		"a peer in a table":                 {"0> reject address = [192.0.2.7]", "reject client=192.0.2.7"},
		"a dump of settings":                {"0> LicenseKey=hunter2\n0> PASS=hunter2\n0> 235 ok", ""},
	} {
		if got := follow(t, spool.SMTP, c.text); got != c.want {
			t.Errorf("%s:\ngot  %s\nwant %s", name, got, c.want)
		}
	}
}

func TestMessages(t *testing.T) {
	const greeting = "220 example.jp E-POST ESMTP Receiver\nEHLO pc\n250 example.jp Hello\n"
	const loggedIn = greeting + "AUTH PLAIN AHRhcm8AeA==\n235 2.0.0 Authentication successful.\n"
	const accept = "MAIL FROM:<a@example.jp> SIZE=1234 AUTH=<>\n250 ok\nRCPT TO:<b@example.com>\n250 ok\nRCPT TO: c@example.com\n250 ok\nDATA\n354 Start mail input;id <B0000097587> end with <CRLF>.<CRLF>\n"
	for name, c := range map[string]struct{ text, want string }{
		"without a login":       {greeting + accept + "250 2.0.0 taken", `accept from="a@example.jp" to=2:"" id=B0000097587 size=1234 reply="250 2.0.0 taken"`},
		"with one":              {loggedIn + accept + "250 taken", "login login=\"taro\"\n" + `accept login="taro" from="a@example.jp" to=2:"" id=B0000097587 size=1234 reply="250 taken"`},
		"of another build":      {greeting + "MAIL FROM:<>\n250 ok\nRCPT TO:<b@example.com>\n250 ok\nDATA\n354 2.0.0 Start mail input; id <B0000097588@example.jp> end\n250 taken", `accept from="" to=1:"" id=B0000097588 reply="250 taken"`},
		"with its text":         {greeting + accept + "Subject: x\r\n\r\n250 x\nAUTH LOGIN\n535 no\n.\n250 taken", `accept from="a@example.jp" to=2:"" id=B0000097587 size=1234 reply="250 taken"`},
		"refused sender":        {greeting + "MAIL FROM:<x@example.jp>\n550 5.1.7 Please, mail from a valid e-mail address.", `reject from="x@example.jp" reply="550 5.1.7 Please, mail from a valid e-mail address."`},
		"refused recipient":     {greeting + "MAIL FROM:<x@example.jp>\n250 ok\nRCPT TO:<y@example.com>\n550 5.7.1 Sorry <y@example.com>, I don't allow unauthorized relaying.", `reject from="x@example.jp" to=1:"y@example.com" reply="550 5.7.1 Sorry <y@example.com>, I don't allow unauthorized relaying."`},
		"refused message":       {greeting + accept + "552 5.7.1 caught by the filter setting.", `reject from="a@example.jp" to=2:"" id=B0000097587 size=1234 reply="552 5.7.1 caught by the filter setting."`},
		"no recipients":         {greeting + "MAIL FROM:<x@example.jp>\n250 ok\nDATA\n503 no recipients", `reject from="x@example.jp" reply="503 no recipients"`},
		"reset between":         {greeting + "MAIL FROM:<a@example.jp>\n250 ok\nRCPT TO:<b@example.com>\n250 ok\nRSET\n250 ok\nMAIL FROM:<c@example.jp>\n250 ok\nRCPT TO:<d@example.com>\n250 ok\nDATA\n354 id <B0000000005>\n250 t", `accept from="c@example.jp" to=1:"" id=B0000000005 reply="250 t"`},
		"no login while a mail": {greeting + "MAIL FROM:<a@example.jp>\n250 ok\nAUTH PLAIN AHRhcm8AeA==\n235 ok", ``},
		"continued answers":     {"EHLO x\n250-a\n250-b\n250 c\nMAIL FROM:<a>\n550-no\n550 no", `reject from="a" reply="550 no"`},
		"cut off":               {greeting + accept + "get_reply() SOCKET_ERROR OTHER CODE=54\n250 taken", ``},
		"service ends":          {"MAIL FROM:<a>\n421 4.7.0 example.jp exceeds an accepting limit.\n250 x", `reject from="a" reply="421 4.7.0 example.jp exceeds an accepting limit."`},
	} {
		if got := follow(t, spool.SMTP, c.text); got != c.want {
			t.Errorf("%s:\ngot  %s\nwant %s", name, got, c.want)
		}
	}
}

func TestNoLine(t *testing.T) {
	p := New(spool.SMTP)
	for _, line := range []string{"", "hunter2", "[12/Dec/2017:00:01:47]", "[12/Dec/2017:00:01:47], 347c89cx, AUTH LOGIN", "[12/Dec/2017:00:01:47], 347c89c8", "[12/Dec/2017:00:01:47] 347c89c8, AUTH"} {
		var e spool.Event
		if r := p.Parse([]byte(line), &e); r != spool.LineUnknown || !e.Secret {
			t.Errorf("%q: %v %+v", line, r, e)
		}
		if _, ok := p.Wall([]byte(line)); ok {
			t.Errorf("%q has a time", line)
		}
	}
}

// However many sessions begin and never end, no more than the bound are remembered, and one that speaks is not given up.
func TestManySessions(t *testing.T) {
	p := New(spool.SMTP)
	var e spool.Event
	say := func(number int, text string) spool.Reading {
		return p.Parse(fmt.Appendf(nil, "[12/Dec/2017:00:01:47], %08x, %s", number, text), &e)
	}
	say(1, "AUTH LOGIN")
	say(1, "334 x")
	say(1, b64("taro"))
	for i := range 3 * maxSessions {
		say(1, "noise")
		say(i+2, "AUTH PLAIN "+b64("\x00x\x00y"))
	}
	if r := say(1, "535 no"); r != spool.LineSaid || string(e.Login) != "taro" {
		t.Errorf("%v %+v", r, e)
	}
	if len(p.open.all) != maxSessions || len(p.open.at) > maxSessions {
		t.Errorf("%d, %d sessions", len(p.open.all), len(p.open.at))
	}
	for i := range 3 * maxSessions {
		say(i+2, "QUIT")
		say(i+2, "221 bye")
	}
	if len(p.open.at) > maxSessions || len(p.open.all) != maxSessions {
		t.Errorf("%d, %d sessions", len(p.open.at), len(p.open.all))
	}
}

// TestCutOff: when the service is stopped in the middle of a session, its number comes again. Nothing of the session before belongs to the
// new one: neither its login nor the answer to its message.
func TestCutOff(t *testing.T) {
	begun := "220 mail1.example.jp\nEHLO a\n250 ok\nAUTH LOGIN\n334 VXNlcm5hbWU6\ndGFyb0BleGFtcGxlLmpw\n334 UGFzc3dvcmQ6\neA==\n235 2.0.0 ok\n"
	next := "220 mail1.example.jp\nHELO mx.example.com\n250 ok\nMAIL FROM:<partner@example.com>\n250 ok\nRCPT TO:<jiro@example.jp>\n250 ok\nDATA\n354 id <B0000000002>\n250 2.0.0 taken\n"
	want := `accept from="partner@example.com" to=1: id=B0000000002 reply="250 2.0.0 taken"`
	for name, end := range map[string]string{
		"idle": "", "sender": "MAIL FROM:<taro@example.jp>\n", "recipient": "MAIL FROM:<taro@example.jp>\n250 ok\nRCPT TO:<a@example.com>\n",
		"data": "MAIL FROM:<taro@example.jp>\n250 ok\nRCPT TO:<a@example.com>\n250 ok\nDATA\n", "text": "MAIL FROM:<taro@example.jp>\n250 ok\nRCPT TO:<a@example.com>\n250 ok\nDATA\n354 id <B0000000001>\n",
	} {
		got := strings.ReplaceAll(follow(t, spool.SMTP, begun+end+next), `to=1:""`, "to=1:")
		if _, after, _ := strings.Cut(got, "\n"); after != want {
			t.Errorf("%s: %s", name, got)
		}
	}
}
