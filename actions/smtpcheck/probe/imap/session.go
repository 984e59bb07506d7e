package imap

import (
	"bufio"
	"context"
	"crypto/tls"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"net"
	"slices"
	"strconv"
	"strings"
	"time"

	"hikeshi/actions/smtpcheck/talk"
)

// A session is one connection. After an error nothing more is said in it.
type session struct {
	ctx   context.Context
	conn  net.Conn
	in    *bufio.Reader
	tag   int
	stop  func() bool
	notes *scribe
}

func newSession(ctx context.Context, c net.Conn, notes *scribe) *session {
	s := &session{ctx: ctx, conn: c, in: bufio.NewReaderSize(c, 4096), notes: notes}
	s.stop = context.AfterFunc(ctx, func() { c.Close() })
	return s
}

func (s *session) close() {
	s.conn.SetDeadline(time.Now().Add(time.Second))
	if _, err := io.WriteString(s.conn, "Z LOGOUT\r\n"); err == nil {
		s.notes.said("Z", "LOGOUT")
	}
	s.stop()
	s.conn.Close()
}

// secure begins TLS. What the server has said behind its yes was said by whoever sits in between (CVE-2011-0411).
func (s *session) secure(cfg *tls.Config) error {
	if s.in.Buffered() > 0 {
		return errors.New("something was said between STARTTLS and TLS")
	}
	c := tls.Client(s.conn, cfg)
	ctx, cancel := context.WithTimeout(s.ctx, patience)
	defer cancel()
	if err := c.HandshakeContext(ctx); err != nil {
		return fmt.Errorf("beginning TLS: %w", err)
	}
	s.conn, s.in = c, bufio.NewReaderSize(c, 4096)
	return nil
}

// greeting waits for the first line.
func (s *session) greeting() error {
	s.conn.SetDeadline(time.Now().Add(patience))
	l, err := s.read(false)
	if err != nil {
		return err
	}
	s.notes.heard(0, l.text)
	if !strings.HasPrefix(strings.ToUpper(l.text), "* OK") {
		return fmt.Errorf("it greets with %q", short(l.text))
	}
	return nil
}

// say gives a command and returns the answer to it, without the last line. more are what follows where the server asks for it with +. The
// error of a refusal holds what the server said, and nothing of the command but its name.
func (s *session) say(command string, more ...string) ([]line, error) {
	s.tag++
	tag := fmt.Sprintf("A%d", s.tag)
	name, _, _ := strings.Cut(command, " ")
	s.conn.SetDeadline(time.Now().Add(patience))
	s.notes.said(tag, command)
	if _, err := io.WriteString(s.conn, tag+" "+command+"\r\n"); err != nil {
		return nil, s.broken(err)
	}
	var all []line
	for size := 0; size <= maxAnswer; {
		l, err := s.read(len(all) > 0 && all[len(all)-1].open)
		if err != nil {
			return all, fmt.Errorf("waiting for the answer to %s: %w", name, err)
		}
		s.notes.heard(len(all), l.text)
		size += len(l.text) + len(l.literal) + 64
		upper := strings.ToUpper(l.text)
		switch {
		case strings.HasPrefix(l.text, tag+" "):
			if status, _, _ := strings.Cut(strings.TrimPrefix(upper, tag+" "), " "); status != "OK" {
				return all, fmt.Errorf("the server refuses %s: %q", name, short(s.notes.clean(strings.TrimPrefix(l.text, tag+" "))))
			}
			return append(all, l), nil
		case strings.HasPrefix(l.text, "+") && len(more) > 0:
			if _, err := io.WriteString(s.conn, more[0]+"\r\n"); err != nil {
				return all, s.broken(err)
			}
			s.notes.add(talk.Client, hidden)
			more = more[1:]
		case strings.HasPrefix(upper, "* BYE"):
			return all, fmt.Errorf("the server ends the conversation: %q", short(s.notes.clean(l.text)))
		default:
			all = append(all, l)
		}
	}
	return all, fmt.Errorf("more than %d bytes in answer to %s", maxAnswer, name)
}

// short is what may be shown of what a server has said.
func short(s string) string { return strings.ToValidUTF8(s[:min(len(s), 200)], "?") }

// capabilities are the words of CAPABILITY, in capitals.
func (s *session) capabilities() ([]string, error) {
	all, err := s.say("CAPABILITY")
	for _, l := range all {
		if rest, ok := strings.CutPrefix(strings.ToUpper(l.text), "* CAPABILITY "); ok {
			return strings.Fields(rest), nil
		}
	}
	if err == nil {
		err = errors.New("it names no capabilities")
	}
	return nil, err
}

// logIn logs in: with AUTHENTICATE PLAIN where that is offered, which takes every octet (RFC 4616), else with LOGIN.
func (s *session) logIn(caps []string, user, password string) error {
	if slices.Contains(caps, "AUTH=PLAIN") {
		_, err := s.say("AUTHENTICATE PLAIN", base64.StdEncoding.EncodeToString([]byte("\x00"+user+"\x00"+password)))
		return err
	}
	if slices.Contains(caps, "LOGINDISABLED") {
		return errors.New("it takes neither AUTHENTICATE PLAIN nor LOGIN")
	}
	if !plain(password) {
		return errors.New("it takes LOGIN only, which cannot hold this password: printable ASCII is needed")
	}
	_, err := s.say("LOGIN " + quote(user) + " " + quote(password))
	return err
}

// quote makes a quoted string of printable ASCII.
func quote(s string) string {
	return `"` + strings.NewReplacer(`\`, `\\`, `"`, `\"`).Replace(s) + `"`
}

// examine opens a folder for reading only and returns its UIDVALIDITY, and the UID that the next message gets at least.
func (s *session) examine(folder string) (validity, next uint32, err error) {
	all, err := s.say("EXAMINE " + quote(folder))
	if err != nil {
		return 0, 0, err
	}
	for _, l := range all {
		validity, next = max(validity, code(l.text, "UIDVALIDITY")), max(next, code(l.text, "UIDNEXT"))
	}
	if validity == 0 || next == 0 {
		return 0, 0, errors.New("it names no UIDVALIDITY and UIDNEXT")
	}
	return validity, next, nil
}

// code is the number of a response code: * OK [UIDNEXT 17] ...
func code(text, name string) uint32 {
	_, rest, ok := strings.Cut(strings.ToUpper(text), "["+name+" ")
	if !ok {
		return 0
	}
	return number(rest)
}

// since are the UIDs from first on, as far as the server tells the truth.
func (s *session) since(first uint32) ([]uint32, error) {
	if _, err := s.say("NOOP"); err != nil {
		return nil, err
	}
	all, err := s.say(fmt.Sprintf("UID SEARCH UID %d:*", first))
	if err != nil {
		return nil, err
	}
	var uids []uint32
	told := false
	for _, l := range all {
		rest, ok := strings.CutPrefix(strings.ToUpper(l.text), "* SEARCH")
		if !ok {
			continue
		}
		told = true
		for _, word := range strings.Fields(rest) {
			if n, err := strconv.ParseUint(word, 10, 32); err == nil {
				uids = append(uids, uint32(n))
			}
		}
	}
	if !told { // RFC 3501 section 6.4.4: the answer is required
		return nil, errors.New("the server says that it has searched, and not what it has found")
	}
	slices.Sort(uids)
	return slices.Compact(uids), nil
}

// fetch is the beginning of a message; nil if it was not handed out: it is gone meanwhile.
func (s *session) fetch(uid uint32) ([]byte, error) {
	all, err := s.say(fmt.Sprintf("UID FETCH %d (UID BODY.PEEK[]<0.%d>)", uid, maxLiteral))
	if err != nil {
		return nil, err
	}
	for i, l := range all {
		text := strings.ToUpper(l.text)
		if !l.open || !strings.HasPrefix(text, "* ") || !strings.Contains(text, "BODY[]") {
			continue
		}
		if i+1 < len(all) {
			text += strings.ToUpper(all[i+1].text)
		}
		if _, after, ok := strings.Cut(text, "UID "); ok && number(after) == uid {
			return l.literal, nil
		}
	}
	return nil, nil
}

// number is the number that text begins with, 0 if there is none.
func number(text string) uint32 {
	end := 0
	for end < len(text) && text[end] >= '0' && text[end] <= '9' {
		end++
	}
	n, err := strconv.ParseUint(text[:end], 10, 32)
	if err != nil {
		return 0
	}
	return uint32(n)
}
