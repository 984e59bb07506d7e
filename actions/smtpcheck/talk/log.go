package talk

import (
	"fmt"
	"io"
	"strings"
	"time"
)

// The directions of an Entry.
const (
	Client = "C" // we said
	Server = "S" // the peer said
	Note   = "*" // what happened: connected, a time-out
)

// An Entry is one line of a conversation.
type Entry struct {
	Time time.Time // UTC
	Dir  string
	Text string // one line, safe for a terminal, without secrets
}

// maxEntries bounds a Log.
const maxEntries = 50_000

// A Log is the transcript of one conversation or of several. It is not safe for concurrent use.
type Log struct {
	Entries []Entry
	Cut     bool // there was more than is kept
}

// Add adds a line; the text is made safe, but has to be without secrets.
func (l *Log) Add(at time.Time, dir, text string) {
	if len(l.Entries) >= maxEntries {
		l.Cut = true
		return
	}
	l.Entries = append(l.Entries, Entry{at.UTC(), dir, Safe(text)})
}

// WriteTo writes a line for each entry: 2026-11-21T03:12:00.123Z C: EHLO mail.example.com.
func (l *Log) WriteTo(w io.Writer) (int64, error) {
	n, err := io.WriteString(w, l.String())
	return int64(n), err
}

// String is the whole transcript.
func (l *Log) String() string {
	var b strings.Builder
	for _, e := range l.Entries {
		fmt.Fprintf(&b, "%s %s: %s\n", e.Time.Format("2006-01-02T15:04:05.000Z07:00"), e.Dir, e.Text)
	}
	if l.Cut {
		fmt.Fprintf(&b, "... and more, which is not kept\n")
	}
	return b.String()
}
