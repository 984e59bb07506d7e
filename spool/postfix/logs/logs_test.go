package logs

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"hikeshi/spool"
)

func put(t *testing.T, root, name, text string) {
	t.Helper()
	path := filepath.Join(root, name)
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(text), 0o640); err != nil {
		t.Fatal(err)
	}
}

func TestLogs(t *testing.T) {
	root := t.TempDir()
	put(t, root, "var/log/mail.log", "x\n")
	put(t, root, "var/spool/pf.log", "x\n")
	all, err := New(Config{Root: root, Mail: []string{"/var/spool/pf.log"}}).Logs(context.Background())
	if err != nil || len(all) != 1 || all[0].Name != Mail || all[0].State != spool.LogOn || len(all[0].Files) != 2 || all[0].Problem != nil {
		t.Fatalf("%v, %+v", err, all)
	}
	all, _ = New(Config{Root: root, Dovecot: []string{"/var/log/dovecot.log"}}).Logs(context.Background())
	if len(all) != 2 || all[1].State != spool.LogUnknown || all[1].HowToEN == "" || all[1].HowToJA == "" {
		t.Fatalf("%+v", all)
	}
	for _, l := range all {
		if New(Config{}).Parser(l.Name, spool.LogFile{}) == nil || !l.Spread || l.Sessions {
			t.Errorf("%+v", l)
		}
	}
	if New(Config{}).Parser("inlog", spool.LogFile{}) != nil {
		t.Error("a log that is not known has a parser")
	}
}

// The journal is asked for where there is no file, and not else.
func TestJournal(t *testing.T) {
	root, asked := t.TempDir(), 0
	c := Config{Root: root, Journal: func(context.Context) (spool.LogFile, error) {
		asked++
		return spool.LogFile{Path: "/export"}, nil
	}}
	all, err := New(c).Logs(context.Background())
	if err != nil || len(all[0].Files) != 1 || all[0].Files[0].Path != "/export" || asked != 1 {
		t.Fatalf("%v, %+v", err, all)
	}
	put(t, root, "var/log/maillog", "x\n")
	if all, _ = New(c).Logs(context.Background()); asked != 1 || len(all[0].Files) != 1 {
		t.Errorf("asked %d times", asked)
	}
	c.Root, c.Journal = t.TempDir(), func(context.Context) (spool.LogFile, error) { return spool.LogFile{}, errors.New("no journal") }
	if all, _ = New(c).Logs(context.Background()); all[0].Problem == nil || len(all[0].Files) != 0 {
		t.Errorf("%+v", all[0])
	}
}

// A file of more than a year, in which nothing tells the year, is told.
func TestYears(t *testing.T) {
	for _, stamp := range []string{time.Stamp, "2006-01-02T15:04:05Z07:00"} {
		root := t.TempDir()
		var b strings.Builder
		for day := time.Date(2024, 3, 1, 0, 0, 0, 0, time.UTC); day.Before(modified); day = day.Add(4 * time.Hour) {
			fmt.Fprintf(&b, "%s mail postfix/smtpd[1]: connect from unknown[192.0.2.7]%s\n", day.Format(stamp), strings.Repeat(" ", 100))
		}
		put(t, root, "var/log/mail.log", b.String())
		if err := os.Chtimes(filepath.Join(root, "var/log/mail.log"), modified, modified); err != nil {
			t.Fatal(err)
		}
		all, err := New(Config{Root: root, Zone: time.UTC}).Logs(context.Background())
		if told := all[0].Problem != nil; err != nil || told != (stamp == time.Stamp) {
			t.Errorf("%s: %v", stamp, all[0].Problem)
		}
	}
}

// What a log is said to tell of is what its parser says, and nothing else.
func TestSays(t *testing.T) {
	lines := map[spool.EventKind]string{
		spool.EventLogin:     "dovecot: imap-login: Login: user=<taro>, method=PLAIN, rip=192.0.2.7, lip=192.0.2.1, session=<a>",
		spool.EventLoginFail: "postfix/smtpd[1]: warning: unknown[192.0.2.7]: SASL PLAIN authentication failed:",
		spool.EventRead:      "dovecot: pop3(taro)<1><a>: Disconnected: Logged out top=0/0, retr=2/345, del=0/2, size=345",
		spool.EventAccept:    "postfix/qmgr[1]: 4104E3D: from=<a@example.com>, size=1, nrcpt=1 (queue active)",
		spool.EventReject:    "postfix/smtpd[1]: NOQUEUE: reject: RCPT from unknown[192.0.2.7]: 554 5.7.1 no; from=<> to=<a@example.jp> proto=ESMTP helo=<x>",
		spool.EventSent:      "postfix/smtp[1]: 4104E3D: to=<a@example.com>, relay=mx.example.com[198.51.100.9]:25, delay=1, delays=1/0/0/0, dsn=2.0.0, status=sent (250 ok)",
		spool.EventLocal:     "postfix/local[1]: 4104E3D: to=<a@example.jp>, relay=local, delay=1, delays=1/0/0/0, dsn=2.0.0, status=sent (delivered to mailbox)",
		spool.EventDeferred:  "postfix/error[1]: 4104E3D: to=<a@example.com>, relay=none, delay=1, delays=1/0/0/0, dsn=4.4.2, status=deferred (suspended)",
		spool.EventBounced:   "postfix/qmgr[1]: 4104E3D: from=<a@example.jp>, status=expired, returned to sender",
	}
	all, err := New(Config{Root: t.TempDir()}).Logs(context.Background())
	if err != nil || len(all[0].Says) != len(lines) {
		t.Fatalf("%v, %+v", err, all)
	}
	for _, kind := range all[0].Says {
		if e, r := read("Nov 25 03:04:05 mail " + lines[kind]); r != spool.LineSaid || e.Kind != kind {
			t.Errorf("%s: %v %s", kind, r, e.Kind)
		}
	}
}

func TestUnseen(t *testing.T) {
	var ids []string
	for _, u := range New(Config{}).Unseen() {
		ids = append(ids, u.Signal)
		if u.EN == "" || u.JA == "" {
			t.Errorf("%+v", u)
		}
	}
	if got := strings.Join(ids, " "); got != "D4 D5 D8 D14 D16" {
		t.Error(got)
	}
}
