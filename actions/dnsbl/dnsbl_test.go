package dnsbl

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"net/netip"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"hikeshi/actions/dnsbl/ask"
	"hikeshi/actions/dnsbl/ask/play"
	"hikeshi/actions/dnsbl/survey"
	"hikeshi/runbook"
	"hikeshi/runbook/strictyaml"
)

var update = flag.Bool("update", false, "write the golden files")

const key = "k3yofthecustomer0123456789"

// recorder keeps what is kept.
type recorder struct {
	mu       sync.Mutex
	evidence bytes.Buffer
	steps    int
}

func (r *recorder) Evidence(_ string, data io.Reader) error {
	_, err := io.Copy(&r.evidence, data)
	return err
}
func (r *recorder) Backup(string, io.Reader) error { return errors.New("a check keeps no copies") }
func (r *recorder) Progress(int64, int64) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.steps++
}

func builtin(t *testing.T) []byte {
	t.Helper()
	data, err := os.ReadFile("../../templates/dnsbl.yaml")
	if err != nil {
		t.Fatal(err)
	}
	return data
}

// internet is what DNS says here: every list keeps its test entries, and the server is on some.
func internet(q play.Query) play.Answer {
	for _, entry := range []string{"2.0.0.127.", "2.0.0.0.0.0.f.7.f.f.f.f.0.", "test.", "dbltest.com.", "surbl-org-permanent-test-point.com.", "_dnsbl_.test."} {
		if strings.HasPrefix(q.Name, entry) && !strings.HasSuffix(q.Name, ".bl.blocklist.de") && !strings.HasSuffix(q.Name, ".spamrats.com") {
			return play.Answer{Addrs: []string{"127.0.0.2"}}
		}
	}
	if below, ok := strings.CutSuffix(q.Name, "."+key+".zen.dq.spamhaus.net"); ok && below == "25.2.0.192" {
		return play.Answer{Addrs: []string{"127.0.0.4", "127.0.0.3"}, Texts: []string{"https://check.spamhaus.org/query/ip/192.0.2.25 of " + strings.ToUpper(key)}}
	}
	if strings.HasSuffix(q.Name, ".b.barracudacentral.org") {
		return play.Answer{RCode: "REFUSED"}
	}
	return map[string]play.Answer{
		"25.2.0.192.bl.spamcop.net":         {Addrs: []string{"127.0.0.2"}, Texts: []string{"Blocked, see https://www.spamcop.net/bl.shtml?192.0.2.25"}},
		"25.2.0.192.dnsbl-2.uceprotect.net": {Addrs: []string{"127.0.0.2"}},
		"25.2.0.192.all.spamrats.com":       {Addrs: []string{"127.0.0.38"}},
		"25.2.0.192.list.dnswl.org":         {Addrs: []string{"127.0.9.2"}},
		"example.jp.multi.surbl.org":        {Addrs: []string{"127.0.0.64"}},
		"25.2.0.192.in-addr.arpa":           {Names: []string{"mail1.example.jp"}},
		"mail1.example.jp":                  {Addrs: []string{"192.0.2.25"}},
	}[q.Name]
}

func env(t *testing.T, server netip.AddrPort, own string) Env {
	t.Helper()
	e := Env{Builtin: builtin(t), Resolvers: []string{server.String()}, Hostname: "mail1.example.jp", Domains: []string{"example.jp"},
		Outgoing: func(context.Context) ([]netip.Addr, error) {
			return []netip.Addr{netip.MustParseAddr("192.0.2.25"), netip.MustParseAddr("2001:db8::25"), netip.MustParseAddr("10.0.0.5"), netip.MustParseAddr("127.0.0.1")}, nil
		}}
	e.asker = func(servers []netip.AddrPort) survey.Asker { // with times that a test can wait for
		return &ask.Asker{Servers: servers, Wait: time.Second, Patience: 200 * time.Millisecond}
	}
	if own != "" {
		e.Lists = filepath.Join(t.TempDir(), "lists.yaml")
		if err := os.WriteFile(e.Lists, []byte(own), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return e
}

func plan(t *testing.T, e Env, kind, with string) (runbook.Outcome, *recorder, error) {
	t.Helper()
	rec := &recorder{}
	for _, k := range Kinds(e) {
		if k.Name == kind {
			out, err := k.Action.Plan(t.Context(), runbook.Input{Step: "s", With: json.RawMessage(with), Rec: rec})
			return out, rec, err
		}
	}
	t.Fatalf("no kind %s", kind)
	return runbook.Outcome{}, nil, nil
}

func told(out runbook.Outcome) string {
	var b strings.Builder
	for _, lang := range []string{"en", "ja"} {
		for _, f := range out.Findings {
			fmt.Fprintf(&b, "%s: %s [%s]\n", f.Level, f.Text.In(lang), f.Evidence)
		}
		b.WriteString("\n")
	}
	return b.String()
}

const ownKey = "lists:\n  - {id: spamhaus-zen, key: " + key + "}\n  - {id: abusix-combined, off: true}\n  - {id: trend-ers-rbl, off: true}\n"

// TestCheck looks the server up with the built-in table, and tells it in both languages. The key is nowhere.
func TestCheck(t *testing.T) {
	s := play.Start(t, internet)
	out, rec, err := plan(t, env(t, s.Addr, ownKey), "dnsbl.check", `{}`)
	if err != nil {
		t.Fatal(err)
	}
	text := strings.ReplaceAll(told(out), s.Addr.String(), "RESOLVER")
	file := "testdata/check.golden"
	if *update {
		if err := os.WriteFile(file, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if d := cmp.Diff(string(want), text); d != "" {
		t.Errorf("-want +got:\n%s", d)
	}
	f := out.Facts.(Facts)
	var listings []string
	for _, l := range f.Listings {
		listings = append(listings, fmt.Sprintf("%d %s %s %s", l.Tier, l.List, l.Subject, strings.Join(l.Answers, "+")))
	}
	if d := cmp.Diff([]string{"1 spamhaus-zen 192.0.2.25 127.0.0.4+127.0.0.3", "1 spamcop 192.0.2.25 127.0.0.2", "1 surbl-multi example.jp 127.0.0.64", "2 spamrats-all 192.0.2.25 127.0.0.38", "3 uceprotect-2 192.0.2.25 127.0.0.2"}, listings); d != "" {
		t.Errorf("listings: %s", d)
	}
	if f.State != "listed" || f.Worst != 1 || f.Named || strings.Join(f.Untested, " ") != "barracuda blocklist-de" {
		t.Errorf("facts: %+v", f)
	}
	facts, err := json.Marshal(out.Facts)
	if err != nil {
		t.Fatal(err)
	}
	for name, text := range map[string]string{"findings": text, "facts": string(facts), "evidence": rec.evidence.String()} {
		if strings.Contains(strings.ToLower(text), key) {
			t.Errorf("the key stands in the %s: %s", name, text)
		}
	}
	if s.Asked(key+".zen.dq.spamhaus.net") == 0 {
		t.Error("the list with the key was not asked")
	}
	for _, want := range []string{`"zone": "\u003ckey\u003e.zen.dq.spamhaus.net"`, `"ttl": 300`, `+09:00"`, `"outcome": "not-tested"`} {
		if !strings.Contains(rec.evidence.String(), want) {
			t.Errorf("no %s in the evidence", want)
		}
	}
	if rec.steps != 78 {
		t.Errorf("progress was told %d times", rec.steps)
	}
}

// TestStates: what a step may go by.
func TestStates(t *testing.T) {
	healthy := play.Start(t, internet)
	all := "lists:\n  - {id: spamhaus-zen, key: " + key + "}\n"
	for _, id := range []string{"abusix-combined", "trend-ers-rbl", "barracuda", "blocklist-de", "spamrats-all"} {
		all += "  - {id: " + id + ", off: true}\n"
	}
	for _, c := range []struct{ with, own, want string }{
		{`{"subjects":["203.0.113.1"]}`, all, "clean"},
		{`{"subjects":["203.0.113.1","203.0.113.1"]}`, ownKey, "partly"},
		{`{"subjects":["example.jp"]}`, all, "listed"},
		{`{"subjects":["192.168.0.1"]}`, all, "untested"},
	} {
		out, _, err := plan(t, env(t, healthy.Addr, c.own), "dnsbl.check", c.with)
		if err != nil {
			t.Fatal(err)
		}
		if f := out.Facts.(Facts); f.State != c.want || len(f.Subjects) > 1 {
			t.Errorf("%s: %s, want %s: %+v", c.with, f.State, c.want, f)
		}
	}
}

// TestRefused: what is asked or configured wrongly is refused before anything is asked.
func TestRefused(t *testing.T) {
	s := play.Start(t, internet)
	for _, with := range []string{`{"subjects":["no domain"]}`, `{"subjects":["localhost"]}`, `{"subjects":["\u001b[31m.example.jp"]}`, `{"subjects":["日本.example.jp"]}`, `{"limit":"0s"}`, `{"limit":"soon"}`} {
		if _, _, err := plan(t, env(t, s.Addr, ""), "dnsbl.check", with); !errors.Is(err, runbook.ErrInput) || strings.ContainsRune(err.Error(), 0x1b) {
			t.Errorf("%s: %v", with, err)
		}
	}
	if _, _, err := plan(t, env(t, s.Addr, "lists: [{id: spamcop, tier: 9}]"), "dnsbl.check", `{}`); !errors.As(err, new(*strictyaml.Mistakes)) {
		t.Errorf("a wrong own file: %v", err)
	}
	e := env(t, s.Addr, "")
	e.Lists = filepath.Join(t.TempDir(), "not-there.yaml")
	if _, _, err := plan(t, e, "dnsbl.check", `{}`); !errors.Is(err, runbook.ErrInput) {
		t.Errorf("an own file that is not there: %v", err)
	}
	e = env(t, s.Addr, "")
	e.Resolvers = []string{"dns.example.jp"}
	if _, _, err := plan(t, e, "dnsbl.check", `{}`); !errors.Is(err, runbook.ErrInput) {
		t.Errorf("a resolver that is no address: %v", err)
	}
	if n := len(s.Queries()); n != 0 {
		t.Errorf("%d queries went out", n)
	}
}

// TestMistyped: an address with a slip in it is no domain, whoever asks. A domain would be reported as not listed.
func TestMistyped(t *testing.T) {
	s := play.Start(t, internet)
	e := env(t, s.Addr, "")
	for _, one := range []string{"192.0.2.256", "192.0.2.25.", "192.000.002.025", "192.0.2", "999.1.1.1", "192.0.2.25.1", "192.0.2.2O", "192.0.2.0x19", "2001:db8::25.", "1.example.7"} {
		with, err := json.Marshal(map[string]any{"subjects": []string{one}})
		if err != nil {
			t.Fatal(err)
		}
		if _, _, err := plan(t, e, "dnsbl.check", string(with)); !errors.Is(err, runbook.ErrInput) || !strings.Contains(err.Error(), one) {
			t.Errorf("looking up %s: %v", one, err)
		}
		if err := e.CheckSubjects([]string{"example.jp", one}); !errors.Is(err, runbook.ErrInput) {
			t.Errorf("checking %s: %v", one, err)
		}
	}
	for _, c := range []struct {
		all []string
		ok  bool
	}{{nil, true}, {[]string{"192.0.2.25"}, true}, {[]string{"2001:db8::25", "10.0.0.5"}, true}, {[]string{"example.jp."}, true}, {[]string{"xn--wgv71a119e.example"}, true},
		{[]string{"10.0.0.5"}, false}, {[]string{"127.0.0.1", "::1", "fd00::1"}, false}} {
		if err := e.CheckSubjects(c.all); (err == nil) != c.ok || err != nil && !errors.Is(err, runbook.ErrInput) {
			t.Errorf("%v: %v", c.all, err)
		}
	}
	if n := len(s.Queries()); n != 0 {
		t.Errorf("%d queries went out", n)
	}
}

// TestMany: more than can be looked up at once is told, never dropped in silence.
func TestMany(t *testing.T) {
	s := play.Start(t, internet)
	e := env(t, s.Addr, "")
	e.Domains = nil
	for i := range 300 {
		e.Domains = append(e.Domains, fmt.Sprintf("d%d.example.jp", i))
	}
	e.Domains = append(e.Domains, "no domain")
	r := Report{}
	if _, err := e.subjects(t.Context(), nil, &r); err != nil || len(r.Subjects) != MaxSubjects {
		t.Fatalf("%v, %d subjects", err, len(r.Subjects))
	}
	text := ""
	for _, f := range r.Left {
		text += f.Text.EN + "\n"
	}
	for _, want := range []string{"10.0.0.5 is no public address", "127.0.0.1 is no public address", "no domain is no domain", "47 more"} {
		if !strings.Contains(text, want) {
			t.Errorf("no %q in\n%s", want, text)
		}
	}
}

// TestZones: dead lists in the server's own files; what is not there and was not named is no matter.
func TestZones(t *testing.T) {
	dir := t.TempDir()
	ordb := filepath.Join(dir, "ordb.dat")
	if err := os.WriteFile(ordb, []byte("bl.spamcop.net\nrelays.ordb.org\ndb.wpbl.info\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	e := Env{Builtin: builtin(t), Files: []string{ordb, filepath.Join(dir, "main.cf")}}
	out, _, err := plan(t, e, "dnsbl.zones", `{}`)
	if err != nil {
		t.Fatal(err)
	}
	f := out.Facts.(ZonesFacts)
	if d := cmp.Diff(ZonesFacts{Living: 67, Dead: []string{ordb + ":2 relays.ordb.org", ordb + ":3 db.wpbl.info"}, World: 1, Looked: 1, Unread: []string{}}, f); d != "" {
		t.Error(d)
	}
	out, _, err = plan(t, e, "dnsbl.zones", `{"files":["`+dir+`/main.cf"]}`)
	if f := out.Facts.(ZonesFacts); err != nil || len(f.Unread) != 1 || len(f.Dead) != 0 || f.Looked != 0 {
		t.Errorf("%v %+v", err, f)
	}
	if err := os.Remove(ordb); err != nil {
		t.Fatal(err)
	}
	out, _, err = plan(t, e, "dnsbl.zones", `{}`)
	if f := out.Facts.(ZonesFacts); err != nil || f.Looked != 0 || !strings.Contains(told(out), "warn: no configuration file was looked at") {
		t.Errorf("%v %+v\n%s", err, f, told(out))
	}
}

// TestIrregular: what is no regular file is refused where it was named, and told where it was not; a FIFO is not waited for.
func TestIrregular(t *testing.T) {
	dir := t.TempDir()
	fifo := filepath.Join(dir, "ordb.dat")
	if err := syscall.Mkfifo(fifo, 0o600); err != nil {
		t.Fatal(err)
	}
	for _, file := range []string{fifo, dir, "/dev/zero"} {
		if _, _, err := plan(t, Env{Builtin: builtin(t)}, "dnsbl.zones", `{"files":["`+file+`"]}`); !errors.Is(err, runbook.ErrInput) || !strings.Contains(err.Error(), file+": it is no regular file") {
			t.Errorf("%s: %v", file, err)
		}
		out, _, err := plan(t, Env{Builtin: builtin(t), Files: []string{file}}, "dnsbl.zones", `{}`)
		if f := out.Facts.(ZonesFacts); err != nil || len(f.Unread) != 1 || f.Looked != 0 {
			t.Errorf("%s: %v %+v", file, err, f)
		}
		if _, err := (Env{Builtin: builtin(t), Lists: file}).Table(); !errors.Is(err, runbook.ErrInput) {
			t.Errorf("%s as the own file: %v", file, err)
		}
	}
}
