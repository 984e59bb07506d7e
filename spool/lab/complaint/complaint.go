// Package complaint writes what somebody outside sends to the responder of a lab: the spam as it arrived there, attached to a few words.
//
// Where the spam went through the server of the lab, it is one of its own messages, with the Received line that the receiver wrote; where only an
// address was forged, it came another way, with a line below that claims the server.
package complaint

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"net/netip"
	"os"
	"path/filepath"
	"strings"
	"time"

	"hikeshi/spool/lab/standin"
	"hikeshi/spool/lab/traffic"
)

// A Case is whose server it is, and from where the spam came if not through it.
type Case struct {
	Config standin.Config
	Host   string     // of the server
	Addr   netip.Addr // from which it sends
	Sender string     // of the spam that is forged
	Forger netip.Addr // the host that really sent it; invalid: it went through the server
}

// File is where the complaint lies.
func File(c standin.Config) string { return c.Lab("complaint.eml") }

// Write writes it.
func (c Case) Write() error {
	spam, err := c.forged(), error(nil)
	if !c.Forger.IsValid() {
		spam, err = c.sent()
	}
	if err == nil {
		err = os.WriteFile(File(c.Config), c.mail(spam), 0o600)
	}
	if err != nil {
		return fmt.Errorf("writing a complaint: %w", err)
	}
	return nil
}

// sent is one of the thief's messages from the queue, as the host of a victim got it.
func (c Case) sent() ([]byte, error) {
	for _, folder := range []string{"incoming", "holding"} {
		entries, err := os.ReadDir(c.Config.Spool(folder))
		if err != nil {
			return nil, err
		}
		for _, e := range entries {
			if !strings.EqualFold(filepath.Ext(e.Name()), ".msg") {
				continue
			}
			body, err := os.ReadFile(c.Config.Spool(folder, e.Name()))
			if errors.Is(err, fs.ErrNotExist) { // has moved on
				continue
			}
			if err != nil {
				return nil, err
			}
			if traffic.IsSpam(header(body, standin.HeaderID)) {
				victim, _, _ := strings.Cut(header(body, "To"), ",") // the first recipient of that message
				return append([]byte(c.received(c.Host, c.Addr, strings.Trim(victim, "<>"))), body...), nil
			}
		}
	}
	return nil, errors.New("there is no spam in the queue")
}

// header is the value of the first header line of that name.
func header(body []byte, name string) string {
	head, _, _ := bytes.Cut(body, []byte("\r\n\r\n"))
	for line := range bytes.Lines(head) {
		if key, value, ok := strings.Cut(strings.TrimSpace(string(line)), ": "); ok && key == name {
			return value
		}
	}
	return ""
}

// forged claims the server at a time that its logs tell of: now, while it takes mail, at whatever hour of the night.
func (c Case) forged() []byte {
	day := time.Now().Format(time.RFC1123Z)
	return fmt.Appendf([]byte(c.received("mail.example.com", c.Forger, "a1@example.com")), "Received: from pc (unverified [192.0.2.11]) by %s\r\n\t(E-POST ESMTP Receiver (5.10)) with ESMTP id <B0000000007@%s>;\r\n\t%s\r\n"+
		"From: <%s>\r\nTo: <a1@example.com>\r\nSubject: You have won\r\nDate: %s\r\n\r\nClick here.\r\n", c.Host, c.Host, day, c.Sender, day)
}

// received is the line of the victim's host.
func (c Case) received(helo string, from netip.Addr, victim string) string {
	return fmt.Sprintf("Received: from %s (unknown [%s])\r\n\tby mx.example.com (Postfix) with ESMTP id 4D1C2A7F\r\n\tfor <%s>; %s\r\n", helo, from, victim, time.Now().Format(time.RFC1123Z))
}

// mail attaches the spam to a complaint.
func (c Case) mail(spam []byte) []byte {
	return fmt.Appendf(nil, "From: abuse@example.com\r\nTo: abuse@%s\r\nSubject: spam from your server\r\nDate: %s\r\nMIME-Version: 1.0\r\nContent-Type: multipart/mixed; boundary=\"=lab=\"\r\n\r\n"+
		"--=lab=\r\nContent-Type: text/plain\r\n\r\nThis came from you. Stop it.\r\n\r\n--=lab=\r\nContent-Type: message/rfc822\r\n\r\n%s\r\n--=lab=--\r\n", c.Host, time.Now().Format(time.RFC1123Z), spam)
}
