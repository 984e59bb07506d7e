package spool

import (
	"context"
	"net/netip"
	"time"
)

// Logs is the ability to say which logs a server writes, and to understand their lines.
type Logs interface {
	// Logs are all logs that the server can write, switched on or not, with the files that are there. What cannot be read is told in
	// the log concerned; the error says that nothing can be told at all.
	Logs(ctx context.Context) ([]Log, error)
	// Parser understands the lines of one file of a log; nil for a log of that name it does not know. Parsers are not shared between
	// goroutines.
	Parser(log string, f LogFile) LogParser
	// Unseen are the signs of abuse that no log of this server can show, and why.
	Unseen() []Unseen
}

// A Log is one log of a server.
type Log struct {
	Name     string // acceptlog
	Dir      string // absolute; where its files lie, also in folders below it
	State    LogState
	HowToEN  string // how to switch it on, in a sentence
	HowToJA  string
	Says     []EventKind // what its lines can tell
	Sessions bool        // a line can only be understood with those before it; else every line stands alone
	Spread   bool        // a line can be shown alone, and those before it complete what it says: a message is spread over several lines, and its recipients are told by its deliveries
	Files    []LogFile   // oldest first
	Odd      []OddFile   // what lies among the files and is left out
	Problem  error       // what could not be read; Files is then what was found all the same
}

// An OddFile is named like a file of a log and is none that is read: a pipe, a link, a device, compressed in an unknown way, or a copy whose
// lines would be counted twice.
type OddFile struct {
	Path     string
	From, To int64 // as in LogFile
	Why      Words // what it is
}

// LogState says whether a log is written.
type LogState string

// The states of a log.
const (
	LogOn      LogState = "on"
	LogOff     LogState = "off"
	LogUnknown LogState = "unknown"
)

// A LogFile is one file of a log.
type LogFile struct {
	Path       string // absolute
	Size       int64  // bytes, compressed if it is
	Modified   time.Time
	From, To   int64  // what its name says of the wall clock of its lines, To not included; both 0 if nothing
	Compressed string // gz, zst, or nothing
}

// A LogParser reads the lines of one file in their order.
type LogParser interface {
	// Parse reads one line without its line end and writes what it says to e, all of it. The slices in e hold until the next call.
	Parse(line []byte, e *Event) Reading
	// Wall is the time of a line alone, as in Event.Wall.
	Wall(line []byte) (int64, bool)
}

// Reading is what came of a line.
type Reading uint8

// The readings.
const (
	LineUnknown Reading = iota // not understood
	LineQuiet                  // understood, and says nothing that is an event
	LineSaid                   // the event is filled in
)

// An Event is one thing that happened, as a line of a log says it. The texts are the bytes of the line: they come from strangers, and
// are neither bounded nor safe to show. A password is in none of them.
type Event struct {
	Wall       int64 // seconds since 1970-01-01 00:00:00 on the wall clock of the server; logs name no time zone
	Kind       EventKind
	Service    Protocol
	Client     netip.Addr // of the peer; the zero Addr if the line does not say
	Login      []byte     // the name given at a login; nil if the line tells of none. Empty and not nil says of an EventAccept that there was none
	Sender     []byte     // without brackets; empty is the null sender, if SenderSaid
	SenderSaid bool
	Recipients []byte // without brackets, one space between two
	Domain     []byte // of the recipients, where the line names it and none of them
	Count      int    // of recipients; may be known where they are not
	HELO       []byte
	ID         []byte // of the message, as all logs of this server spell it
	Again      []byte // of an EventAccept: the ID under which the same message was accepted before; nil if it was not
	Reply      []byte // what the server, or the peer of a delivery, answered
	Size       int64  // of the message, bytes; 0 unknown
	Secret     bool   // the line may hold a password, whatever Parse made of it: show what the event says, never the line
}

// EventKind is what happened.
type EventKind uint8

// The kinds of events.
const (
	EventConnect   EventKind = iota + 1
	EventLogin               // succeeded; Login says who. With an ID, it is that of the last message of the session
	EventLoginFail           // Login may be empty
	EventAccept              // a message was taken; Count recipients
	EventReject              // a message, a sender, a recipient or a peer was refused
	EventSent                // delivered outside
	EventLocal               // delivered to a mailbox here
	EventDeferred            // will be tried again
	EventBounced             // failed for good
	EventRead                // a mail was read out of a mailbox (RETR, FETCH)
	EventEnd                 // a session ended, of which nothing else is told
)

var eventNames = [...]string{"", "connect", "login", "login-failed", "accept", "reject", "sent", "local", "deferred", "bounced", "read", "end"}

// String is the word for k in documents, as accept.
func (k EventKind) String() string {
	if int(k) >= len(eventNames) {
		return ""
	}
	return eventNames[k]
}

// Protocol is the door that an event tells of.
type Protocol uint8

// The protocols.
const (
	SMTP Protocol = iota + 1
	POP3
	IMAP4
)

// String is the name of the protocol.
func (p Protocol) String() string {
	return [...]string{"", "SMTP", "POP3", "IMAP4"}[min(int(p), 3)]
}

// Unseen is a sign of abuse that the logs of a server cannot show.
type Unseen struct {
	Signal string // D4
	EN, JA string // why
}
