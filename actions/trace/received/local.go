package received

import (
	"strings"

	"hikeshi/actions/trace/received/words"
)

// local reads the lines of mail that was handed in on the host and names no by: (qmail PID invoked by uid N), (from USER@HOST) by ...
func (h *Hop) local(items []words.Item) bool {
	if len(items) == 0 || !items[0].Comment {
		return false
	}
	c := items[0]
	switch {
	case strings.Contains(c.Text, " invoked "):
		h.Local, h.Software = true, Other
		if c.Starts("qmail ") {
			h.Software = Qmail
		}
		if _, uid, ok := strings.Cut(c.Text, " by uid "); ok {
			h.Ident = words.Bound(uid)
		}
		return true
	case c.Starts("from ") && !strings.ContainsRune(c.Text, '['):
		h.Local, h.Ident = true, words.Bare(c.Text[len("from "):])
		by := lastBy(items)
		if by >= 0 {
			h.Software = software(items, items[by+1:])
			h.server(items[by+1:])
		}
		return by >= 0
	}
	return false
}
