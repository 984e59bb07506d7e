package record

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"hikeshi/spool"
)

// tell writes an event in full, but for its time.
func tell(e spool.Event, r spool.Reading) string {
	if r == spool.LineUnknown {
		return "unknown"
	}
	if r == spool.LineQuiet {
		return "quiet"
	}
	s := e.Kind.String() + " " + e.Service.String()
	if e.Client.IsValid() {
		s += " client=" + e.Client.String()
	}
	if e.SenderSaid {
		s += fmt.Sprintf(" from=%q", e.Sender)
	}
	if e.Login != nil {
		s += fmt.Sprintf(" login=%q", e.Login)
	}
	if e.Recipients != nil || e.Count != 0 {
		s += fmt.Sprintf(" to=%d:%q", e.Count, e.Recipients)
	}
	if e.Domain != nil {
		s += fmt.Sprintf(" domain=%q", e.Domain)
	}
	if e.HELO != nil {
		s += fmt.Sprintf(" helo=%q", e.HELO)
	}
	if e.ID != nil {
		s += fmt.Sprintf(" id=%s", e.ID)
	}
	if e.Reply != nil {
		s += fmt.Sprintf(" reply=%q", e.Reply)
	}
	if e.Secret {
		s += " secret"
	}
	return s
}

type sample struct{ at, line, want string }

func check(t *testing.T, p spool.LogParser, all []sample) {
	t.Helper()
	for _, c := range all {
		var e spool.Event
		r := p.Parse([]byte(c.line), &e)
		if got := tell(e, r); got != c.want {
			t.Errorf("%q\ngot  %s\nwant %s", c.line, got, c.want)
		}
		wall, ok := p.Wall([]byte(c.line))
		if c.at == "" {
			if r != spool.LineUnknown {
				t.Errorf("%q: the case names no time", c.line)
			}
			continue
		}
		want, err := time.Parse("2006-01-02 15:04:05", c.at)
		if err != nil {
			t.Fatal(err)
		}
		if !ok || wall != want.Unix() || r != spool.LineUnknown && e.Wall != wall {
			t.Errorf("%q: time %d, %v, of the event %d, want %d", c.line, wall, ok, e.Wall, want.Unix())
		}
	}
}

// The samples of the vendor mask addresses and names.
func TestAccept(t *testing.T) {
	check(t, &Accept{}, []sample{
		// FAQ bsd/05-03, both lines.
		{"2017-11-30 08:20:44", "[30/Nov/2017:08:20:44], (xxx.xxxx.jp), [xxx.xxx.xxx.xxx]:25, Client accept now.", "connect SMTP"},
		{"2017-11-30 08:22:06", "[30/Nov/2017:08:22:06], (xxx.xxxx.jp), xxx.xxxx.xxx.xxx [xxx.xxx.xxx.xxx], ?????????????????????,<B0000097586>,ok", `end SMTP from="?????????????????????" id=B0000097586`},
		// FAQ bsd/05-36.
		{"2017-12-12 00:01:49", "[12/Dec/2017:00:01:49], (domain.jp), 101.202.xx.xx[101.202.xx.xx],AUTH-LOGIN:admin [failed],,abort", `login-failed SMTP login="admin"`},
		// Made up from the format.
		{"2017-12-12 00:01:49", "[12/Dec/2017:00:01:49], (domain.jp), 192.0.2.7[192.0.2.7], AUTH-LOGIN:taro@example.jp [success],<B0000097587>,ok", `login SMTP client=192.0.2.7 login="taro@example.jp" id=B0000097587`},
	})
	const at, head = "2026-11-21 02:03:04", "[21/Nov/2026:02:03:04], (example.jp), "
	check(t, &Accept{}, []sample{
		{at, head + "[192.0.2.7]:465 SSL, Client accept now.\r", "connect SMTP client=192.0.2.7"},
		{at, head + "[2001:db8::7]:25, Client accept now.", "connect SMTP client=2001:db8::7"},
		{at, head + "2001:db8::7[2001:db8::7], AUTH-CRAM-MD5:taro [success],<B0000000000>,connection timeout", `login SMTP client=2001:db8::7 login="taro"`},
		{at, head + "192.0.2.7[192.0.2.7], AUTH-XAOUTH2:taro [success],<B0000097587>,abort", `login SMTP client=192.0.2.7 login="taro" id=B0000097587`},
		{at, head + "192.0.2.7[192.0.2.7], AUTH-unknown: [failed],<B0000000000>,abort", `login-failed SMTP client=192.0.2.7 login=""`},
		// FAQ bsd/05-24: refused because of a blocklist; without a name for the address.
		{at, head + "192.0.2.7[192.0.2.7], It was in the ORDB IP.,<B0000000000>,abort", `reject SMTP client=192.0.2.7 reply="It was in the ORDB IP."`},
		{at, head + `192.0.2.7[192.0.2.7], "Revers DNS" was failed.,<B0000000000>,abort`, `reject SMTP client=192.0.2.7 reply="\"Revers DNS\" was failed."`},
		{at, head + "mail.example.com[::ffff:192.0.2.7], spam@example.com,<B0000000000>,abort", `reject SMTP client=192.0.2.7 from="spam@example.com"`},
		{at, head + "192.0.2.7[192.0.2.7], ,<B0000000000>,ok", "end SMTP client=192.0.2.7"},
		{at, head + "192.0.2.7[192.0.2.7], <>,<B0000000000>,ok", `end SMTP client=192.0.2.7 from=""`},
		{at, head + "192.0.2.7[192.0.2.7], a,b],c@example.com,<B0000097587>,connection timeout", `end SMTP client=192.0.2.7 from="a,b],c@example.com" id=B0000097587`},
		{at, head + "192.0.2.7[192.0.2.7], \x93\xfa\x96\x7b@example.com,<B0000000000>,abort", `reject SMTP client=192.0.2.7 from="\x93\xfa\x96{@example.com"`},
	})
	check(t, &Accept{}, []sample{
		// No login: what was named as a sender.
		{at, head + "192.0.2.7[192.0.2.7], <AUTH-LOGIN:taro@example.jp [success]>,<B0000097587>,ok", `end SMTP client=192.0.2.7 from="AUTH-LOGIN:taro@example.jp [success]" id=B0000097587`},
		{at, head + "192.0.2.7[192.0.2.7], AUTH-LOGIN:a b [success],<B0000097587>,ok", `end SMTP client=192.0.2.7 from="AUTH-LOGIN:a b [success]" id=B0000097587`},
		{at, head + "192.0.2.7[192.0.2.7], AUTH-SECRET:taro [success],<B0000097587>,ok", `end SMTP client=192.0.2.7 from="AUTH-SECRET:taro [success]" id=B0000097587`},
		{at, head + "192.0.2.7[192.0.2.7], AUTH-LOGIN: [success],<B0000097587>,ok", `end SMTP client=192.0.2.7 from="AUTH-LOGIN: [success]" id=B0000097587`},
		{at, head + "192.0.2.7[192.0.2.7], AUTH-LOGIN:taro [failed],<B0000097587>,ok", `end SMTP client=192.0.2.7 from="AUTH-LOGIN:taro [failed]" id=B0000097587`},
		{at, head + "192.0.2.7[192.0.2.7], AUTH-LOGIN:taro [maybe],<B0000000000>,abort", `reject SMTP client=192.0.2.7 from="AUTH-LOGIN:taro [maybe]"`},
		// A name that imitates the end of the line stays a name.
		{at, head + "192.0.2.7[192.0.2.7], AUTH-LOGIN:x [success],<B0000000001>,ok [failed],<B0000000000>,abort", `login-failed SMTP client=192.0.2.7 login="x [success],<B0000000001>,ok"`},
		{at, head + "192.0.2.7[192.0.2.7], AUTH-PLAIN:\x1b[31mtaro\x00 [failed],,abort", `login-failed SMTP client=192.0.2.7 login="\x1b[31mtaro\x00"`},
		{"", head + "192.0.2.7[192.0.2.7], a,<B0000000000>,perhaps", "unknown"}, {"", head + "192.0.2.7, a,<B0000000000>,ok", "unknown"}, {"", head + "192.0.2.7[192.0.2.7], ok", "unknown"},
		{"", head + "192.0.2.7[192.0.2.7], a,97587,ok", "unknown"}, {"", head + "x[], a,<B0000000000>,ok", "unknown"}, {"", head + "x[1 2], a,<B0000000000>,ok", "unknown"},
		{"", "[21/Nov/2026:02:03:04] something", "unknown"}, {"", "", "unknown"}, {"", "\x00\xff", "unknown"}, {"", head, "unknown"}, {"", head + "[", "unknown"},
		{"", "[21/Nov/2026:02:03:04], (" + strings.Repeat("x", 64<<10), "unknown"},
	})
}

func TestIn(t *testing.T) {
	check(t, &In{}, []sample{
		// FAQ bsd/05-04.
		{"2017-11-11 17:58:25", "<B0000097403@xxx.xxx.xxx> [11/Nov/2017:17:58:25] 192.168.XXX.XXX xxxx.xxxx.jp xxxx@xxxx.xx.jp xxxx@xxxx.xx.jp",
			`accept SMTP from="xxxx@xxxx.xx.jp" to=1:"xxxx@xxxx.xx.jp" helo="xxxx.xxxx.jp" id=B0000097403`},
	})
	const at, head = "2026-11-21 02:03:04", "<B0000097403@example.jp> [21/Nov/2026:02:03:04] 192.0.2.7 "
	check(t, &In{}, []sample{
		{at, head + "pc.example.jp taro@example.jp a@example.com b@example.net c@example.org\r", `accept SMTP client=192.0.2.7 from="taro@example.jp" to=3:"a@example.com b@example.net c@example.org" helo="pc.example.jp" id=B0000097403`},
		{at, head + "pc  a@example.com", `accept SMTP client=192.0.2.7 from="" to=1:"a@example.com" helo="pc" id=B0000097403`},
		{at, head + " taro@example.jp a@example.com", `accept SMTP client=192.0.2.7 from="taro@example.jp" to=1:"a@example.com" helo="" id=B0000097403`},
		{at, head + "  a@example.com", `accept SMTP client=192.0.2.7 from="" to=1:"a@example.com" helo="" id=B0000097403`},
		// A HELO that looks like a sender.
		{at, head + "boss@example.jp x@example.com a@example.com", `accept SMTP client=192.0.2.7 from="x@example.com" to=1:"a@example.com" helo="boss@example.jp" id=B0000097403`},
		{at, "<Ba50000097403@example.jp> [21/Nov/2026:02:03:04] 2001:db8::7 pc AUTH-LOGIN:taro@example.jp [success] a@example.com",
			`accept SMTP client=2001:db8::7 from="AUTH-LOGIN:taro@example.jp" to=2:"[success] a@example.com" helo="pc" id=Ba50000097403`},
		{"", head, "unknown"}, {"", head + "pc", "unknown"}, {"", head + "pc ", "unknown"}, {"", "<97403> [21/Nov/2026:02:03:04] 192.0.2.7 a b c", "unknown"}, {"", "", "unknown"},
		{"", "B0000097403 [21/Nov/2026:02:03:04] 192.0.2.7 pc a@example.jp b@example.com", "unknown"}, {"", "<B0000097403> [21/Nov/2026:02:03:04]192.0.2.7 pc a b", "unknown"},
	})
	// The build of the old guide (guide15) has no HELO.
	check(t, &In{}, []sample{
		{at, head + "taro@example.jp a@example.com", `accept SMTP client=192.0.2.7 from="taro@example.jp" to=1:"a@example.com" id=B0000097403`},
		{at, head + "taro@example.jp a@example.com b@example.com", `accept SMTP client=192.0.2.7 from="taro@example.jp" to=2:"a@example.com b@example.com" id=B0000097403`},
		{at, head + " a@example.com", `accept SMTP client=192.0.2.7 from="" to=1:"a@example.com" id=B0000097403`},
		// From here on a newer build writes.
		{at, head + "pc taro@example.jp a@example.com", `accept SMTP client=192.0.2.7 from="taro@example.jp" to=1:"a@example.com" helo="pc" id=B0000097403`},
		{at, head + " taro@example.jp a@example.com", `accept SMTP client=192.0.2.7 from="taro@example.jp" to=1:"a@example.com" helo="" id=B0000097403`},
	})
}

func TestOut(t *testing.T) {
	// Made up from the format of outlog.
	check(t, NewOut(spool.EventSent), []sample{
		{"2017-11-01 10:29:51", "B0000055688@host.example.jp sent on [01/Nov/2017:10:29:51] to 192.0.2.99 mx.example.com from a@example.jp to b@example.com",
			`sent SMTP client=192.0.2.99 from="a@example.jp" to=1:"b@example.com" id=B0000055688`},
	})
	const at, head = "2026-11-21 02:03:04", "B0000055688-R0001@example.jp sent on [21/Nov/2026:02:03:04] to 192.0.2.99 "
	check(t, NewOut(spool.EventLocal), []sample{
		// FAQ bsd/05-43: a minus sign for the null sender, brackets around an address.
		{at, head + "mx.example.com from - to [taro@example.jp]", `local SMTP client=192.0.2.99 from="" to=1:"taro@example.jp" id=B0000055688`},
		{at, head + "mx.example.com from a@example.jp to b@example.com c@example.com\r", `local SMTP client=192.0.2.99 from="a@example.jp" to=2:"b@example.com c@example.com" id=B0000055688`},
		{at, head + " from a@example.jp to b@example.com", `local SMTP client=192.0.2.99 from="a@example.jp" to=1:"b@example.com" id=B0000055688`},
		// A sender that looks like the rest of the line.
		{at, head + `mx from "x to y@example.com"@example.jp to b@example.com`, `local SMTP client=192.0.2.99 from="\"x to y@example.com\"@example.jp" to=1:"b@example.com" id=B0000055688`},
		{at, head + `mx from x y to z to b@example.com`, `local SMTP client=192.0.2.99 from="x y to z" to=1:"b@example.com" id=B0000055688`},
		{"", head + "mx from a@example.jp to ", "unknown"}, {"", head + "mx from a@example.jp", "unknown"}, {"", head + "mx", "unknown"}, {"", head, "unknown"}, {"", "", "unknown"},
		{"", "B0000055688@example.jp send fail on [21/Nov/2026:02:03:04] from a to b [c]", "unknown"}, {"", "55688@example.jp sent on [21/Nov/2026:02:03:04] to 192.0.2.99 mx from a to b", "unknown"},
	})
	// FAQ bsd/05-09.
	check(t, NewOut(spool.EventBounced), []sample{
		{"2017-11-01 10:29:51", "B0000055688@xxxxx.xxx.xxx send fail on [01/Nov/2017:10:29:51] from xxx@xxxx.xxx.jp to xxxx@xxxx.jp [550 User Unknown]",
			`bounced SMTP from="xxx@xxxx.xxx.jp" to=1:"xxxx@xxxx.jp" id=B0000055688 reply="550 User Unknown"`},
	})
	const fail = "B0000055688@example.jp send fail on [21/Nov/2026:02:03:04] from "
	check(t, NewOut(spool.EventBounced), []sample{
		{at, fail + " to b@example.com [Unable to deliver to destination domain]", `bounced SMTP from="" to=1:"b@example.com" id=B0000055688 reply="Unable to deliver to destination domain"`},
		{at, fail + "a@example.jp to b@example.com [550 5.7.1 mail from [192.0.2.1] to you [x] refused]", `bounced SMTP from="a@example.jp" to=1:"b@example.com" id=B0000055688 reply="550 5.7.1 mail from [192.0.2.1] to you [x] refused"`},
		{at, fail + "a@example.jp to b@example.com []", `bounced SMTP from="a@example.jp" to=1:"b@example.com" id=B0000055688 reply=""`},
		{at, fail + "a@example.jp to b c [550", `bounced SMTP from="a@example.jp" to=1:"b c" id=B0000055688 reply="550"`},
		{"", fail + "a@example.jp to b@example.com", "unknown"}, {"", fail, "unknown"},
	})
}

func TestSender(t *testing.T) {
	day := time.Date(2017, 11, 1, 0, 0, 0, 0, time.UTC).Unix()
	check(t, NewSender(day+5*3600), []sample{
		// FAQ bsd/05-10: the text; the stamp is of the format.
		{"2017-11-01 10:29:51", "[10:29:51:123] [B0000097013] [yyy.yyy.jp] GetTryServer:()", "quiet"},
		{"2017-11-01 10:29:51", "[10:29:51:123] ConnectHost: mx.example.com", "quiet"},
		{"2017-11-01 10:29:52", "[10:29:52:000] [B0000097013] [example.com] 451 4.7.1 Greylisted, try again later\r", `deferred SMTP domain="example.com" id=B0000097013 reply="451 4.7.1 Greylisted, try again later"`},
		{"2017-11-01 10:29:52", "[10:29:52:000] [B0000097013] 421 Try again later", `deferred SMTP id=B0000097013 reply="421 Try again later"`},
		{"2017-11-01 10:29:52", "[10:29:52:000] [B0000097013] [example.com] 550 5.1.1 User unknown", "quiet"},
		{"2017-11-01 10:29:52", "[10:29:52:000] [B0000097013] [example.com] 4510 and so on", "quiet"},
		{"2017-11-01 10:29:52", "[10:29:52:000]", "quiet"},
		{"", "[10:29:52]  [B0000097013]", "unknown"}, {"", "10:29:51:123 [B0000097013]", "unknown"}, {"", "", "unknown"}, {"", "[25:29:51:123] x", "unknown"}, {"", "[10:29:51:123]x", "unknown"},
	})
	if _, ok := NewSender(0).Wall([]byte("[10:29:51:123] x")); ok {
		t.Error("a time without a day")
	}
}

func TestMailbox(t *testing.T) {
	const at, head = "2026-11-21 02:03:04", "[21/Nov/2026:02:03:04] "
	check(t, NewMailbox(spool.IMAP4), []sample{
		// Made up from the format.
		{"2017-11-01 10:29:51", "[01/Nov/2017:10:29:51] taro@example.jp from 192.0.2.7 LOGIN taro@example.jp **** failed", `login-failed IMAP4 client=192.0.2.7 login="taro@example.jp"`},
		{at, head + "taro@example.jp from 192.0.2.7 LOGIN taro@example.jp **** Success\r", `login IMAP4 client=192.0.2.7 login="taro@example.jp"`},
		{at, head + `- from 2001:db8::7 LOGIN "taro" **** failed`, `login-failed IMAP4 client=2001:db8::7 login="taro"`},
		{at, head + "- from 192.0.2.7 AUTHENTICATE PLAIN c2VjcmV0 failed", "login-failed IMAP4 client=192.0.2.7 secret"},
		{at, head + "taro from 192.0.2.7 UID FETCH 1:5 (UID BODY.PEEK[]) Success", `read IMAP4 client=192.0.2.7 login="taro"`},
		{at, head + "taro from 192.0.2.7 FETCH 7 RFC822 Success", `read IMAP4 client=192.0.2.7 login="taro"`},
		{at, head + "taro from 192.0.2.7 FETCH 7 Success", `read IMAP4 client=192.0.2.7 login="taro"`},
		{at, head + "taro from 192.0.2.7 FETCH 1:* (FLAGS) Success", "quiet"}, {at, head + "taro from 192.0.2.7 FETCH 7 RFC822 failed", "quiet"},
		{at, head + "taro from 192.0.2.7 SELECT INBOX Success", "quiet"}, {at, head + "- from 192.0.2.7 CAPABILITY  Success", "quiet"},
		// A name that looks like a line.
		{"", head + "x from 203.0.113.9 LOGIN boss **** from 192.0.2.7 LOGIN x **** failed", "unknown"},
		{"", head + "a b from 192.0.2.7 LOGIN a b **** failed", "unknown"}, {"", head + "taro from 192.0.2.7 LOGIN taro ****", "unknown"}, {"", head, "unknown"}, {"", "", "unknown"}, {"", "no", "unknown"},
	})
	check(t, NewMailbox(spool.POP3), []sample{
		{at, head + "taro from 192.0.2.7 PASS **** Success", `login POP3 client=192.0.2.7 login="taro"`}, {at, head + "taro from 192.0.2.7 PASS secret failed", `login-failed POP3 client=192.0.2.7 login="taro" secret`},
		{at, head + "- from 192.0.2.7 APOP taro c4c9334bac560ecc979e58001b3e22fb -ERR", `login-failed POP3 client=192.0.2.7 login="taro" secret`},
		{at, head + "taro from 192.0.2.7 RETR 1 +OK", `read POP3 client=192.0.2.7 login="taro"`}, {at, head + "taro from 192.0.2.7 RETR 1", `read POP3 client=192.0.2.7 login="taro"`},
		{at, head + "taro from 192.0.2.7 RETR 1 failed", "quiet"}, {at, head + "taro from 192.0.2.7 QUIT", "quiet"}, {at, head + "- from 192.0.2.7 USER taro Success", "quiet"}, {at, head + "taro from 192.0.2.7 PASS secret", "quiet"},
		{at, head[:22] + ", (example.jp), [192.0.2.7]:110, Client accept now.", "connect POP3 client=192.0.2.7"}, {"", head[:22] + ", something", "unknown"},
	})
}

// What makes no sense may hold a password.
func TestUnknownIsSecret(t *testing.T) {
	for door, command := range map[spool.Protocol]string{spool.POP3: "PASS", spool.IMAP4: "LOGIN"} {
		for _, line := range []string{"secret", "[21/Nov/2026:02:03:04] secret", "[21/Nov/2026:02:03:04] x from 203.0.113.9 " + command + " boss secret from 192.0.2.7 LOGIN x **** failed"} {
			var e spool.Event
			if r := NewMailbox(door).Parse([]byte(line), &e); r != spool.LineUnknown || !e.Secret || e.Login != nil {
				t.Errorf("%q: %v %+v", line, r, e)
			}
		}
	}
}
