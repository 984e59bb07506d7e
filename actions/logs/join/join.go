// Package join finds out by whose login a message was handed in, and whose message a delivery was.
//
// A log of sessions names the login by the id of the message. Where a log has only the last message of a session in its line, the
// others are joined by the peer: they wait until a session of their peer ends, and belong to it if no other session of the peer was
// open when they came, or if their sender is that of its last message. A message whose sessions all ended without a login was handed
// in without one; one that waits for too long belongs to the login of its peer that ended next, if there was any.
//
// A log that spreads a message over several lines (spool.Log.Spread) tells the login with it. What came without one waits for its first delivery,
// which tells whether it was for outside.
package join

import (
	"net/netip"
	"slices"

	"hikeshi/actions/logs/deed"
	"hikeshi/actions/logs/entry"
)

// Times and bounds, in seconds.
const (
	patience    = 900            // for the end of a session that is not known to be open
	longSession = 7200           // after that a session is taken for lost
	slack       = 5              // between the lines of two logs that tell of the same
	maxWaiting  = 60_000         // messages
	maxGroups   = 256            // senders of one peer whose messages wait apart
	maxDoors    = 2 * maxWaiting // peers; no more than half of them can have messages that wait
	maxRecent   = 8              // logins of a peer that are remembered
	maxIDs      = 1 << 18
)

// A Message is one that was accepted.
type Message struct {
	Wall         int64
	ID           uint64 // 0 none
	At           deed.Ref
	Place        netip.Prefix
	Sender, HELO string
	Said, Own    bool // Said: the sender is known; Own: it is of a domain of the server
	Count        int64
	Outside      bool // it has a recipient of another domain
	Blind        bool // no log told of sessions at that time
	Doubt        bool // the login of its session is not proven
	Lost         bool // the end of its session was not seen, and no login of its peer fits: with or without one, nobody knows; it is Blind too
	Recipients   []uint64
	Sent, Failed int64    // deliveries
	Returned     deed.Ref // line of the first that failed, if Failed says that one did

	Either     bool // see deed.Deed; Echo: the sender is one of the recipients; Sure: the columns of its line were checked, and fit
	Echo, Sure bool

	group *group   // in which it waits
	more  []uint64 // ids under which it is known too
	done  bool

	astray  bool   // its sender is another one than its line shows
	first   string // the sender that its line shows, if it is astray
	counted bool   // the number of its recipients was told
}

// owner is whose message it is: a login, or that of a message that waits; of one that is settled waits may be a mark of the Joiner. There
// are many of them, so they are small.
type owner struct {
	login string
	waits *Message
}

// A Joiner joins messages with sessions, and deliveries with messages. It remembers the last maxIDs messages at least. What it is
// told has to come in about the order of time.
type Joiner struct {
	settle     func(*Message, string)
	doors      map[netip.Prefix]*door
	queue      []*Message // in the order of time
	young, old map[uint64]owner
	logins     map[uint64]string   // by the id of the message, told before the message
	held       map[uint64]*Message // that wait for a delivery, by their ids
	line       []*Message          // these, in the order of time

	usual, forged *Message // marks: it came from a peer that is usual for the login; its sender was made to look like a login
}

// New returns a Joiner that calls settle for each message once, with its login or "".
func New(settle func(*Message, string)) *Joiner {
	return &Joiner{settle: settle, doors: map[netip.Prefix]*door{}, young: map[uint64]owner{}, old: map[uint64]owner{}, logins: map[uint64]string{}, held: map[uint64]*Message{},
		usual: &Message{done: true}, forged: &Message{done: true}}
}

// Remember notes whose message an id is, and whether it came from a peer that is usual for the login.
func (j *Joiner) Remember(id uint64, login string, usual bool) {
	o := owner{login: login}
	if old, _ := j.whose(id); old.waits == j.forged {
		o.waits = j.forged
	} else if usual {
		o.waits = j.usual
	}
	j.remember(id, o)
}

func (j *Joiner) remember(id uint64, o owner) {
	if id == 0 {
		return
	}
	if len(j.young) >= maxIDs {
		j.old, j.young = j.young, map[uint64]owner{}
	}
	j.young[id] = o
}

func (j *Joiner) whose(id uint64) (o owner, ok bool) {
	if o, ok = j.young[id]; !ok {
		o, ok = j.old[id]
	}
	return o, ok && id != 0
}

// Whose returns the login of a message and whether it came from a peer that is usual for it, or the message if it still waits for one.
func (j *Joiner) Whose(id uint64) (login string, usual bool, waits *Message) {
	o, _ := j.whose(id)
	if o.waits != nil && o.waits.done {
		return o.login, o.waits == j.usual, nil
	}
	return o.login, false, o.waits
}

// Knows says whether a message was told already.
func (j *Joiner) Knows(id uint64) bool {
	_, ok := j.whose(id)
	return ok
}

func (j *Joiner) door(p netip.Prefix, wall int64) *door {
	d := j.doors[p]
	if d == nil {
		if len(j.doors) >= maxDoors {
			j.shut(wall)
		}
		d = &door{}
		j.doors[p] = d
	}
	d.last = max(d.last, wall)
	return d
}

// shut forgets peers that were not heard of for a while; if that are few, all that nothing waits for.
func (j *Joiner) shut(now int64) {
	for _, quiet := range []int64{patience, 0} {
		for p, d := range j.doors {
			if d.waiting == 0 && now-d.last >= quiet {
				delete(j.doors, p)
			}
		}
		if len(j.doors) < maxDoors*3/4 {
			return
		}
	}
}

// Connect enters a peer that came.
func (j *Joiner) Connect(p netip.Prefix, wall int64) { j.door(p, wall).open++ }

// Message enters a message that names no login.
func (j *Joiner) Message(m *Message) {
	if login, told := j.logins[m.ID]; told && m.ID != 0 {
		delete(j.logins, m.ID)
		j.done(m, login)
		return
	}
	j.door(m.Place, m.Wall).wait(m)
	j.remember(m.ID, owner{waits: m})
	j.queue = append(j.queue, m)
	j.hurry(m.Wall)
}

func (j *Joiner) done(m *Message, login string) {
	m.leave()
	o := owner{}
	if m.Forged() {
		o.waits = j.forged
	}
	j.remember(m.ID, o)
	j.settle(m, login)
}

// hurry settles what has waited for too long.
func (j *Joiner) hurry(now int64) {
	for len(j.queue) > 0 {
		if m := j.queue[0]; !m.done {
			d, age := m.group.door, now-m.Wall
			if len(j.queue) < maxWaiting && (age < patience || age < longSession && d.open > 0) {
				return
			}
			d.tear(now)
			j.late(d, m)
		}
		j.queue[0] = nil
		j.queue = j.queue[1:]
	}
}

// late settles one message by what is known of its peer.
func (j *Joiner) late(d *door, m *Message) {
	login := d.nearest(m)
	if login == "" && !m.Blind && !d.ended(m) {
		m.Lost, m.Blind = true, true
	}
	j.done(m, login)
}

// Login enters a login of the peer p. The id is that of a message of its session, or 0; framed says that the session has ended, and
// that the message was its last one.
func (j *Joiner) Login(id uint64, wall int64, login string, p netip.Prefix, framed bool) {
	o, told := j.whose(id)
	waits := told && o.waits != nil && !o.waits.done
	switch {
	case framed && p.IsValid():
		j.end(j.door(p, wall), id, wall, login)
	case waits:
		j.done(o.waits, login)
	case !told && id != 0:
		if len(j.logins) >= maxWaiting {
			clear(j.logins)
		}
		j.logins[id] = login
	}
}

// End enters the end of a session of p without a login; the id is that of its last message, or 0.
func (j *Joiner) End(id uint64, wall int64, p netip.Prefix) { j.end(j.door(p, wall), id, wall, "") }

func (j *Joiner) end(d *door, id uint64, wall int64, login string) {
	d.end(wall, login)
	if d.waiting == 0 {
		return
	}
	if o, told := j.whose(id); told && o.waits != nil && o.waits.group != nil && o.waits.group.door == d {
		last := o.waits
		sender, astray := last.shown(), last.astray
		j.done(last, login)
		j.take(d, wall, func(s string) bool { return s == sender }, func(m *Message) {
			if astray && !m.Sure { // of the same HELO
				m.Sender, m.Own = "", false
			}
			j.done(m, login)
		})
	} else if login != "" {
		j.take(d, wall, func(s string) bool { return entry.SameName(login, s) }, func(m *Message) { j.done(m, login) })
	}
	if d.open == 0 {
		for _, g := range slices.Clone(d.groups) {
			g.until(wall-slack-1, func(m *Message) { j.late(d, m) })
		}
	}
}

// take gives the messages that came until wall, of those that came alone and of the senders that fit.
func (j *Joiner) take(d *door, wall int64, fits func(sender string) bool, each func(*Message)) {
	for _, g := range slices.Clone(d.groups) {
		if g.kind == alone || g.kind == bySender && fits(g.sender) {
			g.until(wall, each)
		}
	}
}

// Close settles all that waits.
func (j *Joiner) Close() {
	for _, m := range j.queue {
		if !m.done {
			j.late(m.group.door, m)
		}
	}
	j.queue = nil
	for _, m := range j.line {
		if !m.done {
			j.let(m)
		}
	}
	j.line = nil
}
