// Package draw draws a sample of the messages of a queue, each with all its files, and says of each who sent it, from where and how
// large it is.
//
// The sample is the messages whose base names have the lowest hash values: as good as drawn by lot, and the same at every look. Envelope
// and body of a message are drawn together, in whatever folders they lie. Of a body only the topmost Received line is read, which the
// server itself wrote; subject and sender in the header only where that is asked for; the text never. Nothing is locked: what vanishes
// meanwhile is left out.
package draw

import (
	"context"
	"errors"
	"fmt"
	"net/netip"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"

	"hikeshi/spool"
	"hikeshi/spool/scan"
	"hikeshi/spool/scan/ids"
	"hikeshi/spool/scan/sample"
)

// Size is the number of messages that are drawn when nothing else is said.
const Size = 5000

// Options say what to draw.
type Options struct {
	Size    int  // messages; 0: Size
	Headers bool // read subject and sender in the header, too: personal data
}

// A Message is one message of the sample. Sender is foreign text; HELO, Subject and From are safe to show.
type Message struct {
	ID         string     // its base name, by which the logs know it
	Time       time.Time  // when it was handed in, by its body, else by its envelope; UTC
	Sender     string     // "" is the null sender
	Enveloped  bool       // an envelope was read: the sender is known
	Recipients int        // of all its envelopes
	Client     netip.Addr // the zero Addr if nobody can tell
	HELO       string
	Size       int64 // bytes of the body, else of the envelope
	Subject    string
	From       string
}

// A Sample is some of the messages.
type Sample struct {
	Messages []Message // by ID
	Total    int64     // different messages in the queue
	Unread   int       // files of the sample that may not be read or make no sense
}

// Draw draws from all folders but those that are for information only. A folder that is not there is empty; the error says which others
// could not be read, and the sample is that of the rest. The error wraps errors.ErrUnsupported when the queue of this server
// cannot be read, or is that of ctx.
func Draw(ctx context.Context, server spool.Server, o Options) (Sample, error) {
	queue, ok := server.(spool.Queue)
	if !ok {
		return Sample{}, fmt.Errorf("drawing a sample of the queue of %s: %w", server.Name(), errors.ErrUnsupported)
	}
	if o.Size <= 0 {
		o.Size = Size
	}
	var all ids.Set
	var errs []error
	folders := server.Folders()
	drawn := sample.New(o.Size)
	for i, f := range folders {
		if f.Info {
			continue
		}
		err := scan.Files(ctx, queue, f, func(sub, name string) {
			base, part, ok := queue.Message(name)
			if !ok {
				return
			}
			all.Add(base)
			if h := ids.Hash(base); drawn.Wants(h) {
				drawn.Add(sample.Ref{Sub: filepath.Join(strconv.Itoa(i), sub), Name: name, Part: part, Hash: h})
			}
		})
		if err != nil && ctx.Err() == nil {
			errs = append(errs, err)
		}
	}
	s := Sample{Total: all.Len()}
	for _, h := range drawn.Hashes() {
		if err := ctx.Err(); err != nil {
			return s, fmt.Errorf("drawing a sample of the queue: %w", err)
		}
		s.read(queue, folders, drawn.Files(h), o.Headers)
	}
	if err := ctx.Err(); err != nil {
		return s, fmt.Errorf("drawing a sample of the queue: %w", err)
	}
	slices.SortFunc(s.Messages, func(a, b Message) int { return strings.Compare(a.ID, b.ID) })
	return s, errors.Join(errs...)
}

// Span is the time from the first to the last message of the sample; both are the zero time if it is empty.
func (s Sample) Span() (first, last time.Time) {
	for _, m := range s.Messages {
		if m.Time.IsZero() {
			continue
		}
		if first.IsZero() || m.Time.Before(first) {
			first = m.Time
		}
		if m.Time.After(last) {
			last = m.Time
		}
	}
	return first, last
}
