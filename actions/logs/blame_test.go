package logs_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"hikeshi/actions/logs"
	"hikeshi/spool"
)

const sato = "sato@example.jp"

// connect is a peer that comes.
func (s *scribe) connect(at, peer string) {
	fmt.Fprintf(to(s.accept, at), "[%s], (example.jp), [%s]:25, Client accept now.\n", at, peer)
}

// inlog is a message that is taken, within a session; what is from the HELO on.
func (s *scribe) inlog(at, peer, what string) int {
	s.id++
	fmt.Fprintf(to(s.in, at), "<B%010d@mail1.example.jp> [%s] %s %s\n", s.id, at, peer, what)
	return s.id
}

// end is the end of a session by its last message.
func (s *scribe) end(at, peer, state string, id int) {
	fmt.Fprintf(to(s.accept, at), "[%s], (example.jp), %s[%s], %s,<B%010d>,ok\n", at, peer, peer, state, id)
}

// signsOf are the signals of an account or a peer.
func signsOf(f logs.SuspectsFacts, name string) string {
	var all []string
	for _, s := range slices.Concat(f.Accounts, f.From) {
		if s.Name == name {
			for _, g := range s.Signals {
				all = append(all, g.ID)
			}
		}
	}
	return strings.Join(all, " ")
}

// All that one session hands in belongs to its login, however much it is, and not to the sender that it names.
func TestOneSessionOfMany(t *testing.T) {
	s := newScribe(t)
	for k := range 3 {
		at, peer, id := fmt.Sprintf("21/Nov/2026:03:%02d:00", k), stranger(k), 0
		s.connect(at, peer)
		for i := range 600 {
			id = s.inlog(at, peer, fmt.Sprintf("pc %s v%d@example.com", hana, i))
		}
		s.end(at, peer, "AUTH-LOGIN:"+sato+" [success]", id)
	}
	f, told := suspectsAt(t, s.write(t), morning)
	if len(f.Accounts) != 1 || f.Accounts[0].Name != sato || f.Spoof.Verdict != "login" || f.Spoof.Login != 1800 || f.Unjoined != 0 {
		t.Errorf("accounts %+v, %+v\n%s", f.Accounts, f.Spoof, told)
	}
}

// Of mail whose session is not seen to end nobody knows whether it came after a login: nobody but its address is blamed for it.
func TestSessionThatDoesNotEnd(t *testing.T) {
	s := newScribe(t)
	s.connect("21/Nov/2026:03:00:00", stranger(0))
	for i := range 600 {
		s.inlog(fmt.Sprintf("21/Nov/2026:03:%02d:%02d", i/60, i%60), stranger(0), fmt.Sprintf("pc %s v%d@example.com", hana, i))
	}
	for i := range 60 { // others come and go
		s.mail(fmt.Sprintf("21/Nov/2026:03:%02d:30", i), owner, "AUTH-LOGIN:"+hana+" [success]", hana, "friend1@example.com")
	}
	f, told := suspectsAt(t, s.write(t), morning)
	if signsOf(f, hana) != "" || signsOf(f, stranger(0)) != "D1 D2" || f.Unjoined != 600 {
		t.Errorf("accounts %+v, sources %+v, %d unknown", f.Accounts, f.From, f.Unjoined)
	}
	wants(t, told, "600 messages for outside", "ログイン後かどうか不明")
}

// tries are failed logins, one in ten seconds from the minute on.
func (s *scribe) tries(hour, minute int, peer string, names ...string) {
	for i, name := range names {
		s.session(fmt.Sprintf("21/Nov/2026:%02d:%02d:%02d", hour, minute+i/6, i%6*10), peer, "AUTH-LOGIN:"+name+" [failed]", "abort")
	}
}

// Who shares an address with others who mistype is not blamed for their failures; the address is where it tries many accounts and gets into few.
func TestFailuresOfOthers(t *testing.T) {
	const hotel, thief = "198.51.100.60", "198.51.100.61"
	var taro, many, own []string
	for i := range 30 {
		taro = append(taro, "taro@example.jp")
		many = append(many, fmt.Sprintf("u%d@example.jp", i))
		own = append(own, sato)
	}
	for name, c := range map[string]struct {
		peer         string
		tries        []string
		account, src string
	}{
		"another one mistypes":    {hotel, taro, "", ""},
		"six others mistype":      {hotel, append(many[:6:6], many[:6]...), "", ""},
		"many accounts are tried": {thief, many, "", "D8"},
		"the account itself is":   {thief, own, "D8", "D8"},
		"it fails four times":     {hotel, own[:4], "", ""},
	} {
		s := newScribe(t)
		s.tries(3, 0, c.peer, c.tries...)
		s.mail("21/Nov/2026:03:06:00", c.peer, "AUTH-LOGIN:"+sato+" [success]", sato, "friend1@example.com")
		if f, told := suspectsAt(t, s.write(t), morning); signsOf(f, sato) != c.account || signsOf(f, c.peer) != c.src {
			t.Errorf("%s: %q and %q, want %q and %q\n%s", name, signsOf(f, sato), signsOf(f, c.peer), c.account, c.src, told)
		}
	}
}

// An office where everybody mistypes once in the morning is no thief.
func TestSharedAddress(t *testing.T) {
	const office = "198.51.100.62"
	s := newScribe(t)
	var names []string
	for i := range 20 {
		names = append(names, fmt.Sprintf("u%d@example.jp", i))
	}
	s.tries(3, 0, office, names...)
	for i, name := range names {
		s.mail(fmt.Sprintf("21/Nov/2026:03:04:%02d", i), office, "AUTH-LOGIN:"+name+" [success]", name, "friend1@example.com")
	}
	f, told := suspectsAt(t, s.write(t), morning)
	if len(f.Accounts) != 0 || strings.Contains(signsOf(f, office), "D8") {
		t.Errorf("%+v\n%s", f.Accounts, told)
	}
}

// A space in the HELO of mail from outside for this server makes its line look like mail of an account for outside. Nobody is blamed for
// it, whatever other logs tell; the same mail without the space is.
func TestShiftedColumns(t *testing.T) {
	const shifted, plain = "x hanako@example.jp spam@foreign.example taro@example.jp", "x hanako@example.jp spam@foreign.example"
	for name, c := range map[string]struct {
		what, state string // state is what acceptlog says of the session; "" none: it is not written
		mails       int    // of a session
		ambiguous   int64
		hana, peer  string
	}{
		"another sender in acceptlog":    {shifted, "spam@foreign.example", 1, 600, "", ""},
		"a null sender":                  {shifted, "<>", 1, 600, "", ""},
		"the sender is among them":       {"x hanako@example.jp v@example.com hanako@example.jp taro@example.jp", hana, 1, 600, "", ""},
		"a foreign sender":               {"x a@foreign.example spam@foreign.example taro@example.jp", "spam@foreign.example", 1, 600, "", ""},
		"several mails of a session":     {shifted, "spam@foreign.example", 5, 600, "", ""},
		"no acceptlog":                   {shifted, "", 1, 600, "", ""},
		"for outside, by another sender": {"x hanako@example.jp spam@foreign.example v@example.com", "spam@foreign.example", 5, 0, "", "D13"},
		"not shifted":                    {shifted, hana, 1, 0, "D1 D2 D3 D11 D13 D14", "D3 D11 D13"},
		"not shifted, no acceptlog":      {plain, "", 1, 0, "D1 D2 D3 D11 D14", "D3 D11"},
	} {
		s := newScribe(t)
		for i := 0; i < 600; i += c.mails {
			at, peer, id := fmt.Sprintf("21/Nov/2026:03:%02d:%02d", i/60, i%60), stranger(i), 0
			s.connect(at, peer)
			for k := range c.mails {
				id = s.inlog(at, peer, strings.Replace(c.what, "@example.com", fmt.Sprintf("@w%d.example.com", i+k), 1))
			}
			s.end(at, peer, c.state, id)
		}
		if c.state == "" {
			s.accept = nil
		}
		f, told := suspectsAt(t, s.write(t), morning)
		if signsOf(f, hana) != c.hana || signsOf(f, stranger(0)) != c.peer || f.Ambiguous != c.ambiguous {
			t.Errorf("%s: hanako %q, peer %q, %d ambiguous\n%s", name, signsOf(f, hana), signsOf(f, stranger(0)), f.Ambiguous, told)
		}
		if c.ambiguous > 0 {
			wants(t, told, "600 messages are ambiguous", "差出人と宛先は不明")
		}
	}
}

// A list that is cut says how many more there are, and how to see them.
func TestCutList(t *testing.T) {
	s := newScribe(t)
	for k := range 30 {
		for i := range 120 {
			name := fmt.Sprintf("u%d@example.jp", k)
			s.mail(fmt.Sprintf("21/Nov/2026:03:%02d:%02d", i/6, i%6*10), fmt.Sprintf("198.51.100.%d", k), "AUTH-LOGIN:"+name+" [success]", name, "friend1@example.com")
		}
	}
	dir := s.write(t)
	f, told := suspectsAt(t, dir, morning)
	wants(t, told, "10 more accounts: --top 30", "10 more addresses: --top 30", "ほかにアカウント 10 件: --top 30 で表示", "ほかに接続元 10 件")
	if f.Cut != 20 || len(f.Accounts) != 20 {
		t.Errorf("%d shown, %d cut", len(f.Accounts), f.Cut)
	}
	if _, told := ask(t, dir, "logs.suspects", `{"top": 30}`); strings.Contains(told, "--top") {
		t.Error(told)
	}
}

// On a server of one domain a login without a domain is the same account, and on one of several if its accounts leave no doubt. Else nobody
// knows whose it is, and that is said.
func TestShortLogin(t *testing.T) {
	s := newScribe(t)
	for i := range 120 {
		login := []string{"Sato", sato}[i%2]
		s.mail(fmt.Sprintf("21/Nov/2026:03:%02d:%02d", i/6, i%6*10), stranger(i), "AUTH-LOGIN:"+login+" [success]", sato, "friend1@example.com")
	}
	s.mail("21/Nov/2026:04:00:00", stranger(0), "AUTH-LOGIN:Hanako [success]", sato, "friend1@example.com")
	dir := s.write(t)
	one := []spool.Account{{Name: "Sato", Domain: "Example.jp"}}
	two := append([]spool.Account{{Name: "sato", Domain: "sub.example.jp"}}, one...)
	for name, c := range map[string]struct {
		domains string
		all     []spool.Account
		want    string
		said    string
	}{
		"one domain":                {"example.jp", nil, "[sato@example.jp]", ""},
		"one domain, written twice": {"example.jp EXAMPLE.JP.", nil, "[sato@example.jp]", ""},
		"one account":               {"example.jp sub.example.jp", one, "[sato@example.jp]", ""},
		"no domain known":           {"", one, "[sato@example.jp]", ""},
		"two accounts":              {"example.jp sub.example.jp", two, "[sato sato@example.jp]", "sato is a suspect (which of sato@example.jp, sato@sub.example.jp that is, the login does not say)"},
		"accounts unknown":          {"example.jp sub.example.jp", nil, "[sato sato@example.jp]", "sato is a suspect (of which domain is not known)"},
	} {
		env := logs.Env{Server: listing{server: server{dir: dir}, all: c.all}, Own: spool.Own{Domains: strings.Fields(c.domains)}, Zone: time.UTC, Clock: func() time.Time { return morning }}
		out, told := planned(t, env, "logs.suspects", "")
		var names []string
		for _, a := range out.Facts.(logs.SuspectsFacts).Accounts {
			if names = append(names, a.Name); a.Name == "sato" && (len(a.MayBe) == 2) != (len(c.all) == 2) || a.Name != "sato" && len(a.MayBe) > 0 {
				t.Errorf("%s: %s may be %q", name, a.Name, a.MayBe)
			}
		}
		if slices.Sort(names); fmt.Sprint(names) != c.want {
			t.Errorf("%s: %v, want %s", name, names, c.want)
		}
		if wants(t, told, c.said); c.said == "" && (strings.Contains(told, "the login does not say") || strings.Contains(told, "of which domain is not known")) {
			t.Errorf("%s: %s", name, told)
		}
	}
}

// A device whose carrier gives it one address of a network after the other is no crowd, if it calls itself as ever; under another name it is.
func TestOneNetwork(t *testing.T) {
	for helo, want := range map[string]string{"pc": "D1", "win-x": "D1 D3 D14"} {
		s := newScribe(t)
		for i := range 120 {
			at, peer := fmt.Sprintf("21/Nov/2026:09:%02d:%02d", i/6, i%6*10), fmt.Sprintf("198.51.100.%d", 70+i%8)
			s.connect(at, peer)
			s.end(at, peer, "AUTH-LOGIN:"+hana+" [success]", s.inlog(at, peer, helo+" "+hana+" friend1@example.com"))
		}
		if f, told := suspectsAt(t, s.write(t), morning.Add(4*time.Hour)); signsOf(f, hana) != want {
			t.Errorf("%s: %q, want %q\n%s", helo, signsOf(f, hana), want, told)
		}
	}
}

// Up to 256 different addresses are counted; beyond that there is an estimate, and it is called one.
func TestEstimate(t *testing.T) {
	for n, about := range map[int]bool{250: false, 400: true} {
		s := newScribe(t)
		for i := range n {
			s.mail(fmt.Sprintf("21/Nov/2026:03:%02d:%02d", i/10, i%10*6), fmt.Sprintf("2001:db8:1:%x::1", i), "AUTH-LOGIN:"+hana+" [success]", hana, "friend1@example.com")
		}
		f, told := suspectsAt(t, s.write(t), morning)
		for _, g := range f.Accounts[0].Signals {
			if g.About != (about && (g.ID == "D3" || g.ID == "D14")) {
				t.Errorf("%d: %+v", n, g)
			}
			if truth := map[bool]float64{true: float64(n), false: g.Value}[g.About]; (g.Error > 0) != g.About || g.Value < truth-float64(g.Error) || g.Value > truth+float64(g.Error) || g.Error > n/15 {
				t.Errorf("%d: %s: %g +-%d", n, g.ID, g.Value, g.Error)
			}
		}
		if strings.Contains(told, " +-") != about || strings.Contains(told, "new addresses in an hour about ") != about || strings.Contains(told, "1 時間の新しい接続元 約 ") != about {
			t.Errorf("%d: %s", n, told)
		}
	}
}

// How many accounts an address used, and how many addresses an account beyond those that are kept each, are such estimates too.
func TestAddressesAreAbout(t *testing.T) {
	for n, about := range map[int]bool{250: false, 600: true} {
		s := newScribe(t)
		for i := range n {
			name := fmt.Sprintf("u%d@example.jp", i)
			s.mail(fmt.Sprintf("21/Nov/2026:03:%02d:%02d", i/60, i%60), stranger(0), "AUTH-LOGIN:"+name+" [success]", name, "friend1@example.com")
		}
		f, _ := suspectsAt(t, s.write(t), morning)
		if e := f.From[0]; e.Name != stranger(0) || (e.Wrong > 0) != about || max(e.Addresses-n, n-e.Addresses) > e.Wrong {
			t.Errorf("%d accounts: %s %d +-%d", n, e.Name, e.Addresses, e.Wrong)
		}
	}
	const kept = 4096
	for n, about := range map[int]bool{kept: false, kept + 600: true} {
		s := newScribe(t)
		for i := range n - 1 { // her own is one of those that are kept
			s.mail(fmt.Sprintf("21/Nov/2026:%02d:%02d:%02d", 3+i/3600, i/60%60, i%60), fmt.Sprintf("2001:db8:1:%x::1", i), "AUTH-LOGIN:"+hana+" [success]", hana, "friend1@example.com")
		}
		f, told := suspectsAt(t, s.write(t), morning)
		if e := f.Accounts[0]; (e.Wrong > 0) != about || max(e.Addresses-n+1, n-1-e.Addresses) > e.Wrong || e.Wrong > 60 || f.Read.Full != about {
			t.Errorf("%d addresses: %d +-%d, full: %v", n, e.Addresses, e.Wrong, f.Read.Full)
		}
		if strings.Contains(told, " and about ") != about || strings.Contains(told, "than are kept each") != about || strings.Contains(told, "ほか 約 ") != about {
			t.Errorf("%d: %s", n, told[:min(len(told), 900)])
		}
	}
}
