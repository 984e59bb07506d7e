package logs_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"hikeshi/actions/logs"
	"hikeshi/actions/logs/told"
	"hikeshi/runbook"
	"hikeshi/spool"
)

// windowed are the kinds that read a window.
var windowed = []string{"logs.suspects", "logs.logins", "logs.timeline", "logs.access", "logs.refusals"}

// windowOf is the window of the facts of one of them.
func windowOf(facts any) told.Span {
	switch f := facts.(type) {
	case logs.SuspectsFacts:
		return f.Window
	case logs.LoginsFacts:
		return f.Read.Window
	case logs.TimelineFacts:
		return f.Read.Window
	case logs.AccessFacts:
		return f.Read.Window
	}
	return facts.(logs.RefusalsFacts).Read.Window
}

// clocked is an environment of a server whose wall clock is in a zone, in the morning after.
func clocked(dir string, zone *time.Location) logs.Env {
	return logs.Env{Server: server{dir: dir}, Own: spool.Own{Domains: []string{"example.jp"}}, Zone: zone, Clock: func() time.Time { return morning }}
}

// slip is the error of what cannot be asked.
func slip(t *testing.T, env logs.Env, kind, with string) string {
	t.Helper()
	for _, k := range logs.Kinds(env) {
		if k.Name == kind {
			_, err := k.Action.Plan(context.Background(), runbook.Input{With: json.RawMessage(with)})
			if !errors.Is(err, runbook.ErrInput) {
				t.Fatalf("%s %s: %v", kind, with, err)
			}
			return err.Error()
		}
	}
	t.Fatalf("no kind %s", kind)
	return ""
}

// A time with a zone of its own is the same moment on whatever clock the server's logs are written.
func TestTimesWithAZone(t *testing.T) {
	dir := both(t)
	for _, zone := range []*time.Location{time.UTC, time.FixedZone("", 9*3600), time.FixedZone("", 5*3600+1800), time.FixedZone("", -3*3600-1800)} {
		for _, c := range []struct{ text, since string }{
			{"2026-11-20T12:00:00+09:00", "2026-11-20T03:00:00Z"}, {"2026-11-20T03:00:00Z", "2026-11-20T03:00:00Z"},
			{"2026-11-20 12:00:00+09:00", "2026-11-20T03:00:00Z"}, {"2026-11-20T08:30+0530", "2026-11-20T03:00:00Z"}, {"2026-11-20T03:00:00.75Z", "2026-11-20T03:00:00Z"},
		} {
			for _, kind := range windowed {
				out, _ := planned(t, clocked(dir, zone), kind, fmt.Sprintf(`{"since":%q,"until":"2026-11-20T23:59:00+09:00"}`, c.text))
				w := windowOf(out.Facts)
				if since, until := w.Since.Format(time.RFC3339), w.Until.Format(time.RFC3339); since != c.since || until != "2026-11-20T14:59:00Z" {
					t.Errorf("%s of %s in %s: %s to %s", kind, c.text, zone, since, until)
				}
			}
		}
	}
	out, _ := planned(t, clocked(dir, time.FixedZone("", 9*3600)), "logs.sizes", `{"until":"2026-11-18T15:30:00Z"}`) // half past midnight
	if l := out.Facts.(logs.SizesFacts).Logs[0]; l.Day != "2026-11-19" {
		t.Errorf("%+v", l)
	}
}

// Whoever mixes up the ends is told what was typed, and what it was taken for.
func TestTimesInTheWrongOrder(t *testing.T) {
	dir := both(t)
	for with, want := range map[string]string{
		`{"since":"2026-11-20","until":"2026-11-19"}`:                 `"2026-11-20" (2026-11-20 00:00:00) is not before until "2026-11-19" (2026-11-20 00:00:00)`,
		`{"since":"2026-11-20T03:00:00Z","until":"2026-11-20 02:00"}`: `"2026-11-20T03:00:00Z" (2026-11-20 03:00:00) is not before until "2026-11-20 02:00" (2026-11-20 02:00:00)`,
		`{"since":"2026-12-01"}`:                                      `"2026-12-01" (2026-12-01 00:00:00) is not before 2026-11-2`,
	} {
		for _, kind := range append(windowed, "logs.sizes") {
			if got := slip(t, clocked(dir, time.UTC), kind, with); !strings.Contains(got, want) {
				t.Errorf("%s %s: %s", kind, with, got)
			}
		}
	}
	if got := slip(t, clocked(dir, time.UTC), "logs.sizes", `{"since":"2026-11-20T03:00:00+9"}`); !strings.Contains(got, `"2026-11-20T03:00:00+9" is no date`) || !strings.Contains(got, "2026-11-21T03:00:00+09:00") {
		t.Error(got)
	}
}

// Where no line tells a time the window ends now: nobody asks about the year in which clocks begin.
func TestWindowWithoutLogs(t *testing.T) {
	zone := time.FixedZone("", 5*3600+1800)
	empty := t.TempDir()
	put(t, empty, "acceptlog/261121.log", "")
	for name, dir := range map[string]string{"no logs": t.TempDir(), "empty ones": empty} {
		for _, kind := range windowed {
			out, text := planned(t, clocked(dir, zone), kind, "")
			w := windowOf(out.Facts)
			if off := morning.Sub(w.Until); off < -time.Minute || off > time.Minute || w.Until.Sub(w.Since) < 24*time.Hour || w.Since.Before(morning.AddDate(0, 0, -8)) {
				t.Errorf("%s, %s: %s to %s", name, kind, w.Since, w.Until)
			}
			if strings.Contains(text, "1969-") || strings.Contains(text, "1970-") {
				t.Errorf("%s, %s:\n%s", name, kind, text)
			}
		}
		if _, text := planned(t, clocked(dir, zone), "logs.sizes", `{"since":"2026-11-01"}`); strings.Contains(text, "1970-") {
			t.Errorf("%s\n%s", name, text)
		}
	}
}
