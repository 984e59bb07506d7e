package servers

import (
	"fmt"
	"slices"
	"strings"
	"testing"
)

// A difference is where another program and the relay test do not say the same of a server, and why that is so.
type difference struct {
	who, server string
	ids         []string
	why         string
}

// differences are all that there are: one that is not here fails the test, and one that is here and does not show does so too.
func differences() []difference {
	const (
		literal = "nmap's sender is at the server's own address, which this server trusts (R09); the relay test asks about recipients as a stranger"
		errors  = "a sender at an address literal is a syntax error to Exim, and it hangs up after some of them: nmap makes no more tests, and counts the error as one that was taken"
		lines   = "swaks takes the second line of E-Post's answer to EHLO for the answer to MAIL, and the third for that to RCPT: it says taken whatever the server says"
	)
	return []difference{
		{"nmap", "sendmail-local-from", []string{"R14", "R15", "R18", "R19", "R21", "R24", "R25", "R26", "R27", "R28"}, literal},
		{"nmap", "exim-closed", []string{brokenOff}, errors},
		{"nmap", "exim-relay-nets", []string{brokenOff}, errors},
		{"nmap", "exim-relay-nets", []string{"R25"}, "nmap's sender at an address literal is refused at MAIL"},
		{"swaks", "epost-closed", []string{"R01", "R03", "R05", "R06", "R17", "R32.2"}, lines},
		{"swaks", "epost-default", []string{"R01", "R03", "R05", "R17", "R32.2"}, lines},
		{"swaks", "epost-own-domain", []string{"R01", "R03", "R17", "R32.2"}, lines},
	}
}

// compare holds what nmap and swaks say against the relay test.
func compare(t *testing.T, servers []server, answers []answer) {
	var got, want []string
	note := func(who, server, id string, taken bool, verdict string) {
		ours := verdict == "suspect" || verdict == "weak-suspect"
		if ours != taken {
			got = append(got, fmt.Sprintf("%s %s %s", who, server, id))
		}
	}
	for i, s := range servers {
		verdicts := map[string]string{}
		for _, x := range at(answers[i].facts, serverIP+":25") {
			verdicts[x.ID] = x.Verdict
		}
		for _, x := range ofNmap() {
			note("nmap", s.name, x.id, slices.Contains(answers[i].nmap, x.id), verdicts[x.id])
		}
		if slices.Contains(answers[i].nmap, brokenOff) {
			got = append(got, fmt.Sprintf("nmap %s %s", s.name, brokenOff))
		}
		for id, taken := range answers[i].swaks {
			note("swaks", s.name, id, taken, verdicts[id])
		}
	}
	for _, d := range differences() {
		for _, id := range d.ids {
			want = append(want, fmt.Sprintf("%s %s %s", d.who, d.server, id))
		}
	}
	slices.Sort(got)
	for _, g := range got {
		if !slices.Contains(want, g) {
			t.Errorf("%s: they do not say the same, and nobody says why", g)
		}
	}
	for _, w := range want {
		if !slices.Contains(got, w) {
			t.Errorf("%s: they say the same, and should not: %s", w, reason(w))
		}
	}
}

// reason is why a difference is there.
func reason(w string) string {
	for _, d := range differences() {
		if strings.HasPrefix(w, d.who+" "+d.server+" ") && slices.Contains(d.ids, strings.TrimPrefix(w, d.who+" "+d.server+" ")) {
			return d.why
		}
	}
	return ""
}
