package reply

import "strings"

// roles are local parts that name no person (RFC 2142), and others that everybody has: as words of their own they stay.
var roles = map[string]bool{"info": true, "marketing": true, "sales": true, "support": true, "abuse": true, "noc": true, "security": true, "postmaster": true, "hostmaster": true,
	"usenet": true, "news": true, "webmaster": true, "www": true, "ftp": true, "mail": true, "admin": true, "root": true, "user": true}

// hide takes the address of the recipient out of a text, the local parts of all other mail addresses, and what else names a user: users
// of other servers are nobody's business. The domains stay. Keys of customers of a list go too.
func hide(text, recipient string) string {
	local := recipient
	if i := strings.LastIndexByte(recipient, '@'); i >= 0 {
		local = recipient[:i]
		for _, at := range []string{"@", "=", "%40", "=40"} { // as itself, in an address that returns mail, in a URL
			text = replace(text, local+at+recipient[i+1:], "*"+at+recipient[i+1:], false)
		}
	}
	base, _, _ := strings.Cut(local, "+")
	for _, name := range []string{local, strings.Trim(local, `"`), base} {
		if !roles[strings.ToLower(name)] {
			text = replace(text, name, "*", true)
		}
	}
	return keys(values(locals(text)))
}

// replace puts another text in the place of a name, letter case free; whole: only where it stands as a word of its own.
func replace(text, name, by string, whole bool) string {
	if name == "" || name == "*" {
		return text
	}
	var b strings.Builder
	low, name := strings.ToLower(text), strings.ToLower(name)
	at := 0
	for at < len(text) {
		i := strings.Index(low[at:], name)
		if i < 0 {
			break
		}
		from, to := at+i, at+i+len(name)
		if whole && !(stands(text, from-1, -1) && stands(text, to, +1)) {
			b.WriteString(text[at : from+1])
			at = from + 1
			continue
		}
		b.WriteString(text[at:from])
		b.WriteString(by)
		at = to
	}
	return b.String() + text[at:]
}

// stands says whether a word may end before the byte at i, looking on in a direction: a dot or a hyphen that goes on is part of a host.
func stands(text string, i, on int) bool {
	in := func(i int) bool { return i >= 0 && i < len(text) }
	if !in(i) {
		return true
	}
	if text[i] == '.' || text[i] == '-' {
		return !in(i+on) || !alnum(text[i+on])
	}
	return !alnum(text[i])
}
