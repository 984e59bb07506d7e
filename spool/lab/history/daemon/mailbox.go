package daemon

import "strconv"

// mailbox plays one step of a session with the POP3 or the IMAP4 server: the login, the mails one by one, the end.
func (p *player) mailbox(l *live) {
	switch {
	case l.step == 0:
		for range l.Tries {
			p.login(l, false)
		}
		p.login(l, !l.Failed)
	case l.step <= l.Reads && !l.Failed:
		if l.Service == POP3 {
			p.command(l, "RETR", strconv.Itoa(l.step), true)
		} else {
			p.command(l, "FETCH", strconv.Itoa(l.step), true)
		}
	case l.Failed:
	case l.Service == POP3:
		p.command(l, "QUIT", "", true)
	default:
		p.command(l, "LOGOUT", "", true)
	}
}

func (p *player) login(l *live, ok bool) {
	if l.Service == POP3 {
		p.command(l, "USER", l.Login, true)
		p.command(l, "PASS", "****", ok)
		return
	}
	p.command(l, "LOGIN", l.Login+" ****", ok)
	if ok {
		p.command(l, "SELECT", "INBOX", true)
	}
}

// command writes a line of pop3log or imap4log.
func (p *player) command(l *live, verb, arg string, ok bool) {
	log := IMAP4Log
	if l.Service == POP3 {
		log = POP3Log
	}
	b, on := p.line(log)
	if !on {
		return
	}
	b = append(append(append(b, p.stamp...), ' '), l.Login...)
	b = append(l.Peer.AppendTo(append(b, " from "...)), ' ')
	b = append(append(append(append(b, verb...), ' '), arg...), ' ')
	if ok {
		b = append(b, "Success\n"...)
	} else {
		b = append(b, "failed\n"...)
	}
	p.buf[log] = b
}
