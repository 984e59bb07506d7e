package crime

import (
	"fmt"
	"math/rand/v2"
	"net/netip"
	"slices"
	"strings"

	"hikeshi/spool/lab/history/daemon"
	"hikeshi/spool/lab/history/people"
)

// A plan is being made of the incidents of one server.
type plan struct {
	r     *rand.Rand
	town  *people.Town
	left  []netip.Addr    // addresses without a role yet
	prey  []people.Person // accounts that nothing was done to yet
	deeds []deed
	spent int // recipients so far
}

// A deed is one session of an abuser.
type deed struct {
	kinds   []Kind
	session *daemon.Session
	victim  string // login of the account that is abused by it; "" if none is
}

// Draw chooses the kinds of incidents of a seed: often several, sometimes none.
func Draw(seed uint64) []Kind {
	r := rand.New(rand.NewPCG(seed, 0x6b696e64))
	if r.IntN(8) == 0 {
		return nil
	}
	var all []Kind
	chance := func(k Kind, percent int) bool {
		drawn := r.IntN(100) < percent
		if drawn {
			all = append(all, k)
		}
		return drawn
	}
	if chance(StolenFast, 60) {
		chance(GuessedBefore, 50)
		chance(Probe, 40)
		chance(ManyFroms, 40)
		chance(ReadOut, 50)
	}
	chance(StolenSlow, 35)
	chance(Spray, 35)
	chance(OwnSender, 25)
	chance(OpenLine, 25)
	chance(StolenQuiet, 25)
	return all
}

// Plan makes the sessions of the abusers, in the order of their times, and the truth about them. They end before the town does.
func Plan(t *people.Town, kinds []Kind) ([]*daemon.Session, Truth) {
	p := &plan{r: rand.New(rand.NewPCG(t.Seed, 0x706c616e)), town: t, prey: t.Logins()}
	for i := range 254 {
		p.left = append(p.left, netip.AddrFrom4([4]byte{203, 0, 113, byte(1 + i)}))
	}
	for i := range 100 {
		p.left = append(p.left, netip.AddrFrom16([16]byte{0x20, 1, 0xd, 0xb8, 0xb, 0xad, 0, byte(i), 15: byte(1 + i)}))
	}
	p.r.Shuffle(len(p.left), func(i, j int) { p.left[i], p.left[j] = p.left[j], p.left[i] })
	has := func(k Kind) bool { return slices.Contains(kinds, k) }
	var thief people.Person
	if has(StolenFast) {
		thief = p.victim()
		p.fast(thief, has)
	}
	if has(StolenSlow) {
		p.slow(p.victim())
	}
	if has(Spray) {
		p.spray(thief, has(StolenFast) && !has(GuessedBefore))
	}
	if has(OwnSender) {
		p.flood(OwnSender, p.victim().Login, 3+p.r.IntN(18), func(int) string { return "" })
	}
	if has(OpenLine) {
		p.flood(OpenLine, "", 2+p.r.IntN(9), func(n int) string { return fmt.Sprintf("offer%d@example.net", n%40) })
	}
	if has(StolenQuiet) {
		p.quiet(p.victim())
	}
	return p.done()
}

// done leaves out what does not fit between the ends of the town.
func (p *plan) done() ([]*daemon.Session, Truth) {
	p.deeds = slices.DeleteFunc(p.deeds, func(d deed) bool { return d.session.At < p.town.From || d.session.End() >= p.town.To })
	slices.SortStableFunc(p.deeds, func(a, b deed) int { return int(a.session.At - b.session.At) })
	var all []*daemon.Session
	for _, d := range p.deeds {
		all = append(all, d.session)
	}
	return all, judge(p.deeds)
}

// victim is an account to which nothing was done yet; the last one may be taken again.
func (p *plan) victim() people.Person {
	i := p.r.IntN(len(p.prey))
	who := p.prey[i]
	if len(p.prey) > 1 {
		p.prey = slices.Delete(p.prey, i, i+1)
	}
	return who
}

// take gives n addresses a role.
func (p *plan) take(n int) []netip.Addr {
	taken := p.left[:n]
	p.left = p.left[n:]
	return taken
}

// between is a chance number from a to b.
func (p *plan) between(a, b int64) int64 { return a + p.r.Int64N(max(1, b-a+1)) }

// recipients are n strangers; so many of a hundred are not known where they are looked for.
func (p *plan) recipients(n, gone int) []string {
	domains := []string{"example.com", "example.net", "example.org", "freemail.example.com"}
	to := make([]string, n)
	first := p.r.IntN(4)
	for i := range to {
		p.spent++
		local := fmt.Sprintf("v%d", p.spent)
		if p.r.IntN(100) < gone {
			local = daemon.Gone + local
		}
		to[i] = local + "@" + domains[(first+i*4/n)%4]
	}
	return to
}

func (p *plan) add(victim string, s *daemon.Session, kinds ...Kind) {
	p.deeds = append(p.deeds, deed{kinds: kinds, session: s, victim: strings.ToLower(victim)})
}

// enter is a session of the thief of an account, without mails yet.
func (p *plan) enter(who people.Person, at int64, peer netip.Addr) *daemon.Session {
	return &daemon.Session{At: at, Pace: 1, Peer: peer, HELO: "localhost", Login: who.Login, Mode: "LOGIN", Password: who.Password, Port: 587}
}
