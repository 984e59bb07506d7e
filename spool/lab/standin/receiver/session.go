package receiver

import (
	"errors"
	"fmt"
	"io"
	"net"
	"net/netip"
	"net/textproto"
	"os"
	"strings"
	"time"

	"hikeshi/spool/epms/effect"
)

// Bounds of one session.
const (
	idle        = 300 * time.Second // setting Timeout, its default
	sessionSize = 64 << 20          // bytes from the client
	maxRcpt     = 1000
)

// A session is one connection.
type session struct {
	r      *receiver
	conn   net.Conn
	text   *textproto.Conn
	number uint32     // in receivelog
	peer   netip.Addr // whom the client plays
	helo   string
	esmtp  bool
	auth   authState
	mode   string // of AUTH, as acceptlog names it
	user   string // of the last AUTH
	level  int    // FROMSecLevel of user
	mail   *mail  // nil outside a transaction
	sender string // of the last MAIL FROM, for acceptlog
	last   string // id of the last message taken, for acceptlog; "" before the first
	result string // of the session, for acceptlog
}

type authState int

const (
	noAuth authState = iota
	authFailed
	authDone
)

// A mail is one transaction, from an accepted MAIL FROM on.
type mail struct {
	id         string
	sender     string
	kind       effect.SenderKind
	decision   effect.Decision
	recipients []string
}

func newSession(r *receiver, conn net.Conn) *session {
	n := 0x347c0000 + r.sessions.Add(1)
	limited := struct {
		io.Reader
		io.WriteCloser
	}{io.LimitReader(conn, sessionSize), conn}
	return &session{r: r, conn: conn, text: textproto.NewConn(limited), number: n, result: "abort"}
}

// run holds the dialogue. Errors of the connection end it; they are the client's affair.
func (s *session) run() {
	if !s.preamble() {
		return
	}
	if s.r.locked(s.peer) {
		s.r.dialogue.Printf("{time}, %08x, reject address = [%s]", 0, s.peer)
		return
	}
	s.r.accept.Printf("{time}, (%s), [%s]:%d, Client accept now.", s.r.Host, s.peer, s.r.listenPort)
	err := s.reply("220 %s E-POST ESMTP Receiver %s %s", s.r.Host, Version, time.Now().Format(time.RFC1123Z))
	for err == nil {
		var line string
		if line, err = s.read(); err == nil {
			err = s.command(line)
		}
	}
	if errors.Is(err, os.ErrDeadlineExceeded) {
		s.result = "connection timeout"
	}
	s.r.accept.Printf("{time}, (%s), %s[%s], %s,%s,%s", s.r.Host, s.peer, s.peer, s.state(), s.lastID(), s.result)
}

// preamble reads whom the client plays.
func (s *session) preamble() bool {
	if s.conn.SetDeadline(time.Now().Add(5*time.Second)) != nil {
		return false
	}
	line, err := s.text.ReadLine()
	addr, ok := strings.CutPrefix(line, "LAB-PEER ")
	if err != nil || !ok {
		return false
	}
	s.peer, err = netip.ParseAddr(addr)
	s.peer = s.peer.Unmap()
	return err == nil
}

func (s *session) read() (string, error) {
	if err := s.conn.SetDeadline(time.Now().Add(idle)); err != nil {
		return "", err
	}
	line, err := s.text.ReadLine()
	if err != nil {
		s.r.dialogue.Printf("{time}, %08x, get_reply() SOCKET_ERROR OTHER CODE=104", s.number)
		return "", err
	}
	s.r.dialogue.Printf("{time}, %08x, %s", s.number, line)
	return line, nil
}

func (s *session) reply(format string, args ...any) error {
	line := fmt.Sprintf(format, args...)
	s.r.dialogue.Printf("{time}, %08x, %s", s.number, line)
	return s.text.PrintfLine("%s", line)
}

// command answers one line. The error ends the session.
func (s *session) command(line string) error {
	verb, arg, _ := strings.Cut(line, " ")
	switch strings.ToUpper(verb) {
	case "HELO":
		return s.hello(arg, false)
	case "EHLO":
		return s.hello(arg, true)
	case "AUTH":
		return s.authenticate(arg)
	case "MAIL":
		return s.mailFrom(arg)
	case "RCPT":
		return s.rcptTo(arg)
	case "DATA":
		return s.data()
	case "RSET":
		s.mail = nil
		return s.reply("250 2.0.0 Reset state")
	case "NOOP":
		return s.reply("250 2.0.0 OK")
	case "VRFY", "EXPN":
		return s.verify(arg)
	case "HELP":
		return s.reply("214 2.0.0 Help message.")
	case "QUIT":
		return errors.Join(s.reply("221 2.0.0 %s closing connection", s.r.Host), io.EOF)
	}
	return s.reply("500 5.5.1 Command unrecognized")
}

func (s *session) hello(name string, esmtp bool) error {
	s.helo, s.esmtp, s.mail = name, esmtp, nil
	err := s.reply("250 %s Hello [%s], pleased to meet you", s.r.Host, s.peer)
	if !esmtp {
		return err
	}
	err = errors.Join(err, s.reply("250 SIZE %d", s.r.maxSize))
	if s.r.authModes != "NO" {
		err = errors.Join(err, s.reply("250 AUTH %s", s.r.authModes))
	}
	return err
}

// verify answers VRFY, and EXPN of an account, by the setting Vrfy.
func (s *session) verify(arg string) error {
	if !s.r.vrfy {
		return s.reply("252 2.0.0 Cannot VRFY user; try RCPT to attempt delivery")
	}
	addr := strings.Trim(arg, "<>")
	if a, ok := s.account(addr); ok {
		return s.reply("250 2.0.0 %s <%s@%s>", a.FullName, a.Name, a.Domain)
	}
	return s.reply("550 5.1.1 <%s> ... User unknown.", addr)
}

// state is the last state of the session: who logged in, else the envelope sender.
func (s *session) state() string {
	switch s.auth {
	case authDone:
		return fmt.Sprintf("AUTH-%s:%s [success]", s.mode, s.user)
	case authFailed:
		return fmt.Sprintf("AUTH-%s:%s [failed]", s.mode, s.user)
	}
	return s.sender
}

// lastID is the id of the last message taken as acceptlog shows it: nothing after a login that failed (FAQ bsd/05-36), and zeros in
// other sessions without a message (FAQ bsd/05-24).
func (s *session) lastID() string {
	switch {
	case s.last != "":
		return "<" + s.last + ">"
	case s.auth == authFailed:
		return ""
	}
	return "<B0000000000>"
}
