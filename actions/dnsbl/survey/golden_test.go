package survey

import (
	"flag"
	"fmt"
	"net/netip"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"hikeshi/actions/dnsbl/ask"
	"hikeshi/actions/dnsbl/ask/play"
	"hikeshi/actions/dnsbl/table"
)

var update = flag.Bool("update", false, "write the golden files")

// The names of the test entries and of the subjects, below a zone.
const (
	listed4, clean4 = "2.0.0.127", "1.0.0.127"
	subject4        = "10.2.0.192" // 192.0.2.10
)

// A case is one list and how its server behaves.
type golden struct {
	zone   string
	codes  string // of the list, in the table's form
	more   string // more keys of the list
	answer func(below string, q play.Query) play.Answer
}

// sound wraps the answer for subjects with test entries as they should be.
func sound(subject play.Answer) func(string, play.Query) play.Answer {
	return func(below string, _ play.Query) play.Answer {
		switch below {
		case listed4:
			return play.Answer{Addrs: []string{"127.0.0.2"}}
		case subject4:
			return subject
		}
		return play.Answer{}
	}
}

// always answers everything alike.
func always(a play.Answer) func(string, play.Query) play.Answer {
	return func(string, play.Query) play.Answer { return a }
}

// entries answers test entries and subjects as named, and nothing else.
func entries(names map[string]play.Answer) func(string, play.Query) play.Answer {
	return func(below string, _ play.Query) play.Answer { return names[below] }
}

func hit(addrs ...string) play.Answer { return play.Answer{Addrs: addrs} }

const plain = `{code: 127.0.0.2, en: spam, ja: スパム}, {code: 127.0.0.3, en: exploit, ja: 侵害}, {code: 127.0.0.9, means: note, en: seen, ja: 参考}, {code: 127.0.0.8, means: error, en: blocked, ja: 遮断}`

var fourKB = strings.Repeat(`\027[31mred \"x\" `, 270) // over 4,000 bytes with what would colour a terminal

var goldens = []golden{
	{"listed.example", plain, "", sound(play.Answer{Addrs: []string{"127.0.0.2"}, Texts: []string{"see https://example.net/?192.0.2.10"}})},
	{"several.example", plain, "", sound(hit("127.0.0.3", "127.0.0.2"))},
	{"clean.example", plain, "", sound(play.Answer{})},
	{"nodata.example", plain, "", sound(play.Answer{Empty: true})},
	{"new-code.example", plain, "", sound(hit("127.0.0.77"))},
	{"note.example", plain, "", sound(hit("127.0.0.9"))},
	{"own-error.example", plain, "", sound(hit("127.0.0.8"))},
	{"listed-and-error.example", plain, "", sound(hit("127.0.0.2", "127.255.255.255"))},
	{"error254.example", plain, "", sound(hit("127.255.255.254"))},
	{"error-everywhere.example", plain, "", always(hit("127.255.255.254"))},
	{"error-other.example", plain, "", sound(hit("127.255.255.7"))},
	{"outside.example", plain, "", sound(hit("203.0.113.80"))},
	{"outside-and-listed.example", plain, "", sound(hit("127.0.0.2", "203.0.113.80"))},
	{"sinkhole.example", plain, "", sound(hit("127.0.0.1"))},
	{"rewritten.example", plain, "", func(below string, q play.Query) play.Answer { // NXDOMAIN becomes an address of the provider
		if below == listed4 {
			return hit("127.0.0.2")
		}
		return hit("203.0.113.80")
	}},
	{"parked.example", plain, "", always(hit("203.0.113.80"))},
	{"world.example", plain, "", always(hit("127.0.0.2"))},
	{"hidden-wildcard.example", plain, "", func(below string, _ play.Query) play.Answer {
		if below == clean4 {
			return play.Answer{}
		}
		return hit("127.0.0.2")
	}},
	{"remark-on-everybody.example", plain, "", always(hit("127.0.0.9"))},
	{"empty.example", plain, "", always(play.Answer{})},
	{"empty-but-listed.example", plain, "", entries(map[string]play.Answer{subject4: hit("127.0.0.2")})},
	{"no-entry-listed.example", plain, "test: none", entries(map[string]play.Answer{subject4: hit("127.0.0.2")})},
	{"no-entry-clean.example", plain, "test: none", always(play.Answer{})},
	{"no-entry-world.example", plain, "test: none", always(hit("127.0.0.2"))},
	{"own-entry.example", plain, "listed: [192.0.2.77]", entries(map[string]play.Answer{"77.2.0.192": hit("127.0.0.2")})},
	{"bits.example", `{code: "bit:2", en: black, ja: 黒}, {code: "bit:64", en: abuse, ja: 悪用}, {code: "bit:1", means: error, en: blocked, ja: 遮断}`, "match: bits", sound(hit("127.0.0.66"))},
	{"bits-blocked.example", `{code: "bit:2", en: black, ja: 黒}, {code: "bit:1", means: error, en: blocked, ja: 遮断}`, "match: bits", sound(hit("127.0.0.1"))},
	{"bits-odd.example", `{code: "bit:2", en: black, ja: 黒}`, "match: bits", sound(hit("127.0.0.4"))},
	{"white.example", `{code: 127.0.0.1, means: good, en: white, ja: 白}, {code: 127.0.0.2, en: black, ja: 黒}`, "category: mixed", entries(map[string]play.Answer{listed4: hit("127.0.0.2"), subject4: hit("127.0.0.1")})},
	{"white-everybody.example", `{code: 127.0.0.1, means: good, en: white, ja: 白}`, "category: allow", always(hit("127.0.0.1"))},
	{"age-of-everybody.example", `{code: 127.0.0.2, means: note, en: new, ja: 新規}`, "category: age", always(hit("127.0.0.2"))},
	{"refused.example", plain, "", always(play.Answer{RCode: "REFUSED"})},
	{"refused-later.example", plain, "", sound(play.Answer{RCode: "REFUSED"})},
	{"servfail.example", plain, "", always(play.Answer{RCode: "SERVFAIL"})},
	{"servfail-later.example", plain, "", sound(play.Answer{RCode: "SERVFAIL"})},
	{"notimp.example", plain, "", always(play.Answer{RCode: "NOTIMP"})},
	{"silent.example", plain, "", always(play.Answer{Drop: true})},
	{"silent-later.example", plain, "", sound(play.Answer{Drop: true})},
	{"truncated.example", plain, "", sound(play.Answer{Truncate: true, Addrs: []string{"127.0.0.2"}})},
	{"formerr.example", plain, "", sound(play.Answer{NoEDNS: true, Addrs: []string{"127.0.0.2"}})},
	{"cname.example", plain, "", sound(play.Answer{CNAME: true, Addrs: []string{"127.0.0.3"}})},
	{"wrong-question.example", plain, "", sound(play.Answer{WrongQuestion: true, Addrs: []string{"127.0.0.2"}})},
	{"wrong-id.example", plain, "", sound(play.Answer{WrongID: true, Addrs: []string{"127.0.0.2"}})},
	{"garbage.example", plain, "", sound(play.Answer{Garbage: true})},
	{"no-txt.example", plain, "", sound(hit("127.0.0.2"))},
	{"txt-of-the-entry.example", plain, "", func(below string, q play.Query) play.Answer { // the words stand at the name that was asked only
		a := sound(hit("127.0.0.2"))(below, q)
		if below == listed4 {
			a.Texts = []string{"these words are about the test entry"}
		}
		return a
	}},
	{"txt-4kb.example", plain, "", func(below string, q play.Query) play.Answer {
		a := sound(play.Answer{Addrs: []string{"127.0.0.2"}, Texts: []string{fourKB}})(below, q)
		a.Truncate = q.Type == "TXT"
		return a
	}},
}

// TestVerdicts asks a real server that plays every behaviour.
func TestVerdicts(t *testing.T) {
	yaml := "format: 1\nlists:\n"
	by := map[string]golden{}
	for _, c := range goldens {
		by[c.zone] = c
		id := strings.TrimSuffix(c.zone, ".example")
		yaml += fmt.Sprintf("  - id: %s\n    zone: %s\n    kinds: [ip4]\n    codes: [%s]\n", id, c.zone, c.codes)
		if c.more != "" {
			yaml += "    " + c.more + "\n"
		}
	}
	tab, err := table.Load([]byte(yaml), "", nil)
	if err != nil {
		t.Fatal(err)
	}
	s := play.Start(t, func(q play.Query) play.Answer {
		labels := strings.Split(q.Name, ".")
		zone := strings.Join(labels[len(labels)-2:], ".")
		return by[zone].answer(strings.TrimSuffix(q.Name, "."+zone), q)
	})
	r := Run{Asker: &ask.Asker{Servers: []netip.AddrPort{s.Addr}, Wait: 700 * time.Millisecond, Patience: 100 * time.Millisecond}, Label: letters}
	zones := r.Do(t.Context(), tab.Lists, []Subject{{Addr: netip.MustParseAddr("192.0.2.10")}})
	var b strings.Builder
	for _, z := range zones {
		res := z.Results[0]
		fmt.Fprintf(&b, "%-28s %-10s %s\n", z.List.Zone, res.Outcome, z.Health[table.IP4].State)
		for _, c := range res.Codes {
			fmt.Fprintf(&b, "    %s %s: %s / %s\n", c.Pattern, c.Means, c.Text.EN, c.Text.JA)
		}
		for _, line := range []string{res.Why.EN, res.Why.JA, res.Text} {
			if line != "" {
				fmt.Fprintf(&b, "    %s\n", line)
			}
		}
	}
	if strings.ContainsRune(b.String(), 0x1b) {
		t.Error("an escape character came through")
	}
	sameAs(t, "testdata/verdicts.golden", b.String())
}

// sameAs compares with a golden file.
func sameAs(t *testing.T, file, got string) {
	t.Helper()
	if *update {
		if err := os.WriteFile(file, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if d := cmp.Diff(string(want), got); d != "" {
		t.Errorf("%s (-want +got):\n%s", file, d)
	}
}

// letters is the same label every time: no list of these tests holds it.
func letters(n int) string { return strings.Repeat("q", n) }
