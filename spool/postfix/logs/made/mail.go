package made

import "fmt"

const people = 120

func person(i int) (name, addr string) {
	return fmt.Sprintf("user%03d@example.jp", i), fmt.Sprintf("192.0.2.%d", 1+i%250)
}

// ordinary is one thing of an ordinary day.
func (m *maker) ordinary(at int64) {
	switch n := m.rnd.IntN(100); {
	case n < 35:
		login, addr := person(m.rnd.IntN(people))
		m.out1(at, login, login, addr)
	case n < 75:
		m.incoming(at)
	case n < 80:
		m.program(at)
	case n < 83:
		m.abort(at)
	case n < 95:
		m.refuse(at)
	default:
		m.guess(at)
	}
}

// spam is a message of the stolen login, or of its owner's for strangers.
func (m *maker) spam(at int64) {
	thief := m.truth.Thieves[m.rnd.IntN(len(m.truth.Thieves))]
	m.truth.Spam++
	m.out1(at, Stolen, Stolen, thief)
}

func (m *maker) connect(at int64, service, host, addr string, counters string) {
	m.say(at, service, "connect from %s[%s]", host, addr)
	m.say(at+900e3, service, "disconnect from %s[%s] %s", host, addr, counters)
}

// out1 is a message of somebody with a login.
func (m *maker) out1(at int64, login, sender, addr string) {
	id, n := m.id(), 1+m.rnd.IntN(3)
	m.connect(at, "submission/smtpd", "unknown", addr, "ehlo=2 starttls=1 auth=1 mail=1 rcpt=1 data=1 quit=1 commands=8")
	m.say(at+100e3, "submission/smtpd", "%s: client=unknown[%s], sasl_method=PLAIN, sasl_username=%s", id, addr, login)
	mid := fmt.Sprintf("<%s@pc.example.jp>", id)
	m.say(at+200e3, "cleanup", "%s: message-id=%s", id, mid)
	m.queued(at+300e3, id, sender, n)
	m.truth.Received++
	m.truth.Senders[sender]++
	if m.o.Filter {
		next := m.id()
		m.say(at+400e3, "smtpd", "connect from localhost[127.0.0.1]")
		m.say(at+410e3, "smtpd", "%s: client=localhost[127.0.0.1]", next)
		m.say(at+420e3, "cleanup", "%s: message-id=%s", next, mid)
		m.queued(at+430e3, next, sender, n)
		for i := range n {
			m.say(at+440e3, "smtp", "%s: to=<%s>, relay=127.0.0.1[127.0.0.1]:10024, delay=0.4, delays=0.2/0.02/0.04/0.1, dsn=2.0.0, status=sent (250 2.0.0 from MTA(smtp:[127.0.0.1]:10025): 250 2.0.0 Ok: queued as %s)", id, friend(i), next)
		}
		m.say(at+450e3, "qmgr", "%s: removed", id)
		m.truth.Filtered++
		id = next
	}
	m.outward(at+600e3, id, sender, n)
}

func friend(i int) string { return fmt.Sprintf("friend%d@example.com", i) }

func (m *maker) queued(at int64, id, sender string, n int) {
	m.say(at, "qmgr", "%s: from=<%s>, size=%d, nrcpt=%d (queue active)", id, sender, 800+m.rnd.IntN(90000), n)
}

// outward is what becomes of a message for outside.
func (m *maker) outward(at int64, id, sender string, n int) {
	deferred := false
	end := at
	for i := range n {
		to := fmt.Sprintf("r%d.%s@example.com", m.rnd.IntN(100000), id[:3])
		if sender != Stolen && m.rnd.IntN(10) > 0 { // people write to those whom they know
			to = fmt.Sprintf("friend%d.%s@example.com", m.rnd.IntN(40), sender[:len("user000")])
		}
		switch k := m.rnd.IntN(100); {
		case k < 84:
			m.deliver(at, id, to, i)
		case k < 94:
			deferred = true
			m.truth.Deferrals++
			m.say(at, "smtp", "%s: to=<%s>, relay=mx.example.com[198.51.100.%d]:25, delay=2.3, delays=0.25/0.05/2/0.04, dsn=4.2.0, status=deferred (host mx.example.com[198.51.100.9] said: 450 4.2.0 <%s>: Recipient address rejected: Greylisted (in reply to RCPT TO command))", id, to, 1+i, to)
			end = at + 600e6
			m.deliver(end, id, to, i)
		default:
			m.truth.Bounced++
			m.say(at, "smtp", "%s: to=<%s>, relay=mx.example.com[198.51.100.%d]:25, delay=1.1, delays=0.1/0/0.6/0.4, dsn=5.1.1, status=bounced (host mx.example.com[198.51.100.9] said: 550 5.1.1 <%s>: Recipient address rejected: User unknown (in reply to RCPT TO command))", id, to, 1+i, to)
			m.say(at+10e3, "bounce", "%s: sender non-delivery notification: %s", id, m.notice(at+10e3, sender))
		}
	}
	if deferred {
		m.truth.Deferred++
		m.queued(end-1e6, id, sender, n)
	}
	m.say(end+50e3, "qmgr", "%s: removed", id)
}

func (m *maker) deliver(at int64, id, to string, i int) {
	m.truth.Delivered++
	m.say(at, "smtp", "%s: to=<%s>, relay=mx.example.com[198.51.100.%d]:25, delay=3.6, delays=0.2/0.02/0.04/3.3, dsn=2.0.0, status=sent (250 2.0.0 Ok: queued as 4F%dQz)", id, to, 1+i, m.rnd.IntN(1e9))
}

// notice is a bounce that Postfix makes.
func (m *maker) notice(at int64, to string) string {
	id := m.id()
	m.say(at, "cleanup", "%s: message-id=<%s@mail.example.jp>", id, id)
	m.say(at+1e3, "qmgr", "%s: from=<>, size=3210, nrcpt=1 (queue active)", id)
	m.local(at+20e3, id, to)
	return id
}

func (m *maker) local(at int64, id, to string) {
	m.truth.Delivered++
	m.say(at, "lmtp", "%s: to=<%s>, relay=mail.example.jp[private/dovecot-lmtp], delay=0.2, delays=0.1/0/0.01/0.09, dsn=2.0.0, status=sent (250 2.0.0 <%s> 9ZHq02g Saved)", id, to, to)
	m.say(at+10e3, "qmgr", "%s: removed", id)
}

// incoming is a message from outside.
func (m *maker) incoming(at int64) {
	id := m.id()
	sender := fmt.Sprintf("sender%d@example.com", m.rnd.IntN(3000))
	to, _ := person(m.rnd.IntN(people))
	addr := fmt.Sprintf("198.51.100.%d", 1+m.rnd.IntN(250))
	m.connect(at, "smtpd", "mx.example.com", addr, "ehlo=1 mail=1 rcpt=1 data=1 quit=1 commands=5")
	m.say(at+100e3, "smtpd", "%s: client=mx.example.com[%s]", id, addr)
	m.say(at+200e3, "cleanup", "%s: message-id=<%s@example.com>", id, id)
	m.queued(at+300e3, id, sender, 1)
	m.truth.Received++
	m.truth.Senders[sender]++
	m.local(at+400e3, id, to)
}

// program is a message of cron or a web form.
func (m *maker) program(at int64) {
	id := m.id()
	m.say(at, "pickup", "%s: uid=33 from=<www-data>", id)
	m.say(at+10e3, "cleanup", "%s: message-id=<%s@mail.example.jp>", id, id)
	m.queued(at+20e3, id, "www-data@example.jp", 1)
	m.truth.Received++
	m.truth.Senders["www-data@example.jp"]++
	to, _ := person(m.rnd.IntN(people))
	m.local(at+30e3, id, to)
}

// abort is a message that a milter refuses.
func (m *maker) abort(at int64) {
	id, addr := m.id(), fmt.Sprintf("203.0.113.%d", 100+m.rnd.IntN(100))
	m.connect(at, "smtpd", "unknown", addr, "ehlo=1 mail=1 rcpt=1 data=0/1 quit=1 commands=4/5")
	m.say(at+100e3, "smtpd", "%s: client=unknown[%s]", id, addr)
	m.say(at+200e3, "cleanup", "%s: message-id=<%s@example.net>", id, id)
	m.say(at+300e3, "cleanup", "%s: milter-reject: END-OF-MESSAGE from unknown[%s]: 5.7.1 Spam message rejected; from=<spam@example.net> to=<user001@example.jp> proto=ESMTP helo=<mx>", id, addr)
	m.truth.Aborted++
	m.truth.Rejected++
}

// refuse is a recipient that is refused.
func (m *maker) refuse(at int64) {
	addr := fmt.Sprintf("203.0.113.%d", 100+m.rnd.IntN(100))
	m.connect(at, "smtpd", "unknown", addr, "ehlo=1 mail=1 rcpt=0/1 quit=1 commands=3/4")
	to := fmt.Sprintf("nobody%d@example.jp", m.rnd.IntN(1000))
	m.say(at+100e3, "smtpd", "NOQUEUE: reject: RCPT from unknown[%s]: 550 5.1.1 <%s>: Recipient address rejected: User unknown in virtual mailbox table; from=<x@example.net> to=<%s> proto=ESMTP helo=<mx>", addr, to, to)
	m.truth.Rejected++
}

// guess is a login that fails.
func (m *maker) guess(at int64) {
	addr := fmt.Sprintf("203.0.113.%d", 100+m.rnd.IntN(100))
	m.connect(at, "submission/smtpd", "unknown", addr, "ehlo=1 auth=0/1 quit=1 commands=2/3")
	m.say(at+500e3, "submission/smtpd", "warning: unknown[%s]: SASL LOGIN authentication failed: UGFzc3dvcmQ6", addr)
	m.truth.Failed++
}
