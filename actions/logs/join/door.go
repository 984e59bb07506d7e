package join

import (
	"slices"

	"hikeshi/actions/logs/entry"
)

// recent is a login whose session has ended.
type recent struct {
	login string
	wall  int64
}

// door is what is known of the sessions of one peer.
type door struct {
	open    int
	last    int64 // when something was heard of it
	idle    int64 // when the last session that was open ended; 0 never
	torn    int64 // when its sessions were taken for lost; 0 never
	waiting int
	groups  []*group       // with something in them, the oldest first
	index   map[key]*group // nil for a few groups
	recent  []recent
}

// A kind says what the messages of a group have in common.
type kind uint8

const (
	alone    kind = iota // no more than one session of the peer was open when they came
	bySender             // their sender
	mixed                // nothing: too many senders
)

// A group is messages of one peer that wait for the same, in the order in which they came; those that are settled go when they come
// first. So that what is done at the end of a session does not depend on how many wait.
type group struct {
	key
	door *door
	all  []*Message
}

// key is what the messages of a group have in common.
type key struct {
	kind   kind
	sender string
}

// wait lets a message wait.
func (d *door) wait(m *Message) {
	g := d.group(m)
	m.group = g
	g.all = append(g.all, m)
	d.waiting++
}

// group finds or makes the group of a message.
func (d *door) group(m *Message) *group {
	k := key{bySender, m.Sender}
	if d.open <= 1 {
		k = key{kind: alone}
	}
	g := d.find(k)
	if g == nil && len(d.groups) >= maxGroups {
		k = key{kind: mixed}
		g = d.find(k)
	}
	if g != nil {
		return g
	}
	g = &group{key: k, door: d}
	d.groups = append(d.groups, g)
	if d.index != nil {
		d.index[k] = g
	} else if len(d.groups) > fewGroups {
		d.index = map[key]*group{}
		for _, g := range d.groups {
			d.index[g.key] = g
		}
	}
	return g
}

// fewGroups are looked through faster than a map, and most peers have no more.
const fewGroups = 8

func (d *door) find(k key) *group {
	if d.index != nil {
		return d.index[k]
	}
	for _, g := range d.groups {
		if g.key == k {
			return g
		}
	}
	return nil
}

// leave marks a message as settled and takes it out of its group.
func (m *Message) leave() {
	g := m.group
	if m.done = true; g == nil {
		return
	}
	m.group = nil
	g.door.waiting--
	n := 0
	for n < len(g.all) && g.all[n].done {
		g.all[n] = nil
		n++
	}
	if g.all = g.all[n:]; len(g.all) == 0 {
		if delete(g.door.index, g.key); len(g.door.groups) == 1 {
			g.door.index = nil
		}
		g.door.groups = slices.DeleteFunc(g.door.groups, func(x *group) bool { return x == g })
	}
}

// until gives the messages that came until wall, to be settled.
func (g *group) until(wall int64, settle func(*Message)) {
	for len(g.all) > 0 && g.all[0].Wall <= wall {
		settle(g.all[0])
	}
}

// end notes that a session ended, with a login or "".
func (d *door) end(wall int64, login string) {
	if d.open > 0 {
		d.open--
	}
	if d.open == 0 {
		d.idle = max(d.idle, wall)
	}
	if login == "" {
		return
	}
	if len(d.recent) >= maxRecent {
		d.recent = append(d.recent[:0], d.recent[1:]...)
	}
	d.recent = append(d.recent, recent{login, wall})
}

// tear takes the sessions that are open for lost.
func (d *door) tear(now int64) {
	if d.open > 0 {
		d.open, d.torn = 0, now
	}
}

// ended says whether all sessions in which a message can have come are known to have ended.
func (d *door) ended(m *Message) bool {
	return d.idle >= m.Wall && (d.torn == 0 || m.Wall-d.torn > longSession)
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
