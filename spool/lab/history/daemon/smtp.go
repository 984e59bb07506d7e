package daemon

import (
	"crypto/hmac"
	"crypto/md5" // of CRAM-MD5 (RFC 2195); protects nothing here
	"encoding/base64"
	"encoding/hex"
	"strconv"
)

// smtp plays one step of a session with the receiver: the beginning, then for each mail its MAIL FROM and its end, then the end.
func (p *player) smtp(l *live) {
	switch {
	case l.step == 0:
		p.begin(l)
	case l.step == l.steps():
		p.end(l)
	case l.step%2 == 1:
		p.mailFrom(l, &l.Mails[l.step/2])
	default:
		p.taken(l, &l.Mails[l.step/2-1])
	}
}

func (p *player) begin(l *live) {
	if b, ok := p.line(AcceptLog); ok {
		b = append(b, p.stamp...)
		b = append(append(append(b, ", ("...), p.Host...), "), ["...)
		b = append(l.Peer.AppendTo(b), "]:"...)
		b = strconv.AppendUint(b, uint64(l.Port), 10)
		if l.TLS {
			b = append(b, " SSL"...)
		}
		p.buf[AcceptLog] = append(b, ", Client accept now.\n"...)
	}
	if p.Off[ReceiveLog] {
		return
	}
	switch l.Stop {
	case Blocked:
		p.say(l, "Query_FILTER_RBL(", l.Peer.String(), ")=found list")
		p.say(l, "550 5.7.0 Sorry. Your IP is in the open relay data base list.\r")
		return
	case Nameless:
		return
	}
	p.say(l, "220 ", p.Host, " E-POST ESMTP Receiver (5.10)\r")
	if l.Stop == Silent {
		return
	}
	p.say(l, "EHLO ", l.HELO, "\r")
	p.say(l, "250 ", p.Host, " Hello [", l.Peer.String(), "], pleased to meet you\r")
	p.say(l, "250 AUTH PLAIN LOGIN CRAM-MD5\r")
	if l.Login == "" {
		return
	}
	for range l.Tries {
		p.auth(l, l.Password+"?")
		p.say(l, "535 5.7.0 Authentication failed.\r")
	}
	p.auth(l, l.Password)
	if l.Failed {
		p.say(l, "535 5.7.0 Authentication failed.\r")
	} else {
		p.say(l, "235 2.0.0 Authentication successful.\r")
	}
}

// auth is the exchange up to the answer (RFC 4954, RFC 4616, RFC 2195).
func (p *player) auth(l *live, password string) {
	code := base64.StdEncoding.EncodeToString
	switch l.Mode {
	case "PLAIN":
		p.say(l, "AUTH PLAIN ", code([]byte("\x00"+l.Login+"\x00"+password)), "\r")
	case "CRAM-MD5":
		challenge := "<" + strconv.FormatUint(uint64(l.number), 10) + "@" + p.Host + ">"
		sum := hmac.New(md5.New, []byte(password))
		sum.Write([]byte(challenge))
		p.say(l, "AUTH CRAM-MD5\r")
		p.say(l, "334 ", code([]byte(challenge)), "\r")
		p.say(l, code([]byte(l.Login+" "+hex.EncodeToString(sum.Sum(nil)))), "\r")
	default:
		p.say(l, "AUTH LOGIN\r")
		p.say(l, "334 dXNlcm5hbWU6\r")
		p.say(l, code([]byte(l.Login)), "\r")
		p.say(l, "334 UGFzc3dvcmQ6\r")
		p.say(l, code([]byte(password)), "\r")
	}
}

// mailFrom is a transaction up to the answer to DATA, or to the refusal of its recipient.
func (p *player) mailFrom(l *live, m *Mail) {
	p.id++
	l.id = p.id
	if p.Off[ReceiveLog] {
		return
	}
	p.say(l, "MAIL FROM:<", m.Sender, ">\r")
	p.say(l, "250 2.1.0 <", m.Sender, "> ... Sender ok\r")
	for _, rcpt := range m.To {
		p.say(l, "RCPT TO:<", rcpt, ">\r")
		switch l.Stop {
		case Unknown:
			p.say(l, "550 5.1.1 <", rcpt, "> ... User unknown.\r")
			return
		case Denied:
			p.say(l, "550 5.7.1 Sorry <", rcpt, ">, I don't allow unauthorized relaying.\r")
			return
		}
		p.say(l, "250 2.1.5 <", rcpt, "> ... Recipient ok\r")
	}
	p.say(l, "DATA\r")
	p.say(l, "354 Start mail input;id <", string(appendID(nil, l.id)), "> end with <CRLF>.<CRLF>\r")
}

// taken is the end of a transaction that was accepted.
func (p *player) taken(l *live, m *Mail) {
	if b, ok := p.line(InLog); ok {
		b = appendID(append(b, '<'), l.id)
		b = append(append(append(b, '@'), p.Host...), "> "...)
		b = append(append(b, p.stamp...), ' ')
		b = append(append(append(l.Peer.AppendTo(b), ' '), l.HELO...), ' ')
		b = append(b, m.Sender...)
		for _, rcpt := range m.To {
			b = append(append(b, ' '), rcpt...)
		}
		p.buf[InLog] = append(b, '\n')
	}
	if !p.Off[ReceiveLog] {
		p.say(l, "250 2.0.0 <", string(appendID(nil, l.id)), "@", p.Host, "> Mail accepted\r")
	}
	p.push(item{at: p.now + 1 + int64(l.id%5), mail: m, id: l.id})
}

// end is the second record of a connection.
func (p *player) end(l *live) {
	if b, ok := p.line(AcceptLog); ok {
		b = append(append(append(append(b, p.stamp...), ", ("...), p.Host...), "), "...)
		b = append(l.Peer.AppendTo(append(l.Peer.AppendTo(b), '[')), "],"...)
		p.buf[AcceptLog] = append(p.result(p.state(b, l), l), '\n')
	}
	if p.Off[ReceiveLog] {
		return
	}
	switch {
	case l.Failed, l.Stop == Blocked, l.Stop == Nameless:
		p.say(l, "get_reply() SOCKET_ERROR OTHER CODE=54")
	case l.Stop == Silent:
		p.say(l, "get_reply() SOCKET_ERROR OTHER CODE=60")
	default:
		p.say(l, "QUIT\r")
		p.say(l, "221 2.0.0 ", p.Host, " closing connection\r")
	}
}

// state is the last state of a session.
func (p *player) state(b []byte, l *live) []byte {
	if l.Login == "" || !p.Tight {
		b = append(b, ' ')
	}
	switch {
	case l.Stop == Blocked:
		return append(b, "It was in the ORDB IP."...)
	case l.Stop == Nameless:
		return append(b, `"Revers DNS" was failed.`...)
	case l.Login != "":
		b = append(append(append(append(b, "AUTH-"...), l.Mode...), ':'), l.Login...)
		if l.Failed {
			return append(b, " [failed]"...)
		}
		return append(b, " [success]"...)
	case len(l.Mails) > 0 && l.id > 0:
		return append(b, l.Mails[min((l.step-1)/2, len(l.Mails)-1)].Sender...)
	}
	return b
}

// result is the id of the last message and how the session ended. A login that failed has no id (FAQ bsd/05-36), a peer that was
// refused for what it is has that of no message (FAQ bsd/05-24).
func (p *player) result(b []byte, l *live) []byte {
	b = append(b, ',')
	if !l.Failed {
		b = append(appendID(append(b, '<'), l.id), '>')
	}
	switch {
	case l.Stop == Silent:
		return append(b, ",connection timeout"...)
	case l.Stop != Done || l.Failed:
		return append(b, ",abort"...)
	}
	return append(b, ",ok"...)
}

// say writes a line of receivelog.
func (p *player) say(l *live, parts ...string) {
	b, ok := p.line(ReceiveLog)
	if !ok {
		return
	}
	b = append(append(b, p.stamp...), ", "...)
	b = append(appendHex(b, l.number), ", "...)
	for _, part := range parts {
		b = append(b, part...)
	}
	p.buf[ReceiveLog] = append(b, '\n')
}

func appendHex(b []byte, n uint32) []byte {
	for shift := 28; shift >= 0; shift -= 4 {
		b = append(b, "0123456789abcdef"[n>>shift&15])
	}
	return b
}

// appendID appends B and ten digits.
func appendID(b []byte, id uint64) []byte {
	b = append(b, 'B')
	for unit := uint64(1e9); unit > 0; unit /= 10 {
		b = append(b, byte('0'+id/unit%10))
	}
	return b
}
