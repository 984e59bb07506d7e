package history

import (
	"net/netip"
	"regexp"
	"strings"
	"testing"
	"time"

	"hikeshi/spool/lab/history/crime"
)

// A recount finds figures in the lines alone.
type recount struct {
	sources map[string]*crime.Figures
	logins  map[string]string // account that an address of the thieves logged in to
	named   map[string]string // sender that such an address named, if it never logged in
}

var (
	begins   = regexp.MustCompile(`^(\[[^]]+\]), \([^)]+\), \[([^]]+)\]:\d+(?: SSL)?, Client accept now\.$`)
	ends     = regexp.MustCompile(`^(\[[^]]+\]), \([^)]+\), [^\[]+\[([^]]+)\], ?(.*),(?:<B\d+>)?,(?:ok|abort|connection timeout)$`)
	states   = regexp.MustCompile(`^AUTH-[A-Z0-9-]+:(\S+) \[(success|failed)\]$`)
	accepted = regexp.MustCompile(`^<B\d+@[^>]+> (\[[^]]+\]) (\S+) \S+ (\S*)((?: \S+)+)$`)
	mailbox  = regexp.MustCompile(`^(\[[^]]+\]) (\S+) from (\S+) ([A-Z]+) .*(Success|failed)$`)
)

func (c *recount) at(peer, stamp string) *crime.Figures {
	at, _ := time.Parse("[02/Jan/2006:15:04:05]", stamp)
	f := c.sources[peer]
	if f == nil {
		f = &crime.Figures{First: at.Unix()}
		c.sources[peer] = f
	}
	f.First, f.Last = min(f.First, at.Unix()), max(f.Last, at.Unix())
	return f
}

func (c *recount) accept(line string) bool {
	if m := begins.FindStringSubmatch(line); m != nil {
		c.at(m[2], m[1])
		return true
	}
	m := ends.FindStringSubmatch(line)
	if m == nil {
		return false
	}
	f := c.at(m[2], m[1])
	switch s := states.FindStringSubmatch(m[3]); {
	case s == nil:
	case s[2] == "failed":
		f.Failures++
	default:
		f.Logins++
		c.logins[m[2]] = s[1]
	}
	return true
}

func (c *recount) in(line string) bool {
	m := accepted.FindStringSubmatch(line)
	if m != nil {
		f := c.at(m[2], m[1])
		f.Messages++
		f.Recipients += strings.Count(m[4], " ")
		c.named[m[2]] = m[3]
	}
	return m != nil
}

func (c *recount) read(line string) bool {
	m := mailbox.FindStringSubmatch(line)
	if m == nil {
		return false
	}
	f := c.at(m[3], m[1])
	switch {
	case m[4] == "RETR" || m[4] == "FETCH":
		f.Reads++
	case m[4] != "LOGIN" && m[4] != "PASS":
	case m[5] == "failed":
		f.Failures++
	default:
		f.Logins++
		c.logins[m[3]] = m[2]
	}
	return true
}

func count(t *testing.T, w *World) *recount {
	t.Helper()
	c := &recount{sources: map[string]*crime.Figures{}, logins: map[string]string{}, named: map[string]string{}}
	logs := stream(t, w)
	for name, read := range map[string]func(string) bool{"acceptlog": c.accept, "inlog": c.in, "pop3log": c.read, "imap4log": c.read} {
		for line := range strings.Lines(logs[name].String()) {
			if !read(strings.TrimSuffix(line, "\n")) {
				t.Fatalf("%s: %q", name, line)
			}
		}
	}
	return c
}

func TestTruthIsInTheLines(t *testing.T) {
	for seed := range uint64(6) {
		w := Make(seed+1, Options{Days: 6, Incidents: crime.Kinds()})
		if seed >= 4 {
			w = Make(seed+1, Options{}) // as the seed draws it
		}
		c := count(t, w)
		known := map[string]bool{}
		for _, s := range append(append([]Source{}, w.Truth.Sources...), w.Truth.Guessers...) {
			known[s.Addr.String()] = true
			if f := c.sources[s.Addr.String()]; f == nil || *f != s.Figures {
				t.Errorf("seed %d: %s: the truth is %+v, the lines say %+v", seed+1, s.Addr, s.Figures, f)
			}
		}
		for addr := range c.sources {
			a := netip.MustParseAddr(addr)
			if thieves := strings.HasPrefix(addr, "203.0.113.") || netip.MustParsePrefix("2001:db8:bad::/48").Contains(a); thieves != known[addr] {
				t.Errorf("seed %d: %s is in the lines and not in the truth, or an honest one is in it", seed+1, addr)
			}
		}
		checkAccounts(t, w, c)
	}
}

// checkAccounts adds up the addresses that logged in to an account, or that named it.
func checkAccounts(t *testing.T, w *World, c *recount) {
	t.Helper()
	abused := map[string]bool{}
	for _, a := range w.Truth.Accounts {
		abused[a.Login] = true
		var sum crime.Figures
		for _, s := range w.Truth.Sources {
			addr := s.Addr.String()
			if login, in := c.logins[addr]; login == a.Login || !in && c.named[addr] == a.Login {
				sum.Messages += s.Messages
				sum.Recipients += s.Recipients
				sum.Logins += s.Logins
				sum.Reads += s.Reads
				if (a.How == crime.Stolen) != in {
					t.Errorf("%s was %s, and %s logged in: %v", a.Login, a.How, addr, in)
				}
			}
		}
		if sum.Messages != a.Messages || sum.Recipients != a.Recipients || sum.Logins != a.Logins || sum.Reads != a.Reads {
			t.Errorf("%s: the truth is %+v, the lines say %+v", a.Login, a.Figures, sum)
		}
	}
	for _, s := range w.Truth.Sources {
		if login := c.logins[s.Addr.String()]; login != "" && !abused[login] {
			t.Errorf("%s logged in to %s, which is not among the abused", s.Addr, login)
		}
	}
}
