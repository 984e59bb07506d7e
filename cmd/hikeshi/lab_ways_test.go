package main

import (
	"encoding/json"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"hikeshi/actions/service"
	"hikeshi/actions/smtpcheck/denied"
	"hikeshi/actions/smtpcheck/relay/judge"
	"hikeshi/actions/smtpcheck/relaytest"
	"hikeshi/runbook"
	"hikeshi/runbook/engine/planner"
	"hikeshi/spool/lab"
	labjudge "hikeshi/spool/lab/judge"
	"hikeshi/spool/lab/ways"
)

// labOpen builds the lab of a scenario that is open in a way, boots it, and returns what the rehearsal tests it with.
func labOpen(t *testing.T, scenario string, way ways.Way) (*rehearsal, *world) {
	t.Helper()
	s, _ := lab.Find(scenario)
	s.Way = way
	a := &app{stdout: io.Discard, stderr: io.Discard, now: time.Now, getenv: func(string) string { return "" }}
	r := &rehearsal{app: a, dir: t.TempDir(), scenario: s}
	fine(t, r.prepare(t.Context()))
	t.Cleanup(r.end)
	fine(t, r.stage.boot(t.Context()))
	w, err := r.labWorld(r.server(), service.Env{Manager: r.lab.Machine, Processes: r.lab.Machine, UnitDir: r.lab.UnitDir()}, r.dir)
	fine(t, err)
	return r, w
}

// TestRelayTestFindsEveryWay: against the stand-in that is open in one way, the relay test is taken where that way lets a stranger in, and
// nowhere else.
func TestRelayTestFindsEveryWay(t *testing.T) {
	for _, way := range ways.All() {
		t.Run(way.Name, func(t *testing.T) {
			t.Parallel()
			_, w := labOpen(t, "stolen-password", way)
			r, err := w.host.SMTP.Relay.RelayTest(t.Context(), relaytest.Request{Targets: []string{"192.0.2.25"}, Account: "hanako@example.jp"})
			fine(t, err)
			var taken, unasked []string // a tester names so many recipients, and no more
			for _, l := range r.Listeners {
				if l.At.Port() == 25 && (l.Control != judge.ControlPassed || l.Vantage.Inside || len(l.Results) < 30) {
					t.Errorf("%s: control %s, vantage %+v, %d results", l.Listener(), l.Control, l.Vantage, len(l.Results))
				}
				for _, x := range l.Results {
					switch {
					case x.Verdict.Hit():
						taken = append(taken, x.ID)
					case x.Verdict == judge.NotRun && l.At.Port() == 25:
						unasked = append(unasked, x.ID)
					}
				}
			}
			want := slices.DeleteFunc(slices.Clone(way.Tests), func(id string) bool { return slices.Contains(unasked, id) })
			if slices.Sort(taken); !slices.Equal(taken, want) || len(want) < len(way.Tests) && way.Name != "everyone" {
				t.Errorf("taken: %v\nwant   %v of %v\n%s", taken, want, way.Tests, r.Transcript())
			}
			state := judge.Safe
			if len(way.Tests) > 0 {
				state = judge.Doubtful
			}
			if r.State() != state || strings.Contains(r.Transcript(), "C: DATA") {
				t.Errorf("state %s, want %s", r.State(), state)
			}
		})
	}
}

// TestDeniedFindsTheLogin: a denial of the stand-in is verified from the denied address; where a login walks around it, that is found.
func TestDeniedFindsTheLogin(t *testing.T) {
	for _, c := range []struct{ way, lines, want string }{
		{"closed", "203.0.113.9 false\nspam.example.com false\n", "203.0.113.9 denied refused; spam.example.com denied refused; 198.51.100.9 not-denied taken"},
		{"deny-before-login", "203.0.113.9 false\nspam.example.com false\n", "203.0.113.9 denied-not-after-login taken; spam.example.com denied-not-after-login taken; 198.51.100.9 not-denied taken"},
		{"no-login", "203.0.113.9 false\n", "203.0.113.9 denied refused; spam.example.com not-denied taken; 198.51.100.9 not-denied taken relayed"},
	} {
		t.Run(c.way, func(t *testing.T) {
			t.Parallel()
			way, _ := ways.Find(c.way)
			r, w := labOpen(t, "stolen-password", way)
			file := r.lab.Config().Program("effect.dat")
			was, err := os.ReadFile(file)
			fine(t, err)
			fine(t, os.WriteFile(file, []byte(string(was)+c.lines), 0o600))
			rep, err := w.host.SMTP.Denied.Verify(t.Context(), denied.Request{Denied: []string{"203.0.113.9", "spam.example.com", "198.51.100.9"}})
			fine(t, err)
			var got []string
			for _, x := range rep.Results {
				word := fmt.Sprint(x.Denied, " ", x.Result, " ", x.Login)
				if x.Relayed {
					word += " relayed"
				}
				got = append(got, word)
				if x.Denied == "203.0.113.9" && (len(x.File) != 2 || !x.File[0].Refused || x.File[0].Line == 0) {
					t.Errorf("the file decides %+v", x.File)
				}
			}
			if s := strings.Join(got, "; "); s != c.want {
				t.Errorf("%s\nwant %s\n%s", s, c.want, rep.Transcript())
			}
			for _, secret := range r.lab.Secrets() {
				if strings.Contains(rep.Transcript(), secret) {
					t.Error("a password is told")
				}
			}
		})
	}
}

// TestNamesToldIsJudged: the judge wants of the runbook that it has seen VRFY tell names where the lab does, and nowhere else.
func TestNamesToldIsJudged(t *testing.T) {
	for name, want := range map[string]string{"closed": "not told", "names-told": "told"} {
		way, _ := ways.Find(name)
		r, w := labOpen(t, "stolen-password", way)
		out, err := w.kinds["smtp.hygiene"].Action.Plan(t.Context(), runbook.Input{With: json.RawMessage(`{"fast": true}`), Rec: planner.Recorder{Told: func(string, int64, int64) {}}})
		fine(t, err)
		raw, err := json.Marshal(out.Facts)
		fine(t, err)
		opened := runbook.Record{Event: runbook.Opened, Opening: &runbook.Opening{Steps: []runbook.StepHead{{ID: "hygiene", Uses: "smtp.hygiene"}}}}
		asked := []runbook.Record{opened, {Seq: 1, Event: runbook.Ended, Step: "hygiene", Result: runbook.ResultDone, Facts: raw}}
		for seen, records := range map[string][]runbook.Record{want: asked, "": asked[:1]} {
			i := slices.IndexFunc(r.verdicts(records), func(v labjudge.Verdict) bool { return strings.HasPrefix(v.Name, "names of accounts") })
			if i < 0 || r.verdicts(records)[i].Seen != seen || r.verdicts(records)[i].Want != want {
				t.Errorf("%s: verdicts %+v", name, r.verdicts(records))
			}
		}
	}
}
