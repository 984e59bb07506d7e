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
	Deed  deed.Deed // with an ID
	Name  string
	Place netip.Prefix
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
type Claims struct{ waiting []Claim }

// Add enters a claim.
func (c *Claims) Add(x Claim) { c.waiting = append(c.waiting, x) }

// Due takes out the first claim if its message would have been told by now.
func (c *Claims) Due(now int64) (x Claim, ok bool) {
	if len(c.waiting) == 0 || now <= c.waiting[0].Deed.Wall+wait && len(c.waiting) < maxClaims {
		return x, false
	}
	x, c.waiting = c.waiting[0], c.waiting[1:]
	return x, true
}

// Proof says what the message of an id tells of a claim.
func (j *Joiner) Proof(id uint64) Proof {
	o, told := j.whose(id)
	switch {
	case !told:
		return Unproven
	case o.forged, o.waits != nil && !o.waits.done && o.waits.Forged():
		return MadeUp
	}
	return Proven
}

// Forged says that the sender of a message is made to look like a login.
func (m *Message) Forged() bool {
	return m.Said && len(m.Sender) > 5 && strings.EqualFold(m.Sender[:5], "auth-") && strings.Contains(m.Sender, ":")
}

// Doubt enters the end of a session of p whose login is not proven: what else was handed in by it has this login or none, nobody knows.
func (j *Joiner) Doubt(id uint64, wall int64, login string, p netip.Prefix) {
	d := j.door(p, wall)
	j.leave(d, func(m *Message) bool {
		fits := m.Wall <= wall && (m.alone || entry.SameName(login, m.Sender))
		m.Doubt = m.Doubt || fits
		return fits
	}, func(*Message) string { return login })
	j.end(d, id, wall, "")
}
