// Package holes are ways in which mail servers are open and E-Post is not known to be: switches of the stand-in, so that a test for them has
// something to find. What E-Post itself can be opened by stands in its files: effect.dat and the settings.
package holes

import (
	"slices"
	"strings"
)

// A Hole is one of them.
type Hole string

// The holes.
const (
	PercentHack     Hole = "percent-hack"      // user%domain@own goes on to user@domain, whoever asks (sendmail's loose_relay_check, old gateways)
	SourceRoute     Hole = "source-route"      // so does @own:user@domain (RFC 5321 appendix C)
	NullSender      Hole = "null-sender"       // MAIL FROM:<> may send anywhere, since bounces have to get in
	TrustHelo       Hole = "trust-helo"        // so may whoever names the server itself in HELO
	DenyBeforeLogin Hole = "deny-before-login" // a denial is not asked for after a login (Postfix and Exim with the rules in that order)
)

// A Set are the holes of a server.
type Set []Hole

// Has says whether the server has a hole.
func (s Set) Has(h Hole) bool { return slices.Contains(s, h) }

// A Mail is one recipient of a mail, and who sends it.
type Mail struct {
	Helo, Sender, To string // Sender without brackets
	Host             string // the server's own name
	Own              func(domain string) bool
}

// Through returns where the mail goes on to if a hole lets it through, whatever the rules say.
func (s Set) Through(m Mail) (to string, ok bool) {
	local := func(domain string) bool {
		return domain == "" || strings.HasPrefix(domain, "[") || strings.EqualFold(domain, m.Host) || m.Own(domain)
	}
	foreign := func(to string) bool {
		user, domain, found := strings.Cut(to, "@")
		return found && user != "" && domain != "" && !strings.ContainsAny(user, `"!%`) && !strings.Contains(domain, "@") && !local(domain)
	}
	to = m.To
	if route, rest, found := strings.Cut(to, ":"); found && strings.HasPrefix(route, "@") && s.Has(SourceRoute) && local(route[1:]) {
		if to = rest; foreign(to) {
			return to, true
		}
	}
	if user, domain, _ := strings.Cut(to, "@"); s.Has(PercentHack) && local(domain) && !strings.Contains(user, `"`) {
		if i := strings.IndexByte(user, '%'); i > 0 && foreign(user[:i]+"@"+first(user[i+1:])) {
			return user[:i] + "@" + first(user[i+1:]), true
		}
	}
	return to, foreign(to) && (s.Has(NullSender) && m.Sender == "" || s.Has(TrustHelo) && strings.EqualFold(m.Helo, m.Host))
}

// first is the first part of a route.
func first(route string) string {
	word, _, _ := strings.Cut(route, "%")
	return word
}
