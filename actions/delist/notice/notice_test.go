package notice

import (
	"bytes"
	"errors"
	"flag"
	"io/fs"
	"net/mail"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"hikeshi/actions/delist/casefile"
	"hikeshi/runbook"
)

var update = flag.Bool("update", false, "write the golden files")

// words are the texts as the program has them; the package gets them as files.
func words() fs.FS { return os.DirFS("../../../templates/letters") }

var jst = time.FixedZone("JST", 9*60*60)

func at(clock string) time.Time {
	t, err := time.ParseInLocation("2006-01-02 15:04", clock, jst)
	if err != nil {
		panic(err)
	}
	return t.UTC()
}

// bare is known seconds after the stop, from a server that nobody has configured for letters.
func bare() Request {
	now := at("2026-11-22 04:45")
	return Request{Case: casefile.Case{Incident: "20261121-1944", Host: "mail1.example.jp", Opened: at("2026-11-22 04:43"), Stopped: at("2026-11-22 04:44")},
		Now: now, Next: at("2026-11-22 05:45"), Zone: jst, Lang: "en"}
}

// full is everything that a record and a configuration can tell.
func full() Request {
	r := bare()
	n := func(n int64) *int64 { return &n }
	c := &r.Case
	c.First, c.Peak, c.Last = at("2026-11-22 02:25"), at("2026-11-22 04:10"), at("2026-11-22 04:44")
	c.Messages, c.Recipients, c.Sources, c.Aside = n(2937), n(6845), n(37), n(1821)
	c.Cause, c.Accounts = "a", []string{"taro@example.jp", "jiro@example.jp"}
	c.Started, c.Holds = at("2026-11-22 06:02"), at("2026-11-22 06:10")
	for _, what := range []string{"passwords", "renamed", "planted", "relay", "login", "denied", "settings", "hand_d", "hand_e", "hand_f", "hand_g"} {
		c.Fixes = append(c.Fixes, casefile.Measure{What: what, Count: 2, At: at("2026-11-22 05:10")})
	}
	for _, what := range []string{"cut", "logs", "lockouts", "owners"} {
		c.Guards = append(c.Guards, casefile.Measure{What: what, Count: 2, At: at("2026-11-22 05:30")})
	}
	c.Queue = &casefile.Queue{Messages: 3, At: at("2026-11-22 06:09")}
	c.Services = &casefile.Services{At: at("2026-11-22 06:08")}
	c.Watch = &casefile.Watch{Known: true, Seconds: 300, At: at("2026-11-22 06:01")}
	c.MailboxRead, c.PersonalData = "was_read", "asked"
	c.Lists = &casefile.Lists{
		Hosts: []casefile.Host{{Address: "192.0.2.25", Names: []string{"mail1.example.jp"}, State: "fine"}},
		Listings: []casefile.Listing{
			{Subject: "192.0.2.25", Name: "Example Network List", Network: true, Routes: []casefile.Route{{Way: "provider"}}},
			{Subject: "192.0.2.25", Name: "Example Address List", Routes: []casefile.Route{{Way: "form"}}},
		},
		At: at("2026-11-22 06:20"),
	}
	r.Writer = casefile.Writer{
		Organisation: runbook.T("Example Co., Ltd.", "株式会社見本"), Name: runbook.T("Taro Yamada", "山田 太郎"), Role: runbook.T("mail administrator", "メール管理者"),
		Email: "yamada@example.jp", Abuse: "abuse@example.jp", Phone: "+81-3-0000-0000", Address: runbook.T("1-1 Example, Tokyo", "東京都見本区1-1"),
		Provider: runbook.T("Example Network", "見本ネットワーク"), ProviderEmail: "noc@example.com", Domains: []string{"example.jp"}, Static: true,
	}
	r.Now, r.Next = at("2026-11-22 06:30"), at("2026-11-22 07:30")
	return r
}

func load(t *testing.T) Texts {
	t.Helper()
	texts, err := Load(words())
	if err != nil {
		t.Fatal(err)
	}
	return texts
}

// golden are all notices of a request: what is read, what is missing, how it is filed.
func golden(t *testing.T, r Request, lang string) map[string]string {
	t.Helper()
	r.Lang = lang
	all := map[string]string{}
	for _, name := range All() {
		list, err := load(t).Write(r, name, lang)
		if err != nil {
			t.Fatal(err)
		}
		for _, n := range list {
			head := "id:      " + n.Letter.ID + "\nto:      " + n.Letter.To + "\nway:     " + n.Letter.Way + "\nstate:   " + string(n.Letter.State) +
				"\ngaps:    " + strings.Join(n.Letter.Gaps, ", ") + "\nfile:    " + n.File + "\n\n"
			all[n.File] = head + n.Text
		}
	}
	return all
}

func TestGolden(t *testing.T) {
	for which, r := range map[string]Request{"bare": bare(), "full": full()} {
		for _, lang := range []string{"en", "ja"} {
			all := golden(t, r, lang)
			if want := map[string]int{"bare": 17, "full": 18}[which]; len(all) != want {
				t.Errorf("%s %s: %d notices, want %d", which, lang, len(all), want)
			}
			for file, got := range all {
				name := filepath.Join("testdata", which, file+".golden")
				if *update {
					if err := os.MkdirAll(filepath.Dir(name), 0o755); err != nil {
						t.Fatal(err)
					}
					if err := os.WriteFile(name, []byte(got), 0o644); err != nil {
						t.Fatal(err)
					}
				}
				want, err := os.ReadFile(name)
				if err != nil {
					t.Fatal(err)
				}
				if d := cmp.Diff(string(want), got); d != "" {
					t.Errorf("%s:\n%s", name, d)
				}
			}
		}
	}
}

// leftover is what a text shows where something is missing and not marked, or where a template went wrong.
var leftover = regexp.MustCompile(`<no value>|<nil>|0001-01-01|%!|\{\{|\}\}| ,| \.|\(\)|  \n| \n|: \n|\n\n\n|/var|/usr|/etc|\[\[[^F]|\[\]`)

// mark is a gap.
var mark = regexp.MustCompile(`\[\[FILL IN: [^\]\n]+\]\]|【要記入:[^】\n]+】`)

// TestEveryNotice holds what is true of every notice, whatever is known.
func TestEveryNotice(t *testing.T) {
	for which, r := range map[string]Request{"bare": bare(), "full": full(), "nothing": {Now: bare().Now, Next: bare().Next, Zone: jst}, "reopened": reopened(), "forged": forged()} {
		for _, lang := range []string{"en", "ja"} {
			r.Lang = lang
			for _, name := range All() {
				list, err := load(t).Write(r, name, lang)
				if errors.Is(err, ErrForged) && which == "forged" && name != "complaint" {
					continue
				}
				if err != nil {
					t.Fatal(err)
				}
				for _, n := range list {
					every(t, which+" "+n.File, r, n)
				}
			}
		}
	}
}

func every(t *testing.T, what string, r Request, n Notice) {
	t.Helper()
	if bad := leftover.FindString(n.Text); bad != "" {
		t.Errorf("%s: %q is left in\n%s", what, bad, n.Text)
	}
	marked := map[string]bool{}
	for _, m := range mark.FindAllString(n.Text, -1) {
		marked[m] = true
	}
	if len(marked) != len(n.Letter.Gaps) || len(n.Missing) != len(n.Letter.Gaps) || (n.Letter.State == runbook.LetterReady) != (len(n.Letter.Gaps) == 0) {
		t.Errorf("%s: %d gaps are marked, listed are %v, state %s", what, len(marked), n.Letter.Gaps, n.Letter.State)
	}
	for _, account := range r.Case.Accounts {
		if strings.Contains(n.Text, account) && n.Letter.About != account {
			t.Errorf("%s names the account %s", what, account)
		}
	}
	if n.Letter.Way == say {
		if lines := strings.Count(n.Text, "\n"); lines < 4 || lines > 7 {
			t.Errorf("%s: %d lines", what, lines)
		}
		if strings.Contains(n.Text, "@") || strings.Contains(n.Text, "://") || strings.Contains(n.Text, "example") {
			t.Errorf("%s: an address is to be spelt:\n%s", what, n.Text)
		}
	}
	if strings.HasSuffix(n.File, ".eml") {
		m, err := mail.ReadMessage(bytes.NewReader(n.Data))
		if err != nil || m.Header.Get("X-Unsent") != "1" {
			t.Errorf("%s: %v, %v", what, err, m)
		}
	}
}

func reopened() Request {
	r := full()
	r.Case.Fixes, r.Case.Guards, r.Case.Reopened = nil, nil, at("2026-11-22 06:15")
	r.Case.Cause, r.Case.Accounts, r.Case.MailboxRead = "b", []string{"taro@example.jp"}, "unknown"
	return r
}

func forged() Request {
	r := full()
	r.Case.Cause = "h"
	return r
}

// TestFirstNeedsNothing: a first notice can be written seconds after the stop.
func TestFirstNeedsNothing(t *testing.T) {
	for _, lang := range []string{"en", "ja"} {
		for _, name := range Names("first") {
			list, err := load(t).Write(bare(), name, lang)
			if err != nil || len(list) != 1 {
				t.Fatal(list, err)
			}
			if gaps := list[0].Letter.Gaps; len(gaps) > 0 {
				t.Errorf("%s %s needs %v", name, lang, gaps)
			}
		}
	}
}

// TestEachCause: each cause has its words, and an unknown one is a gap.
func TestEachCause(t *testing.T) {
	seen := map[string]bool{}
	for _, cause := range strings.Split("abcdefgx", "") {
		r := full()
		r.Case.Cause = cause
		list, err := load(t).Write(r, "provider", "en")
		if err != nil || len(list) != 1 {
			t.Fatal(list, err)
		}
		if gap := slices.Contains(list[0].Letter.Gaps, "cause"); gap != (cause == "x") {
			t.Errorf("cause %s: gaps %v", cause, list[0].Letter.Gaps)
		}
		line := regexp.MustCompile(`Cause +(.*)`).FindString(list[0].Text)
		if seen[line] {
			t.Errorf("cause %s: %q is said of another one", cause, line)
		}
		seen[line] = true
	}
}

// TestHostileValues: whatever stands in a record or a configuration, it stays a value.
func TestHostileValues(t *testing.T) {
	evil := "x\r\nBcc: v@example.com\r\n\r\n{{fact \"phone\"}}\x1b[2J\u202e\x00" + strings.Repeat("y", 1000)
	r := full()
	r.Case.Host, r.Case.Incident, r.Case.Accounts = evil, evil, []string{evil}
	r.Case.Cause, r.Case.MailboxRead, r.Case.Fixes[0].What = evil, evil, evil
	r.Case.Lists.Hosts[0].Address, r.Case.Lists.Listings[0].Name = evil, evil
	w := &r.Writer
	for _, text := range []*runbook.Text{&w.Organisation, &w.Name, &w.Role, &w.Address, &w.Provider} {
		*text = runbook.T(evil, evil)
	}
	w.Abuse, w.Phone, w.Domains = evil, evil, []string{evil}
	for _, lang := range []string{"en", "ja"} {
		for _, name := range All() {
			list, err := load(t).Write(r, name, lang)
			if err != nil {
				t.Fatal(err)
			}
			for _, n := range list {
				if strings.ContainsAny(n.Text+n.File+n.Letter.ID+n.Letter.About, "\r\x1b\u202e\x00") || strings.Contains(n.Text, "\nBcc") || len(n.Letter.ID) > 1500 {
					t.Errorf("%s: %q", name, n.Text)
				}
				if strings.HasSuffix(n.File, ".eml") {
					if m, err := mail.ReadMessage(bytes.NewReader(n.Data)); err != nil || len(m.Header) > 7 || m.Header.Get("Bcc") != "" {
						t.Errorf("%s: %v, %v", name, m.Header, err)
					}
				}
			}
		}
	}
	r.Writer.ProviderEmail = evil
	if _, err := load(t).Write(r, "provider", "en"); err == nil {
		t.Error("an address that is none was taken")
	}
}

func mustWrite(t *testing.T, r Request, name string) []Notice {
	t.Helper()
	list, err := load(t).Write(r, name, "en")
	if err != nil {
		t.Fatal(err)
	}
	return list
}

// TestNotProved: what the record does not prove is a gap, or is not said.
func TestNotProved(t *testing.T) {
	down := full()
	down.Case.Services.Down = []string{"epstrd.service"}
	if n := mustWrite(t, down, "restored-staff")[0]; !slices.Contains(n.Letter.Gaps, "started") {
		t.Errorf("a service is down, and this is said:\n%s", n.Text)
	}
	if n := mustWrite(t, reopened(), "complaint")[0]; strings.Contains(n.Text, "has been closed") {
		t.Errorf("a measure was taken back, and this is said:\n%s", n.Text)
	}
	one := full()
	one.Case.Accounts = one.Case.Accounts[:1]
	if n := mustWrite(t, one, "user")[0]; len(n.Letter.Gaps) > 0 || !strings.Contains(n.Text, "a stranger opened your mailbox") {
		t.Errorf("%v\n%s", n.Letter.Gaps, n.Text)
	}
}

// TestUserLetters: one for each account; none where the cause needs no account.
func TestUserLetters(t *testing.T) {
	r := full()
	list, err := load(t).Write(r, "user", "en")
	if err != nil || len(list) != 2 || list[0].Letter.ID != "user@taro@example.jp" || list[1].Letter.About != "jiro@example.jp" {
		t.Errorf("%+v, %v", list, err)
	}
	r.Case.Accounts, r.Case.Cause = nil, "c"
	if list, err := load(t).Write(r, "user", "en"); err != nil || len(list) != 0 {
		t.Errorf("%+v, %v", list, err)
	}
	r.Case.Cause = ""
	if list, err := load(t).Write(r, "user", "en"); err != nil || len(list) != 1 || !slices.Contains(list[0].Letter.Gaps, "account") {
		t.Errorf("%+v, %v", list, err)
	}
	if g := mustWrite(t, full(), "user")[0].Letter.Gaps; !slices.Equal(g, []string{"mailbox"}) {
		t.Errorf("of two accounts nobody knows which mailbox was read: %v", g)
	}
	half := full()
	half.Case.Fixes[0].Count = 1
	if list, err := load(t).Write(half, "user", "en"); err != nil || !slices.Contains(list[0].Letter.Gaps, "locked") {
		t.Errorf("one of two accounts is locked: %+v, %v", list, err)
	}
}

func TestLanguages(t *testing.T) {
	r := bare()
	for _, c := range []struct{ name, lang, id string }{
		{"first-staff", "en", "first-staff"}, {"first-staff", "ja", "first-staff.ja"}, {"jpcert", "ja", "jpcert"}, {"jpcert", "en", "jpcert.en"},
	} {
		list, err := load(t).Write(r, c.name, c.lang)
		if err != nil || len(list) != 1 || list[0].Letter.ID != c.id || list[0].Lang != c.lang {
			t.Errorf("%v: %+v, %v", c, list, err)
		}
	}
	if _, err := load(t).Write(r, "first-staff", "fr"); err == nil {
		t.Error("a language without texts was taken")
	}
	if _, err := load(t).Write(r, "nothing", "en"); !errors.Is(err, runbook.ErrInput) {
		t.Error(err)
	}
	if _, err := load(t).Write(forged(), "first-staff", "en"); !errors.Is(err, ErrForged) {
		t.Error(err)
	}
}

func TestNextWord(t *testing.T) {
	now := at("2026-11-22 04:52")
	for text, want := range map[string]string{
		"": "2026-11-22 05:45", "05:30": "2026-11-22 05:30", "04:52": "2026-11-23 04:52", "00:10": "2026-11-23 00:10", "2026-11-22T09:00:00+09:00": "2026-11-22 09:00", "2026-11-21T21:00:00Z": "2026-11-22 06:00",
	} {
		if got, err := NextWord(text, now, jst); err != nil || !got.Equal(at(want)) || got.Location() != time.UTC {
			t.Errorf("%q: %v, %v", text, got, err)
		}
	}
	for _, text := range []string{"soon", "25:00", "5", "2026-11-22T04:00:00+09:00", "2026-11-22"} {
		if got, err := NextWord(text, now, jst); !errors.Is(err, runbook.ErrInput) {
			t.Errorf("%q: %v, %v", text, got, err)
		}
	}
}

func TestRestored(t *testing.T) {
	c := full().Case
	if !Restored(c) || Restored(bare().Case) {
		t.Error("restored, or not")
	}
	c.Services.Down = []string{"epstrd.service"}
	if Restored(c) {
		t.Error("a service is down")
	}
	c.Services = &casefile.Services{At: c.Started.Add(-time.Minute)}
	if Restored(c) {
		t.Error("nobody has looked since")
	}
}

// TestMissingTexts: a folder without one of the texts, or with a broken one, is an error and no empty letter.
func TestMissingTexts(t *testing.T) {
	if _, err := Load(os.DirFS(t.TempDir())); !errors.Is(err, fs.ErrNotExist) {
		t.Error(err)
	}
}
