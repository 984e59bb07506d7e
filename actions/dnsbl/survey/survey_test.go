package survey

import (
	"context"
	"fmt"
	"net/netip"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"
	"unicode"

	"pgregory.net/rapid"

	"hikeshi/actions/dnsbl/ask"
	"hikeshi/actions/dnsbl/table"
	"hikeshi/actions/dnsbl/verdict"
)

// A fake answers from a function, and counts.
type fake struct {
	reply func(name string, t ask.Type) ask.Reply

	mu    sync.Mutex
	asked []string
}

func (f *fake) Ask(_ context.Context, name string, t ask.Type) ask.Reply {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.asked = append(f.asked, string(t)+" "+name)
	return f.reply(name, t)
}

func found(addrs ...string) ask.Reply {
	r := ask.Reply{Status: ask.Found}
	for _, a := range addrs {
		r.Addrs = append(r.Addrs, netip.MustParseAddr(a))
	}
	return r
}

func lists(t interface{ Fatal(...any) }, yaml string) []table.List {
	tab, err := table.Load([]byte("format: 1\nlists:\n"+yaml), "", nil)
	if err != nil {
		t.Fatal(err)
	}
	return tab.Lists
}

func addresses(all ...string) (s []Subject) {
	for _, a := range all {
		s = append(s, Subject{Addr: netip.MustParseAddr(a)})
	}
	return s
}

// said is what the server said to each name in one try.
type said map[string]ask.Reply

func (s said) to(below string) ask.Reply { return s[below+".a.example"] }

// entry says whether r is an answer that only a working list gives to a subject; the rules are written down here once more on purpose.
func entry(r ask.Reply) bool {
	for _, a := range r.Addrs {
		if s := a.String(); s != "127.0.0.2" && s != "127.0.0.3" && s != "127.0.0.77" {
			return false
		}
	}
	return r.Status == ask.Found
}

func note(r ask.Reply) bool { return len(r.Addrs) == 1 && r.Addrs[0].String() == "127.0.0.9" }

// wrong says what is wrong with an outcome, or nothing.
func (s said) wrong(l table.List, res Result) string {
	kind := res.Subject.Kind()
	works := func(k table.Kind) bool { r := s.to(Entry(rfcListed[k])); return entry(r) || note(r) }
	sane := s.to(Entry(rfcClean[kind])).Status == ask.None && s.to(random(kind)).Status == ask.None
	proven := works(kind) || works(table.IP4) && l.Serves(table.IP4) && s.to(Entry(rfcListed[kind])).Status == ask.None
	own := s.to(res.Subject.below())
	switch {
	case res.Outcome == verdict.Listed && (!sane || !entry(own) || !proven && l.Test != table.Lacking):
		return "listed by a list that cannot be believed"
	case res.Outcome == verdict.NotListed && (!sane || !proven || own.Status != ask.None && !note(own)):
		return "not listed, by a list that cannot be believed"
	case res.Outcome == verdict.NotTested && (res.Why.EN == "" || res.Why.JA == ""):
		return "not tested, and nobody knows why"
	case res.Outcome == verdict.NotTested && sane && works(kind) && (entry(own) || own.Status == ask.None):
		return "not tested, though the list works: " + res.Why.EN
	case res.Outcome != verdict.Listed && res.Outcome != verdict.NotListed && res.Outcome != verdict.NotTested:
		return "no outcome"
	}
	return ""
}

// random is the random test entry of these tests.
func random(kind table.Kind) string { return (&tester{run: Run{Label: letters}}).random(kind) }

// pool is what may be answered to a name. Lists whose test entries are sound, or missing, would be rare if all answers were drawn alike: listed
// and clean say what is drawn for the entries.
func pool(name, listed, clean string) []ask.Reply {
	all := []ask.Reply{
		{Status: ask.None}, {Status: ask.None}, {Status: ask.None}, {Status: ask.None},
		found("127.0.0.2"), found("127.0.0.2"), found("127.0.0.2"), found("127.0.0.3", "127.0.0.2"), found("127.0.0.77"),
		found("127.0.0.9"), found("127.0.0.1"), found("127.255.255.254"), found("203.0.113.9"), found("127.0.0.2", "203.0.113.9"), found("127.0.0.2", "127.255.255.252"), found("0.0.0.0"),
		{Status: ask.Refused}, {Status: ask.ServFail}, {Status: ask.Odd}, {Status: ask.Mismatched}, {Status: ask.Silent}, {Status: ask.Unreachable}, {Status: ask.Stopped},
	}
	for _, kind := range []table.Kind{table.IP4, table.IP6, table.Domain} {
		switch strings.TrimSuffix(name, ".a.example") {
		case Entry(rfcListed[kind]):
			if listed == "IPv4 sound" && kind == table.IP4 {
				listed = "sound"
			}
			return map[string][]ask.Reply{"sound": {found("127.0.0.2")}, "missing": {{Status: ask.None}}, "either": {found("127.0.0.2"), {Status: ask.None}}, "any": all, "IPv4 sound": all}[listed]
		case Entry(rfcClean[kind]), random(kind):
			return map[string][]ask.Reply{"sound": {{Status: ask.None}}, "either": {found("127.0.0.2"), {Status: ask.None}}, "any": all}[clean]
		}
	}
	return all
}

// TestNeverWrong: whatever the servers say, a listing is only said of a list that lists what it must and not what it must not, and
// "not listed" only of one that has been seen to work; everything that is asked for has one outcome.
func TestNeverWrong(t *testing.T) {
	subjects := append(addresses("192.0.2.10", "2001:db8::10"), Subject{Name: "example.jp"})
	rapid.Check(t, func(rt *rapid.T) {
		test := rapid.SampledFrom([]string{"kept", "unknown", "none"}).Draw(rt, "test")
		kinds := rapid.SampledFrom([]string{"ip4", "ip6", "domain", "ip4, ip6", "ip4, domain", "ip4, ip6, domain"}).Draw(rt, "kinds")
		ls := lists(rt, "  - {id: a, zone: a.example, kinds: ["+kinds+"], test: "+test+", codes: ["+plain+"]}\n")
		listed := rapid.SampledFrom([]string{"sound", "missing", "either", "any", "IPv4 sound"}).Draw(rt, "listed entries")
		clean := rapid.SampledFrom([]string{"sound", "either", "any"}).Draw(rt, "clean entries")
		s := said{}
		f := &fake{reply: func(name string, _ ask.Type) ask.Reply {
			if _, ok := s[name]; !ok {
				s[name] = rapid.SampledFrom(pool(name, listed, clean)).Draw(rt, name)
			}
			return s[name]
		}}
		z := Run{Asker: f, Label: letters, Total: 1}.Do(t.Context(), ls, subjects)[0]
		count := map[Subject]int{}
		for _, res := range z.Results {
			if w := s.wrong(ls[0], res); w != "" {
				rt.Fatalf("%s: %s; %v", res.Subject, w, s)
			}
			count[res.Subject]++
		}
		for _, x := range subjects {
			if want := strings.Count(" "+kinds+",", " "+string(x.Kind())+","); count[x] != want {
				rt.Fatalf("%s has %d outcomes, want %d", x, count[x], want)
			}
		}
	})
}

// TestAsked: what goes out for one list: the test entries in their true form, the subjects, and the words of a hit at its own name.
func TestAsked(t *testing.T) {
	f := &fake{reply: func(name string, _ ask.Type) ask.Reply {
		if strings.HasPrefix(name, "2.0.0.127.") || strings.HasPrefix(name, "10.2.0.192.") || strings.HasPrefix(name, "test.") || strings.HasPrefix(name, "2.0.0.0.0.0.f.7.f.f.f.f.0.0.") {
			return found("127.0.0.2")
		}
		return ask.Reply{Status: ask.None}
	}}
	ls := lists(t, "  - {id: a, zone: a.example, kinds: [ip4, ip6, domain]}\n")
	z := Run{Asker: f, Label: letters}.Do(t.Context(), ls, append(addresses("192.0.2.10", "2001:db8::10"), Subject{Name: "example.jp"}))[0]
	slices.Sort(f.asked)
	zeros := strings.Repeat("0.", 20)
	want := []string{
		"A 1.0.0.0.0.0.f.7.f.f.f.f." + zeros + "a.example", "A 1.0.0.127.a.example", "A 10.2.0.192.a.example", "A 113.2.0.192.a.example", "A 2.0.0.0.0.0.f.7.f.f.f.f." + zeros + "a.example", "A 2.0.0.127.a.example",
		"A 0.1.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.8.b.d.0.1.0.0.2.a.example",
		"A 1.7.1.7.1.7.1.7.1.7.1.7.1.7.1.7.1.7.1.7.0.0.0.0.8.b.d.0.1.0.0.2.a.example",
		"A example.jp.a.example", "A invalid.a.example", "A " + letters(20) + ".com.a.example", "A test.a.example", "TXT 10.2.0.192.a.example",
	}
	slices.Sort(want)
	if !slices.Equal(f.asked, want) {
		t.Errorf("asked\n%s\nwant\n%s", strings.Join(f.asked, "\n"), strings.Join(want, "\n"))
	}
	if len(z.Results) != 3 || z.Results[0].Outcome != verdict.Listed || z.Results[1].Outcome != verdict.NotListed || z.Results[2].Outcome != verdict.NotListed {
		t.Errorf("%+v", z.Results)
	}
}

// TestDeadCostsLittle: a list that does not answer its test gets one question, one that goes silent a few.
func TestDeadCostsLittle(t *testing.T) {
	f := &fake{reply: func(name string, _ ask.Type) ask.Reply {
		if strings.HasSuffix(name, ".later.example") && strings.HasPrefix(name, "2.0.0.127.") {
			return found("127.0.0.2")
		}
		if strings.HasSuffix(name, ".later.example") && strings.HasPrefix(name, "1.0.0.127.") || strings.HasPrefix(name, "113.2.0.192.") {
			return ask.Reply{Status: ask.None}
		}
		return ask.Reply{Status: ask.Silent}
	}}
	var many []Subject
	for i := range 40 {
		many = append(many, Subject{Addr: netip.AddrFrom4([4]byte{198, 51, 100, byte(i + 1)})})
	}
	ls := lists(t, "  - {id: dead, zone: dead.example, kinds: [ip4]}\n  - {id: later, zone: later.example, kinds: [ip4]}\n")
	zones := Run{Asker: f, Label: letters}.Do(t.Context(), ls, many)
	dead, later := 0, 0
	for _, q := range f.asked {
		if strings.HasSuffix(q, ".dead.example") {
			dead++
		} else {
			later++
		}
	}
	if dead != 1 || later > 3+maxSilent+DefaultOperator {
		t.Errorf("%d questions to the dead list, %d to the other", dead, later)
	}
	for _, z := range zones {
		for _, r := range z.Results {
			if r.Outcome != verdict.NotTested || r.Why.EN != "no answer in time" {
				t.Errorf("%s %s: %s %q", z.List.ID, r.Subject, r.Outcome, r.Why.EN)
			}
		}
	}
}

// TestUnasked: lists that are off, want a key, have no zone or are covered are not asked, and that is said.
func TestUnasked(t *testing.T) {
	f := &fake{reply: func(string, ask.Type) ask.Reply { return ask.Reply{Status: ask.None} }}
	builtin := `  - {id: whole, zone: whole.example, kinds: [ip4]}
  - {id: part, zone: part.example, kinds: [ip4], covered: whole}
  - {id: off, zone: off.example, kinds: [ip4]}
  - {id: part-of-off, zone: part-of-off.example, kinds: [ip4], covered: off}
  - {id: keyed, zone: "<key>.keyed.example", kinds: [ip4], delist: {way: form, url: "https://keyed.example/"}}
  - {id: closed, kinds: [ip4], delist: {way: form, url: "https://closed.example/"}}
  - {id: mails, zone: mails.example, kinds: [mail]}
`
	tab, err := table.Load([]byte("format: 1\nlists:\n"+builtin), "own", []byte("lists: [{id: off, off: true}]"))
	if err != nil {
		t.Fatal(err)
	}
	zones := Run{Asker: f, Label: letters}.Do(t.Context(), tab.Lists, addresses("192.0.2.10"))
	got := ""
	for _, z := range zones {
		got += fmt.Sprintf("%s %d %v %q\n", z.List.ID, len(z.Results), z.Covered, z.Why.EN)
	}
	want := `whole 1 false ""
part 0 true "told by whole as well"
off 0 false "switched off in the own file"
part-of-off 1 false ""
keyed 1 false "it wants a key (key: in the file of dns.lists); or look it up at https://keyed.example/"
closed 1 false "it cannot be asked by DNS: look it up at https://closed.example/"
mails 0 false ""
`
	if got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
	for _, q := range f.asked {
		if !strings.HasSuffix(q, "whole.example") && !strings.HasSuffix(q, ".part-of-off.example") {
			t.Errorf("asked %s", q)
		}
	}
}

// TestSpacing: a list that wants time between two questions gets it.
func TestSpacing(t *testing.T) {
	var mu sync.Mutex
	var times []time.Time
	f := &fake{reply: func(name string, _ ask.Type) ask.Reply {
		mu.Lock()
		defer mu.Unlock()
		times = append(times, time.Now())
		if strings.HasPrefix(name, listed4+".") {
			return found("127.0.0.9")
		}
		return ask.Reply{Status: ask.None}
	}}
	Run{Asker: f, Label: letters}.Do(t.Context(), lists(t, "  - {id: slow, zone: slow.example, kinds: [ip4], spacing: 40ms, category: mixed, codes: ["+plain+"]}\n"), addresses("192.0.2.10", "192.0.2.11", "192.0.2.12"))
	if len(times) != 6 || times[5].Sub(times[0]) < 190*time.Millisecond {
		t.Errorf("%d questions in %s", len(times), times[len(times)-1].Sub(times[0]))
	}
}

// FuzzClean: whatever a list says is one bounded line of what can be printed.
func FuzzClean(f *testing.F) {
	f.Add("see https://example.net/?ip=192.0.2.10")
	f.Add("\x1b[31mred\x00\xff\u202e\nsecond\tline")
	f.Fuzz(func(t *testing.T, text string) {
		got := Clean([]string{text, text})
		if len(got) > maxText+3 || strings.ContainsFunc(got, func(r rune) bool { return !unicode.IsPrint(r) }) {
			t.Errorf("%q", got)
		}
	})
}
