package probe

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"net"
	"strings"
	"sync"
	"time"
)

// The bounds of a Receiver.
const (
	maxConns   = 20
	maxCommand = 1 << 10
	maxText    = 1 << 20 // bytes of a message that are taken
	connTime   = 2 * time.Minute
)

// A Receiver is a small SMTP server for one mailbox. It says 550 to every other recipient, relays nothing, and knows neither login nor TLS.
type Receiver struct {
	listener net.Listener
	mailbox  string // in small letters
	clock    func() time.Time

	mu      sync.Mutex
	arrived []Arrival
	conns   map[net.Conn]bool
	wait    sync.WaitGroup
}

// Listen serves on l, which it closes at the end, for mailbox.
func Listen(l net.Listener, mailbox string, clock func() time.Time) *Receiver {
	r := &Receiver{listener: l, mailbox: strings.ToLower(mailbox), clock: clock, conns: map[net.Conn]bool{}}
	r.wait.Go(r.accept)
	return r
}

func (r *Receiver) accept() {
	for {
		c, err := r.listener.Accept()
		if errors.Is(err, net.ErrClosed) {
			return
		}
		if err != nil {
			time.Sleep(50 * time.Millisecond) // out of descriptors for a moment
			continue
		}
		if !r.add(c) {
			c.Close()
			continue
		}
		r.wait.Go(func() {
			defer r.remove(c)
			c.SetDeadline(time.Now().Add(connTime))
			s := session{r: r, in: bufio.NewReaderSize(c, maxCommand), out: c}
			s.serve()
		})
	}
}

func (r *Receiver) add(c net.Conn) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.conns == nil || len(r.conns) >= maxConns {
		return false
	}
	r.conns[c] = true
	return true
}

func (r *Receiver) remove(c net.Conn) {
	c.Close()
	r.mu.Lock()
	defer r.mu.Unlock()
	delete(r.conns, c)
}

// Poll returns what has come since the last call.
func (r *Receiver) Poll() ([]Arrival, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	all := r.arrived
	r.arrived = nil
	return all, nil
}

// Close hangs up on everybody.
func (r *Receiver) Close() error {
	err := r.listener.Close()
	r.mu.Lock()
	for c := range r.conns {
		c.Close()
	}
	r.conns = nil
	r.mu.Unlock()
	r.wait.Wait()
	return err
}

// keep keeps a message that holds a cookie and says whether it does.
func (r *Receiver) keep(raw []byte) bool {
	a, ok := Read(raw, r.clock())
	r.mu.Lock()
	defer r.mu.Unlock()
	if ok && len(r.arrived) < maxArrivals {
		r.arrived = append(r.arrived, a)
	}
	return ok
}

// A session is one connection to a Receiver.
type session struct {
	r   *Receiver
	in  *bufio.Reader
	out io.Writer
	to  bool // the recipient was accepted
}

func (s *session) serve() {
	s.say("220 probe ESMTP")
	for {
		line, err := s.in.ReadSlice('\n')
		if err != nil {
			return // gone, out of time, or longer than any command
		}
		verb, arg, _ := strings.Cut(strings.TrimSpace(string(line)), " ")
		switch verb = strings.ToUpper(verb); verb {
		case "EHLO", "HELO", "MAIL", "RSET", "NOOP":
			s.to = s.to && verb == "NOOP"
			s.say("250 ok")
		case "RCPT":
			s.rcpt(arg)
		case "DATA":
			if !s.data() {
				return
			}
		case "QUIT":
			s.say("221 bye")
			return
		default:
			s.say("502 not known here")
		}
	}
}

func (s *session) say(line string) { fmt.Fprint(s.out, line+"\r\n") }

func (s *session) rcpt(arg string) {
	_, path, _ := strings.Cut(arg, ":")
	path, _, _ = strings.Cut(strings.TrimSpace(path), " ")
	if strings.ToLower(strings.Trim(path, "<>")) != s.r.mailbox {
		s.say("550 5.1.1 no such mailbox")
		return
	}
	s.to = true
	s.say("250 ok")
}

// data takes a message and says whether the conversation goes on.
func (s *session) data() bool {
	if !s.to {
		s.say("503 5.5.1 no recipient")
		return true
	}
	s.say("354 go ahead")
	var raw []byte
	whole := true // the line begins at its beginning
	for n := 0; ; {
		part, err := s.in.ReadSlice('\n')
		if err != nil && !errors.Is(err, bufio.ErrBufferFull) {
			return false
		}
		if n += len(part); n > maxText {
			return false
		}
		text := string(part)
		if whole && strings.TrimRight(text, "\r\n") == "." {
			break
		}
		if whole {
			text = strings.TrimPrefix(text, ".")
		}
		whole = err == nil
		if len(raw) < maxMessage {
			raw = append(raw, text...)
		}
	}
	s.to = false
	if !s.r.keep(raw) {
		s.say("550 5.7.1 only the probes of a relay test are taken here")
		return true
	}
	s.say("250 2.0.0 kept")
	return true
}
