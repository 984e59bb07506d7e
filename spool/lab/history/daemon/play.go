package daemon

import (
	"errors"
	"fmt"
	"time"
)

// item is what happens at one time: the next session of a source begins, a session goes on, or a mail is delivered.
type item struct {
	at     int64
	number uint64 // keeps the order of what happens in the same second
	source Source
	next   *Session
	live   *live
	mail   *Mail
	id     uint64
	late   bool // of a mail: the last try
}

// live is a session under way.
type live struct {
	*Session
	number uint32 // in receivelog
	step   int
	id     uint64 // of the last message; 0 for none
}

type player struct {
	*Server
	now     int64
	pending heap
	count   uint64
	number  uint32
	id      uint64
	stamp   []byte // of now, with brackets
	buf     [Logs][]byte
	day     [Logs]int64
	err     error
}

// chunk is how much is flushed at once, bytes.
const chunk = 128 << 10

// day is the length of one, seconds.
const day = 86400

// Play writes the logs of all sessions up to s.To. The error is that of Flush.
func (s *Server) Play(sources []Source) error {
	p := &player{Server: s, id: s.LastID}
	for _, src := range sources {
		p.await(src)
	}
	for len(p.pending) > 0 && p.err == nil {
		it := p.pending.pop()
		if it.at >= s.To {
			break
		}
		p.clock(it.at)
		p.happen(&it)
	}
	for log := range Logs {
		p.flush(log)
	}
	if p.err != nil {
		return fmt.Errorf("writing logs: %w", p.err)
	}
	return nil
}

// await puts the next session of a source in line.
func (p *player) await(src Source) {
	if s := src.Next(); s != nil {
		p.push(item{at: max(s.At, p.now), source: src, next: s})
	}
}

func (p *player) push(it item) {
	p.count++
	it.number = p.count
	p.pending.push(it)
}

// clock sets the time.
func (p *player) clock(at int64) {
	if at == p.now && p.stamp != nil {
		return
	}
	p.now = at
	p.stamp = time.Unix(at, 0).UTC().AppendFormat(p.stamp[:0], "[02/Jan/2006:15:04:05]")
}

func (p *player) happen(it *item) {
	switch {
	case it.mail != nil:
		p.deliver(it.mail, it.id, it.late)
	case it.source != nil:
		p.await(it.source)
		p.number++
		it.live = &live{Session: it.next, number: 0x347c0000 + p.number%0x8000*8}
		fallthrough
	default:
		p.goOn(it.live)
	}
}

// goOn plays the steps of l that happen now.
func (p *player) goOn(l *live) {
	for {
		if l.Service == SMTP {
			p.smtp(l)
		} else {
			p.mailbox(l)
		}
		if l.step++; l.step > l.steps() {
			return
		}
		if w := l.wait(); w > 0 {
			p.push(item{at: p.now + w, live: l})
			return
		}
	}
}

// line is the buffer of a log to which a line of now is appended; false if the log is not written.
func (p *player) line(log Log) ([]byte, bool) {
	if p.Off[log] {
		return nil, false
	}
	if today := p.now - p.now%day; today != p.day[log] || len(p.buf[log]) > chunk {
		p.flush(log)
		p.day[log] = today
	}
	return p.buf[log], true
}

func (p *player) flush(log Log) {
	if len(p.buf[log]) > 0 {
		p.err = errors.Join(p.err, p.Flush(log, p.day[log], p.buf[log]))
	}
	p.buf[log] = p.buf[log][:0]
}

// heap has the earliest item on top.
type heap []item

func (h heap) before(i, j int) bool {
	return h[i].at < h[j].at || h[i].at == h[j].at && h[i].number < h[j].number
}

func (h *heap) push(it item) {
	*h = append(*h, it)
	a := *h
	for i := len(a) - 1; i > 0 && a.before(i, (i-1)/2); i = (i - 1) / 2 {
		a[i], a[(i-1)/2] = a[(i-1)/2], a[i]
	}
}

func (h *heap) pop() item {
	a := *h
	top, last := a[0], len(a)-1
	a[0], a[last] = a[last], item{}
	a = a[:last]
	*h = a
	for i := 0; ; {
		least := i
		for _, c := range [2]int{2*i + 1, 2*i + 2} {
			if c < last && a.before(c, least) {
				least = c
			}
		}
		if least == i {
			return top
		}
		a[i], a[least] = a[least], a[i]
		i = least
	}
}
