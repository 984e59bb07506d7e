// Package people is everyone who uses a mail server rightly, each with habits of his own, and the noise of the Internet that does no
// harm: mail from outside, hosts on block lists, guessers who never find a password.
//
// Addresses are of the ranges for documentation and of those for private use:
//
//	192.0.2.0/24                    the server's own network: office, webmail, newsletter, monitoring
//	10/8, 192.168/16                machines of the office that reach the server directly
//	100.64/10, 2001:db8:1::/48      a mobile carrier, whose customers change address all the time
//	198.51.100.64-159, 2001:db8:2::/48   homes
//	198.51.100.1-63, 2001:db8:a::/48     mail servers of others
//	198.51.100.224-254, 2001:db8:b0::/48 guessers
package people

import (
	"fmt"
	"math/rand/v2"
	"net/netip"
	"slices"

	"hikeshi/spool/lab/history/daemon"
)

// Config says how many there are and when.
type Config struct {
	Seed     uint64
	Accounts int
	Span
	Domain   string
	Incoming float64 // mails from outside in an average hour
}

// A Person is one account of the server.
type Person struct {
	Login    string
	Mode     string // of AUTH
	Password string
	Office   netip.Addr
	Home     netip.Addr
	Mobile   bool // uses the carrier on the way
	Field    bool // uses nothing else all day
	Webmail  bool // mails through the webmail host
	POP      bool // reads by POP3
	contacts []string
	sends    float64 // mails in a working hour
}

// A Town is everyone together.
type Town struct {
	Config
	People   []Person
	Office   []netip.Addr // each shared by many
	Webmail  netip.Addr
	Letters  netip.Addr // of the newsletter
	Monitor  netip.Addr
	Scanners []netip.Addr
	Stuck    int               // whose device has a mistyped password; an index of People
	Device   netip.Addr        // that one
	Forwards map[string]string // addresses that go on to one outside
}

// Special accounts, by local part.
const (
	News = "news"
	Scan = "scan"
)

// rng is the source of chance for one purpose; all that is drawn from it depends on the seed and the purpose only.
func rng(seed uint64, purpose, n int) *rand.Rand {
	return rand.New(rand.NewPCG(seed, uint64(purpose)<<32|uint64(n)))
}

// The purposes.
const (
	forTown = iota + 1
	forSending
	forReading
	forLetters
	forScanners
	forStuck
	forMonitor
	forIncoming
	forGuessers
)

// New settles the town of a seed.
func New(c Config) *Town {
	r := rng(c.Seed, forTown, 0)
	t := &Town{Config: c, Webmail: addr("192.0.2.20"), Letters: addr("192.0.2.30"), Monitor: addr("10.0.0.5"), Forwards: map[string]string{}}
	if r.IntN(2) == 0 {
		t.Webmail = addr("127.0.0.1")
	}
	for i := range 1 + c.Accounts/60 {
		t.Office = append(t.Office, addr(fmt.Sprintf("192.0.2.%d", 40+i%100)))
	}
	for i := range 3 + r.IntN(4) {
		t.Scanners = append(t.Scanners, addr(fmt.Sprintf("192.168.1.%d", 50+i)))
	}
	field := r.IntN(3)
	for i := range c.Accounts {
		p := t.settle(r, i)
		p.Field = i >= 3 && i < 3+field
		t.People = append(t.People, p)
	}
	t.Stuck = r.IntN(c.Accounts)
	t.Device = t.People[t.Stuck].Office
	if r.IntN(2) == 0 {
		t.Device = addr("192.168.1.77")
	}
	for i := range 2 + c.Accounts/50 {
		to := fmt.Sprintf("box%d@freemail.example.com", i)
		if i == 0 {
			to = daemon.Gone + "-" + to // whatever is forwarded there comes back
		}
		t.Forwards[t.People[r.IntN(c.Accounts)].Login] = to
	}
	return t
}

// settle gives the i-th person a life.
func (t *Town) settle(r *rand.Rand, i int) Person {
	name := fmt.Sprintf("user%03d", i)
	if first := []string{"taro", "hanako", "jiro"}; i < len(first) {
		name = first[i]
	}
	p := Person{Login: name + "@" + t.Domain, Mode: []string{"PLAIN", "LOGIN", "LOGIN", "CRAM-MD5"}[r.IntN(4)],
		Password: fmt.Sprintf("Secret%08x", r.Uint32()), Office: t.Office[i%len(t.Office)], Home: home(i),
		Mobile: r.IntN(3) == 0, Webmail: r.IntN(5) == 0, POP: r.IntN(3) == 0, sends: 0.2 + r.ExpFloat64()*0.8}
	if r.IntN(6) == 0 { // in the same building as the server
		p.Office = netip.AddrFrom4([4]byte{10, 0, byte(1 + i>>8), byte(i)})
	}
	p.sends = min(p.sends, 6)
	for range 20 + r.IntN(50) {
		p.contacts = append(p.contacts, t.contact(r))
	}
	return p
}

// home is the address at home of the i-th person. Some have the same.
func home(i int) netip.Addr {
	if i%4 == 3 {
		return netip.AddrFrom16([16]byte{0x20, 1, 0xd, 0xb8, 0, 2, byte(i >> 8), byte(i), 15: 1})
	}
	return netip.AddrFrom4([4]byte{198, 51, 100, byte(64 + i%96)})
}

var domains = [...]string{"example.com", "example.net", "example.org", "mail.example.com", "freemail.example.com", "shop.example.net",
	"city.example.org", "later.example.net", "dead.example.org"}

// contact is somebody to write to, in one of three cases a colleague.
func (t *Town) contact(r *rand.Rand) string {
	n := r.IntN(1 << 20)
	switch k := r.IntN(100); {
	case k < 33:
		return fmt.Sprintf("user%03d@%s", 3+n%max(1, t.Accounts-3), t.Domain)
	case k < 34:
		return fmt.Sprintf("%s%d@%s", daemon.Gone, n, domains[n%4])
	case k < 97:
		return fmt.Sprintf("c%d@%s", n, domains[n%7])
	default:
		return fmt.Sprintf("c%d@%s", n, domains[7+n%2])
	}
}

// place is from where p mails at that time, and by which name.
func (p *Person) place(r *rand.Rand, t *Town, at int64) (netip.Addr, string) {
	hour, off := Clock(at)
	commute := hour == 8 || hour == 12 || hour == 18
	switch {
	case p.Field, p.Mobile && (commute || r.IntN(8) == 0):
		return carrier(r), "[127.0.0.1]"
	case off || hour < 8 || hour >= 19:
		return p.Home, "home-pc"
	}
	return p.Office, "pc"
}

// carrier is an address of the mobile network, as it comes.
func carrier(r *rand.Rand) netip.Addr {
	if r.IntN(2) == 0 {
		return netip.AddrFrom16([16]byte{0x20, 1, 0xd, 0xb8, 0, 1, byte(r.IntN(4)), byte(r.IntN(256)), 15: byte(1 + r.IntN(9))})
	}
	return netip.AddrFrom4([4]byte{100, 64, byte(r.IntN(3)), byte(1 + r.IntN(250))})
}

// Logins are the accounts that a thief could have the password of: people, not the special ones and not those on the road all day.
func (t *Town) Logins() []Person {
	return slices.DeleteFunc(slices.Clone(t.People), func(p Person) bool { return p.Field || p.Login == t.People[t.Stuck].Login })
}

// Secrets are all passwords, for tests that look for them where they must not be.
func (t *Town) Secrets() []string {
	var all []string
	for _, p := range t.People {
		all = append(all, p.Password)
	}
	return append(all, newsPassword, scanPassword)
}

// Clock is the hour of the day and whether it is a weekend.
func Clock(at int64) (hour int, off bool) {
	weekday := (at/86400 + 4) % 7 // the first day was a Thursday
	return int(at % 86400 / 3600), weekday == 0 || weekday == 6
}

func addr(s string) netip.Addr { return netip.MustParseAddr(s) }
