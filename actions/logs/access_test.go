package logs_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"hikeshi/actions/logs"
	"hikeshi/runbook"
	"hikeshi/spool"
)

// readers are two weeks in which hanako reads her mail from her office, and a stranger reads 40 mails three days before the end. Nobody
// logs in with the domain but for sending.
func readers(t *testing.T, thief string) string {
	t.Helper()
	s := newScribe(t)
	for day := 7; day <= 13; day++ {
		s.mail(fmt.Sprintf("%02d/Nov/2026:09:00:00", day), owner, "AUTH-LOGIN:"+hana+" [success]", hana, "friend1@example.com")
	}
	dir := s.write(t)
	for day := 7; day <= 20; day++ {
		box := fmt.Sprintf("[%02d/Nov/2026:09:00:00] hanako from %s RETR 1 Success\n", day, owner)
		for i := range 40 {
			if day == 18 {
				box += fmt.Sprintf("[18/Nov/2026:10:00:%02d] %s from 203.0.113.77 RETR %d Success\n", i, thief, i)
			}
		}
		put(t, dir, fmt.Sprintf("pop3log/2611%02d.log", day), box)
		put(t, dir, fmt.Sprintf("imap4log/2611%02d.log", day), fmt.Sprintf("[%02d/Nov/2026:07:30:00] - from 192.0.2.7 CAPABILITY - Success\n", day))
	}
	return dir
}

// Mail is read before spam is sent: the days before the last are looked at too, and every sentence names its time. A login without a
// domain is the same account as one with the only domain of the server, and shares its usual addresses.
func TestAccessOfDaysBefore(t *testing.T) {
	for _, thief := range []string{hana, "hanako"} {
		dir := readers(t, thief)
		for _, name := range []string{hana, "hanako"} {
			out, told := ask(t, dir, "logs.access", `{"accounts":["`+name+`"]}`)
			f := out.Facts.(logs.AccessFacts)
			if len(f.Accounts) != 1 || f.Accounts[0].Name != hana || strings.Join(f.Accounts[0].Spelt, " ") != hana || *f.Strange != 40 || len(f.Accounts[0].From) != 2 {
				t.Fatalf("%+v\n%s", f.Accounts, told)
			}
			wants(t, told, "bad: "+hana+": not from its usual addresses: mails read out: 40, logins: 0, addresses: 1; from its usual addresses: mails 7, logins 0 (2026-11-13 16:10 - 2026-11-20 16:10)")
		}
		_, told := ask(t, dir, "logs.access", `{"accounts":["`+hana+`"],"since":"24h"}`)
		wants(t, told, "ok: "+hana+": the mailbox was used from usual addresses only", "mails 1, logins 0 (2026-11-19 16:10 - 2026-11-20 16:10)")
		_, told = ask(t, dir, "logs.access", `{"accounts":["`+hana+`"],"since":"24h","sources":["203.0.113.77"]}`)
		wants(t, told, "ok: "+hana+": the mailbox was not read from 203.0.113.77 (2026-11-19 16:10 - ", "203.0.113.77 からメールボックスは読まれていない (2026-11-19")
	}
}

// Where several domains have an account of the name, a login without a domain stands for itself.
func TestAccessOfAShortLogin(t *testing.T) {
	dir := readers(t, "hanako")
	for with, want := range map[string]int{"": 1, "example.com": 2} {
		srv := listing{server: server{dir: dir}, all: []spool.Account{{Name: "hanako", Domain: "example.jp"}}}
		if with != "" {
			srv.all = append(srv.all, spool.Account{Name: "hanako", Domain: with})
		}
		env := logs.Env{Server: srv, Own: spool.Own{Domains: []string{"example.jp", "example.com"}}, Zone: time.UTC, Clock: func() time.Time { return morning }}
		out, told := planned(t, env, "logs.access", `{"accounts":["hanako"]}`)
		if f := out.Facts.(logs.AccessFacts); len(f.Accounts) != want {
			t.Errorf("%q: %+v\n%s", with, f.Accounts, told)
		}
	}
}

// Lines that nobody understands may tell of mail that was read.
func TestAccessOfLinesThatAreNotUnderstood(t *testing.T) {
	dir := readers(t, hana)
	put(t, dir, "pop3log/261120.log", strings.Repeat("20.11.2026 hanako took a mail\n", 5))
	out, told := ask(t, dir, "logs.access", `{"accounts":["`+hana+`"],"since":"24h"}`)
	f := out.Facts.(logs.AccessFacts)
	if f.Mails != nil || strings.Join(f.Unknown, " ") != "pop3log" || out.Findings[0].Level != runbook.Warn {
		t.Errorf("mails %v, unknown %q\n%s", f.Mails, f.Unknown, told)
	}
	wants(t, told, "whether the mailbox was read is unknown: lines are not understood: pop3log (2026-11-19", "解釈できない行がある: pop3log")
	out, told = ask(t, dir, "logs.access", `{"accounts":["`+hana+`"]}`)
	if f := out.Facts.(logs.AccessFacts); f.Mails == nil || *f.Mails != 46 {
		t.Error(told)
	}
	wants(t, told, "maybe more: lines are not understood: pop3log", "さらに多い可能性がある。解釈できない行がある")
}
