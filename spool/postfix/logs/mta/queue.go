package mta

import (
	"bytes"

	"hikeshi/spool"
	"hikeshi/spool/postfix/logs/field"
)

// pickup reads `4104E3D: uid=33 from=<www-data>`.
func (p *Parser) pickup(said []byte, e *spool.Event) spool.Reading {
	id, rest, ok := field.ID(said)
	if !ok {
		return quietIf(told(said))
	}
	e.ID = id
	text, ok := field.Has(rest, "uid=")
	if !ok {
		if text, ok = field.Has(rest, "sender="); !ok {
			return spool.LineQuiet
		}
	}
	e.Client = here
	p.open.Put(p.open.Key(id), message{origin: program, known: true, client: here.As16(), uid: int32(min(field.Number(text), 1<<30))})
	if from, _, ok := field.Cut(text, "from=<", ">"); ok {
		e.Sender, e.SenderSaid = from, true
	}
	return spool.LineQuiet
}

func quietIf(known bool) spool.Reading {
	if known {
		return spool.LineQuiet
	}
	return spool.LineUnknown
}

// cleanup reads the Message-ID, and what checks of headers and milters refuse.
func (p *Parser) cleanup(said []byte, e *spool.Event) spool.Reading {
	id, rest, ok := field.ID(said)
	if !ok {
		if warning, ok := field.Has(said, "warning: "); ok {
			e.ID, _, _ = field.ID(warning)
		}
		return quietIf(told(said))
	}
	e.ID = id
	if mid, ok := field.Has(rest, "message-id="); ok {
		p.messageID(id, mid)
		return spool.LineQuiet
	}
	action, text, ok := cutWord(rest)
	if !ok {
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

// messageID remembers the Message-ID, and finds out whether a filter gives a message back.
func (p *Parser) messageID(id, mid []byte) {
	key := p.open.Key(id)
	m, known := p.open.Get(key)
	if known && m.accepted { // the id is used again, and nothing told of its beginning
		m, known = message{}, false
	}
	if !known {
		m.origin = internal
		p.open.Put(key, m)
		return
	}
	if len(mid) < 3 || m.of != 0 {
		return
	}
	m.mid = p.mids.Key(mid)
	o := p.mids.Get(m.mid)
	local := m.login == 0 && (m.origin == program || m.peer().IsLoopback())
	switch {
	case local && o != nil && o.left > 0 && (o.peer || o.uid != m.uid):
		o.left--
		m.of, m.mid = key, 0
		p.before.Put(key, o.id)
	case !local || m.origin == program:
		p.mids.Put(m.mid, original{id: textOf(id), uid: m.uid, peer: m.origin == network})
	}
	p.open.Put(key, m)
}

// qmgr reads `4104E3D: from=<taro@example.jp>, size=1391, nrcpt=2 (queue active)` and `4104E3D: removed`.
func (p *Parser) qmgr(said []byte, e *spool.Event) spool.Reading {
	id, rest, ok := field.ID(said)
	if !ok {
		return quietIf(told(said))
	}
	e.ID = id
	if string(rest) == "removed" {
		p.open.Drop(p.open.Key(id))
		return spool.LineQuiet
	}
	from, ok := field.Has(rest, "from=<")
	if !ok {
		return spool.LineQuiet
	}
	i := bytes.LastIndexByte(from, '>') // nothing behind the sender comes from a stranger
	if i < 0 {
		return spool.LineQuiet
	}
	if tail, ok := field.Has(from[i:], ">, size="); ok {
		e.Sender, e.SenderSaid = from[:i:i], true
		e.Size = field.Number(tail)
		if j := bytes.Index(tail, []byte(", nrcpt=")); j >= 0 {
			e.Count = int(min(field.Number(tail[j+len(", nrcpt="):]), 1<<20))
		}
		return p.active(e)
	}
	if state, ok := field.Has(from[i:], ">, status="); ok {
		e.Sender, e.SenderSaid = from[:i:i], true
		if bytes.HasPrefix(state, []byte("expired")) || bytes.HasPrefix(state, []byte("force-expired")) {
			e.Kind, e.Reply = spool.EventBounced, state
			return spool.LineSaid
		}
	}
	return spool.LineQuiet
}

// active makes the message of the first such line of an id.
func (p *Parser) active(e *spool.Event) spool.Reading {
	key := p.open.Key(e.ID)
	m, known := p.open.Get(key)
	if m.accepted || known && m.origin == internal {
		return spool.LineQuiet
	}
	if !known {
		m.origin = unseen
	}
	m.accepted = true
	p.open.Put(key, m)
	e.Kind = spool.EventAccept
	if m.origin == unseen {
		return spool.LineSaid
	}
	if o := p.mids.Get(m.mid); o != nil {
		o.left += max(e.Count, 1)
	}
	e.Client, e.Login = m.peer(), p.logins[m.login]
	if id := p.before.Get(m.of); id != nil {
		p.again = *id
		e.Again = p.again.data[:p.again.n:p.again.n]
	}
	return spool.LineSaid
}
