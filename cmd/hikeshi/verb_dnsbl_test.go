package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"hikeshi/actions/dnsbl/ask/play"
)

// dnsbl runs the verb with a configuration and returns the exit code and what was written.
func dnsblRun(t *testing.T, lang, config string, args ...string) (code int, out string) {
	t.Helper()
	dir := t.TempDir()
	file := filepath.Join(dir, "config.yaml")
	fine(t, os.WriteFile(file, []byte(config), 0o600))
	var stdout, stderr bytes.Buffer
	a := &app{stdin: strings.NewReader(""), stdout: &stdout, stderr: &stderr, now: time.Now, said: map[string]bool{},
		getenv: func(name string) string { return map[string]string{"HIKESHI_STATE": dir}[name] }}
	a.flags = globalFlags{config: file, root: dir, lang: lang, output: "text", color: "never"}
	if len(args) > 0 && args[len(args)-1] == "--json" {
		a.flags.output, args = "json", args[:len(args)-1]
	}
	cmd := a.dnsblVerb()
	cmd.SilenceErrors, cmd.SilenceUsage = true, true
	cmd.SetArgs(args)
	cmd.SetOut(&stdout)
	err := cmd.ExecuteContext(t.Context())
	if err != nil && codeOf(err) != exitFound && codeOf(err) != exitUndetermined {
		stdout.WriteString(err.Error() + "\n" + hintOf(err) + "\n")
	}
	for l := range strings.Lines(stdout.String()) {
		if a.flags.output == "text" && codeOf(err) != exitUsage && cells.StringWidth(strings.TrimSuffix(l, "\n")) > width {
			t.Errorf("more than %d columns: %s", width, l)
		}
	}
	return codeOf(err), stdout.String()
}

// lists is a DNS in which every list keeps its test entries, and two list the server.
func dnsblLists(q play.Query) play.Answer {
	for _, entry := range []string{"2.0.0.127.", "2.0.0.0.0.0.f.7.f.f.f.f.", "test.", "dbltest.com.", "_dnsbl_.test."} {
		if strings.HasPrefix(q.Name, entry) {
			return play.Answer{Addrs: []string{"127.0.0.2"}}
		}
	}
	return map[string]play.Answer{
		"25.113.0.203.zen.spamhaus.org":       {Addrs: []string{"127.0.0.4"}, Texts: []string{`\027[31mhttps://check.spamhaus.org/query/ip/203.0.113.25`}},
		"25.113.0.203.dnsbl-3.uceprotect.net": {Addrs: []string{"127.0.0.2"}},
		"25.113.0.203.in-addr.arpa":           {Names: []string{"mail1.example.jp"}},
		"26.113.0.203.in-addr.arpa":           {Names: []string{"mail1.example.jp"}},
		"mail1.example.jp":                    {Addrs: []string{"203.0.113.25", "203.0.113.26"}},
	}[q.Name]
}

func TestDNSBLVerb(t *testing.T) {
	s := play.Start(t, dnsblLists)
	lists := filepath.Join(t.TempDir(), "lists.yaml")
	own := "lists:\n"
	for _, id := range []string{"abusix-combined", "trend-ers-rbl", "spamrats-all"} {
		own += "  - {id: " + id + ", off: true}\n"
	}
	fine(t, os.WriteFile(lists, []byte(own), 0o600))
	config := fmt.Sprintf("dns: {resolvers: [%q], lists: %q}\nown: {addresses: [203.0.113.25], domains: [example.jp], hostname: mail1.example.jp}\n", s.Addr, lists)
	code, out := dnsblRun(t, "en", config, "check")
	tier1, _, _ := strings.Cut(out, "\n2 ")
	if code != exitFound || !strings.Contains(strings.SplitN(out, "\n", 3)[1], "1       Spamhaus ZEN                    203.0.113.25                LISTED") || strings.ContainsRune(out, 0x1b) {
		t.Errorf("exit %d\n%s", code, out)
	}
	if strings.Contains(tier1, "not tested") || !strings.Contains(out, "UCEPROTECT Level 3 (ASN)        203.0.113.25                LISTED") {
		t.Errorf("%s", out)
	}
	if code, out := dnsblRun(t, "ja", config, "check", "203.0.113.25"); code != exitFound || !strings.Contains(out, "掲載") || !strings.Contains(out, "203.0.113.25 は Spamhaus ZEN に掲載") {
		t.Errorf("exit %d\n%s", code, out)
	}
	if code, out := dnsblRun(t, "en", config, "check", "203.0.113.26"); code != exitOK || strings.Contains(out, "LISTED") {
		t.Errorf("not listed: exit %d\n%s", code, out)
	}
	code, out = dnsblRun(t, "en", config, "check", "--json")
	var doc dnsblDocument
	if err := json.Unmarshal([]byte(out), &doc); err != nil || code != exitFound {
		t.Fatalf("exit %d, %v\n%s", code, err, out)
	}
	first := doc.Results[0]
	if doc.Version != 1 || doc.Kind != "dnsbl" || doc.Resolver != s.Addr.String() || first.Outcome != "listed" || first.List != "spamhaus-zen" || first.Codes[0] != "127.0.0.4" || first.Tier != 1 ||
		!strings.HasSuffix(first.Text, "https://check.spamhaus.org/query/ip/203.0.113.25") {
		t.Errorf("%+v %+v", doc.Version, first)
	}
	states := map[string]string{}
	for _, z := range doc.Zones {
		states[z.List] = z.State
	}
	if len(states) != 78 || states["spamhaus-zen"] != "healthy" || states["spamhaus-sbl"] != "covered" || states["spamrats-all"] != "untried" || states["msbl-ebl"] != "untried" {
		t.Errorf("%v", states)
	}
}

// TestDNSBLAlone: without a resolver that answers, nothing is said to be clean.
func TestDNSBLAlone(t *testing.T) {
	pc, err := net.ListenPacket("udp", "127.0.0.1:0")
	fine(t, err)
	addr := pc.LocalAddr().String()
	pc.Close()
	code, out := dnsblRun(t, "en", fmt.Sprintf("dns: {resolvers: [%q]}\n", addr), "check", "203.0.113.25", "example.jp")
	if code != exitUndetermined || strings.Contains(out, "not listed") || !strings.Contains(out, "nothing could be tested") {
		t.Errorf("exit %d\n%s", code, out)
	}
	if code, out := dnsblRun(t, "en", fmt.Sprintf("dns: {resolvers: [%q]}\n", addr), "check", "192.0.2.256"); code != exitUsage || !strings.Contains(out, `"192.0.2.256" is no address`) || !strings.Contains(out, "an address is 203.0.113.25") {
		t.Errorf("exit %d\n%s", code, out)
	}
	for _, c := range [][]string{{"check", "192.0.2.25."}, {"check", "no domain"}, {"check", "--limit", "0s"}, {"zones", "main.cf"}} {
		if code, out := dnsblRun(t, "en", fmt.Sprintf("dns: {resolvers: [%q]}\n", addr), c...); code != exitUsage {
			t.Errorf("%v: exit %d\n%s", c, code, out)
		}
	}
	if code, out := dnsblRun(t, "en", "dns: {resolvers: [dns.example.jp]}\n", "check"); code != exitUsage {
		t.Errorf("a resolver that is no address: exit %d\n%s", code, out)
	}
}

// TestDNSBLExit: a name that is known to be wrong is found, one that is not known is open, and nothing counts that a resolver says which
// cannot be believed.
func TestDNSBLExit(t *testing.T) {
	lists := filepath.Join(t.TempDir(), "lists.yaml")
	own := "lists:\n"
	for _, id := range []string{"abusix-combined", "trend-ers-rbl", "spamrats-all"} {
		own += "  - {id: " + id + ", off: true}\n"
	}
	fine(t, os.WriteFile(lists, []byte(own), 0o600))
	but := func(name string, a play.Answer) func(play.Query) play.Answer {
		return func(q play.Query) play.Answer {
			if q.Name == name {
				return a
			}
			return dnsblLists(q)
		}
	}
	for _, c := range []struct {
		what   string
		script func(play.Query) play.Answer
		args   string
		code   int
		says   string
	}{
		{"all is well", dnsblLists, "", exitOK, "leads to an outgoing address"},
		{"no reverse name", but("26.113.0.203.in-addr.arpa", play.Answer{}), "", exitFound, "has no reverse name"},
		{"a reverse name of another", but("26.113.0.203.in-addr.arpa", play.Answer{Names: []string{"mail2.example.jp"}}), "", exitFound, "does not lead back"},
		{"no HELO name", but("mail1.example.jp", play.Answer{}), "", exitFound, "has no address"},
		{"a reverse name that cannot be asked", but("26.113.0.203.in-addr.arpa", play.Answer{RCode: "SERVFAIL"}), "", exitUndetermined, "could not be asked"},
		{"a HELO name that cannot be asked", but("mail1.example.jp", play.Answer{RCode: "SERVFAIL"}), "", exitUndetermined, "could not be asked"},
		{"no time", dnsblLists, "--limit=1us", exitUndetermined, "nothing could be tested"},
		{"nothing exists", func(play.Query) play.Answer { return play.Answer{} }, "", exitUndetermined, "cannot be believed"},
		{"lists fail", func(q play.Query) play.Answer {
			if strings.HasSuffix(q.Name, ".in-addr.arpa") && len(q.Name) < 28 || strings.HasSuffix(q.Name, ".invalid") {
				return play.Answer{}
			}
			return play.Answer{RCode: "SERVFAIL"}
		}, "", exitUndetermined, "cannot be believed"},
		{"everything exists", func(play.Query) play.Answer { return play.Answer{Addrs: []string{"127.0.0.2"}} }, "", exitUndetermined, "answers 127.0.0.2 for names"},
	} {
		t.Run(c.what, func(t *testing.T) {
			t.Parallel()
			s := play.Start(t, c.script)
			config := fmt.Sprintf("dns: {resolvers: [%q], lists: %q}\nown: {addresses: [203.0.113.26], hostname: mail1.example.jp}\n", s.Addr, lists)
			args := []string{"check"}
			if c.args != "" {
				args = append(args, c.args)
			}
			code, out := dnsblRun(t, "en", config, args...)
			if plain := strings.Join(strings.Fields(out), " "); code != c.code || !strings.Contains(plain, c.says) {
				t.Errorf("exit %d, want %d and %q\n%s", code, c.code, c.says, out)
			}
			if code == exitUndetermined && strings.Contains(c.says, "believed") && strings.Contains(out, "not listed") {
				t.Errorf("called clean\n%s", out)
			}
			if _, out := dnsblRun(t, "en", config, append(args, "--json")...); c.what == "everything exists" && (strings.Contains(out, `"not-listed"`) || strings.Contains(out, `"listed"`)) {
				t.Errorf("believed\n%s", out)
			}
		})
	}
}

func TestDNSBLZones(t *testing.T) {
	code, out := dnsblRun(t, "en", "", "zones")
	if code != exitOK || !strings.Contains(out, "1       spamhaus-zen        zen.spamhaus.org                    asked") || !strings.Contains(out, "<key>.combined.mail.abusix.zone") || !strings.Contains(out, "78 lists, 48 dead ones") {
		t.Errorf("exit %d\n%s", code, out)
	}
	dir := t.TempDir()
	cf, clean := filepath.Join(dir, "main.cf"), filepath.Join(dir, "clean.cf")
	fine(t, os.WriteFile(cf, []byte("# reject_rbl_client dul.ru\nreject_rbl_client relays.ordb.org\n"), 0o600))
	fine(t, os.WriteFile(clean, []byte("reject_rbl_client zen.spamhaus.org\n"), 0o600))
	if code, out := dnsblRun(t, "en", "", "zones", "--dead", cf); code != exitFound || !strings.Contains(out, "take out relays.ordb.org") || strings.Contains(out, "dul.ru") {
		t.Errorf("exit %d\n%s", code, out)
	}
	if code, out := dnsblRun(t, "ja", "", "zones", "--dead", clean); code != exitOK || !strings.Contains(strings.Join(strings.Fields(out), ""), "停止済みのブロックリストはない") {
		t.Errorf("exit %d\n%s", code, out)
	}
	if code, out := dnsblRun(t, "en", "", "zones", "--dead", filepath.Join(dir, "none.cf"), "--json"); code != exitUndetermined || !strings.Contains(out, `"kind": "dnsbl-dead"`) {
		t.Errorf("exit %d\n%s", code, out)
	}
	if code, out := dnsblRun(t, "en", "", "zones", "--dead", cf, dir); code != exitUsage || !strings.Contains(out, dir+": it is no regular file") {
		t.Errorf("exit %d\n%s", code, out)
	}
	if code, out := dnsblRun(t, "en", "", "zones", "--dead"); code != exitUndetermined || !strings.Contains(out, "no configuration file was looked at") {
		t.Errorf("no server here: exit %d\n%s", code, out)
	}
}
