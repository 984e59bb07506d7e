package notice

import (
	"strings"
	"testing"
	"time"

	"hikeshi/actions/delist/casefile"
)

// in writes the notice name in lang.
func in(t *testing.T, r Request, name, lang string) Notice {
	t.Helper()
	list, err := load(t).Write(r, name, lang)
	if err != nil || len(list) == 0 {
		t.Fatal(list, err)
	}
	return list[0]
}

// holds says whether a text holds words, wherever its lines end.
func holds(text, words string) bool {
	flat := func(s string) string { return strings.Join(strings.Fields(s), "") }
	return strings.Contains(flat(text), flat(words))
}

// TestProviderIsAskedBehindTheGate: the owner of the network is asked for nothing that the gate of requests would hold back, and hears only of
// lists that matter and list the server.
func TestProviderIsAskedBehindTheGate(t *testing.T) {
	for which, c := range map[string]struct {
		change             func(*casefile.Case)
		named, asked, told bool
	}{
		"all is well":      {func(*casefile.Case) {}, true, true, false},
		"taken back":       {func(c *casefile.Case) { c.Reopened = at("2026-11-22 06:15") }, true, false, true},
		"spam leaves":      {func(c *casefile.Case) { c.Last = at("2026-11-22 06:25") }, true, false, true},
		"queue is full":    {func(c *casefile.Case) { c.Queue.Over = true }, true, false, true},
		"a service down":   {func(c *casefile.Case) { c.Services.Down = []string{"epstrd.service"} }, true, false, true},
		"not proved":       {func(c *casefile.Case) { c.Holds = time.Time{} }, true, false, true},
		"nobody looked":    {func(c *casefile.Case) { c.Lists = nil }, false, false, false},
		"nothing to ask":   {func(c *casefile.Case) { c.Lists.Listings = c.Lists.Listings[1:2] }, true, false, false},
		"tier 3 only":      {func(c *casefile.Case) { c.Lists.Listings = c.Lists.Listings[4:5] }, false, false, false},
		"a domain only":    {func(c *casefile.Case) { c.Lists.Listings = c.Lists.Listings[5:] }, false, false, false},
		"waits by itself":  {func(c *casefile.Case) { c.Lists.Listings = c.Lists.Listings[3:4] }, true, false, false},
		"one part of many": {func(c *casefile.Case) { c.Lists.Listings = c.Lists.Listings[2:3] }, true, true, false},
	} {
		for lang, words := range map[string][3]string{
			"en": {"these blocklists listed", "Please ask for the removal", "once it is proved"}, "ja": {"次のブロックリスト", "解除の申請をお願いいたします", "確認できた時点で"},
		} {
			r := full()
			c.change(&r.Case)
			text := in(t, r, "provider", lang).Text
			for i, want := range []bool{c.named, c.asked, c.told} {
				if holds(text, words[i]) != want {
					t.Errorf("%s %s: %q said: %v, want %v\n%s", which, lang, words[i], !want, want, text)
				}
			}
			if strings.Contains(text, "Example Idle List") || strings.Contains(text, "Example Domain List") {
				t.Errorf("%s %s: it names a list that does not matter, or that of a domain:\n%s", which, lang, text)
			}
		}
	}
	r := full()
	for i := range 40 {
		l := r.Case.Lists.Listings[1]
		l.Name += " " + strings.Repeat("x", i+1)
		r.Case.Lists.Listings = append(r.Case.Lists.Listings, l)
	}
	if text := in(t, r, "provider", "en").Text; strings.Count(text, ": 192.0.2.25") != most || !strings.Contains(text, "\n  14 more\n") {
		t.Errorf("of very many lists all are named, or nobody is told that some are left out:\n%s", text)
	}
}

// TestSeenAgain: abuse that the logs show after what should have ended it is told, and nothing is claimed that it contradicts.
func TestSeenAgain(t *testing.T) {
	for _, name := range []string{"provider", "restored-upstream", "complaint", "jpcert", "ipa"} {
		for lang, words := range map[string][3]string{"en": {"matter is not closed", "hole", "no mail left"}, "ja": {"まだ終息して", "有効であること", "外部へ送信されたメールはありません"}} {
			for which, last := range map[string]string{"": "2026-11-22 04:44", "before the check": "2026-11-22 06:05", "after the check": "2026-11-22 06:25"} {
				r := full()
				r.Case.Last = at(last)
				n := in(t, r, name, lang)
				if holds(n.Text, words[0]) != (which != "") {
					t.Errorf("%s %s, last seen %s: open: %v\n%s", name, lang, which, which == "", n.Text)
				}
				if which != "" && (!strings.Contains(n.Text, casefile.Stamp(at(last), jst)) || holds(n.Text, words[2])) {
					t.Errorf("%s %s, last seen %s:\n%s", name, lang, which, n.Text)
				}
				closed := holds(n.Text, "That the hole is closed was checked") || holds(n.Text, "The hole has been closed") || holds(n.Text, words[1]) && lang == "ja"
				if which != "" && closed {
					t.Errorf("%s %s: it claims that the hole is closed:\n%s", name, lang, n.Text)
				}
				r.Case.Mixed = true
				if n := in(t, r, name, lang); which != "" && name[0] != 'j' && name[0] != 'i' && !holds(n.Text, map[string]string{"en": "It may be mail of the accounts' rightful users", "ja": "利用者本人が送信したメールである可能性"}[lang]) {
					t.Errorf("%s %s: it may be mail of the owners, and nobody is told:\n%s", name, lang, n.Text)
				}
			}
		}
	}
}

// TestSeenAgainWithoutAStart: services that the record saw nobody start make no difference.
func TestSeenAgainWithoutAStart(t *testing.T) {
	r := full()
	r.Case.Started, r.Case.Last = time.Time{}, at("2026-11-22 06:25")
	if n := in(t, r, "complaint", "en"); !holds(n.Text, "The matter is not closed") || holds(n.Text, "The hole has been closed") {
		t.Error(n.Text)
	}
}

// TestWatchProves: a watch that proves nothing is not told.
func TestWatchProves(t *testing.T) {
	for which, change := range map[string]func(*casefile.Case){
		"before the stop":   func(c *casefile.Case) { c.Watch.At = at("2026-11-22 04:40") },
		"never stopped":     func(c *casefile.Case) { c.Stopped = time.Time{} },
		"abuse after it":    func(c *casefile.Case) { c.Last = at("2026-11-22 06:03") },
		"taken back":        func(c *casefile.Case) { c.Reopened = at("2026-11-22 06:15") },
		"something left":    func(c *casefile.Case) { c.Watch.Outside = 1 },
		"could not be told": func(c *casefile.Case) { c.Watch.Known = false },
	} {
		r := full()
		if n := in(t, r, "provider", "en"); !holds(n.Text, "watched for 5 minutes until 2026-11-22 06:01 JST") {
			t.Fatalf("a good watch is not told:\n%s", n.Text)
		}
		change(&r.Case)
		if n := in(t, r, "provider", "en"); holds(n.Text, "no mail left") {
			t.Errorf("%s:\n%s", which, n.Text)
		}
	}
}

// TestUserIsToldWhatWasDone: what the record proves of an account and nothing else, after an undo nothing at all; no word of passwords where
// none was needed.
func TestUserIsToldWhatWasDone(t *testing.T) {
	const locked, given, renamed, cleaned, elsewhere = 0, 1, 2, 3, 4
	words := map[string][5]string{
		"en": {"You get it by telephone", "which you were told", "was renamed", "had planted in the account were removed", "password of this account elsewhere"},
		"ja": {"お渡しするまで", "お渡し済み", "名前を変更しました", "仕込んだ転送設定を削除", "同じパスワードを他のサービスでも"},
	}
	measure := func(what string, count int) casefile.Measure {
		return casefile.Measure{What: what, Count: count, At: at("2026-11-22 05:10")}
	}
	for which, c := range map[string]struct {
		cause    string
		fixes    []casefile.Measure
		guards   []casefile.Measure
		accounts int
		reopened string
		says     []int
		gap      string
	}{
		"locked":           {cause: "a", fixes: []casefile.Measure{measure("passwords", 1)}, says: []int{locked, elsewhere}},
		"given":            {cause: "a", fixes: []casefile.Measure{measure("passwords", 1)}, guards: []casefile.Measure{measure("owners", 1)}, says: []int{given, elsewhere}},
		"given, undone":    {cause: "a", guards: []casefile.Measure{measure("owners", 1)}, says: []int{elsewhere}, gap: "locked"},
		"renamed":          {cause: "b", fixes: []casefile.Measure{measure("renamed", 1)}, says: []int{renamed}},
		"renamed, undone":  {cause: "b", reopened: "2026-11-22 06:15", gap: "locked"},
		"other undone":     {cause: "b", fixes: []casefile.Measure{measure("renamed", 1)}, reopened: "2026-11-22 06:15", gap: "locked"},
		"undone before":    {cause: "b", fixes: []casefile.Measure{measure("renamed", 1)}, reopened: "2026-11-22 05:00", says: []int{renamed}},
		"cleaned":          {cause: "g", fixes: []casefile.Measure{measure("planted", 3)}, says: []int{cleaned}},
		"cleaned of two":   {cause: "a", fixes: []casefile.Measure{measure("passwords", 2), measure("planted", 3)}, accounts: 2, says: []int{locked, elsewhere}, gap: "planted"},
		"all":              {cause: "a", fixes: []casefile.Measure{measure("passwords", 1), measure("renamed", 1), measure("planted", 1)}, says: []int{locked, renamed, cleaned, elsewhere}},
		"one of two":       {cause: "a", fixes: []casefile.Measure{measure("passwords", 1)}, accounts: 2, says: []int{elsewhere}, gap: "locked"},
		"nothing, cause b": {cause: "b", gap: "locked"},
		"nothing":          {says: []int{elsewhere}, gap: "locked"},
	} {
		for lang, phrases := range words {
			r := full()
			r.Case.Cause, r.Case.Fixes, r.Case.Guards, r.Case.Accounts = c.cause, c.fixes, c.guards, []string{"taro@example.jp", "jiro@example.jp"}[:max(c.accounts, 1)]
			r.Case.MailboxRead = "unknown"
			if c.reopened != "" {
				r.Case.Reopened = at(c.reopened)
			}
			n := in(t, r, "user", lang)
			for i, phrase := range phrases {
				want := false
				for _, said := range c.says {
					want = want || said == i
				}
				if holds(n.Text, phrase) != want {
					t.Errorf("%s %s: %q said: %v, want %v\n%s", which, lang, phrase, !want, want, n.Text)
				}
			}
			if (c.gap == "") != (len(n.Letter.Gaps) == 0) || c.gap != "" && !missing(n, c.gap) {
				t.Errorf("%s %s: gaps %v, want %q", which, lang, n.Letter.Gaps, c.gap)
			}
		}
	}
}

// TestServerIsNamed: as others know it, by the name that it gives and by its addresses; what was looked up comes first.
func TestServerIsNamed(t *testing.T) {
	r := bare()
	r.Case.Host = "vm"
	if n := in(t, r, "first-upstream", "en"); !strings.Contains(n.Text, "mail server vm on") || !missing(n, "addresses") {
		t.Errorf("nothing is known but the name of the machine:\n%s", n.Text)
	}
	r.Writer.Host, r.Writer.Addresses = "mail.example.jp", []string{"192.0.2.25", "2001:db8::25", "192.0.2.25", "nonsense"}
	for _, name := range []string{"first-upstream", "restored-upstream", "provider", "jpcert"} {
		for _, lang := range []string{"en", "ja"} {
			if n := in(t, r, name, lang); !strings.Contains(n.Text, "mail.example.jp") || strings.Contains(n.Text, "vm") || !strings.Contains(n.Text, " 192.0.2.25, 2001:db8::25\n") {
				t.Errorf("%s %s:\n%s", name, lang, n.Text)
			}
		}
	}
	r.Case.Lists = &casefile.Lists{HELO: "mx1.example.jp.", Hosts: []casefile.Host{{Address: "192.0.2.26"}}}
	if n := in(t, r, "first-upstream", "en"); !strings.Contains(n.Text, "mail server mx1.example.jp on") || !strings.Contains(n.Text, ": 192.0.2.26\n") {
		t.Errorf("the lists have looked:\n%s", n.Text)
	}
	r.Case.Lists = &casefile.Lists{}
	if n := in(t, r, "first-upstream", "en"); !strings.Contains(n.Text, "mail server mail.example.jp on") || !strings.Contains(n.Text, ": 192.0.2.25, 2001:db8::25\n") {
		t.Errorf("the lists have looked at no address:\n%s", n.Text)
	}
	for range 30 {
		r.Writer.Addresses = append(r.Writer.Addresses, "2001:db8:1:2:3:4:5:"+strings.Repeat("1", len(r.Writer.Addresses)%4+1))
	}
	r.Writer.Addresses = append(r.Writer.Addresses, "2001:db8::ffff")
	if n := in(t, r, "first-upstream", "en"); !strings.Contains(n.Text, "2001:db8::ffff\n") {
		t.Errorf("half of the addresses look like all of them:\n%s", n.Text)
	}
}

// TestKindOfIncident: only mail that was relayed is reported as relayed; the sources are to be listed.
func TestKindOfIncident(t *testing.T) {
	for lang, relayed := range map[string]string{"en": "Unauthorised relaying", "ja": "不正中継"} {
		seen := map[string]bool{}
		for _, cause := range []string{"a", "b", "c", "d", "e", "f", "g", ""} {
			r := full()
			r.Case.Cause = cause
			n := in(t, r, "jpcert", lang)
			if strings.Contains(n.Text, relayed) != (cause != "" && cause < "d") || missing(n, "kind") != (cause == "") || !missing(n, "source_list") || !missing(n, "logs") {
				t.Errorf("cause %q: %v\n%s", cause, n.Letter.Gaps, n.Text)
			}
			_, kind, _ := strings.Cut(n.Text, map[string]string{"en": "* Kind of incident\n", "ja": "[インシデントの種別]\n"}[lang])
			kind, _, _ = strings.Cut(kind, "\n\n")
			if seen[kind] {
				t.Errorf("cause %q: %q is said of another one", cause, kind)
			}
			seen[kind] = true
		}
	}
}

// TestNoRecord: without a record nobody is told what happened; the person fills it in.
func TestNoRecord(t *testing.T) {
	r := bare()
	r.Case = casefile.Case{}
	for lang, words := range map[string][]string{"en": {"third party", "Somebody", "misused"}, "ja": {"第三者", "不正に利用", "悪用"}} {
		for _, name := range []string{"say-first-staff", "say-first-upstream", "say-first-customers", "say-restored-staff", "say-restored-upstream", "say-restored-customers"} {
			n := in(t, r, name, lang)
			for _, w := range words {
				if strings.Contains(n.Text, w) {
					t.Errorf("%s %s: %q is claimed:\n%s", name, lang, w, n.Text)
				}
			}
			if want := strings.Contains(name, "first") || name == "say-restored-upstream"; missing(n, "happened") != want {
				t.Errorf("%s %s: gaps %v", name, lang, n.Letter.Gaps)
			}
		}
	}
}
