package find

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"hikeshi/actions/queue/release"
	"hikeshi/actions/queue/setaside"
	"hikeshi/runbook"
	"hikeshi/spool"
	"hikeshi/spool/aside/trial"
)

type counting struct{ reports *int }

func (counting) Evidence(string, io.Reader) error { return nil }
func (counting) Backup(string, io.Reader) error   { return nil }
func (c counting) Progress(int64, int64)          { *c.reports++ }

func env(s trial.Server) setaside.Env {
	return setaside.Env{Server: s, Own: spool.Own{Domains: []string{"example.jp"}}}
}

func input(t testing.TB, incident string, with map[string]any) runbook.Input {
	b, err := json.Marshal(with)
	trial.Must(t, err)
	return runbook.Input{Incident: incident, Step: "step", With: b, Rec: counting{new(int)}}
}

// quarantine sets aside what lies in the queue.
func quarantine(t testing.TB, s trial.Server, incident, strategy string) {
	t.Helper()
	q := setaside.Kind(env(s)).Action.(runbook.Changer)
	out, err := q.Plan(context.Background(), input(t, incident, map[string]any{"strategy": strategy}))
	trial.Must(t, err)
	trial.Must(t, q.Apply(context.Background(), out.Changes[0], counting{new(int)}))
}

const one, two = "20261121-031200", "20261121-041500"

// two incidents, each of which has set something aside.
func filled(t testing.TB) trial.Server {
	s := trial.New(t)
	s.Incoming(t, "B0000000001", "taro@example.jp", "a@example.com")
	s.Incoming(t, "B0000000001-002", "taro@example.jp", "boss@example.com")
	s.Incoming(t, "B0000000002", "", "hanako@example.jp")
	s.Retry(t, "B0000000003-R0001", "hanako@example.jp", "boss@example.com")
	s.Put(t, "incoming/B0000000004.RCP", trial.Envelope("half@example.com", "b@example.jp"))
	s.Put(t, "incoming/B0000000005.MSG", "Subject: \x1b[31m\n\n")
	s.Put(t, "incoming/B0000000005.RCP", trial.Envelope("\x1b]0;x\x07evil\u202e@example.com", "\x1b[2J@example.jp", strings.Repeat("x", 3000)+"@example.jp"))
	s.Put(t, "incoming/\x1b[31mB0000000006.RCP", trial.Envelope("boss@example.com", "b@example.jp"))
	trial.Must(t, os.Symlink("/etc/passwd", filepath.Join(s.Base, "incoming/B0000000007.RCP")))
	at := time.Date(2026, 11, 21, 3, 10, 0, 0, time.Local)
	trial.Must(t, os.Chtimes(filepath.Join(s.Base, "incoming/B0000000002.MSG"), at, at))
	quarantine(t, s, one, "rename")
	s.Incoming(t, "B0000000002", "jiro@example.jp", "boss@example.com", "c@example.net")
	quarantine(t, s, two, "move")
	s.Put(t, "incoming/B0000000003-R0001.MSG", "taken") // in the way of a release
	return s
}

func TestFind(t *testing.T) {
	s := filled(t)
	before := s.Exact(t)
	tests := map[string]struct {
		what, incident string
		want           []string // incident and name
	}{
		"by name":                     {"B0000000001", "", []string{one + " B0000000001"}},
		"in another spelling":         {" <b0000000001> ", "", []string{one + " B0000000001"}},
		"with its host":               {"B0000000001@mail.example.jp", "", []string{one + " B0000000001"}},
		"one of its files":            {"B0000000001-002", "", []string{one + " B0000000001"}},
		"a name in both incidents":    {"B0000000002", "", []string{one + " B0000000002", two + " B0000000002"}},
		"in one incident":             {"B0000000002", two, []string{two + " B0000000002"}},
		"in an incident without mail": {"B0000000002", "20260101-000000", nil},
		"no such name":                {"B0000000099", "", nil},
		"by sender":                   {"Hanako@Example.jp", one, []string{one + " B0000000002", one + " B0000000003"}},
		"by recipient":                {"boss@example.com", "", []string{one + " B0000000001", one + " B0000000003", two + " B0000000002"}},
		"by domain":                   {"@example.net", "", []string{two + " B0000000002"}},
		"by account":                  {"jiro", "", []string{two + " B0000000002"}},
		"half of one":                 {"half@example.com", "", []string{one + " B0000000004"}},
		"part of a name":              {"B000000000", "", nil},
		"a pattern":                   {"*@example.com", "", nil},
		"what leads elsewhere":        {"root", "", nil},
		"what a terminal obeys":       {"\x1b]0;x\x07evil\u202e@example.com", "", []string{one + " B0000000005"}},
	}
	for name, test := range tests {
		found, more, err := Mail(context.Background(), env(s), Query{What: test.what, Incident: test.incident})
		trial.Must(t, err)
		var got []string
		for _, f := range found {
			got = append(got, f.Incident+" "+f.ID)
		}
		if d := cmp.Diff(test.want, got); d != "" || more {
			t.Errorf("%s: more %v\n%s", name, more, d)
		}
	}
	if d := cmp.Diff(before, s.Exact(t)); d != "" {
		t.Errorf("looking changed something:\n%s", d)
	}
	for _, what := range []string{"", " ", "<>", "@"} {
		if _, _, err := Mail(context.Background(), env(s), Query{What: what}); !errors.Is(err, runbook.ErrInput) {
			t.Errorf("%q: %v", what, err)
		}
	}
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	if _, _, err := Mail(ctx, env(s), Query{What: "a@example.com"}); !errors.Is(err, context.Canceled) {
		t.Errorf("cancelled: %v", err)
	}
}

func TestFound(t *testing.T) {
	s := filled(t)
	by := func(what string) Found {
		t.Helper()
		found, _, err := Mail(context.Background(), env(s), Query{What: what, Incident: one})
		trial.Must(t, err)
		if len(found) != 1 {
			t.Fatalf("%s: %+v", what, found)
		}
		return found[0]
	}
	want := Found{Incident: one, ID: "B0000000002", Recipients: []string{"hanako@example.jp"}, Total: 1, When: time.Date(2026, 11, 21, 3, 10, 0, 0, time.Local).UTC(),
		Size: int64(len(trial.Body("203.0.113.9", "B0000000002"))), Client: "203.0.113.9", Folders: []string{"incoming.q-" + one}, Release: true, Command: "hikeshi spool release " + one + " --id B0000000002"}
	if d := cmp.Diff(want, by("B0000000002")); d != "" {
		t.Errorf("null sender:\n%s", d)
	}
	taken := by("B0000000003")
	if taken.Release || taken.Command != "" || taken.Why != "a name is taken in the queue" || taken.WhyJA == "" || len(taken.Folders) != 2 {
		t.Errorf("a name is taken: %+v", taken)
	}
	half := by("half@example.com")
	if half.Release || half.Why != "body or envelope is missing" || !half.When.IsZero() || half.Client != "" {
		t.Errorf("half: %+v", half)
	}
	parts := by("B0000000001")
	if !parts.Release || parts.Total != 2 || !slices.Equal(parts.Recipients, []string{"boss@example.com", "a@example.com"}) && !slices.Equal(parts.Recipients, []string{"a@example.com", "boss@example.com"}) {
		t.Errorf("two files: %+v", parts)
	}
	evil := by("B0000000005")
	b, err := json.Marshal(evil)
	trial.Must(t, err)
	if strings.ContainsAny(evil.Sender+strings.Join(evil.Recipients, ""), "\x1b\x07\u202e") || len(b) > 2000 || !evil.Release {
		t.Errorf("evil: %s", b)
	}
}

// What is said to be released is released by the command that is named.
func TestCommand(t *testing.T) {
	s := filled(t)
	found, _, err := Mail(context.Background(), env(s), Query{What: "example.com", Incident: one})
	trial.Must(t, err)
	for _, f := range found {
		id := strings.TrimPrefix(f.Command, "hikeshi spool release "+one+" --id ")
		if f.Command == "" {
			id = f.ID
		}
		out, err := release.Kind(env(s)).Action.Plan(context.Background(), input(t, one, map[string]any{"ids": []string{id}}))
		trial.Must(t, err)
		if goes := len(out.Changes) > 0; goes != f.Release {
			t.Errorf("%s: found says %v, release %v", f.ID, f.Release, goes)
		}
	}
	if len(found) != 4 {
		t.Errorf("%d found", len(found))
	}
}

func TestBound(t *testing.T) {
	s := trial.New(t)
	for i := range Max + 30 {
		s.Incoming(t, fmt.Sprintf("B%010d", i), "taro@example.jp", "a@example.com")
	}
	quarantine(t, s, one, "rename")
	for i := range 800 {
		s.Incoming(t, fmt.Sprintf("B%010d", 5000+i), "taro@example.jp", "b@example.com")
	}
	quarantine(t, s, two, "rename")
	plan := func(what string, reports *int) runbook.Outcome {
		in := input(t, "", map[string]any{"what": what})
		in.Rec = counting{reports}
		out, err := Kind(env(s)).Action.Plan(context.Background(), in)
		trial.Must(t, err)
		for _, f := range out.Findings {
			if f.Text.JA == "" || f.Text.EN == f.Text.JA {
				t.Errorf("one language: %+v", f)
			}
		}
		return out
	}
	reports := 0
	out := plan("a@example.com", &reports)
	if f := out.Facts.(Facts); f.Found != Max || len(out.Findings) != Max+1 || out.Findings[Max].Level != runbook.Warn || !strings.Contains(out.Findings[0].Evidence, "--id B0000000") {
		t.Errorf("found %d, %d findings, %+v", f.Found, len(out.Findings), out.Findings[Max])
	}
	if out = plan("nobody@example.com", &reports); out.Facts.(Facts).Found != 0 || len(out.Findings) != 1 || !strings.Contains(out.Findings[0].Text.EN, "no such message") {
		t.Errorf("%+v", out)
	}
	if reports == 0 {
		t.Error("no progress was told")
	}
	if out = plan("B0000005001", new(int)); out.Facts.(Facts).Found != 1 || !strings.Contains(out.Findings[0].Text.EN, "B0000005001  taro@example.jp -> b@example.com  ") {
		t.Errorf("%+v", out)
	}
}

// A name is found without opening an envelope.
func TestNamesAlone(t *testing.T) {
	s := trial.New(t)
	for i := range 50 {
		s.Incoming(t, fmt.Sprintf("B%010d", i), "taro@example.jp", "a@example.com")
	}
	quarantine(t, s, one, "rename")
	opened := 0
	e := env(s)
	e.Server = watched{s, &opened}
	found, _, err := Mail(context.Background(), e, Query{What: "B0000000007"})
	if err != nil || len(found) != 1 || opened > 2 {
		t.Errorf("%d envelopes opened for %+v (%v)", opened, found, err)
	}
	opened = 0
	if found, _, err = Mail(context.Background(), e, Query{What: "B0000000077"}); err != nil || len(found) != 0 || opened != 0 {
		t.Errorf("%d envelopes opened for nothing (%v)", opened, err)
	}
}

type watched struct {
	trial.Server
	opened *int
}

func (w watched) ReadEnvelope(r io.Reader) (spool.MessageEnvelope, error) {
	*w.opened++
	return w.Server.ReadEnvelope(r)
}
