package logs_test

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"hikeshi/actions/logs"
	"hikeshi/runbook"
)

// A sender that looks like a login spreads no account over the addresses that it comes from, whether its message was taken or refused.
func TestMadeUpLoginSpreadsNobody(t *testing.T) {
	const forged = "AUTH-LOGIN:" + hana + " [success]"
	for result, counted := range map[string]func(logs.SuspectsFacts) int64{
		"ok":    func(f logs.SuspectsFacts) int64 { return f.Read.MadeUp },
		"abort": func(f logs.SuspectsFacts) int64 { return f.Read.Unproven },
	} {
		s := newScribe(t)
		for i := range 120 {
			at := fmt.Sprintf("21/Nov/2026:03:%02d:%02d", i/4, i%4*15)
			if result == "ok" {
				s.mail(at, stranger(i), forged, forged, fmt.Sprintf("v%d@example.com", i))
			} else {
				s.session(at, stranger(i), forged, result)
			}
		}
		s.mail("21/Nov/2026:07:00:00", owner, "AUTH-LOGIN:"+hana+" [success]", hana, "friend1@example.com")
		f, told := suspectsAt(t, s.write(t), morning)
		for _, a := range f.Accounts {
			t.Errorf("%s: account %s: %+v", result, a.Name, a.Signals)
		}
		if n := counted(f); n != 120 {
			t.Errorf("%s: %d made up, %d not proven\n%s", result, f.Read.MadeUp, f.Read.Unproven, told)
		}
	}
}

// What else a session handed in that ends with a refused sender like a login came after one, or not: nobody knows.
func TestUnprovenLoginProvesNoMail(t *testing.T) {
	s := newScribe(t)
	for i := range 600 {
		at := fmt.Sprintf("21/Nov/2026:03:%02d:%02d", i/60, i%60)
		fmt.Fprintf(to(s.accept, at), "[%s], (example.jp), [%s]:25, Client accept now.\n", at, stranger(i))
		s.id++
		fmt.Fprintf(to(s.in, at), "<B%010d@mail1.example.jp> [%s] %s pc %s v%d@example.com\n", s.id, at, stranger(i), hana, i)
		s.session(at, stranger(i), "AUTH-LOGIN:"+hana+" [success]", "abort")
	}
	f, told := suspectsAt(t, s.write(t), morning)
	if len(f.AccountNames) != 1 || f.Spoof.Verdict != "unknown" || strings.Contains(told, "cause (a)") {
		t.Errorf("suspects %q, %+v\n%s", f.AccountNames, f.Spoof, told)
	}
}

// The lines that are cited against an account are those of strangers, not the first ones of the hour, which are its owner's; mail that came
// back is cited by the lines that say so.
func TestEvidenceIsNotTheOwners(t *testing.T) {
	s := newScribe(t)
	const login = "AUTH-LOGIN:" + hana + " [success]"
	for i := range 6 {
		id := s.mail(fmt.Sprintf("21/Nov/2026:07:00:%02d", i), owner, login, hana, "friend1@example.com")
		s.bounce(fmt.Sprintf("21/Nov/2026:07:01:%02d", i), id, hana, "friend1@example.com")
	}
	for i := range 600 {
		at := fmt.Sprintf("21/Nov/2026:07:%02d:%02d", 10+i/60, i%60)
		id := s.mail(at, stranger(i), login, fmt.Sprintf("other%d@example.com", i%20), fmt.Sprintf("v%d@example.com", i))
		s.bounce(at, id, hana, fmt.Sprintf("v%d@example.com", i))
	}
	f, _ := suspectsAt(t, s.write(t), morning)
	if len(f.Accounts) != 1 {
		t.Fatalf("%+v", f.Accounts)
	}
	seen := ""
	for _, g := range f.Accounts[0].Signals {
		seen += g.ID + " "
		for _, e := range g.Evidence {
			if strings.Contains(e.Text, owner) || g.ID == "D7" && (e.Log != "faillog" || strings.Contains(e.Text, "friend")) {
				t.Errorf("%s cites %s: %s", g.ID, e, e.Text)
			}
			if g.ID == "D9" && !strings.Contains(e.Text, "other") {
				t.Errorf("D9 cites %s", e.Text)
			}
		}
		if len(g.Evidence) == 0 {
			t.Errorf("%s cites nothing", g.ID)
		}
	}
	if seen != "D1 D2 D3 D6 D7 D9 D11 D14 " {
		t.Errorf("signals %s", seen)
	}
}

// What the owner did in a busier hour of his is not told in the place of what strangers did.
func TestEvidenceOfABusyOwner(t *testing.T) {
	s := newScribe(t)
	const login = "AUTH-LOGIN:" + hana + " [success]"
	for i := range 900 {
		s.mail(fmt.Sprintf("21/Nov/2026:05:%02d:%02d", i/60, i%60), owner, login, hana, fmt.Sprintf("reader%d@example.com", i))
	}
	for i := range 120 {
		s.mail(fmt.Sprintf("21/Nov/2026:07:%02d:%02d", i/60, i%60), stranger(i), login, hana, fmt.Sprintf("v%d@example.com", i))
	}
	f, _ := suspectsAt(t, s.write(t), morning)
	if len(f.AccountNames) != 1 {
		t.Fatalf("%+v", f.Accounts)
	}
	for _, g := range f.Accounts[0].Signals {
		if g.ID == "D1" && g.Value != 120 {
			t.Errorf("D1 %g", g.Value)
		}
		for _, e := range g.Evidence {
			if strings.Contains(e.Text, owner) {
				t.Errorf("%s cites %s", g.ID, e.Text)
			}
		}
	}
}

// The ordinary mail of a named account's owner is no part of the abuse.
func TestTimelineTellsTheOwnerApart(t *testing.T) {
	dir := both(t)
	out, told := ask(t, dir, "logs.timeline", `{"accounts":["`+hana+`"]}`)
	f := out.Facts.(logs.TimelineFacts)
	if *f.Messages != 600 || *f.Usual != 14 || !f.Separated || f.First.Format("15:04") != "07:10" {
		t.Errorf("%d, usual %d, first %s", *f.Messages, *f.Usual, f.First)
	}
	wants(t, told, "600 messages of those that were named (hanako@example.jp) from addresses that are not usual for them", "beside these 14 from addresses that are usual", "普段の接続元から 14 通", "60 mails     0 usual")
	if strings.Contains(told, "11-20 09:10 ") {
		t.Error("the table begins before the abuse")
	}
	if out, told = ask(t, dir, "logs.timeline", `{"accounts":["`+hana+`"],"until":"07:05","since":"07:00"}`); *out.Facts.(logs.TimelineFacts).Messages != 0 {
		t.Errorf("%s", told)
	}
	wants(t, told, "no message of those that were named (hanako@example.jp) from an address that is not usual", "6 from addresses that are usual")
}

// The first and the last message are told to the second, whatever the steps are; the owner's are not among them where they are told apart.
func TestTimelineIsExact(t *testing.T) {
	s := newScribe(t)
	const login = "AUTH-LOGIN:" + hana + " [success]"
	for i := range 300 { // the owner's first one in the step of the strangers' first one, and his last one after theirs
		switch i {
		case 0:
			s.mail("21/Nov/2026:06:00:40", owner, login, hana, "friend1@example.com")
		case 1:
			s.mail("21/Nov/2026:06:01:07", stranger(0), login, hana, "v0@example.com")
		case 298:
			s.mail("21/Nov/2026:06:45:59", stranger(1), login, hana, "v1@example.com")
		case 299:
			s.mail("21/Nov/2026:06:46:31", owner, login, hana, "friend2@example.com")
		default:
			s.mail(fmt.Sprintf("21/Nov/2026:06:%02d:%02d", 20+i/60, i%60), stranger(i), login, hana, fmt.Sprintf("v%d@example.com", i))
		}
	}
	s.mail("21/Nov/2026:05:50:00", stranger(0), "AUTH-LOGIN:taro@example.jp [success]", "taro@example.jp", "v@example.com") // of nobody who is suspect
	dir := s.write(t)
	for _, c := range []struct{ with, of, first, last string }{
		{`{"accounts":["` + hana + `"],"since":"72h"}`, "named", "06:01:07", "06:45:59"},
		{`{"since":"72h"}`, "suspects", "06:01:07", "06:45:59"},
		{`{"sources":["203.0.113.2"],"since":"72h"}`, "named", "06:20:41", "06:45:59"},
		{`{"since":"72h","exempt_accounts":["` + hana + `"],"exempt_sources":["203.0.113.0/24"]}`, "all", "09:10:00", "06:46:31"},
	} {
		out, told := ask(t, dir, "logs.timeline", c.with)
		f := out.Facts.(logs.TimelineFacts)
		if f.Of != c.of || f.First.Format("15:04:05") != c.first || f.Last.Format("15:04:05") != c.last || f.Seconds < 120 || f.Peak.Format("15:04:05") != "06:22:00" {
			t.Errorf("%s: of %s, first %s, last %s, peak %s, steps of %d s", c.with, f.Of, f.First, f.Last, f.Peak, f.Seconds)
		}
		if c.of != "all" && !strings.Contains(c.with, "sources") {
			wants(t, told, "11-21 06:00      1 mails")
		}
		wants(t, told, "first "+f.First.Format(time.DateTime), "last "+f.Last.Format(time.DateTime), fmt.Sprintf("most in the %d s from %s (%d)", f.Seconds, f.Peak.Format(time.DateTime), f.Most), fmt.Sprintf("から %d 秒間(%d 通)", f.Seconds, f.Most))
	}
}

// Who reads a mailbox is told apart too, and that its owner does is nothing bad.
func TestAccessTellsTheOwnerApart(t *testing.T) {
	dir := both(t)
	out, told := ask(t, dir, "logs.access", `{"accounts":["`+hana+`"]}`)
	if f := out.Facts.(logs.AccessFacts); *f.Mails != 23 || *f.Strange != 3 || out.Findings[0].Level != runbook.Bad {
		t.Errorf("%d, strange %d", *f.Mails, *f.Strange)
	}
	wants(t, told, "not from its usual addresses: mails read out: 3, logins: 0, addresses: 1; from its usual addresses: mails 20", "普段の接続元からは 20 通")
	out, told = ask(t, dir, "logs.access", `{"accounts":["`+hana+`"],"sources":["`+owner+`"]}`)
	if out.Findings[0].Level != runbook.OK {
		t.Errorf("%+v", out.Findings[0])
	}
	wants(t, told, "used from usual addresses only; from its usual addresses: mails 20")
	if out, told = ask(t, dir, "logs.access", `{"accounts":["hanakko"]}`); out.Findings[0].Level != runbook.Info {
		t.Errorf("%+v", out.Findings[0])
	}
	wants(t, told, "hanakko: no log of this time names the account")
	if err := os.RemoveAll(filepath.Join(dir, "imap4log")); err != nil {
		t.Fatal(err)
	}
	_, told = ask(t, dir, "logs.access", `{"accounts":["`+hana+`"],"sources":["198.51.100.9"]}`)
	wants(t, told, "whether the mailbox was read is unknown", `"mails":null`, `"strange":{"mails":null,"logins":null,"addresses":null}`)
}

// Where inlog is off or cannot be read, nobody knows how many messages there were: that is never 0.
func TestMessagesAreUnknown(t *testing.T) {
	for name, lose := range map[string]func(t *testing.T, dir string){
		"off":               func(t *testing.T, dir string) { os.RemoveAll(filepath.Join(dir, "inlog")) },
		"partly unreadable": func(t *testing.T, dir string) { unreadable(t, filepath.Join(dir, "inlog", "261121.log")) },
		"unreadable": func(t *testing.T, dir string) {
			unreadable(t, filepath.Join(dir, "inlog", "261121.log"))
			unreadable(t, filepath.Join(dir, "inlog", "261120.log"))
		},
	} {
		for id, counted := range map[string]string{"B0000000000": "unknown", "": "at least 600"} {
			s := newScribe(t)
			s.mail("21/Nov/2026:02:00:00", owner, "AUTH-LOGIN:"+hana+" [success]", hana, "friend1@example.com")
			for i := range 600 {
				at := fmt.Sprintf("21/Nov/2026:03:%02d:%02d", i/60, i%60)
				if id == "" {
					s.session(at, stranger(i), "AUTH-LOGIN:"+hana+" [success]", "ok")
				} else {
					fmt.Fprintf(to(s.accept, at), "[%s], (example.jp), %s[%s], AUTH-LOGIN:%s [success],<%s>,ok\n", at, stranger(i), stranger(i), hana, id)
				}
			}
			dir := s.write(t)
			lose(t, dir)
			f, told := suspectsAt(t, dir, morning)
			if len(f.AccountNames) != 1 || len(f.LoggedIn) != 1 || (f.Accounts[0].Messages == nil) != (counted == "unknown") || f.Accounts[0].Recipients != nil {
				t.Errorf("%s, %s: %+v", name, counted, f.Accounts)
			}
			words := map[string][]string{"unknown": {"how many messages is unknown", "通数は不明", "cannot be told: no log of accepted messages covers this time"}, "at least 600": {"at least 600 messages, recipients unknown", "少なくとも 600 通"}}
			wants(t, told, words[counted]...)
			_, told = ask(t, dir, "logs.timeline", `{"accounts":["`+hana+`"]}`)
			if counted == "unknown" {
				wants(t, told, "how many messages those that were named (hanako@example.jp) sent is unknown", "指定した対象 (hanako@example.jp) のメール", `"messages":null`)
			}
			if strings.Contains(told, `"messages":0`) || strings.Contains(told, "0 messages") && counted == "unknown" {
				t.Errorf("%s, %s: %s", name, counted, told)
			}
		}
	}
}

// Who is asked about by name is told with his own sources only, and a source with the accounts that it used.
func TestSuspectsOfOneAccount(t *testing.T) {
	s := newScribe(t)
	for i := range 600 {
		at := fmt.Sprintf("21/Nov/2026:07:%02d:%02d", i/60, i%60)
		s.mail(at, stranger(i%20), "AUTH-LOGIN:"+hana+" [success]", hana, fmt.Sprintf("v%d@example.com", i))
		s.mail(at, stranger(20+i%20), "AUTH-LOGIN:taro@example.jp [success]", "taro@example.jp", fmt.Sprintf("w%d@example.com", i))
	}
	dir := s.write(t)
	of := func(with string) logs.SuspectsFacts {
		out, _ := ask(t, dir, "logs.suspects", with)
		return out.Facts.(logs.SuspectsFacts)
	}
	if f := of(`{"top":100}`); len(f.AccountNames) != 2 || len(f.SourceNames) != 40 {
		t.Fatalf("%q, %q", f.AccountNames, f.SourceNames)
	}
	f := of(`{"top":100,"accounts":["hanako"]}`)
	if len(f.AccountNames) != 1 || len(f.SourceNames) != 20 || len(f.From) != 20 || f.Spoof.Login != 600 {
		t.Errorf("%q, %q, %+v", f.AccountNames, f.SourceNames, f.Spoof)
	}
	for _, e := range f.From {
		if strings.Join(e.Via, " ") != hana {
			t.Errorf("%s used %q", e.Name, e.Via)
		}
	}
	if f := of(`{"top":100,"sources":["203.0.113.40"]}`); strings.Join(f.AccountNames, " ") != "taro@example.jp" || len(f.From) != 1 {
		t.Errorf("%q, %q", f.AccountNames, f.SourceNames)
	}
}
