// Package blocks groups what is queued into blocks of mail that were handed in alike, and names the account behind each by the logs
// (queue.blocks): same sender, login, client network, HELO and size, the size within 2 percent of the middle of its class.
//
// It works on a sample of the queue (package spool/scan/draw). What differs within an account is told apart as long as that says
// something: when the three largest blocks of an account do not make up four fifths of its mail, whatever has the most different values
// among its messages (addresses of a botnet, sizes of newsletters) no longer counts. Mail without a known login goes by its sender,
// that of a network with many senders by its network.
package blocks

import (
	"context"
	"fmt"
	"net/netip"
	"time"

	"hikeshi/runbook"
	"hikeshi/spool"
	"hikeshi/spool/scan/draw"
)

// Env is what the kind works with.
type Env struct {
	Server spool.Server
	// Whose asks the logs for messages; nil means that there are none to ask.
	Whose func(ctx context.Context, q Question) (Answer, error)
}

// A Question asks for the messages with these IDs, which came from From to Until.
type Question struct {
	IDs         []string
	From, Until time.Time
	Rec         runbook.Recorder // may be nil
}

// An Owner is what the logs know of one message. The texts are safe to show.
type Owner struct {
	Login  string // "" without one, if Told
	Told   bool   // the logs tell of logins at that time
	Client netip.Addr
	HELO   string
}

// An Answer is what the logs know of messages.
type Answer struct {
	Owners map[string]Owner // by ID
	Read   bool             // a log of this time could be read
	Logins bool             // one of them tells of logins
}

// Options say what to look at.
type Options struct {
	Sample  int  // messages; 0, and at most: draw.Size
	Top     int  // blocks and subjects that are shown; 0: 10
	Headers bool // read subject and sender in the header of the sample, too: personal data
	Rec     runbook.Recorder
}

// Facts are the facts of queue.blocks.
type Facts struct {
	Messages int       `json:"messages" expr:"messages"` // in the queue
	Sampled  int       `json:"sampled" expr:"sampled"`   // that were looked at
	Unread   int       `json:"unread" expr:"unread"`     // files of those that may not be read or make no sense
	Found    int       `json:"found" expr:"found"`       // of those, that the logs know
	Logs     bool      `json:"logs" expr:"logs"`         // a log of this time could be read
	Told     bool      `json:"told" expr:"told"`         // one of them tells of logins
	Blocks   []Block   `json:"blocks" expr:"blocks"`     // the largest first
	Rest     int       `json:"rest" expr:"rest"`         // messages of blocks that are left out here
	Logins   []string  `json:"logins" expr:"logins"`     // behind the blocks, the one with the most messages first
	Read     bool      `json:"headers_read" expr:"headers_read"`
	Subjects []Subject `json:"subjects" expr:"subjects"` // only if headers were read
}

// A Block is mail that was handed in alike. Figures are those of the sample.
type Block struct {
	Messages   int      `json:"messages" expr:"messages"`
	Share      float64  `json:"share" expr:"share"` // of the sample, 0 to 1
	Recipients int      `json:"recipients" expr:"recipients"`
	Sender     string   `json:"sender" expr:"sender"`   // the most frequent; <> is the null sender, "" unknown
	Senders    int      `json:"senders" expr:"senders"` // different ones
	Login      string   `json:"login" expr:"login"`     // "" if there was none or nobody can tell
	State      string   `json:"state" expr:"state"`     // of the login: login, none, unknown
	HELO       string   `json:"helo" expr:"helo"`       // the most frequent
	HELOs      int      `json:"helos" expr:"helos"`
	Networks   []string `json:"networks" expr:"networks"`   // most frequent first, at most 5
	Addresses  int      `json:"addresses" expr:"addresses"` // different ones
	SizeFrom   int      `json:"size_from" expr:"size_from"` // bytes
	SizeTo     int      `json:"size_to" expr:"size_to"`
}

// The states of a login.
const (
	ByLogin = "login"
	Without = "none"
	Unknown = "unknown"
)

// A Subject is one subject, digits in it counted as one.
type Subject struct {
	Hash     string `json:"hash" expr:"hash"` // of the subject in lower case, without its digits: SHA-256, 12 digits
	Messages int    `json:"messages" expr:"messages"`
	Subject  string `json:"subject" expr:"subject"` // one of them
	From     string `json:"from" expr:"from"`       // of the same message
}

// Look draws a sample and groups it. A folder that cannot be read is an error that wraps runbook.ErrUndetermined.
func Look(ctx context.Context, env Env, o Options) (Facts, error) {
	if o.Top <= 0 {
		o.Top = 10
	}
	o.Sample = min(o.Sample, draw.Size)
	s, err := draw.Draw(ctx, env.Server, draw.Options{Size: o.Sample, Headers: o.Headers})
	if ctx.Err() != nil {
		return Facts{}, err
	}
	if err != nil {
		return Facts{}, fmt.Errorf("%w: %w", runbook.ErrUndetermined, err)
	}
	a, err := env.ask(ctx, s, o.Rec)
	if err != nil {
		return Facts{}, err
	}
	f := Facts{Messages: int(s.Total), Sampled: len(s.Messages), Unread: s.Unread, Logs: a.Read, Told: a.Logins, Logins: []string{}, Read: o.Headers, Subjects: []Subject{}}
	all := items(s.Messages, a)
	for _, it := range all {
		if it.found {
			f.Found++
		}
	}
	f.fill(group(all), o.Top)
	if o.Headers {
		f.Subjects = subjects(s.Messages, o.Top)
	}
	return f, nil
}

// ask asks the logs for the whole sample at once.
func (e Env) ask(ctx context.Context, s draw.Sample, rec runbook.Recorder) (Answer, error) {
	if e.Whose == nil || len(s.Messages) == 0 {
		return Answer{}, nil
	}
	q := Question{Rec: rec}
	q.From, q.Until = s.Span()
	for _, m := range s.Messages {
		q.IDs = append(q.IDs, m.ID)
	}
	a, err := e.Whose(ctx, q)
	if err != nil {
		return a, fmt.Errorf("looking up the queue in the logs: %w", err)
	}
	return a, nil
}
