// Package made makes mail logs of Postfix for tests: a server with people, their mail in and out over two weeks, what is refused, deferred and
// bounced, and in the last hours one login that is used by strangers. Everything comes from a seed; nothing is a line of a real server.
package made

import (
	"bufio"
	"container/heap"
	"fmt"
	"io"
	"math/rand/v2"
	"time"
)

// Options say what is made.
type Options struct {
	Size    int64     // bytes, about
	Until   time.Time // of the last line; its zone is that of the stamps
	Days    int       // default 14
	Spam    int       // messages of the stolen login
	Thieves int       // addresses that they come from; default 25
	ISO     bool      // stamps of RFC 3339; else the classic ones
	Filter  bool      // mail of people with a login goes through a content filter at 127.0.0.1:10024
}

// Stolen is the login that strangers use.
const Stolen = "hanako@example.jp"

// A Truth is what the log tells of.
type Truth struct {
	Lines     int64
	Received  int64 // messages, each once
	Delivered int64 // recipients, without the way to the filter
	Deferred  int64 // messages that were deferred at least once
	Deferrals int64 // lines
	Bounced   int64 // recipients
	Rejected  int64
	Failed    int64 // logins
	Aborted   int64 // messages that were begun and never queued: a milter refused them
	Filtered  int64 // messages that came back from the filter
	Spam      int64
	Senders   map[string]int64 // messages
	Thieves   []string
}

// Write writes a log.
func Write(w io.Writer, seed uint64, o Options) (*Truth, error) {
	if o.Days == 0 {
		o.Days = 14
	}
	if o.Thieves == 0 {
		o.Thieves = 25
	}
	m := &maker{o: o, rnd: rand.New(rand.NewPCG(seed, 7)), out: bufio.NewWriterSize(w, 1<<20), truth: &Truth{Senders: map[string]int64{}}, inode: 0x20000}
	for i := range o.Thieves {
		m.truth.Thieves = append(m.truth.Thieves, fmt.Sprintf("203.0.113.%d", 10+i))
	}
	m.days()
	return m.truth, m.out.Flush()
}

// A line waits for its time.
type line struct {
	at   int64 // microseconds since 1970
	n    int64 // order of making
	text string
}

type waiting []line

func (w waiting) Len() int { return len(w) }
func (w waiting) Less(i, j int) bool {
	return w[i].at < w[j].at || w[i].at == w[j].at && w[i].n < w[j].n
}
func (w waiting) Swap(i, j int) { w[i], w[j] = w[j], w[i] }
func (w *waiting) Push(x any)   { *w = append(*w, x.(line)) }
func (w *waiting) Pop() any {
	old := *w
	last := old[len(old)-1]
	*w = old[:len(old)-1]
	return last
}

type maker struct {
	o     Options
	rnd   *rand.Rand
	out   *bufio.Writer
	truth *Truth
	wait  waiting
	n     int64
	inode int
	pid   int
	stamp []byte
}

// mailSize is about how much is written for one thing that happens, in bytes, and spamSize for a message of the stolen login.
const (
	mailSize = 760
	spamSize = 1500
)

// days spreads ordinary mail over the days, and the stolen login over the last three hours.
func (m *maker) days() {
	until := m.o.Until.UnixMicro()
	from := until - int64(m.o.Days)*86400e6
	mails := max(m.o.Size-int64(m.o.Spam)*spamSize, 0) / mailSize
	step := (until - from) / max(mails, 1)
	spamFrom := until - 3*3600e6
	spamStep := int64(3 * 3600e6)
	if m.o.Spam > 0 {
		spamStep /= int64(m.o.Spam)
	}
	nextSpam := spamFrom
	for at := from; at < until; at += step {
		for ; m.o.Spam > 0 && nextSpam <= at && m.truth.Spam < int64(m.o.Spam); nextSpam += spamStep {
			m.flush(nextSpam)
			m.spam(nextSpam)
		}
		m.flush(at)
		m.ordinary(at)
	}
	for m.truth.Spam < int64(m.o.Spam) {
		m.spam(until)
	}
	m.flush(1 << 62)
}

// flush writes the lines whose time has come.
func (m *maker) flush(now int64) {
	for len(m.wait) > 0 && m.wait[0].at <= now {
		l := heap.Pop(&m.wait).(line)
		t := time.UnixMicro(l.at).In(m.o.Until.Location())
		if m.o.ISO {
			m.stamp = t.AppendFormat(m.stamp[:0], "2006-01-02T15:04:05.000000-07:00")
		} else {
			m.stamp = t.AppendFormat(m.stamp[:0], time.Stamp)
		}
		m.out.Write(m.stamp)
		m.out.WriteString(" mail ")
		m.out.WriteString(l.text)
		m.out.WriteByte('\n')
		m.truth.Lines++
	}
}

// say lets a program write a line at a time.
func (m *maker) say(at int64, program, format string, a ...any) {
	m.n++
	m.pid = 2000 + (m.pid+7)%20000
	text := fmt.Sprintf("postfix/%s[%d]: ", program, m.pid) + fmt.Sprintf(format, a...)
	heap.Push(&m.wait, line{at, m.n, text})
}

// id is a short queue id that nothing else has.
func (m *maker) id() string {
	m.inode++
	return fmt.Sprintf("%05X%05X", m.rnd.IntN(1000000), m.inode)
}
