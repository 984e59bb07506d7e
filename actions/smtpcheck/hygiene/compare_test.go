package hygiene

import (
	"encoding/json"
	"errors"
	"io"
	"strings"
	"testing"

	"hikeshi/actions/smtpcheck/consent"
	"hikeshi/actions/smtpcheck/recorder"
	"hikeshi/runbook"
)

func TestCompare(t *testing.T) {
	before, err := ParseSeen([]string{"H01 192.0.2.25:25 good 220", "H03 192.0.2.25:25 bad 250/550 5.1.1", "H04 192.0.2.25:25 bad 250", "H09 192.0.2.25:25 good", "H17 192.0.2.25:587 good 530"})
	if err != nil {
		t.Fatal(err)
	}
	now, err := ParseSeen([]string{"H01 192.0.2.25:25 good 220", "H03 192.0.2.25:25 good 252/252", "H04 192.0.2.25:25 unknown", "H09 192.0.2.25:25 bad PLAIN", "H20 192.0.2.25:25 good 250/550"})
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, d := range Compare(before, now) {
		got = append(got, d.String())
	}
	want := "H09 192.0.2.25:25: good -> bad (PLAIN)\nH03 192.0.2.25:25: bad (250/550 5.1.1) -> good (252/252)\nH04 192.0.2.25:25: bad (250) -> unknown\nH20 192.0.2.25:25: - -> good (250/550)\n" +
		"H17 192.0.2.25:587: good (530) -> -\nH01 192.0.2.25:25: good (220) -> good (220)"
	if strings.Join(got, "\n") != want {
		t.Errorf("%s\nwant\n%s", strings.Join(got, "\n"), want)
	}
	if d := Compare([]Seen{{"H03", "127.0.0.1:2525", "bad", "250/550"}}, []Seen{{"H03", "127.0.0.1:2626", "good", "252/252"}}); len(d) != 1 || !d[0].Better() {
		t.Errorf("single listeners: %v", d)
	}
	if len(Compare(nil, nil)) > 0 {
		t.Error("something of nothing")
	}
	for _, s := range []string{"", "H03", "H03 x", "H03 192.0.2.25:25 fine", "X03 192.0.2.25:25 good", "H03 192.0.2.25:25 good\nmore"} {
		if _, err := ParseSeen([]string{s}); !errors.Is(err, runbook.ErrInput) {
			t.Errorf("%q: %v", s, err)
		}
	}
	if _, err := ParseSeen(make([]string, maxSeen+1)); !errors.Is(err, runbook.ErrInput) {
		t.Errorf("too many: %v", err)
	}
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
	out, err := Kind(e).Action.Plan(t.Context(), runbook.Input{Incident: "20261121-0312", Step: "hygiene", With: data, Planned: planned, Rec: rec})
	return out, rec, err
}

// TestBeforeAndAfter: two looks as two steps of a runbook make them, and what changed between them.
func TestBeforeAndAfter(t *testing.T) {
	t.Parallel()
	s, open := closed(t), true
	in := s.Command
	s.Command = func(c *recorder.Client, verb, arg string) string {
		if verb == "VRFY" && open {
			return map[bool]string{true: "250 2.0.0 Taro", false: "550 5.1.1 unknown"}[strings.HasPrefix(arg, "taro")]
		}
		return in(c, verb, arg)
	}
	e := env(t, servers{25: start(t, s)})
	with := map[string]any{"targets": []string{"192.0.2.25:25"}, "fast": true, "limit": "1m"}
	out, rec, err := plan(t, e, []runbook.Change{}, with)
	before, first := out.Facts.(Facts), out
	if err != nil || before.VRFY != "250 2.0.0/550 5.1.1" || before.Compared || !strings.Contains(rec[transcript], "C: VRFY taro") {
		t.Fatalf("%v, %+v", err, before)
	}
	open = false
	with["before"] = before.Seen
	out, _, err = plan(t, e, nil, with)
	now := out.Facts.(Facts)
	if err != nil || !now.Compared || now.Better != 1 || now.Worse != 0 || len(now.Changed) != 1 || now.Changed[0].ID != "H03" || now.VRFY != "252 2.0.0/252 2.0.0" {
		t.Fatalf("%v, %+v", err, now.Changed)
	}
	if has(out.Findings, "H14 user to user") || has(out.Findings, "H15 not-run") || !has(first.Findings, "H07 TLS and certificate") || has(out.Findings, "H07 TLS and certificate") {
		t.Errorf("what is as before is told again, or was not told first: %v", out.Findings)
	}
	if !has(out.Findings, "1 better, 0 worse") || !has(out.Findings, "H03 192.0.2.25:25: bad (250 2.0.0/550 5.1.1) -> good (252 2.0.0/252 2.0.0)") {
		t.Errorf("%v", out.Findings)
	}
}

func TestAction(t *testing.T) {
	t.Parallel()
	s := start(t, closed(t))
	e := env(t, servers{25: s})
	with := map[string]any{"targets": []string{"192.0.2.25:25"}, "fast": true, "deliver": true}
	out, _, err := plan(t, e, []runbook.Change{}, with)
	if err != nil || !has(out.Findings, "sent in a run only") || out.Facts.(Facts).Delivered {
		t.Errorf("%v", err)
	}
	said := len(s.Said())
	out, _, err = plan(t, e, []runbook.Change{{ID: "deny.1"}}, with)
	if err != nil || out.Facts.(Facts).State != Unknown || len(s.Said()) != said {
		t.Errorf("after changes: %v", err)
	}
	for name, tc := range map[string]struct {
		with map[string]any
		want error
	}{
		"limit":      {map[string]any{"targets": []string{"192.0.2.25:25"}, "limit": "soon"}, runbook.ErrInput},
		"a stranger": {map[string]any{"targets": []string{"192.0.2.99"}}, consent.ErrNone},
		"a server":   {map[string]any{"targets": []string{"192.0.2.25:25"}, "server": "courier"}, runbook.ErrInput},
		"before":     {map[string]any{"targets": []string{"192.0.2.25:25"}, "before": []string{"x"}}, runbook.ErrInput},
		"an account": {map[string]any{"targets": []string{"192.0.2.25:25"}, "account": "taro\r\nDATA"}, runbook.ErrInput},
		"a name":     {map[string]any{"targets": []string{"mail.example.org"}}, runbook.ErrUndetermined},
	} {
		if _, _, err := plan(t, e, nil, tc.with); !errors.Is(err, tc.want) {
			t.Errorf("%s: %v", name, err)
		}
	}
	e.Relay.Dial = nil
	if _, _, err := plan(t, e, nil, with); !errors.Is(err, runbook.ErrUndetermined) {
		t.Errorf("without a network: %v", err)
	}
	if len(s.Said()) != said {
		t.Errorf("said %v", s.Said()[said:])
	}
}

// TestServer: whose settings are named.
func TestServer(t *testing.T) {
	t.Parallel()
	for banner, want := range map[string]string{"220 mail.example.jp ESMTP Postfix": "disable_vrfy_command", "220 mail.example.jp E-POST ESMTP Receiver 5.00": "Vrfy=0", "220 postfix.example.jp ESMTP": "E-Post: Vrfy=0"} {
		s := closed(t)
		s.Banner = banner
		s.Command = func(_ *recorder.Client, verb, arg string) string {
			return map[bool]string{true: "250 2.0.0 Taro"}[verb == "VRFY" && strings.HasPrefix(arg, "taro")]
		}
		e := env(t, servers{25: start(t, s)})
		e.Server = "epms"
		if got := row(t, look(t, e, Request{}), "H03", 25); !strings.Contains(got.Change.EN, want) {
			t.Errorf("%s: %s", banner, got.Change.EN)
		}
		if got := row(t, look(t, e, Request{Server: "exim"}), "H03", 25); !strings.Contains(got.Change.EN, "Exim: Hikeshi does not know the setting") {
			t.Errorf("%s: %s", banner, got.Change.EN)
		}
	}
}
