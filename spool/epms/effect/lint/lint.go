// Package lint reads an effect.dat for lines that do something else than they seem to, and for those that
// open the server. A finding says what the line does and what to do about it.
//
// The codes are stable:
//
//	own-open             bad   an own domain or address of one with true or no action: open relay
//	sender-open          bad   another sender with true or no action: open relay for who names it
//	wide-open            bad   true or no action for everyone or a wide network (warn: a large one)
//	own-denied           warn  the own server or an own domain is refused
//	no-action            warn  a pattern alone means true
//	unknown-action       warn  means default; bad where a denial seems to be meant (also the next three)
//	two-spaces           warn  two spaces before the action: means default
//	trailing-space       warn  a space and no action: means default
//	tab-after-action     warn  a TAB behind the action: means default
//	tab-separator        warn  a TAB instead of the space: no action; bad where it opens a range
//	hash-comment         warn  # is no comment mark
//	long-line            warn  more than 255 bytes with LF: the rest is a line of its own (info: not read)
//	nul-byte, lone-cr    warn  the rest of the line is lost
//	utf8-mark, tab-first warn  the line's pattern is spoiled
//	ctrl-z               info  ends the file on Windows
//	no-final-newline     warn  the next line appended melts into the last
//	lifts-only           bad   lifts the restriction of an "only" above
//	norelay-under-only   warn  ignored
//	unreachable          warn  a line above decides first
//	last-flags           warn  the norelay of the last line holds for everybody unmatched
//	no-catch-all         warn  norelay,2 without a line for everyone below
//	blank-above-null     bad   bounces are refused
//	short-network        warn  an IPv4 base that is not four plain octets
//	network-length       warn  /0, no number, or more than the address has
//	empty-network        warn  matches nobody
//	unaligned-network    info  host bits in an IPv4 base
//	wide-network         info  IPv4 wider than /16
//	ipv6-first-64        warn  shorter than /64: covers its first /64 only
//	ipv6-host-bits       warn  host bits in an IPv6 base
//	not-canonical        warn  not as the server writes the address: matches nobody
//	star-in-octet        warn  a prefix of the text, not of the octets
//	after-star           warn  what follows the star is ignored
//	no-ip-pattern        warn  looks like an address and is a sender pattern
//	two-stars-capitals   warn  never matches
//	three-stars          warn  the third star is a plain character
//
// At most 100 findings of a code are kept; one more says how many there are. Whether a line is unreachable
// is looked up, not tried against every line above (see [index.Index.Covering]), so that a million lines
// take seconds.
package lint

import (
	"cmp"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"hikeshi/spool/epms/effect"
	"hikeshi/spool/epms/effect/index"
	"hikeshi/spool/epms/effect/pattern"
)

// A Level says how bad a finding is.
type Level string

// The levels.
const (
	Info Level = "info" // harmless on the server as it is, or a matter of taste
	Warn Level = "warn" // the line does not do what it seems to
	Bad  Level = "bad"  // the server is open, bounces are refused, or a denial does not work
)

// A Finding is one thing about one line.
type Finding struct {
	Line  int // 1-based
	Level Level
	Code  string
	Text  string // what the line does and what to do, in one or two sentences
	Raw   string // the line, quoted with Go escapes and at most 80 bytes of it: safe to show
}

const (
	maxPerCode = 100
	maxRaw     = 80
)

// Check returns the findings of a file, by line. Own is needed to see own domains opened or refused; it
// may be empty.
func Check(f *effect.File, own effect.Own) []Finding {
	c := &checker{file: f, own: ownSubjects(own), index: index.New(f), count: map[string]int{}}
	for l := range f.Lines() {
		c.line(&line{Line: l, pattern: pattern.Parse(l.Pattern), tail: l.Tail(f)})
	}
	c.finish(own)
	slices.SortStableFunc(c.found, func(a, b Finding) int { return cmp.Compare(a.Line, b.Line) })
	return c.found
}

// line is a piece with what the rules ask of it.
type line struct {
	effect.Line
	pattern pattern.Pattern
	tail    bool // the continuation of a line over 255 bytes
}

// checker goes through a file once.
type checker struct {
	file  *effect.File
	own   own
	index *index.Index // of the lines above
	found []Finding
	count map[string]int // findings by code
	order order
	final effect.Line // the last piece
}

func (c *checker) line(l *line) {
	c.final = l.Line
	if strings.IndexByte(l.Raw, 0x1a) >= 0 {
		c.add(l, Info, "ctrl-z", "the byte 0x1A ends the file on a Windows server; take it out")
	}
	if l.tail {
		c.longLine(l)
	}
	if l.Skipped {
		return
	}
	if !l.tail {
		c.bytes(l)
		c.action(l)
		c.address(l)
	}
	above, covered := c.index.Covering(l.pattern)
	if covered {
		c.add(l, Warn, "unreachable", fmt.Sprintf("line %d above decides for all of this; move the line up or take it out", above))
	} else if l.Action.Opens() {
		c.opening(l)
	}
	c.ordering(l)
	c.index.Add(l.Line, l.pattern)
}

func (c *checker) finish(own effect.Own) {
	c.order.finish(c)
	c.ownDenied(own)
	if c.final.Raw != "" && !strings.HasSuffix(c.final.Raw, "\n") {
		c.add(&line{Line: c.final}, Warn, "no-final-newline", "the file does not end in a newline, so a line appended to it melts into this one; add it")
	}
	for code, n := range c.count {
		if n <= maxPerCode {
			continue
		}
		i := slices.IndexFunc(c.found, func(f Finding) bool { return f.Code == code && strings.HasPrefix(f.Text, moreMark) })
		c.found[i].Text = fmt.Sprintf("%s%d lines from here on", moreMark, n-maxPerCode)
	}
}

// moreMark begins the finding that stands for all above maxPerCode.
const moreMark = "the same of "

// add keeps a finding, and of those over the limit only the first, which will count the others.
func (c *checker) add(l *line, level Level, code, text string) {
	c.count[code]++
	switch n := c.count[code]; {
	case n == maxPerCode+1:
		text = moreMark
	case n > maxPerCode:
		return
	}
	raw := strings.TrimSuffix(l.Raw, "\n")
	c.found = append(c.found, Finding{l.Number, level, code, text, strconv.Quote(raw[:min(len(raw), maxRaw)])})
}
