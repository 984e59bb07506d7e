// Package join finds out by whose login a message was handed in, and whose message a delivery was.
//
// A log of sessions names the login by the id of the message. Where a log has only the last message of a session in its line, the
// others are joined by the peer: they wait until a session of their peer ends, and belong to it if no other session of the peer was
// open when they came, or if their sender is that of its last message. A message whose sessions all ended without a login was handed
// in without one; one that waits for too long belongs to the login of its peer that ended next, if there was any.
package join

import (
	"net/netip"

	"hikeshi/actions/logs/deed"
	"hikeshi/actions/logs/entry"
)

// Times and bounds, in seconds.
const (
	patience    = 900            // for the end of a session that is not known to be open
	longSession = 7200           // after that a session is taken for lost
	slack       = 5              // between the lines of two logs that tell of the same
	maxWaiting  = 60_000         // messages
	maxAtDoor   = 256            // messages of one peer
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
	Recipients   []uint64
	Sent, Failed int64    // deliveries
	Returned     deed.Ref // line of the first that failed, if Failed says that one did

	alone bool // no more than one session of its peer was open
	done  bool
}

// recent is a login whose session has ended.
type recent struct {
	login string
	wall  int64
}

// door is what is known of the sessions of one peer.
type door struct {
	open    int
	last    int64 // when something was heard of it
	waiting []*Message
	recent  []recent
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
	logins     map[uint64]string // by the id of the message, told before the message

	usual, forged *Message // marks: it came from a peer that is usual for the login; its sender was made to look like a login
}

// New returns a Joiner that calls settle for each message once, with its login or "".
func New(settle func(*Message, string)) *Joiner {
	return &Joiner{settle: settle, doors: map[netip.Prefix]*door{}, young: map[uint64]owner{}, old: map[uint64]owner{}, logins: map[uint64]string{},
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
			if len(d.waiting) == 0 && now-d.last >= quiet {
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
	d := j.door(m.Place, m.Wall)
	m.alone = d.open <= 1
	if len(d.waiting) >= maxAtDoor {
		j.late(d, d.waiting[0])
	}
	d.waiting = append(d.waiting, m)
	j.remember(m.ID, owner{waits: m})
	j.queue = append(j.queue, m)
	j.hurry(m.Wall)
}

func (j *Joiner) done(m *Message, login string) {
	m.done = true
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
			d, age := j.doors[m.Place], now-m.Wall
			if len(j.queue) < maxWaiting && (age < patience || age < longSession && d.open > 0) {
				return
			}
			d.open = 0
			j.late(d, m)
		}
		j.queue[0] = nil
		j.queue = j.queue[1:]
	}
}

// late settles one message without having seen its session end.
func (j *Joiner) late(d *door, m *Message) {
	j.leave(d, func(x *Message) bool { return x == m }, d.nearest)
}

// leave settles those that wait at a door and fit.
func (j *Joiner) leave(d *door, fits func(*Message) bool, whose func(*Message) string) {
	kept := d.waiting[:0]
	for _, m := range d.waiting {
		if fits(m) {
			j.done(m, whose(m))
		} else {
			kept = append(kept, m)
		}
	}
	clear(d.waiting[len(kept):])
	d.waiting = kept
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
		j.leave(j.doors[o.waits.Place], func(m *Message) bool { return m == o.waits }, func(*Message) string { return login })
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
	if d.open > 0 {
		d.open--
	}
	if login != "" {
		if len(d.recent) >= maxRecent {
			d.recent = append(d.recent[:0], d.recent[1:]...)
		}
		d.recent = append(d.recent, recent{login, wall})
	}
	if len(d.waiting) == 0 {
		return
	}
	sender, found := "", false
	for _, m := range d.waiting {
		if m.ID == id && id != 0 {
			sender, found = m.Sender, true
		}
	}
	if found {
		j.leave(d, func(m *Message) bool { return m.ID == id || m.Wall <= wall && (m.alone || m.Sender == sender) }, func(*Message) string { return login })
	} else if login != "" {
		j.leave(d, func(m *Message) bool { return m.Wall <= wall && (m.alone || entry.SameName(login, m.Sender)) }, func(*Message) string { return login })
	}
	if d.open == 0 {
		j.leave(d, func(m *Message) bool { return m.Wall+slack < wall }, d.nearest)
	}
}

// nearest is the login of the session that ended first after m, one of its sender before others; "" if there was none.
func (d *door) nearest(m *Message) string {
	best := ""
	for _, r := range d.recent {
		if r.wall < m.Wall || r.wall-m.Wall > longSession {
			continue
		}
		if entry.SameName(r.login, m.Sender) {
			return r.login
		}
		if best == "" {
			best = r.login
		}
	}
	return best
}

// Close settles all that waits.
func (j *Joiner) Close() {
	for _, m := range j.queue {
		if !m.done {
			j.late(j.doors[m.Place], m)
		}
	}
	j.queue = nil
}
