package programme

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"hikeshi/actions/delist/casefile"
	"hikeshi/runbook/strictyaml"
)

func builtin(t testing.TB) Table {
	t.Helper()
	data, err := os.ReadFile("../../../templates/programmes.yaml")
	if err != nil {
		t.Fatal(err)
	}
	tab, err := Load(data)
	if err != nil {
		t.Fatal(err)
	}
	return tab
}

// TestBuiltin: every programme says what the rest of the program needs of it.
func TestBuiltin(t *testing.T) {
	tab := builtin(t)
	if len(tab.Programmes) != 21 || tab.AsOf != "2026-11-21" {
		t.Errorf("%d programmes as of %q", len(tab.Programmes), tab.AsOf)
	}
	for _, p := range tab.Programmes {
		if len(p.Needs) == 0 || p.Note.EN == "" && p.Who.EN == "" && p.Reply.EN == "" {
			t.Errorf("%s says too little: %+v", p.ID, p)
		}
		if p.Region == "jp" && p.Language != "ja" {
			t.Errorf("%s is written to in %q", p.ID, p.Language)
		}
		if p.Role == NoRequests && (p.Way != "wait" && p.Way != "provider" || p.Expires.EN == "") {
			t.Errorf("%s takes no request, and nothing else is said: %+v", p.ID, p)
		}
	}
}

// TestMatch: which programme a reply points to. The replies are made up.
func TestMatch(t *testing.T) {
	tab := builtin(t)
	for _, c := range []struct {
		name, want string
		r          casefile.Reply
	}{
		{"a code of Exchange Online's range", "microsoft-365", casefile.Reply{Domain: "corp.example", Text: "550 5.7.606 Sender address [192.0.2.25] may not connect here"}},
		{"the end of the range", "microsoft-365", casefile.Reply{Codes: []string{"5.7.649"}}},
		{"past its end", "", casefile.Reply{Codes: []string{"5.7.650"}, Text: "550 5.7.650 no"}},
		{"before its beginning", "", casefile.Reply{Text: "550 5.7.605 no"}},
		{"a deferral of that number", "", casefile.Reply{Text: "450 4.7.606 no"}},
		{"the code that stands alone", "microsoft-365", casefile.Reply{Text: "550 5.7.511 refused, write to the desk"}},
		{"a longer number", "", casefile.Reply{Text: "550 5.7.5110 refused"}},
		{"a phrase, over two lines", "microsoft-365", casefile.Reply{Text: "550 5.7.1 refused: Banned\r\n sending ip 192.0.2.25"}},
		{"a code in brackets", "microsoft-outlook", casefile.Reply{Domain: "hotmail.com", Text: "550 5.7.1 messages from [192.0.2.25] are not taken (S3140)."}},
		{"the code, and another provider's domain", "microsoft-outlook", casefile.Reply{Domain: "gmail.com", Blocking: true, Codes: []string{"s3150"}}},
		{"a longer code", "", casefile.Reply{Text: "550 S31500"}},
		{"Yahoo's deferral", "yahoo", casefile.Reply{Domain: "yahoo.com", Text: "421 4.7.0 [TSS04] put off for a time"}},
		{"only the domain, blocking", "yahoo", casefile.Reply{Domain: "AOL.com.", Blocking: true, Text: "554 no"}},
		{"only the domain, not blocking", "", casefile.Reply{Domain: "aol.com", Text: "550 5.1.1 no such mailbox"}},
		{"another company of that name", "", casefile.Reply{Domain: "yahoo.co.jp", Blocking: true, Text: "554 no"}},
		{"a name in a link", "proofpoint", casefile.Reply{Domain: "icloud.com", Blocking: true, Text: "554 5.7.0 Blocked - see https://ipcheck.proofpoint.com/?ip=192.0.2.25"}},
		{"iCloud itself", "apple", casefile.Reply{Domain: "icloud.com", Blocking: true, Text: "554 5.7.1 refused by local policy"}},
		{"a name that is no sign of a block", "", casefile.Reply{Domain: "corp.example", Text: "452 4.2.2 proofpoint: mailbox is full"}},
		{"a host that the reply names", "cloudmark", casefile.Reply{Domain: "isp.example", Blocking: true, Names: []string{"csi.cloudmark.com"}, Text: "550 poor reputation"}},
		{"a word of two", "trend", casefile.Reply{Domain: "isp.example", Blocking: true, Text: "554 refused by TREND MICRO reputation"}},
		{"a name inside of a longer one", "", casefile.Reply{Domain: "corp.example", Blocking: true, Text: "554 notproofpoint-host.example refused"}},
		{"two filters in one reply", "cloudmark, symantec", casefile.Reply{Blocking: true, Text: "554 cloudmark and Symantec refuse"}},
		{"docomo", "docomo", casefile.Reply{Domain: "docomo.ne.jp", Blocking: true, Text: "550 unknown or refused"}},
		{"au", "kddi", casefile.Reply{Domain: "ezweb.ne.jp", Blocking: true, Text: "421 too much"}},
		{"au, by its newer domain", "kddi", casefile.Reply{Domain: "au.com", Blocking: true, Text: "421 too much"}},
		{"a domain that only ends alike", "", casefile.Reply{Domain: "tau.com", Blocking: true, Text: "421 too much"}},
		{"SoftBank", "softbank", casefile.Reply{Domain: "i.softbank.jp", Blocking: true, Text: "550 no"}},
		{"nobody", "", casefile.Reply{Domain: "corp.example", Blocking: true, Text: "554 listed at bl.example"}},
		{"nothing", "", casefile.Reply{Blocking: true}},
	} {
		var got []string
		for _, p := range tab.Match(c.r) {
			got = append(got, p.ID)
		}
		if s := strings.Join(got, ", "); s != c.want {
			t.Errorf("%s: %q, want %q", c.name, s, c.want)
		}
	}
}

// TestRoute: a programme says what a list says of its entries.
func TestRoute(t *testing.T) {
	p, _ := builtin(t).Find("microsoft-outlook")
	r := p.Route()
	if r.Way != "form" || r.URL != p.URL || r.Unverified || r.Language != "en" || r.Reply.Seconds != 48*3600 || r.Reply.Text.JA == "" || !slices.Equal(r.Needs, p.Needs) || r.Note != p.Note {
		t.Errorf("%+v", r)
	}
	p, _ = builtin(t).Find("trend")
	if r = p.Route(); !r.Unverified || len(r.Email) != 2 || r.Who.EN == "" {
		t.Errorf("%+v", r)
	}
	p, _ = builtin(t).Find("proofpoint")
	if r = p.Route(); r.Again != 7*24*3600 || r.Expires.Text.EN == "" || r.Expires.Seconds != 0 {
		t.Errorf("%+v", r)
	}
	if _, ok := builtin(t).Find("nobody"); ok {
		t.Error("a programme that there is not was found")
	}
}

// A fact is what the facts say of a programme.
type fact struct {
	id, url, role string
	seen          bool
	email         string
	needs         []string
	signals       []string
}

// facts reads the programmes of the facts, line by line.
func facts(t *testing.T) []fact {
	t.Helper()
	file, err := filepath.Abs("../../../../shared/facts/dnsbl.yaml")
	if err != nil {
		t.Fatal(err)
	}
	data, err := os.ReadFile(file)
	if err != nil {
		if strings.Contains(os.Getenv("HIKESHI_REQUIRE"), "shared") {
			t.Fatalf("HIKESHI_REQUIRE asks for shared: %v", err)
		}
		t.Skipf("the facts are not here: %v", err)
	}
	_, body, _ := strings.Cut(string(data), "\nprogrammes:\n")
	var all []fact
	key := ""
	for l := range strings.Lines(body) {
		l = strings.TrimRight(l, "\n")
		if id, ok := strings.CutPrefix(l, "- id: "); ok {
			all = append(all, fact{id: id})
			continue
		}
		f := &all[len(all)-1]
		item, isItem := strings.CutPrefix(l, "  - ")
		item = strings.Trim(item, "'")
		switch {
		case isItem && key == "needs":
			f.needs = append(f.needs, item)
		case isItem && key == "signals":
			f.signals = append(f.signals, item)
		}
		if k, v, ok := strings.Cut(strings.TrimPrefix(l, "  "), ":"); ok && !isItem && !strings.HasPrefix(k, " ") {
			key, v = k, strings.TrimSpace(v)
			switch k {
			case "url":
				f.url = v
			case "email":
				f.email = v
			case "role":
				f.role = v
			case "url_seen":
				f.seen = v == "true"
			}
		}
	}
	return all
}

// TestFacts: no programme, address, need or sign of the facts is missing in the table, and nothing is called seen that nobody has seen.
func TestFacts(t *testing.T) {
	tab := builtin(t)
	all := facts(t)
	if len(all) != len(tab.Programmes) {
		t.Fatalf("the facts have %d programmes, the table %d", len(all), len(tab.Programmes))
	}
	needs, signals, addresses := 0, 0, 0
	for _, f := range all {
		p, ok := tab.Find(f.id)
		if !ok {
			t.Errorf("the facts have %q, the table has not", f.id)
			continue
		}
		if p.URL != f.url || p.Unverified == f.seen || (p.Role == Monitoring) != (f.role == "monitoring") {
			t.Errorf("%s: url %q, unverified %v, role %s; the facts: %+v", f.id, p.URL, p.Unverified, p.Role, f)
		}
		for _, word := range strings.Fields(f.email) {
			if word = strings.Trim(word, ";,"); strings.Contains(word, "@") {
				if addresses++; !slices.Contains(p.Email, word) {
					t.Errorf("%s: no address %s", f.id, word)
				}
			}
		}
		for _, n := range f.needs {
			name, more, _ := strings.Cut(n, " (")
			name = strings.ReplaceAll(name, "confirmation at an address of the network", "network_confirmation")
			if needs++; !slices.Contains(p.Needs, name) {
				t.Errorf("%s: no need %s", f.id, name)
			}
			if code, _, ok := strings.Cut(more, " = "); ok {
				f.signals = append(f.signals, code)
			}
		}
		for _, s := range f.signals {
			signals++
			if !slices.ContainsFunc(tab.Match(casefile.Reply{Text: s}), func(m Programme) bool { return m.ID == f.id }) {
				t.Errorf("%s: a reply with %q does not find it", f.id, s)
			}
		}
	}
	if needs < 75 || signals != 7 || addresses != 6 {
		t.Errorf("only %d needs, %d signs and %d addresses found in the facts", needs, signals, addresses)
	}
}

// TestMistakes: all at once, each with its line.
func TestMistakes(t *testing.T) {
	_, err := Load([]byte(`format: 2
as_of: "2026"
programmes:
  - {id: one, name: One, region: world, role: delisting, way: form, language: en}
  - {id: one, name: One, region: world, role: monitor, way: beg, language: de, url: "javascript:1"}
  - {id: Two Two, name: Two, region: world, role: monitoring, way: email, language: en, codes: [S3140], email: ["x y@example.com"]}
  - id: three
    codes: ["5.7.9-1", x1, "5.7.1-2"]
    phrases: [spam]
    names: [ab, "a@b"]
    domains: [Example.com, localhost]
    needs: [""]
    note: {en: only English}
    roles: none
    again: soon
`))
	text := ""
	if m, ok := err.(interface{ Unwrap() error }); ok {
		if _, ok := m.Unwrap().(*strictyaml.Mistakes); ok {
			text = err.Error()
		}
	}
	for _, want := range []string{"programmes.yaml:1:1: format: 1", "programmes.yaml:2:8: a day", "programmes.yaml:4:63: the address of the page", `programmes.yaml:5:10: the programme "one" stands`,
		`"monitor" is none`, `"beg" is none`, `"de" is none`, "https://", "programmes.yaml:6:10: small letters", "cannot be what a reply points to", `"x y@example.com"`, "programmes.yaml:7:5: a programme needs its language",
		"needs its name", "needs its region", "needs its way", `"5.7.9-1"`, `"x1"`, "at least two words", `"ab"`, `"a@b"`, `"Example.com"`, `"localhost"`, "programmes.yaml:12:13: the name of a field", "in both languages",
		`unknown key "roles"; did you mean "role"?`, "programmes.yaml:15:"} {
		if !strings.Contains(text, want) {
			t.Errorf("no %q in:\n%v", want, err)
		}
	}
	if strings.Contains(text, "needs its role") || strings.Contains(text, `here is "5.7.1-2"`) {
		t.Errorf("a misspelt key is called missing, or a good code wrong:\n%s", text)
	}
}

// small is a table with one programme of each sort: the whole one would make every try slow.
const small = `format: 1
programmes:
  - {id: a, name: A, region: world, role: delisting, way: form, url: "https://a.example/", language: en, codes: [S3140, "5.7.606-649"], phrases: [sending ip], names: [talos], domains: [a.example]}
`

func FuzzLoad(f *testing.F) {
	f.Add(small, "550 5.7.606 S3140", "a.example", "host.a.example")
	f.Add("format: 1\nprogrammes: [{id: x, codes: ['5.7.']}]", "5.7. ..", ".", "")
	f.Fuzz(func(t *testing.T, file, text, domain, name string) {
		r := casefile.Reply{Domain: domain, Text: text, Names: []string{name}, Codes: strings.Fields(text), Blocking: true}
		for _, data := range []string{file, small} {
			tab, err := Load([]byte(data))
			if err != nil {
				continue
			}
			for _, p := range tab.Match(r) {
				if p.ID == "" || p.Role == Monitoring {
					t.Errorf("a reply points to %+v", p)
				}
			}
			r := r
			r.Blocking, r.Codes = false, nil
			for _, p := range tab.Match(r) {
				if len(p.Codes)+len(p.Phrases) == 0 {
					t.Errorf("a reply that does not block points to %+v", p)
				}
			}
		}
	})
}
