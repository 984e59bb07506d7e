package entry

import "hikeshi/actions/logs/deed"

// Lines are the first lines of something that may be abuse. Those of peers that are not usual are kept apart from those of usual ones,
// which the owner of an account may have written.
type Lines struct{ strange, usual []deed.Ref }

// Keep notes a line, as long as there is room.
func (l *Lines) Keep(r deed.Ref, unusual bool) {
	if unusual {
		l.strange = Keep(l.strange, r)
	} else {
		l.usual = Keep(l.usual, r)
	}
}

// Refs are the lines of peers that are not usual; those of usual ones only where there are no others.
func (l *Lines) Refs() []deed.Ref {
	if len(l.strange) > 0 {
		return l.strange
	}
	return l.usual
}

// Usual says that all lines are of peers that are usual.
func (l *Lines) Usual() bool { return len(l.strange) == 0 && len(l.usual) > 0 }

// Claims are logins and messages that do not count, of the window.
type Claims struct {
	N    int64
	Refs []deed.Ref // of the first ones
}

// Note counts one, if it is of the window.
func (c *Claims) Note(at deed.Ref, window bool) {
	if window {
		c.N++
		c.Refs = Keep(c.Refs, at)
	}
}
