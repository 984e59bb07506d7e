package probe

import (
	"bytes"
	"crypto/rand"
	"encoding/hex"
	"fmt"
	"regexp"
	"time"
)

// The bounds of what is read.
const (
	maxMessage  = 64 << 10 // bytes of a message that are kept
	maxArrivals = 1000
)

// Cookie returns a new cookie, which nobody can guess.
func Cookie() string {
	b := make([]byte, 16)
	rand.Read(b) // never fails
	return "hikeshi-" + hex.EncodeToString(b)
}

// A cookie stands in the head of its own message, which a server that passes it on leaves alone; anywhere else it stands in every message about
// that one: a bounce, an automatic reply that quotes it, In-Reply-To and References.
var (
	cookieForm = regexp.MustCompile(`hikeshi-[0-9a-f]{32}`)
	ownForm    = regexp.MustCompile(`(?im)^(?:X-Hikeshi-Cookie:\s*|Message-ID:\s*<)(hikeshi-[0-9a-f]{32})\b`)
)

// A Letter is what a message says.
type Letter struct {
	Cookie string
	Test   string    // R01
	Run    string    // id of the incident or the run
	Target string    // the server that is tested
	From   string    // of the header: an address of the tester
	To     string    // the probe mailbox
	Host   string    // of the Message-ID
	At     time.Time // Date
}

// Text is the message, with LF line ends. Every field of l has to be one line.
func (l Letter) Text() string {
	return fmt.Sprintf(`From: relay test <%s>
To: <%s>
Date: %s
Message-ID: <%s@%s>
Subject: relay test %s of %s
Auto-Submitted: auto-generated
X-Hikeshi-Probe: %s
X-Hikeshi-Cookie: %s
MIME-Version: 1.0
Content-Type: text/plain; charset=us-ascii

This is a test, sent by the administrator of the mailbox that it is addressed to:
does the mail server %s relay mail of strangers?
Test %s of run %s. Nobody needs to do anything.

%s
`, l.From, l.To, l.At.Format(time.RFC1123Z), l.Cookie, l.Host, l.Test, l.Target, l.Run, l.Cookie, l.Target, l.Test, l.Run, l.Cookie)
}

// An Arrival is a message that holds a cookie.
type Arrival struct {
	Cookie string
	At     time.Time // when it was seen, UTC
	Bounce bool      // it came back inside a report: the server took it and returned it
	Quoted bool      // the cookie stands in another message, such as an automatic reply
	Raw    string    // the first 64 KiB, as they came
}

// Read finds the cookie of a message.
func Read(raw []byte, at time.Time) (Arrival, bool) {
	head, _, _ := bytes.Cut(bytes.ReplaceAll(raw, []byte("\r\n"), []byte("\n")), []byte("\n\n"))
	cookie, own := cookieForm.Find(raw), ownForm.FindSubmatch(head)
	if cookie == nil {
		return Arrival{}, false
	}
	if own != nil {
		cookie = own[1]
	}
	a := Arrival{Cookie: string(cookie), At: at.UTC(), Raw: string(raw)}
	a.Bounce = isReport(head, own != nil)
	a.Quoted = own == nil && !a.Bounce
	return a, true
}

var (
	reportForm = regexp.MustCompile(`(?im)^content-type:\s*multipart/report|^auto-submitted:\s*auto-replied`)
	daemonForm = regexp.MustCompile(`(?im)^from:.*(?:mailer-daemon|postmaster)`)
)

// isReport says whether a message is about one with a cookie and not that one (RFC 3464; older servers write plain text).
func isReport(head []byte, own bool) bool {
	return reportForm.Match(head) || !own && daemonForm.Match(head)
}
