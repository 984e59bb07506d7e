package mta

import (
	"bytes"

	"hikeshi/spool"
	"hikeshi/spool/postfix/logs/field"
)

// smtpd reads smtpd(8) and postscreen(8).
func (p *Parser) smtpd(said []byte, e *spool.Event) spool.Reading {
	if id, rest, ok := field.ID(said); ok {
		e.ID = id
		return p.transaction(rest, e)
	}
	if rest, ok := field.Has(said, "warning: "); ok {
		return p.warning(rest, e)
	}
	if rest, ok := field.Has(said, "proxy-"); ok {
		return proxied(rest, e)
	}
	e.Client, _, _ = field.Peer(said)
	if e.Client.IsValid() || told(said) || general(said) {
		return spool.LineQuiet
	}
	return spool.LineUnknown
}

// general says that a line without an address is known: the peer may be gone, its address is then unknown.
func general(said []byte) bool {
	for _, word := range []string{"connect from ", "disconnect from ", "lost connection after ", "timeout after ", "too many errors after ",
		"discarding EHLO keywords", "cache ", "initializing the server-side TLS engine", "improper command ", "bare <LF>", "setting up TLS",
		"client ", "using backwards-compatible", "reset ", "close database", "DSN "} {
		if _, ok := field.Has(said, word); ok {
			return true
		}
	}
	return false
}

// transaction reads what stands behind a queue id.
func (p *Parser) transaction(rest []byte, e *spool.Event) spool.Reading {
	if rest, ok := field.Has(rest, "client="); ok {
		return p.client(rest, e)
	}
	action, text, ok := cutWord(rest)
	if !ok {
		e.Client, _, _ = field.Peer(rest)
		return spool.LineQuiet
	}
	switch string(action) {
	case "reject", "milter-reject":
		return refused(text, e)
	}
	peer(text, e)
	envelope(text, e)
	return spool.LineQuiet
}

// cutWord reads `reject: `, one word with its colon.
func cutWord(text []byte) (word, rest []byte, ok bool) {
	i := bytes.IndexByte(text, ':')
	if i <= 0 || i+1 >= len(text) || text[i+1] != ' ' || bytes.IndexByte(text[:i], ' ') >= 0 {
		return nil, text, false
	}
	return text[:i], text[i+2:], true
}

// client reads `pc.example.jp[192.0.2.7], sasl_method=PLAIN, sasl_username=taro, orig_queue_id=4104E3D, orig_client=unknown[192.0.2.8]`.
func (p *Parser) client(text []byte, e *spool.Event) spool.Reading {
	var tail []byte
	e.Client, tail, _ = field.Peer(text)
	tail, of, orig := origins(tail)
	if login, ok := saslName(tail); ok {
		e.Login = login
	}
	if orig != nil {
		if first, _, ok := field.Peer(orig); ok && first.IsValid() {
			e.Client = first
		}
	}
	m := message{origin: network, known: e.Client.IsValid()}
	if m.known {
		m.client = e.Client.As16()
	}
	if e.Login != nil {
		m.login = p.name(e.Login)
	}
	if e.ID == nil { // a filter before the queue gets it first
		p.peers.Put(p.peers.Key(m.client[:]), m.login)
		return spool.LineQuiet
	}
	if e.Login == nil && orig != nil && len(of) == 0 {
		if login := p.peers.Get(p.peers.Key(m.client[:])); login != nil && *login != 0 {
			m.login, e.Login = *login, p.logins[*login]
		}
	}
	key := p.open.Key(e.ID)
	if len(of) > 0 {
		m.of = key
		p.before.Put(key, textOf(of))
	}
	p.open.Put(key, m)
	if e.Login == nil || len(of) > 0 {
		return spool.LineQuiet
	}
	e.Kind = spool.EventLogin
	return spool.LineSaid
}

// origins takes what XFORWARD told off the end of a line of client=. The id is nil if there was none.
func origins(tail []byte) (rest, id, client []byte) {
	if !bytes.Contains(tail, []byte(", orig_")) {
		return tail, nil, nil
	}
	if i := bytes.LastIndex(tail, []byte(", orig_client=")); i >= 0 {
		tail, client = tail[:i], tail[i+len(", orig_client="):]
	}
	if i := bytes.LastIndex(tail, []byte(", orig_queue_id=")); i >= 0 {
		id, tail = tail[i+len(", orig_queue_id="):], tail[:i]
		if string(id) == "NOQUEUE" || len(id) > field.MaxID {
			id = nil
		}
	}
	return tail, id, client
}

// saslName reads `, sasl_method=PLAIN, sasl_username=taro, sasl_sender=…`; the name goes to the end, or to the sender.
func saslName(tail []byte) ([]byte, bool) {
	const mark = ", sasl_username="
	i := bytes.Index(tail, []byte(mark))
	if i < 0 {
		return nil, false
	}
	name := tail[i+len(mark):]
	if j := bytes.LastIndex(name, []byte(", sasl_sender=")); j >= 0 {
		name = name[:j]
	}
	return name, len(name) > 0
}

// warning reads `pc.example.jp[192.0.2.7]: SASL LOGIN authentication failed: UGFzc3dvcmQ6, sasl_username=taro`. That a mechanism is none, and
// that the authentication server was lost, is no failed login.
func (p *Parser) warning(text []byte, e *spool.Event) spool.Reading {
	i := bytes.Index(text, []byte("]: SASL "))
	if i < 0 {
		e.Client, _, _ = field.Peer(text)
		if rest, ok := field.Has(text, "hostname "); ok && !e.Client.IsValid() {
			if addr, _, ok := field.Cut(rest, " does not resolve to address ", ":"); ok {
				e.Client = field.Addr(addr)
			} else if _, rest, ok := field.Cut(rest, " does not resolve to address", " "); ok {
				e.Client = field.Addr(rest)
			}
		}
		return spool.LineQuiet
	}
	e.Client, _, _ = field.Peer(text[:i+1])
	_, reason, ok := field.Cut(text[i:], " authentication ", ":")
	if !ok {
		return spool.LineQuiet
	}
	if login, ok := saslName(reason); ok && string(login) != "(unavailable)" {
		e.Login = login
	}
	if j := bytes.Index(reason, []byte(", sasl_username=")); j >= 0 {
		reason = reason[:j]
	}
	reason = bytes.TrimSpace(reason)
	if bytes.HasPrefix(reason, []byte("Connection lost to ")) || string(reason) == "Invalid authentication mechanism" ||
		bytes.Contains(text[i:], []byte(" authentication aborted")) {
		return spool.LineQuiet
	}
	e.Reply = reason
	if p.Failed != nil && p.Failed.Take(e.Client, e.Wall, 1) == 0 {
		return spool.LineQuiet // Dovecot's auth process told of it
	}
	e.Kind = spool.EventLoginFail
	return spool.LineSaid
}

// refused reads `RCPT from pc.example.jp[192.0.2.7]: 550 5.1.1 <x@example.jp>: …; from=<a@b> to=<x@example.jp> proto=ESMTP helo=<pc>`.
func refused(text []byte, e *spool.Event) spool.Reading {
	e.Kind = spool.EventReject
	reply := peer(text, e)
	if cut := envelope(reply, e); cut >= 0 {
		reply = reply[:cut]
	}
	e.Reply = bytes.TrimSpace(reply)
	return spool.LineSaid
}

// peer reads `RCPT from pc.example.jp[192.0.2.7]:53024: ` and returns what follows, all of the text if there is no peer.
func peer(text []byte, e *spool.Event) []byte {
	i := bytes.Index(text, []byte("from "))
	if i < 0 {
		return text
	}
	addr, rest, ok := field.Peer(text[i:])
	if !ok {
		return text
	}
	e.Client = addr
	if j := bytes.IndexByte(rest, ' '); j >= 0 && j <= len(":65535:") { // past the port
		rest = rest[j+1:]
	}
	return rest
}

// envelope reads `; from=<a@b> to=<c@d> proto=ESMTP helo=<pc> sasl_username=<taro>`, of postscreen with commas, and returns where it begins; -1
// if it is not there. HELO and a refused recipient come from a stranger and may hold anything.
func envelope(text []byte, e *spool.Event) int {
	cut := -1
	for _, mark := range []string{"; from=<", "; to=<", "; proto="} {
		if i := bytes.Index(text, []byte(mark)); i >= 0 && (cut < 0 || i < cut) {
			cut = i
		}
	}
	if cut < 0 {
		return -1
	}
	tail := text[cut+1:]
	if from, rest, ok := bracket(tail, " from=<", "> to=<", ">, to=<", "> proto=", ">, proto="); ok {
		e.Sender, e.SenderSaid, tail = from, true, rest
	}
	if to, rest, ok := bracket(tail, "to=<", "> proto=", ">, proto="); ok {
		e.Recipients, e.Count, tail = to, 1, rest
	}
	if i := bytes.Index(tail, []byte("helo=<")); i >= 0 {
		helo := tail[i+len("helo=<"):]
		if j := bytes.LastIndex(helo, []byte("> sasl_")); j >= 0 {
			if name, _, ok := bracket(helo[j:], " sasl_username=<", ">"); ok && len(name) > 0 {
				e.Login = name
			}
			helo = helo[:bytes.Index(helo, []byte("> sasl_"))]
		}
		if j := bytes.Index(helo, []byte(">: ")); j >= 0 { // what a header check answers
			helo = helo[:j]
		}
		e.HELO = bytes.TrimSuffix(helo, []byte(">"))
	}
	return cut
}

// bracket reads what stands between a mark and the first of the ends, which stays in the rest.
func bracket(text []byte, mark string, ends ...string) (inner, rest []byte, ok bool) {
	i := bytes.Index(text, []byte(mark))
	if i < 0 {
		return nil, text, false
	}
	text = text[i+len(mark):]
	at := -1
	for _, end := range ends {
		if j := bytes.Index(text, []byte(end)); j >= 0 && (at < 0 || j < at) {
			at = j
		}
	}
	if at < 0 { // the line was cut
		return bytes.TrimSuffix(text, []byte(">")), nil, true
	}
	return text[:at:at], text[at:], true
}

// proxied reads `proxy-reject: END-OF-MESSAGE: 554 5.7.0 Reject; from=<> to=<a@b> proto=SMTP helo=<pc>`.
func proxied(text []byte, e *spool.Event) spool.Reading {
	result, text, ok := cutWord(text)
	if !ok {
		return spool.LineUnknown
	}
	cut := envelope(text, e)
	if cut < 0 {
		cut = len(text)
	}
	if _, reply, ok := cutWord(text[:cut]); ok {
		e.Reply = reply
	}
	if string(result) != "reject" {
		return spool.LineQuiet
	}
	e.Kind = spool.EventReject
	return spool.LineSaid
}
