package denied

import (
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"hikeshi/actions/smtpcheck/recorder"
	"hikeshi/actions/smtpcheck/relay"
	"hikeshi/actions/smtpcheck/talk"
	"hikeshi/actions/smtpcheck/target"
	"hikeshi/runbook"
)

// thief is the address that was denied. On Linux all of 127.0.0.0/8 is this machine.
const thief = "127.0.0.66"

var password = "Geheim-" + "n17"

type noNames struct{}

func (noNames) LookupNetIP(context.Context, string, string) ([]netip.Addr, error) {
	return nil, errors.New("no such host")
}

// world is an Env over loopback with a test account.
func world(t *testing.T) Env {
	t.Helper()
	l, err := net.Listen("tcp", thief+":0")
	if err != nil {
		if strings.Contains(os.Getenv("HIKESHI_REQUIRE"), "root") {
			t.Fatalf("HIKESHI_REQUIRE asks for a machine with all of 127.0.0.0/8: %v", err)
		}
		t.Skipf("this machine has no more loopback addresses than one: %v", err)
	}
	l.Close()
	var d net.Dialer
	return Env{
		Dial: d.DialContext, Clock: time.Now, Wait: 700 * time.Millisecond, Account: "taro@example.jp", Domains: []string{"example.jp"},
		Book:  target.Book{Resolver: noNames{}, Clock: time.Now},
		Login: func() (*relay.Login, error) { return &relay.Login{User: "hanako", Password: password}, nil },
		DialFrom: func(ctx context.Context, from netip.Addr, address string) (net.Conn, error) {
			d := net.Dialer{LocalAddr: net.TCPAddrFromAddrPort(netip.AddrPortFrom(from, 0))}
			return d.DialContext(ctx, "tcp", address)
		},
		From: func(p netip.Prefix) (netip.Addr, error) {
			if !p.Addr().IsLoopback() {
				return netip.Addr{}, errors.New("it is no address of this machine")
			}
			return p.Addr(), nil
		},
	}
}

// serve starts a server at which everybody may log in, and after that send anywhere.
func serve(t *testing.T, s *recorder.Server) *recorder.Server {
	t.Helper()
	s.Hello = []string{"AUTH PLAIN"}
	if s.Auth == nil {
		s.Auth = func(string) string { return "235 2.7.0 ok" }
	}
	relays := s.Rcpt
	s.Rcpt = func(c *recorder.Client, to string) string {
		if relays != nil {
			if reply := relays(c, to); reply != "" {
				return reply
			}
		}
		if c.Login {
			return "250 2.1.5 ok"
		}
		return ""
	}
	if err := s.Start("127.0.0.1:0"); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(s.Close)
	return s
}

// at answers a verb to the thief alone, with or without a login.
func at(verb, reply string, login bool) func(*recorder.Client, string, string) string {
	return func(c *recorder.Client, v, _ string) string {
		if c.Peer == thief && v == verb && (login || !c.Login) {
			return reply
		}
		return ""
	}
}

// but refuses the thief everything but mail of one sender to one recipient, to all recipients where that is "".
func but(from, to string) func(*recorder.Client, string) string {
	return func(c *recorder.Client, rcpt string) string {
		if c.Peer != thief {
			return ""
		}
		if !c.Login && c.From == from && (to == "" || rcpt == to) {
			return "250 2.1.5 ok"
		}
		return epostDeny
	}
}

const epostDeny = "550 5.1.7 Please, mail from a valid IP or Domain address."

func TestVerify(t *testing.T) {
	everyone := func(verb, reply string) func(*recorder.Client, string, string) string {
		return func(c *recorder.Client, v, _ string) string {
			if v == verb && !c.Login {
				return reply
			}
			return ""
		}
	}
	for name, c := range map[string]struct {
		server *recorder.Server
		change func(*Env)
		want   string // state, login, proven
	}{
		"denied at MAIL, login or not":       {server: &recorder.Server{Command: at("MAIL", epostDeny, true)}, want: "denied refused true"},
		"a login walks around it":            {server: &recorder.Server{Command: at("MAIL", epostDeny, false)}, want: "denied-not-after-login taken false"},
		"the same at RCPT":                   {server: &recorder.Server{Command: at("RCPT", "554 5.7.1 Client host rejected", false)}, want: "denied-not-after-login taken false"},
		"denied at RCPT, login or not":       {server: &recorder.Server{Command: at("RCPT", "554 5.7.1 Client host rejected", true)}, want: "denied refused true"},
		"denied, no test account":            {server: &recorder.Server{Command: at("MAIL", epostDeny, true)}, change: noLogin, want: "denied not-tested false"},
		"denied, the account cannot log in":  {server: &recorder.Server{Command: at("MAIL", epostDeny, true), Auth: func(string) string { return "535 5.7.0 no" }}, want: "denied not-tested false"},
		"turned away by the banner":          {server: &recorder.Server{Greet: greet("554 5.7.1 go away")}, change: noLogin, want: "denied cut-off true"},
		"hung up on before the banner":       {server: &recorder.Server{Greet: greet("close")}, change: noLogin, want: "cannot-tell not-tested false"},
		"and the file hangs up on it":        {server: &recorder.Server{Greet: greet("close")}, change: filed(Decision{Refused: true}), want: "denied cut-off true"},
		"and the file answers with words":    {server: &recorder.Server{Greet: greet("close")}, change: filed(Decision{Refused: true, Reply: epostDeny}), want: "cannot-tell not-tested false"},
		"and it is locked out for a time":    {server: &recorder.Server{Greet: greet("554 5.7.1 go away")}, change: filed(Decision{Refused: true, Passing: true}), want: "cannot-tell not-tested false"},
		"told that the host takes no mail":   {server: &recorder.Server{Greet: greet("521 5.3.2 no mail here")}, change: noLogin, want: "denied cut-off true"},
		"and the file lets it in":            {server: &recorder.Server{Greet: greet("554 5.7.1 go away")}, change: filed(Decision{Result: "default"}), want: "cannot-tell not-tested false"},
		"no service for anybody by then":     {server: &recorder.Server{Greet: closing()}, change: noLogin, want: "refused-otherwise not-tested false"},
		"nor for anybody who says EHLO":      {server: &recorder.Server{Command: closingAtHello()}, change: noLogin, want: "refused-otherwise not-tested false"},
		"put off by the banner":              {server: &recorder.Server{Greet: greet("421 4.7.0 too many")}, change: noLogin, want: "refused-otherwise not-tested false"},
		"turned away at EHLO":                {server: &recorder.Server{Command: func(c *recorder.Client, v, _ string) string { return turnedAway(c, v) }}, change: noLogin, want: "denied cut-off true"},
		"bounces get in":                     {server: &recorder.Server{Rcpt: but("", "taro@example.jp")}, want: "denied refused true null taken"},
		"the null sender is let out":         {server: &recorder.Server{Rcpt: but("", "")}, want: "not-denied refused false null taken"},
		"own senders write to own accounts":  {server: &recorder.Server{Rcpt: but("taro@example.jp", "taro@example.jp")}, want: "not-denied refused false"},
		"not denied at all":                  {server: &recorder.Server{}, want: "not-denied taken false"},
		"it even relays":                     {server: &recorder.Server{Rcpt: func(*recorder.Client, string) string { return "250 2.1.5 ok" }}, want: "not-denied taken false"},
		"everybody is refused":               {server: &recorder.Server{Command: everyone("RCPT", "550 5.7.1 listed")}, change: noLogin, want: "refused-otherwise not-tested false"},
		"for now only":                       {server: &recorder.Server{Command: at("RCPT", "451 4.7.1 later", true)}, want: "refused-otherwise not-tested false"},
		"greylisted, and a login is taken":   {server: &recorder.Server{Command: at("RCPT", "451 4.7.1 later", false)}, want: "denied-not-after-login taken false"},
		"silence":                            {server: &recorder.Server{Command: at("MAIL", "hang", true)}, want: "cannot-tell not-tested false"},
		"garbage":                            {server: &recorder.Server{Command: at("MAIL", "\x1b[2Jyes", true)}, want: "cannot-tell not-tested false"},
		"a byte at a time":                   {server: &recorder.Server{Greet: greet("trickle 220 mail.example.jp is a slow server")}, want: "cannot-tell not-tested false"},
		"no account known, denied at MAIL":   {server: &recorder.Server{Command: at("MAIL", epostDeny, true)}, change: nobody, want: "denied not-tested false"},
		"no account known, refused at RCPT":  {server: &recorder.Server{}, change: nobody, want: "cannot-tell not-tested false"},
		"submission: only a login gets in":   {server: &recorder.Server{Command: everyone("MAIL", "530 5.7.0 authentication required")}, want: "denied-not-after-login taken false"},
		"submission: and not from the thief": {server: &recorder.Server{Command: submission}, want: "denied refused true"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			e, s := world(t), serve(t, c.server)
			if c.change != nil {
				c.change(&e)
			}
			r, err := e.Verify(t.Context(), Request{Denied: []string{thief}, Targets: []string{s.Address()}})
			if err != nil {
				t.Fatal(err)
			}
			if len(r.Results) != 1 {
				t.Fatalf("results %+v", r.Results)
			}
			x := r.Results[0]
			got := fmt.Sprint(r.State(), " ", x.Login, " ", r.Proven())
			if x.Null == Taken {
				got += " null taken"
			}
			if got != c.want {
				t.Errorf("%s, want %s: %+v\n%s", got, c.want, x, r.Transcript())
			}
			safe(t, s, r)
		})
	}
}

func noLogin(e *Env) { e.Login = nil }

// filed is a server's own file that decides so, and no test account.
func filed(d Decision) func(*Env) {
	return func(e *Env) {
		e.Login, e.Decide = nil, func(netip.Addr, string, bool) ([]Decision, error) { return []Decision{d}, nil }
	}
}

func nobody(e *Env) { e.Account, e.Login = "", nil }

func greet(reply string) func(*recorder.Client) string {
	return func(c *recorder.Client) string {
		if c.Peer == thief {
			return reply
		}
		return ""
	}
}

func turnedAway(c *recorder.Client, verb string) string {
	if c.Peer == thief && (verb == "EHLO" || verb == "HELO") {
		return "550 5.7.1 not you"
	}
	return ""
}

// closing greets everybody until it has seen the thief, and then nobody.
func closing() func(*recorder.Client) string {
	shut := atomic.Bool{}
	return func(c *recorder.Client) string {
		if c.Peer == thief {
			shut.Store(true)
		}
		if shut.Load() {
			return "554 5.3.2 no service"
		}
		return ""
	}
}

func closingAtHello() func(*recorder.Client, string, string) string {
	greets := closing()
	return func(c *recorder.Client, verb, _ string) string {
		if verb == "EHLO" || verb == "HELO" {
			return greets(c)
		}
		return ""
	}
}

func submission(c *recorder.Client, verb, _ string) string {
	switch {
	case verb == "MAIL" && !c.Login:
		return "530 5.7.0 authentication required"
	case verb == "MAIL" && c.Peer == thief:
		return epostDeny
	}
	return ""
}

// safe: no message, no secret, words for both languages, one line each.
func safe(t *testing.T, s *recorder.Server, r Report) {
	t.Helper()
	for _, said := range s.Said() {
		if said == "DATA" {
			t.Error("DATA was said")
		}
	}
	text := r.Transcript() + fmt.Sprint(r.Facts())
	for _, f := range r.Findings() {
		text += f.Text.EN + f.Text.JA
		if f.Text.EN == "" || f.Text.JA == "" || strings.ContainsAny(f.Text.EN+f.Text.JA, "\x1b\n") {
			t.Errorf("finding %+v", f)
		}
	}
	for _, secret := range []string{password, base64.StdEncoding.EncodeToString([]byte("\x00hanako\x00" + password))} {
		if strings.Contains(text, secret) {
			t.Error("the password is told")
		}
	}
}

// What this machine cannot ask is never called denied, whatever the file says, and is asked of nobody.
func TestElsewhere(t *testing.T) {
	e, s := world(t), serve(t, &recorder.Server{})
	e.Decide = func(peer netip.Addr, sender string, login bool) ([]Decision, error) {
		return []Decision{{Refused: true, Result: "deny", File: "/x/effect.dat", Line: 3, Text: "203.0.113.0/24 false", Reply: epostDeny}}, nil
	}
	r, err := e.Verify(t.Context(), Request{Denied: []string{"203.0.113.0/24", "2001:db8::1"}, Targets: []string{s.Address()}})
	if err != nil {
		t.Fatal(err)
	}
	f := r.Facts()
	if f.State != CannotTell || f.Proven || len(f.Untold) != 2 || len(f.Asks) != 1 || len(f.Results[0].File) != 2 || !f.Results[0].File[0].Refused {
		t.Errorf("facts %+v", f)
	}
	if len(f.Asks) > 0 && !strings.HasPrefix(f.Asks[0].Expect.EN, epostDeny) {
		t.Errorf("expected: %s", f.Asks[0].Expect.EN)
	}
	for _, slip := range []string{"no address", "999.1.1.1", "203.0.113.0/40"} {
		if _, err := e.Verify(t.Context(), Request{Denied: []string{slip}, Targets: []string{s.Address()}}); !errors.Is(err, runbook.ErrInput) {
			t.Errorf("%s: %v", slip, err)
		}
		if _, err := e.Verify(t.Context(), Request{Denied: []string{slip}}); !errors.Is(err, runbook.ErrInput) {
			t.Errorf("%s, and no target: %v", slip, err)
		}
	}
	e.Decide = nil
	if r, err = e.Verify(t.Context(), Request{Denied: []string{"127.0.0.0/8"}, Targets: []string{s.Address()}}); err != nil || r.State() != CannotTell {
		t.Errorf("where the tester itself is denied: %s, %v", r.State(), err)
	}
}

// TestHeadlines: who is not denied is not told in one breath with who needs a login to get in.
func TestHeadlines(t *testing.T) {
	one := func(denied, result string) Result {
		return Result{Denied: denied, Listener: "192.0.2.25:25", Result: result, Login: Taken}
	}
	in, after := one("203.0.113.9", NotDenied), one("203.0.113.41", AfterLogin)
	for want, all := range map[string][]Result{
		"NOT denied: 203.0.113.9":                                              {in},
		"denied, but NOT after a login: 203.0.113.41":                          {after},
		"NOT denied: 203.0.113.9; denied, but NOT after a login: 203.0.113.41": {after, in},
	} {
		f := Report{Open: []Listener{{}}, Results: all}.Findings()[0]
		if f.Text.EN != want || f.Level != runbook.Bad || f.Evidence != transcript {
			t.Errorf("%+v, want %s", f, want)
		}
	}
}

// TestAskComparesToo: whoever asks for us is told to ask from an address that nobody denied too, and that silence proves nothing.
func TestAskComparesToo(t *testing.T) {
	for _, file := range [][]Decision{nil, {{Refused: true, Reply: epostDeny}}} {
		r := Report{Log: &talk.Log{}, Account: "taro@example.jp", Probe: "relaytest@probe.example", Sender: "spamtest@sender.example",
			Results: []Result{{Denied: "203.0.113.9", Listener: "192.0.2.25:25", Elsewhere: true, File: file}}}
		text := r.Asks()[0].Expect
		if !strings.Contains(text.EN, "from a second address too, which nobody denied") || !strings.Contains(text.JA, "拒否していない別のアドレスからも実行する") ||
			!strings.Contains(text.EN, "cut off for a time") || !strings.Contains(r.Transcript(), text.EN) || file != nil && !strings.HasPrefix(text.EN, epostDeny) {
			t.Errorf("%+v\n%s", text, r.Transcript())
		}
	}
}

// playing is a connection whose other side plays an address.
type playing struct {
	net.Conn
	remote net.Addr
}

func (p playing) RemoteAddr() net.Addr { return p.remote }

// TestNoPasswordInClear: over a wire without TLS nobody logs in, and the denial is not proven; to this machine itself one may.
func TestNoPasswordInClear(t *testing.T) {
	for _, mine := range []bool{false, true} {
		e, s := world(t), serve(t, &recorder.Server{Command: at("MAIL", epostDeny, true)})
		e.Book.Own = []netip.Prefix{netip.MustParsePrefix("192.0.2.25/32")}
		e.Here = func(netip.Addr) bool { return mine }
		from := e.DialFrom
		e.DialFrom = func(ctx context.Context, a netip.Addr, address string) (net.Conn, error) {
			c, err := from(ctx, a, s.Address())
			return playing{c, net.TCPAddrFromAddrPort(netip.MustParseAddrPort(address))}, err
		}
		e.Dial = func(ctx context.Context, _, address string) (net.Conn, error) {
			return e.DialFrom(ctx, netip.MustParseAddr("127.0.0.1"), address)
		}
		r, err := e.Verify(t.Context(), Request{Denied: []string{thief}, Targets: []string{"192.0.2.25:25"}})
		if err != nil {
			t.Fatal(err)
		}
		said := strings.Contains(strings.Join(s.Said(), "\n"), "AUTH")
		if said != mine || r.Proven() != mine || r.State() != Denied || !mine && !strings.Contains(r.Results[0].NoLogin.EN, "no TLS") {
			t.Errorf("this machine %v: AUTH said %v, proven %v, %+v\n%s", mine, said, r.Proven(), r.Results[0], r.Transcript())
		}
		safe(t, s, r)
	}
}

// TestCutOffBeforeTheGreeting: whoever hangs up says nothing, and only the files tell a denial from what passes.
func TestCutOffBeforeTheGreeting(t *testing.T) {
	now := time.Now()
	at := now.Add(20 * time.Minute)
	form := "15:04 MST"
	if at.YearDay() != now.YearDay() {
		form = "2006-01-02 15:04 MST"
	}
	lock := Decision{Refused: true, Passing: true, Until: at.UTC().Format(time.RFC3339), Result: "locked-out", File: "/x/rejectsmtpip.dat", Line: 1}
	ever := Decision{Refused: true, Result: "locked-out", File: "/x/rejectsmtpip.dat", Line: 2}
	line := Decision{Refused: true, Result: "deny", File: "/x/effect.dat", Line: 3, Reply: epostDeny}
	told := "until " + at.Format(form) + "; ask again after that"
	for name, c := range map[string]struct {
		greet string
		file  []Decision
		want  string // state, login, proven
		say   string
	}{
		"a 5xx, and no lock-out":       {"554 5.7.1 go away", []Decision{line}, "denied cut-off true", "every source is refused"},
		"no file is known":             {"close", nil, "cannot-tell not-tested false", "not told apart"},
		"the file answers only later":  {"close", []Decision{line}, "cannot-tell not-tested false", "not told apart"},
		"locked out for a time":        {"close", []Decision{lock, line}, "cannot-tell not-tested false", told},
		"both, and the time comes on":  {"close", []Decision{lock, ever}, "cannot-tell not-tested false", told},
		"refused for ever":             {"close", []Decision{ever, line}, "denied cut-off true", "every source is refused"},
		"a 5xx while it is locked out": {"554 5.7.1 go away", []Decision{lock}, "cannot-tell not-tested false", told},
		"the end is not known":         {"close", []Decision{{Refused: true, Passing: true, Result: "locked-out"}}, "cannot-tell not-tested false", "locked out for a time only"},
	} {
		for _, login := range []bool{true, false} {
			e, s := world(t), serve(t, &recorder.Server{Greet: greet(c.greet)})
			if !login {
				e.Login = nil
			}
			e.Decide = func(netip.Addr, string, bool) ([]Decision, error) { return slices.Clone(c.file), nil }
			r, err := e.Verify(t.Context(), Request{Denied: []string{thief}, Targets: []string{s.Address()}})
			if err != nil {
				t.Fatal(err)
			}
			said := ""
			for _, f := range r.Findings() {
				said += f.Text.EN + "\n"
			}
			if got := fmt.Sprint(r.State(), " ", r.Results[0].Login, " ", r.Proven()); got != c.want || !strings.Contains(said, c.say) {
				t.Errorf("%s, login %v: %s, want %s and %q\n%s", name, login, got, c.want, c.say, said)
			}
			safe(t, s, r)
		}
	}
}

// The domain of a sender can be asked for from anywhere.
func TestDomain(t *testing.T) {
	spam := func(login bool) func(*recorder.Client, string, string) string {
		return func(c *recorder.Client, verb, arg string) string {
			if verb == "MAIL" && strings.HasSuffix(arg, "@spam.example.com>") && (login || !c.Login) {
				return epostDeny
			}
			return ""
		}
	}
	for want, command := range map[string]func(*recorder.Client, string, string) string{"denied refused": spam(true), "denied-not-after-login taken": spam(false), "not-denied taken": nil} {
		e, s := world(t), serve(t, &recorder.Server{Command: command})
		r, err := e.Verify(t.Context(), Request{Denied: []string{"spam.example.com"}, Targets: []string{s.Address()}})
		if err != nil {
			t.Fatal(err)
		}
		if got := r.State() + " " + r.Results[0].Login; got != want {
			t.Errorf("%s, want %s\n%s", got, want, r.Transcript())
		}
	}
}

// TestDomainCutOff: whoever is cut off before a sender was named is not cut off for the sender.
func TestDomainCutOff(t *testing.T) {
	e, calls := world(t), atomic.Int32{}
	s := serve(t, &recorder.Server{Greet: func(*recorder.Client) string {
		return map[bool]string{true: "554 5.7.0 too many connections"}[calls.Add(1) == 4] // two to compare, one from a sender, and then that of the domain
	}})
	e.Login = nil
	r, err := e.Verify(t.Context(), Request{Denied: []string{"spam.example.com"}, Targets: []string{s.Address()}})
	if err != nil || r.State() != CannotTell || r.Results[0].Login != NotTested || !strings.Contains(r.Results[0].Why.EN, "before the sender was named") {
		t.Errorf("%v, %+v\n%s", err, r.Results, r.Transcript())
	}
}

// TestFilesOfThisServerOnly: the files here say nothing of a server of somebody else.
func TestFilesOfThisServerOnly(t *testing.T) {
	for _, own := range []bool{true, false} {
		e, s := world(t), serve(t, &recorder.Server{Greet: greet("554 5.7.1 go away")})
		book := filepath.Join(t.TempDir(), "targets.yaml")
		text := "format: 1\ntargets:\n  - {address: 192.0.2.25, by: \"her owner\", until: \"2999-12-31\"}\n"
		if err := os.WriteFile(book, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		if e.Book.File = book; own {
			e.Book.Own = []netip.Prefix{netip.MustParsePrefix("192.0.2.25/32")}
		}
		e.Login, e.Decide = nil, func(netip.Addr, string, bool) ([]Decision, error) { return []Decision{{Result: "default"}}, nil }
		from := e.DialFrom
		e.DialFrom = func(ctx context.Context, a netip.Addr, _ string) (net.Conn, error) { return from(ctx, a, s.Address()) }
		e.Dial = func(ctx context.Context, _, address string) (net.Conn, error) {
			return e.DialFrom(ctx, netip.MustParseAddr("127.0.0.1"), address)
		}
		r, err := e.Verify(t.Context(), Request{Denied: []string{thief}, Targets: []string{"192.0.2.25:25"}})
		want := map[bool]string{true: CannotTell, false: Denied}[own]
		if err != nil || r.State() != want || own != (len(r.Results[0].File) > 0) {
			t.Errorf("own %v: %v, %s, want %s: %+v", own, err, r.State(), want, r.Results)
		}
	}
}

// Nobody is connected to without leave, and nothing that could break out of a command is written into one.
func TestRefusals(t *testing.T) {
	for name, q := range map[string]Request{
		"not authorised": {Denied: []string{thief}, Targets: []string{"192.0.2.25"}},
		"account":        {Denied: []string{thief}, Targets: []string{"127.0.0.1:1"}, Account: "a'b@example.jp"},
		"probe":          {Denied: []string{thief}, Targets: []string{"127.0.0.1:1"}, Probe: "`id`@probe.example"},
		"own domain":     {Denied: []string{thief}, Targets: []string{"127.0.0.1:1"}, Probe: "x@example.jp"},
		"target":         {Denied: []string{thief}, Targets: []string{"a b"}},
	} {
		e := world(t)
		e.Dial = func(context.Context, string, string) (net.Conn, error) {
			t.Errorf("%s: it connects", name)
			return nil, errors.New("no")
		}
		if _, err := e.Verify(t.Context(), q); !errors.Is(err, runbook.ErrInput) {
			t.Errorf("%s: %v", name, err)
		}
	}
	e := world(t)
	r, err := e.Verify(t.Context(), Request{Denied: []string{thief}, Targets: []string{"127.0.0.1:1"}})
	if err != nil || r.State() != CannotTell || r.Findings()[0].Level != runbook.Warn {
		t.Errorf("nothing listens: %s, %v", r.State(), err)
	}
	if r, err = e.Verify(t.Context(), Request{Denied: []string{thief}}); err != nil || r.State() != CannotTell || r.Findings()[0].Level != runbook.Warn {
		t.Errorf("no target: %s, %v", r.State(), err)
	}
}

// The commands for somebody else really ask, stop before DATA, and show the answer.
func TestPasted(t *testing.T) {
	tool := map[string]string{"bash": "bash", "nc": "nc", "telnet": "telnet", "swaks": "swaks"}
	for name, program := range tool {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if _, err := exec.LookPath(program); err != nil {
				if strings.Contains(os.Getenv("HIKESHI_REQUIRE"), "servers") {
					t.Fatalf("HIKESHI_REQUIRE asks for what talks to servers: %v", err)
				}
				t.Skipf("%s is not installed", program)
			}
			s := serve(t, &recorder.Server{Rcpt: func(*recorder.Client, string) string { return "550 5.1.7 the answer" }})
			r := Report{Open: []Listener{{At: netip.MustParseAddrPort(s.Address())}}, Account: "taro@example.jp", Probe: "relaytest@probe.example", Sender: "spamtest@sender.example",
				Results: []Result{{Denied: "203.0.113.9", Listener: s.Address(), Elsewhere: true}}}
			for _, l := range r.Asks()[0].Lines {
				if l.Tool != name {
					continue
				}
				ctx, cancel := context.WithTimeout(t.Context(), 40*time.Second)
				defer cancel()
				out, _ := exec.CommandContext(ctx, "sh", "-c", l.Text).CombinedOutput()
				if !strings.Contains(string(out), "550 5.1.7 the answer") || strings.Contains(l.Text, "\n") {
					t.Errorf("%s\nshows\n%s", l.Text, out)
				}
			}
			said := strings.Join(s.Said(), "\n")
			if !strings.Contains(said, "RCPT TO:<taro@example.jp>") || strings.Contains(said, "DATA") {
				t.Errorf("it says\n%s", said)
			}
		})
	}
}
