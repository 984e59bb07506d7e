package relaytest

import (
	"bytes"
	"errors"
	"io"
	"log"
	"net"
	"strings"
	"testing"
	"time"

	imap2 "github.com/emersion/go-imap/v2"
	"github.com/emersion/go-imap/v2/imapserver"
	"github.com/emersion/go-imap/v2/imapserver/imapmemserver"

	"hikeshi/actions/smtpcheck/probe/imap"
	"hikeshi/actions/smtpcheck/recorder"
	"hikeshi/runbook"
)

type literal struct{ *bytes.Reader }

func (l literal) Size() int64 { return l.Reader.Size() }

// TestDeliveredToIMAP: an open relay is proven by what lies in a mailbox that is read over IMAP, and what cannot be opened ends the test before
// anything is asked.
func TestDeliveredToIMAP(t *testing.T) {
	mem, user := imapmemserver.New(), imapmemserver.NewUser("relaytest", "Kennwort-7")
	if err := user.Create("INBOX", nil); err != nil {
		t.Fatal(err)
	}
	mem.AddUser(user)
	mailbox := imapserver.New(&imapserver.Options{InsecureAuth: true, Logger: log.New(io.Discard, "", 0),
		NewSession: func(*imapserver.Conn) (imapserver.Session, *imapserver.GreetingData, error) {
			return mem.NewSession(), nil, nil
		}})
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	go mailbox.Serve(l)
	defer mailbox.Close()

	e, dials := env(t)
	password := "Kennwort-7"
	e.IMAP = func() (imap.Place, error) {
		p, err := imap.Parse("imap://relaytest@" + l.Addr().String() + "/INBOX")
		var d net.Dialer
		p.Password, p.Dial, p.Clock = password, d.DialContext, time.Now
		return p, err
	}
	s := &recorder.Server{Rcpt: func(c *recorder.Client, _ string) string {
		return map[bool]string{true: "250 ok"}[c.From == "taro@example.jp"]
	}}
	s.Message = func(_ *recorder.Client, text string) string {
		if _, err := user.Append("INBOX", literal{bytes.NewReader([]byte(text))}, &imap2.AppendOptions{}); err != nil {
			t.Error(err)
		}
		return ""
	}
	address := start(t, s)
	e.Book.File = consented(t, address, deliverTo)
	q := Request{Targets: []string{address}, Fast: true, Deliver: true, Window: 20 * time.Second}
	r, err := e.RelayTest(t.Context(), q)
	if f := r.Facts(); err != nil || f.State != "open" || f.Proven != 1 || len(r.Arrived) != 1 {
		t.Errorf("%s, %d proven, %d arrived, %v", f.State, f.Proven, len(r.Arrived), err)
	}
	if text := r.Transcript(); !strings.Contains(text, "C: A3 EXAMINE") || strings.Contains(text, password) {
		t.Errorf("the transcript tells the password, or not how the mailbox was read:\n%s", text)
	}
	password, *dials = "wrong", 0
	if _, err := e.RelayTest(t.Context(), q); !errors.Is(err, runbook.ErrUndetermined) || *dials > 0 {
		t.Errorf("with a wrong password: %v, the server was asked %d times", err, *dials)
	}
}
