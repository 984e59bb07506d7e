// Package daemon plays sessions with an E-Post server in the order of their times and writes the logs that its daemons would write.
//
// A session is told as a plan, [Session]; many of them come from a [Source] each. [Server.Play] keeps only the sessions that are under
// way, so that logs of any size can be written. The lines are those of the documented formats (FAQ bsd/05-03, 05-04, 05-09, 05-10,
// 05-36, 05-43); the format of pop3log is not known and is written as that of imap4log. All lines of a log are in the order of their
// times; message ids count at every accepted MAIL FROM.
//
// acceptlog has two records a connection and names in the second the login, or the envelope sender of a session without one:
//
//	[12/Dec/2017:00:01:47], (mail1.example.jp), [192.0.2.7]:587, Client accept now.
//	[12/Dec/2017:00:01:49], (mail1.example.jp), 192.0.2.7[192.0.2.7], AUTH-LOGIN:taro@example.jp [success],<B0000097587>,ok
//
// What becomes of a mail is in the recipient's address: a local part that begins with [Gone] is not known where it goes, a domain that
// begins with [Dead] cannot be reached, a domain that begins with [Later] takes it at the second try. All others take it.
package daemon

import (
	"net/netip"
)

// Log is one of the logs.
type Log int

// The logs.
const (
	AcceptLog Log = iota
	InLog
	OutLog
	OutLocalLog
	FailLog
	POP3Log
	IMAP4Log
	ReceiveLog
	SenderLog
	Logs // how many there are
)

// String is the name of the log's folder.
func (l Log) String() string {
	return [Logs]string{"acceptlog", "inlog", "outlog", "outlocallog", "faillog", "pop3log", "imap4log", "receivelog", "senderlog"}[l]
}

// What an address says of the fate of a mail to it.
const (
	Gone  = "gone"
	Dead  = "dead."
	Later = "later."
)

// A Server is whose logs are written.
type Server struct {
	Host     string            // own name
	Domain   string            // own domain; all mail to it is for accounts that exist, except in sessions that stop at Unknown
	Forwards map[string]string // addresses of Domain whose mail goes on to one outside
	Off      [Logs]bool
	To       int64  // nothing is written from then on, wall seconds
	LastID   uint64 // of the message before the first
	Tight    bool   // no blank before AUTH in acceptlog, as some builds write it (FAQ bsd/05-36)
	// Flush is given whole lines of one log and one day, in their order; day is the midnight it began with. text holds until it returns.
	Flush func(log Log, day int64, text []byte) error
}

// Service is the door of a session.
type Service uint8

// The services.
const (
	SMTP Service = iota
	POP3
	IMAP4
)

// Stop is what ended a session before its time.
type Stop uint8

// The ways in which a session ends.
const (
	Done     Stop = iota
	Blocked       // the peer is on a block list
	Nameless      // the peer has no name
	Unknown       // the recipient of the first mail does not exist
	Denied        // the first mail would have been relayed
	Silent        // the peer said nothing more
)

// A Session is one connection from its beginning to its end. Times are wall seconds since 1970-01-01 00:00:00.
type Session struct {
	At       int64
	Pace     int64 // from one step to the next, seconds
	Peer     netip.Addr
	HELO     string
	Login    string // "" for none
	Mode     string // of AUTH: PLAIN, LOGIN or CRAM-MD5
	Password string // for receivelog, which shows it
	Mails    []Mail // SMTP, with a login that did not fail
	Reads    int    // mails read over POP3 or IMAP4
	Tries    int    // logins that failed before the one that counts; of SMTP only receivelog shows them
	Port     uint16
	Service  Service
	Stop     Stop
	Failed   bool // the login
	TLS      bool
}

// A Mail is one message.
type Mail struct {
	Sender string // "" is the null sender
	To     []string
}

// A Source gives one session after the other, none before the one it gave last; nil is the end.
type Source interface {
	Next() *Session
}

// timeout is how long the receiver waits for a silent peer, seconds (setting Timeout).
const timeout = 300

// steps is how often something happens in s after its beginning.
func (s *Session) steps() int {
	switch {
	case s.Failed, s.Stop == Blocked, s.Stop == Nameless, s.Stop == Silent:
		return 1
	case s.Service != SMTP:
		return s.Reads + 1
	case s.Stop == Unknown, s.Stop == Denied:
		return 2
	}
	return 2*len(s.Mails) + 1
}

// wait is the time from one step to the next.
func (s *Session) wait() int64 {
	if s.Stop == Silent {
		return timeout
	}
	return s.Pace
}

// End is when s ends.
func (s *Session) End() int64 { return s.At + int64(s.steps())*s.wait() }
