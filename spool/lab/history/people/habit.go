package people

import (
	"fmt"
	"math/rand/v2"
	"net/netip"

	"hikeshi/spool/lab/history/daemon"
)

// A habit gives sessions at chance times, so many in an hour.
type habit struct {
	r    *rand.Rand
	at   int64
	to   int64
	rate func(at int64) float64
	make func(r *rand.Rand, at int64) *daemon.Session
	rest float64 // of a second
}

// A Span is from a time to another, which is not in it; wall seconds.
type Span struct{ From, To int64 }

// NewHabit gives sessions at chance times: rate says how many in an hour, and is constant throughout each.
func NewHabit(r *rand.Rand, when Span, rate func(at int64) float64, make func(r *rand.Rand, at int64) *daemon.Session) daemon.Source {
	return &habit{r: r, at: when.From, to: when.To, rate: rate, make: make}
}

// Next implements daemon.Source.
func (h *habit) Next() *daemon.Session {
	for h.at < h.to {
		next := h.at - h.at%3600 + 3600
		rate := h.rate(h.at)
		if rate <= 0 {
			h.at, h.rest = next, 0
			continue
		}
		gap := h.r.ExpFloat64()*3600/rate + h.rest
		if h.at+int64(gap) >= next { // the hours forget each other
			h.at, h.rest = next, 0
			continue
		}
		h.at, h.rest = h.at+int64(gap), gap-float64(int64(gap))
		if s := h.make(h.r, h.at); s != nil {
			return s
		}
	}
	return nil
}

// Sources are all habits of the town.
func (t *Town) Sources() []daemon.Source {
	var all []daemon.Source
	add := func(purpose, n int, rate func(int64) float64, make func(*rand.Rand, int64) *daemon.Session) {
		all = append(all, NewHabit(rng(t.Seed, purpose, n), t.Span, rate, make))
	}
	for i := range t.People {
		p := &t.People[i]
		add(forSending, i, p.awake(p.sends), p.send(t))
		add(forReading, i, p.awake(1), p.read(t))
	}
	add(forScanners, 0, working(8), t.scan)
	add(forStuck, 0, constant(t.stuckRate()), t.stuck)
	add(forMonitor, 0, constant(3), t.report)
	add(forIncoming, 0, daily(t.Incoming), t.incoming())
	add(forGuessers, 0, constant(6), t.guess)
	return append(all, &letters{town: t, r: rng(t.Seed, forLetters, 0)})
}

// awake is more in working hours, less in the evening and on weekends, nothing at night.
func (p *Person) awake(rate float64) func(int64) float64 {
	return func(at int64) float64 {
		hour, off := Clock(at)
		switch {
		case hour < 7 || hour >= 23:
			return 0
		case off:
			return rate * 0.1
		case hour < 8 || hour >= 19:
			return rate * 0.2
		case p.Field:
			return rate + 2
		}
		return rate
	}
}

func working(rate float64) func(int64) float64 {
	return func(at int64) float64 {
		if hour, off := Clock(at); off || hour < 8 || hour >= 19 {
			return 0
		}
		return rate
	}
}

func constant(rate float64) func(int64) float64 { return func(int64) float64 { return rate } }

// daily is mail from outside: most of it by day, never nothing.
func daily(rate float64) func(int64) float64 {
	return func(at int64) float64 {
		if hour, _ := Clock(at); hour < 7 || hour >= 21 {
			return rate * 0.5
		}
		return rate * 1.35
	}
}

// send is one mail of p, seldom two; sometimes to several people, now and then to somebody new. At times p mistypes.
func (p *Person) send(t *Town) func(*rand.Rand, int64) *daemon.Session {
	return func(r *rand.Rand, at int64) *daemon.Session {
		peer, helo := p.place(r, t, at)
		s := &daemon.Session{At: at, Pace: 1 + int64(r.IntN(3)), Peer: peer, HELO: helo, Login: p.Login, Mode: p.Mode, Password: p.Password, Port: 587}
		if p.Webmail && r.IntN(2) == 0 {
			s.Peer, s.HELO, s.Mode, s.Port = t.Webmail, "webmail."+t.Domain, "PLAIN", 25
		} else if r.IntN(4) == 0 {
			s.Port, s.TLS = 465, true
		}
		if r.IntN(150) == 0 {
			s.Failed, s.Password = true, p.Password+"x"
			return s
		}
		for range 1 + r.IntN(8)/7 {
			m := daemon.Mail{Sender: p.Login}
			for range 1 + int(r.ExpFloat64()*0.9) {
				m.To = append(m.To, p.contacts[r.IntN(len(p.contacts))])
			}
			if r.IntN(25) == 0 {
				m.To = append(m.To, t.contact(r))
			}
			s.Mails = append(s.Mails, m)
		}
		return s
	}
}

// read looks for new mail.
func (p *Person) read(t *Town) func(*rand.Rand, int64) *daemon.Session {
	return func(r *rand.Rand, at int64) *daemon.Session {
		peer, _ := p.place(r, t, at)
		s := &daemon.Session{At: at, Pace: 1, Peer: peer, Service: daemon.IMAP4, Login: p.Login, Password: p.Password, Reads: r.IntN(5) / 2}
		if p.POP {
			s.Service = daemon.POP3
		}
		if p.Webmail && r.IntN(2) == 0 {
			s.Peer, s.Service = t.Webmail, daemon.IMAP4
		}
		s.Failed = r.IntN(300) == 0
		return s
	}
}

const scanPassword = "Secret-of-the-scanners"

// scan is a page on its way from one of the scanners.
func (t *Town) scan(r *rand.Rand, at int64) *daemon.Session {
	login := Scan + "@" + t.Domain
	i := r.IntN(len(t.Scanners))
	to := t.People[r.IntN(len(t.People))].Login
	if r.IntN(6) == 0 {
		to = fmt.Sprintf("c%d@example.com", r.IntN(12))
	}
	return &daemon.Session{At: at, Pace: 2, Peer: t.Scanners[i], HELO: fmt.Sprintf("MFP%02d", i+1), Login: login, Mode: "LOGIN",
		Password: scanPassword, Port: 25, Mails: []daemon.Mail{{Sender: login, To: []string{to}}}}
}

// stuckRate is how often the device with the mistyped password tries in an hour.
func (t *Town) stuckRate() float64 { return []float64{6, 12, 60}[t.Seed%3] }

func (t *Town) stuck(r *rand.Rand, at int64) *daemon.Session {
	p := &t.People[t.Stuck]
	return &daemon.Session{At: at, Pace: 1, Peer: t.Device, HELO: "device", Login: p.Login, Mode: "LOGIN", Password: "old-" + p.Password, Port: 587, Failed: true}
}

// report is mail of the system itself, without a login.
func (t *Town) report(r *rand.Rand, at int64) *daemon.Session {
	to := []string{t.People[0].Login}
	if r.IntN(3) == 0 {
		to = append(to, "guard@example.net")
	}
	peer, sender := t.Monitor, "root@"+t.Domain
	if r.IntN(4) == 0 {
		peer, sender = netip.AddrFrom4([4]byte{192, 0, 2, 6}), "alarm@"+t.Domain
	}
	return &daemon.Session{At: at, Pace: 1, Peer: peer, HELO: "monitor", Port: 25, Mails: []daemon.Mail{{Sender: sender, To: to}}}
}
