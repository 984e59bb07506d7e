package daemon

import (
	"errors"
	"net/netip"
	"slices"
	"strings"
	"testing"
	"time"
)

// at is a time of the night of the documented samples.
func at(clock string) int64 {
	t, err := time.Parse("2006-01-02 15:04:05", "2017-12-12 "+clock)
	if err != nil {
		panic(err)
	}
	return t.Unix()
}

type list []*Session

func (l *list) Next() *Session {
	if len(*l) == 0 {
		return nil
	}
	s := (*l)[0]
	*l = (*l)[1:]
	return s
}

// written plays sessions until 23:59 and returns the lines of each log.
func written(t *testing.T, s *Server, sessions ...*Session) map[string]string {
	t.Helper()
	logs := map[string]string{}
	s.Host, s.Domain, s.LastID = "mail1.example.jp", "example.jp", 97586
	if s.To == 0 {
		s.To = at("23:59:00")
	}
	s.Flush = func(log Log, _ int64, text []byte) error { logs[log.String()] += string(text); return nil }
	l := list(sessions)
	if err := s.Play([]Source{&l}); err != nil {
		t.Fatal(err)
	}
	return logs
}

func login(clock, user string) *Session {
	return &Session{At: at(clock), Pace: 1, Peer: netip.MustParseAddr("192.0.2.7"), HELO: "pc", Login: user, Mode: "LOGIN", Password: "x", Port: 587}
}

// TestSamples writes the documented lines (FAQ bsd/05-03, 05-04, 05-09, 05-24, 05-36, 05-43).
func TestSamples(t *testing.T) {
	good := login("00:01:46", "taro@example.jp")
	good.Mails = []Mail{{Sender: "taro@example.jp", To: []string{"hanako@example.jp", "a@example.com", "b@example.com", "gone1@example.com"}}}
	bad := login("00:02:00", "admin")
	bad.Failed = true
	blocked := &Session{At: at("00:03:00"), Peer: netip.MustParseAddr("2001:db8::9"), Port: 25, Stop: Blocked}
	nameless := &Session{At: at("00:03:01"), Peer: netip.MustParseAddr("198.51.100.7"), Port: 465, TLS: true, Stop: Nameless}
	null := &Session{At: at("00:04:00"), Peer: netip.MustParseAddr("198.51.100.7"), HELO: "mx", Port: 25, Mails: []Mail{{To: []string{"taro@example.jp"}}}}
	silent := &Session{At: at("00:05:00"), Peer: netip.MustParseAddr("198.51.100.7"), Port: 25, Stop: Silent}
	got := written(t, &Server{}, good, bad, blocked, nameless, null, silent)
	want := map[string]string{
		"acceptlog": `[12/Dec/2017:00:01:46], (mail1.example.jp), [192.0.2.7]:587, Client accept now.
[12/Dec/2017:00:01:49], (mail1.example.jp), 192.0.2.7[192.0.2.7], AUTH-LOGIN:taro@example.jp [success],<B0000097587>,ok
[12/Dec/2017:00:02:00], (mail1.example.jp), [192.0.2.7]:587, Client accept now.
[12/Dec/2017:00:02:01], (mail1.example.jp), 192.0.2.7[192.0.2.7], AUTH-LOGIN:admin [failed],,abort
[12/Dec/2017:00:03:00], (mail1.example.jp), [2001:db8::9]:25, Client accept now.
[12/Dec/2017:00:03:00], (mail1.example.jp), 2001:db8::9[2001:db8::9], It was in the ORDB IP.,<B0000000000>,abort
[12/Dec/2017:00:03:01], (mail1.example.jp), [198.51.100.7]:465 SSL, Client accept now.
[12/Dec/2017:00:03:01], (mail1.example.jp), 198.51.100.7[198.51.100.7], "Revers DNS" was failed.,<B0000000000>,abort
[12/Dec/2017:00:04:00], (mail1.example.jp), [198.51.100.7]:25, Client accept now.
[12/Dec/2017:00:04:00], (mail1.example.jp), 198.51.100.7[198.51.100.7], ,<B0000097588>,ok
[12/Dec/2017:00:05:00], (mail1.example.jp), [198.51.100.7]:25, Client accept now.
[12/Dec/2017:00:10:00], (mail1.example.jp), 198.51.100.7[198.51.100.7], ,<B0000000000>,connection timeout
`,
		"inlog": `<B0000097587@mail1.example.jp> [12/Dec/2017:00:01:48] 192.0.2.7 pc taro@example.jp hanako@example.jp a@example.com b@example.com gone1@example.com
<B0000097588@mail1.example.jp> [12/Dec/2017:00:04:00] 198.51.100.7 mx  taro@example.jp
`,
		"outlog": `B0000097587@mail1.example.jp sent on [12/Dec/2017:00:01:51] to 198.51.100.28 mx.example.com from taro@example.jp to a@example.com b@example.com
`,
		"outlocallog": `B0000097587@mail1.example.jp sent on [12/Dec/2017:00:01:51] to 127.0.0.1 mail1.example.jp from taro@example.jp to hanako@example.jp
B0000097587@mail1.example.jp sent on [12/Dec/2017:00:01:51] to 127.0.0.1 mail1.example.jp from - to taro@example.jp
B0000097588@mail1.example.jp sent on [12/Dec/2017:00:04:04] to 127.0.0.1 mail1.example.jp from - to taro@example.jp
`,
		"faillog": `B0000097587@mail1.example.jp send fail on [12/Dec/2017:00:01:51] from taro@example.jp to gone1@example.com [550 User Unknown]
`,
		"senderlog": `[00:01:51:000] [B0000097587] [example.com] GetTryServer:()
[00:01:51:000] [B0000097587] [example.com] ConnectHost:198.51.100.28
`,
	}
	for log, text := range want {
		if got[log] != text {
			t.Errorf("%s\n%swant\n%s", log, got[log], text)
		}
	}
}

// TestDialogue is the exchange of FAQ bsd/05-36, and the reply to DATA that joins a session to an id.
func TestDialogue(t *testing.T) {
	bad := login("00:01:47", "admin")
	bad.Failed = true
	good := login("00:02:00", "taro@example.jp")
	good.Mode, good.Mails = "PLAIN", []Mail{{Sender: "taro@example.jp", To: []string{"a@example.com"}}}
	got := written(t, &Server{}, bad, good)["receivelog"]
	const head = "[12/Dec/2017:00:01:47], 347c0008, "
	want := head + "AUTH LOGIN\r\n" + head + "334 dXNlcm5hbWU6\r\n" + head + "YWRtaW4=\r\n" + head + "334 UGFzc3dvcmQ6\r\n" + head + "eA==\r\n" +
		head + "535 5.7.0 Authentication failed.\r\n[12/Dec/2017:00:01:48], 347c0008, get_reply() SOCKET_ERROR OTHER CODE=54\n"
	if !strings.Contains(got, want) {
		t.Errorf("%s\nwithout\n%s", got, want)
	}
	for _, line := range []string{"], 347c0010, AUTH PLAIN AHRhcm9AZXhhbXBsZS5qcAB4\r\n", "], 347c0010, 235 2.0.0 Authentication successful.\r\n",
		"], 347c0010, MAIL FROM:<taro@example.jp>\r\n", "], 347c0010, 354 Start mail input;id <B0000097587> end with <CRLF>.<CRLF>\r\n"} {
		if !strings.Contains(got, line) {
			t.Errorf("%s\nwithout %q", got, line)
		}
	}
}

// TestMailbox: the login in imap4log hides its password.
func TestMailbox(t *testing.T) {
	bad := &Session{At: at("10:29:51"), Service: IMAP4, Peer: netip.MustParseAddr("192.0.2.7"), Login: "taro@example.jp", Failed: true}
	good := &Session{At: at("10:30:00"), Pace: 1, Service: IMAP4, Peer: bad.Peer, Login: bad.Login, Tries: 1, Reads: 1}
	pop := &Session{At: at("10:31:00"), Service: POP3, Peer: bad.Peer, Login: bad.Login, Reads: 2}
	got := written(t, &Server{}, bad, good, pop)
	head := func(clock string) string { return "[12/Dec/2017:" + clock + "] taro@example.jp from 192.0.2.7 " }
	imap := head("10:29:51") + "LOGIN taro@example.jp **** failed\n" + head("10:30:00") + "LOGIN taro@example.jp **** failed\n" +
		head("10:30:00") + "LOGIN taro@example.jp **** Success\n" + head("10:30:00") + "SELECT INBOX Success\n" +
		head("10:30:01") + "FETCH 1 Success\n" + head("10:30:02") + "LOGOUT  Success\n"
	pops := head("10:31:00") + "USER taro@example.jp Success\n" + head("10:31:00") + "PASS **** Success\n" + head("10:31:00") + "RETR 1 Success\n" +
		head("10:31:00") + "RETR 2 Success\n" + head("10:31:00") + "QUIT  Success\n"
	if got["imap4log"] != imap || got["pop3log"] != pops {
		t.Errorf("%s%s", got["imap4log"], got["pop3log"])
	}
}

// TestFates: a second try, the end of all tries, a forward.
func TestFates(t *testing.T) {
	s := login("01:00:00", "taro@example.jp")
	s.Mails = []Mail{{Sender: "taro@example.jp", To: []string{"a@later.example.net", "b@dead.example.org", "hanako@example.jp"}}}
	got := written(t, &Server{Forwards: map[string]string{"hanako@example.jp": "box@freemail.example.com"}}, s)
	for log, lines := range map[string][]string{
		"outlog":      {"[12/Dec/2017:01:00:05] to 198.51.100.41 mx.freemail.example.com from taro@example.jp to box@freemail.example.com", "[12/Dec/2017:01:15:05] to 198.51.100.20 mx.later.example.net from taro@example.jp to a@later.example.net"},
		"faillog":     {"[12/Dec/2017:09:00:05] from taro@example.jp to b@dead.example.org [Unable to deliver to destination domain]"},
		"outlocallog": {"[12/Dec/2017:01:00:05] to 127.0.0.1 mail1.example.jp from taro@example.jp to hanako@example.jp", "[12/Dec/2017:09:00:05] to 127.0.0.1 mail1.example.jp from - to taro@example.jp"},
	} {
		var said []string
		for line := range strings.Lines(got[log]) {
			_, rest, _ := strings.Cut(strings.TrimSuffix(line, "\n"), " on ")
			said = append(said, rest)
		}
		if !slices.Equal(said, lines) {
			t.Errorf("%s: %q", log, said)
		}
	}
}

func TestEndIsWhenTheLastLineIsWritten(t *testing.T) {
	for name, s := range map[string]*Session{
		"mails":  {Pace: 2, Mails: make([]Mail, 3)},
		"denied": {Pace: 3, Stop: Denied, Mails: make([]Mail, 1)},
		"failed": {Pace: 5, Login: "taro", Failed: true},
		"silent": {Stop: Silent},
		"login":  {Pace: 7, Login: "taro"},
	} {
		s.At, s.Peer, s.Port = at("02:00:00"), netip.MustParseAddr("192.0.2.7"), 25
		for i := range s.Mails {
			s.Mails[i].To = []string{"a@example.com"}
		}
		log := strings.TrimSpace(written(t, &Server{}, s)["acceptlog"])
		want := time.Unix(s.End(), 0).UTC().Format("[02/Jan/2006:15:04:05]")
		if last := log[strings.LastIndex(log, "\n")+1:]; !strings.HasPrefix(last, want) {
			t.Errorf("%s ends at %s, says the plan; %q", name, want, last)
		}
	}
}

func TestWhatIsOffAndWhatIsLate(t *testing.T) {
	s := login("23:58:58", "taro@example.jp")
	s.Mails = []Mail{{Sender: "taro@example.jp", To: []string{"a@example.com"}}}
	srv := &Server{}
	srv.Off[InLog] = true
	got := written(t, srv, s, login("23:59:00", "hanako@example.jp"))
	if len(got) != 2 || strings.Count(got["acceptlog"], "\n") != 1 || strings.Contains(got["receivelog"], "QUIT") {
		t.Errorf("%q", got)
	}
}

func TestErrorOfFlush(t *testing.T) {
	full := errors.New("disk full")
	l := list{login("01:00:00", "taro@example.jp")}
	s := &Server{Host: "h", To: at("02:00:00"), Flush: func(Log, int64, []byte) error { return full }}
	if err := s.Play([]Source{&l}); !errors.Is(err, full) {
		t.Errorf("%v", err)
	}
}
