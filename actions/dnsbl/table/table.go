// Package table reads the table of DNS blocklists: the living ones with how they are asked and how an entry goes away, and the dead
// ones whose zones should stand in no configuration any more.
//
// Load takes the built-in table and, if there is one, the responder's own file, which adds lists, changes them, or switches them off.
// Both are YAML (see package strictyaml for what is accepted):
//
//	format: 1
//	as_of: "2026-11-21"          # built-in table only
//	lists:
//	  - id: spamhaus-zen         # short name; in an own file that of a built-in list to change it, or a new one
//	    name: Spamhaus ZEN
//	    zone: zen.spamhaus.org   # none: cannot be asked; <key>. at its beginning: only with a key
//	    keyed: "<key>.zen.dq.spamhaus.net"  # the zone to ask once there is a key
//	    key: "0123456789abcdef"  # a secret, own file only; it is never shown
//	    off: true                # not asked; own file only
//	    operator: Spamhaus       # lists of one operator share a limit
//	    kinds: [ip4, ip6]        # ip4, ip6, domain, mail (hashed mail addresses, never asked)
//	    state: live              # or changed: sources disagree
//	    tier: 1                  # 1 used to reject mail, 2 used in scoring, 3 to know
//	    test: kept               # RFC 5782 section 5: kept; none: known to lack its entries; unknown
//	    listed: [dbltest.com]    # own entries that are listed, in place of 127.0.0.2, ::FFFF:7F00:2 and TEST; one is enough
//	    clean: [198.41.0.4]      # own entries that are not, in place of 127.0.0.1, ::FFFF:7F00:1, INVALID and a random one
//	    match: bits              # the last octet is a set of bits
//	    category: policy         # reputation, age, country, tor, bogon, allow, mixed, policy; none: abuse
//	    scope: network           # about the neighbourhood, not this server
//	    covered: spamhaus-zen    # asking that list as well tells nothing new
//	    spacing: 100ms           # least time between two queries
//	    also: [bb.example.net]   # other zones of the same data
//	    access: {en: "...", ja: "..."}
//	    codes:                   # means: listed (default), note, good, error (not tested)
//	      - {code: 127.0.0.2, en: "listed", ja: "掲載"}
//	      - {code: "127.0.0.*", means: note, en: "...", ja: "..."}
//	      - {code: "bit:64", en: "named in spam", ja: "..."}
//	    delist:                  # how an entry goes away
//	      way: form              # self-service, form, email, provider, wait, contact, none
//	      url: "https://..."     # <IP> and <DOMAIN> are to be filled in
//	      unverified: true       # nobody has seen that address: open it before you print it
//	      expires: {after: 28h, en: "...", ja: "..."}
//	      again: 24h             # not to be asked again before
//	    routes:                  # the same for some answers only, with answers: and part:
//	dead:
//	  - id: ordb
//	    name: ORDB
//	    ended: "2006-12"         # year, month or day; by: true if it was dead by then at the latest
//	    sign: world              # world (lists everybody), silent (time-outs), empty, odd, gone
//	    zones: [relays.ordb.org]
//
// A file that names an unknown key, list or value is refused with every mistake in it.
package table

import (
	"net/netip"
	"slices"
	"strings"
	"time"

	"hikeshi/runbook"
)

// Kind is what a list is asked for.
type Kind string

// The kinds.
const (
	IP4    Kind = "ip4"
	IP6    Kind = "ip6"
	Domain Kind = "domain"
	Mail   Kind = "mail" // hashed mail addresses
)

// Test says whether a list keeps the test entries of RFC 5782 section 5.
type Test string

// The answers to that.
const (
	Kept    Test = "kept"
	Lacking Test = "none"
	Unknown Test = "unknown"
)

// Means says what an answer means.
type Means string

// The meanings.
const (
	Listing Means = "listed"
	Note    Means = "note"  // a remark, not a listing
	Good    Means = "good"  // praise
	Refusal Means = "error" // the list refuses to answer: not tested
)

// A Table is what is known of blocklists.
type Table struct {
	AsOf  string // day of the built-in facts, 2006-01-02
	Lists []List
	Dead  []Dead
}

// A List is one living blocklist.
type List struct {
	ID       string
	Name     string
	Zone     string // as it may be shown: the key stands there as <key>; "" if nobody can ask it
	Operator string
	Kinds    []Kind
	Changed  bool // sources disagree whether it lives
	Tier     int  // 1 to 3, 1 matters most
	Test     Test
	Listed   []string // own test entries that are listed; nil: those of RFC 5782
	Clean    []string // own test entries that are not listed; nil: those of RFC 5782
	Bits     bool
	Category string
	Network  bool   // about the neighbourhood, not this server
	Covered  string // id of the list that tells as much
	Spacing  time.Duration
	Also     []string
	Access   runbook.Text
	Codes    []Code
	Delist   Route
	Routes   []Route
	Off      bool // switched off by the own file

	keyed string
	key   string
}

// A Code is one answer and its meaning.
type Code struct {
	Pattern string // 127.0.0.2, 127.0.0.*, bit:64
	Means   Means
	Text    runbook.Text

	octets [4]int // -1: any
	bit    int    // 0: octets count
}

// A Route is how an entry goes away.
type Route struct {
	Answers    []string // for these answers only; none: for all others
	Part       string   // the part of the list that these answers name
	Way        string   // self-service, form, email, provider, wait, contact, none
	URL        string
	Unverified bool // nobody has seen URL
	Lookup     string
	Dispute    string
	Email      []string
	Language   string // of the request, if the operator wants one
	Needs      []string
	Who        runbook.Text // who may ask
	Expires    Span         // when the entry goes away by itself
	Reply      Span         // when a request is answered
	Again      time.Duration
	Note       runbook.Text
	Paid       runbook.Text // that money is asked for; never needed
}

// A Span is a time, and what is said of it. After is 0 where nobody knows it.
type Span struct {
	After time.Duration `yaml:"after"`
	EN    string        `yaml:"en"`
	JA    string        `yaml:"ja"`
}

// Text is what is said of the time.
func (s Span) Text() runbook.Text { return runbook.T(s.EN, s.JA) }

// A Dead is a list that is no more.
type Dead struct {
	ID    string
	Name  string
	Ended string   // year, month or day
	By    bool     // it was dead by then at the latest
	Sign  string   // world, silent, empty, odd, gone
	Zones []string // a leading "*." means everything below
}

// Serves says whether the list is asked for such subjects at all.
func (l List) Serves(k Kind) bool { return slices.Contains(l.Kinds, k) }

// Query returns the zone to be asked, with the key in it: never to be shown. ok is false if the list cannot be asked: it has no public
// zone, or wants a key and there is none.
func (l List) Query() (zone string, ok bool) {
	zone = l.Zone
	if l.key != "" && l.keyed != "" {
		zone = l.keyed
	}
	if !strings.HasPrefix(zone, "<key>.") {
		return zone, zone != ""
	}
	return l.key + strings.TrimPrefix(zone, "<key>"), l.key != ""
}

// Standing says what is done with the list: asked, off, covered (another list tells as much), key (it wants one), closed (it cannot be asked
// about addresses and domains by DNS).
func (l List) Standing() string {
	_, ok := l.Query()
	switch {
	case l.Off:
		return "off"
	case l.Zone == "" || slices.Equal(l.Kinds, []Kind{Mail}):
		return "closed"
	case !ok:
		return "key"
	case l.Covered != "":
		return "covered"
	}
	return "asked"
}

// Shown returns the zone that is asked, without the key.
func (l List) Shown() string {
	if l.key != "" && l.keyed != "" {
		return l.keyed
	}
	return l.Zone
}

// Hide takes the key out of a text.
func (l List) Hide(text string) string {
	if l.key == "" {
		return text
	}
	return hideFold(text, l.key)
}

// hideFold puts <key> wherever key stands in text, whatever its case: DNS does not keep the case of names.
func hideFold(text, key string) string {
	var b strings.Builder
	low, k := strings.ToLower(text), strings.ToLower(key)
	if len(low) != len(text) { // case mapping moved the bytes: show nothing rather than a secret
		return "<hidden>"
	}
	for {
		i := strings.Index(low, k)
		if i < 0 {
			return b.String() + text
		}
		b.WriteString(text[:i] + "<key>")
		text, low = text[i+len(k):], low[i+len(k):]
	}
}

// Find returns the list with that id.
func (t Table) Find(id string) (List, bool) {
	i := slices.IndexFunc(t.Lists, func(l List) bool { return l.ID == id })
	if i < 0 {
		return List{}, false
	}
	return t.Lists[i], true
}

// Match returns the meanings of one answer, none if the table does not know it. Of several patterns the first one counts; of bits all
// that are set.
func (l List) Match(answer netip.Addr) []Code {
	if !answer.Is4() {
		return nil
	}
	octets := answer.As4()
	var found []Code
	for _, c := range l.Codes {
		switch {
		case c.bit > 0 && octets[0] == 127 && octets[1] == 0 && octets[2] == 0 && int(octets[3])&c.bit != 0:
			found = append(found, c)
		case c.bit == 0 && c.fits(octets):
			return []Code{c}
		}
	}
	return found
}

func (c Code) fits(octets [4]byte) bool {
	for i, o := range c.octets {
		if o >= 0 && int(octets[i]) != o {
			return false
		}
	}
	return true
}

// Route returns how the entry that such an answer stands for goes away.
func (l List) Route(answer netip.Addr) Route {
	for _, r := range l.Routes {
		if slices.Contains(r.Answers, answer.String()) {
			return r
		}
	}
	return l.Delist
}

// Meaning puts the meanings of an answer together, each once.
func Meaning(codes []Code) runbook.Text {
	var en, ja []string
	for _, c := range codes {
		if !slices.Contains(en, c.Text.EN) {
			en, ja = append(en, c.Text.EN), append(ja, c.Text.In("ja"))
		}
	}
	return runbook.T(strings.Join(en, "; "), strings.Join(ja, "、"))
}
