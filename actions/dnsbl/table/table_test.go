package table

import (
	"net/netip"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"hikeshi/runbook/strictyaml"
	"pgregory.net/rapid"
)

func builtin(t *testing.T) []byte {
	t.Helper()
	data, err := os.ReadFile("../../../templates/dnsbl.yaml")
	if err != nil {
		t.Fatal(err)
	}
	return data
}

func load(t *testing.T, own string) (Table, error) {
	t.Helper()
	var data []byte
	if own != "" {
		data = []byte(own)
	}
	return Load(builtin(t), "lists.yaml", data)
}

// TestBuiltin: every list says what the rest of the program needs of it, in both languages.
func TestBuiltin(t *testing.T) {
	tab, err := load(t, "")
	if err != nil {
		t.Fatal(err)
	}
	if len(tab.Lists) != 78 || len(tab.Dead) != 48 {
		t.Errorf("%d living and %d dead lists, want 78 and 48", len(tab.Lists), len(tab.Dead))
	}
	tiers := map[int]int{}
	for _, l := range tab.Lists {
		tiers[l.Tier]++
		if l.Name == "" || l.Operator == "" || len(l.Kinds) == 0 || l.Delist.Way == "" {
			t.Errorf("%s: name %q, operator %q, kinds %v, way %q", l.ID, l.Name, l.Operator, l.Kinds, l.Delist.Way)
		}
		if l.Zone != "" && len(l.Codes) == 0 {
			t.Errorf("%s: no codes", l.ID)
		}
		for _, c := range l.Codes {
			if c.Text.EN == "" || c.Text.JA == "" {
				t.Errorf("%s: code %s is not told in both languages", l.ID, c.Pattern)
			}
		}
		for _, r := range append(slices.Clone(l.Routes), l.Delist) {
			for _, x := range []struct{ en, ja string }{{r.Who.EN, r.Who.JA}, {r.Note.EN, r.Note.JA}, {r.Expires.EN, r.Expires.JA}, {r.Reply.EN, r.Reply.JA}, {r.Paid.EN, r.Paid.JA}} {
				if (x.en == "") != (x.ja == "") {
					t.Errorf("%s: %q / %q", l.ID, x.en, x.ja)
				}
			}
			if r.Way == "wait" && r.Expires.EN == "" || r.Way == "email" && len(r.Email) == 0 && r.URL == "" {
				t.Errorf("%s: way %s leads nowhere", l.ID, r.Way)
			}
		}
	}
	if tiers[1] != 10 || tiers[2] != 12 {
		t.Errorf("tiers: %v", tiers)
	}
}

// TestFacts: the table and the facts that it is made from name the same lists, zones, tiers and codes.
func TestFacts(t *testing.T) {
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
	tab, err := load(t, "")
	if err != nil {
		t.Fatal(err)
	}
	known := map[string]bool{}
	for _, l := range tab.Lists {
		known["id: "+l.ID] = true
		known["zone: "+l.Zone] = true
	}
	for _, d := range tab.Dead {
		known["id: "+d.ID] = true
		known["zone: "+d.Zones[0]] = true
	}
	n := 0
	body, _, _ := strings.Cut(string(data), "\nprogrammes:")
	for l := range strings.Lines(body) {
		l = strings.ReplaceAll(strings.TrimPrefix(strings.TrimSpace(l), "- "), "'", "")
		if (strings.HasPrefix(l, "id: ") || strings.HasPrefix(l, "zone: ")) && l != "zone: null" && !strings.Contains(l, "<key> =") {
			if n++; !known[l] {
				t.Errorf("the facts have %q, the table has not", l)
			}
		}
	}
	if n < 240 {
		t.Errorf("only %d ids and zones found in the facts", n)
	}
}

func TestMatch(t *testing.T) {
	tab, err := load(t, "")
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct{ list, answer, want string }{
		{"spamhaus-zen", "127.0.0.4", "XBL: infected or hijacked host (listed)"},
		{"spamhaus-zen", "127.255.255.254", "refused: asked through a public resolver, or one without a name of its own (error)"},
		{"spamhaus-zen", "127.0.0.8", ""},
		{"surbl-multi", "127.0.0.72", "phishing (listed); named in spam (listed)"},
		{"surbl-multi", "127.0.0.1", "refused: this resolver is blocked (error)"},
		{"surbl-multi", "127.0.1.72", ""},
		{"uribl-multi", "127.0.0.3", "black: named in spam (listed); refused: this resolver is blocked (error)"},
		{"validity-rpbl", "127.0.0.1", "bot (listed)"},
		{"validity-rpbl", "127.255.255.255", "refused: this resolver is not registered, or over its quota (error)"},
		{"efnet", "127.0.0.1", "open proxy (listed)"},
		{"hostkarma", "127.0.0.1", "white: known as good (good)"},
		{"dnswl", "127.0.9.3", "allowed: high trust (good)"},
		{"dnswl", "127.0.0.255", "refused: this resolver is blocked (error)"},
		{"senderscore", "127.0.4.98", "a score from 0 to 100, in the last octet (note)"},
		{"mailspike-rep", "127.0.0.18", "reputation: good (note)"},
		{"0spam-nbl", "127.0.0.77", "the /24 is listed (listed)"},
		{"spamcop", "91.195.240.117", ""},
	} {
		l, ok := tab.Find(c.list)
		var got []string
		for _, code := range l.Match(netip.MustParseAddr(c.answer)) {
			got = append(got, code.Text.EN+" ("+string(code.Means)+")")
		}
		if s := strings.Join(got, "; "); !ok || s != c.want {
			t.Errorf("%s %s: %q, want %q", c.list, c.answer, s, c.want)
		}
	}
	zen, _ := tab.Find("spamhaus-zen")
	if r := zen.Route(netip.MustParseAddr("127.0.0.2")); r.Way != "provider" || r.Part != "SBL" {
		t.Errorf("SBL: %+v", r)
	}
	if r := zen.Route(netip.MustParseAddr("127.0.0.3")); r.Way != "self-service" || r.Expires.After.Hours() != 72 {
		t.Errorf("CSS: %+v", r)
	}
}

const ownFile = `
lists:
  - id: spamcop
    tier: 2
    off: true
  - id: spamhaus-zen
    key: k3y-0f-the-customer
    codes:
      - {code: 127.0.0.2, en: all of it, ja: 全部}
  - id: house
    zone: bl.example.jp
    kinds: [ip4]
    tier: 1
    listed: [192.0.2.77]
dead:
  - {id: sem-black, name: SEM, ended: "2027", sign: gone, zones: [bl.spameatingmonkey.net]}
`

func TestOwnFile(t *testing.T) {
	tab, err := load(t, ownFile)
	if err != nil {
		t.Fatal(err)
	}
	cop, _ := tab.Find("spamcop")
	if !cop.Off || cop.Tier != 2 || cop.Zone != "bl.spamcop.net" || len(cop.Codes) != 1 {
		t.Errorf("spamcop: %+v", cop)
	}
	zen, _ := tab.Find("spamhaus-zen")
	zone, ok := zen.Query()
	if !ok || zone != "k3y-0f-the-customer.zen.dq.spamhaus.net" || zen.Shown() != "<key>.zen.dq.spamhaus.net" || len(zen.Codes) != 1 || zen.Name != "Spamhaus ZEN" {
		t.Errorf("zen: %q %v %q %d", zone, ok, zen.Shown(), len(zen.Codes))
	}
	if got := zen.Hide("see K3Y-0F-THE-CUSTOMER.zen and k3y-0f-the-customer"); got != "see <key>.zen and <key>" {
		t.Errorf("hidden: %q", got)
	}
	house, ok := tab.Find("house")
	if !ok || house.Tier != 1 || house.Test != Unknown || house.Listed[0] != "192.0.2.77" {
		t.Errorf("house: %+v", house)
	}
	if _, ok := tab.Find("sem-black"); ok {
		t.Error("a list that is declared dead is still asked")
	}
	abusix, _ := tab.Find("abusix-combined")
	if _, ok := abusix.Query(); ok {
		t.Error("a list that wants a key is asked without one")
	}
}

// TestMistakes: all at once, each with its place, and never a key.
func TestMistakes(t *testing.T) {
	_, err := load(t, `
lists:
  - id: spamcop
    kye: 0123456789abcdef0123
    tier: 7
  - id: barracuda
    key: 0123456789abcdef0123
  - id: spamhaus-zen
    key: 12345678901234
  - id: spamhaus-dbl
    zone: 0123456789abcdef0123.dbl.dq.spamhaus.net
  - id: new one
    kinds: [ip5]
  - id: other
    zone: "bl..example.jp"
    kinds: [ip4]
    codes: [{code: 128.0.0.2, en: x, ja: x}, {code: "bit:3", en: x, ja: x}]
    delist: {way: beg, url: "javascript:1"}
  - id: sorbs
    tier: 1
`)
	m, ok := err.(interface{ Unwrap() error }).Unwrap().(*strictyaml.Mistakes)
	if !ok {
		t.Fatalf("%v", err)
	}
	text := err.Error()
	for _, want := range []string{"lists.yaml:4:5: unknown key", `did you mean "key"`, "lists.yaml:5:11: a tier of 1, 2 or 3", "barracuda takes no key", "lists.yaml:9:", "the zone holds a key",
		"ip5", "needs its zone", "no zone", "128.0.0.2", "bit:3", "beg", "https://", "dead since 2024"} {
		if !strings.Contains(text, want) {
			t.Errorf("no %q in:\n%s", want, text)
		}
	}
	if strings.Contains(text, "0123456789") || strings.Contains(text, "12345678901234") {
		t.Errorf("a key is shown in:\n%s", text)
	}
	if len(m.List) < 12 {
		t.Errorf("%d mistakes", len(m.List))
	}
}

// TestHide: no key is left in any text, in any case.
func TestHide(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		key := rapid.StringMatching(`[a-z0-9]{4,20}`).Draw(rt, "key")
		parts := rapid.SliceOf(rapid.SampledFrom([]string{key, strings.ToUpper(key), key[1:], "x", ".", "é", "İ", "\xff"})).Draw(rt, "parts")
		got := List{key: key}.Hide(strings.Join(parts, ""))
		if strings.Contains(strings.ToLower(strings.ReplaceAll(got, "<key>", "\n")), key) {
			rt.Fatalf("%q is left in %q", key, got)
		}
	})
}

// small is a table with one list of each sort: the whole one would make every try slow.
const small = `format: 1
lists:
  - {id: spamcop, zone: bl.spamcop.net, kinds: [ip4], tier: 1}
  - {id: spamhaus-zen, zone: zen.spamhaus.org, keyed: "<key>.zen.dq.spamhaus.net", kinds: [ip4, ip6], tier: 1}
  - {id: abusix, zone: "<key>.combined.mail.abusix.zone", kinds: [ip4], tier: 1}
dead:
  - {id: sorbs, ended: "2024", sign: empty, zones: [dnsbl.sorbs.net]}
`

func FuzzLoad(f *testing.F) {
	f.Add(ownFile)
	f.Add("lists: [{id: spamcop, zone: null}]")
	f.Add("lists: [{id: x, zone: 'a..b', kinds: [ip4], codes: [{code: 'bit:3'}]}]")
	f.Fuzz(func(t *testing.T, own string) {
		tab, err := Load([]byte(small), "lists.yaml", []byte(own))
		if err != nil {
			return
		}
		for _, l := range tab.Lists {
			if zone, ok := l.Query(); ok && (zone == "" || !IsName(zone)) {
				t.Errorf("%s would be asked at %q", l.ID, zone)
			}
			if l.key != "" && strings.Contains(l.Shown(), l.key) {
				t.Errorf("%s shows its key: %s", l.ID, l.Shown())
			}
		}
	})
}
