package servers

import (
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

	"hikeshi/actions/smtpcheck/hygiene"
	"hikeshi/actions/smtpcheck/relaytest"
	"hikeshi/actions/smtpcheck/target"
)

// hygieneLegend stands above the hygiene matrix.
const hygieneLegend = `# What every server shows to every hygiene test, asked from outside without a test account: the verdict, and the codes that it rests on.
# The servers are as Debian installs them, told their names only, and the stand-in for E-Post. Made by: go test -run Hygiene -update

`

// hygieneOf makes the hygiene test, as a tester who owns the server and stands outside of it.
func hygieneOf(t *testing.T, w *world) hygiene.Facts {
	t.Helper()
	read := func(name string) []byte {
		data, err := os.ReadFile("../../../templates/" + name)
		if err != nil {
			t.Fatal(err)
		}
		return data
	}
	d := net.Dialer{}
	env := hygiene.Env{Words: read("hygiene.yaml"), Relay: relaytest.Env{Builtin: read("relaytests.yaml"), Clock: time.Now, Dial: d.DialContext, Wait: 20 * time.Second,
		Book: target.Book{Resolver: noNames{}, Clock: time.Now, Own: []netip.Prefix{netip.MustParsePrefix(serverIP + "/32")}}}}
	var rep hygiene.Report
	var err error
	w.outside(func() {
		rep, err = env.Hygiene(t.Context(), hygiene.Request{Targets: []string{serverIP + ":25"}, Account: "taro@example.jp", Fast: true})
	})
	if err != nil {
		t.Fatal(err)
	}
	f := rep.Facts()
	if f.Inside || strings.Contains(rep.Transcript(), "C: DATA") {
		t.Errorf("inside: %v\n%s", f.Inside, rep.Log)
	}
	t.Logf("it took %s\n%s", rep.Took.Round(time.Millisecond), rep.Log)
	return f
}

// TestHygiene: what the servers as they are installed show to every hygiene test, and that each is recognised.
func TestHygiene(t *testing.T) {
	needServers(t)
	var asked []server
	for _, s := range all() {
		if strings.HasSuffix(s.name, "-closed") {
			asked = append(asked, s)
		}
	}
	facts := make([]hygiene.Facts, len(asked))
	t.Run("asked", func(t *testing.T) {
		var wait sync.WaitGroup
		for i, s := range asked {
			wait.Go(func() { t.Run(s.name, func(t *testing.T) { facts[i] = hygieneOf(t, start(t, s)) }) })
		}
		wait.Wait()
	})
	if t.Failed() {
		return
	}
	for i, s := range asked {
		name := strings.TrimSuffix(s.name, "-closed")
		if want := map[string]string{"epost": "epms"}[name]; facts[i].Server != name && facts[i].Server != want {
			t.Errorf("%s is taken for %q", s.name, facts[i].Server)
		}
	}
	got := hygieneMatrix(asked, facts)
	const file = "testdata/hygiene.txt"
	if *update {
		if err := os.WriteFile(file, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(strings.Split(string(want), "\n"), strings.Split(got, "\n")); diff != "" {
		t.Errorf("%s (-want +got):\n%s", file, diff)
	}
}

// hygieneMatrix is the golden file: a row for each test, a column for each server.
func hygieneMatrix(servers []server, facts []hygiene.Facts) string {
	var b strings.Builder
	b.WriteString(hygieneLegend)
	line := func(id string, cells []string) {
		text := fmt.Sprintf("%-8s", id)
		for _, c := range cells {
			text += fmt.Sprintf("%-44s", c)
		}
		b.WriteString(strings.TrimRight(text, " ") + "\n")
	}
	var names []string
	for _, s := range servers {
		names = append(names, s.name)
	}
	line("", names)
	for i, first := range facts[0].Rows {
		var cells []string
		for _, f := range facts {
			c := strings.TrimRight(f.Rows[i].Verdict+" "+f.Rows[i].Codes, " ")
			if len(c) > 43 {
				c = c[:41] + ".."
			}
			cells = append(cells, c)
		}
		line(first.ID, cells)
	}
	for i := range facts[0].RFC {
		var cells []string
		for _, f := range facts {
			cells = append(cells, f.RFC[i].State)
		}
		if slices.ContainsFunc(cells, func(s string) bool { return s != hygiene.NotSeen }) {
			line("RFC "+facts[0].RFC[i].ID, cells)
		}
	}
	return b.String()
}
