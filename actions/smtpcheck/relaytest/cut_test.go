package relaytest

import (
	"context"
	"errors"
	"io"
	"net"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"hikeshi/actions/smtpcheck/recorder"
	"hikeshi/actions/smtpcheck/relay/judge"
	"hikeshi/runbook"
)

// TestInterrupted: a test that is cut short tells what it has found, which messages it has sent, and what it has not asked; a transcript is kept of
// it, and nothing more is said to the server.
func TestInterrupted(t *testing.T) {
	t.Run("while it asks", func(t *testing.T) {
		ctx, cancel := context.WithCancel(t.Context())
		s := &recorder.Server{Rcpt: func(c *recorder.Client, _ string) string {
			switch c.From {
			case "": // R03
				return "250 ok"
			case "spamtest": // R04
				cancel()
				return "hang"
			}
			return ""
		}}
		e, at := outside(t, s)
		e.Wait = time.Minute
		began := time.Now()
		r, err := e.RelayTest(ctx, Request{Targets: []string{at, "192.0.2.26:25"}, Fast: true})
		text := told(r, "en")
		if !errors.Is(err, context.Canceled) || !r.Cut || r.State() != judge.Interrupted || r.Facts().State != "interrupted" || r.Facts().Strong != 1 || time.Since(began) > 10*time.Second {
			t.Errorf("%v, %s after %s", err, r.State(), time.Since(began))
		}
		for _, want := range []string{"bad interrupted; so far: SUSPECT: mail of strangers would be taken (R03)", "warn 192.0.2.25:25: R04 inconclusive: interrupted at RCPT", "not asked: interrupted", "warn 192.0.2.26:25: not asked: interrupted", "R03 suspect: "} {
			if !strings.Contains(text, want) {
				t.Errorf("no %q in\n%s", want, text)
			}
		}
		if !strings.Contains(r.Transcript(), "interrupted; so far") || strings.Contains(text, "message") {
			t.Errorf("%s", r.Transcript())
		}
		if told(r, "ja") == text || !strings.Contains(told(r, "ja"), "中断した。ここまでの結果: 疑いあり") {
			t.Errorf("%s", told(r, "ja"))
		}
	})
	t.Run("while it waits", func(t *testing.T) {
		ctx, cancel := context.WithCancel(t.Context())
		e, _ := env(t)
		e.Receiver = free(t)
		s := &recorder.Server{Rcpt: func(c *recorder.Client, _ string) string { return yes(c.From == "taro@example.jp" || c.From == "") }}
		s.Message = func(c *recorder.Client, text string) string {
			if c.From == "" {
				go func() {
					send(e.Receiver, "Received: from the open server\r\n"+text)
					time.Sleep(300 * time.Millisecond)
					cancel()
				}()
			}
			return ""
		}
		address := start(t, s)
		e.Book.File = consented(t, address, deliverTo)
		r, err := e.RelayTest(ctx, Request{Targets: []string{address}, Fast: true, Deliver: true, Window: time.Minute})
		text := told(r, "en")
		if !errors.Is(err, context.Canceled) || r.State() != judge.Interrupted || r.Took > 20*time.Second || r.Mailbox != nil || r.Facts().Proven != 1 || r.Facts().Sent != 2 {
			t.Errorf("%v, %s after %s, %+v", err, r.State(), r.Took, r.Mailbox)
		}
		if !strings.Contains(text, "bad interrupted; so far: OPEN RELAY: mail of strangers was relayed (R03)") || !strings.Contains(text, "2 messages given to the server for relaytest@probe.example") || !strings.Contains(text, "R06 accepted: ") {
			t.Errorf("%s", text)
		}
		for _, m := range s.Messages() {
			_, rest, _ := strings.Cut(m, "X-Hikeshi-Cookie: ")
			if c := strings.Fields(rest)[0]; !strings.Contains(text, c) {
				t.Errorf("the cookie %s is not told\n%s", c, text)
			}
		}
	})
	t.Run("before it began", func(t *testing.T) {
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		s := &recorder.Server{}
		e, at := outside(t, s)
		r, err := e.RelayTest(ctx, Request{Targets: []string{at}, Fast: true})
		if said := s.Said(); !errors.Is(err, context.Canceled) || r.Facts().Strong > 0 || len(said) > 0 && !strings.HasPrefix(said[len(said)-1], "CONNECT") {
			t.Errorf("%v, said %v\n%s", err, said, told(r, "en"))
		}
	})
}

// TestInterruptedRun: a run that is interrupted keeps the transcript as evidence.
func TestInterruptedRun(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	e, at := outside(t, &recorder.Server{Rcpt: func(c *recorder.Client, _ string) string {
		if c.From == "" {
			cancel()
			return "hang"
		}
		return ""
	}})
	rec := recording{}
	_, err := Kind(e).Action.Plan(ctx, runbook.Input{Incident: "20261121-0312", Step: "relay", With: []byte(`{"targets": ["` + at + `"], "fast": true}`), Rec: rec})
	if !errors.Is(err, context.Canceled) || !strings.Contains(rec[transcript], "C: RCPT TO:<relaytest@probe.example>") || !strings.Contains(rec[transcript], "interrupted; so far") {
		t.Errorf("%v\n%s", err, rec[transcript])
	}
}

// TestInterruptedInData: a message whose last byte was on its way when the test was interrupted counts as sent.
func TestInterruptedInData(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	var given atomic.Int32
	s := &recorder.Server{Rcpt: func(c *recorder.Client, _ string) string { return yes(c.From == "spamtest@f.example") }, Message: func(*recorder.Client, string) string {
		given.Add(1)
		cancel()
		return "hang"
	}}
	e, at := outside(t, s)
	e.Book.File, e.Receiver, e.Wait = consented(t, at, deliverTo), free(t), time.Minute
	r, err := e.RelayTest(ctx, Request{Targets: []string{at}, Fast: true, Deliver: true, Window: time.Minute})
	if text := told(r, "en"); !errors.Is(err, context.Canceled) || given.Load() != 1 || r.Facts().Sent != 1 || !strings.Contains(text, "1 message given to the server for relaytest@probe.example") || !strings.Contains(text, "R01 suspect: ") {
		t.Errorf("%v, %d given\n%s", err, given.Load(), text)
	}
	if c, err := net.Dial("tcp", e.Receiver); err == nil {
		c.SetDeadline(time.Now().Add(time.Second))
		if line, _ := io.ReadAll(c); len(line) > 0 {
			t.Error("the receiver still listens")
		}
	}
}
