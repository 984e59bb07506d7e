package effect

import (
	"net/netip"

	"hikeshi/spool/epms/effect/pattern"
)

// A Query is one MAIL FROM.
type Query struct {
	Peer        netip.Addr // the connecting host; an IPv4-mapped address counts as IPv4
	Sender      string     // the text between < and >; "<>" is the null sender, "" is MAIL FROM: with nothing
	SenderGiven bool       // false: a foreign sender that no sender line matches
	Login       bool       // SMTP AUTH succeeded; plays no part in the decision, only in what it means
}

// Subject makes the query ready to be compared with patterns.
func (q Query) Subject() pattern.Subject { return pattern.NewSubject(q.Peer, q.Sender, q.SenderGiven) }

// Covers reports whether a pattern, as written in effect.dat, matches a peer at the address.
func Covers(text string, addr netip.Addr) bool {
	p, s := pattern.Parse(text), pattern.NewSubject(addr, "", false)
	return p.Matches(&s)
}

// CoversSender reports whether a pattern, as written in effect.dat, matches an envelope sender.
func CoversSender(text, sender string) bool {
	p, s := pattern.Parse(text), pattern.NewSubject(netip.Addr{}, sender, true)
	return p.Matches(&s)
}

// A Result is what the server concludes from the file.
type Result string

// The results; [Decision.Meaning] and [Decision.Reply] say what they do.
const (
	Deny             Result = "deny"
	Relay            Result = "true"
	OnlyFrom         Result = "only"
	DefaultRule      Result = "default"
	RelayNever       Result = "norelay0"
	RelayAfterAuth   Result = "norelay1"
	AnyAfterAuth     Result = "norelay2"
	RestrictedByOnly Result = "only-restricted"
)

// A Decision is the answer to a query.
type Decision struct {
	Result Result
	Line   int    // 1-based number of the deciding line, 0 when none matched
	Text   string // of that line, bytes as they are: make it safe before showing it
	Zero   bool   // only-restricted, and the last line carried ",0": then AUTH does not help
}

// Decide answers as the server does: from the top, the first line that matches; nothing below it is read,
// by the server or here. There is no best match, and no order between IP and sender patterns (FAQ
// bsd/01-09, bsd/10-60, win/15-93). When none matches, an "only" still in force restricts, and else the
// norelay flags of the last line stay. It costs one pass of the file; for many queries see package effect/index.
func (f *File) Decide(q Query) Decision {
	s := q.Subject()
	var mark, zero bool
	last := Default
	for l := range f.Lines() {
		if l.Skipped {
			continue
		}
		mark, last, zero = l.Action.Mark(mark), l.Action, l.Zero
		if p := pattern.Parse(l.Pattern); p.Matches(&s) {
			return Decision{Result: Matched(last, mark), Line: l.Number, Text: l.Text}
		}
	}
	return Decision{Result: Unmatched(last, mark), Zero: mark && zero}
}

// Matched is the result of a deciding line, given the mark after it was read.
func Matched(a Action, mark bool) Result {
	switch a {
	case False:
		return Deny
	case True, None:
		return Relay
	case Only:
		return OnlyFrom
	case NoRelay2:
		return AnyAfterAuth
	case NoRelay1:
		if !mark {
			return RelayAfterAuth
		}
	case NoRelay0:
		if !mark {
			return RelayNever
		}
	}
	return DefaultRule
}

// Unmatched is the result when no line matched, given the last action read and the mark.
func Unmatched(last Action, mark bool) Result {
	if mark {
		return RestrictedByOnly
	}
	switch last {
	case NoRelay0:
		return RelayNever
	case NoRelay1, NoRelay2:
		return RelayAfterAuth
	}
	return DefaultRule
}
