package logs_test

import (
	"encoding/base64"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"hikeshi/actions/logs"
	"hikeshi/spool"
)

// spread writes 300 failed sessions for jiro from 300 addresses, one every two minutes: acceptlog tells the last try of each with its
// address, receivelog every one of its tries without.
func spread(t *testing.T, tries int) string {
	t.Helper()
	s, sessions := newScribe(t), map[string]*strings.Builder{}
	for i := range 300 {
		at, peer := fmt.Sprintf("20/Nov/2026:%02d:%02d:%02d", 10+i/30, i%30*2, i%60), fmt.Sprintf("198.51.%d.%d", 100+i/200, 1+i%200)
		out := to(sessions, at)
		for range tries {
			for _, line := range []string{"AUTH LOGIN", "334 VXNlcm5hbWU6", base64.StdEncoding.EncodeToString([]byte("jiro@example.jp")), "334 UGFzc3dvcmQ6",
				base64.StdEncoding.EncodeToString([]byte("no such word")), "535 5.7.0 Authentication failed."} {
				fmt.Fprintf(out, "[%s], %08x, %s\n", at, 0x347c0000+i, line)
			}
		}
		s.session(at, peer, "AUTH-LOGIN:jiro@example.jp [failed]", "abort")
	}
	dir := s.write(t)
	for day, text := range sessions {
		put(t, dir, "receivelog/"+day+".log", text.String())
	}
	return dir
}

// Slow guessing from many addresses is told whichever log counts the failures: the addresses are those of acceptlog, the failures those
// of the log that knows more.
func TestSpreadGuessing(t *testing.T) {
	for _, tries := range []int{1, 5} {
		dir := spread(t, tries)
		check := func(failures, sources int64, words ...string) {
			t.Helper()
			srv := listing{server: server{dir: dir}, all: []spool.Account{{Name: "jiro", Domain: "example.jp"}}}
			out, told := planned(t, logs.Env{Server: srv, Own: spool.Own{Domains: []string{"example.jp"}}, Zone: time.UTC, Clock: func() time.Time { return morning }}, "logs.logins", "")
			f := out.Facts.(logs.LoginsFacts)
			wants(t, told, words...)
			if strings.Contains(told, "nobody tries") || strings.Join(f.Spread, " ") != "jiro@example.jp" {
				t.Errorf("%d tries: spread %q\n%s", tries, f.Spread, told)
			}
			if a := f.Accounts[0]; a.Failures != failures || (a.Sources == nil) != (sources == 0) || a.Sources != nil && max(int64(*a.Sources)-sources, sources-int64(*a.Sources)) > sources/20 { // a sketch counts them
				t.Errorf("%d tries: %+v, want %d from %d", tries, a, failures, sources)
			}
		}
		check(int64(300*tries), 300, "jiro@example.jp is tried from about 30", "か所から少しずつ")
		kept := filepath.Join(dir, "acceptlog")
		if err := os.Rename(kept, kept+"-away"); err != nil {
			t.Fatal(err)
		}
		check(int64(300*tries), 0, "from where is unknown", "接続元は不明", `"sources":null`)
		if err := os.Rename(kept+"-away", kept); err != nil {
			t.Fatal(err)
		}
		put(t, dir, "receivelog/261120.log", "[20/Nov/2026:09:00:00], 00000000, start\n")
		check(300, 300, "jiro@example.jp is tried from about 30")
	}
}

type accounts interface{ spool.Accounts }

// listing is a server that tells its accounts.
type listing struct {
	server
	accounts
	all []spool.Account
}

func (l listing) Accounts() (spool.AccountList, error) {
	return spool.AccountList{Accounts: l.all}, nil
}

// A password that was typed as the user name is shown masked, and no line that holds it is quoted; names of accounts are shown.
func TestPasswordAsName(t *testing.T) {
	s := newScribe(t)
	for i := range 12 {
		for k, name := range []string{"PlantedBeta22", "taro", "Mistyped@example.jp", "hanako", "planted@example.com"} {
			s.session(fmt.Sprintf("20/Nov/2026:1%d:%02d:00", k, i), stranger(i), "AUTH-LOGIN:"+name+" [failed]", "abort")
		}
	}
	srv := server{dir: s.write(t)}
	for _, c := range []struct {
		env   spool.Server
		shown string
	}{
		{listing{server: srv, all: []spool.Account{{Name: "Taro", Domain: "example.jp"}}}, "p...22@example.jp (no account)|p...om (no account)|taro@example.jp|m...ed@example.jp (no account)|hanako@example.jp"},
		{srv, "p...22@example.jp (not a known name)|p...om (not a known name)|t...@example.jp (not a known name)|m...ed@example.jp (not a known name)|hanako@example.jp"},
	} {
		out, told := planned(t, logs.Env{Server: c.env, Own: spool.Own{Domains: []string{"example.jp"}}, Zone: time.UTC}, "logs.logins", "")
		if strings.Contains(strings.ToLower(told), "planted") {
			t.Error(told)
		}
		f := out.Facts.(logs.LoginsFacts)
		for _, name := range strings.Split(c.shown, "|") {
			wants(t, told, name+" is tried from 12 addresses")
			if slices.Contains(f.Spread, name) == strings.Contains(name, "...") {
				t.Errorf("%q are spread, %q", f.Spread, name)
			}
		}
		quoted := false
		for _, g := range f.Sources {
			for _, e := range g.Evidence {
				quoted = quoted || strings.Contains(e.Text, "hanako [failed]")
				if e.File == "" {
					t.Errorf("%+v", e)
				}
			}
		}
		if !quoted && !strings.Contains(told, "taro [failed]") && c.env != spool.Server(srv) {
			t.Error("no line is quoted")
		}
	}
}

// That nobody tries passwords, or is abused, is never said where no log of logins could be read or understood.
func TestNothingHeardIsNotClean(t *testing.T) {
	const nobody, clean = "nobody tries passwords", "looks abused in what"
	for name, spoil := range map[string]func(t *testing.T, dir string){
		"off":        func(t *testing.T, dir string) { os.RemoveAll(filepath.Join(dir, "acceptlog")) },
		"unreadable": func(t *testing.T, dir string) { unreadable(t, filepath.Join(dir, "acceptlog", "261120.log")) },
		"not understood": func(t *testing.T, dir string) {
			put(t, dir, "acceptlog/261120.log", strings.Repeat("20.11.2026 somebody came\n", 9))
		},
	} {
		dir := newScribe(t).write(t)
		_, told := ask(t, dir, "logs.logins", "")
		wants(t, told, "ok: "+nobody)
		_, told = ask(t, dir, "logs.suspects", "")
		wants(t, told, "ok: no account and no address "+clean)
		spoil(t, dir)
		_, told = ask(t, dir, "logs.logins", "")
		wants(t, told, "warn: whether anybody tries passwords cannot be told", "acceptlog\n", "パスワードの総当たりの有無は判断できない")
		_, more := ask(t, dir, "logs.suspects", "")
		wants(t, more, "warn: who is abused, and from where, cannot be told", "判断できない")
		if strings.Contains(told, nobody) || strings.Contains(more, clean) {
			t.Errorf("%s:\n%s\n%s", name, told, more)
		}
	}
}

// Guessing that spares every single name and address is told as a whole; a few dozen strangers who mistype their passwords are not.
func TestSprayedPasswords(t *testing.T) {
	for peers, want := range map[int]bool{150: true, 60: false} {
		s := newScribe(t)
		for i := range 2 * peers {
			s.session(fmt.Sprintf("20/Nov/2026:%02d:%02d:00", 10+i/60, i%60), fmt.Sprintf("198.51.100.%d", 1+i%peers), fmt.Sprintf("AUTH-LOGIN:user%d@example.jp [failed]", i%75), "abort")
		}
		out, told := ask(t, s.write(t), "logs.logins", "")
		if f := out.Facts.(logs.LoginsFacts); f.Spray.Sources > 0 != want || strings.Contains(told, "nobody tries") == want {
			t.Errorf("%d: %+v\n%s", peers, f.Spray, told)
		}
		if want {
			wants(t, told, "passwords are tried for 75 names from 150 addresses, seldom for or from each: 300 failures", "75 名に対し、150 か所から")
		}
	}
}

// Many addresses that try one name some times a day each are guessing too.
func TestPatientGuessing(t *testing.T) {
	s := newScribe(t)
	for i := range 400 {
		s.session(fmt.Sprintf("20/Nov/2026:%02d:%02d:%02d", 8+i/40, i%40, i%60), stranger(i), "AUTH-LOGIN:"+hana+" [failed]", "abort")
	}
	out, told := ask(t, s.write(t), "logs.logins", "")
	if f := out.Facts.(logs.LoginsFacts); !slices.Contains(f.Spread, hana) {
		t.Errorf("%q\n%s", f.Spread, told)
	}
}

// Twenty addresses of one network that try passwords are one line, and of many others the first five have one; the facts have all.
func TestLikeGuessersTogether(t *testing.T) {
	s := newScribe(t)
	try := func(peer string, times int) {
		for i := range times {
			s.session(fmt.Sprintf("20/Nov/2026:18:%02d:%02d", i, len(s.accept)), peer, "AUTH-LOGIN:"+hana+" [failed]", "abort")
		}
	}
	for i := range 15 {
		try(fmt.Sprintf("203.0.113.%d", i+1), 6)
	}
	out, told := ask(t, s.write(t), "logs.logins", "")
	wants(t, told, "warn: 203.0.113.0/24: 15 addresses try passwords: 90 failures (SMTP 90), at most 6 in 10 minutes from one of them", "203.0.113.0/24 の 15 か所からパスワードが試されている: 失敗 90 回")
	if f := out.Facts.(logs.LoginsFacts); strings.Count(told, " tries passwords") > 0 || len(f.Sources) != 15 || len(f.SMTP) != 15 {
		t.Errorf("%d sources, %d guessers\n%s", len(f.Sources), len(f.SMTP), told)
	}
	for i := range 12 {
		try(fmt.Sprintf("2001:db8:%x::1", i+1), 7+i)
	}
	out, told = ask(t, s.write(t), "logs.logins", "")
	wants(t, told, "203.0.113.0/24: 15 addresses", "2001:db8:c::/64 tries passwords: 18 failures", "2001:db8:9::/64 tries", "8 more addresses try passwords: 84 failures; --output json --top 27 names them", "ほか 8 か所からも")
	if f := out.Facts.(logs.LoginsFacts); strings.Count(told, " tries passwords") != 4 || len(f.Sources) != 20 || f.Cut != 7 || len(f.SMTP) != 27 {
		t.Errorf("%d sources, %d cut, %d guessers\n%s", len(f.Sources), f.Cut, len(f.SMTP), told)
	}
	all, _ := ask(t, s.write(t), "logs.logins", `{"top":27}`)
	if f := all.Facts.(logs.LoginsFacts); len(f.Sources) != 27 || f.Cut != 0 {
		t.Errorf("%d sources, %d cut", len(f.Sources), f.Cut)
	}

	s = newScribe(t)
	for k := range 9 {
		for i := range 12 {
			s.session(fmt.Sprintf("20/Nov/2026:1%d:%02d:00", k, i), fmt.Sprintf("2001:db8:%x:%x::1", k, i), fmt.Sprintf("AUTH-LOGIN:user%d@example.jp [failed]", k), "abort")
		}
	}
	out, told = ask(t, s.write(t), "logs.logins", "")
	wants(t, told, "4 more names are tried in this way: 48 failures; --output json names them", "ほか 4 名も同じように")
	if n := strings.Count(told, " is tried from 12 addresses"); n != 5 || len(out.Facts.(logs.LoginsFacts).Accounts) != 9 {
		t.Errorf("%d lines\n%s", n, told)
	}
}

// Who guesses now is told apart from who did today, however many there are.
func TestGuessingNow(t *testing.T) {
	s := newScribe(t)
	for i := range 20 {
		for k := range 6 {
			s.session(fmt.Sprintf("21/Nov/2026:07:%02d:%02d", 40+i, k), fmt.Sprintf("203.0.113.%d", i+1), "AUTH-LOGIN:"+hana+" [failed]", "abort")
		}
	}
	out, told := ask(t, s.write(t), "logs.logins", "") // at 08:00
	f := out.Facts.(logs.LoginsFacts)
	if len(f.SMTP) != 20 || len(f.Now) != 15 || slices.Contains(f.Now, "203.0.113.5") || !slices.Contains(f.Now, "203.0.113.6") || len(f.NowNames) != 0 || f.Spray.Now || len(f.Deaf) != 0 {
		t.Errorf("%d guessers, now %q, %q\n%s", len(f.SMTP), f.Now, f.Deaf, told[:min(len(told), 900)])
	}
	if err := os.RemoveAll(filepath.Join(s.dir, "acceptlog")); err != nil {
		t.Fatal(err)
	}
	if out, _ := ask(t, s.dir, "logs.logins", ""); strings.Join(out.Facts.(logs.LoginsFacts).Deaf, " ") != "acceptlog" {
		t.Errorf("%q", out.Facts.(logs.LoginsFacts).Deaf)
	}
}
