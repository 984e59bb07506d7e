package field

import (
	"os"
	"slices"
	"strings"
	"testing"
	"time"
	"unicode"

	"hikeshi/actions/delist/casefile"
	"hikeshi/runbook"
	"hikeshi/runbook/strictyaml"
)

func builtin(t testing.TB) Fields {
	t.Helper()
	f, err := Load(read(t, "letters/fields.yaml"))
	if err != nil {
		t.Fatal(err)
	}
	return f
}

func read(t testing.TB, name string) []byte {
	t.Helper()
	data, err := os.ReadFile("../../../templates/" + name)
	if err != nil {
		t.Fatal(err)
	}
	return data
}

// needs are all that stand in a needs: of a file.
func needs(t *testing.T, name string) []string {
	t.Helper()
	var all []string
	for l := range strings.Lines(string(read(t, name))) {
		if list, ok := strings.CutPrefix(strings.TrimSpace(l), "needs: ["); ok {
			for n := range strings.SplitSeq(strings.TrimSuffix(list, "]"), ",") {
				all = append(all, strings.TrimSpace(n))
			}
		}
	}
	return all
}

// TestNeeds: what the tables of blocklists and of programmes want of a request is known.
func TestNeeds(t *testing.T) {
	f := builtin(t)
	lists, programmes := needs(t, "dnsbl.yaml"), needs(t, "programmes.yaml")
	if len(lists) < 150 || len(programmes) < 80 {
		t.Fatalf("only %d and %d needs were found", len(lists), len(programmes))
	}
	all := slices.Concat(lists, programmes)
	for _, need := range all {
		if !f.Has(need) {
			t.Errorf("%q is no field", need)
		}
	}
}

// TestUnknown: a case, a writer and a list that say nothing give gaps and instructions, and no value.
func TestUnknown(t *testing.T) {
	f := builtin(t)
	for need := range f.book.Fields {
		for _, lang := range []string{"en", "ja"} {
			a := f.Value(need, Input{Lang: lang})
			if a.Label == "" || a.Text == "" && a.Do == "" {
				t.Errorf("%s %s: %+v", need, lang, a)
			}
			if a.Text != "" && (!a.Gap || a.Text != Gap(lang, strings.TrimSuffix(strings.TrimPrefix(strings.TrimPrefix(a.Text, "[[FILL IN: "), "【要記入:"), map[string]string{"en": "]]", "ja": "】"}[lang]))) {
				t.Errorf("%s %s: more than a gap: %q", need, lang, a.Text)
			}
			if strings.ContainsAny(a.Text+a.Do, "{}") {
				t.Errorf("%s %s: not filled in: %q %q", need, lang, a.Text, a.Do)
			}
		}
	}
	if a := f.Value("no_such_need", Input{Lang: "ja"}); !a.Gap || a.Text != "【要記入:no_such_need】" {
		t.Errorf("%+v", a)
	}
}

func when(hour, minute int) time.Time { return time.Date(2026, 11, 21, hour, minute, 0, 0, time.UTC) }

func n(v int64) *int64 { return &v }

var jst = time.FixedZone("JST", 9*3600)

func full() Input {
	host := casefile.Host{Address: "192.0.2.25", Names: []string{"mail.example.jp."}, State: "fine"}
	listing := casefile.Listing{Subject: "192.0.2.25", Name: "Spamhaus ZEN", Zone: "zen.spamhaus.org", Answers: []string{"127.0.0.2"},
		Codes: []string{"SBL"}, Text: "https://check.spamhaus.org/sbl/query/SBL654321 taro@example.jp", At: when(22, 0)}
	reply := casefile.Reply{Domain: "example.com", Text: "550 5.7.1 <hanako@example.com>: Unfortunately, messages from [192.0.2.25] weren't sent (S3150)",
		Codes: []string{"S3150", "5.7.1"}, Blocking: true, Count: 3, First: when(19, 0), Last: when(19, 30)}
	return Input{
		Case: casefile.Case{Host: "mail.example.jp", First: when(12, 0), Last: when(18, 0), Messages: n(12345), Recipients: n(67890), Sources: n(1),
			Cause: "a", Accounts: []string{"taro@example.jp", "jiro@example.jp"}, Stopped: when(18, 5), Started: when(20, 0), Aside: n(4321),
			Fixes:  []casefile.Measure{{What: "passwords", Count: 2, At: when(18, 30)}, {What: "login", At: when(18, 40)}},
			Guards: []casefile.Measure{{What: "lockouts", At: when(18, 50)}, {What: "owners", Count: 1, At: when(21, 0)}},
			Watch:  &casefile.Watch{Known: true, Seconds: 60, At: when(20, 5)}, Lists: &casefile.Lists{HELO: "mail.example.jp", Hosts: []casefile.Host{host, {Address: "2001:db8::25", State: "missing"}}},
			Refusals: &casefile.Refusals{Replies: []casefile.Reply{reply, {Domain: "example.com", Text: "421 RP-001", Blocking: true}, {Domain: "example.com", Text: "450 greylisted"}, {Domain: "example.net", Text: "550 no", Blocking: true}}}},
		Writer: casefile.Writer{Organisation: runbook.T("Example Corp.", "例示株式会社"), Name: runbook.T("Mail Team", "メール担当"), Role: runbook.T("mail administrator", "メール管理者"),
			Email: "noc@example.jp", Abuse: "abuse@example.jp", Phone: "+81-3-0000-0000", Address: runbook.T("1-1 Example\nTokyo", "東京都例示1-1"), Policy: "https://www.example.jp/policy",
			Provider: runbook.T("Example Net", ""), ProviderEmail: "abuse@example.net", Domains: []string{"example.jp", "example.org"}, Static: true},
		Subject: "192.0.2.25", Listing: &listing, Reply: &reply, Lang: "en", Zone: jst,
	}
}

// TestValues: what a full record gives.
func TestValues(t *testing.T) {
	f := builtin(t)
	for need, want := range map[string]string{
		"ip":  "192.0.2.25",
		"ips": "192.0.2.25; 2001:db8::25", "sending_ips": "192.0.2.25; 2001:db8::25", "network": "192.0.2.0/24", "domain": "example.jp", "sender_domain": "example.jp",
		"recipient_domain":  "example.com",
		"exact_listing":     "192.0.2.25 on Spamhaus ZEN / zen.spamhaus.org\nAnswer: 127.0.0.2\nMeaning: SBL\nText: https://check.spamhaus.org/sbl/query/SBL654321 @example.jp\nLooked up: 2026-11-22 07:00 JST (2026-11-21 22:00 UTC)",
		"sbl_ticket_number": "SBL654321",
		"cause":             "The passwords of 2 mail accounts were stolen and used to send spam through SMTP AUTH. The abuse lasted from 2026-11-21 21:00 JST (12:00 UTC) to 2026-11-22 03:00 JST (2026-11-21 18:00 UTC). The logs show 12,345 messages of it. They had 67,890 recipients in all. It was handed in from one address.",
		"fix": "2026-11-22 03:05 JST (2026-11-21 18:05 UTC): Delivery and receipt of mail stopped.\n" +
			"2026-11-22 03:30 JST (2026-11-21 18:30 UTC): The passwords of 2 mail accounts were replaced with random ones, so that the stolen ones no longer work.\n" +
			"2026-11-22 03:40 JST (2026-11-21 18:40 UTC): The server was set to demand a login for mail to other servers.\n" +
			"2026-11-22 05:00 JST (2026-11-21 20:00 UTC): Mail service started again.\n" +
			"2026-11-22 05:05 JST (2026-11-21 20:05 UTC): Delivery watched for 60 seconds: no message left for another server.\n" +
			"4,321 messages of the mail queue were set aside, out of the way of delivery.\n" +
			"The last message of this abuse that the logs show was handed in at 2026-11-22 03:00 JST (2026-11-21 18:00 UTC).",
		"prevention": "Mail to other servers needs a login, whoever is named as the sender.\n" +
			"2026-11-22 03:50 JST (2026-11-21 18:50 UTC): Clients that fail to log in several times are locked out.\n" +
			"2026-11-22 06:00 JST (2026-11-21 21:00 UTC): The owner of one account was given a new password and asked to change the old one wherever else it had been used.",
		"contact": "Mail Team\nmail administrator, Example Corp.\nnoc@example.jp\n+81-3-0000-0000", "contact_name": "Mail Team", "contact_email": "noc@example.jp",
		"contact_not_freemail": "noc@example.jp", "sent_from_abuse_or_postmaster_address": "abuse@example.jp", "postal_address": "1-1 Example\nTokyo",
		"provider": "Example Net <abuse@example.net>", "anti_spam_policy_url": "https://www.example.jp/policy", "rdns": "192.0.2.25: mail.example.jp",
		"fcrdns": "192.0.2.25 -> mail.example.jp -> 192.0.2.25", "postmaster_at_rdns_domain": "postmaster@example.jp", "helo": "mail.example.jp",
		"static_ip":     "192.0.2.25 is a static address of this mail server.",
		"smtp_reply":    "550 5.7.1 <@example.com>: Unfortunately, messages from [192.0.2.25] weren't sent (S3150)",
		"smtp_replies":  "550 5.7.1 <@example.com>: Unfortunately, messages from [192.0.2.25] weren't sent (S3150)\n421 RP-001",
		"time":          "3 times from 2026-11-22 04:00 JST (2026-11-21 19:00 UTC) to 2026-11-22 04:30 JST (2026-11-21 19:30 UTC)",
		"problem_title": "Mail from 192.0.2.25 is refused (S3150)",
		"clean_since": "The last message of this abuse that the logs show was handed in at 2026-11-22 03:00 JST (2026-11-21 18:00 UTC).\n" +
			"2026-11-22 05:05 JST (2026-11-21 20:05 UTC): Delivery watched for 60 seconds: no message left for another server.",
	} {
		if a := f.Value(need, full()); a.Text != want || a.Gap {
			t.Errorf("%s: gap %v\n%s\nwant\n%s", need, a.Gap, a.Text, want)
		}
	}
	in := full()
	in.Lang = "ja"
	for need, want := range map[string]string{
		"contact":  "例示株式会社 メール管理者\nメール担当\nnoc@example.jp\n+81-3-0000-0000",
		"cause":    "メールアカウント2件のパスワードが盗まれ、SMTP認証によるスパムの送信に使われました。不正送信の期間は 2026-11-21 21:00 JST (12:00 UTC) から 2026-11-22 03:00 JST (2026-11-21 18:00 UTC) までです。ログで確認できた不正なメールは12,345通です。宛先は延べ67,890件です。接続元のIPアドレスは1個です。",
		"provider": "Example Net <abuse@example.net>",
	} {
		if a := f.Value(need, in); a.Text != want || a.Gap {
			t.Errorf("%s: gap %v\n%s\nwant\n%s", need, a.Gap, a.Text, want)
		}
	}
	in.Lang, in.Person = "en", "ja"
	if a := f.Value("request_from_the_listed_ip", in); a.Text != "" || a.Gap || a.Do != "192.0.2.25 自体から申請する。サーバーにログインし、そこからページを開く" {
		t.Errorf("%+v", a)
	}
}

// TestDomain: a request about a domain, and one about the server as a whole.
func TestDomain(t *testing.T) {
	f := builtin(t)
	in := full()
	in.Subject, in.Domain = "example.org.", true
	in.Writer.Abuse = "abuse@example.org"
	for need, want := range map[string]string{"domain": "example.org", "sent_from_the_listed_domain": "abuse@example.org", "ip": "192.0.2.25, 2001:db8::25",
		"sending_ips": "192.0.2.25; 2001:db8::25"} {
		if a := f.Value(need, in); a.Text != want || a.Gap {
			t.Errorf("%s: %+v, want %q", need, a, want)
		}
	}
	for _, need := range []string{"network", "static_ip"} {
		if a := f.Value(need, in); !a.Gap {
			t.Errorf("%s of a domain: %+v", need, a)
		}
	}
	in.Writer.Abuse = "abuse@example.com"
	if a := f.Value("sent_from_the_listed_domain", in); !a.Gap || !strings.Contains(a.Text, "at example.org") || !strings.Contains(a.Do, "at example.org") {
		t.Errorf("%+v", a)
	}
	in = full()
	if a := f.Value("sent_from_the_listed_domain", in); !a.Gap {
		t.Errorf("an address has no mail addresses: %+v", a)
	}
	in.Subject = "::ffff:192.0.2.25"
	if a := f.Value("network", in); a.Text != "192.0.2.0/24" {
		t.Errorf("%+v", a)
	}
	in.Subject = "2001:db8::25"
	if a := f.Value("network", in); a.Text != "2001:db8::/64" {
		t.Errorf("%+v", a)
	}
	in.Subject = ""
	in.Case.Lists.Hosts[1].State, in.Case.Lists.Hosts[1].Names = "fine", []string{"mx.example.jp"}
	if a := f.Value("fcrdns", in); a.Text != "192.0.2.25 -> mail.example.jp -> 192.0.2.25\n2001:db8::25 -> mx.example.jp -> 2001:db8::25" {
		t.Errorf("%+v", a)
	}
	for i := range 10 {
		in.Case.Refusals.Replies = append(in.Case.Refusals.Replies, casefile.Reply{Domain: "example.com", Text: "550 " + strings.Repeat("x", i), Blocking: true})
	}
	if a := f.Value("smtp_replies", in); strings.Count(a.Text, "\n") != maxReplies-1 {
		t.Errorf("%+v", a)
	}
}

// TestGaps: what does not hold is a gap, however much else is known.
func TestGaps(t *testing.T) {
	f := builtin(t)
	for what, c := range map[string]struct {
		need   string
		change func(*Input)
	}{
		"a cause that nobody decided":            {"cause", func(in *Input) { in.Case.Cause = "" }},
		"a cause that there is not":              {"cause", func(in *Input) { in.Case.Cause = "z" }},
		"services stopped, and nothing closed":   {"fix", func(in *Input) { in.Case.Fixes = nil }},
		"a measure that nobody can word":         {"fix", func(in *Input) { in.Case.Fixes = []casefile.Measure{{What: "magic"}} }},
		"a measure taken back":                   {"fix", func(in *Input) { in.Case.Reopened = when(21, 0) }},
		"nothing against a repeat":               {"prevention", func(in *Input) { in.Case.Fixes, in.Case.Guards = nil, nil }},
		"half a story":                           {"reason", func(in *Input) { in.Case.Cause = "" }},
		"a free-mail address":                    {"contact_not_freemail", func(in *Input) { in.Writer.Email = "noc@example.net" }},
		"a domain that only ends alike":          {"contact_not_freemail", func(in *Input) { in.Writer.Email = "noc@notexample.jp" }},
		"no abuse@":                              {"sent_from_abuse_or_postmaster_address", func(in *Input) { in.Writer.Abuse = "noc@example.jp" }},
		"abuse@ of somebody else":                {"sent_from_abuse_or_postmaster_address", func(in *Input) { in.Writer.Abuse = "abuse@example.com" }},
		"a name without an address":              {"contact", func(in *Input) { in.Writer.Email = "" }},
		"no reverse name":                        {"rdns", func(in *Input) { in.Subject = "2001:db8::25" }},
		"a reverse name that does not lead back": {"fcrdns", func(in *Input) { in.Case.Lists.Hosts[0].State = "unconfirmed" }},
		"a reverse name of a customer's line":    {"corrected_hostname", func(in *Input) { in.Case.Lists.Hosts[0].State = "generic" }},
		"one of two addresses without a name":    {"fcrdns", func(in *Input) { in.Subject = "" }},
		"an address that may change":             {"static_ip", func(in *Input) { in.Writer.Static = false }},
		"a text without a number":                {"sbl_ticket_number", func(in *Input) { in.Listing.Text = "SBLx XSBL12" }},
		"something left":                         {"clean_since", func(in *Input) { in.Case.Watch.Outside = 1 }},
		"watched, and nothing could be seen":     {"clean_since", func(in *Input) { in.Case.Watch.Known = false }},
		"watched before the last message":        {"clean_since", func(in *Input) { in.Case.Watch.At = when(17, 0) }},
		"a measure taken back, however clean":    {"clean_since", func(in *Input) { in.Case.Reopened = when(21, 0) }},
		"postmaster@ of an unconfirmed name":     {"postmaster_at_rdns_domain", func(in *Input) { in.Case.Lists.Hosts[0].State = "unconfirmed" }},
		"postmaster@ of somebody else's name":    {"postmaster_at_rdns_domain", func(in *Input) { in.Case.Lists.Hosts[0].Names = []string{"mail.example.net"} }},
		"no Japanese company's English name":     {"organisation", func(in *Input) { in.Writer.Organisation = runbook.T("", "例示株式会社") }},
		"a policy that is no web address":        {"anti_spam_policy_url", func(in *Input) { in.Writer.Policy = "/etc/policy" }},
	} {
		in := full()
		if a := f.Value(c.need, in); a.Gap && c.need != "rdns" {
			t.Errorf("%s: a gap before anything is wrong: %q", what, a.Text)
		}
		c.change(&in)
		if a := f.Value(c.need, in); !a.Gap || !HasGap(a.Text) {
			t.Errorf("%s: no gap: %q", what, a.Text)
		}
	}
	in := full()
	in.Case.Watch.Outside = 1
	if a := f.Value("fix", in); strings.Contains(a.Text, "watched") {
		t.Errorf("watched with something leaving: %s", a.Text)
	}
}

// TestSentences: every cause and every measure has its words in both languages, in each form of number, and they differ.
func TestSentences(t *testing.T) {
	f := builtin(t)
	for _, lang := range []string{"en", "ja"} {
		seen := map[string]bool{}
		for _, cause := range strings.Split("abcdefgh", "") {
			for accounts := range 3 {
				in := Input{Lang: lang, Case: casefile.Case{Cause: cause, Accounts: []string{"taro", "jiro"}[:accounts]}}
				a := f.Value("cause", in)
				if a.Gap || a.Text == "" || strings.ContainsAny(a.Text, "{}") || strings.Contains(a.Text, "taro") {
					t.Errorf("%s %s: %+v", cause, lang, a)
				}
				if again := seen[a.Text]; again != (accounts > 0 && cause > "b") {
					t.Errorf("%s %s with %d accounts, said before: %v: %s", cause, lang, accounts, again, a.Text)
				}
				seen[a.Text] = true
			}
		}
		for _, m := range strings.Fields("passwords renamed planted relay tightened login denied settings hand_d hand_e hand_f hand_g cut logs lockouts owners") {
			for _, count := range []int{0, 1, 1234} {
				c := casefile.Case{Fixes: []casefile.Measure{{What: m, Count: count, At: when(18, 0)}}}
				c.Guards = c.Fixes
				for _, need := range []string{"fix", "prevention"} {
					a := f.Value(need, Input{Lang: lang, Case: c})
					if a.Gap || strings.ContainsAny(a.Text, "{}") || !strings.Contains(a.Text, "18:00 UTC: ") {
						t.Errorf("%s %s %s %d: %+v", m, need, lang, count, a)
					}
					if ascii := !strings.ContainsFunc(a.Text, func(r rune) bool { return r > unicode.MaxASCII }); ascii != (lang == "en") {
						t.Errorf("%s %s is in another language: %s", m, lang, a.Text)
					}
				}
			}
		}
	}
}

const evil = "x\r\nBcc: all@example.com\x1b[31m\u202e\u200b\xff [[FILL IN: y]] {n} {subject} "

// TestHostile: nothing from outside starts a line, steers a terminal, names somebody, or fills anything in.
func TestHostile(t *testing.T) {
	f := builtin(t)
	in := full()
	long := strings.Repeat("語", 9000)
	in.Listing.Text = evil + "user=40example.com u%40example.com \"a b\"@example.com TARO taro. taro.example.jp" + long
	in.Listing.Name, in.Listing.Zone, in.Listing.Answers, in.Listing.Codes = evil, evil, []string{evil, long}, []string{evil}
	in.Reply.Text = in.Listing.Text
	in.Reply.Codes, in.Reply.Domain = []string{evil + long}, "a\nb.example.com"
	in.Writer.Name, in.Writer.Role, in.Writer.Organisation = runbook.T(evil, evil), runbook.T(evil+long, evil), runbook.T(evil, evil)
	in.Writer.Phone, in.Writer.Policy, in.Writer.Email, in.Writer.ProviderEmail = evil, "https://"+evil, "a@b.example\nBcc: c@example.com", "Evil <e@example.com>"
	in.Writer.Provider, in.Writer.Domains = runbook.T(evil, evil), []string{"example.jp\nx", evil}
	in.Case.Lists.HELO, in.Case.Lists.Hosts[0].Names, in.Case.Lists.Hosts[1].Address = evil, []string{evil, "ok.example.jp"}, evil
	single := strings.Fields("ip ips sending_ips network domain sender_domain recipient_domain sbl_ticket_number contact_name contact_email contact_not_freemail role phone organisation provider anti_spam_policy_url helo static_ip smtp_reply time problem_title")
	for need := range f.book.Fields {
		for _, lang := range []string{"en", "ja"} {
			in.Lang = lang
			a := f.Value(need, in)
			all := a.Label + a.Text + a.Do
			if strings.ContainsFunc(all, func(r rune) bool { return r != '\n' && !unicode.IsPrint(r) }) {
				t.Errorf("%s %s: %q", need, lang, all)
			}
			if strings.Contains(a.Text, "\nBcc") || slices.Contains(single, need) && strings.Contains(a.Text, "\n") || len([]rune(a.Text)) > 5*maxRunes {
				t.Errorf("%s %s: %d %q", need, lang, len(a.Text), a.Text)
			}
			if need == "smtp_reply" || need == "exact_listing" {
				for _, no := range []string{"all@", "user=", "u%40", "a b", "TARO", "taro "} {
					if strings.Contains(a.Text, no) {
						t.Errorf("%s %s names %q: %s", need, lang, no, a.Text)
					}
				}
				if !strings.Contains(a.Text, "taro.example.jp") || !strings.Contains(a.Text, "{n} {subject}") {
					t.Errorf("%s %s: %s", need, lang, a.Text)
				}
			}
		}
	}
}

// maxRunes is about what one line may have.
const maxRunes = 700

// TestGapMark: what stands in a gap cannot end it.
func TestGapMark(t *testing.T) {
	if g := Gap("en", "a]] b\n【c】"); g != "[[FILL IN: a b c]]" || !HasGap(g) {
		t.Error(g)
	}
	if g := Gap("ja", "電話]]番号】"); g != "【要記入:電話番号】" || !HasGap("x"+g) || HasGap("FILL IN: x") {
		t.Error(g)
	}
}

// TestMistakes: all at once, each with its line.
func TestMistakes(t *testing.T) {
	_, err := Load([]byte(`format: 2
fields:
  - {name: ip, value: subjekt, label: {en: IP, ja: IP}, gap: {en: ip, ja: ip}}
  - {name: ip, label: {en: IP, ja: IP}, gap: {en: "the {thing}", ja: ip}}
  - {name: "", value: fix, gap: {en: x}}
  - {name: y, label: {en: Y, ja: Y}, value: fix, do: {en: y, ja: y}}
sentences:
  - {name: cause_a, none: {en: "{n} a", ja: a}}
  - {name: cause_a, one: {en: a, ja: a}}
  - {name: cause_z, none: {en: a, ja: a}}
  - {name: stopped, none: {en: "{at", ja: "{at"}, nine: {en: x}}
`))
	text := ""
	if m, ok := err.(interface{ Unwrap() error }); ok {
		if _, ok := m.Unwrap().(*strictyaml.Mistakes); ok {
			text = err.Error()
		}
	}
	for _, want := range []string{"fields.yaml:1:1: format: 1", "fields.yaml:3:", `"subjekt" is none of`, "fields.yaml:4:5: the field \"ip\" stands here again", "{thing}", "fields.yaml:5:5: a field needs its name",
		"needs its label", "in both languages", "fields.yaml:6:5: a field needs its gap", "fields.yaml:8:5: the two languages", "fields.yaml:9:5: the sentence \"cause_a\" stands", "needs its text", "no value is made", "unknown key \"nine\"",
		"{at here", `the field "contact_name" is missing`, `the sentence "period" is missing`} {
		if !strings.Contains(text, want) {
			t.Errorf("no %q in:\n%v", want, err)
		}
	}
}

func FuzzValue(f *testing.F) {
	f.Add("ip", "192.0.2.25", "550 <taro@example.jp> S3150", "a", true)
	f.Add("smtp_reply", "example.jp", evil, "h", false)
	fields := builtin(f)
	f.Fuzz(func(t *testing.T, need, subject, text, cause string, domain bool) {
		in := full()
		in.Subject, in.Domain, in.Reply.Text, in.Listing.Text, in.Case.Cause = subject, domain, text, text, cause
		in.Writer.Name, in.Writer.Email, in.Writer.Domains = runbook.T(text, text), text, []string{subject}
		for _, lang := range []string{"en", "ja"} {
			in.Lang = lang
			a := fields.Value(need, in)
			if strings.ContainsFunc(a.Label+a.Text+a.Do, func(r rune) bool { return r != '\n' && !unicode.IsPrint(r) }) {
				t.Errorf("%+v", a)
			}
			if a.Gap && !HasGap(a.Text) {
				t.Errorf("a gap without a mark: %+v", a)
			}
		}
	})
}
