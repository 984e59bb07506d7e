package logs_test

import (
	"context"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"hikeshi/actions/logs"
	"hikeshi/runbook"
	"hikeshi/spool"
	"hikeshi/spool/epms/logs/files"
)

// barred is a server of which this user may not read a log.
type barred struct {
	server
	log string
}

func (b barred) Logs(ctx context.Context) ([]spool.Log, error) {
	all, err := b.server.Logs(ctx)
	for i := range all {
		if l := &all[i]; l.Name == b.log {
			l.State, l.Files, l.Problem = spool.LogOn, nil, fmt.Errorf("looking for log files: %w", &fs.PathError{Op: "open", Path: l.Dir, Err: fs.ErrPermission})
		}
	}
	return all, err
}

// listed is a server whose folders are looked at as those of a real one.
type listed struct{ server }

func (s listed) Logs(ctx context.Context) ([]spool.Log, error) {
	all, err := s.server.Logs(ctx)
	for i := range all {
		l := &all[i]
		l.Files, l.Odd, l.Problem = files.List(ctx, l.Dir)
		if l.State = spool.LogOff; len(l.Files)+len(l.Odd) > 0 {
			l.State = spool.LogOn
		}
	}
	return all, err
}

func in(srv spool.Server) logs.Env {
	return logs.Env{Server: srv, Own: spool.Own{Domains: []string{"example.jp"}}, Zone: time.UTC, Clock: func() time.Time { return morning }}
}

// By inlog alone the name of a sender is no account that logged in: that stands beside the verdict, with what to do about it.
func TestSenderAlone(t *testing.T) {
	const taro = "taro@example.jp"
	dir := night(t, "AUTH-LOGIN:"+taro+" [success]", taro)
	out, told := planned(t, in(barred{server{dir: dir}, "acceptlog"}), "logs.suspects", "")
	f := out.Facts.(logs.SuspectsFacts)
	if len(f.AccountNames) != 1 || !f.Accounts[0].Sender || strings.Join(f.Accounts[0].Brief, " ") != "[!] x700 D1 D2 D3 login?" || f.Spoof.Verdict != "unknown" {
		t.Errorf("%q %+v %+v", f.AccountNames, f.Accounts[0].Brief, f.Spoof)
	}
	if first := out.Findings[0].Text; !strings.HasPrefix(first.EN, taro+" is a suspect as a sender only: no log of logins tells whether it logged in, and anybody can write this name: ") ||
		!strings.HasPrefix(first.JA, taro+" は、差出人としては疑いが強い(ログインしたかどうかはログから分からず、名乗られただけの可能性がある): ") {
		t.Errorf("%+v", first)
	}
	wants(t, told, taro+" (suspect, as a sender only: no log tells whether it logged in): messages: 700", "acceptlog: read as root", "acceptlog は root で読むこと", "permission denied; read as root", "root で実行すること")
	if strings.Contains(f.Spoof.HowTo, "acceptlog: run") {
		t.Errorf("a log that is on is to be switched on: %s", f.Spoof.HowTo)
	}

	out, told = planned(t, in(server{dir: dir}), "logs.suspects", "")
	if f := out.Facts.(logs.SuspectsFacts); f.Accounts[0].Sender || strings.Contains(told, "login?") || strings.Contains(told, "sender only") || strings.Contains(told, "as root") {
		t.Errorf("with acceptlog: %+v", f.Accounts[0])
	}
}

// Files that this user may not open are told in one sentence for each log.
func TestFilesOfRoot(t *testing.T) {
	if os.Geteuid() == 0 {
		t.Skip("root may read everything; TestSenderAlone has the same words")
	}
	dir := night(t, "AUTH-LOGIN:taro@example.jp [success]", "taro@example.jp")
	put(t, dir, "acceptlog/261120.log", "x\n")
	for _, day := range []string{"261120", "261121"} {
		if err := os.Chmod(filepath.Join(dir, "acceptlog", day+".log"), 0); err != nil {
			t.Fatal(err)
		}
	}
	_, told := ask(t, dir, "logs.suspects", "")
	wants(t, told, "acceptlog: not read: opening log", "permission denied, and 1 more files; read as root", "、ほか 1 ファイル。root で実行すること", "is a suspect as a sender only", "acceptlog: read as root")
}

// A pipe, a link or a device among the files is named and left out. The rest counts, as long as it has the lines of that day.
func TestOddEntries(t *testing.T) {
	const taro = "taro@example.jp"
	dir := night(t, "AUTH-LOGIN:"+taro+" [success]", taro)
	want, _ := planned(t, in(listed{server{dir: dir}}), "logs.suspects", "")
	at := func(name string) string { return filepath.Join(dir, "inlog", name) }
	for _, err := range []error{os.MkdirAll(at("mail2"), 0o755), syscall.Mkfifo(at("mail2/261121.log"), 0o600), os.Symlink("/dev/zero", at("261119.log")), os.Symlink("/", at("mail3"))} {
		if err != nil {
			t.Fatal(err)
		}
	}
	out, told := planned(t, in(listed{server{dir: dir}}), "logs.suspects", "")
	f, g := out.Facts.(logs.SuspectsFacts), want.Facts.(logs.SuspectsFacts)
	if len(f.Accounts) != 1 || *f.Accounts[0].Messages != 700 || *f.Accounts[0].Recipients != 700 || f.Spoof.Verdict != g.Spoof.Verdict || f.Spoof.Login != 700 || f.Read.Problem {
		t.Errorf("%+v %+v", f.Accounts, f.Spoof)
	}
	wants(t, told, "warn: "+at("mail2/261121.log")+": a named pipe: left out, the rest is counted", at("261119.log")+": a symbolic link, which is not followed: left out",
		at("mail3")+": a symbolic link", "名前付きパイプ。対象外とし、ほかのファイルを数えた")

	sizes, told := planned(t, in(listed{server{dir: dir}}), "logs.sizes", "")
	for _, l := range sizes.Facts.(logs.SizesFacts).Logs {
		if l.Name == "inlog" && (l.Bytes == nil || *l.Bytes == 0) {
			t.Errorf("%+v", l)
		}
	}
	if f := sizes.Facts.(logs.SizesFacts); len(f.Unread) > 0 {
		t.Errorf("unread %q", f.Unread)
	}
	wants(t, told, "a named pipe: left out")

	// Where the day has nothing but the pipe, its figures are not known.
	if err := os.Remove(at("261121.log")); err != nil {
		t.Fatal(err)
	}
	out, _ = planned(t, in(listed{server{dir: dir}}), "logs.suspects", "")
	if f := out.Facts.(logs.SuspectsFacts); !f.Read.Problem || len(f.Accounts) > 0 && f.Accounts[0].Recipients != nil {
		t.Errorf("%+v", f.Accounts)
	}
}

// The size of a log without files, or of one that cannot be looked at, is not 0 but unknown.
func TestSizeIsUnknown(t *testing.T) {
	dir := night(t, "AUTH-LOGIN:taro@example.jp [success]", "taro@example.jp")
	out, told := planned(t, in(barred{server{dir: dir}, "acceptlog"}), "logs.sizes", "")
	for _, l := range out.Facts.(logs.SizesFacts).Logs {
		if known := l.Name == "inlog"; (l.Bytes != nil) != known || known && *l.Bytes == 0 {
			t.Errorf("%+v", l)
		}
	}
	wants(t, told, `"name":"acceptlog","state":"on","day":"","bytes":null`, "acceptlog: its size is unknown", "permission denied; read as root", " バイト")
	if strings.Contains(told, `"bytes":0`) {
		t.Error(told)
	}
}

// Of accounts that stand in no log nothing is claimed, good or bad.
func TestNothingIsClaimedOfStrangers(t *testing.T) {
	dir := night(t, "AUTH-LOGIN:taro@example.jp [success]", "taro@example.jp")
	for _, with := range []string{`{"accounts":["nosuch"]}`, `{"sources":["198.51.100.99"]}`} {
		out, told := ask(t, dir, "logs.suspects", with)
		for _, f := range out.Findings {
			if f.Level == runbook.OK || f.Level == runbook.Bad {
				t.Errorf("%s: %s", with, f.Text.EN)
			}
		}
		if strings.Contains(told, "was handed in") {
			t.Error(told)
		}
	}
}

// A list is followed by what its signs mean; a reason that two signs cannot be seen for is said once, and the files are listed once.
func TestLegend(t *testing.T) {
	dir := night(t, "AUTH-LOGIN:taro@example.jp [success]", "taro@example.jp")
	_, told := ask(t, dir, "logs.suspects", "")
	wants(t, told, "signs: each with its value", "D1 D2 D6 volume, D3 D10 spread, D9 D14 identity", "a suspect [!], of one a hint [?]", "兆候の読み方")
	if n := strings.Count(told, "not visible in these logs: D4 D5: "); n != 1 || strings.Contains(told, ": D5: ") {
		t.Errorf("%d times", n)
	}
	if n := strings.Count(told, `"path":"`+dir+"/inlog/261121.log"); n != 1 {
		t.Errorf("the file is listed %d times", n)
	}
	_, told = ask(t, dir, "logs.suspects", `{"accounts":["nosuch"]}`)
	if strings.Contains(told, "signs: each") {
		t.Error("signs that are not there are explained")
	}
}

// A thief who writes slowly from one address is named with it, even where that is all that speaks against the account.
func TestSlowThief(t *testing.T) {
	slow := func(helo string, each int) *scribe {
		s := newScribe(t)
		for i := range 150 {
			at, peer := fmt.Sprintf("20/Nov/2026:%02d:%02d:00", 8+i/15, i%15*4), "198.51.100.77"
			to := ""
			for k := range each {
				to += fmt.Sprintf(" v%d@example.com", i*each+k)
			}
			s.connect(at, peer)
			s.end(at, peer, "AUTH-LOGIN:"+hana+" [success]", s.inlog(at, peer, helo+" "+hana+to))
		}
		return s
	}
	for each, want := range map[int]string{1: "D1 D14", 7: "D1 D2 D6 D14"} {
		f, told := suspectsAt(t, slow("win-x", each).write(t), morning)
		if signsOf(f, hana) != want || strings.Join(f.AccountNames, " ") != hana || strings.Join(f.SourceNames, " ") != "198.51.100.77" || f.Spoof.Verdict != "login" {
			t.Errorf("%d each: %q, accounts %q, sources %q\n%s", each, signsOf(f, hana), f.AccountNames, f.SourceNames, told[:min(len(told), 1500)])
		}
	}
	f, told := suspectsAt(t, slow("pc", 1).write(t), morning) // by the name of the owner's machine
	if signsOf(f, hana) != "D1" || len(f.AccountNames)+len(f.SourceNames) > 0 || strings.Join(f.Accounts[0].NewFrom, " ") != "198.51.100.77" {
		t.Errorf("%+v", f.Accounts)
	}
	wants(t, told, "(a hint)", "from 198.51.100.77, new for it", "このアカウントで初めての接続元は 198.51.100.77")
}

// How many names an address tried is counted up to 256; beyond that it is an estimate, and is called one.
func TestNamesAreAbout(t *testing.T) {
	for n, about := range map[int]bool{200: false, 400: true} {
		s := newScribe(t)
		for i := range n {
			s.session(fmt.Sprintf("21/Nov/2026:03:%02d:%02d", i/60, i%60), stranger(0), fmt.Sprintf("AUTH-LOGIN:user%d@example.jp [failed]", i), "abort")
		}
		out, told := ask(t, s.write(t), "logs.logins", "")
		if f := out.Facts.(logs.LoginsFacts); len(f.Sources) != 1 || f.Sources[0].About != about || !about && f.Sources[0].Names != n {
			t.Errorf("%d: %+v", n, f.Sources)
		} else if off := f.Sources[0].Names - n; (f.Sources[0].Error > 0) != about || max(off, -off) > f.Sources[0].Error {
			t.Errorf("%d: %d +-%d", n, f.Sources[0].Names, f.Sources[0].Error)
		}
		if strings.Contains(told, " +-") != about || strings.Contains(told, "names: about ") != about || strings.Contains(told, "対象 約 ") != about {
			t.Errorf("%d: %s", n, told[:min(len(told), 600)])
		}
	}
}
