package logs

import (
	"bytes"
	"testing"
	"time"

	"hikeshi/spool"
)

// FuzzParse reads any lines: whatever they hold, a reading is one of the three, a time is the same by both ways, what an event says are bytes of
// the line, an address is one, and a password is in nothing that is said.
func FuzzParse(f *testing.F) {
	for _, line := range []string{
		"Nov 25 03:04:05 mail postfix/smtpd[1]: 4104E3D: client=unknown[192.0.2.7], sasl_method=PLAIN, sasl_username=taro, orig_queue_id=5104E3D, orig_client=a[192.0.2.8]\nNov 25 03:04:05 mail postfix/cleanup[1]: 4104E3D: message-id=<1@pc>\nNov 25 03:04:06 mail postfix/qmgr[1]: 4104E3D: from=<a@example.com>, size=1, nrcpt=1 (queue active)",
		"Nov 25 03:04:05 mail postfix/smtpd[1]: NOQUEUE: reject: RCPT from unknown[192.0.2.7]: 554 5.7.1 no; from=<a@example.com> to=<a@example.jp> proto=ESMTP helo=<x> sasl_username=<taro>",
		"2026-11-25T03:04:05.123456+09:00 mail postfix/smtp[4]: 4104E3D: to=<\"a>, \\\"b\"@example.com>, relay=mx.example.com[198.51.100.9]:25, delay=1, delays=1/0/0/0, dsn=2.1.5, status=deferred (host mx[192.0.2.1] said: 450 x (in reply to RCPT TO command))",
		`{"__REALTIME_TIMESTAMP":"1795543445000000","MESSAGE":[52,49,0,51],"SYSLOG_IDENTIFIER":"postfix/qmgr","_X":["a\u0041",null,[1,2]],"_PID":"7"}`,
		"Nov 25 03:04:05 mail dovecot: imap-login: Disconnected (auth failed, 2 attempts in 9 secs): user=<taro>, method=PLAIN, rip=192.0.2.7, lip=192.0.2.1, session=<x>",
		"Nov 25 03:04:05 auth(taro,192.0.2.4,sasl:login)<CvN>: Info: sql: Password mismatch (given password: planted)",
		"Nov 25 03:04:05 mail postfix/smtpd[1]: message repeated 2 times: [ warning: unknown[192.0.2.7]: SASL PLAIN authentication failed: x, sasl_username=y]",
		"Nov 25 03:04:05 mail postfix/anvil[1]: statistics: max connection count 1 for (127.0.0.1:25:2001:db8::1) at Nov 25 03:00:00",
		"Feb 29 03:04:05 mail saslauthd[1]: do_auth : auth failure: [user=taro] [service=smtp] [realm=] [mech=pam] [reason=x]",
	} {
		f.Add([]byte(line))
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		p, q := NewParser(time.UTC, modified), NewParser(time.UTC, modified)
		for _, line := range bytes.Split(text, []byte{'\n'}) {
			var e spool.Event
			r := p.Parse(line, &e)
			wall, ok := q.Wall(line)
			switch {
			case r > spool.LineSaid, r == spool.LineSaid && e.Kind == 0, r != spool.LineSaid && e.Kind != 0:
				t.Fatalf("%q: %v, %+v", line, r, e)
			case r != spool.LineUnknown && (!ok || wall != e.Wall):
				t.Fatalf("%q: %d by Parse, %d, %v by Wall", line, e.Wall, wall, ok)
			case e.Count < 0 || e.Size < 0:
				t.Fatalf("%q: %+v", line, e)
			}
			if bytes.HasPrefix(line, []byte{'{'}) {
				continue
			}
			for _, said := range [][]byte{e.Sender, e.Recipients, e.HELO, e.Reply} {
				if !bytes.Contains(line, said) {
					t.Fatalf("%q does not say %q", line, said)
				}
			}
			if bytes.Contains(e.Reply, []byte("given password: ")) && !e.Secret {
				t.Fatalf("%q would be shown", line)
			}
		}
	})
}
