package logs

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"hikeshi/spool"
)

// story reads lines in their order and tells the events, one a line.
func story(t *testing.T, lines string) string {
	t.Helper()
	p := NewParser(time.UTC, modified)
	var all []string
	for _, line := range strings.Split(strings.TrimSpace(lines), "\n") {
		var e spool.Event
		switch p.Parse([]byte("Nov 25 03:04:05 mail "+strings.TrimSpace(line)), &e) {
		case spool.LineUnknown:
			t.Errorf("not understood: %s", line)
		case spool.LineSaid:
			all = append(all, tell(&e))
		}
	}
	return strings.Join(all, "\n")
}

func tell(e *spool.Event) string {
	s := e.Kind.String()
	if e.ID != nil {
		s += " " + string(e.ID)
	}
	if e.Again != nil {
		s += " again " + string(e.Again)
	}
	if e.Client.IsValid() {
		s += " " + e.Client.String()
	}
	if e.Login != nil {
		s += fmt.Sprintf(" login=%q", e.Login)
	}
	if e.SenderSaid {
		s += fmt.Sprintf(" from=%q", e.Sender)
	}
	if e.Count > 0 {
		s += fmt.Sprint(" ", e.Count)
	}
	if e.Secret {
		s += " secret"
	}
	return s
}

func TestStories(t *testing.T) {
	for name, c := range map[string]struct{ lines, want string }{
		"a message with a login, tried again": {`
			postfix/submission/smtpd[1]: connect from unknown[192.0.2.7]
			postfix/submission/smtpd[1]: 4104E3D: client=unknown[192.0.2.7]:50123, sasl_method=PLAIN, sasl_username=taro@example.jp, sasl_sender=x
			postfix/cleanup[2]: 4104E3D: message-id=<1@pc>
			postfix/qmgr[3]: 4104E3D: from=<taro@example.jp>, size=1391, nrcpt=2 (queue active)
			postfix/smtp[4]: 4104E3D: to=<a@example.com>, relay=mx.example.com[198.51.100.9]:25, conn_use=2, delay=1, delays=1/0/0/0, dsn=2.0.0, status=sent (250 Ok)
			postfix/smtp[4]: 4104E3D: to=<b@example.com>, orig_to=<c@example.jp>, relay=none, delay=1, delays=1/0/0/0, dsn=4.4.1, status=deferred (connect to mx.example.com[198.51.100.9]:25: Connection refused)
			postfix/qmgr[3]: 4104E3D: from=<taro@example.jp>, size=1391, nrcpt=2 (queue active)
			postfix/qmgr[3]: 4104E3D: from=<taro@example.jp>, status=expired, returned to sender
			postfix/bounce[5]: 4104E3D: sender non-delivery notification: 5104E3D
			postfix/cleanup[2]: 5104E3D: message-id=<2@mail>
			postfix/qmgr[3]: 5104E3D: from=<>, size=3000, nrcpt=1 (queue active)
			postfix/qmgr[3]: 4104E3D: removed`,
			`login 4104E3D 192.0.2.7 login="taro@example.jp"
accept 4104E3D 192.0.2.7 login="taro@example.jp" from="taro@example.jp" 2
sent 4104E3D 198.51.100.9 1
deferred 4104E3D 1
bounced 4104E3D from="taro@example.jp"`},
		"an id is used again": {`
			postfix/smtpd[1]: 4104E3D: client=unknown[192.0.2.7]
			postfix/cleanup[2]: 4104E3D: message-id=<1@pc>
			postfix/qmgr[3]: 4104E3D: from=<>, size=1391, nrcpt=1 (queue active)
			postfix/qmgr[3]: 4104E3D: removed
			postfix/smtpd[1]: 4104E3D: client=unknown[192.0.2.8]
			postfix/cleanup[2]: 4104E3D: message-id=<2@pc>
			postfix/qmgr[3]: 4104E3D: from=<a@example.com>, size=1391, nrcpt=1 (queue active)`,
			`accept 4104E3D 192.0.2.7 login="" from="" 1
accept 4104E3D 192.0.2.8 login="" from="a@example.com" 1`},
		"the beginning was not seen": {`
			postfix/qmgr[3]: 4104E3D: from=<a@example.com>, size=1391, nrcpt=1 (queue active)
			postfix/qmgr[3]: 4104E3D: from=<a@example.com>, size=1391, nrcpt=1 (queue active)`,
			`accept 4104E3D from="a@example.com" 1`},
		"a filter that forwards who it was (XFORWARD)": {`
			postfix/smtpd[1]: 4104E3D: client=unknown[192.0.2.7], sasl_method=PLAIN, sasl_username=taro
			postfix/cleanup[2]: 4104E3D: message-id=<1@pc>
			postfix/qmgr[3]: 4104E3D: from=<taro@example.jp>, size=1391, nrcpt=1 (queue active)
			postfix/smtpd[1]: 5104E3D: client=localhost[127.0.0.1], orig_queue_id=4104E3D, orig_client=unknown[192.0.2.7]
			postfix/cleanup[2]: 5104E3D: message-id=<1@pc>
			postfix/qmgr[3]: 5104E3D: from=<taro@example.jp>, size=1700, nrcpt=1 (queue active)
			postfix/smtp[4]: 4104E3D: to=<a@example.com>, relay=127.0.0.1[127.0.0.1]:10024, delay=1, delays=1/0/0/0, dsn=2.0.0, status=sent (250 2.0.0 Ok: queued as 5104E3D)`,
			`login 4104E3D 192.0.2.7 login="taro"
accept 4104E3D 192.0.2.7 login="taro" from="taro@example.jp" 1
accept 5104E3D again 4104E3D 192.0.2.7 login="" from="taro@example.jp" 1
local 4104E3D 127.0.0.1 1`},
		"a filter that hands in by sendmail(1), once for each recipient; what comes thrice is new": {`
			postfix/smtpd[1]: 4104E3D: client=unknown[198.51.100.7]
			postfix/cleanup[2]: 4104E3D: message-id=<1@pc>
			postfix/qmgr[3]: 4104E3D: from=<a@example.com>, size=1391, nrcpt=2 (queue active)
			postfix/pickup[1]: 5104E3D: uid=110 from=<a@example.com>
			postfix/cleanup[2]: 5104E3D: message-id=<1@pc>
			postfix/qmgr[3]: 5104E3D: from=<a@example.com>, size=1700, nrcpt=1 (queue active)
			postfix/pickup[1]: 6104E3D: uid=110 from=<a@example.com>
			postfix/cleanup[2]: 6104E3D: message-id=<1@pc>
			postfix/qmgr[3]: 6104E3D: from=<a@example.com>, size=1700, nrcpt=1 (queue active)
			postfix/pickup[1]: 7104E3D: uid=110 from=<a@example.com>
			postfix/cleanup[2]: 7104E3D: message-id=<1@pc>
			postfix/qmgr[3]: 7104E3D: from=<a@example.com>, size=1700, nrcpt=1 (queue active)`,
			`accept 4104E3D 198.51.100.7 login="" from="a@example.com" 2
accept 5104E3D again 4104E3D 127.0.0.1 login="" from="a@example.com" 1
accept 6104E3D again 4104E3D 127.0.0.1 login="" from="a@example.com" 1
accept 7104E3D 127.0.0.1 login="" from="a@example.com" 1`},
		"a filter before the queue": {`
			postfix/smtpd[1]: NOQUEUE: client=unknown[192.0.2.7], sasl_method=PLAIN, sasl_username=taro
			postfix/smtpd[9]: 5104E3D: client=localhost[127.0.0.1], orig_client=unknown[192.0.2.7]
			postfix/cleanup[2]: 5104E3D: message-id=<1@pc>
			postfix/qmgr[3]: 5104E3D: from=<taro@example.jp>, size=1700, nrcpt=1 (queue active)
			postfix/smtpd[1]: proxy-accept: END-OF-MESSAGE: 250 2.0.0 Ok: queued as 5104E3D; from=<taro@example.jp> to=<a@example.com> proto=ESMTP helo=<pc>`,
			`login 5104E3D 192.0.2.7 login="taro"
accept 5104E3D 192.0.2.7 login="taro" from="taro@example.jp" 1`},
		"a program that sends the same Message-ID again and again is counted each time": {`
			postfix/pickup[1]: 5104E3D: uid=33 from=<www-data>
			postfix/cleanup[2]: 5104E3D: message-id=<1@pc>
			postfix/qmgr[3]: 5104E3D: from=<www-data@example.jp>, size=1700, nrcpt=50 (queue active)
			postfix/pickup[1]: 6104E3D: uid=33 from=<www-data>
			postfix/cleanup[2]: 6104E3D: message-id=<1@pc>
			postfix/qmgr[3]: 6104E3D: from=<www-data@example.jp>, size=1700, nrcpt=50 (queue active)
			postfix/smtpd[1]: 7104E3D: client=localhost[127.0.0.1]
			postfix/cleanup[2]: 7104E3D: message-id=<2@pc>
			postfix/qmgr[3]: 7104E3D: from=<www-data@example.jp>, size=1700, nrcpt=50 (queue active)
			postfix/smtpd[1]: 8104E3D: client=localhost[127.0.0.1]
			postfix/cleanup[2]: 8104E3D: message-id=<2@pc>
			postfix/qmgr[3]: 8104E3D: from=<www-data@example.jp>, size=1700, nrcpt=50 (queue active)`,
			`accept 5104E3D 127.0.0.1 login="" from="www-data@example.jp" 50
accept 6104E3D 127.0.0.1 login="" from="www-data@example.jp" 50
accept 7104E3D 127.0.0.1 login="" from="www-data@example.jp" 50
accept 8104E3D 127.0.0.1 login="" from="www-data@example.jp" 50`},
		"a try that Dovecot tells of first": {`
			dovecot: auth: passwd-file(hanako,192.0.2.66): Password mismatch (given password: planted)
			postfix/smtpd[1]: warning: unknown[192.0.2.66]: SASL LOGIN authentication failed: UGFzc3dvcmQ6
			postfix/smtpd[1]: warning: unknown[192.0.2.66]: SASL LOGIN authentication failed: UGFzc3dvcmQ6, sasl_username=jiro, x
			dovecot: auth: sql(a,b@example.jp,2001:db8::7,<x>): unknown user
			dovecot: auth: sql(a,b@example.jp,2001:db8::7,<x>): unknown user
			dovecot: imap-login: Disconnected (auth failed, 2 attempts in 9 secs): user=<a,b@example.jp>, method=PLAIN, rip=2001:db8::7, lip=192.0.2.1, session=<x>
			dovecot: imap-login: Disconnected (auth failed, 2 attempts in 9 secs): user=<a>, method=PLAIN, rip=2001:db8::7, lip=192.0.2.1, session=<x>
			dovecot: imap-login: Disconnected (no auth attempts in 9 secs): user=<>, rip=2001:db8::7, lip=192.0.2.1, session=<x>`,
			`login-failed 192.0.2.66 login="hanako" secret
login-failed 192.0.2.66 login="jiro, x"
login-failed 2001:db8::7 login="a,b@example.jp"
login-failed 2001:db8::7 login="a,b@example.jp"
login-failed 2001:db8::7 login="a"`},
		"PAM, Dovecot and the door tell of one try": {`
			auth: pam_unix(dovecot:auth): authentication failure; logname= uid=0 euid=0 tty=dovecot ruser=taro rhost=192.0.2.66  user=taro
			dovecot: auth-worker(7): pam(taro,192.0.2.66): pam_authenticate() failed: Authentication failure (Password mismatch?)
			dovecot: pop3-login: Aborted login (auth failed, 1 attempts in 2 secs): user=<taro>, method=PLAIN, rip=192.0.2.66, lip=192.0.2.1`,
			`login-failed 192.0.2.66 login="taro"`},
		"a name cannot be another's address": {`
			dovecot: imap-login: Aborted login (auth failed, 1 attempts): user=<x>, method=PLAIN, rip=203.0.113.9, lip=1>, method=PLAIN, rip=192.0.2.66, lip=192.0.2.1
			dovecot: auth: pam(x,203.0.113.9): unknown user,192.0.2.67): unknown user
			postfix/smtpd[1]: NOQUEUE: reject: RCPT from unknown[192.0.2.68]: 554 5.7.1 <x[203.0.113.9]>: no; from=<a from y[203.0.113.9]> to=<b@example.jp> proto=ESMTP helo=<x[203.0.113.9]>`,
			`login-failed 192.0.2.66 login="x>, method=PLAIN, rip=203.0.113.9, lip=1"
login-failed 192.0.2.67 login="x,203.0.113.9): unknown user"
reject 192.0.2.68 from="a from y[203.0.113.9]" 1`},
		"mailboxes": {`
			dovecot: imap-login: Login: user=<taro>, method=PLAIN, rip=192.0.2.7, lip=192.0.2.1, mpid=7, TLS, session=<9ZHq02g3>
			dovecot: imap(taro)<7><9ZHq02g3>: Disconnected: Logged out in=1 out=2 deleted=0 expunged=0 trashed=0 hdr_count=3 hdr_bytes=9 body_count=3 body_bytes=4321
			dovecot: imap(taro)<7><9ZHq02g3>: Disconnected: Logged out in=1 out=2 deleted=0 expunged=0 trashed=0 hdr_count=3 hdr_bytes=9 body_count=0 body_bytes=0
			dovecot: lmtp(taro)<8><x>: sieve: msgid=<1@pc>: stored mail into mailbox 'INBOX'
			dovecot: managesieve-login: Login: user=<taro>, method=PLAIN, rip=192.0.2.7, lip=192.0.2.1, session=<y>
			dovecot: master: Warning: Killed with signal 15`,
			`login 192.0.2.7 login="taro"
read 192.0.2.7 login="taro"
login 192.0.2.7 login="taro"`},
		"what is no delivery, no failure and no refusal": {`
			postfix/smtp[4]: 4104E3D: to=<a@example.com>, relay=mx.example.com[198.51.100.9]:25, delay=1, delays=1/0/0/0, dsn=2.1.5, status=deliverable (250 2.1.5 Ok)
			postfix/smtpd[1]: warning: unknown[192.0.2.7]: SASL LOGIN authentication failed: Connection lost to authentication server
			postfix/smtpd[1]: NOQUEUE: reject_warning: RCPT from unknown[192.0.2.7]: 554 5.7.1 no; from=<> to=<a@example.jp> proto=ESMTP helo=<x>
			postfix/cleanup[1]: 4104E3D: hold: header Subject: x from unknown[192.0.2.7]; from=<> to=<a@example.jp> proto=ESMTP helo=<x>
			postfix/postsuper[1]: 4104E3D: placed on hold
			opendkim[7]: 4104E3D: DKIM-Signature field added
			last message repeated 3 times`, ``},
		"refused after a login": {`
			postfix/smtpd[1]: 4104E3D: reject: RCPT from unknown[192.0.2.7]: 450 4.7.1 <a@example.com>: slow down; from=<taro@example.jp> to=<a@example.com> proto=ESMTP helo=<pc> sasl_method=<PLAIN> sasl_username=<taro>
			postfix/smtpd[1]: message repeated 2 times: [ warning: unknown[192.0.2.7]: SASL PLAIN authentication failed:]`,
			`reject 4104E3D 192.0.2.7 login="taro" from="taro@example.jp" 1
login-failed 192.0.2.7`},
	} {
		t.Run(name, func(t *testing.T) {
			if got := story(t, c.lines); got != c.want {
				t.Errorf("got\n%s\nwant\n%s", got, c.want)
			}
		})
	}
}

// A line may end anywhere: syslog cuts long ones.
func TestCut(t *testing.T) {
	for _, line := range []string{
		"Nov 25 03:04:05 mail postfix/smtpd[1]: NOQUEUE: reject: RCPT from unknown[192.0.2.7]: 554 5.7.1 no; from=<a@example.com> to=<a@example.jp> proto=ESMTP helo=<x> sasl_username=<taro>",
		"2026-11-25T03:04:05.123456+09:00 mail postfix/smtp[4]: 4104E3D: to=<a@example.com>, relay=mx.example.com[198.51.100.9]:25, delay=1, delays=1/0/0/0, dsn=2.1.5, status=sent (250 2.1.5 Ok)",
		`{"__REALTIME_TIMESTAMP":"1795543445000000","MESSAGE":[52,49,0,51],"SYSLOG_IDENTIFIER":"postfix/qmgr","_X":["a\u0041",null,[1,2]],"_PID":"7"}`,
		"Nov 25 03:04:05 mail dovecot: imap-login: Disconnected (auth failed, 2 attempts in 9 secs): user=<taro>, method=PLAIN, rip=192.0.2.7, lip=192.0.2.1, session=<x>",
	} {
		for n := range len(line) + 1 {
			e, r := read(line[:n])
			if r == spool.LineSaid && (e.Kind == 0 || e.Wall == 0) {
				t.Errorf("%q: %+v", line[:n], e)
			}
		}
	}
}
