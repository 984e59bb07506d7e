// Package imap is a probe mailbox that is read over IMAP4rev1 (RFC 3501): the operator's own, at whatever provider.
//
// In order: Parse reads where it is; Open logs in and opens the folder for reading only (EXAMINE); Poll returns what has come since; Close.
// Nothing in the mailbox changes, flags neither (BODY.PEEK). What was said is written down without the password, and without the messages.
//
// The server may be hostile or broken: every command has a time in which it has to be done, lines, literals and the number of answers are
// bounded, and an answer counts only as what it is: the cookie has to stand in the message that was fetched. The client is our own since it
// needs seven commands, and since a library that parses all of IMAP, with structures that nest without end, would have to be trusted with what
// such a server says.
package imap

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"net"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"hikeshi/actions/smtpcheck/probe"
	"hikeshi/actions/smtpcheck/talk"
)

// The bounds.
const (
	patience   = 30 * time.Second // for one command
	maxLine    = 64 << 10         // bytes of one line
	maxLiteral = 64 << 10         // bytes of one literal: what is fetched of a message
	maxAnswer  = 1 << 20          // bytes of one answer
	maxNew     = 2000             // messages that one look fetches
	maxLook    = 2 * time.Minute  // for one look, however many messages there are
)

// A Place is where a mailbox is, and how to get in.
type Place struct {
	Host, Port     string
	TLS            bool // from the first byte (imaps); else STARTTLS has to be had, but over loopback
	User, Password string
	Folder         string
	Roots          *x509.CertPool // of its certificate; nil: those of the system

	Dial  func(ctx context.Context, network, address string) (net.Conn, error)
	Clock func() time.Time
	Log   *talk.Log // what is said is written down here, without the password; nil: nowhere
}

// Parse reads imaps://USER@HOST[:PORT]/FOLDER, or imap:// for STARTTLS. USER may hold %40 for an at sign, or the sign itself. A password does
// not belong there.
func Parse(text string) (Place, error) {
	var p Place
	rest, ok := strings.CutPrefix(text, "imaps://")
	if p.TLS = ok; !ok {
		if rest, ok = strings.CutPrefix(text, "imap://"); !ok {
			return p, errors.New("it begins with neither imaps:// nor imap://")
		}
	}
	authority, folder, _ := strings.Cut(rest, "/")
	at := strings.LastIndexByte(authority, '@')
	if at <= 0 {
		return p, errors.New("it names no user: imaps://USER@HOST/INBOX")
	}
	user, host := authority[:at], authority[at+1:]
	if strings.Contains(user, ":") {
		return p, errors.New("it holds a password, which belongs in a file that nobody else can read")
	}
	var err1, err2 error
	p.User, err1 = url.PathUnescape(user)
	p.Folder, err2 = url.PathUnescape(folder)
	if err := errors.Join(err1, err2); err != nil {
		return p, err
	}
	if p.Folder == "" {
		p.Folder = "INBOX"
	}
	p.Host, p.Port = host, "143"
	if p.TLS {
		p.Port = "993"
	}
	if h, port, err := net.SplitHostPort(host); err == nil {
		p.Host, p.Port = h, port
	}
	p.Host = strings.Trim(p.Host, "[]")
	if n, err := strconv.Atoi(p.Port); err != nil || n < 1 || n > 65535 || p.Host == "" {
		return p, errors.New("it names no host, or a port that is none")
	}
	if !plain(p.Folder) || !plain(p.User) {
		return p, errors.New("user and folder have to be printable ASCII")
	}
	return p, nil
}

// plain says whether a text is printable ASCII, and not empty.
func plain(s string) bool {
	return s != "" && strings.IndexFunc(s, func(r rune) bool { return r < ' ' || r > '~' }) < 0
}

// A Box is an open mailbox.
type Box struct {
	place    Place
	ctx      context.Context
	s        *session // nil: the next Poll opens one
	validity uint32   // UIDVALIDITY
	first    uint32   // UID of the first message that counts
	seen     map[uint32]bool
	notes    *scribe
}

// Open logs in. What is in the mailbox already does not count. When ctx ends every command ends.
func Open(ctx context.Context, p Place) (*Box, error) {
	b := &Box{place: p, ctx: ctx, seen: map[uint32]bool{}, notes: newScribe(p)}
	return b, b.connect()
}

// connect begins a session. A second one goes on with the mailbox of the first.
func (b *Box) connect() error {
	at := net.JoinHostPort(b.place.Host, b.place.Port)
	b.notes.add(talk.Note, "connecting to the probe mailbox at "+at)
	defer b.notes.flush()
	s, err := b.place.login(b.ctx, b.notes)
	if err != nil {
		b.notes.add(talk.Note, err.Error())
		return fmt.Errorf("opening the probe mailbox at %s: %w", at, err)
	}
	validity, next, err := s.examine(b.place.Folder)
	if err == nil && b.first > 0 && validity != b.validity {
		err = errors.New("the folder was made anew meanwhile (UIDVALIDITY)")
	}
	if err != nil {
		s.close()
		b.notes.add(talk.Note, err.Error())
		return fmt.Errorf("opening the folder %s of the probe mailbox at %s: %w", b.place.Folder, at, err)
	}
	if b.s = s; b.first == 0 {
		b.validity, b.first = validity, next
	}
	return nil
}

// Poll returns what has come since the last call. A connection that was lost is made once more.
func (b *Box) Poll() ([]probe.Arrival, error) {
	for again := false; ; again = true {
		err := error(nil)
		if b.s == nil {
			err = b.connect()
		}
		var all []probe.Arrival
		if err == nil {
			if all, err = b.look(); err == nil {
				return all, nil
			}
			b.notes.add(talk.Note, err.Error())
			b.Close()
		}
		if again || b.ctx.Err() != nil || len(all) > 0 {
			return all, fmt.Errorf("reading the probe mailbox at %s: %w", b.place.Host, err)
		}
	}
}

// look fetches what is new. What cannot all be fetched within the bounds is an error: nobody may take it for a mailbox that holds no more. A message
// that was not handed out, since it is gone or since the server keeps it back, is asked for again as long as the server names it.
func (b *Box) look() ([]probe.Arrival, error) {
	uids, err := b.s.since(b.first)
	if err != nil {
		return nil, err
	}
	uids = slices.DeleteFunc(uids, func(uid uint32) bool { return uid < b.first || b.seen[uid] })
	var all []probe.Arrival
	for i, end := 0, time.Now().Add(maxLook); i < len(uids); i++ {
		if i == maxNew || time.Now().After(end) {
			return all, fmt.Errorf("%d new messages are more than can be read: a mailbox is needed that gets no other mail", len(uids))
		}
		raw, err := b.s.fetch(uids[i])
		if err != nil {
			return all, err
		}
		if raw == nil {
			continue
		}
		b.seen[uids[i]] = true
		if a, ok := probe.Read(raw, b.place.Clock()); ok {
			all = append(all, a)
		}
	}
	b.notes.looked(len(uids) > 0)
	return all, nil
}

// Close says goodbye.
func (b *Box) Close() error {
	if b.s != nil {
		b.s.close()
		b.s = nil
	}
	b.notes.flush()
	return nil
}

// login makes a connection and logs in, inside TLS but over loopback.
func (p Place) login(ctx context.Context, notes *scribe) (*session, error) {
	dial, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	conn, err := p.Dial(dial, "tcp", net.JoinHostPort(p.Host, p.Port))
	if err != nil {
		return nil, err
	}
	s := newSession(ctx, conn, notes)
	if err := p.enter(s, conn); err != nil {
		s.close()
		return nil, err
	}
	return s, nil
}

func (p Place) enter(s *session, conn net.Conn) error {
	cfg := &tls.Config{ServerName: p.Host, RootCAs: p.Roots, MinVersion: tls.VersionTLS12}
	if p.TLS {
		if err := s.secure(cfg); err != nil {
			return err
		}
	}
	if err := s.greeting(); err != nil {
		return err
	}
	caps, err := s.capabilities()
	if err != nil {
		return err
	}
	if !p.TLS && slices.Contains(caps, "STARTTLS") {
		if _, err := s.say("STARTTLS"); err != nil {
			return err
		}
		if err := s.secure(cfg); err != nil {
			return err
		}
		if caps, err = s.capabilities(); err != nil {
			return err
		}
	} else if !p.TLS && !local(conn) {
		return errors.New("it offers no STARTTLS, and the password would go out in clear: use imaps://")
	}
	return s.logIn(caps, p.User, p.Password)
}

func local(c net.Conn) bool {
	a, ok := c.RemoteAddr().(*net.TCPAddr)
	return ok && a.IP.IsLoopback()
}
