package main

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"hikeshi/actions/logs"
	"hikeshi/runbook"
	past "hikeshi/spool/lab/history"
)

// withHistory writes the logs of some days into a place; the last of them ended today.
func (p *place) withHistory(days int) *past.World {
	p.t.Helper()
	w := past.Make(3, past.Options{Days: days, Start: time.Now().AddDate(0, 0, -days), Accounts: 30, Incidents: []past.Kind{"stolen-fast"}})
	fine(p.t, w.Write(p.spool()))
	return w
}

// TestStatusAddresses: an address is called new only where the days before were read, and where no log tells how many messages there
// were, that is said.
func TestStatusAddresses(t *testing.T) {
	p := newPlace(t)
	w := p.withHistory(15)
	who := w.Truth.Accounts[0].Login
	s := p.hikeshi("status", "--watch", "0")
	row := s.row("who")
	whole := !strings.Contains(s.out, "only what was written since") // a slow machine does not get to the days before in its two seconds
	if !strings.Contains(row, who) || strings.Contains(row, " new addresses") != whole || strings.Contains(row, "unknown") {
		t.Errorf("%q in\n%s", row, s.out)
	}
	if n := strings.Fields(row)[2]; !s.tells("suspect, by the logs: " + n + " messages, the last") {
		t.Errorf("not %s messages everywhere in\n%s", n, s.out)
	}
	p = newPlace(t)
	p.withHistory(2)
	s = p.hikeshi("status", "--watch", "0")
	if row := s.row("who"); !strings.Contains(row, " addresses") || strings.Contains(row, " new addresses") || strings.Contains(s.out, "新しい") {
		t.Errorf("%q in\n%s", row, s.out)
	}
	if j := p.hikeshi("status", "--watch", "0", "--output", "json"); !strings.Contains(j.out, `"history": false`) {
		t.Error(j.out)
	}
	fine(t, os.RemoveAll(filepath.Join(p.spool(), "inlog")))
	s = p.hikeshi("status", "--watch", "0")
	if row := s.row("who"); !strings.Contains(row, "at least ") && !strings.Contains(row, "messages unknown") {
		t.Errorf("%q in\n%s", row, s.out)
	}
}

// row is the line that begins with a word.
func (s said) row(word string) string {
	for l := range strings.Lines(s.out) {
		if strings.HasPrefix(l, word+" ") {
			return l
		}
	}
	return ""
}

// TestStatusJudgesAsLogs: status names the accounts and sources that logs suspects names, and where it had no time to read as much, says so.
func TestStatusJudgesAsLogs(t *testing.T) {
	p := newPlace(t)
	p.withHistory(15)
	var status struct {
		Suspects *suspectsRow `json:"suspects"`
	}
	var all logs.SuspectsFacts
	fine(t, json.Unmarshal([]byte(p.hikeshi("status", "--watch", "0", "--output", "json").out), &status))
	fine(t, json.Unmarshal([]byte(p.hikeshi("logs", "suspects", "--output", "json").out), &all))
	names := func(rows []suspectRow) (names []string) {
		for _, r := range rows {
			names = append(names, r.Name+" "+r.Level+" "+strings.Join(r.Signals, " "))
		}
		return names
	}
	l := status.Suspects
	if l == nil || !l.All {
		t.Skip("too slow to read all logs within the budget of status")
	}
	if got, want := names(l.Accounts), names(suspectRows(all.Accounts)); !slices.Equal(got, want) || len(want) == 0 {
		t.Errorf("status %q, logs suspects %q", got, want)
	}
	if got, want := names(l.Sources), names(suspectRows(all.From)); !slices.Equal(got, want) || len(want) == 0 {
		t.Errorf("status %q, logs suspects %q", got, want)
	}
}

// TestStatusSaysHowMuchWasRead: a judgement of less than logs suspects reads is called one, also where nobody stands out, and who is left out
// of a list is counted.
func TestStatusSaysHowMuchWasRead(t *testing.T) {
	row := func(name string) suspectRow { return suspectRow{Name: name, Level: "suspect"} }
	four := []suspectRow{row("203.0.113.1"), row("203.0.113.2"), row("203.0.113.3"), row("203.0.113.4")}
	for name, c := range map[string]struct {
		l    suspectsRow
		want []string
	}{
		"all":             {suspectsRow{Whole: true, History: true, All: true}, nil},
		"not the days":    {suspectsRow{Whole: true}, []string{"the days before", "hikeshi logs suspects reads all and may judge otherwise"}},
		"not the window":  {suspectsRow{}, []string{"only what was written since", "hikeshi logs suspects reads all and may judge otherwise"}},
		"more than shown": {suspectsRow{Whole: true, All: true, Named: [2]int{0, 91}, Sources: four}, []string{"203.0.113.3", "88 others"}},
	} {
		who, from := (&app{getenv: func(string) string { return "" }, said: map[string]bool{}}).suspectWords(&c.l)
		told := strings.Join(append(who, from...), " ")
		if len(c.want) == 0 && told != "" {
			t.Errorf("%s: %q", name, told)
		}
		for _, w := range c.want {
			if !strings.Contains(told, w) {
				t.Errorf("%s: %q is not in %q", name, w, told)
			}
		}
	}
}

// TestStatusTellsSources: a source that used no account, as of an open relay, raises the level like an account; one that used a suspect
// account is told by it.
func TestStatusTellsSources(t *testing.T) {
	now, n := time.Now(), int64(900)
	row := func(name string, ago time.Duration, via ...string) suspectRow {
		return suspectRow{Name: name, Level: "suspect", Messages: &n, Recipients: &n, Last: now.Add(-ago), via: via}
	}
	hint := row("203.0.113.9", 0)
	hint.Level = "hint"
	for name, c := range map[string]struct {
		sources []suspectRow
		want    []runbook.Level
	}{
		"now":             {[]suspectRow{row("203.0.113.60", time.Minute)}, []runbook.Level{runbook.Bad}},
		"an hour ago":     {[]suspectRow{row("203.0.113.60", time.Hour)}, []runbook.Level{runbook.Warn}},
		"with an account": {[]suspectRow{row("203.0.113.60", 0, "taro@example.jp")}, nil},
		"a hint":          {[]suspectRow{hint}, nil},
	} {
		var got []runbook.Level
		a := &app{getenv: func(string) string { return "" }, said: map[string]bool{}}
		a.judgeSuspects(&world{state: t.TempDir()}, &statusDocument{Time: now, Suspects: &suspectsRow{Sources: c.sources}}, func(l runbook.Level, en, _ string, args ...any) {
			got = append(got, l)
			if text := fmt.Sprintf(en, args...); !strings.Contains(text, "203.0.113.60") || !strings.Contains(text, "900 messages") {
				t.Errorf("%s: %q", name, text)
			}
		})
		if !slices.Equal(got, c.want) {
			t.Errorf("%s: %v, want %v", name, got, c.want)
		}
	}
}

// TestStatusBlamesNobodyForPlaces: the line of who names no login for the number of its addresses alone.
func TestStatusBlamesNobodyForPlaces(t *testing.T) {
	var told []string
	a := &app{getenv: func(string) string { return "" }, said: map[string]bool{}}
	a.statusFigures(statusDocument{Logins: []loginRow{{User: "jiro@example.jp", Success: 140, Addresses: 48}}}, func(label, text string) { told = append(told, label+" "+text) })
	if text := strings.Join(told, "\n"); strings.Contains(text, "jiro") || !strings.Contains(text, "who ") {
		t.Error(text)
	}
}

// TestStatusSaysWhatIsBarred: a log that this user may not read is called so, and its size does not stand in for it.
func TestStatusSaysWhatIsBarred(t *testing.T) {
	if os.Geteuid() == 0 {
		t.Skip("root may read everything")
	}
	dir := t.TempDir()
	file := filepath.Join(dir, "261130.log")
	fine(t, os.WriteFile(file, []byte("x\n"), 0o600))
	if barredBelow(dir) {
		t.Error("barred, and readable")
	}
	fine(t, os.Chmod(file, 0))
	if !barredBelow(dir) {
		t.Error("readable, and barred")
	}
	a, on, n := &app{getenv: func(string) string { return "" }, said: map[string]bool{}}, true, int64(966_000)
	if text := a.logWords([]logRow{{Name: "acceptlog", On: &on, Bytes: &n, Barred: true}}); !strings.Contains(text, "acceptlog on not readable as this user: read as root") || strings.Contains(text, "966") {
		t.Error(text)
	}
}
