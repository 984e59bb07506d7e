package evidence_test

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"hikeshi/actions/evidence/weigh"
)

// flood puts spam of many clients into the queue, and a little of a customer's mail.
func (l *lab) flood(sender func(i int) string) {
	for i := range 120 {
		l.message(i, fmt.Sprintf("203.0.113.%d", i%30+1), sender(i), fmt.Sprintf("v%d@example.com", i))
	}
	l.message(900, "198.51.100.50", "hanako@example.jp", "partner@example.net")
	l.message(901, "198.51.100.51", "friend@example.org", "taro@example.jp")
}

func as(sender string) func(int) string { return func(int) string { return sender } }

// acceptlog writes a log with logins of taro from many places.
func (l *lab) acceptlog(state func(i int) string) {
	var b strings.Builder
	for i := range 60 {
		fmt.Fprintf(&b, "[21/Nov/2026:02:%02d:00], (mail.example.jp), 203.0.113.%d[203.0.113.%d], %s,<B%010d>,ok\n", i%60, i%30+1, i%30+1, state(i), i)
	}
	l.put(settings+"EPST5RS/AcceptlogEnabled.1", "1")
	l.put(spoolDir+"acceptlog/mail/261121.log", b.String())
}

// old makes the files that tell of a compromised host old.
func (l *lab) old() {
	at := time.Now().Add(-1000 * time.Hour)
	for _, name := range []string{program + "effect.dat", spoolDir + "db/example.jp.idx"} {
		must(l.t, os.Chtimes(filepath.Join(l.root, name), at, at))
	}
}

func (l *lab) cause(k *keeper) (weigh.Facts, string) {
	l.t.Helper()
	l.old()
	before := l.tree()
	out, text := l.plan("evidence.cause", `{"judged": true, "logged_in": ["taro@example.jp"]}`, k, nil)
	if before != l.tree() {
		l.t.Error("looking changed something")
	}
	l.noSecret(k, text)
	f := out.Facts.(weigh.Facts)
	if len(f.Causes) != 8 || string(k.evidence["causes.txt"]) != text {
		l.t.Errorf("%+v", f)
	}
	return f, text
}

func TestCauses(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		prepare  func(*lab)
		likely   string
		says     []string
		accounts []string
	}{
		"a stolen password": {func(l *lab) {
			l.put(settings+"EPST5RS/SMTPAUTHOnly.1", "2")
			l.flood(as("taro@example.jp"))
			l.acceptlog(as("AUTH-LOGIN:taro@example.jp [success]"))
		}, "a", []string{"likely: (a) a stolen SMTP AUTH password; you decide", "taro@example.jp, a suspect by the logs, logged in from as many as 30 addresses, 60 times from 2026-11-21 02:00 to 2026-11-21 02:59"}, []string{"taro@example.jp"}},
		"an account named without AUTH": {func(l *lab) {
			l.flood(as("taro@example.jp"))
			l.acceptlog(as("taro@example.jp"))
		}, "b", []string{"nobody has to log in, and 121 of 121 messages for outside name an existing account", "0 good logins in 60 sessions"}, []string{"taro@example.jp"}},
		"an account without an auth file": {func(l *lab) {
			l.put(settings+"EPST5RS/SMTPAUTHOnly.1", "2")
			l.flood(as("taro@example.jp"))
			l.env.Account = func(string) (bool, bool, error) { return true, false, nil }
		}, "b", []string{"a login is asked of nobody without an auth file, and 121 of 121"}, []string{"taro@example.jp"}},
		"an open line": {func(l *lab) {
			l.put(program+"effect.dat", "#<> default\n#blank false\nexample.jp true\n")
			l.flood(func(i int) string { return fmt.Sprintf("x%d@example.jp", i) })
		}, "c", []string{"121 of 121 messages for outside are let out without a login by a line of the deny file, mostly line 3", "120 of 121 messages for outside name an account that does not exist", "the first is line 3"}, []string{}},
		"a web form": {func(l *lab) {
			for i := range 60 {
				l.message(i, "127.0.0.1", "www-data@mail.example.jp", "v@example.com")
			}
		}, "d", []string{"60 of 60 messages for outside come from this machine itself", "have a program's sender"}, []string{}},
		"an infected machine": {func(l *lab) {
			l.put(program+"effect.dat", "#<> default\n#blank false\n203.0.113.77 true\n")
			for i := range 60 {
				l.message(i, "203.0.113.77", fmt.Sprintf("x%d@example.net", i), "v@example.com")
			}
		}, "e", []string{"203.0.113.77 alone handed in 60 of 60", "line 3 of the deny file, which is open to few only"}, []string{}},
		"error mails of others": {func(l *lab) {
			for i := range 60 {
				l.message(i, fmt.Sprintf("198.51.100.%d", i+1), "", "taro@example.jp")
			}
		}, "h", []string{"likely: (h) not us", "60 of 60 messages are error mails of others for our addresses", "only 0 of 60"}, []string{}},
		"an empty queue": {func(*lab) {}, "", []string{"no cause stands out", "not seen: log of logins: the log is off"}, []string{}},
	} {
		t.Run(name, func(t *testing.T) {
			l := newLab(t)
			c.prepare(l)
			account := l.env.Account
			l.open()
			if strings.Contains(name, "auth file") {
				l.env.Account = account
			}
			f, text := l.cause(newKeeper())
			wants(t, text, c.says...)
			if f.Likely != c.likely {
				t.Errorf("likely %q, want %q\n%s", f.Likely, c.likely, text)
			}
			if d := cmp.Diff(c.accounts, f.Accounts); d != "" {
				t.Errorf("accounts: %s", d)
			}
			if f.Sources == nil {
				t.Errorf("%+v", f)
			}
		})
	}
}

// A password that was guessed is named as logs.logins names it, and nobody for his typing errors at the end of the log.
func TestGuessedCause(t *testing.T) {
	l := newLab(t)
	l.acceptlog(func(i int) string {
		if i%5 < 4 {
			return "AUTH-LOGIN:hanako@example.jp [failed]"
		}
		return "AUTH-LOGIN:hanako@example.jp [success]"
	})
	out, text := l.plan("evidence.cause", `{"guessed": ["taro@example.jp"]}`, newKeeper(), nil)
	wants(t, text, "by logs.logins the password of taro@example.jp was probably found by trying")
	if f := out.Facts.(weigh.Facts); cmp.Diff([]string{"taro@example.jp"}, f.Accounts) != "" || strings.Contains(text, "hanako") {
		t.Errorf("%+v\n%s", f, text)
	}
}

// The sources are those of the spam; a customer who sent one message is not among them.
func TestSources(t *testing.T) {
	l := newLab(t)
	l.flood(as("taro@example.jp"))
	f, text := l.cause(newKeeper())
	if len(f.Sources) != 30 || strings.Contains(strings.Join(f.Sources, " "), "198.51.100.5") {
		t.Errorf("%q\n%s", f.Sources, text)
	}
}

// What the incident has set aside is looked at, too; what another one has, is not.
func TestSetAside(t *testing.T) {
	for stamp, want := range map[string]string{incident: "b", "20200101-0000": ""} {
		l := newLab(t)
		l.flood(as("taro@example.jp"))
		l.acceptlog(as("taro@example.jp"))
		in := filepath.Join(l.root, spoolDir, "incoming")
		must(t, os.Rename(in, in+".q-"+stamp))
		must(t, os.Mkdir(in, 0o755))
		if f, text := l.cause(newKeeper()); f.Likely != want {
			t.Errorf("%s: %q\n%s", stamp, f.Likely, text)
		}
	}
}

// A server without a deny file has no line that opens it.
func TestNoDenyFile(t *testing.T) {
	l := newLab(t)
	l.flood(as("taro@example.jp"))
	l.acceptlog(as("taro@example.jp"))
	l.old()
	must(t, os.Remove(filepath.Join(l.root, program+"effect.dat")))
	out, text := l.plan("evidence.cause", "", newKeeper(), nil)
	if f := out.Facts.(weigh.Facts); f.Likely != "b" || strings.Contains(text, "not seen: deny file") {
		t.Errorf("%+v\n%s", f, text)
	}
}

// Without own domains nothing can be for outside, and nothing is guessed.
func TestNoOwnDomains(t *testing.T) {
	l := newLab(t)
	must(t, os.Remove(filepath.Join(l.root, settings, "DomainNamesAreLocal.0")))
	l.flood(as("taro@example.jp"))
	l.open()
	if f, text := l.cause(newKeeper()); f.Likely != "" {
		t.Errorf("%q\n%s", f.Likely, text)
	} else {
		wants(t, text, "the own domains are not known")
	}
}

// Names of strangers reach nobody's terminal.
func TestHostileNames(t *testing.T) {
	l := newLab(t)
	l.flood(as("t\x1b]0;x\x07@example.jp"))
	l.env.Account = func(string) (bool, bool, error) { return true, true, nil }
	k := newKeeper()
	f, text := l.cause(k)
	if strings.ContainsAny(text+strings.Join(f.Accounts, ""), "\x1b\x07") {
		t.Errorf("%q", text)
	}
}
