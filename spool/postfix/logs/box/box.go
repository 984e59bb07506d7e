// Package box reads what Dovecot says, in the words of 2.3 and 2.4: logins at imap-login, pop3-login, managesieve-login and submission-login,
// failures that the auth process tells of, and what a session read:
//
//	imap-login: Login: user=<taro>, method=PLAIN, rip=192.0.2.7, lip=198.51.100.1, mpid=7, TLS, session=<9ZHq02g3>
//	imap-login: Disconnected (auth failed, 2 attempts in 9 secs): user=<taro>, method=PLAIN, rip=192.0.2.7, lip=198.51.100.1
//	auth-worker(12182): pam(taro,192.0.2.4): pam_authenticate() failed: Authentication failure (Password mismatch?)
//	auth(taro@example.jp,192.0.2.4,sasl:login)<CvN+E95U>: Info: sql: Password mismatch
//	imap(taro)<7><9ZHq02g3>: Disconnected: Logged out in=1 out=2 deleted=0 … body_count=3 body_bytes=4321
//
// A try that the auth process told of is not counted again by the door, which tells of it later. A session without a try is no failure. With
// auth_verbose_passwords the lines hold passwords, and are Secret.
//
// What lmtp and lda deliver is told by Postfix too, which counts it: here it is LineQuiet.
package box

import (
	"bytes"
	"net/netip"

	"hikeshi/spool"
	"hikeshi/spool/postfix/logs/field"
	"hikeshi/spool/postfix/logs/tries"
)

const maxSessions = 8 << 10 // whose peers are remembered

// A Parser reads the lines of one file.
type Parser struct {
	Failed *tries.Book // what the auth process told of

	pam      tries.Book // what PAM told of, before the auth process did
	sessions *field.Recent[netip.Addr]
}

// New returns a Parser.
func New(failed *tries.Book) *Parser { return &Parser{Failed: failed} }

// Program says whether a program is one whose lines this package reads.
func Program(name []byte) bool {
	switch string(name) {
	case "dovecot", "dovecot-auth", "dovecot/auth", "auth", "auth-worker", "imap-login", "pop3-login", "managesieve-login", "submission-login", "saslauthd":
		return true
	}
	return false
}

// Parse reads what a program says. e is cleared and has its time.
func (p *Parser) Parse(program, said []byte, e *spool.Event) spool.Reading {
	e.Secret = bytes.Contains(said, []byte("given password"))
	switch {
	case string(program) == "saslauthd":
		return cyrus(said, e)
	case bytes.HasPrefix(said, []byte("pam_unix(")):
		return p.pamUnix(said, e)
	case string(program) != "dovecot":
		return p.process(bytes.TrimPrefix(program, []byte("dovecot/")), said, e)
	}
	said = bytes.TrimPrefix(said, []byte("dovecot: "))
	n := bytes.IndexAny(said, ":(")
	if n <= 0 || bytes.IndexByte(said[:n], ' ') >= 0 {
		return spool.LineQuiet
	}
	if said[n] == ':' {
		return p.process(said[:n], bytes.TrimPrefix(said[n+1:], []byte{' '}), e)
	}
	return p.process(said[:n], said[n:], e)
}

// process reads what a process says. The text begins with the bracket behind its name, or with the message.
func (p *Parser) process(name, text []byte, e *spool.Event) spool.Reading {
	switch string(name) {
	case "imap-login", "pop3-login", "managesieve-login", "submission-login":
		e.Service = door(name)
		return p.login(level(after(text)), e)
	case "auth", "auth-worker", "dovecot-auth":
		return p.auth(text, e)
	case "imap", "pop3":
		e.Service = door(name)
		return p.session(text, e)
	case "lda", "lmtp", "submission", "managesieve":
		return spool.LineQuiet
	}
	return spool.LineQuiet
}

// door is the protocol of a process; none for managesieve.
func door(name []byte) spool.Protocol {
	switch name[0] {
	case 'i':
		return spool.IMAP4
	case 'p':
		return spool.POP3
	case 's':
		return spool.SMTP
	}
	return 0
}

// after is what stands behind the brackets of a process, `(12182): ` or `(taro)<7><9ZHq02g3>: `.
func after(text []byte) []byte {
	if len(text) > 0 && (text[0] == '(' || text[0] == '<') {
		if _, rest, ok := bytes.Cut(text, []byte(": ")); ok {
			return rest
		}
	}
	return text
}

// level takes off what log_path puts before a message.
func level(text []byte) []byte {
	for _, word := range []string{"Info: ", "Warning: ", "Error: ", "Notice: "} {
		if rest, ok := field.Has(text, word); ok {
			return rest
		}
	}
	return text
}

// login reads a line of a door.
func (p *Parser) login(text []byte, e *spool.Event) spool.Reading {
	state := text
	if i := bytes.LastIndex(text, []byte("rip=")); i >= 0 { // the name stands before it, and may hold anything
		addr := text[i+len("rip="):]
		state = text[:i]
		if j := bytes.IndexAny(addr, ", "); j >= 0 {
			addr = addr[:j]
		}
		e.Client = field.Addr(addr)
	}
	state, user, named := userOf(state)
	if _, ok := field.Has(text, "Login: "); !ok {
		if _, ok = field.Has(text, "Logged in: "); !ok {
			return p.left(state, user, e)
		}
	}
	if !named || len(user) == 0 {
		return spool.LineQuiet
	}
	if i := bytes.LastIndex(text, []byte("session=<")); i >= 0 && e.Client.IsValid() {
		p.remember(bytes.TrimSuffix(text[i+len("session=<"):], []byte{'>'}), e.Client)
	}
	e.Kind, e.Login = spool.EventLogin, user
	return spool.LineSaid
}

// userOf cuts `user=<taro>, method=PLAIN, ` off the end of a text that ends where the address begins.
func userOf(text []byte) (state, user []byte, ok bool) {
	if i := bytes.LastIndex(text, []byte(", method=")); i >= 0 && bytes.IndexByte(text[i:], '>') < 0 {
		text = text[:i+2]
	}
	i := bytes.Index(text, []byte("user=<"))
	if i < 0 {
		return text, nil, false
	}
	user = bytes.TrimSuffix(bytes.TrimRight(text[i+len("user=<"):], ", "), []byte{'>'})
	return text[:i], user, true
}

// left reads how a session ended before a login.
func (p *Parser) left(state, user []byte, e *spool.Event) spool.Reading {
	tries := 0
	if _, rest, ok := field.Cut(state, "(auth failed, ", ""); ok {
		tries = int(max(field.Number(rest), 1))
	} else if bytes.Contains(state, []byte("(tried to use disallowed ")) || bytes.Contains(state, []byte("(tried to use unsupported ")) {
		tries = 1
	}
	if len(user) > 0 {
		e.Login = user
	}
	if tries == 0 || p.Failed.Take(e.Client, e.Wall, min(tries, 1000)) == 0 {
		return spool.LineQuiet
	}
	e.Kind = spool.EventLoginFail
	return spool.LineSaid
}

func (p *Parser) remember(session []byte, peer netip.Addr) {
	if p.sessions == nil {
		p.sessions = field.NewRecent[netip.Addr](maxSessions)
	}
	p.sessions.Put(p.sessions.Key(session), peer)
}

// session reads what a session did, when it ends: mails were read if the text of any was fetched.
func (p *Parser) session(text []byte, e *spool.Event) spool.Reading {
	inner, rest, ok := field.Cut(text, "(", ")")
	if !ok {
		return spool.LineQuiet
	}
	e.Login = inner
	head, said, _ := bytes.Cut(rest, []byte(": "))
	if i := bytes.LastIndexByte(head, '<'); i >= 0 && p.sessions != nil {
		if peer, ok := p.sessions.Get(p.sessions.Key(bytes.TrimSuffix(head[i+1:], []byte{'>'}))); ok {
			e.Client = peer
		}
	}
	for _, mark := range []string{" body_count=", " retr="} {
		if i := bytes.LastIndex(said, []byte(mark)); i >= 0 && field.Number(said[i+len(mark):]) > 0 {
			e.Kind = spool.EventRead
			return spool.LineSaid
		}
	}
	return spool.LineQuiet
}
