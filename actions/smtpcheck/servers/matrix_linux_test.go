package servers

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"net"
	"net/netip"
	"os"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"hikeshi/actions/smtpcheck/relay"
	"hikeshi/actions/smtpcheck/relaytest"
	"hikeshi/actions/smtpcheck/target"
)

var update = flag.Bool("update", false, "write the golden files")

// noNames is the resolver of a tester that is given addresses only.
type noNames struct{}

func (noNames) LookupNetIP(context.Context, string, string) ([]netip.Addr, error) {
	return nil, errors.New("no such host")
}

// relayTest makes the relay test, as a tester who owns the server and stands outside of it.
func relayTest(t *testing.T, w *world, q relaytest.Request) relaytest.Report {
	t.Helper()
	builtin, err := os.ReadFile("../../../templates/relaytests.yaml")
	if err != nil {
		t.Fatal(err)
	}
	d := net.Dialer{}
	env := relaytest.Env{Builtin: builtin, Clock: time.Now, Dial: d.DialContext, Wait: 20 * time.Second, Receiver: clientIP + ":25",
		Book: target.Book{Resolver: noNames{}, Clock: time.Now, Own: []netip.Prefix{netip.MustParsePrefix(serverIP + "/32")}}}
	if q.Deliver {
		env.Book.File = consentFile(t)
	}
	q.Targets, q.Account, q.Backup, q.FailingLogin, q.Fast = []string{serverIP + ":25"}, "taro@example.jp", "backup.example", true, true
	if w.logins {
		q.Targets, q.POP = append(q.Targets, serverIP+":465", serverIP+":587"), true
		env.Login = func() (*relay.Login, error) { return &relay.Login{User: loginUser, Password: loginPassword}, nil }
	}
	var rep relaytest.Report
	w.outside(func() { rep, err = env.RelayTest(t.Context(), q) })
	if err != nil {
		t.Fatal(err)
	}
	if l := rep.Listeners[0]; l.Vantage.Inside || l.Vantage.Seen.IsValid() && l.Vantage.Seen.String() != clientIP {
		t.Errorf("the tester stands inside: %+v", l.Vantage)
	}
	return rep
}

// An answer is what one server has shown to the relay test and to others.
type answer struct {
	facts relaytest.Facts
	nmap  []string        // the relay tests that it says are taken
	swaks map[string]bool // whether it was taken, by relay test
}

// atOnce is how many servers are asked at the same time: most of what they do is wait.
const atOnce = 4

// TestServers: what every server answers to every test, and what nmap and swaks say of the same server.
func TestServers(t *testing.T) {
	needServers(t)
	servers := all()
	answers := make([]answer, len(servers))
	t.Run("asked", func(t *testing.T) {
		slots := make(chan bool, atOnce)
		var wait sync.WaitGroup
		for i, s := range servers {
			wait.Go(func() {
				slots <- true
				defer func() { <-slots }()
				t.Run(s.name, func(t *testing.T) { answers[i] = ask(t, s) })
			})
		}
		wait.Wait()
	})
	if t.Failed() {
		return
	}
	t.Run("matrix", func(t *testing.T) { golden(t, matrix(servers, answers)) })
	t.Run("others", func(t *testing.T) { compare(t, servers, answers) })
}

// ask asks a server in every way. The others ask port 25 of one that was started anew: servers count what a client does.
func ask(t *testing.T, s server) answer {
	rep := relayTest(t, start(t, s), relaytest.Request{})
	a := answer{facts: rep.Facts(), swaks: map[string]bool{}}
	if l := a.facts.Listeners[0]; a.facts.State != s.state || l.Control != "passed" || a.facts.Inside {
		t.Errorf("%s, want %s; controls %s, inside %v\n%s", a.facts.State, s.state, l.Control, a.facts.Inside, rep.Log)
	}
	t.Logf("the relay test took %s", rep.Took.Round(time.Millisecond))
	w := start(t, s)
	a.nmap = nmap(t, w)
	for _, x := range at(a.facts, serverIP+":25") {
		if slices.Contains(ofSwaks(), x.ID) {
			a.swaks[x.ID] = swaks(t, w, x)
		}
	}
	return a
}

// golden compares with testdata/matrix.txt.
func golden(t *testing.T, got string) {
	if *update {
		if err := os.WriteFile("testdata/matrix.txt", []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile("testdata/matrix.txt")
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(strings.Split(string(want), "\n"), strings.Split(got, "\n")); diff != "" {
		t.Errorf("testdata/matrix.txt (-want +got):\n%s", diff)
	}
}

// matrix is the golden file: a row for each test, a column for each server.
func matrix(servers []server, answers []answer) string {
	var b strings.Builder
	b.WriteString(legend)
	var head, tail []string
	var columns [][]relaytest.Test
	for i, s := range servers {
		for _, l := range answers[i].facts.Listeners {
			name, tests := s.name, at(answers[i].facts, l.Listener)
			if _, port, _ := strings.Cut(l.Listener, ":"); port != "25" {
				name = port
			}
			head, tail, columns = append(head, name), append(tail, l.State), append(columns, tests)
		}
	}
	row := func(id string, cells []string) {
		line := fmt.Sprintf("%-8s", id)
		for _, c := range cells {
			line += fmt.Sprintf("%-20s", c)
		}
		b.WriteString(strings.TrimRight(line, " ") + "\n")
	}
	row("", head)
	for i, first := range columns[0] {
		var cells []string
		for _, tests := range columns {
			cells = append(cells, cell(tests[i]))
		}
		row(first.ID, cells)
	}
	row("state", tail)
	b.WriteString(notes)
	return b.String()
}

// at are the tests at one listener, the controls first.
func at(f relaytest.Facts, listener string) []relaytest.Test {
	return slices.DeleteFunc(slices.Concat(f.Controls, f.Tests), func(x relaytest.Test) bool { return x.Listener != listener })
}

// cell is a test in the matrix.
func cell(x relaytest.Test) string {
	code, _, _ := strings.Cut(x.Reply, " ")
	switch x.Verdict {
	case "passed":
		return code + " ok"
	case "suspect", "weak-suspect":
		if strings.HasPrefix(x.Why.EN, "taken once") {
			return code + " once"
		}
		return code + map[string]string{"suspect": " HIT", "weak-suspect": " weak"}[x.Verdict]
	case "refused-soft":
		return code + " soft"
	case "refused-at-mail":
		return code + " MAIL"
	case "refused":
		return code
	case "not-run":
		for part, word := range map[string]string{"offers no AUTH": "no AUTH", "no test account": "no account", "only asked on": "port", "greets us with 421": "421"} {
			if strings.Contains(x.Why.EN, part) {
				return "- " + word
			}
		}
	}
	return strings.TrimSpace(code + " " + x.Verdict)
}
