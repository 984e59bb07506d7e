package mta

import (
	"bytes"

	"hikeshi/spool"
	"hikeshi/spool/postfix/logs/field"
)

// delivery reads what became of a message for one recipient, by smtp(8), lmtp(8), local(8), virtual(8), pipe(8), error(8), discard(8):
//
//	4104E3D: to=<a@example.com>, orig_to=<b@example.jp>, relay=mx.example.com[198.51.100.9]:25, conn_use=2, delay=3.6, delays=…, dsn=2.0.0, status=sent (250 Ok)
//
// A delivery to another server is EventSent; one to a mailbox, a program or this machine itself, as to a content filter, is EventLocal.
func (p *Parser) delivery(daemon, said []byte, e *spool.Event) spool.Reading {
	id, rest, ok := field.ID(said)
	if !ok {
		if told(said) {
			return spool.LineQuiet
		}
		return quietIf(bytes.Contains(said, []byte("connect")) || bytes.Contains(said, []byte("certificate")) || bytes.Contains(said, []byte("ertificat")) ||
			bytes.Contains(said, []byte("host")))
	}
	e.ID = id
	to, rest, ok := recipient(rest)
	if !ok {
		e.Client, _, _ = field.Peer(rest)
		return spool.LineQuiet
	}
	e.Recipients, e.Count = to, 1
	i := bytes.Index(rest, []byte("relay="))
	j := bytes.Index(rest, []byte(", status="))
	if i < 0 || j < i {
		return spool.LineUnknown
	}
	relay := rest[i+len("relay="):]
	if n := bytes.Index(relay, []byte(", ")); n >= 0 {
		relay = relay[:n]
	}
	e.Client, _, _ = field.Peer(relay)
	status, reply, _ := bytes.Cut(rest[j+len(", status="):], []byte{' '})
	e.Reply = answer(bytes.TrimSuffix(bytes.TrimPrefix(reply, []byte{'('}), []byte{')'}))
	if e.Kind = outcome(status); e.Kind == 0 {
		return spool.LineQuiet
	}
	if e.Kind == spool.EventSent && (string(daemon) != "smtp" || e.Client.IsLoopback()) {
		e.Kind = spool.EventLocal
	}
	return spool.LineSaid
}

// answer is what the peer said, of `host mx.example.com[198.51.100.9] said: 450 4.2.0 … (in reply to RCPT TO command)`; else all of the text,
// which is Postfix's own.
func answer(text []byte) []byte {
	if len(text) > 0 && text[0] >= '0' && text[0] <= '9' {
		return text
	}
	_, said, ok := field.Cut(text, "] said: ", "")
	if !ok {
		if _, said, ok = field.Cut(text, "] refused to talk to me: ", ""); !ok {
			return text
		}
	}
	if i := bytes.LastIndex(said, []byte(" (in reply to ")); i >= 0 {
		said = said[:i]
	}
	return said
}

// outcome is the kind of a status; 0 for what is no delivery: whether an address could be delivered to (verify(8), sendmail -bv).
func outcome(status []byte) spool.EventKind {
	switch string(status) {
	case "sent":
		return spool.EventSent
	case "deferred", "SOFTBOUNCE":
		return spool.EventDeferred
	case "bounced", "expired":
		return spool.EventBounced
	}
	return 0
}

// recipient reads `to=<a@example.com>, `, whose brackets are not there in an older form. A quoted local part may hold brackets.
func recipient(text []byte) (to, rest []byte, ok bool) {
	text, ok = field.Has(text, "to=")
	if !ok {
		return nil, text, false
	}
	end := []byte(", ")
	if len(text) > 0 && text[0] == '<' {
		text, end = text[1:], []byte(">, ")
	}
	from := 0
	if len(text) > 0 && text[0] == '"' {
		for from = 1; from < len(text) && text[from] != '"'; from++ {
			if text[from] == '\\' {
				from++
			}
		}
		if from >= len(text) {
			from = 0
		}
	}
	i := bytes.Index(text[from:], end)
	if i < 0 {
		return nil, text, false
	}
	i += from
	return text[:i:i], text[i+len(end):], true
}
