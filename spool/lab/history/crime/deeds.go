package crime

import (
	"fmt"
	"net/netip"

	"hikeshi/spool/lab/history/daemon"
	"hikeshi/spool/lab/history/people"
)

const hour = 3600

// fast sends as much as the thief can, from 5 to 40 addresses, for up to three hours, and does before what belongs to it.
func (p *plan) fast(who people.Person, has func(Kind) bool) {
	last := p.town.To - p.between(300, 2*hour)
	first := last - p.between(hour/2, 3*hour)
	sources := p.take(int(p.between(5, 40)))
	rcpts, gone := int(p.between(1, 50)), int(p.between(5, 45))
	kinds, senders := []Kind{StolenFast}, 1
	if has(ManyFroms) {
		kinds, senders = append(kinds, ManyFroms), int(p.between(12, 60))
	}
	for at := first; at < last; at += p.between(1, 60) {
		s := p.enter(who, at, sources[p.r.IntN(len(sources))])
		for range p.between(1, 20) {
			m := daemon.Mail{Sender: who.Login, To: p.recipients(rcpts, gone)}
			if senders > 1 {
				m.Sender = fmt.Sprintf("offer%d@example.net", p.r.IntN(senders))
			}
			s.Mails = append(s.Mails, m)
		}
		p.add(who.Login, s, kinds...)
	}
	if has(GuessedBefore) {
		p.guess(who, first)
	}
	if has(Probe) {
		s := p.enter(who, first-p.between(24*hour, 72*hour), p.take(1)[0])
		s.Mails = []daemon.Mail{{Sender: who.Login, To: []string{"check1@freemail.example.com"}}}
		p.add(who.Login, s, Probe)
	}
	if has(ReadOut) {
		p.readOut(who, first, sources[0])
	}
}

// guess is a burst of failures of one address on one account, and then the password.
func (p *plan) guess(who people.Person, before int64) {
	peer := p.take(1)[0]
	at := before - p.between(hour, 6*hour)
	pause := p.between(1, 12)
	for n := range p.between(15, 200) {
		s := p.enter(who, at, peer)
		s.Failed, s.Password = true, fmt.Sprintf("try%d", n)
		p.add(who.Login, s, GuessedBefore)
		at += pause
	}
	s := p.enter(who, at+p.between(1, 600), peer)
	if p.r.IntN(2) == 0 {
		s.Mails = []daemon.Mail{{Sender: who.Login, To: []string{"check2@freemail.example.com"}}}
	}
	p.add(who.Login, s, GuessedBefore)
}

func (p *plan) readOut(who people.Person, first int64, peer netip.Addr) {
	s := p.enter(who, first+p.between(60, 1200), peer)
	s.HELO, s.Port, s.Service, s.Reads = "", 0, daemon.IMAP4, int(p.between(20, 300))
	if p.r.IntN(2) == 0 {
		s.Service = daemon.POP3
	}
	p.add(who.Login, s, ReadOut)
}

// slow sends little from each of sixty addresses and more, over most of a day.
func (p *plan) slow(who people.Person) {
	sources := p.take(int(p.between(60, 95)))
	first := p.town.To - p.between(12*hour, 20*hour)
	gap := (p.town.To - 600 - first) / int64(len(sources))
	for i, peer := range sources {
		for range p.between(1, 2) {
			s := p.enter(who, first+int64(i)*gap+p.between(0, gap), peer)
			s.Mails = []daemon.Mail{{Sender: who.Login, To: p.recipients(int(p.between(2, 6)), 25)}}
			p.add(who.Login, s, StolenSlow)
		}
	}
}

// quiet sends from one address in the ten hours in which the owner is at work as well, never many in an hour, each time to others: as many
// mails as a limit of the day lets through, or fewer with more recipients.
func (p *plan) quiet(who people.Person) {
	source := p.take(1)[0]
	rcpts := int(p.between(1, 10))
	mails := p.between(150, 170)
	if rcpts > 5 {
		mails = p.between(100, 120)
	}
	first := p.town.To - 23*hour
	for range mails {
		at := p.between(first, p.town.To-300)
		for h, _ := people.Clock(at); h < 9 || h > 18; h, _ = people.Clock(at) {
			at = p.between(first, p.town.To-300)
		}
		s := p.enter(who, at, source)
		s.Mails = []daemon.Mail{{Sender: who.Login, To: p.recipients(rcpts, 0)}}
		p.add(who.Login, s, StolenQuiet)
	}
}

// spray tries one to three passwords on every account, from some addresses. It may find that of the thief's account.
func (p *plan) spray(who people.Person, finds bool) {
	sources := p.take(int(p.between(2, 6)))
	last := p.town.To - 4*hour
	first := last - p.between(hour, 5*hour)
	for _, victim := range p.town.People {
		for n := range p.between(1, 3) {
			s := p.enter(victim, p.between(first, last), sources[p.r.IntN(len(sources))])
			s.Failed, s.Password = true, fmt.Sprintf("Spring%d", 2024+n)
			p.add(victim.Login, s, Spray)
		}
	}
	if finds && who.Login != "" {
		p.add(who.Login, p.enter(who, last+p.between(60, 600), sources[0]), Spray)
	}
}

// flood is sent without a login, from n addresses: under the name of an account, or of strangers.
func (p *plan) flood(kind Kind, named string, n int, stranger func(int) string) {
	last := p.town.To - p.between(300, 2*hour)
	at := last - p.between(hour/2, 2*hour)
	sources := p.take(n)
	rcpts, gone := int(p.between(1, 20)), int(p.between(5, 45))
	for sent := 0; at < last; at += p.between(1, 60) {
		s := &daemon.Session{At: at, Pace: 1, Peer: sources[p.r.IntN(n)], HELO: "localhost", Port: 25}
		for range p.between(1, 10) {
			m := daemon.Mail{Sender: named, To: p.recipients(rcpts, gone)}
			if named == "" {
				m.Sender = stranger(sent)
			}
			sent++
			s.Mails = append(s.Mails, m)
		}
		p.add(named, s, kind)
	}
}
