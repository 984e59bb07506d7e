package hygiene

import (
	"encoding/json"
	"errors"
	"io"
	"slices"
	"strings"
	"sync/atomic"
	"testing"

	"hikeshi/actions/smtpcheck/consent"
	"hikeshi/actions/smtpcheck/hygiene/compare"
	"hikeshi/actions/smtpcheck/hygiene/session"
	"hikeshi/actions/smtpcheck/recorder"
	"hikeshi/runbook"
)

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

// believer is an E-Post server that refuses its own senders without a login, and believes them once believing is set.
func believer(t *testing.T, believing *atomic.Bool) *recorder.Server {
	s := closed(t)
	s.Banner = "220 mail.example.jp E-POST ESMTP Receiver 5.00"
	instead(s, "MAIL", func(arg string) string {
		return map[bool]string{true: "250 2.1.0 ok"}[believing.Load() && strings.Contains(arg, "@example.jp>")]
	})
	instead(s, "VRFY", func(arg string) string {
		return map[bool]string{true: "250 2.1.5 Taro"}[believing.Load() && strings.HasPrefix(arg, "taro")]
	})
	return s
}

// TestSideEffects: what becomes worse by a login that Hikeshi demanded is told with its cause and what to make of it; nothing else is.
func TestSideEffects(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		demand func() Demand
		server string
		want   int
	}{
		"a step of the incident": {func() Demand { return Demand{"20261121-0312", "fix_relay"} }, "", 2},
		"no step":                {func() Demand { return Demand{} }, "", 0},
		"nothing known":          {nil, "", 0},
		"another server":         {func() Demand { return Demand{"20261121-0312", "fix_relay"} }, "postfix", 0},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var believing atomic.Bool
			e := env(t, servers{25: start(t, believer(t, &believing))})
			e.Demanded = tc.demand
			before := look(t, e, Request{Server: tc.server}).Facts()
			believing.Store(true)
			r := look(t, e, Request{Server: tc.server, Before: before.Seen})
			proper(t, r)
			f := r.Facts()
			if f.Worse != 3 || f.SideEffects != tc.want || f.State != Bad {
				t.Fatalf("worse %d, side effects %d, %s: %+v", f.Worse, f.SideEffects, f.State, f.Changed)
			}
			for _, id := range []string{"H14", "H16"} {
				got := row(t, r, id, 25)
				meant := strings.Contains(got.Change.EN, "step fix_relay of incident 20261121-0312, and meant") && strings.Contains(got.Change.EN, "`hikeshi undo 20261121-0312 fix_relay`") && strings.Contains(got.Change.JA, "norelay,2 を default に変える")
				bad := slices.ContainsFunc(r.Findings(), func(f runbook.Finding) bool { return f.Level == runbook.Bad && strings.Contains(f.Text.EN, id+" ") })
				if meant != (tc.want > 0) || bad != (tc.want == 0) {
					t.Errorf("%s, bad %v: %s", id, bad, got.Change.EN)
				}
			}
			if tc.want > 0 && (!has(r.Findings(), "to be changed: H01, H03 (server: E-Post); side effects that are meant: H14, H16") || !has(r.Findings(), "3 worse, 4 changed in all; 2 of the worse are side effects")) {
				t.Errorf("%v", r.Findings())
			}
		})
	}
}

// TestOtherVantage: one look from outside and the other from inside are compared in what does not depend on it.
func TestOtherVantage(t *testing.T) {
	t.Parallel()
	e := env(t, servers{25: start(t, closed(t))})
	before := look(t, e, Request{}).Facts()
	e.Relay.Dial = fromInside(e.Relay.Dial)
	r := look(t, e, Request{Before: before.Seen})
	const want = "192.0.2.25:25: asked from outside before and from inside now: H05, H13, H14, H16, H18, RFC10 are not comparable"
	if f := r.Facts(); f.Better != 0 || f.Worse != 0 || !has(r.Findings(), want) || !has(r.Remarks(), want) {
		t.Errorf("%+v\n%v", f.Changed, r.Findings())
	}
	for _, d := range r.Differences() {
		if d.VantageBefore != "outside" || d.VantageNow != "inside" || d.Comparable == session.DependsOnVantage(d.ID) {
			t.Errorf("%+v", d)
		}
	}
}

// TestMatched: a listener that the earlier look was not at is refused before anything is said, where that is wanted; else it is left out.
func TestMatched(t *testing.T) {
	t.Parallel()
	s := start(t, closed(t))
	e := env(t, servers{25: s})
	q := Request{Targets: []string{"192.0.2.25:25"}, Before: []string{"H03 192.0.2.25:587 outside bad 250/550", "H03 192.0.2.26:25 outside bad 250/550"}, Fast: true, Matched: true}
	if _, err := e.Hygiene(t.Context(), q); !errors.Is(err, runbook.ErrInput) || !strings.Contains(err.Error(), "comparing 192.0.2.25:25: the incident looked at 192.0.2.25:587, 192.0.2.26:25 only") || len(s.Said()) > 0 {
		t.Errorf("%v, said %v", err, s.Said())
	}
	q.Matched = false
	r := look(t, e, q)
	if f := r.Facts(); f.Better != 0 || f.Worse != 0 || !has(r.Findings(), "192.0.2.26:25: looked at before, and not asked now") || slices.ContainsFunc(f.Changed, func(d compare.Difference) bool { return d.Before != "" }) {
		t.Errorf("%+v\n%v", f.Changed, r.Findings())
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
