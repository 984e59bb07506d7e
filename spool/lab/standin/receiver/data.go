package receiver

import (
	"errors"
	"fmt"
	"io"
	"strings"
	"time"

	"hikeshi/spool/lab/standin"
)

var (
	errTooBig = errors.New("message too big")
	errHeader = errors.New("header From is not of the login")
)

// data takes the message. The 250 is given when both files are on disk in incoming.
func (s *session) data() error {
	if s.mail == nil || len(s.mail.recipients) == 0 {
		return s.reply("503 5.5.1 Need RCPT before DATA")
	}
	m := s.mail
	s.mail = nil
	if err := s.reply("354 Start mail input;id <%s> end with <CRLF>.<CRLF>", m.id); err != nil {
		return err
	}
	switch err := s.take(m); {
	case errors.Is(err, errTooBig):
		return s.reply("552 5.3.4 Message size exceeds fixed maximum message size")
	case errors.Is(err, errHeader):
		// The words of this refusal are not known.
		return s.reply("550 5.1.7 Please, mail from a valid e-mail address.")
	case errors.Is(err, errConnection):
		return err
	case err != nil:
		return s.reply("451 4.3.0 Local error in processing")
	}
	s.last, s.result = m.id, "ok"
	s.r.in.Printf("<%s@%s> {time} %s %s %s %s", m.id, s.r.Host, s.peer, s.helo, m.sender, strings.Join(m.recipients, " "))
	return s.reply("250 2.0.0 <%s@%s> Mail accepted", m.id, s.r.Host)
}

var errConnection = errors.New("connection lost")

// take writes the message in temp and moves it to incoming. What could not be taken whole is removed, unless the receiver stops:
// then it is left for the next start to wipe.
func (s *session) take(m *mail) error {
	body, envelope := s.r.Spool("temp", m.id+".MSG"), s.r.Spool("temp", m.id+".RCP")
	err := s.receive(m, body)
	if err == nil && s.auth == authDone && s.level >= 2 {
		var fits bool
		if fits, err = s.headerFits(body); err == nil && !fits {
			err = errHeader
		}
	}
	if err == nil {
		e := standin.Envelope{ID: m.id + "@" + s.r.Host, Sender: m.sender, Recipients: m.recipients}
		err = s.r.Write(envelope, e.Bytes())
	}
	if err != nil {
		if s.r.stopping.Err() == nil {
			return errors.Join(err, s.r.Remove(body), s.r.Remove(envelope))
		}
		return err
	}
	for _, ext := range []string{".MSG", ".RCP"} {
		if err := s.r.Move(s.r.Spool("temp", m.id+ext), s.r.Spool("incoming", m.id+ext)); err != nil {
			return err
		}
	}
	return s.r.Sync(s.r.Spool("incoming"))
}

// receive writes the body with a Received line on top. The dialogue is read to its end even if the message is too big.
func (s *session) receive(m *mail, path string) error {
	f, err := s.r.Create(path)
	if err != nil {
		return err
	}
	_, err = fmt.Fprintf(standin.CRLF(f), "Received: from %s (unverified [%s]) by %s\n\t(E-POST ESMTP Receiver %s) with ESMTP id <%s@%s>;\n\t%s\n",
		s.helo, s.peer, s.r.Host, Version, m.id, s.r.Host, time.Now().Format(time.RFC1123Z))
	in := &lines{r: s.text.DotReader()}
	if err == nil {
		_, err = io.CopyN(standin.CRLF(f), in, s.r.maxSize)
	}
	if err == nil {
		if n, _ := io.Copy(io.Discard, in); n > 0 {
			err = errTooBig
		}
	}
	if err == io.EOF {
		err = nil
	}
	if in.err != nil && in.err != io.EOF {
		err = errors.Join(errConnection, in.err)
	}
	return errors.Join(err, f.Close())
}

// lines remembers why reading the dialogue ended.
type lines struct {
	r   io.Reader
	err error
}

// Read implements io.Reader.
func (l *lines) Read(p []byte) (int, error) {
	n, err := l.r.Read(p)
	l.err = err
	return n, err
}
