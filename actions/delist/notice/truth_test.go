package notice

import (
	"bytes"
	"errors"
	"io/fs"
	"net/mail"
	"os"
	"strings"
	"testing"
	"time"

	"hikeshi/actions/delist/casefile"
	"hikeshi/runbook"
)

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

// TestNotProved: what the record does not prove is a gap, or is not said.
func TestNotProved(t *testing.T) {
	short := full()
	short.Case.Watch.Seconds = 2
	if n := mustWrite(t, short, "provider")[0]; !strings.Contains(n.Text, "watched for 2 seconds until") {
		t.Errorf("two seconds were watched, and this is said:\n%s", n.Text)
	}
	down := full()
	down.Case.Services.Down = []string{"epstrd.service"}
	if n := mustWrite(t, down, "restored-staff")[0]; !missing(n, "started") {
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
	if list, err := load(t).Write(r, "user", "en"); err != nil || len(list) != 1 || !missing(list[0], "account") {
		t.Errorf("%+v, %v", list, err)
	}
	if g := mustWrite(t, full(), "user")[0]; len(g.Letter.Gaps) != 2 || !missing(g, "mailbox") || !missing(g, "planted") {
		t.Errorf("of two accounts nobody knows which mailbox was read, and which one held something: %v", g)
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

// TestMixed: figures that may hold mail of the owners of the accounts are called so, in both languages, and others are not.
func TestMixed(t *testing.T) {
	for _, lang := range []string{"en", "ja"} {
		for _, name := range []string{"provider", "jpcert", "ipa"} {
			for _, mixed := range []bool{false, true} {
				r := full()
				r.Case.Mixed = mixed
				list, err := load(t).Write(r, name, lang)
				if err != nil {
					t.Fatal(err)
				}
				if said := strings.Contains(list[0].Text, "rightful users") || strings.Contains(list[0].Text, "利用者本人の送信を含む"); said != mixed {
					t.Errorf("%s %s: mixed %v, said %v", name, lang, mixed, said)
				}
			}
		}
	}
}
