package envelope_test

import (
	"context"
	"fmt"
	"io"
	"net/netip"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"hikeshi/actions/evidence/envelope"
	"hikeshi/spool"
	"hikeshi/spool/aside/trial"
	"hikeshi/spool/epms/queue"
)

// epms reads the queue as the real server's package does, in the folders of a trial.
type epms struct{ trial.Server }

func (epms) Message(file string) (string, spool.Part, bool)          { return queue.Message(file) }
func (epms) ReadClient(r io.Reader) (netip.Addr, error)              { return queue.ReadClient(r) }
func (epms) ReadEnvelope(r io.Reader) (spool.MessageEnvelope, error) { return queue.ReadEnvelope(r) }
func (epms) Bounce(name string) bool                                 { return queue.Bounce(name) }
func (epms) ListMail(folder, name string) bool                       { return folder == "lists" || queue.ListSplit(name) }

var own = spool.Own{Domains: []string{"Example.jp"}, Hostname: "mail.example.jp"}

func draw(t *testing.T, s trial.Server, n int) envelope.Sample {
	t.Helper()
	got, err := envelope.Draw(context.Background(), envelope.Drawing{Queue: epms{s}, Folders: s.Folders(), Own: own, Size: n})
	if err != nil {
		t.Fatal(err)
	}
	return got
}

const top = "Received: from pc (unverified [203.0.113.9]) by mail.example.jp\r\n\t(E-POST ESMTP Receiver 5.00) with ESMTP id <B0000000001@mail.example.jp>;\r\n\tSat, 21 Nov 2026 03:12:00 +0900\r\n"

func TestDraw(t *testing.T) {
	s := trial.New(t)
	body := "X-First: y\r\n z\r\n" + top + "Received: from other (unverified [198.51.100.1]) by x\r\nSubject: hunter2-subject\r\n\r\nhunter2-text\r\n"
	s.Put(t, "incoming/B0000000001.MSG", body)
	s.Put(t, "incoming/B0000000001.RCP", trial.Envelope("taro@example.jp", "v@example.com", "hanako@example.jp", "a@example.com", "b@example.com"))
	s.Put(t, "incoming/B0000000002-E001.RCP", trial.Envelope("", "taro@EXAMPLE.JP"))
	s.Put(t, "domains/example.com/B0000000003-R0001.RCP", trial.Envelope("news@example.jp", "v@example.net"))
	s.Put(t, "holding/B0000000003.MSG", "Received: from x (unverified [2001:db8::9]) by mail.example.jp\n\n")
	s.Put(t, "lists/news-1/B0000000004-M00000001.RCP", trial.Envelope("news@example.jp", "c@example.com"))
	s.Put(t, "incoming/B0000000005.RCP", "nothing\n")
	s.Put(t, "incoming/other.txt", "no queue file")
	trial.Must(t, syscall.Mkfifo(filepath.Join(s.Base, "incoming/B0000000006.RCP"), 0o600))
	trial.Must(t, os.Symlink("/etc/passwd", filepath.Join(s.Base, "incoming/B0000000007.RCP")))
	trial.Must(t, os.Symlink(filepath.Join(s.Base, "incoming"), filepath.Join(s.Base, "domains/link")))
	before := s.Tree(t)
	got := draw(t, s, 50)
	var lines []string
	for _, m := range got.Messages {
		lines = append(lines, fmt.Sprintf("%s <%s> %d out=%v list=%v bounce=%v %s", filepath.Base(m.Path), m.Sender, m.Total, m.Outside, m.List, m.Bounce, m.Client))
	}
	want := []string{
		"B0000000003-R0001.RCP <news@example.jp> 1 out=true list=false bounce=false 2001:db8::9",
		"B0000000001.RCP <taro@example.jp> 4 out=true list=false bounce=false 203.0.113.9",
		"B0000000002-E001.RCP <> 1 out=false list=false bounce=true invalid IP",
		"B0000000004-M00000001.RCP <news@example.jp> 1 out=true list=true bounce=false invalid IP",
	}
	if strings.Join(lines, "\n") != strings.Join(want, "\n") {
		t.Errorf("got\n%s\nwant\n%s", strings.Join(lines, "\n"), strings.Join(want, "\n"))
	}
	if got.Envelopes != 5 || got.Unread != 1 || got.Cut {
		t.Errorf("%+v", got)
	}
	text := string(got.Lines())
	for _, part := range []string{"<taro@example.jp>\tv@example.com hanako@example.jp a@example.com (4 in all)\t203.0.113.9\tfrom pc (unverified [203.0.113.9]) by mail.example.jp (E-POST ESMTP", "# 4 of 5 envelopes"} {
		if !strings.Contains(text, part) {
			t.Errorf("no %q in\n%s", part, text)
		}
	}
	for _, secret := range []string{"hunter2", "X-First", "198.51.100.1"} {
		if strings.Contains(text, secret) || strings.Contains(fmt.Sprintf("%+v", got), secret) {
			t.Errorf("%s is shown in\n%s", secret, text)
		}
	}
	if len(before) != len(s.Tree(t)) {
		t.Error("looking changed something")
	}
}

func TestSampleIsBounded(t *testing.T) {
	s := trial.New(t)
	for i := range 300 {
		s.Incoming(t, fmt.Sprintf("B%010d", i), "taro@example.jp", "v@example.com")
	}
	a, b := draw(t, s, 50), draw(t, s, 50)
	if len(a.Messages) != 50 || a.Envelopes != 300 || string(a.Lines()) != string(b.Lines()) {
		t.Errorf("%d of %d", len(a.Messages), a.Envelopes)
	}
	if a.Messages[0].Client != netip.MustParseAddr("203.0.113.9") {
		t.Errorf("%+v", a.Messages[0])
	}
	ended, stop := context.WithTimeout(context.Background(), time.Nanosecond)
	defer stop()
	<-ended.Done()
	got, err := envelope.Draw(ended, envelope.Drawing{Queue: s, Folders: s.Folders(), Size: 50})
	if err != nil || !got.Cut {
		t.Errorf("after its time: %+v, %v", got, err)
	}
	trial.Must(t, os.RemoveAll(filepath.Join(s.Base, "incoming")))
	if got := draw(t, s, 50); got.Envelopes != 0 || got.Lines() == nil {
		t.Errorf("%+v", got)
	}
}

// What strangers write reaches no terminal.
func TestHostile(t *testing.T) {
	s := trial.New(t)
	s.Put(t, "incoming/B0000000001.RCP", "Return-path: <a\x1b]0;x\x07@example.jp>\nRecipient: <b\tc@example.com>\n")
	s.Put(t, "incoming/B0000000001.MSG", "Received: from \x1b[2J\x00 (unverified [203.0.113.9]) by x\n\n")
	s.Put(t, "incoming/B0000000002.RCP", trial.Envelope("a@example.jp", "b@example.com"))
	s.Put(t, "incoming/B0000000002.MSG", strings.Repeat("X: y\n", 100000)+top)
	text := string(draw(t, s, 10).Lines())
	if strings.ContainsAny(text, "\x1b\x00\x07") || strings.Count(text, "\n") != 3 {
		t.Errorf("%q", text)
	}
	for line := range strings.Lines(text) {
		if n := strings.Count(line, "\t"); n != 5 && !strings.HasPrefix(line, "#") {
			t.Errorf("%d tabs in %q", n, line)
		}
	}
}
