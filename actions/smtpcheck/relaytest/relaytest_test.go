package relaytest

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/netip"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"hikeshi/actions/smtpcheck/consent"
	"hikeshi/actions/smtpcheck/recorder"
	"hikeshi/actions/smtpcheck/relay/judge"
	"hikeshi/actions/smtpcheck/target"
	"hikeshi/runbook"
	"hikeshi/runbook/strictyaml"
)

type names map[string]netip.Addr

func (n names) LookupNetIP(_ context.Context, _, host string) ([]netip.Addr, error) {
	if a, ok := n[host]; ok {
		return []netip.Addr{a}, nil
	}
	return nil, errors.New("no such host")
}

// env is one whose dialer counts, and whose names are all loopback.
func env(t testing.TB) (Env, *int) {
	t.Helper()
	builtin, err := os.ReadFile("../../../templates/relaytests.yaml")
	if err != nil {
		t.Fatal(err)
	}
	dials, d := 0, net.Dialer{}
	return Env{Builtin: builtin, Clock: time.Now, Wait: time.Second, Account: "taro@example.jp", Probe: "relaytest@probe.example", Sender: "spamtest@f.example",
		Dial: func(ctx context.Context, network, address string) (net.Conn, error) {
			dials++
			return d.DialContext(ctx, network, address)
		},
		Book: target.Book{Resolver: names{"localhost": netip.MustParseAddr("127.0.0.1")}, Clock: time.Now}}, &dials
}

func start(t testing.TB, s *recorder.Server) string {
	t.Helper()
	if err := s.Start("127.0.0.1:0"); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(s.Close)
	return s.Address()
}

// consented writes a file of authorised targets that allows everything at an address.
func consented(t testing.TB, address, more string) string {
	t.Helper()
	at := netip.MustParseAddrPort(address)
	name := filepath.Join(t.TempDir(), "targets.yaml")
	text := fmt.Sprintf("format: 1\ntargets:\n  - address: %q\n    ports: [%d]\n    by: test\n    until: \"2999-12-31\"\n%s", at.Addr(), at.Port(), more)
	if err := os.WriteFile(name, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return name
}

const deliverTo = "    deliver: true\n    probe: relaytest@probe.example\n"

func free(t testing.TB) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	return l.Addr().String()
}

func TestClosed(t *testing.T) {
	e, _ := outside(t, &recorder.Server{})
	r, err := e.RelayTest(t.Context(), Request{Targets: []string{"mail.example.jp:25"}, Fast: true})
	if err != nil {
		t.Fatal(err)
	}
	f := r.Facts()
	if f.State != "safe" || f.Strong+f.Weak+f.Proven > 0 || f.Inside || len(f.Controls) != 2 || len(f.Tests) < 36 || f.Account != "taro@example.jp" || f.Listeners[0].Control != "passed" {
		t.Errorf("%+v", f)
	}
	if took := r.Took; took > 5*time.Second {
		t.Errorf("it took %s", took)
	}
	for _, x := range f.Tests {
		if x.Catches.EN == "" || x.Catches.JA == "" || x.Verdict == "not-run" && x.Why.JA == "" {
			t.Errorf("%s without words: %+v", x.ID, x)
		}
	}
	for _, f := range r.Findings() {
		if f.Text.EN == "" || f.Text.JA == "" || strings.Contains(f.Text.EN+f.Text.JA, "%!") {
			t.Errorf("finding %+v", f)
		}
	}
	back := Facts{}
	data, _ := json.Marshal(f)
	if err := json.Unmarshal(data, &back); err != nil || len(back.Tests) != len(f.Tests) {
		t.Errorf("%v", err)
	}
}

// TestPolite: at the polite default a whole test stays under a minute. It takes that minute, and is left out with -short.
func TestPolite(t *testing.T) {
	if testing.Short() {
		t.Skip("it takes 40 seconds, and -short is given")
	}
	t.Parallel()
	e, _ := outside(t, &recorder.Server{})
	r, err := e.RelayTest(t.Context(), Request{Targets: []string{"192.0.2.25:25"}})
	if err != nil || r.State() != judge.Safe || r.Took > time.Minute || r.Took < 30*time.Second {
		t.Errorf("%s, %s, %v", r.State(), r.Took, err)
	}
	t.Logf("took %s", r.Took)
}

// TestRefusals: what is refused is refused before anything is connected to.
func TestRefusals(t *testing.T) {
	e, dials := env(t)
	address := start(t, &recorder.Server{})
	e.Book.File = consented(t, "192.0.2.25:25", deliverTo)
	bad := filepath.Join(t.TempDir(), "patterns.yaml")
	if err := os.WriteFile(bad, []byte("format: 1\npatterns:\n  - {id: X01, weight: S, from: \"{F}\", to: [\"victim@example.com\"], why: {en: x}}\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	for name, tc := range map[string]struct {
		q    Request
		want error
	}{
		"a stranger":             {Request{Targets: []string{"192.0.2.99:25"}}, consent.ErrNone},
		"another port":           {Request{Targets: []string{"192.0.2.25:2525"}}, consent.ErrNone},
		"one of two":             {Request{Targets: []string{address, "192.0.2.99:25"}}, consent.ErrNone},
		"messages to own":        {Request{Targets: []string{address}, Deliver: true}, consent.ErrNone},
		"another mailbox":        {Request{Targets: []string{"192.0.2.25:25"}, Deliver: true, Probe: "x@probe.example"}, consent.ErrNone},
		"no mailbox":             {Request{Targets: []string{"192.0.2.25:25"}, Deliver: true}, runbook.ErrInput},
		"fast at a stranger":     {Request{Targets: []string{"192.0.2.25:25"}, Fast: true}, runbook.ErrInput},
		"no target":              {Request{}, runbook.ErrInput},
		"a probe in the domain":  {Request{Targets: []string{address}, Probe: "x@example.jp"}, runbook.ErrInput},
		"a sender in the domain": {Request{Targets: []string{address}, From: "x@Example.JP"}, runbook.ErrInput},
		"two lines":              {Request{Targets: []string{address}, Probe: "x@probe.example\r\nDATA"}, runbook.ErrInput},
		"two lines, account":     {Request{Targets: []string{address}, Account: "taro\r\nDATA"}, runbook.ErrInput},
		"brackets in a domain":   {Request{Targets: []string{address}, Domain: "example.jp> x"}, runbook.ErrInput},
		"a name":                 {Request{Targets: []string{"other.example"}}, runbook.ErrUndetermined},
		"no file":                {Request{Targets: []string{address}, Patterns: "/nowhere/at/all.yaml"}, runbook.ErrInput},
	} {
		if _, err := e.RelayTest(t.Context(), tc.q); !errors.Is(err, tc.want) {
			t.Errorf("%s: %v", name, err)
		}
	}
	var m *strictyaml.Mistakes
	if _, err := e.RelayTest(t.Context(), Request{Targets: []string{address}, Patterns: bad}); !errors.As(err, &m) {
		t.Errorf("a file with mistakes: %v", err)
	}
	if *dials > 0 {
		t.Errorf("%d connections were made", *dials)
	}
}

// TestNoConsentNoDATA: an open server is given no message by whoever was not allowed to send one: who did not ask for it, who has no entry, who
// has one that ended, and who only plans.
func TestNoConsentNoDATA(t *testing.T) {
	e, _ := env(t)
	s := &recorder.Server{Rcpt: func(*recorder.Client, string) string { return "250 ok" }}
	address := start(t, s)
	e.Receiver = free(t)
	allowed, ended := consented(t, address, deliverTo), consented(t, address, deliverTo)
	text, err := os.ReadFile(ended)
	if err == nil {
		err = os.WriteFile(ended, []byte(strings.Replace(string(text), "2999", "2020", 1)), 0o600)
	}
	if err != nil {
		t.Fatal(err)
	}
	for name, tc := range map[string]struct {
		file    string
		deliver bool
	}{"not asked for": {allowed, false}, "no entry": {"", true}, "no message in the entry": {consented(t, address, ""), true}, "ended": {ended, true}} {
		e.Book.File = tc.file
		_, err := e.RelayTest(t.Context(), Request{Targets: []string{address}, Fast: true, Deliver: tc.deliver, Window: time.Second})
		if tc.deliver != errors.Is(err, consent.ErrNone) {
			t.Errorf("%s: %v", name, err)
		}
	}
	e.Book.File = allowed
	if _, _, err := plan(t, e, []runbook.Change{}, map[string]any{"targets": []string{address}, "fast": true, "deliver": true}); err != nil {
		t.Error(err)
	}
	if said := strings.Join(s.Said(), "\n"); strings.Contains(said, "DATA") || strings.Count(said, "RCPT TO:") < 100 || len(s.Messages()) > 0 {
		t.Errorf("%d recipients, %d messages, DATA %v", strings.Count(said, "RCPT TO:"), len(s.Messages()), strings.Contains(said, "DATA"))
	}
}

// TestDelivered: the way of a message from the test over an open server to the receiver, and a proven open relay at its end.
func TestDelivered(t *testing.T) {
	e, _ := env(t)
	e.Receiver = free(t)
	s := &recorder.Server{Rcpt: func(c *recorder.Client, to string) string {
		return map[bool]string{true: "250 ok"}[c.From == "taro@example.jp"]
	}}
	s.Message = func(_ *recorder.Client, text string) string {
		go pass(e.Receiver, text)
		return ""
	}
	address := start(t, s)
	e.Book.File = consented(t, address, deliverTo)
	r, err := e.RelayTest(t.Context(), Request{Targets: []string{address}, Fast: true, Deliver: true, Window: 10 * time.Second, RunID: "20261121-0312"})
	if err != nil {
		t.Fatal(err)
	}
	f := r.Facts()
	if f.State != "open" || f.Proven != 1 || f.Strong != 1 || len(s.Messages()) != 1 || len(r.Arrived) != 1 {
		t.Errorf("%s, %d proven, %d strong, %d messages, %d arrived", f.State, f.Proven, f.Strong, len(s.Messages()), len(r.Arrived))
	}
	if told := r.Transcript(); !strings.Contains(told, "C: X-Hikeshi-Probe: 20261121-0312") || !strings.Contains(told, `| "Received: from the open server"`) {
		t.Errorf("transcript:\n%s", told)
	}
}

// pass hands a message on, as an open relay does.
func pass(address, text string) {
	c, err := net.Dial("tcp", address)
	if err != nil {
		return
	}
	defer c.Close()
	fmt.Fprintf(c, "MAIL FROM:<>\r\nRCPT TO:<relaytest@probe.example>\r\nDATA\r\nReceived: from the open server\r\n%s.\r\nQUIT\r\n", text)
	io.Copy(io.Discard, c)
}

// recording keeps evidence.
type recording map[string]string

func (r recording) Evidence(name string, data io.Reader) error {
	b, err := io.ReadAll(data)
	r[name] = string(b)
	return err
}
func (recording) Backup(string, io.Reader) error { return nil }
func (recording) Progress(int64, int64)          {}

func plan(t *testing.T, e Env, planned []runbook.Change, with map[string]any) (runbook.Outcome, recording, error) {
	t.Helper()
	data, err := json.Marshal(with)
	if err != nil {
		t.Fatal(err)
	}
	rec := recording{}
	out, err := Kind(e).Action.Plan(t.Context(), runbook.Input{Incident: "20261121-0312", Step: "relay", With: data, Planned: planned, Rec: rec})
	return out, rec, err
}

func TestAction(t *testing.T) {
	e, dials := env(t)
	s := &recorder.Server{Rcpt: func(*recorder.Client, string) string { return "250 ok" }}
	address := start(t, s)
	e.Book.File, e.Receiver = consented(t, address, deliverTo), free(t)
	with := map[string]any{"targets": []string{address}, "fast": true, "deliver": true, "window": "50ms", "limit": "1m"}
	out, rec, err := plan(t, e, []runbook.Change{}, with)
	if err != nil || out.Facts.(Facts).State != "suspect" || len(s.Messages()) > 0 || !strings.Contains(rec[transcript], "RCPT TO:<relaytest@probe.example>") || len(out.Changes) > 0 {
		t.Errorf("planned: %v, %d messages\n%s", err, len(s.Messages()), rec[transcript])
	}
	if out, _, err = plan(t, e, nil, with); err != nil || len(s.Messages()) == 0 || !out.Facts.(Facts).Delivered {
		t.Errorf("run: %v, %d messages", err, len(s.Messages()))
	}
	before := *dials
	out, _, err = plan(t, e, []runbook.Change{{ID: "deny.1"}}, with)
	if err != nil || out.Facts.(Facts).State != "undetermined" || *dials != before {
		t.Errorf("after changes: %v, %+v", err, out)
	}
	for name, with := range map[string]map[string]any{"window": {"targets": []string{address}, "window": "soon"}, "limit": {"targets": []string{address}, "limit": "-1s"}, "target": {"targets": []string{"192.0.2.1"}}} {
		if _, _, err := plan(t, e, nil, with); !errors.Is(err, runbook.ErrInput) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if _, _, err := plan(t, Env{}, nil, map[string]any{"targets": []string{address}}); !errors.Is(err, runbook.ErrUndetermined) {
		t.Errorf("without a network: %v", err)
	}
}
