package cause

import (
	"fmt"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"hikeshi/spool"
)

// places are so many clients that handed in each as many messages.
func places(n, each int) []spool.Count {
	var all []spool.Count
	for i := range n {
		all = append(all, spool.Count{Name: fmt.Sprintf("203.0.113.%d", i+1), N: int64(each)})
	}
	return all
}

func asks(d spool.Demand) *spool.LoginRule { return &spool.LoginRule{Demand: d} }

// flood is a queue full of spam from many clients.
func flood() Mail {
	return Mail{Known: true, All: 400, Out: 390, Asked: 390, Local: 390, Traced: 390, Clients: places(39, 10), Judged: 100, Senders: []spool.Count{{Name: "taro@example.jp", N: 380}}}
}

func logins(sessions int, users ...spool.Login) *spool.Logins {
	return &spool.Logins{On: true, Sessions: sessions, Users: users}
}

var thief = spool.Login{User: "taro@example.jp", Success: 300, Failed: 12, Addresses: 39}

// phone is a user in a mobile pool; known is what the logs say where they call taro a suspect and the phone not.
var (
	phone = spool.Login{User: "jiro@example.jp", Success: 140, Addresses: 48}
	known = Handed{Judged: true, LoggedIn: []string{"taro@example.jp"}}
)

func TestJudge(t *testing.T) {
	with := func(m Mail, change func(*Mail)) Mail { change(&m); return m }
	closed := Deny{Known: true, Age: 1000 * time.Hour}
	open := Deny{Known: true, Opening: []int{3}, Age: 1000 * time.Hour}
	for name, c := range map[string]struct {
		signs  Signs
		likely string
		says   string
	}{
		"nothing known": {Signs{}, "", ""},
		"a stolen password in the log": {Signs{Handed: known, Rule: asks(spool.DemandLocal), Logins: logins(500, thief), Mail: flood(), Deny: closed}, "a",
			"taro@example.jp, a suspect by the logs, logged in from as many as 39 addresses, 300 times"},
		"a stolen password without a log":         {Signs{Rule: asks(spool.DemandLocal), Mail: flood(), Deny: closed}, "a", "390 of 390 messages for outside name one who does"},
		"a stolen password though none is needed": {Signs{Handed: known, Rule: asks(spool.DemandNobody), Logins: logins(500, thief), Mail: flood(), Deny: closed}, "a", "as many as 39 addresses"},
		"a last line that demands a login": {Signs{Rule: asks(spool.DemandNobody), Mail: with(flood(), func(m *Mail) { m.NeedLogin = 100 }), Deny: closed}, "a",
			"100 of 100 messages for outside are let out after a login only"},
		"an account named without AUTH":   {Signs{Rule: asks(spool.DemandNobody), Logins: logins(500), Mail: flood(), Deny: closed}, "b", "0 good logins in 500 sessions"},
		"an account without an auth file": {Signs{Rule: asks(spool.DemandLocal), Mail: with(flood(), func(m *Mail) { m.NoLogin = 380 }), Deny: closed}, "b", "380 of 390 messages"},
		"an open line and no such accounts": {Signs{Rule: asks(spool.DemandNobody), Logins: logins(500), Deny: open,
			Mail: with(flood(), func(m *Mail) { m.Local, m.NoAccount, m.Opened, m.OpenedBy, m.Senders = 0, 390, 100, 3, nil })}, "c", "mostly line 3"},
		"an open line and existing accounts": {Signs{Rule: asks(spool.DemandNobody), Logins: logins(500), Deny: open,
			Mail: with(flood(), func(m *Mail) { m.Opened, m.OpenedBy = 100, 3 })}, "c", "the first is line 3"},
		"a web form": {Signs{Rule: asks(spool.DemandNobody), Logins: logins(20), Deny: closed,
			Mail: with(flood(), func(m *Mail) { m.Self, m.Machine, m.Clients = 385, 300, places(2, 2) })}, "d", "385 of 390 messages for outside come from this machine itself"},
		"an infected machine": {Signs{Rule: asks(spool.DemandNobody), Logins: logins(20), Deny: closed,
			Mail: with(flood(), func(m *Mail) { m.Clients, m.Opened, m.OpenedBy, m.Local, m.Foreign = places(1, 385), 100, 7, 0, 390 })}, "e", "203.0.113.1 alone handed in 385 of 390"},
		"a mailing list": {Signs{Rule: asks(spool.DemandNobody), Deny: closed, Mail: Mail{Known: true, All: 300, List: 290, Out: 10, Asked: 10, Local: 10, Traced: 0}}, "f", "290 of 300 messages are list mail"},
		"forwards": {Signs{Rule: asks(spool.DemandNobody), Deny: closed,
			Mail: with(flood(), func(m *Mail) { m.Local, m.Foreign, m.Stuck = 0, 390, 95 })}, "f", "95 of 100"},
		"a line of today and new accounts": {Signs{Deny: Deny{Known: true, Opening: []int{9}, Age: time.Hour}, Changed: Changed{Known: true, Age: 2 * time.Hour}}, "g", "changed 1h0m0s ago and opens"},
		"a forged sender": {Signs{Rule: asks(spool.DemandNobody), Logins: logins(500), Deny: closed,
			Mail: Mail{Known: true, All: 400, NullHome: 380, Out: 2, Asked: 2, Local: 2, Traced: 2}}, "h", "380 of 400 messages are error mails of others"},
		"a quiet queue": {Signs{Rule: asks(spool.DemandNobody), Logins: logins(500, spool.Login{User: "hanako", Success: 400, Addresses: 2}), Deny: closed,
			Mail: Mail{Known: true, All: 5, Out: 5, Asked: 5, Local: 5, Traced: 5, Clients: places(2, 2)}}, "", ""},
	} {
		t.Run(name, func(t *testing.T) {
			all, likely := Judge(&c.signs)
			var b strings.Builder
			for _, v := range all {
				fmt.Fprintf(&b, "%s %d for %v against %v unknown %d\n", v.Cause, v.Score, v.For, v.Against, v.Unknown)
			}
			if likely != c.likely || !strings.Contains(b.String(), c.says) {
				t.Errorf("likely %q, want %q with %q\n%s", likely, c.likely, c.says, b.String())
			}
			if strings.Contains(b.String(), "%!") || len(all) != len(Letters) {
				t.Errorf("%s", b.String())
			}
		})
	}
}

// TestPhoneIsNoThief: many addresses say nothing of an account that the logs do not call a suspect, nor where nobody knows what is usual
// for it, and how the mail was handed in outweighs them.
func TestPhoneIsNoThief(t *testing.T) {
	all := logins(1300, phone, spool.Login{User: "hanako", Success: 400, Addresses: 2})
	all.First, all.Last = time.Date(2026, 11, 15, 8, 0, 0, 0, time.UTC), time.Date(2026, 11, 30, 22, 0, 0, 0, time.UTC)
	shut, open := Deny{Known: true, Age: 1000 * time.Hour}, Deny{Known: true, Opening: []int{3}, Age: 1000 * time.Hour}
	judged := func(h Handed) Handed { h.Judged = true; return h }
	few := Mail{Known: true, All: 300, Out: 300, Asked: 300, Foreign: 300, Traced: 300, Clients: places(1, 300), Judged: 100, Opened: 100, OpenedBy: 7}
	for name, c := range map[string]struct {
		signs  Signs
		likely string
		says   string
	}{
		"a quiet server":                   {Signs{Logins: all, Deny: shut, Handed: judged(Handed{})}, "", ""},
		"nothing known of the days before": {Signs{Logins: all, Deny: shut, Handed: Handed{LoggedIn: []string{phone.User}}}, "", ""},
		"relayed":                          {Signs{Logins: all, Deny: open, Handed: judged(Handed{Foreign: 900})}, "c", "by the logs 900 messages of foreign senders were relayed"},
		"relayed, and no line found":       {Signs{Logins: all, Deny: shut, Handed: judged(Handed{Foreign: 900})}, "c", ""},
		"relayed by a line for few":        {Signs{Logins: all, Deny: shut, Mail: few, Handed: judged(Handed{Foreign: 900})}, "e", "no line is open but to few"},
		"named without a login":            {Signs{Logins: all, Deny: shut, Handed: judged(Handed{Name: 900})}, "b", "by the logs 900 messages name a suspect without a login, 0 were sent after one"},
		"a suspect":                        {Signs{Logins: all, Deny: shut, Handed: judged(Handed{Login: 200, LoggedIn: []string{"jiro@example.jp"}})}, "a", "48 addresses, 140 times from 2026-11-15 08:00 to 2026-11-30 22:00"},
		"a suspect, its login cut short":   {Signs{Logins: logins(900, spool.Login{User: "JIRO", Success: 140, Addresses: 48}), Handed: known.with("jiro@example.jp")}, "a", "JIRO, a suspect"},
		"a suspect of another domain":      {Signs{Logins: logins(900, spool.Login{User: "jiro@example.com", Success: 140, Addresses: 48}), Handed: known.with("jiro@example.jp")}, "", ""},
	} {
		verdicts, likely := Judge(&c.signs)
		told := fmt.Sprintf("%+v", verdicts)
		if likely != c.likely || !strings.Contains(told, c.says) || strings.Contains(told, "%!") {
			t.Errorf("%s: likely %q, want %q with %q\n%s", name, likely, c.likely, c.says, told)
		}
		if c.likely != "a" && (strings.Contains(told, "48") || len(Accounts(&c.signs)) > 0) {
			t.Errorf("%s: blames %q\n%s", name, Accounts(&c.signs), told)
		}
		for _, v := range verdicts {
			if v.Cause == "a" && c.signs.Handed.Name+c.signs.Handed.Foreign > 0 && v.Score > -3 {
				t.Errorf("%s: (a) weighs %d", name, v.Score)
			}
		}
	}
}

// TestGuessedByTheLogs: that a password was guessed is what logs.logins finds, a burst and then a success from elsewhere; who mistypes his
// password, however often in two weeks, is nobody's victim.
func TestGuessedByTheLogs(t *testing.T) {
	typist := logins(500, spool.Login{User: "jiro@example.jp", Success: 200, Failed: 40, Addresses: 1})
	for name, c := range map[string]struct {
		signs Signs
		want  string // accounts
		says  string
	}{
		"mistyped":           {Signs{Logins: typist, Handed: Handed{Guessed: []string{}}}, "", ""},
		"nobody has looked":  {Signs{Logins: typist}, "", ""},
		"found":              {Signs{Logins: typist, Handed: Handed{Guessed: []string{"hana@example.jp"}}}, "hana@example.jp", "by logs.logins the password of hana@example.jp was probably found by trying"},
		"found, of several":  {Signs{Logins: typist, Handed: Handed{Guessed: []string{"hana@example.jp", "jiro@example.jp"}}}, "hana@example.jp jiro@example.jp", "hana@example.jp, jiro@example.jp"},
		"found, and no tail": {Signs{Handed: Handed{Guessed: []string{"hana@example.jp"}}}, "hana@example.jp", "probably found"},
	} {
		all, _ := Judge(&c.signs)
		told := ""
		for _, v := range all {
			if v.Cause == "a" {
				told = fmt.Sprint(v.For)
			}
		}
		if got := strings.Join(Accounts(&c.signs), " "); got != c.want || (c.says == "") != !strings.Contains(told, "found by trying") || !strings.Contains(told, c.says) {
			t.Errorf("%s: accounts %q, %s", name, got, told)
		}
	}
	if _, st := guessed(&Signs{Logins: typist}); st != unknown {
		t.Error("without logs.logins it is not known")
	}
	if _, st := guessed(&Signs{Logins: typist, Handed: Handed{Guessed: []string{}}}); st != no {
		t.Error("logs.logins has found nothing")
	}
}

func (h Handed) with(login string) Handed {
	h.LoggedIn = append([]string{login}, h.LoggedIn...)
	return h
}

func (h Handed) guessed(login string) Handed {
	h.Guessed = []string{login}
	return h
}

// Nothing stands out where two causes weigh the same.
func TestTie(t *testing.T) {
	s := Signs{Deny: Deny{Known: true, Opening: []int{1}, Age: time.Hour}, Changed: Changed{Known: true, Age: time.Hour},
		Mail: Mail{Known: true, All: 20, List: 20}}
	if all, likely := Judge(&s); likely != "" || all[0].Score != all[1].Score {
		t.Errorf("%s %+v", likely, all[:2])
	}
}

// Every rule says in both languages what it found, with the same figures, and every cause has a name.
func TestRules(t *testing.T) {
	verb := regexp.MustCompile(`%(\[\d\])?[a-z]`)
	japanese := regexp.MustCompile(`[\p{Hiragana}\p{Katakana}\p{Han}]`)
	for _, r := range rules() {
		if r.weight == 0 || r.test == nil || strings.Trim(r.causes, Letters) != "" || !japanese.MatchString(r.ja) || japanese.MatchString(r.en) {
			t.Errorf("%+v", r)
		}
		if a, b := len(verb.FindAllString(r.en, -1)), len(verb.FindAllString(r.ja, -1)); a != b && !strings.Contains(r.en, "no good login") {
			t.Errorf("%d figures in %q, %d in %q", a, r.en, b, r.ja)
		}
	}
	for _, letter := range strings.Split(Letters, "") {
		if n := Name(letter); n.EN == "" || n.JA == "" {
			t.Errorf("%s has no name", letter)
		}
	}
	if !Name("x").IsZero() {
		t.Error("x has a name")
	}
}

func TestAccountsAndSources(t *testing.T) {
	s := Signs{Handed: known.guessed("jiro"), Logins: logins(500, thief, phone, spool.Login{User: "hanako", Success: 400, Addresses: 2}, spool.Login{User: "jiro", Success: 1, Failed: 9, Addresses: 1}), Mail: flood()}
	if d := cmp.Diff([]string{"taro@example.jp", "jiro"}, Accounts(&s)); d != "" {
		t.Error(d)
	}
	s.Logins, s.Handed = nil, Handed{}
	s.Mail.Senders = []spool.Count{{Name: "taro@example.jp", N: 300}, {Name: "hanako@example.jp", N: 38}}
	if d := cmp.Diff([]string{"taro@example.jp"}, Accounts(&s)); d != "" {
		t.Error(d)
	}
	s.Mail.Clients = append(places(60, 5), spool.Count{Name: "192.0.2.200", N: 2})
	if got := Sources(&s); len(got) != 50 || got[0] != "203.0.113.1" {
		t.Errorf("%q", got)
	}
	s.Mail.Clients = s.Mail.Clients[60:]
	if got := Sources(&s); len(got) != 0 || got == nil {
		t.Errorf("a client of two messages: %q", got)
	}
}
