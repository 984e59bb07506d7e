package traffic

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"strings"
	"sync"
	"time"

	"hikeshi/spool/lab/standin"
)

// A Message is what a client sends.
type Message struct {
	ID         string
	Sender     string // "" is the null sender
	Recipients []string
	Subject    string
	Body       string
}

func (m Message) text() string {
	from := m.Sender
	if from == "" {
		from = "MAILER-DAEMON"
	}
	return fmt.Sprintf("From: <%s>\nTo: <%s>\nSubject: %s\nDate: %s\n%s: %s\n\n%s\n", from, strings.Join(m.Recipients, ">, <"),
		m.Subject, time.Now().Format(time.RFC1123Z), standin.HeaderID, m.ID, m.Body)
}

// spamID begins the ids of the thief's messages, mailID those of everyone else.
const (
	spamID = "spam-"
	mailID = "mail-"
)

// IsSpam says whether the message of that id is the thief's.
func IsSpam(id string) bool { return strings.HasPrefix(id, spamID) }

// Accepted is one line of the ledger: a message for which a client was told 250.
type Accepted struct {
	Began      time.Time `json:"began"` // when MAIL FROM was about to be sent, UTC
	Time       time.Time `json:"time"`  // when the 250 was read, UTC
	ID         string    `json:"id"`
	Peer       string    `json:"peer"`
	Sender     string    `json:"sender"`
	Recipients []string  `json:"recipients"`
}

// ReadLedger reads what was accepted so far; no ledger is an empty one.
func ReadLedger(path string) ([]Accepted, error) { return standin.ReadLines[Accepted](path) }

// ledger is the file that all clients write to.
type ledger struct {
	mu sync.Mutex
	f  *os.File
}

func openLedger(path string) (*ledger, error) {
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_APPEND, 0o600)
	if err != nil {
		return nil, fmt.Errorf("opening the ledger: %w", err)
	}
	return &ledger{f: f}, nil
}

func (l *ledger) add(a Accepted) error {
	line, err := json.Marshal(a)
	if err != nil {
		return fmt.Errorf("writing the ledger: %w", err)
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	if _, err := l.f.Write(append(line, '\n')); err != nil {
		return fmt.Errorf("writing the ledger: %w", err)
	}
	return nil
}

func (l *ledger) close(err error) error { return errors.Join(err, l.f.Close()) }
