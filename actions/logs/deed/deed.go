// Package deed is what a line of a log tells, in a form that can be kept: texts and peers are numbers of their batch, so that millions of
// deeds cost little.
package deed

import (
	"net/netip"

	"hikeshi/spool"
)

const maxText = 254 // bytes of a name that are kept: the longest address of RFC 5321 section 4.5.3.1

// None is the index of a text or a place that is not told.
const None = -1

// A Deed is an Event in a form that can be kept: its texts are numbers of the batch.
type Deed struct {
	Wall    int64
	ID      uint64 // of the message, by tally.Hash; 0 none
	Again   uint64 // the ID that the same message had before; 0 none
	At      Ref
	Kind    spool.EventKind
	Service spool.Protocol
	Session bool // told by a log of sessions, whose lines are never quoted
	Framed  bool // told by a log that tells when peers connect: all its other deeds end a session
	Spread  bool // told by a log that tells of a message in several lines: a message is new unless its login is None, and deliveries tell its recipients

	SenderSaid, SenderOwn bool  // SenderOwn: of a domain of the server
	Either                bool  // it has recipients of other domains, and the last one is ours: see Filler
	Place                 int32 // in Batch.Places
	Login, Sender, HELO   int32 // in Batch.Names; made safe and in lower case; the null sender is ""
	Count                 int32 // of recipients
	Outside               int32 // recipients of other domains; 0 where the own domains or the recipients are not known
	First, Past           int32 // in Batch.Recipients
}

// Alone says of a login whether no message tells of it as well: that of a mailbox, and one that names none. Where no log tells of messages,
// a login that names one stands for it.
func (d *Deed) Alone() bool { return d.Service > spool.SMTP || d.ID == 0 && !d.Session }

// A Ref is the place of a line.
type Ref struct {
	File   int32 // in Result.Files
	Offset int64 // of the text
}

// A Batch is some deeds in about the order of time. It holds until the one who takes it returns.
type Batch struct {
	Deeds      []Deed
	Names      []string
	Places     []netip.Prefix // an address, or the /64 of an IPv6 address: a machine has many addresses in it
	Recipients []uint64       // by tally.Hash, in lower case
}
