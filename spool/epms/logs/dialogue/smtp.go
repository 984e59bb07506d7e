package dialogue

import (
	"bytes"

	"hikeshi/spool"
	"hikeshi/spool/epms/logs/field"
)

// smtp reads a line of an SMTP session.
func (s *session) smtp(said []byte, e *spool.Event) spool.Reading {
	switch s.turn {
	case name, secret:
		s.client(said)
	case body, answer:
		switch {
		case !s.lines && greets(said):
			s.reset()
		case s.turn == body:
			return s.message(said, e)
		case field.IsReply(said):
			e.Secret = false
			return s.reply(said, e)
		}
	default:
		s.command(said)
	}
	return spool.LineQuiet
}

// command reads what the client wants. An answer of the server here is its greeting, with which a session begins.
func (s *session) command(said []byte) {
	s.turn, s.verb = answer, other
	switch {
	case field.IsReply(said):
		if greets(said) {
			s.reset()
		}
		s.settled()
	case field.FoldPrefix(said, "AUTH ") && !s.known && !s.mail:
		word, first, _ := field.Token(said[len("AUTH "):])
		s.begin(word, first)
	case field.FoldPrefix(said, "MAIL FROM:"):
		s.verb = mailFrom
		s.end()
		s.sender.set(path(said[len("MAIL FROM:"):]))
		s.size = size(said)
	case field.FoldPrefix(said, "RCPT TO:"):
		s.verb = rcptTo
		s.rcpt.set(path(said[len("RCPT TO:"):]))
	case field.Fold(said, "DATA"):
		s.verb = data
	case field.Fold(said, "RSET"), field.FoldPrefix(said, "EHLO"), field.FoldPrefix(said, "HELO"):
		s.end()
	case field.Fold(said, "QUIT"):
		s.verb = quit
	}
}

// greets says whether the server begins: a 220 answers no command but STARTTLS, after which everything said before is void (RFC 5321 section
// 4.3.2, RFC 3207 section 4.2). Where a session before was cut off, its number may come again, and nothing of it belongs to the new one.
func greets(said []byte) bool {
	return field.IsReply(said) && said[0] == '2' && said[1] == '2' && said[2] == '0'
}

// path is the address of MAIL FROM or RCPT TO, without what follows it.
func path(text []byte) []byte {
	text = bytes.TrimLeft(text, " ")
	if len(text) > 0 && text[0] == '<' {
		if i := bytes.IndexByte(text, '>'); i > 0 {
			return text[1:i]
		}
	}
	text, _ = field.Address(text)
	return text
}

// size is the size of the message as MAIL FROM announces it (RFC 1870), 0 if it does not.
func size(said []byte) (n int64) {
	_, text, _ := bytes.Cut(said, []byte(" SIZE="))
	for _, c := range text[:min(len(text), 15)] {
		if c < '0' || c > '9' {
			break
		}
		n = n*10 + int64(c-'0')
	}
	return n
}

// reply reads what the server says to the command.
func (s *session) reply(said []byte, e *spool.Event) spool.Reading {
	if len(said) > 3 && said[3] == '-' {
		return spool.LineQuiet // more of it follows
	}
	good, asks := said[0] == '2', said[0] == '3'
	s.over = string(said[:3]) == "421"
	switch s.verb {
	case auth:
		return s.authenticated(said, e)
	case mailFrom:
		s.mail = good
		if !good {
			return s.refusal(said, e, 0)
		}
	case rcptTo:
		if !good {
			return s.refusal(said, e, 1)
		}
		s.count++
	case data:
		if asks {
			s.turn, s.verb, s.lines = body, message, false
			s.id.set(id(said))
			return spool.LineQuiet
		}
		return s.refusal(said, e, s.count)
	case message:
		return s.taken(said, e)
	}
	return s.settled()
}

// id is the ID in `354 Start mail input;id <B0000097587> end with <CRLF>.<CRLF>`, by which the session is found in the other logs.
func id(said []byte) []byte {
	_, rest, ok := bytes.Cut(said, []byte("id <"))
	if !ok {
		return nil
	}
	i := bytes.IndexByte(rest, '>')
	if i < 0 {
		return nil
	}
	found, _ := field.ID(rest[:i])
	return found
}

func (s *session) authenticated(said []byte, e *spool.Event) spool.Reading {
	switch string(said[:3]) {
	case "334":
		s.ask()
		return spool.LineQuiet
	case "235":
		s.known = true
		e.Kind, e.Login = spool.EventLogin, s.login.or()
	case "535", "534":
		e.Kind, e.Login = spool.EventLoginFail, s.login.or()
	default:
		return s.settled()
	}
	s.settled()
	return spool.LineSaid
}

// refusal is a sender, a recipient or a message that the server does not take.
func (s *session) refusal(said []byte, e *spool.Event, count int) spool.Reading {
	if said[0] != '4' && said[0] != '5' {
		return s.settled()
	}
	e.Kind, e.Reply, e.Count, e.ID = spool.EventReject, said, count, s.id.or()
	s.say(e)
	if s.verb == rcptTo {
		e.Recipients = s.rcpt.or()
	}
	s.settled()
	return spool.LineSaid
}

// say fills in whose message it is.
func (s *session) say(e *spool.Event) {
	e.Sender, e.SenderSaid, e.Size = s.sender.bytes(), true, s.size
	if s.known {
		e.Login = s.login.or()
	}
}

// message reads what follows the 354: the answer to the message, or first its text, if the build writes that, up to the dot.
func (s *session) message(said []byte, e *spool.Event) spool.Reading {
	switch {
	case !s.lines && field.IsReply(said) && said[0] != '3':
		e.Secret = false
		return s.reply(said, e)
	case len(said) == 1 && said[0] == '.':
		s.turn, s.verb = answer, message
	default:
		s.lines = true
	}
	return spool.LineQuiet
}

// taken reads the answer to a message.
func (s *session) taken(said []byte, e *spool.Event) spool.Reading {
	if said[0] != '2' {
		return s.refusal(said, e, s.count)
	}
	e.Kind, e.Reply, e.Count, e.ID = spool.EventAccept, said, s.count, s.id.or()
	s.say(e)
	s.settled()
	s.mail = false
	return spool.LineSaid
}
