package join

import "hikeshi/actions/logs/deed"

// A held message came without a login, and only their deliveries tell whether they were for outside.
type held struct {
	message *Message
	id      uint64
	more    []uint64 // ids under which it is known too
}

// Seen says whether a message of a log that spreads it over several lines is one that was told before: given back by a filter, or tried again.
// One whose beginning was seen is new, whatever had its id before.
func (j *Joiner) Seen(d *deed.Deed) bool {
	if d.Again != 0 && j.again(d.ID, d.Again) {
		return true
	}
	if d.Login == deed.None {
		o, known := j.whose(d.ID)
		if known {
			j.remember(d.ID, o) // it may be tried for days
		}
		return known
	}
	if h := j.held[d.ID]; h != nil {
		j.let(h) // of the message that had the id before
	}
	delete(j.young, d.ID)
	delete(j.old, d.ID)
	delete(j.logins, d.ID)
	return false
}

// again makes an id another one of a message; false if that is not known.
func (j *Joiner) again(id, of uint64) bool {
	o, known := j.whose(of)
	if !known {
		return false
	}
	j.remember(id, o)
	if h := j.held[of]; h != nil {
		h.more = append(h.more, id)
		j.held[id] = h
	}
	return true
}

// Hold lets a message that came without a login wait for its first delivery. Without one it was for this server.
func (j *Joiner) Hold(m *Message) {
	h := &held{message: m, id: m.ID}
	j.remember(m.ID, owner{})
	j.held[m.ID] = h
	j.line = append(j.line, h)
	j.release(m.Wall)
}

// Told settles a message that waits for a delivery.
func (j *Joiner) Told(id uint64, outside bool) {
	if h := j.held[id]; h != nil {
		h.message.Outside = outside
		j.let(h)
	}
}

// let settles a message that was held.
func (j *Joiner) let(h *held) {
	delete(j.held, h.id)
	m := h.message
	h.message = nil
	j.done(m, "")
	for _, id := range h.more {
		if j.held[id] == h {
			delete(j.held, id)
			o, _ := j.whose(m.ID)
			j.remember(id, o)
		}
	}
}

// release settles what has waited for too long.
func (j *Joiner) release(now int64) {
	for len(j.line) > 0 {
		h := j.line[0]
		if h.message != nil {
			if len(j.line) < maxWaiting && now-h.message.Wall < patience {
				return
			}
			j.let(h)
		}
		j.line[0] = nil
		j.line = j.line[1:]
	}
}
