package queuefile

import (
	"bytes"
	"cmp"
	"errors"
	"fmt"
	"io"
	"net/netip"
	"slices"
	"strconv"
	"strings"
	"time"
)

// MaxRecipients are the recipients that are kept of one message; all are counted.
const MaxRecipients = 1000

// A Message is what a queue file says of its message, without the content.
type Message struct {
	Size    int64 // of the content, bytes as it came
	Arrived time.Time
	Created time.Time // zero if it does not say

	Sender string // without brackets; "" is the null sender
	Known  bool   // there is a sender record
	Origin string // what Postfix says of where it came from: mail.example.com[192.0.2.1], or local

	ClientName string
	Client     netip.Addr // the zero Addr for mail of a program on this machine
	ClientPort int        // 0 if it does not say
	HELO       string
	Protocol   string // ESMTP
	Method     string // of SMTP AUTH
	Login      string // the name that was logged in with; "" if nobody was
	FullName   string // of a local sender

	Recipients []Recipient // the first MaxRecipients
	Total      int         // all
	Todo       int         // those that are still to be delivered to

	Content int64 // offset of the first content record; 0 if there is none
	Edited  bool  // a milter has edited it: pointers were followed
}

// A Recipient is one of a message.
type Recipient struct {
	Address  string
	Original string // before aliases; "" if it does not say
	State    State
}

// State is what has become of a recipient.
type State byte

// The states.
const (
	Todo      State = 'R'
	Done      State = 'D'
	Cancelled State = '/'
)

// Read reads the envelope, wherever it stands. The content is passed over, not read, as Postfix's queue manager does. The error names the
// offset; it wraps ErrIncomplete for a file that has no end.
func Read(r io.ReaderAt, size int64) (Message, error) {
	p := parser{w: newWalker(r, size)}
	if err := p.run(); err != nil {
		return p.m, fmt.Errorf("reading a queue file: %w", err)
	}
	return p.m, nil
}

type parser struct {
	w        *walker
	m        Message
	length   int64 // of the content with its records, as C says; 0: unknown
	offset   int64 // of the content, as C says
	original string
	inside   bool // in the content
}

func (p *parser) run() error {
	if head, err := p.w.fill(0, 1); err != nil || len(head) == 1 && head[0] != 'C' {
		return cmp.Or(err, bad(0, "it begins with %q and not with C: it is no queue file", head))
	}
	for {
		rec, err := p.w.next()
		if errors.Is(err, io.EOF) {
			return bad(rec.Offset, "%w", ErrIncomplete)
		}
		if err != nil {
			return err
		}
		if rec.Type == 'E' {
			p.m.Edited = p.w.jumps > 0
			return nil
		}
		if err := p.enter(rec); err != nil {
			return err
		}
	}
}

// enter enters one record.
func (p *parser) enter(rec Record) error {
	text := string(rec.Data[:min(len(rec.Data), maxText)])
	switch rec.Type {
	case 'C':
		return p.sizes(rec)
	case 'T':
		return p.moment(rec, &p.m.Arrived)
	case 'c':
		return p.moment(rec, &p.m.Created)
	case 'A':
		return p.attribute(rec, text)
	case 'F':
		p.m.FullName = text
	case 'S':
		p.m.Sender, p.m.Known = text, true
	case 'O':
		p.original = text
	case 'R', 'D', '/':
		p.recipient(State(rec.Type), text)
	case 'M':
		return p.content()
	case 'X':
		p.inside = false
	}
	return nil
}

// maxText bounds one text that is kept, in bytes.
const maxText = 4096

func (p *parser) recipient(s State, address string) {
	if p.inside {
		return
	}
	if p.m.Total++; s == Todo {
		p.m.Todo++
	}
	if len(p.m.Recipients) < MaxRecipients {
		p.m.Recipients = append(p.m.Recipients, Recipient{address, p.original, s})
	}
	p.original = ""
}

// sizes reads the numbers of C: size of the content, offset of the content, recipients, flags, and in newer files more.
func (p *parser) sizes(rec Record) error {
	var n []int64
	for _, word := range strings.Fields(string(rec.Data)) {
		v, err := strconv.ParseInt(word, 10, 64)
		if err != nil || v < 0 {
			return bad(rec.Offset, "the sizes are %.60q", rec.Data)
		}
		n = append(n, v)
	}
	if len(n) < 2 {
		return bad(rec.Offset, "the sizes are %.60q", rec.Data)
	}
	p.length, p.offset, p.m.Size = n[0], n[1], n[0]
	return nil
}

// content passes over the content: behind it X stands, since C says how long its records are. Where that is not so they are read one by one.
func (p *parser) content() error {
	p.inside = true
	p.m.Content = p.w.at
	if p.m.Content != p.offset || p.length <= 0 {
		return nil
	}
	behind := p.offset + p.length
	if head, err := p.w.fill(behind, 2); err != nil || len(head) < 2 || head[0] != 'X' || head[1] != 0 {
		return err
	}
	p.w.at = behind
	return nil
}

// moment reads seconds and microseconds since 1970 (UTC).
func (p *parser) moment(rec Record, to *time.Time) error {
	sec, usec, _ := strings.Cut(string(bytes.TrimSpace(rec.Data)), " ")
	s, err := strconv.ParseInt(sec, 10, 64)
	u, _ := strconv.ParseInt(strings.TrimSpace(usec), 10, 64) // older files have none
	if err != nil || s < 0 || s > 1<<40 || u < 0 || u > 999_999 {
		return bad(rec.Offset, "the time is %.40q", rec.Data)
	}
	*to = time.Unix(s, u*1000).UTC()
	return nil
}

// attribute reads NAME=VALUE. What the log names, and what the policy names, differ behind a proxy that says for whom it asks (XFORWARD): the
// former is the client proper.
func (p *parser) attribute(rec Record, text string) error {
	name, value, ok := strings.Cut(text, "=")
	if !ok {
		return bad(rec.Offset, "an attribute without a value: %.40q", text)
	}
	m, forwarded := &p.m, strings.HasPrefix(name, "log_")
	set := func(to *string) {
		if *to == "" || forwarded {
			*to = value
		}
	}
	switch strings.TrimPrefix(name, "log_") {
	case "client_name":
		set(&m.ClientName)
	case "client_address":
		if a, err := netip.ParseAddr(strings.TrimPrefix(value, "IPv6:")); err == nil && (!m.Client.IsValid() || forwarded) {
			m.Client = a.Unmap()
		}
	case "client_port":
		if n, err := strconv.Atoi(value); err == nil && n > 0 && n < 1<<16 {
			m.ClientPort = n
		}
	case "helo_name":
		set(&m.HELO)
	case "protocol_name":
		set(&m.Protocol)
	case "message_origin":
		set(&m.Origin)
	case "sasl_method":
		m.Method = value
	case "sasl_username":
		m.Login = value
	case "create_time":
		return p.moment(Record{Offset: rec.Offset, Data: []byte(value)}, &m.Created)
	}
	return nil
}

// Text returns the content as it would be sent, header and body, with LF line ends, bounded to limit bytes. more says that it goes on.
func Text(r io.ReaderAt, size int64, limit int) (text []byte, more bool, err error) {
	inside := false
	stop := errors.New("enough")
	err = Records(r, size, func(rec Record) error {
		switch rec.Type {
		case 'M':
			inside = true
		case 'X', 'E':
			return stop
		case 'N', 'L':
			if !inside { // a content filter is an L in the envelope
				return nil
			}
			text = append(text, rec.Data...)
			if rec.Type == 'N' {
				text = append(text, '\n')
			}
			if len(text) > limit {
				more, text = true, text[:limit]
				return stop
			}
		}
		return nil
	})
	if errors.Is(err, stop) {
		err = nil
	}
	return slices.Clip(text), more, err
}
