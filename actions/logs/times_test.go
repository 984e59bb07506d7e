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
	return logs.Env{Server: server{dir: dir}, Own: spool.Own{Domains: []string{"example.jp"}}, Zone: zone, Clock: func() time.Time { return time.Date(2026, 11, 21, 8, 0, 0, 0, zone) }}
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
			w, now := windowOf(out.Facts), time.Date(2026, 11, 21, 8, 0, 0, 0, zone)
			if off := now.Sub(w.Until); off < -time.Minute || off > time.Minute || w.Until.Sub(w.Since) < 24*time.Hour || w.Since.Before(now.AddDate(0, 0, -8)) {
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

// The rows of a timeline begin at round times of the server's clock, whatever its zone and wherever the window begins, and say how long
// they are.
func TestTimelineRows(t *testing.T) {
	s := newScribe(t)
	for i := range 600 {
		s.mail(fmt.Sprintf("21/Nov/2026:%02d:%02d:%02d", i/100, i%100/2+7, i%60), stranger(i), "AUTH-LOGIN:"+hana+" [success]", hana, fmt.Sprintf("v%d@example.com", i))
	}
	dir := s.write(t)
	everybody := `"exempt_accounts":["` + hana + `"],"exempt_sources":["203.0.113.0/24"]`
	for _, c := range []struct {
		with, each, ja string
		seconds        int64
		rows           []string // each with its messages
	}{
		{`{"accounts":["` + hana + `"],"since":"2026-11-20 22:13:37"}`, "each row 30 min", "1 行は 30 分間", 1800,
			[]string{"11-21 00:00 46", "11-21 00:30 54", "11-21 01:00 46", "11-21 01:30 54", "11-21 02:00 46", "11-21 02:30 54",
				"11-21 03:00 46", "11-21 03:30 54", "11-21 04:00 46", "11-21 04:30 54", "11-21 05:00 46", "11-21 05:30 54"}},
		{`{"accounts":["` + hana + `"],"since":"2026-11-21 02:31:07","until":"2026-11-21 02:58:30"}`, "each row 2 min", "1 行は 2 分間", 120, nil},
		{`{` + everybody + `,"since":"2026-11-19 09:09:09"}`, "each row 3 h", "1 行は 3 時間", 10800,
			[]string{"11-19 09:00 3", "11-19 12:00 4", "11-19 15:00 2", "11-20 09:00 3", "11-20 12:00 3", "11-20 15:00 2", "11-21 00:00 300", "11-21 03:00 300"}},
		{`{` + everybody + `,"since":"150h"}`, "each row 6 h", "1 行は 6 時間", 21600, nil},
		{`{` + everybody + `,"since":"2026-06-01"}`, "each row 1 day", "1 行は 1 日", 86400, nil},
	} {
		first := ""
		for _, zone := range []*time.Location{time.UTC, time.FixedZone("", 9*3600), time.FixedZone("", 5*3600+1800), time.FixedZone("", -3*3600-1800)} {
			out, text := planned(t, clocked(dir, zone), "logs.timeline", c.with)
			f := out.Facts.(logs.TimelineFacts)
			wants(t, text, c.each, c.ja)
			if f.Row != c.seconds || f.Row%f.Seconds != 0 {
				t.Errorf("%s: rows of %d s, steps of %d s", c.with, f.Row, f.Seconds)
			}
			for _, step := range f.Steps {
				if at := step.At.In(zone); (at.Hour()*3600+at.Minute()*60+at.Second())%int(f.Seconds) != 0 {
					t.Fatalf("%s: a step of %d s begins at %s", c.with, f.Seconds, at)
				}
			}
			rows := rowsOf(t, out, c.seconds)
			if c.rows != nil && strings.Join(rows, "\n") != strings.Join(c.rows, "\n") {
				t.Errorf("%s in %s:\n%s", c.with, zone, strings.Join(rows, "\n"))
			}
			if table := strings.Join(rows, "\n"); first == "" {
				first = table
			} else if table != first {
				t.Errorf("%s: in %s\n%s\nand in UTC\n%s", c.with, zone, table, first)
			}
		}
	}
}

// rowsOf are the rows of a timeline: when each begins, and its messages of any sort.
func rowsOf(t *testing.T, out runbook.Outcome, seconds int64) (rows []string) {
	t.Helper()
	for _, f := range out.Findings {
		var date, at string
		var messages, usual int
		if n, _ := fmt.Sscanf(f.Text.EN, "%s %s %d mails %d usual", &date, &at, &messages, &usual); n != 4 {
			continue
		}
		wall, err := time.Parse("2006-01-02 15:04", "2026-"+date+" "+at)
		if err != nil || wall.Unix()%seconds != 0 {
			t.Errorf("a row of %d s begins at %s %s", seconds, date, at)
		}
		rows = append(rows, fmt.Sprintf("%s %s %d", date, at, messages+usual))
	}
	return rows
}

// Where the days are too many for the screen the rows are weeks, from Monday on, and none is left out.
func TestTimelineOfALongTime(t *testing.T) {
	dir := t.TempDir()
	for month := time.January; month <= time.November; month++ {
		for day := 1; day <= 28; day += 3 {
			at := time.Date(2026, month, day, 10, 0, 0, 0, time.UTC)
			put(t, dir, at.Format("inlog/060102.log"), fmt.Sprintf("<B%010d@mail1.example.jp> [%s] 192.0.2.7 pc %s v@example.com\n", at.YearDay(), at.Format("02/Jan/2006:15:04:05"), hana))
		}
	}
	for with, each := range map[string]int64{`{"since":"2026-08-01"}`: 7, `{"since":"2026-01-01"}`: 14} {
		out, text := planned(t, clocked(dir, time.FixedZone("", 9*3600)), "logs.timeline", with)
		f, sum := out.Facts.(logs.TimelineFacts), 0
		wants(t, text, fmt.Sprintf("each row %d days", each), fmt.Sprintf("1 行は %d 日間", each))
		rows := rowsOf(t, out, 86400)
		for _, row := range rows {
			var at, clock string
			var n int
			if _, err := fmt.Sscanf(row, "%s %s %d", &at, &clock, &n); err != nil {
				t.Fatal(err)
			}
			year := "2026-"
			if strings.HasPrefix(at, "12-") { // the weeks of New Year
				year = "2025-"
			}
			if date, err := time.Parse(time.DateOnly, year+at); err != nil || date.Weekday() != time.Monday {
				t.Errorf("%s is no Monday", row)
			}
			sum += n
		}
		if f.Row != each*86400 || len(rows) > 25 || int64(sum) != *f.Messages+*f.Usual {
			t.Errorf("%s: rows of %d s, %d of them, with %d messages of %d", with, f.Row, len(rows), sum, *f.Messages+*f.Usual)
		}
	}
}

// relayed are n messages of strangers for strangers that the server passed on without a login, one in two seconds from an hour on, from
// four addresses.
func (s *scribe) relayed(hour, n int) {
	for i := range n {
		at, peer := fmt.Sprintf("21/Nov/2026:%02d:%02d:%02d", hour, i/30, i%30*2), fmt.Sprintf("203.0.113.%d", 201+i%4)
		s.connect(at, peer)
		s.end(at, peer, "x@foreign.example", s.inlog(at, peer, fmt.Sprintf("win-x x@foreign.example v%d@example.com", i)))
	}
}

// An open relay has no suspect account. The timeline is that of the suspect addresses, and names them.
func TestTimelineOfAnOpenRelay(t *testing.T) {
	s := newScribe(t)
	s.relayed(3, 1200)
	s.mail("21/Nov/2026:06:00:00", owner, "AUTH-LOGIN:"+hana+" [success]", hana, "friend1@example.com")
	out, told := planned(t, clocked(s.write(t), time.UTC), "logs.timeline", "")
	f := out.Facts.(logs.TimelineFacts)
	if f.Of != "suspects" || len(f.Accounts) > 0 || strings.Join(f.Sources, " ") != "203.0.113.201 203.0.113.202 203.0.113.203 203.0.113.204" || out.Findings[0].Level != runbook.Bad ||
		*f.Messages != 1200 || f.Usual != nil || f.First.Format(time.TimeOnly) != "03:00:00" || f.Last.Format(time.TimeOnly) != "03:39:58" || f.Most != 30 || len(f.Steps) != 40 {
		t.Errorf("%s %q %q: %d from %s to %s, at most %d, in %d steps", f.Of, f.Accounts, f.Sources, *f.Messages, f.First, f.Last, f.Most, len(f.Steps))
	}
	wants(t, told, "1,200 messages of the suspects (203.0.113.201, 203.0.113.202, 203.0.113.203 and 1 more): first 2026-11-21 03:00:00", "203.0.113.203 ほか 1 件) のメール 1,200 通: 最初", "11-21 03:38     60 mails")
}

// Where a password is stolen beside it, each message counts once: those of the account, and what its thieves sent without it.
func TestTimelineOfAnOpenRelayAndAThief(t *testing.T) {
	s := newScribe(t)
	s.relayed(3, 1200)
	for i := range 600 { // half of them from two of the same addresses
		s.mail(fmt.Sprintf("21/Nov/2026:04:%02d:%02d", i/60, i%60), fmt.Sprintf("203.0.113.%d", 203+i%4), "AUTH-LOGIN:"+hana+" [success]", hana, fmt.Sprintf("w%d@example.com", i))
	}
	s.mail("21/Nov/2026:06:00:00", owner, "AUTH-LOGIN:"+hana+" [success]", hana, "friend1@example.com")
	s.mail("21/Nov/2026:06:30:00", "198.51.100.7", "AUTH-LOGIN:taro@example.jp [success]", "taro@example.jp", "v@example.com") // of nobody who is suspect
	out, told := planned(t, clocked(s.write(t), time.UTC), "logs.timeline", "")
	f := out.Facts.(logs.TimelineFacts)
	if f.Of != "suspects" || strings.Join(f.Accounts, " ") != hana || len(f.Sources) != 6 || *f.Messages != 1800 || f.First.Format(time.TimeOnly) != "03:00:00" || f.Last.Format(time.TimeOnly) != "04:09:59" {
		t.Errorf("%s %q %q: %d from %s to %s", f.Of, f.Accounts, f.Sources, *f.Messages, f.First, f.Last)
	}
	wants(t, told, "1,800 messages of the suspects ("+hana+"; 203.0.113.20", " and 3 more) from addresses that are not usual for them: first", "、203.0.113.20", "ほか 3 件) のメール 1,800 通")
}

// Whoever is asked about by name is named in the answer, even where no log can be read.
func TestTimelineNamesWhomItWasAsked(t *testing.T) {
	for with, who := range map[string]string{`{"accounts":["` + hana + `"]}`: "(" + hana + ")", `{"sources":["203.0.113.9"]}`: "(203.0.113.9)", `{"accounts":["` + hana + `"],"sources":["203.0.113.0/24"]}`: "(" + hana + "; 203.0.113.0/24)"} {
		out, told := planned(t, clocked(t.TempDir(), time.UTC), "logs.timeline", with)
		if f := out.Findings[0]; f.Level != runbook.Warn || f.Text.EN != "how many messages those that were named "+who+" sent is unknown: no log of accepted messages covers this time" {
			t.Errorf("%s: %+v", with, f)
		}
		wants(t, told, "no log could be read", "指定した対象 (", "通数は不明")
		out, told = planned(t, clocked(both(t), time.UTC), "logs.timeline", with)
		wants(t, told, "of those that were named "+who)
		if f := out.Facts.(logs.TimelineFacts); len(f.Accounts)+len(f.Sources) != strings.Count(who, ";")+1 {
			t.Errorf("%q %q", f.Accounts, f.Sources)
		}
	}
}
