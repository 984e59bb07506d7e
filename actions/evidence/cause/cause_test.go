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
		"a stolen password in the log": {Signs{Rule: asks(spool.DemandLocal), Logins: logins(500, thief), Mail: flood(), Deny: closed}, "a",
			"taro@example.jp logged in from 39 addresses, 300 times"},
		"a stolen password without a log":         {Signs{Rule: asks(spool.DemandLocal), Mail: flood(), Deny: closed}, "a", "390 of 390 messages for outside name one who does"},
		"a stolen password though none is needed": {Signs{Rule: asks(spool.DemandNobody), Logins: logins(500, thief), Mail: flood(), Deny: closed}, "a", "as many as 39 addresses"},
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
	s := Signs{Logins: logins(500, thief, spool.Login{User: "hanako", Success: 400, Addresses: 2}, spool.Login{User: "jiro", Success: 1, Failed: 9, Addresses: 1}), Mail: flood()}
	if d := cmp.Diff([]string{"taro@example.jp", "jiro"}, Accounts(&s)); d != "" {
		t.Error(d)
	}
	s.Logins = nil
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
