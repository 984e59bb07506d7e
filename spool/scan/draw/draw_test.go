package draw_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/netip"
	"os"
	"path/filepath"
	"syscall"
	"testing"
	"time"

	"hikeshi/spool"
	"hikeshi/spool/aside/trial"
	"hikeshi/spool/epms/queue"
	"hikeshi/spool/scan/draw"
)

// epms reads the queue as the real server's package does, in the folders of a trial.
type epms struct{ trial.Server }

func (epms) Message(file string) (string, spool.Part, bool)          { return queue.Message(file) }
func (epms) ReadClient(r io.Reader) (netip.Addr, error)              { return queue.ReadClient(r) }
func (epms) ReadEnvelope(r io.Reader) (spool.MessageEnvelope, error) { return queue.ReadEnvelope(r) }

func head(client, subject string) string {
	return "Received: from pc (unverified [" + client + "]) by mail.example.jp\r\n\t(E-POST ESMTP Receiver 5.00) with ESMTP id <x>;\r\nReceived: from forged (unverified [192.0.2.1]) by x\r\nFrom: a@example.com\r\nSubject: " + subject + "\r\n\r\nbody\r\n"
}

func TestDraw(t *testing.T) {
	s := trial.New(t)
	s.Put(t, "incoming/B0000000001.MSG", head("203.0.113.9", "one"))
	s.Put(t, "incoming/B0000000001.RCP", trial.Envelope("taro@example.jp", "v@example.com", "w@example.com"))
	s.Put(t, "domains/example.com/B0000000002-R0001.RCP", trial.Envelope("", "v@example.com"))
	s.Put(t, "holding/B0000000002.MSG", head("2001:db8::9", "two"))
	s.Put(t, "incoming/B0000000003.RCP", trial.Envelope("only@example.jp", "v@example.com"))
	s.Put(t, "incoming/B0000000004.MSG", "\r\nno header\r\n")
	s.Put(t, "incoming/B0000000005.RCP", "nothing\n")
	s.Put(t, "incoming/notes.txt", "no queue file")
	trial.Must(t, syscall.Mkfifo(filepath.Join(s.Base, "incoming/B0000000006.RCP"), 0o600))
	trial.Must(t, os.Symlink("/etc/passwd", filepath.Join(s.Base, "incoming/B0000000007.RCP")))
	at := time.Date(2026, 11, 21, 3, 12, 0, 0, time.UTC)
	trial.Must(t, os.Chtimes(filepath.Join(s.Base, "incoming/B0000000001.MSG"), at, at))
	before := s.Tree(t)

	got, err := draw.Draw(context.Background(), epms{s}, draw.Options{})
	if err != nil || got.Total != 5 || got.Unread != 1 || len(got.Messages) != 4 {
		t.Fatalf("%+v, %v", got, err)
	}
	one, two, three, four := got.Messages[0], got.Messages[1], got.Messages[2], got.Messages[3]
	want := draw.Message{ID: "B0000000001", Time: at, Sender: "taro@example.jp", Enveloped: true, Recipients: 2, Client: netip.MustParseAddr("203.0.113.9"), HELO: "pc", Size: one.Size}
	if one != want || one.Size != int64(len(head("203.0.113.9", "one"))) {
		t.Errorf("%+v", one)
	}
	if two.Client != netip.MustParseAddr("2001:db8::9") || two.Sender != "" || !two.Enveloped {
		t.Errorf("envelope and body in two folders: %+v", two)
	}
	if three.Sender != "only@example.jp" || three.Client.IsValid() || three.Size == 0 || four.Enveloped || four.ID != "B0000000004" {
		t.Errorf("%+v\n%+v", three, four)
	}
	got, err = draw.Draw(context.Background(), epms{s}, draw.Options{Headers: true})
	if err != nil || got.Messages[0].Subject != "one" || got.Messages[0].From != "a@example.com" || got.Messages[1].Subject != "two" {
		t.Errorf("%+v, %v", got, err)
	}
	if first, last := got.Span(); first != at || last.Before(first) {
		t.Errorf("%v to %v", first, last)
	}
	if fmt.Sprint(before) != fmt.Sprint(s.Tree(t)) {
		t.Error("looking changed something")
	}
}

// TestDrawSamples: of many messages some are drawn, each with body and envelope, and all are counted.
func TestDrawSamples(t *testing.T) {
	s := trial.New(t)
	for i := range 200 {
		s.Put(t, fmt.Sprintf("incoming/B%010d.MSG", i), head("203.0.113.9", "x"))
		s.Put(t, fmt.Sprintf("holding/B%010d.RCP", i), trial.Envelope("taro@example.jp", "v@example.com"))
	}
	got, err := draw.Draw(context.Background(), epms{s}, draw.Options{Size: 20})
	if err != nil || got.Total != 200 || len(got.Messages) != 20 {
		t.Fatalf("%d of %d, %v", len(got.Messages), got.Total, err)
	}
	for _, m := range got.Messages {
		if !m.Client.IsValid() || !m.Enveloped {
			t.Errorf("half a message: %+v", m)
		}
	}
	again, err := draw.Draw(context.Background(), epms{s}, draw.Options{Size: 20})
	if err != nil || fmt.Sprint(again) != fmt.Sprint(got) {
		t.Errorf("another look draws others: %v", err)
	}
}

func TestErrors(t *testing.T) {
	s := trial.New(t)
	s.Put(t, "incoming/B0000000001.RCP", trial.Envelope("taro@example.jp", "v@example.com"))
	over, stop := context.WithCancel(context.Background())
	stop()
	if _, err := draw.Draw(over, epms{s}, draw.Options{}); !errors.Is(err, context.Canceled) {
		t.Errorf("%v", err)
	}
	if _, err := draw.Draw(context.Background(), struct{ spool.Server }{s}, draw.Options{}); !errors.Is(err, errors.ErrUnsupported) {
		t.Errorf("%v", err)
	}
	trial.Must(t, os.RemoveAll(filepath.Join(s.Base, "lists")))
	trial.Must(t, os.Symlink("incoming", filepath.Join(s.Base, "lists")))
	if got, err := draw.Draw(context.Background(), epms{s}, draw.Options{}); err == nil || len(got.Messages) != 1 {
		t.Errorf("%+v, %v", got, err)
	}
}
