package signals

import (
	"fmt"
	"net/netip"
	"regexp"
	"strings"
	"testing"

	"hikeshi/actions/logs/entry"
	"hikeshi/actions/logs/ledger"
)

const since = int64(1_700_000_000) / 86400 * 86400

func addr(n int) netip.Prefix {
	return netip.PrefixFrom(netip.AddrFrom4([4]byte{203, 0, 113, byte(n)}), 32)
}

// book has one account in its window, as change makes it.
func book(days uint32, change func(*ledger.Book, *entry.Account)) *ledger.Book {
	b := ledger.New(ledger.Options{Since: since, Until: since + 86400, Step: 60, Inside: func(p netip.Prefix) bool { return p.Addr().IsPrivate() }})
	b.Days = days
	a := b.Account("taro@example.jp")
	a.Hours = []entry.Hour{{Hour: since/3600 + 3}}
	a.Days = []entry.Day{{Day: 0}}
	change(b, a)
	return b
}

// from lets the account be used from n peers; the first one is its usual one.
func from(b *ledger.Book, a *entry.Account, n int) {
	for i := range n {
		a.Uses[addr(i)] = &entry.Use{First: since + 10, Last: since + 20, Usual: i == 0, Messages: 2}
		b.Sources[addr(i)] = &entry.Source{Place: addr(i), First: since + 10, Last: since + 20, Messages: 2}
		if i > 0 {
			a.Hours[0].Places.Add(uint64(i))
			a.Days[0].Places.Add(uint64(i))
			a.Hours[0].NewLogins++
		}
	}
}

func verdict(v Verdict) string {
	var b strings.Builder
	for _, e := range v.Accounts {
		fmt.Fprintf(&b, "%s %d", e.Level, e.Score)
		for _, h := range e.Hits {
			fmt.Fprintf(&b, " %s=%g/%g", h.Signal(), h.Value, h.Threshold())
		}
	}
	n := map[string]int{}
	for _, e := range v.Sources {
		n[e.Level]++
	}
	return strings.TrimSpace(fmt.Sprintf("%s | %d suspects %d hints", b.String(), n[Suspect], n[Hint]))
}

const month = 1<<14 - 1 // days of history

// slow lets one new address send 150 messages in ten hours, each to so many recipients.
func slow(b *ledger.Book, a *entry.Account, each int64) {
	const mails = 150
	a.Past = entry.Past{Days: month, Messages: 100, Hour: entry.Volume{Messages: 4, Recipients: 6}, Day: entry.Volume{Messages: 20, Recipients: 30}}
	for h := range int64(10) {
		a.Past.Clock[(since/3600+8+h)%24] = 10
	}
	a.Messages, a.Recipients = mails, mails*each
	a.Hours = nil
	for h := range int64(10) {
		a.Hours = append(a.Hours, entry.Hour{Hour: since/3600 + 8 + h, Messages: mails / 10, Recipients: mails / 10 * each, NewMessages: mails / 10, NewLogins: mails / 10})
	}
	a.Days[0].Messages, a.Days[0].Recipients, a.Days[0].New = mails, mails*each, entry.Volume{Messages: mails, Recipients: mails * each}
	a.Uses[addr(1)] = &entry.Use{First: since + 8*3600, Last: since + 18*3600, Messages: mails, Recipients: mails * each}
	b.Sources[addr(1)] = &entry.Source{Place: addr(1), First: since + 8*3600, Last: since + 18*3600, Messages: mails}
}

func TestJudge(t *testing.T) {
	send := func(a *entry.Account, messages, recipients int64) {
		a.Messages, a.Recipients = messages, recipients
		a.Hours[0].Messages, a.Hours[0].Recipients = messages, recipients
		a.Days[0].Messages, a.Days[0].Recipients = messages, recipients
	}
	for name, c := range map[string]struct {
		days   uint32
		change func(*ledger.Book, *entry.Account)
		want   string
	}{
		"nothing": {month, func(b *ledger.Book, a *entry.Account) { send(a, 99, 499); from(b, a, 3) }, "| 0 suspects 0 hints"},
		"a newsletter for the first time": {month, func(b *ledger.Book, a *entry.Account) { send(a, 120, 6000); a.Days[0].Fresh = 6000 },
			"hint 5 D1=120/100 D2=6000/1000 D6=6000/500 | 0 suspects 0 hints"},
		"a newsletter as every week": {month, func(b *ledger.Book, a *entry.Account) {
			send(a, 120, 6000)
			a.Past.Hour, a.Past.Day = entry.Volume{Messages: 80, Recipients: 4000}, entry.Volume{Messages: 80, Recipients: 4000}
		}, "| 0 suspects 0 hints"},
		"spread alone is a hint": {month, func(b *ledger.Book, a *entry.Account) { from(b, a, 6) }, "hint 1 D3=5/3 | 0 suspects 0 hints"},
		"volume and spread": {month, func(b *ledger.Book, a *entry.Account) { send(a, 100, 100); from(b, a, 13) },
			"suspect 3 D1=100/100 D3=12/10 | 12 suspects 0 hints"},
		"a few addresses, nothing known of the past": {0, func(b *ledger.Book, a *entry.Account) { send(a, 100, 100); from(b, a, 8) },
			"suspect 2 D1=100/100 D3=8/3 | 0 suspects 7 hints"},
		"two addresses, nothing known of the past": {0, func(b *ledger.Book, a *entry.Account) { send(a, 100, 100); from(b, a, 2) },
			"hint 1 D1=100/100 | 0 suspects 0 hints"},
		"volume and spread, nothing known of the past": {0, func(b *ledger.Book, a *entry.Account) { send(a, 100, 100); from(b, a, 13) },
			"suspect 3 D1=100/100 D3=12/10 | 0 suspects 12 hints"},
		"a single address that was guessed": {month, func(b *ledger.Book, a *entry.Account) {
			send(a, 600, 600)
			from(b, a, 2)
			a.Break = &entry.Break{Wall: since, Account: a.Name, Place: addr(1), Failures: 30}
			b.Sources[addr(1)].Break = a.Break
		}, "suspect 5 D1=600/500 D2=600/500 D8=30/20 | 1 suspects 0 hints"},
		"little in an hour, to many, from one new address": {month, func(b *ledger.Book, a *entry.Account) { slow(b, a, 1) },
			"suspect 2 D1=150/150 D14=150/100 | 1 suspects 0 hints"},
		"the same to more": {month, func(b *ledger.Book, a *entry.Account) { slow(b, a, 7); a.Days[0].Fresh = 990 },
			"suspect 6 D1=150/150 D2=1050/1000 D6=990/500 D14=1050/500 | 1 suspects 0 hints"},
		"the same from where the owner always is": {month, func(b *ledger.Book, a *entry.Account) {
			slow(b, a, 7)
			a.Days[0].Fresh, a.Days[0].New, a.Uses[addr(1)].Usual = 990, entry.Volume{}, true
			for i := range a.Hours {
				a.Hours[i].NewMessages, a.Hours[i].NewLogins = 0, 0
			}
		}, "hint 4 D1=150/150 D2=1050/1000 D6=990/500 | 0 suspects 0 hints"},
		"the same by an account without habits": {month, func(b *ledger.Book, a *entry.Account) {
			slow(b, a, 7)
			a.Past.Days = 1
		}, "hint 2 D1=150/150 D2=1050/1000 | 0 suspects 0 hints"},
		"the same from a private network": {month, func(b *ledger.Book, a *entry.Account) {
			slow(b, a, 7)
			p := netip.MustParsePrefix("10.1.2.3/32")
			a.Uses[p] = a.Uses[addr(1)]
			delete(a.Uses, addr(1))
		}, "hint 2 D1=150/150 D2=1050/1000 | 0 suspects 0 hints"},
		"a newsletter whose host has moved": {month, func(b *ledger.Book, a *entry.Account) {
			slow(b, a, 7)
			a.Past.Hour, a.Past.Day = entry.Volume{Messages: 80, Recipients: 4000}, entry.Volume{Messages: 80, Recipients: 4000}
		}, "| 0 suspects 0 hints"},
		"a new address beside that of the thief": {month, func(b *ledger.Book, a *entry.Account) {
			slow(b, a, 1)
			a.Uses[addr(2)] = &entry.Use{First: since + 5, Last: since + 6, Messages: 2, Recipients: 2}
			b.Sources[addr(2)] = &entry.Source{Place: addr(2), First: since + 5, Last: since + 6, Messages: 2}
		}, "suspect 2 D1=150/150 D14=150/100 | 1 suspects 1 hints"},
		"the same by a name of the owner's": {month, func(b *ledger.Book, a *entry.Account) {
			slow(b, a, 7)
			a.Uses[addr(1)].HELO = "hanakos-pc"
			a.Called("hanakos-pc", -1)
			a.Called("hanakos-pc", -2)
		}, "hint 2 D1=150/150 D2=1050/1000 | 0 suspects 0 hints"},
		"the same by a name of everybody's": {month, func(b *ledger.Book, a *entry.Account) {
			slow(b, a, 7)
			a.Uses[addr(1)].HELO = "pc"
			for _, other := range []*entry.Account{a, b.Account("jiro@example.jp"), b.Account("sato@example.jp")} {
				other.Called("pc", -1)
				other.Called("pc", -2)
			}
		}, "suspect 4 D1=150/150 D2=1050/1000 D14=1050/500 | 1 suspects 0 hints"},
		"mail that comes back, few":  {month, func(b *ledger.Book, a *entry.Account) { a.Hours[0].Failed, a.Hours[0].Sent = 10, 1 }, "hint 1 D7=59/30 | 0 suspects 0 hints"},
		"mail that comes back, much": {month, func(b *ledger.Book, a *entry.Account) { a.Hours[0].Failed, a.Hours[0].Sent = 70, 30 }, "hint 2 D7=70/60 | 0 suspects 0 hints"},
		"named without a login": {month, func(b *ledger.Book, a *entry.Account) {
			send(a, 100, 100)
			a.Relayed = 100
			b.Sources[addr(9)] = &entry.Source{Place: addr(9), First: since, Relayed: 100}
			a.Uses[addr(9)] = &entry.Use{First: since, Relayed: 100, Messages: 100}
		}, "suspect 3 D1=100/100 D13=100/50 | 1 suspects 0 hints"},
		"an open relay for strangers": {month, func(b *ledger.Book, a *entry.Account) {
			s := &entry.Source{Place: addr(9), First: since, Relayed: 40}
			for i := range uint64(5) {
				s.Senders.Add(i)
			}
			b.Sources[addr(9)] = s
		}, "| 1 suspects 0 hints"},
	} {
		t.Run(name, func(t *testing.T) {
			if got := verdict(Judge(book(c.days, c.change), Options{})); got != c.want {
				t.Errorf("got  %s\nwant %s", got, c.want)
			}
		})
	}
}

// Who is exempt is measured, and named apart where that makes a suspect; what an exempt account did is not held against its peers.
func TestExempt(t *testing.T) {
	b := book(month, func(b *ledger.Book, a *entry.Account) {
		a.Hours[0].Messages, a.Messages = 600, 600
		from(b, a, 13)
	})
	v := Judge(b, Options{Source: func(p netip.Prefix) bool { return p == addr(1) }})
	if got := verdict(v); got != "suspect 4 D1=600/500 D3=12/10 | 11 suspects 0 hints" || len(v.Exempt) != 1 || v.Exempt[0].Name != PlaceName(addr(1)) || v.Exempt[0].Level != Suspect {
		t.Error(got, v.Exempt)
	}
	v = Judge(b, Options{Account: func(string) bool { return true }})
	if len(v.Accounts)+len(v.Sources) != 0 || len(v.Exempt) != 1 || v.Exempt[0].Name != "taro@example.jp" || len(v.Exempt[0].Hits) != 2 {
		t.Errorf("%+v", v)
	}
	v = Judge(book(month, func(b *ledger.Book, a *entry.Account) { from(b, a, 6) }), Options{Account: func(string) bool { return true }})
	if len(v.Exempt) != 0 {
		t.Errorf("a hint is told of: %+v", v.Exempt)
	}
}

// Every rule has words in both languages, thresholds in order, and says where they come from.
func TestRules(t *testing.T) {
	japanese := regexp.MustCompile(`[\p{Hiragana}\p{Katakana}\p{Han}]`)
	seen := map[string]bool{}
	for _, r := range Rules() {
		if seen[r.ID] || r.Family == "" || r.From == "" || r.Warn <= 0 || r.Strong <= r.Warn || japanese.MatchString(r.What.EN) || !japanese.MatchString(r.What.JA) {
			t.Errorf("%+v", r)
		}
		seen[r.ID] = true
	}
}

func TestOffClock(t *testing.T) {
	var p entry.Past
	for h := 9; h < 18; h++ {
		p.Clock[h] = 100
	}
	p.Clock[3] = 2 // once at night
	off := offClock(&p)
	if !off[3] || !off[0] || off[8] || off[12] || off[18] || !off[20] {
		t.Errorf("%v", off)
	}
	for h := range p.Clock {
		p.Clock[h] = 50
	}
	for h, o := range offClock(&p) {
		if o {
			t.Errorf("%d is off for somebody who is always there", h)
		}
	}
}
