// Package mta reads what the daemons of Postfix say. One message is spread over several lines, held together by its queue id:
//
//	postfix/smtpd    4104E3D: client=pc.example.jp[192.0.2.7], sasl_method=PLAIN, sasl_username=taro@example.jp
//	postfix/cleanup  4104E3D: message-id=<1@example.jp>
//	postfix/qmgr     4104E3D: from=<taro@example.jp>, size=1391, nrcpt=2 (queue active)
//	postfix/smtp     4104E3D: to=<hanako@example.com>, relay=mx.example.com[198.51.100.9]:25, …, status=sent (250 2.0.0 Ok)
//	postfix/qmgr     4104E3D: removed
//
// The line of qmgr is the message: it has the sender, the size and the number of recipients, and is joined with the client and the login of
// smtpd. qmgr writes it again whenever a deferred message is tried; it counts once. Where the lines before it were not seen, the event has no
// login (nil), and whoever counts has to ask whether the id is known: with one that was seen, the login is never nil, and empty if there was
// none. So a short queue id that is used again is a new message, and a retry is none.
//
// A content filter takes a message and gives it back with a new id, which is the same message (spool.Event.Again). It is known by orig_queue_id
// (XFORWARD), or by the Message-ID: handed in from the machine itself, after one with the same Message-ID that came from elsewhere, and no
// more often than that has recipients. A filter before the queue leaves the login in a line of NOQUEUE, which is joined by the peer.
//
// Messages that Postfix makes itself, bounces and what a .forward sends on, are no messages that were taken from anybody: LineQuiet.
//
// What programs on the machine hand in (pickup) comes from 127.0.0.1, without a login.
package mta

import (
	"bytes"
	"net/netip"

	"hikeshi/spool"
	"hikeshi/spool/postfix/logs/field"
	"hikeshi/spool/postfix/logs/tries"
)

// Bounds of what is remembered, of each the last ones.
const (
	maxMessages = 16 << 10
	maxIDs      = 4 << 10 // Message-IDs
	maxPeers    = 1 << 10
	maxNames    = 64 << 10 // logins that succeeded
	maxLogin    = 254      // bytes of a login
)

// origin is how a message came.
type origin uint8

const (
	internal origin = iota // made by Postfix
	network                // smtpd
	program                // pickup
	unseen                 // the lines before are not there
)

// text is a bounded copy of a queue id.
type text struct {
	n    uint8
	data [field.MaxID]byte
}

func textOf(b []byte) (t text) {
	t.n = uint8(copy(t.data[:], b))
	return t
}

// A message is what the lines told of one so far. There are many, so it is small and holds no pointer.
type message struct {
	origin   origin
	accepted bool
	known    bool     // the client
	login    int32    // in Parser.logins; 0 if there is none
	uid      int32    // of the program
	client   [16]byte // its address
	mid      uint64   // its Message-ID; 0 not known
	of       uint64   // key of the id that the same message had before, in Parser.before; 0 if it had none
}

func (m *message) peer() netip.Addr {
	if !m.known {
		return netip.Addr{}
	}
	return netip.AddrFrom16(m.client).Unmap()
}

// An original is a message from elsewhere, which a filter may give back.
type original struct {
	id   text
	uid  int32
	peer bool // it came through the network
	left int  // how often
}

// A Parser reads the lines of one file, from its beginning or from some time before what matters.
type Parser struct {
	Failed *tries.Book // of Dovecot's auth process, in the same log

	open   *field.Recent[message]
	mids   *field.Slots[original]
	before *field.Slots[text]  // ids of messages that a filter gave back, by their keys in open
	peers  *field.Slots[int32] // login of the last transaction of a peer that a filter before the queue was given
	names  map[string]int32    // of logins
	logins [][]byte            // none, and those of names
	again  text                // what an event points to
}

// New returns a Parser.
func New(failed *tries.Book) *Parser { return &Parser{Failed: failed} }

func (p *Parser) ready() {
	if p.open == nil {
		p.forget()
	}
}

var here = netip.AddrFrom4([4]byte{127, 0, 0, 1})

// noLogin is a login that is known to be none.
var noLogin = []byte{}

// forget begins anew: with the list of logins go the messages that point to it.
func (p *Parser) forget() {
	p.open, p.mids = field.NewRecent[message](maxMessages), field.NewSlots[original](maxIDs)
	p.before, p.peers = field.NewSlots[text](maxIDs), field.NewSlots[int32](maxPeers)
	p.names, p.logins = map[string]int32{}, [][]byte{noLogin}
}

// name is the number of a login. There are few, so each is copied once.
func (p *Parser) name(b []byte) int32 {
	if n, ok := p.names[string(b)]; ok {
		return n
	}
	if len(p.logins) >= maxNames {
		p.forget()
	}
	login := bytes.Clone(b[:min(len(b), maxLogin)])
	n := int32(len(p.logins))
	p.logins = append(p.logins, login)
	p.names[string(login)] = n
	return n
}

// Daemon is the last part of a program's name that is one of Postfix: smtpd of postfix-in/submission/smtpd; ok is false for other programs.
func Daemon(program []byte) (daemon []byte, ok bool) {
	i := bytes.LastIndexByte(program, '/')
	if i < 0 {
		name := string(program)
		return program, name == "postfix" || name == "postfix-script"
	}
	return program[i+1:], true
}

// Parse reads what a daemon says. e is cleared and has its time.
func (p *Parser) Parse(daemon, said []byte, e *spool.Event) spool.Reading {
	p.ready()
	e.Service = spool.SMTP
	switch string(daemon) {
	case "smtpd", "postscreen":
		return p.smtpd(said, e)
	case "qmgr", "nqmgr", "oqmgr":
		return p.qmgr(said, e)
	case "cleanup":
		return p.cleanup(said, e)
	case "smtp", "lmtp", "local", "virtual", "pipe", "error", "retry", "discard", "bounce", "defer", "trace":
		return p.delivery(daemon, said, e)
	case "pickup":
		return p.pickup(said, e)
	case "tlsproxy":
		e.Client, _, _ = field.Peer(said)
	case "anvil":
		anvil(said, e)
	case "postsuper":
		var rest []byte
		if e.ID, rest, _ = field.ID(said); string(rest) == "removed" {
			p.open.Drop(p.open.Key(e.ID))
		}
	case "master", "trivial-rewrite", "tlsmgr", "verify", "scache", "dnsblog", "proxymap", "proxywrite", "postqueue", "postdrop", "sendmail",
		"postfix", "postfix-script", "script", "postmap", "postalias", "postconf", "postlog", "postlogd", "flush", "showq", "spawn", "virtual_8",
		"policy-spf", "policyd-spf", "policyd-rate", "postmulti", "postcat", "postlock", "postkick", "qmqpd", "submission", "smtps":
	default:
		return spool.LineUnknown
	}
	return spool.LineQuiet
}

// anvil reads the peer of `statistics: max connection count 1 for (smtpd:192.0.2.7) at Oct 26 18:13:50`.
func anvil(said []byte, e *spool.Event) {
	inner, _, ok := field.Cut(said, " for (", ")")
	if !ok {
		return
	}
	for from := 0; from < len(inner); { // the service may be an address with a port
		i := bytes.IndexByte(inner[from:], ':')
		if i < 0 {
			return
		}
		from += i + 1
		if a := field.Addr(inner[from:]); a.IsValid() {
			e.Client = a
			return
		}
	}
}

// told says that a text is one of those which daemons write at any time and which tell of no message.
func told(said []byte) bool {
	for _, word := range []string{"warning: ", "error: ", "fatal: ", "panic: ", "info: ", "statistics: "} {
		if _, ok := field.Has(said, word); ok {
			return true
		}
	}
	return bytes.Contains(said, []byte(" TLS connection ")) || bytes.Contains(said, []byte("SSL_")) || bytes.HasPrefix(said, []byte("TLS "))
}
