package main

import (
	"encoding/json"
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"hikeshi/runbook"
	past "hikeshi/spool/lab/history"
)

func plainApp() *app {
	return &app{getenv: func(string) string { return "" }, said: map[string]bool{}}
}

// heardOf collects what a judgement adds.
func heardOf(judge func(add verdict)) (all []string) {
	judge(func(l runbook.Level, en, ja string, args ...any) {
		all = append(all, fmt.Sprintf("%s: ", l)+fmt.Sprintf(en, args...))
		if text := fmt.Sprintf(ja, args...); strings.Contains(text, "%!") || strings.Contains(all[len(all)-1], "%!") {
			all = append(all, "wrong figures: "+text)
		}
	})
	return all
}

// TestStatusTellsGuesses: a password that was found, and who is guessing now, stand in the status as in logs logins, and in its JSON.
func TestStatusTellsGuesses(t *testing.T) {
	p := newPlace(t)
	w := past.Make(3, past.Options{Days: 15, Start: time.Now().AddDate(0, 0, -15), Accounts: 30, Incidents: []past.Kind{"stolen-fast", "guessed-before"}})
	fine(t, w.Write(p.spool()))
	var status struct {
		Level    runbook.Level `json:"level"`
		Suspects *suspectsRow  `json:"suspects"`
		Guessing *guessingRow  `json:"guessing"`
	}
	var all struct {
		Found []struct {
			Account, Source string
			At              time.Time
			Failures        int64
		} `json:"found"`
	}
	fine(t, json.Unmarshal([]byte(p.hikeshi("logs", "logins", "--output", "json").out), &all))
	s := p.hikeshi("status", "--watch", "0").exits(t, exitFound)
	fine(t, json.Unmarshal([]byte(p.hikeshi("status", "--watch", "0", "--output", "json").out), &status))
	if status.Suspects == nil || !status.Suspects.All {
		t.Skip("too slow to read all logs within the budget of status")
	}
	g := status.Guessing
	if g == nil || len(all.Found) == 0 || len(g.Found) != len(all.Found) || status.Level != runbook.Bad {
		t.Fatalf("status %+v, logs logins %+v, level %s", g, all, status.Level)
	}
	for _, f := range all.Found {
		if !slices.ContainsFunc(g.Found, func(r foundRow) bool {
			return r.Account == f.Account && r.Source == f.Source && r.At.Equal(f.At) && r.Failures == f.Failures && r.Evidence != ""
		}) {
			t.Errorf("%+v is not in %+v", f, g.Found)
		}
	}
	if f := g.Found[0]; !s.tells("password probably found: " + f.Account + " at " + clockAt(f.At, time.Now()) + " from " + f.Source + ", see ") {
		t.Errorf("%+v is not in\n%s", f, s.out)
	}
}

// TestJudgeGuessing: what is said of found passwords and of guessing, at which level, and until when.
func TestJudgeGuessing(t *testing.T) {
	now := time.Date(2026, 11, 30, 3, 20, 0, 0, time.Local)
	found := func(name string, ago time.Duration) foundRow {
		return foundRow{Account: name, Source: "203.0.113.9", At: now.Add(-ago), Failures: 12, Evidence: "acceptlog/261130.log:8812"}
	}
	var twelve []string
	for i := range 10 {
		twelve = append(twelve, fmt.Sprintf("203.0.113.%d", i+1))
	}
	twelve = append(twelve, "198.51.100.7", "192.0.2.44")
	for name, c := range map[string]struct {
		g    *guessingRow
		want []string
	}{
		"nothing read": {nil, nil},
		"nobody":       {&guessingRow{}, nil},
		"found":        {&guessingRow{Found: []foundRow{found("taro@example.jp", 8*time.Minute)}}, []string{"bad: password probably found: taro@example.jp at 03:12 from 203.0.113.9, see acceptlog/261130.log:8812"}},
		"found yesterday": {&guessingRow{Found: []foundRow{found("taro@example.jp", 10*time.Hour)}},
			[]string{"bad: password probably found: taro@example.jp at 11-29 17:20 from 203.0.113.9, see acceptlog/261130.log:8812"}},
		"guessing": {&guessingRow{Now: twelve}, []string{"warn: guessing now: 12 addresses: 203.0.113.0/24 (10), 198.51.100.7, 192.0.2.44"}},
		"one":      {&guessingRow{Now: twelve[:1]}, []string{"warn: guessing now: 1 address: 203.0.113.1"}},
		"spread":   {&guessingRow{Names: []string{"jiro@example.jp"}}, []string{"warn: guessing now, from many addresses, seldom from each: jiro@example.jp"}},
		"spray":    {&guessingRow{Spray: sprayRow{150, 75, 300}}, []string{"warn: guessing now: 75 names from 150 addresses, seldom for or from each"}},
	} {
		got := heardOf(func(add verdict) {
			plainApp().judgeGuessing(&world{state: t.TempDir()}, &statusDocument{Time: now, Guessing: c.g}, add)
		})
		if !slices.Equal(got, c.want) {
			t.Errorf("%s:\n got %q\nwant %q", name, got, c.want)
		}
	}
	many := &guessingRow{}
	for i := range 9 {
		many.Found = append(many.Found, found(fmt.Sprintf("user%d@example.jp", i), time.Minute))
	}
	got := heardOf(func(add verdict) {
		plainApp().judgeGuessing(&world{state: t.TempDir()}, &statusDocument{Time: now, Guessing: many}, add)
	})
	if len(got) != 6 || got[5] != "bad: 4 more passwords probably found: hikeshi logs logins" {
		t.Errorf("%q", got)
	}
}

// TestStatusGroupsSources: twenty sources of one burst are one line, the worst level of what is left out is told, and nothing is lost.
func TestStatusGroupsSources(t *testing.T) {
	now, n := time.Now(), int64(100)
	row := func(name string, ago time.Duration) suspectRow {
		return suspectRow{Name: name, Level: "suspect", Messages: &n, Recipients: &n, Last: now.Add(-ago)}
	}
	judge := func(s suspectsRow) []string {
		return heardOf(func(add verdict) {
			plainApp().judgeSuspects(&world{state: t.TempDir()}, &statusDocument{Time: now, Suspects: &s}, add)
		})
	}
	var burst suspectsRow
	for i := range 20 {
		burst.Sources = append(burst.Sources, row(fmt.Sprintf("203.0.113.%d", i+1), time.Duration(i)*time.Second))
	}
	burst.Sources = append(burst.Sources, row("198.51.100.7", time.Hour))
	got := judge(burst)
	if len(got) != 2 || !strings.HasPrefix(got[0], "bad: 203.0.113.0/24: 20 addresses are suspects, by the logs: 2000 messages, the last at "+now.Local().Format("15:04:05")) ||
		!strings.HasPrefix(got[1], "warn: 198.51.100.7 was a suspect, by the logs: 100 messages, the last on") {
		t.Errorf("%q", got)
	}
	burst.Named = [2]int{0, 91}
	if got := judge(burst); !strings.HasPrefix(got[0], "bad: 203.0.113.0/24: at least 20 addresses") {
		t.Errorf("%q", got)
	}
	var accounts suspectsRow
	for i := range 9 {
		accounts.Accounts = append(accounts.Accounts, row(fmt.Sprintf("user%d@example.jp", i), time.Hour))
	}
	if got := judge(accounts); len(got) != 6 || got[5] != "warn: 4 more suspects by the logs: hikeshi logs suspects" {
		t.Errorf("%q", got)
	}
	accounts.Accounts[8].Last = now
	if got := judge(accounts); got[5] != "bad: 4 more suspects by the logs: hikeshi logs suspects" {
		t.Errorf("%q", got)
	}
}

// TestStatusTellsExempted: who would be a suspect and is exempt stands beside who is one.
func TestStatusTellsExempted(t *testing.T) {
	l := suspectsRow{Whole: true, All: true, Exempted: []exemptRow{{Name: "news@example.jp", By: "configuration"}, {Name: "192.0.2.7", By: "configuration"}}}
	who, _ := plainApp().suspectWords(&l)
	if got := strings.Join(who, "\n"); got != "2 exempted would be suspects: news@example.jp, 192.0.2.7 (exempt by the configuration)" {
		t.Error(got)
	}
	p := newPlace(t)
	w := p.withHistory(15)
	name := w.Truth.Accounts[0].Login
	config := p.dir + "/exempt.yaml"
	fine(t, os.WriteFile(config, []byte("logs: {exempt_accounts: ["+name+"]}\n"), 0o600))
	s := p.hikeshi("--config", config, "status", "--watch", "0")
	if !s.tells("exempted would be suspects: "+name) || s.tells(name+" is a suspect") {
		t.Error(s.out)
	}
	if j := p.hikeshi("--config", config, "status", "--watch", "0", "--output", "json"); !strings.Contains(j.out, `"exempt_by": "configuration"`) {
		t.Error(j.out)
	}
}
