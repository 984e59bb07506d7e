// Package dialogue reads the logs of E-Post Mail Server V that hold what clients and server said: receivelog (SMTP), receiveimap4, and
// receivepop3, whose format is not documented and is taken to be alike (FAQ bsd/05-36, bsd/19-30). A line is a time, the number of the
// session, and what was said; who said it is not told:
//
//	[12/Dec/2017:00:01:47], 347c89c8, AUTH LOGIN
//	[12/Dec/2017:00:01:48], 347c89c8, 334 dXNlcm5hbWU6
//	[12/Dec/2017:00:01:48], 347c89c8, YWRtaW4=
//	[12/Dec/2017:00:01:49], 347c89c8, 535 5.7.0 Authentication failed.
//
// So each session is followed from its first line on: after a command of the client comes the server, after a question of the server
// the client. A line that looks like an answer where the client has its turn is none. Numbers are used again; 00000000 is no session,
// and stands before a dump of all settings when the service starts.
//
// The lines hold passwords, in Base64 and in clear text. Of what a client says in a login only the name is ever decoded, up to the byte
// where the password begins; nothing else of it is looked at or kept. Every line that is not surely one of the server is Secret.
//
// If a build writes the text of mails between DATA and the end, mail can imitate the rest of its own session.
package dialogue

import (
	"hikeshi/spool"
	"hikeshi/spool/epms/logs/field"
)

// Bounds of what is remembered.
const (
	maxSessions = 2048 // at one time; the one that was silent longest is given up
	maxText     = 320  // bytes of a name, a sender, a recipient
)

// text is a bounded copy of a few bytes.
type text struct {
	n    int
	data [maxText]byte
}

func (t *text) set(b []byte)  { t.n = copy(t.data[:], b) }
func (t *text) bytes() []byte { return t.data[:t.n:t.n] }

// or is the copy, or nil if it is empty.
func (t *text) or() []byte {
	if t.n == 0 {
		return nil
	}
	return t.bytes()
}

// turn says whose words are expected.
type turn uint8

const (
	command turn = iota // the client says what it wants
	answer              // the server has its turn
	name                // the client says who it is
	secret              // the client says something that holds a password
	body                // a message, or the answer to it
)

// A session is what is known of one connection.
type session struct {
	number uint32
	seen   int64 // when it spoke last, in lines
	turn   turn
	verb   verb  // what was asked for
	mode   mode  // of a login
	named  bool  // the client has said who it is, understood or not
	known  bool  // logged in
	mail   bool  // a sender was named
	lines  bool  // the text of the message stands in the log
	over   bool  // the connection ends
	count  int   // of recipients
	size   int64 // of the message, as the client announced it
	login  text
	sender text
	rcpt   text
	id     text
	tag    text // of the command, IMAP4
}

// reset makes s the beginning of a session.
func (s *session) reset() {
	s.turn, s.verb, s.named, s.known, s.over = command, none, false, false, false
	s.login.n = 0
	s.end()
}

// end forgets the message.
func (s *session) end() {
	s.mail, s.lines, s.count, s.size = false, false, 0, 0
	s.sender.n, s.rcpt.n, s.id.n = 0, 0, 0
}

// settled ends a command.
func (s *session) settled() spool.Reading {
	s.over = s.over || s.verb == quit
	s.turn, s.verb = command, none
	return spool.LineQuiet
}

// table is the sessions that are open.
type table struct {
	at    map[uint32]int
	all   []session
	free  []int
	lines int64
}

// of is the session of that number, a new one if it is not known.
func (t *table) of(number uint32) *session {
	t.lines++
	i, ok := t.at[number]
	if !ok {
		i = t.room()
		if t.at == nil {
			t.at = map[uint32]int{}
		}
		t.at[number] = i
		t.all[i].reset()
		t.all[i].number = number
	}
	t.all[i].seen = t.lines
	return &t.all[i]
}

// room is a place that is free, or is made so.
func (t *table) room() int {
	if n := len(t.free); n > 0 {
		i := t.free[n-1]
		t.free = t.free[:n-1]
		return i
	}
	if len(t.all) < maxSessions {
		t.all = append(t.all, session{})
		return len(t.all) - 1
	}
	oldest := 0
	for i := range t.all {
		if t.all[i].seen < t.all[oldest].seen {
			oldest = i
		}
	}
	delete(t.at, t.all[oldest].number)
	return oldest
}

// drop forgets a session that is over. What it holds stays as it is until the next line.
func (t *table) drop(number uint32) {
	if i, ok := t.at[number]; ok {
		delete(t.at, number)
		t.free = append(t.free, i)
	}
}

// A Parser reads one file of such a log, as spool.LogParser, from its beginning or from a point before what matters.
type Parser struct {
	clock field.Clock
	open  table
	door  spool.Protocol
}

// New reads receivelog (spool.SMTP), receivepop3 (spool.POP3) or receiveimap4 (spool.IMAP4).
func New(door spool.Protocol) *Parser { return &Parser{door: door} }

// Wall is the time of a line.
func (p *Parser) Wall(line []byte) (int64, bool) {
	wall, _, _, ok := p.head(line)
	return wall, ok
}

// head reads `[12/Dec/2017:00:01:47], 347c89c8, `.
func (p *Parser) head(line []byte) (wall int64, number uint32, said []byte, ok bool) {
	wall, rest, ok := p.clock.Head(line)
	const size = len(", 347c89c8,")
	if !ok || len(rest) < size || rest[0] != ',' || rest[1] != ' ' || rest[size-1] != ',' {
		return 0, 0, nil, false
	}
	for _, c := range rest[2 : size-1] {
		switch {
		case c >= '0' && c <= '9':
			c -= '0'
		case c >= 'a' && c <= 'f':
			c -= 'a' - 10
		case c >= 'A' && c <= 'F':
			c -= 'A' - 10
		default:
			return 0, 0, nil, false
		}
		number = number<<4 | uint32(c)
	}
	said = rest[size:]
	if len(said) > 0 && said[0] == ' ' {
		said = said[1:]
	}
	return wall, number, field.Trim(said), true
}

// Parse reads a line.
func (p *Parser) Parse(line []byte, e *spool.Event) spool.Reading {
	*e = spool.Event{Service: p.door, Secret: true}
	wall, number, said, ok := p.head(line)
	if !ok {
		return spool.LineUnknown
	}
	e.Wall = wall
	if number == 0 {
		return refused(said, e)
	}
	s := p.open.of(number)
	reading := spool.LineQuiet
	switch {
	case field.FoldPrefix(said, "GET_REPLY() SOCKET_ERROR"):
		s.over = true
	case p.door == spool.POP3:
		reading = s.pop(said, e)
	case p.door == spool.IMAP4:
		reading = s.imap(said, e)
	default:
		reading = s.smtp(said, e)
	}
	if s.over {
		p.open.drop(number)
	}
	return reading
}

// refused reads `reject address = [192.0.2.7]`: a peer that is in a table of those to be refused.
func refused(said []byte, e *spool.Event) spool.Reading {
	const words = "REJECT ADDRESS = ["
	if n := len(said); field.FoldPrefix(said, words) && said[n-1] == ']' {
		e.Client = field.Addr(said[len(words) : n-1])
		e.Kind, e.Secret = spool.EventReject, false
		return spool.LineSaid
	}
	return spool.LineQuiet
}
