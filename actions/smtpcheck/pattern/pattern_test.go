package pattern

import (
	"errors"
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"

	"hikeshi/runbook/strictyaml"
)

func builtin(t testing.TB) []byte {
	t.Helper()
	data, err := os.ReadFile("../../../templates/relaytests.yaml")
	if err != nil {
		t.Fatal(err)
	}
	return data
}

func values() Values {
	return Values{"P": "relaytest@probe.example", "u": "relaytest", "d": "probe.example", "T": "example.jp", "U": "taro", "H": "mail.example.jp", "IP": "[192.0.2.1]",
		"F": "spamtest@f.example", "B": "second.example", "L": "[198.51.100.9]", "R": "abcdef"}
}

// TestBuiltin: the two controls and the 36 tests are there, each with its words, and each makes an envelope of one line.
func TestBuiltin(t *testing.T) {
	table, err := Load(builtin(t), "", nil)
	if err != nil {
		t.Fatal(err)
	}
	want := []string{"C1", "C2"}
	for i := range 36 {
		want = append(want, fmt.Sprintf("R%02d", i+1))
	}
	recipients := 0
	for i, p := range table.Patterns {
		if i >= len(want) || p.ID != want[i] {
			t.Fatalf("test %d is %s", i, p.ID)
		}
		if p.Why.JA == "" || (p.Weight == Control) != strings.HasPrefix(p.ID, "C") {
			t.Errorf("%s: %+v", p.ID, p)
		}
		for _, f := range p.Forms {
			recipients += len(f.To)
			filled, err := f.Fill(values())
			if err != nil {
				t.Errorf("%s: %v", p.ID, err)
			}
			for _, line := range append(filled.Rcpt(), filled.Mail()) {
				if strings.ContainsAny(line, "\r\n{}") || strings.Count(line, ">") != 1 || len(line) > 512 {
					t.Errorf("%s: %q", p.ID, line)
				}
			}
			if probe := p.Weight != Control && p.ID != "R12" && p.ID != "R31"; f.ToProbe() != probe {
				t.Errorf("%s: to the probe mailbox only: %v", p.ID, f.ToProbe())
			}
		}
	}
	if len(table.Patterns) != len(want) || recipients < 40 || recipients > 46 {
		t.Errorf("%d tests with %d recipients", len(table.Patterns), recipients)
	}
}

// TestWords: what the facts write is what is said.
func TestWords(t *testing.T) {
	table, err := Load(builtin(t), "", nil)
	if err != nil {
		t.Fatal(err)
	}
	said := map[string]string{}
	for _, p := range table.Patterns {
		for i, f := range p.Forms {
			filled, _ := f.Fill(values())
			said[fmt.Sprintf("%s.%d", p.ID, i+1)] = filled.Helo + "|" + filled.Mail() + "|" + strings.Join(filled.Rcpt(), "|")
		}
	}
	for id, want := range map[string]string{
		"R03.1": "|MAIL FROM:<>|RCPT TO:<relaytest@probe.example>",
		"R04.1": "|MAIL FROM:<spamtest>|RCPT TO:<relaytest@probe.example>",
		"R09.1": "|MAIL FROM:<spamtest@[192.0.2.1]>|RCPT TO:<relaytest@probe.example>",
		"R11.3": "[127.0.0.1]|MAIL FROM:<spamtest@f.example>|RCPT TO:<relaytest@probe.example>",
		"R12.1": "|MAIL FROM:<spamtest@f.example>|RCPT TO:<taro@example.jp>|RCPT TO:<relaytest@probe.example>",
		"R13.1": "|MAIL FROM:<relaytest@probe.example> AUTH=taro@example.jp|RCPT TO:<relaytest@probe.example>",
		"R18.1": `|MAIL FROM:<spamtest@f.example>|RCPT TO:<"relaytest@probe.example">`,
		"R24.1": "|MAIL FROM:<spamtest@f.example>|RCPT TO:<@[192.0.2.1]:relaytest@probe.example>",
		"R25.2": "|MAIL FROM:<spamtest@f.example>|RCPT TO:<@example.jp:relaytest@probe.example>",
		"R29.1": "|MAIL FROM:<spamtest@f.example>|RCPT TO:<relaytest%probe.example%example.jp@example.jp>",
		"R32.1": "|MAIL FROM:<spamtest@f.example>|RCPT TO:<relaytest@probe.example@second.example>",
	} {
		if said[id] != want {
			t.Errorf("%s says %s, want %s", id, said[id], want)
		}
	}
}

func TestFill(t *testing.T) {
	f := Form{From: "{F}", To: []string{"{u}%{d}@{H}"}}
	v := values()
	v["H"] = ""
	if _, err := f.Fill(v); !errors.Is(err, ErrUnknown) || !strings.Contains(err.Error(), "host name") {
		t.Errorf("%v", err)
	}
	for _, evil := range []string{"x\r\nDATA", "x> NOTIFY=NEVER", "a b", "x\x00", `x"`, `x\`, "ä", strings.Repeat("x", 300)} {
		v["H"] = evil
		if got, err := f.Fill(v); err == nil || errors.Is(err, ErrUnknown) {
			t.Errorf("%q: %v, %v", evil, got, err)
		}
	}
}

func TestOwnFile(t *testing.T) {
	own := `format: 1
off: [R12, R30]
patterns:
  - {id: X01, weight: W, from: "spamtest@{T}", to: ["{u}%{d}@localhost"], needs: [domain], why: {en: "own"}}
`
	table, err := Load(builtin(t), "own.yaml", []byte(own))
	if err != nil {
		t.Fatal(err)
	}
	if n := len(table.Patterns); n != 37 || table.Patterns[n-1].ID != "X01" || !slices.Equal(table.Off, []string{"R12", "R30"}) {
		t.Errorf("%d, %v", n, table.Off)
	}
	all := table.Ordered()
	if all[0].ID != "C1" || all[2].ID != "R01" || all[len(all)-1].ID != "R33" || all[len(all)-2].ID != "X01" {
		t.Errorf("%s %s ... %s %s", all[0].ID, all[2].ID, all[len(all)-2].ID, all[len(all)-1].ID)
	}
}

// TestMistakes: all of them are told at once, each with its line.
func TestMistakes(t *testing.T) {
	for name, tc := range map[string]struct {
		own  string
		want map[int]string // line: part of what is said
	}{
		"many": {`format: 1
off: [R99]
patterns:
  - id: R01
    weight: S
    from: "{F}"
    to: ["{P}"]
    why: {en: "again"}
  - id: x
    weight: heavy
    from: "president@bank.example"
    to: ["{P}\nDATA"]
    needs: [money]
    why: {en: "x"}
  - id: X02
    weight: S
    from: "{F}>SIZE=1"
    to: ["victim@example.com"]
    why: {en: "x"}
  - id: X03
    weight: S
    from: "{Q}"
    to: ["{u}@{T}"]
    params: "AUTH=a b"
    helo: "a b"
    ports: [0]
    why: {en: "x"}
  - id: X04
    weight: S
    same: [R77]
    from: "{F}"
    why: {en: "x"}
  - id: X05
    colour: red
`, map[int]string{2: "no built-in test", 4: "stands here again", 9: "an id such as", 10: "a weight is", 11: "domain of a sender", 12: "printable", 13: "no need", 17: "brackets", 18: "no test names a stranger",
			22: "no place-holder", 23: "needs: [domain]", 24: "one parameter", 25: "host name", 26: "a port is", 30: "no test \"R77\"", 33: "no weight", 34: "unknown key"}},
		"format": {"format: 2\n", map[int]string{1: "format: 1"}},
		"none":   {"patterns: []\n", map[int]string{1: "format: 1"}},
	} {
		_, err := Load(builtin(t), "own.yaml", []byte(tc.own))
		var m *strictyaml.Mistakes
		if !errors.As(err, &m) {
			t.Fatalf("%s: %v", name, err)
		}
		for line, part := range tc.want {
			if !slices.ContainsFunc(m.List, func(x strictyaml.Mistake) bool { return x.Line == line && strings.Contains(x.Text, part) }) {
				t.Errorf("%s: line %d does not say %q:\n%v", name, line, part, err)
			}
		}
	}
}

// FuzzLoad: whatever a file holds, what comes out of it makes envelopes of one line that name no stranger.
func FuzzLoad(f *testing.F) {
	f.Add("format: 1\noff: [R12]\npatterns:\n  - {id: X01, weight: W, from: \"spamtest@{T}\", to: [\"{u}%{d}@localhost\"], needs: [domain], why: {en: own}}\n")
	f.Add("format: 1\npatterns:\n  - {id: X01, weight: S, helo: \"{H}\", from: \"<>\", to: [\"@{H}:{u}@{d}\"], params: \"AUTH={U}@{T}\", needs: [domain, account], also: [{helo: localhost}], why: {en: own}}\n")
	f.Add("format: 1\npatterns:\n  - {id: X02, weight: S, same: [R01], ports: [25], why: {en: own}}\n")
	base := []byte("format: 1\npatterns: []\n")
	f.Fuzz(func(t *testing.T, own string) {
		table, err := Load(base, "own.yaml", []byte(own))
		if err != nil {
			return
		}
		for _, p := range table.Ordered() {
			for _, form := range p.Forms {
				filled, err := form.Fill(values())
				if err != nil {
					continue
				}
				for _, line := range append(filled.Rcpt(), filled.Mail(), "EHLO "+filled.Helo) {
					if strings.IndexFunc(line, func(r rune) bool { return r < ' ' || r > '~' }) >= 0 || strings.Count(line, "<") > 1 || strings.Count(line, ">") > 1 {
						t.Fatalf("%q", line)
					}
				}
				for _, to := range form.To {
					if w := words(to); strings.ContainsAny(w, "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789{}") {
						t.Fatalf("%q names a stranger", to)
					}
				}
			}
		}
	})
}
