package spool

import (
	"encoding/json"
	"errors"
	"io"
	"net/netip"
	"time"
)

// A Server is one mail server at one place.
type Server interface {
	// Name is the short name of the product, as in the configuration: epms.
	Name() string
	// Root is the spool root, resolved once below --root; the lock is taken on it.
	Root() string
	// Folders are the queue folders in the order in which they are set aside.
	Folders() []Folder
	// Services are the services of the server, the receiver first.
	Services() []Service
}

// A Folder is one folder of the queue.
type Folder struct {
	Name string // incoming
	Path string // absolute, below --root
	Set  bool   // is part of the set that is set aside together, all or none
	Tree bool   // holds sub-folders with messages
	Info bool   // looked at for information only
}

// Role is what a service does.
type Role string

// The roles. POP3 and IMAP4 do not use the queue.
const (
	Receiver Role = "receiver"
	Delivery Role = "delivery"
	Mailbox  Role = "mailbox"
)

// A Service is one service of a mail server.
type Service struct {
	Role    Role
	Unit    string // epstrd.service
	Process string // epstrd: the name in the process table
	Queue   bool   // uses the queue folders
}

// Part is the part that a queue file plays in its message.
type Part int

// The parts.
const (
	Other    Part = iota // not a file of the queue
	Body                 // header and text
	Envelope             // sender and recipients
	State                // in work, result
	Whole                // the one file of a message: body and envelope
)

// Envelope says whether sender and recipients stand in the file.
func (p Part) Envelope() bool { return p == Envelope || p == Whole }

// Queue is the ability to read the queue's files.
type Queue interface {
	// Message returns the base name that all files of one message share, in its canonical spelling, and the part that the
	// file plays; ok is false for names that are no queue files.
	Message(file string) (base string, part Part, ok bool)
	// ReadEnvelope reads a file with an envelope, bounded. The error wraps ErrUnfinished for one that is still being written.
	ReadEnvelope(r io.Reader) (MessageEnvelope, error)
	// ReadClient reads the address of the client from the newest Received line that this server wrote, from a body file, bounded;
	// the zero Addr when there is none.
	ReadClient(r io.Reader) (netip.Addr, error)
}

// ErrUnfinished says that a file of the queue is still being written.
var ErrUnfinished = errors.New("the file is still being written")

// A MessageEnvelope is what the queue knows of a message.
type MessageEnvelope struct {
	ID         string
	Sender     string   // without brackets; "" is the null sender
	Recipients []string // bounded; Total counts them all
	Total      int

	Client  netip.Addr // the zero Addr where envelopes do not say it: then the body does, see Queue.ReadClient
	HELO    string     // foreign text; "" where envelopes do not say it
	Login   string     // the name that was logged in with; "" if nobody was, or envelopes do not say it
	Arrived time.Time  // UTC; zero where envelopes do not say it: then the time of the file does
}

// A Denier is the ability to refuse peers and senders through a file that is read at every message. All methods work on
// bytes, so that every proof can be made before anything is written.
type Denier interface {
	// DenyFile is the path of the file.
	DenyFile() string
	// Decide says what the server would decide.
	Decide(file []byte, q RelayQuery) RelayDecision
	// Deny returns file with denials of targets at the place where they take effect, with the proof that nobody else is
	// decided otherwise; edit.Added is empty when all are denied already.
	Deny(file []byte, targets []string) (DenyEdit, error)
	// Allow takes out exactly what an earlier Deny added, given its Undo: of those lines the ones for targets (all if there are
	// none) that still stand there as they were added, and nothing else. edit.Added are the lines taken out. The error wraps
	// fs.ErrNotExist when none of them stands there.
	Allow(file []byte, undo json.RawMessage, targets []string) (DenyEdit, error)
}

// A Linter is the ability to find what is wrong in the deny file.
type Linter interface {
	Lint(file []byte, own Own) []LintFinding
}

// RelayQuery asks what the server would decide for one message.
type RelayQuery struct {
	Peer   netip.Addr
	Sender *string // what stands in MAIL FROM; nil: a foreign sender that no line names; "" nothing; "<>" the null sender
	Login  bool    // SMTP AUTH succeeded
}

// RelayDecision is the answer to a RelayQuery.
type RelayDecision struct {
	Result    string // in the server's own words
	Line      int    // 1-based; 0 when no line decides
	Text      string // that line, as it stands
	Meaning   string // a sentence
	MeaningJA string // the same in Japanese
	Reply     string // what the server would answer
}

// A DenyEdit is a change of the deny file.
type DenyEdit struct {
	After   []byte          // the whole file as it would be
	Added   []string        // the lines added (Deny) or taken out (Allow), each with its line end
	Undo    json.RawMessage // what Allow needs to take them out again; plain data of the server's own
	Already []string        // targets that need nothing
	Offset  int64           // where the lines stand
	Tested  int             // decisions compared before and after
}

// Own is what belongs to the server's owner and is never denied.
type Own struct {
	Addresses []netip.Prefix
	Domains   []string
	Hostname  string
}

// LintFinding is one remark on a line of the deny file.
type LintFinding struct {
	Line   int    // 1-based; 0: the file as a whole
	Level  string // info, warn, bad
	Code   string // stable, e.g. own-domain-open
	Text   string
	TextJA string
	Raw    string // the line, made safe for a terminal
}

// Backlog is one look at the queue.
type Backlog struct {
	Time    time.Time // of the look, UTC
	Folders []FolderBacklog
	Total   FolderBacklog
}

// FolderBacklog is the backlog of one folder. Files and Messages are exact; the rest is exact when Sampled is 0, else an estimate
// from Sampled messages.
type FolderBacklog struct {
	Name, Path       string
	Missing          bool   // there is no such folder
	Unreadable       string // what could not be read, and why
	Incomplete       bool   // not all names could be read: Files and Messages are too low
	Files, Messages  int64
	Odd              int64 // names that are no queue files
	Bytes            int64
	Oldest, Newest   time.Time
	Sampled          int
	GrowthPerMinute  *float64 // nil without an earlier look
	Senders, Domains []Count  // top envelope senders, top recipient domains
	Clients          []Count  // top client addresses
	Outside, Own     int64    // messages for outside, for own domains; of the sample
	NullSender, List int64    // of the sample
	Over             bool     // a threshold is passed
	Reason           string   // which one
	ReasonJA         string   // the same in Japanese
}

// A Count is a name and how often it was seen.
type Count struct {
	Name string `json:"name"`
	N    int64  `json:"n"`
}
