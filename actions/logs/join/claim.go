package join

import (
	"net/netip"
	"strings"

	"hikeshi/actions/logs/deed"
	"hikeshi/actions/logs/entry"
)

// A Claim is what the end of a session says of its login. A log that writes the login in the place of the sender cannot tell one from
// a sender that looks like it; the message tells.
type Claim struct {
	Deed   deed.Deed // with an ID
	Name   string    // "" for a session without a login, whose end waits for its message as well
	Sender string    // of the message, where no login is in its place
	Place  netip.Prefix
}

// Proof says what became of a claim.
type Proof uint8

// The proofs.
const (
	Unproven Proof = iota // no message of the session was told: a sender that was refused may look like a login
	Proven                // the message has another sender
	MadeUp                // the message has the login as its sender: nobody logged in
)

const (
	wait      = 1 // seconds that the line of a message may come after that of the end of its session
	maxClaims = 4096
)

// Claims are those that wait for their message, in the order in which they came.
type Claims struct {
	all  []Claim
	next int // those before it are taken out
}

// Add enters a claim.
func (c *Claims) Add(x Claim) { c.all = append(c.all, x) }

// Due takes out the first claim if its message would have been told by now.
func (c *Claims) Due(now int64) (x Claim, ok bool) {
	switch {
	case c.next == len(c.all), now <= c.all[c.next].Deed.Wall+wait && len(c.all)-c.next < maxClaims:
		return x, false
	}
	x = c.all[c.next]
	if c.next++; c.next == len(c.all) || c.next >= maxClaims {
		c.all, c.next = append(c.all[:0], c.all[c.next:]...), 0
	}
	return x, true
}

// Proof says what the message of an id tells of a claim.
func (j *Joiner) Proof(id uint64) Proof {
	o, told := j.whose(id)
	switch {
	case !told:
		return Unproven
	case o.waits == j.forged, o.waits != nil && !o.waits.done && o.waits.Forged():
		return MadeUp
	}
	return Proven
}

// Forged says that the sender of a message is made to look like a login.
func (m *Message) Forged() bool {
	return m.Said && len(m.Sender) > 5 && strings.EqualFold(m.Sender[:5], "auth-") && strings.Contains(m.Sender, ":")
}

// Step is the message in a step of the timeline. Mail that comes from where the owner of the account is counts apart.
func (m *Message) Step(usual bool) entry.Step {
	if usual {
		return entry.Step{Usual: 1}
	}
	return entry.Step{Messages: 1, Recipients: int32(m.Count), Returned: int32(m.Failed)}
}

// Doubt enters the end of a session of p whose login is not proven: what else was handed in by it has this login or none, nobody knows.
func (j *Joiner) Doubt(id uint64, wall int64, login string, p netip.Prefix) {
	d := j.door(p, wall)
	j.take(d, wall, func(sender string) bool { return entry.SameName(login, sender) }, func(m *Message) {
		m.Doubt = true
		j.done(m, login)
	})
	j.end(d, id, wall, "")
}

// Said enters what another log says of a message that waits: its sender, whether that is of a domain of the server, and how many
// recipients it has; 0 unknown. Where the line of the message shows another sender, its columns were shifted by a space in one of them.
func (j *Joiner) Said(id uint64, sender string, own bool, recipients int64) {
	o, _ := j.whose(id)
	m := o.waits
	if m == nil || m.done || m.counted || !m.Said || !strings.Contains(sender, "@") {
		return
	}
	m.counted = recipients > 0
	switch {
	case m.Sender != sender:
		m.first = m.shown()
		m.Sender, m.Own, m.astray = sender, own, true
	case m.counted:
		m.Sure = recipients == m.Count
	default:
		m.Sure = !m.Echo
	}
}

// shown is the sender that the line of a message shows.
func (m *Message) shown() string {
	if m.astray {
		return m.first
	}
	return m.Sender
}
