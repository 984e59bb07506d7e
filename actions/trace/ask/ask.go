// Package ask asks the own log for the messages that Received lines tell of, and compares what it says with the lines.
//
// An id alone proves little: whoever has an honest mail can copy its line. So a Find is compared in client, time, sender and recipient, and
// whoever asks says which of them have to agree.
package ask

import (
	"context"
	"fmt"
	"net/netip"
	"slices"
	"strings"
	"time"

	"hikeshi/actions/trace/message"
	"hikeshi/actions/trace/walk"
	"hikeshi/runbook"
)

// A Log asks the own log for the message with a queue id that came at about a time, give or take. It may be nil.
type Log func(ctx context.Context, id string, around time.Time, within time.Duration) (Entry, error)

// An Entry is what the own log knows of a message.
type Entry struct {
	Found    bool
	Login    string     // who handed it in; "" without a login, if Told
	Told     bool       // the log tells of logins at that time
	Doubt    bool       // the login may be a sender that was made to look so
	Client   netip.Addr // of IPv6 the first address of its /64
	Outside  bool       // it was for another domain
	Time     time.Time  // UTC
	Evidence string     // file:offset
	Covers   bool       // the log tells of all messages of that time: one that is not found was not taken

	Sender     string               // of its envelope, in lower case, if SenderSaid
	SenderSaid bool                 // the log tells it
	Recipient  func(to string) bool // whether it was for this address, in lower case; nil: the log does not tell
}

// A Desk is what is known of the message that is asked for.
type Desk struct {
	Lines   []walk.Line
	Senders []string        // its author and the sender of its envelope, as its fields tell
	Report  *message.Report // whose subject it is; nil: none
	Log     Log
	Far     *int // how often the log may still be asked for another time; nil: never
}

// Bounds of asking: how often the log is read for one message, how far from the time of a line an id is looked for when it is not found at
// it, and by how much line and log may differ (a large message takes its time).
const (
	maxAsked = 4
	far      = 26 * time.Hour
	near     = 45 * time.Minute
)

// A Lack says why the log could not be asked for a line.
type Lack int

const (
	NoLog  Lack = iota + 1 // there is none here
	NoID                   // the lines name no id
	NoTime                 // the lines have no date
	Silent                 // no log of that time
)

// A Find is a line whose id the log knows.
type Find struct {
	Entry
	At int // the line
}

// An Inquiry is what the log says to the ids of lines.
type Inquiry struct {
	Taken   *Find  // that counts
	Refused []Find // that are known, and do not fit the message
	Far     *Find  // that is known, but at another time
	Queue   string // the id that is known, else the lowest one
	Lacks   Lack   // why the log does not tell, if it does not
	Covered bool   // all were asked for, none is known, and the log would know each
}

// Look asks the log for the ids of lines, the lowest first: the lowest is the one that took the message from outside. fits says which of
// those that are known counts.
func (j Desk) Look(ctx context.Context, lines []int, fits func(Find) bool) (q Inquiry, err error) {
	if j.Log == nil {
		q.Lacks = NoLog
		return q, nil
	}
	q.Lacks = NoID
	var missed []int
	q.Covered = true
	for _, i := range slices.Backward(lines) {
		h := j.Lines[i].Hop
		if h.ID == "" || h.Time.IsZero() || len(missed)+len(q.Refused) == maxAsked {
			if q.Covered = false; h.ID != "" {
				q.Lacks = max(q.Lacks, NoTime)
			}
			continue
		}
		if q.Lacks = Silent; q.Queue == "" {
			q.Queue = h.ID
		}
		e, err := j.Log(ctx, h.ID, h.Time, 0)
		if err != nil {
			return q, fmt.Errorf("asking the log for %s: %w", h.ID, err)
		}
		switch f := (Find{e, i}); {
		case e.Found && fits(f):
			q.Queue, q.Taken, q.Covered = h.ID, &f, false
			return q, nil
		case e.Found:
			q.Refused, q.Covered = append(q.Refused, f), false
		default:
			missed = append(missed, i)
			q.Covered = q.Covered && e.Covers && h.Zone // else nobody knows which time that is
		}
	}
	q.Covered = q.Covered && len(missed) > 0
	if len(q.Refused) == 0 {
		err = j.lookFar(ctx, missed, &q)
	}
	return q, err
}

// lookFar asks for the lowest line that is not known at its time.
func (j Desk) lookFar(ctx context.Context, missed []int, q *Inquiry) error {
	if len(missed) == 0 || j.Far == nil || *j.Far <= 0 {
		return nil
	}
	*j.Far--
	h := j.Lines[missed[0]].Hop
	e, err := j.Log(ctx, h.ID, h.Time, far)
	if err != nil {
		return fmt.Errorf("asking the log for %s: %w", h.ID, err)
	}
	if e.Found {
		q.Far, q.Covered = &Find{e, missed[0]}, false
		q.Queue = h.ID
	}
	return nil
}

// A Fit is how a line agrees with the log.
type Fit struct {
	Client, Time bool
	Sender       bool // false: the log names another one
	Told         bool // both tell of recipients
	Recipient    bool // of which one agrees, if told
}

// Fits compares an entry with the message. Recipients are those that lines name down to the line until: what stands below may be made up.
func (j Desk) Fits(f Find, until int) Fit {
	h := j.Lines[f.At].Hop
	m := Fit{Client: SameClient(f.Client, h.IP), Time: true, Sender: true}
	if d := f.Time.Sub(h.Time); !f.Time.IsZero() && !h.Time.IsZero() {
		m.Time = d.Abs() <= near
	}
	if f.SenderSaid {
		m.Sender = slices.ContainsFunc(append([]string{h.EnvelopeFrom}, j.Senders...), func(s string) bool { return strings.EqualFold(s, f.Sender) })
	}
	if f.Recipient == nil {
		return m
	}
	var to []string
	for i, l := range j.Lines {
		if i <= until && l.Hop.For != "" {
			to = append(to, l.Hop.For)
		}
	}
	if j.Report != nil {
		to = append(to, j.Report.To...)
	}
	m.Told = len(to) > 0
	m.Recipient = slices.ContainsFunc(to, func(a string) bool { return f.Recipient(strings.ToLower(a)) })
	return m
}

// Strange says that the log tells of recipients, and of none that the lines name.
func (m Fit) Strange() bool { return m.Told && !m.Recipient }

// Differs names in what the log tells otherwise.
func (m Fit) Differs(f Find) runbook.Text {
	var en, ja []string
	for _, d := range []struct {
		on     bool
		en, ja string
	}{
		{!m.Client, "another client, " + f.Client.String(), "接続元 (" + f.Client.String() + ")"},
		{!m.Time, "another time, " + Stamp(f.Time), "時刻 (" + Stamp(f.Time) + ")"},
		{m.Strange(), "other recipients", "宛先"},
		{!m.Sender, "another sender, <" + f.Sender + ">", "送信者 (<" + f.Sender + ">)"},
	} {
		if d.on {
			en, ja = append(en, d.en), append(ja, d.ja)
		}
	}
	return runbook.T(strings.Join(en, ", "), strings.Join(ja, "、"))
}

// Stamp writes a time.
func Stamp(t time.Time) string { return t.UTC().Format("2006-01-02 15:04:05Z") }

// SameClient compares addresses; of IPv6 the first 64 bits, which is what the books of the log keep.
func SameClient(a, b netip.Addr) bool {
	if a.Is6() && b.Is6() {
		p, err := a.Prefix(64)
		return err == nil && p.Contains(b)
	}
	return a == b
}

// Text says why the log does not tell.
func (l Lack) Text() runbook.Text {
	switch l {
	case NoID:
		return runbook.T("the line names no id by which the log could be asked", "行に ID がなく、ログを照会できない")
	case NoTime:
		return runbook.T("the line has no date by which the log could be asked", "行に日時がなく、ログを照会できない")
	case Silent:
		return runbook.T("no log of that time tells of it", "その時刻のログに記録がない")
	}
	return runbook.T("there is no log of this server here", "当サーバーのログがここにない")
}
