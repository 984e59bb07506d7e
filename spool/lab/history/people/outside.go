package people

import (
	"fmt"
	"math/rand/v2"
	"net/netip"

	"hikeshi/spool/lab/history/daemon"
)

const newsPassword = "Secret-of-the-letters"

// letters is the newsletter: once a week, some thousand recipients, fifty a mail. When all is sent it asks for the next week.
type letters struct {
	town *Town
	r    *rand.Rand
	week int64
	sent int
	all  int
	at   int64
}

// fifty is the number of recipients of one mail.
const fifty = 50

// Next implements daemon.Source. The weekday is that of the last day in every second seed, so that a newsletter is sometimes sent on
// the day of an incident.
func (l *letters) Next() *daemon.Session {
	t := l.town
	if l.sent >= l.all {
		l.all, l.sent = 2000+l.r.IntN(60)*fifty, 0
		if l.at == 0 {
			last := t.To - t.To%86400
			l.week = last - int64(t.Seed%2)*86400*3 - (last-t.From)/(7*86400)*7*86400
			if l.week < t.From {
				l.week += 7 * 86400
			}
		} else {
			l.week += 7 * 86400
		}
		l.at = l.week + 4*3600 + int64(l.r.IntN(3600))
	}
	login := News + "@" + t.Domain
	m := daemon.Mail{Sender: login}
	for i := range fifty {
		n := l.sent + i
		m.To = append(m.To, fmt.Sprintf("reader%d@%s", n, domains[n/10%len(domains)]))
	}
	if l.r.IntN(3) == 0 {
		m.To[fifty/2] = fmt.Sprintf("%s-reader%d@example.com", daemon.Gone, l.sent)
	}
	l.sent += fifty
	l.at += 10 + int64(l.r.IntN(20))
	return &daemon.Session{At: l.at, Pace: 1, Peer: t.Letters, HELO: "letters." + t.Domain, Login: login, Mode: "CRAM-MD5",
		Password: newsPassword, Port: 587, Mails: []daemon.Mail{m}}
}

// A host is a mail server of somebody else.
type host struct {
	addr    netip.Addr
	name    string
	senders []string
}

// incoming is mail from outside; one in five is refused.
func (t *Town) incoming() func(*rand.Rand, int64) *daemon.Session {
	var hosts []host
	for i := range 150 {
		h := host{addr: netip.AddrFrom4([4]byte{198, 51, 100, byte(1 + i%63)}), name: fmt.Sprintf("mx%d.%s", i, domains[i%7])}
		if i%3 == 2 {
			h.addr = netip.AddrFrom16([16]byte{0x20, 1, 0xd, 0xb8, 0, 0xa, 0, byte(i), 15: 25})
		}
		for n := range 20 {
			h.senders = append(h.senders, fmt.Sprintf("c%d@%s", i*20+n, domains[i%7]))
		}
		hosts = append(hosts, h)
	}
	return func(r *rand.Rand, at int64) *daemon.Session {
		h := &hosts[r.IntN(len(hosts))]
		m := daemon.Mail{Sender: h.senders[r.IntN(len(h.senders))], To: []string{t.People[r.IntN(len(t.People))].Login}}
		s := &daemon.Session{At: at, Pace: int64(r.IntN(3)), Peer: h.addr, HELO: h.name, Port: 25}
		switch k := r.IntN(100); {
		case k < 6:
			s.Stop = daemon.Blocked
		case k < 8:
			s.Stop = daemon.Nameless
		case k < 9:
			s.Stop = daemon.Silent
		case k < 16:
			s.Stop = daemon.Unknown
			m.To[0] = fmt.Sprintf("nobody%d@%s", r.IntN(1000), t.Domain)
		case k < 18:
			s.Stop = daemon.Denied
			m.To[0] = fmt.Sprintf("c%d@freemail.example.com", r.IntN(1000))
		case k < 22:
			m.Sender = "" // a mail of theirs that came back
		}
		if s.Stop != daemon.Blocked && s.Stop != daemon.Nameless && s.Stop != daemon.Silent {
			s.Mails = []daemon.Mail{m}
		}
		return s
	}
}

// guess is one try of a guesser, who never finds a password.
func (t *Town) guess(r *rand.Rand, at int64) *daemon.Session {
	name := []string{"admin", "info", "test", "sales", "root", "postmaster"}[r.IntN(6)]
	if r.IntN(4) == 0 {
		name = t.People[r.IntN(len(t.People))].Login
	} else if r.IntN(2) == 0 {
		name += "@" + t.Domain
	}
	s := &daemon.Session{At: at, Pace: 1 + int64(r.IntN(2)), Peer: guesser(r), HELO: "User", Login: name, Mode: "LOGIN",
		Password: fmt.Sprintf("guess%d", r.IntN(10000)), Port: 587, Failed: true}
	switch r.IntN(5) {
	case 0:
		s.Service, s.Tries = daemon.IMAP4, r.IntN(3)
	case 1:
		s.Service, s.Tries = daemon.POP3, r.IntN(3)
	}
	return s
}

// guesser is the address of one: a few do most of the work.
func guesser(r *rand.Rand) netip.Addr {
	if r.IntN(3) == 0 {
		return netip.AddrFrom16([16]byte{0x20, 1, 0xd, 0xb8, 0, 0xb0, 0, byte(r.IntN(40)), 15: 7})
	}
	return netip.AddrFrom4([4]byte{198, 51, 100, byte(224 + min(r.IntN(31), r.IntN(31)))})
}

// IsGuesser says whether an address is that of a guesser.
func IsGuesser(a netip.Addr) bool {
	return netip.MustParsePrefix("198.51.100.224/27").Contains(a) || netip.MustParsePrefix("2001:db8:b0::/48").Contains(a)
}
