package box

import (
	"bytes"
	"net/netip"

	"hikeshi/spool"
	"hikeshi/spool/postfix/logs/field"
)

// auth reads what the auth process says of a try:
//
//	(12182): conn unix:auth-worker (pid=14830,uid=109): auth-worker<6>: pam(taro,192.0.2.7): pam_authenticate() failed: …
//	sql(taro@example.jp,192.0.2.7,<6rXunFtu493AqJDi>): Password mismatch
//	(taro@example.jp,192.0.2.7,sasl:login)<CvN+E95U>: Info: sql: Password mismatch
func (p *Parser) auth(text []byte, e *spool.Event) spool.Reading {
	at := failure(text)
	if at < 0 {
		return spool.LineQuiet
	}
	head := text[:at]
	user, peer, ok := asked(head)
	if !ok {
		return spool.LineQuiet
	}
	e.Client = peer
	if len(user) > 0 {
		e.Login = user
	}
	e.Reply = text[at:]
	if i := bytes.Index(e.Reply, []byte(" (given password")); i >= 0 {
		e.Reply = e.Reply[:i]
	}
	if p.pam.Take(peer, e.Wall, 1) == 0 {
		return spool.LineQuiet // PAM told of it
	}
	p.Failed.Told(peer, e.Wall)
	e.Kind = spool.EventLoginFail
	return spool.LineSaid
}

// failure finds where a text says that a login failed; -1 if it does not. The name stands before, so the last one counts.
func failure(text []byte) int {
	for _, word := range []string{"pam_authenticate() failed: ", "assword mismatch", "nknown user", "nvalid credentials", "allow_nets check failed"} {
		if i := bytes.LastIndex(text, []byte(word)); i >= 0 {
			switch {
			case word[0] == 'p' && lost(text[i+len(word):]):
				return -1
			case word[0] == 'p' || word[0] == 'a' && word[1] == 'l':
				return i
			}
			return max(i-1, 0)
		}
	}
	return -1
}

// lost says that PAM could not ask: no failed login.
func lost(reason []byte) bool {
	return bytes.HasPrefix(reason, []byte("Authentication service cannot retrieve")) || bytes.HasPrefix(reason, []byte("System error"))
}

// asked reads the last `sql(taro@example.jp,192.0.2.7,<6rXunFtu>): ` of a text: the name, which may hold commas, and the peer.
func asked(head []byte) (user []byte, peer netip.Addr, ok bool) {
	end := bytes.LastIndexByte(head, ')')
	for ; end > 0; end = bytes.LastIndexByte(head[:end], ')') {
		begin := opened(head[:end])
		if begin < 0 {
			continue
		}
		inner := head[begin+1 : end]
		for range 3 { // a session, and how it was asked, may stand behind the address
			i := bytes.LastIndexByte(inner, ',')
			if i < 0 {
				break
			}
			if peer = field.Addr(inner[i+1:]); peer.IsValid() {
				return inner[:i:i], peer, true
			}
			inner = inner[:i]
		}
	}
	return nil, peer, false
}

// opened is where the bracket behind the name of a database opens, of the last such name; -1 if there is none.
func opened(text []byte) int {
	for i := bytes.LastIndexByte(text, '('); i >= 0; i = bytes.LastIndexByte(text[:i], '(') {
		if i == 0 || text[i-1] >= 'a' && text[i-1] <= 'z' {
			return i
		}
	}
	return -1
}

// pamUnix reads `pam_unix(dovecot:auth): authentication failure; logname= uid=0 euid=0 tty=dovecot ruser=taro rhost=192.0.2.7  user=taro`. What
// the client calls itself stands before rhost, and may hold one.
func (p *Parser) pamUnix(said []byte, e *spool.Event) spool.Reading {
	_, rest, ok := field.Cut(said, "authentication failure; ", "")
	i := bytes.LastIndex(rest, []byte(" rhost="))
	if !ok || i < 0 {
		return spool.LineQuiet
	}
	addr, _, _ := bytes.Cut(rest[i+len(" rhost="):], []byte{' '})
	e.Client = field.Addr(addr)
	if j := bytes.Index(rest[:i], []byte("ruser=")); j >= 0 && j+len("ruser=") < i {
		e.Login = rest[j+len("ruser=") : i : i]
	}
	p.pam.Told(e.Client, e.Wall)
	p.Failed.Told(e.Client, e.Wall)
	e.Kind = spool.EventLoginFail
	return spool.LineSaid
}

// cyrus reads `do_auth         : auth failure: [user=taro] [service=smtp] [realm=example.jp] [mech=pam] [reason=PAM auth error]`, which names no
// peer.
func cyrus(said []byte, e *spool.Event) spool.Reading {
	_, rest, ok := field.Cut(said, "auth failure: [user=", "")
	i := bytes.LastIndex(rest, []byte("] [service="))
	if !ok || i < 0 {
		return spool.LineQuiet
	}
	e.Login = rest[:i:i]
	switch service, _, _ := field.Cut(rest[i:], "service=", "]"); string(service) {
	case "smtp":
		e.Service = spool.SMTP
	case "imap":
		e.Service = spool.IMAP4
	case "pop", "pop3":
		e.Service = spool.POP3
	}
	e.Kind = spool.EventLoginFail
	return spool.LineSaid
}
