package table

import (
	"net/netip"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"hikeshi/runbook"
	"hikeshi/runbook/strictyaml"
)

// maxSpacing bounds how slowly a list may want to be asked: one list must not take the whole run.
const maxSpacing = 5 * time.Second

var (
	idForm   = regexp.MustCompile(`^[a-z0-9][a-z0-9-]{0,39}$`)
	keyForm  = regexp.MustCompile(`^[A-Za-z0-9_-]{4,63}$`)
	dateForm = regexp.MustCompile(`^\d{4}(-\d\d(-\d\d)?)?$`)
	mailForm = regexp.MustCompile(`^[A-Za-z0-9._+-]+@[a-z0-9.-]+$`)
)

func isDate(s string) bool { return dateForm.MatchString(s) }

// A checker tells what is wrong in a file.
type checker struct {
	*strictyaml.Document
	builtin bool
}

func (c checker) id(at strictyaml.Pos, id string) {
	if !idForm.MatchString(id) {
		c.Mistake(at, "a list needs an id of small letters, digits and dashes, and here is %q", id)
	}
}

// fresh checks what a list needs that is not in the table yet.
func (c checker) fresh(e entry) {
	c.id(e.Pos, e.ID)
	if c.Torn() {
		return
	}
	if e.Zone == nil && !c.builtin {
		c.Mistake(e.Pos, "%q is no list of the table; a new one needs its zone", e.ID)
	}
	if len(e.Kinds) == 0 {
		c.Mistake(e.Pos, "%q is no list of the table; a new one needs kinds", e.ID)
	}
}

func (c checker) oneOf(v strictyaml.At[string], words ...string) {
	if v.OK && !slices.Contains(words, v.V) {
		c.Mistake(v.Pos, "%q is none of %s", v.V, strings.Join(words, ", "))
	}
}

// plain sets what stands for itself.
func (c checker) plain(l *List, e entry) {
	set(&l.Name, e.Name)
	set(&l.Operator, e.Operator)
	set(&l.Off, e.Off)
	set(&l.Access, e.Access)
	if e.Off != nil && c.builtin {
		c.Mistake(e.Pos, "no list of the table is switched off")
	}
	if e.Zone != nil {
		l.Zone = c.zone(*e.Zone)
		if strings.HasPrefix(l.Zone, "*.") {
			c.Mistake(e.Zone.Pos, "a family of zones cannot be asked: name the zone")
		}
	}
	if e.Keyed != nil {
		l.keyed = c.zone(*e.Keyed)
		if !strings.HasPrefix(l.keyed, "<key>.") {
			c.Mistake(e.Keyed.Pos, "a zone that begins with <key>. is wanted")
		}
	}
	if e.Key != nil && !keyForm.MatchString(e.Key.V) { // the mistake may not show the line: it holds a secret
		c.Mistake(strictyaml.Pos{}, "the list %s: a key has 4 to 63 letters, digits, _ and -", e.ID)
	} else if e.Key != nil {
		l.key = e.Key.V
	}
	if e.Key != nil && l.keyed == "" && !strings.HasPrefix(l.Zone, "<key>.") {
		c.Mistake(strictyaml.Pos{}, "the list %s takes no key: give the zone with <key>. as keyed", e.ID)
	}
	if e.Tier != nil {
		l.Tier = e.Tier.V
		if e.Tier.OK && (l.Tier < 1 || l.Tier > 3) {
			c.Mistake(e.Tier.Pos, "a tier of 1, 2 or 3 is wanted")
		}
	}
	if e.Spacing != nil {
		l.Spacing = e.Spacing.V
		if l.Spacing > maxSpacing {
			c.Mistake(e.Spacing.Pos, "at most %s between two queries", maxSpacing)
		}
	}
}

func set[T any](to *T, from *T) {
	if from != nil {
		*to = *from
	}
}

// words sets what is one of a few words.
func (c checker) words(l *List, e entry) {
	if e.State != nil {
		c.oneOf(*e.State, "live", "changed")
		l.Changed = e.State.V == "changed"
	}
	if e.Test != nil {
		c.oneOf(*e.Test, string(Kept), string(Lacking), string(Unknown))
		l.Test = Test(e.Test.V)
	}
	if e.Match != nil {
		c.oneOf(*e.Match, "bits", "value")
		l.Bits = e.Match.V == "bits"
	}
	if e.Category != nil {
		c.oneOf(*e.Category, "abuse", "policy", "reputation", "age", "country", "tor", "bogon", "allow", "mixed")
		l.Category = e.Category.V
	}
	if e.Scope != nil {
		c.oneOf(*e.Scope, "network", "host")
		l.Network = e.Scope.V == "network"
	}
	if e.Covered != nil {
		l.Covered = e.Covered.V
	}
	if len(e.Kinds) > 0 {
		l.Kinds = nil
	}
	for _, k := range e.Kinds {
		c.oneOf(k, string(IP4), string(IP6), string(Domain), string(Mail))
		l.Kinds = append(l.Kinds, Kind(k.V))
	}
}

// entries sets what are lists.
func (c checker) entries(l *List, e entry) {
	if e.Listed != nil {
		l.Listed = c.tests(e.Listed)
	}
	if e.Clean != nil {
		l.Clean = c.tests(e.Clean)
	}
	if e.Also != nil {
		l.Also = nil
	}
	for _, z := range e.Also {
		l.Also = append(l.Also, c.zone(z))
	}
	if e.Codes != nil {
		l.Codes = nil
	}
	for _, x := range e.Codes {
		l.Codes = append(l.Codes, c.code(x, l.Bits))
	}
	if e.Delist != nil {
		l.Delist = c.route(*e.Delist)
	}
	if e.Routes != nil {
		l.Routes = nil
	}
	for _, r := range e.Routes {
		l.Routes = append(l.Routes, c.route(r))
	}
}

// tests reads test entries: addresses, or names as they are asked below the zone.
func (c checker) tests(all []strictyaml.At[string]) []string {
	var list []string
	for _, t := range all {
		if _, err := netip.ParseAddr(t.V); err != nil && t.OK && !IsName(t.V) {
			c.Mistake(t.Pos, "%q is neither an address nor a name", t.V)
		}
		list = append(list, t.V)
	}
	return list
}

func (c checker) zone(z strictyaml.At[string]) string {
	name := strings.ToLower(strings.TrimSuffix(z.V, "."))
	plain := strings.TrimPrefix(strings.TrimPrefix(name, "<key>."), "*.")
	if z.OK && (!IsName(plain) || !strings.Contains(plain, ".")) {
		c.Mistake(z.Pos, "%q is no zone", z.V)
	}
	return name
}

// code reads a code. The patterns are an address with * for an octet of any value, and bit:N.
func (c checker) code(x codeEntry, bits bool) Code {
	c.oneOf(x.Means, string(Listing), string(Note), string(Good), string(Refusal))
	code := Code{Pattern: x.Code.V, Means: Means(x.Means.V), Text: runbook.T(x.EN, x.JA)}
	if code.Means == "" {
		code.Means = Listing
	}
	ok := false
	if n, isBit := strings.CutPrefix(x.Code.V, "bit:"); isBit {
		v, err := strconv.Atoi(n)
		code.bit, ok = v, err == nil && bits && v > 0 && v < 256 && v&(v-1) == 0
	} else {
		code.octets, ok = octets(x.Code.V)
	}
	if !ok && (x.Code.OK || !x.Code.Given()) {
		c.Mistake(x.Code.Pos, "a code is an answer in 127.0.0.0/8, with * for any octet, or bit:N (a power of two) with match: bits; here is %q", x.Code.V)
	}
	return code
}

func octets(s string) (o [4]int, ok bool) {
	parts := strings.Split(s, ".")
	if len(parts) != 4 || parts[0] != "127" {
		return o, false
	}
	for i, p := range parts {
		n, err := strconv.Atoi(p)
		if o[i] = n; p == "*" {
			o[i] = -1
		} else if err != nil || n < 0 || n > 255 || strconv.Itoa(n) != p {
			return o, false
		}
	}
	return o, true
}

func (c checker) route(e routeEntry) Route {
	c.oneOf(e.Way, "self-service", "form", "email", "provider", "wait", "contact", "none")
	for _, u := range []strictyaml.At[string]{e.URL, e.Lookup, e.Dispute} {
		if u.OK && !strings.HasPrefix(u.V, "https://") && !strings.HasPrefix(u.V, "http://") {
			c.Mistake(u.Pos, "an address that begins with https:// or http:// is wanted")
		}
	}
	r := Route{Answers: e.Answers, Part: e.Part, Way: e.Way.V, URL: e.URL.V, Unverified: e.Unverified, Lookup: e.Lookup.V, Dispute: e.Dispute.V,
		Language: e.Language, Who: e.Who, Expires: e.Expires, Reply: e.Reply, Again: e.Again, Note: e.Note, Paid: e.Paid}
	for _, m := range e.Email {
		if m.OK && !mailForm.MatchString(m.V) {
			c.Mistake(m.Pos, "%q is no mail address", m.V)
		}
		r.Email = append(r.Email, m.V)
	}
	for _, n := range e.Needs {
		r.Needs = append(r.Needs, n.V)
	}
	return r
}

// IsName says whether s can be asked as a name: labels of letters, digits, - and _, without the last dot.
func IsName(s string) bool {
	if s == "" || len(s) > 200 {
		return false
	}
	for label := range strings.SplitSeq(s, ".") {
		if label == "" || len(label) > 63 {
			return false
		}
		for _, b := range []byte(label) {
			if (b < 'a' || b > 'z') && (b < 'A' || b > 'Z') && (b < '0' || b > '9') && b != '-' && b != '_' {
				return false
			}
		}
	}
	return true
}
