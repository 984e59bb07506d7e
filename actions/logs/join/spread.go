package join

import "hikeshi/actions/logs/deed"

// Seen says whether a message of a log that spreads it over several lines is one that was told before: given back by a filter, or tried again.
// One whose beginning was seen is new, whatever had its id before.
func (j *Joiner) Seen(d *deed.Deed) bool {
	if d.Again != 0 && j.again(d.ID, d.Again) {
		return true
	}
	o, known := j.whose(d.ID)
	if d.Login == deed.None {
		if known {
			j.remember(d.ID, o) // it may be tried for days
		}
		return known
	}
	if known {
		if m := j.held[d.ID]; m != nil {
			j.let(m) // it had the id before
		}
		delete(j.young, d.ID)
		delete(j.old, d.ID)
	}
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
	if m := j.held[of]; m != nil {
		m.more = append(m.more, id)
		j.held[id] = m
	}
	return true
}

// Hold lets a message that came without a login wait for its first delivery. Without one it was for this server.
func (j *Joiner) Hold(m *Message) {
	j.remember(m.ID, owner{})
	j.held[m.ID] = m
	j.line = append(j.line, m)
	j.release(m.Wall)
}

// Told settles a message that waits for a delivery.
func (j *Joiner) Told(id uint64, outside bool) {
	if m := j.held[id]; m != nil {
		m.Outside = outside
		j.let(m)
	}
}

// let settles a message that was held.
func (j *Joiner) let(m *Message) {
	delete(j.held, m.ID)
	j.done(m, "")
	for _, id := range m.more {
		if j.held[id] == m {
			delete(j.held, id)
			o, _ := j.whose(m.ID)
			j.remember(id, o)
		}
	}
}

// release settles what has waited for too long.
func (j *Joiner) release(now int64) {
	for len(j.line) > 0 {
		if m := j.line[0]; !m.done {
			if len(j.line) < maxWaiting && now-m.Wall < patience {
				return
			}
			j.let(m)
		}
		j.line[0] = nil
		j.line = j.line[1:]
	}
}
