package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"hikeshi/actions/queue/blocks"
	past "hikeshi/spool/lab/history"
)

var inlogLine = regexp.MustCompile(`^<(B\d{10})@[^>]*> \[([^\]]+)\] (\S+) (\S+) (\S*) `)

// queued is a message that stands in the queue and in the log.
type queued struct {
	id, client, helo, sender string
	at                       time.Time
}

// accepted are the messages of the last day of a history.
func accepted(t *testing.T, dir string) []queued {
	t.Helper()
	files, err := filepath.Glob(filepath.Join(dir, "inlog", "*.log"))
	if err != nil || len(files) == 0 {
		t.Fatal(err, "no inlog")
	}
	slices.Sort(files)
	text, err := os.ReadFile(files[len(files)-1])
	if err != nil {
		t.Fatal(err)
	}
	var all []queued
	for l := range strings.Lines(string(text)) {
		m := inlogLine.FindStringSubmatch(l)
		if m == nil {
			t.Fatalf("line %q", l)
		}
		at, err := time.Parse("02/Jan/2006:15:04:05", m[2])
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, queued{m[1], m[3], m[4], m[5], at})
	}
	return all
}

// put puts a message into the queue, as the server writes it.
func (s *server) put(q queued, subject string, size int) {
	s.t.Helper()
	at := filepath.Join("var/spool/epms/incoming", q.id)
	s.write(at+".MSG", fmt.Sprintf("Received: from %s (unverified [%s]) by mail1.example.jp\r\n\t(E-POST ESMTP Receiver 5.00) with ESMTP id <%s@mail1.example.jp>;\r\n\tSat, 21 Nov 2026 03:12:00 +0900\r\nFrom: <%s>\r\nSubject: %s\r\n\r\n%s",
		q.helo, q.client, q.id, q.sender, subject, strings.Repeat("x", size)))
	s.write(at+".RCP", "Message-ID: <"+q.id+"@mail1.example.jp>\r\nReturn-path: <"+q.sender+">\r\nRecipient: <v@example.com>\r\n")
	if err := errors.Join(os.Chtimes(filepath.Join(s.root, at+".MSG"), q.at, q.at), os.Chtimes(filepath.Join(s.root, at+".RCP"), q.at, q.at)); err != nil {
		s.t.Fatal(err)
	}
}

// emptied is a server without mail.
func emptied(t *testing.T) *server {
	t.Helper()
	s := newServer(t)
	for _, ext := range []string{".MSG", ".RCP"} {
		for _, id := range []string{"B0000000001", "B0000000002"} {
			if err := os.Remove(filepath.Join(s.root, "var/spool/epms/incoming", id+ext)); err != nil {
				t.Fatal(err)
			}
		}
	}
	return s
}

func (s *server) who(code int, args ...string) (doc backlogDocument, text string) {
	s.t.Helper()
	out, _ := s.run(code, append([]string{"spool", "scan", "--output", "json"}, args...)...)
	if err := json.Unmarshal([]byte(out), &doc); err != nil {
		s.t.Fatal(err)
	}
	return doc, out
}

// secretSubject stands in the header of every message of the test.
const secretSubject = "Kontoauszug-Mayerhofer"

// TestScanNamesTheLogins: behind every block of a flood stands the login that the logs know; who mails without one is not given any.
func TestScanNamesTheLogins(t *testing.T) {
	w := past.Make(3, past.Options{Accounts: 30, Days: 4, Start: time.Date(2024, 11, 4, 0, 0, 0, 0, time.UTC), Incidents: []past.Kind{"stolen-fast", "own-sender"}})
	s := emptied(t)
	dir := filepath.Join(s.root, "var/spool/epms")
	if err := w.Write(dir); err != nil {
		t.Fatal(err)
	}
	put := map[string]bool{}
	stolen, named := "", ""
	for _, a := range w.Truth.Accounts {
		if a.How == "stolen" {
			stolen = a.Login
		} else {
			named = a.Login
		}
	}
	if stolen == "" || named == "" || stolen == named {
		t.Fatalf("%+v", w.Truth.Accounts)
	}
	thieves := map[string]bool{}
	for _, src := range w.Truth.Sources {
		thieves[src.Addr.String()] = true
	}
	byThief, byNaming, byUsers, incoming := 0, 0, 0, 0
	for i, q := range accepted(t, dir) {
		switch {
		case thieves[q.client] && q.sender == named && byNaming < 150:
			byNaming++
		case thieves[q.client] && q.sender != named && byThief < 400:
			byThief++
		case !thieves[q.client] && strings.HasSuffix(q.sender, "@example.jp") && byUsers < 40:
			byUsers++
		case !thieves[q.client] && !strings.HasSuffix(q.sender, "@example.jp") && incoming < 40:
			incoming++
		default:
			continue
		}
		put[q.id] = true
		s.put(q, secretSubject, 3000+i%7)
	}
	if byThief < 100 || byNaming < 50 || byUsers < 10 || incoming < 10 {
		t.Fatalf("%d of the thief, %d by naming, %d of users, %d from outside", byThief, byNaming, byUsers, incoming)
	}
	doc, text := s.who(exitFound, "--who")
	if strings.Contains(text, secretSubject) || doc.Who.Read || len(doc.Who.Subjects) > 0 {
		t.Error("a subject was read")
	}
	if doc.Who == nil || !doc.Who.Logs || !doc.Who.Told || doc.Who.Found != len(put) || doc.Who.Sampled != len(put) {
		t.Fatalf("%+v of %d", doc.Who, len(put))
	}
	of := map[string]int{}
	for _, b := range doc.Blocks {
		of[b.State+" "+b.Login] += b.Messages
		switch {
		case b.Login == stolen && (b.Sender != stolen || b.Addresses < 1 || b.Share <= 0 || b.HELO == "" || len(b.Networks) == 0):
			t.Errorf("%+v", b)
		case b.Sender == named && b.Senders == 1 && b.Messages >= 50 && b.State != blocks.Without:
			t.Errorf("%s was named without a login: %+v", named, b)
		}
	}
	if n := of["login "+stolen]; n < byThief || n > byThief+byUsers {
		t.Errorf("%d messages of %s, want %d: %v", n, stolen, byThief, of)
	}
	if doc.Who.Logins[0] != stolen {
		t.Errorf("%q", doc.Who.Logins)
	}
	out, _ := s.run(exitFound, "--lang", "ja", "spool", "scan", "--who")
	for _, want := range []string{" 通中 ", "ログイン " + stolen, "ログイン なし"} {
		if !strings.Contains(strings.Join(strings.Fields(out), " "), want) {
			t.Errorf("no %q in\n%s", want, out)
		}
	}
	plain, _ := s.run(exitFound, "spool", "scan", "--output", "json")
	if strings.Contains(plain, `"blocks"`) || strings.Contains(plain, `"who"`) {
		t.Error("blocks that nobody asked for")
	}
}

// TestScanHeaders: subjects are shown only when they are asked for, with the word that they are personal data, and noted in the record.
func TestScanHeaders(t *testing.T) {
	s := emptied(t)
	for i := range 5 {
		s.put(queued{fmt.Sprintf("B%010d", 100+i), "203.0.113.9", "localhost", "taro@example.jp", time.Now().Add(-time.Minute)}, fmt.Sprintf("=?ISO-2022-JP?B?GyRCQEE1YRsoQg==?= %d", i), 500)
	}
	out, _ := s.run(exitOK, "spool", "scan", "--who")
	if strings.Contains(out, "請求") || !strings.Contains(out, "login unknown: no log of this time can be read") {
		t.Error(out)
	}
	out, errs := s.run(exitOK, "spool", "scan", "--headers")
	for _, want := range []string{"5 messages with the subject: 請求", "personal data", "5 of 5: sender taro@example.jp, login unknown"} {
		if !strings.Contains(strings.Join(strings.Fields(out), " "), want) {
			t.Errorf("no %q in\n%s", want, out)
		}
	}
	if !strings.Contains(errs, "no incident is open") {
		t.Errorf("%q", errs)
	}
	book := s.book("- id: when\n  phase: identify\n  title: {en: when}\n  why: {en: w}\n  uses: logs.suspects\n  with: {since: yesterday}\n" + // stops there
		"- id: after\n  phase: identify\n  title: {en: after}\n  why: {en: w}\n  uses: queue.scan\n")
	if out, err := s.command("run", book, "--yes").CombinedOutput(); len(s.incidents()) == 0 {
		t.Fatalf("no incident: %v\n%s", err, out)
	}
	doc, _ := s.who(exitOK, "--headers")
	if len(doc.Who.Subjects) != 1 || doc.Who.Subjects[0].Messages != 5 || !strings.Contains(s.journal(), "headers of 5 queued messages were read") {
		t.Errorf("%+v\n%s", doc.Who, s.journal())
	}
	if strings.Contains(s.journal(), "請求") {
		t.Error("a subject went into the record")
	}
}

// TestSuspectsWithoutLogs: what can be known without any log is told as an estimate.
func TestSuspectsWithoutLogs(t *testing.T) {
	s := emptied(t)
	for i := range 5 {
		s.put(queued{fmt.Sprintf("B%010d", 100+i), "203.0.113.9", "localhost", "taro@example.jp", time.Now().Add(-time.Minute)}, secretSubject, 500)
	}
	s.write("var/spool/epms/authlock/203.0.113.77.smtp", "12\n")
	out, _ := s.run(exitUndetermined, "logs", "suspects", "--output", "json")
	var doc struct{ Estimates []estimateRow }
	if err := json.Unmarshal([]byte(out), &doc); err != nil {
		t.Fatal(err)
	}
	for _, want := range []estimateRow{{"client", "203.0.113.9", 5}, {"sender", "taro@example.jp", 5}, {"rate", "", 0}, {"failures", "203.0.113.77", 12}} {
		if !slices.Contains(doc.Estimates, want) {
			t.Errorf("no %v in %+v", want, doc.Estimates)
		}
	}
	out, _ = s.run(exitUndetermined, "--lang", "ja", "logs", "suspects")
	if strings.Count(out, "推定: ") < 4 || strings.Contains(out, secretSubject) {
		t.Error(out)
	}
	if out, _ := s.run(exitFound, "status", "--watch", "0", "--output", "json"); strings.Contains(out, "estimate") {
		t.Error("the status waits for estimates")
	}
}

// estimateRow is what a document says of an estimate.
type estimateRow struct {
	What, Name string
	Value      float64
}
