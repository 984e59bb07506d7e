package reply

import "strings"

// hide takes the address of the recipient out of a text, and the local parts of all other mail addresses: users of other servers are
// nobody's business. The domains stay.
func hide(text, recipient string) string {
	local := recipient
	if i := strings.LastIndexByte(recipient, '@'); i >= 0 {
		local = recipient[:i]
		for _, at := range []string{"@", "=", "%40"} { // as itself, in an address that returns mail, in a URL
			text = replace(text, local+at+recipient[i+1:], "*"+at+recipient[i+1:], false)
		}
	}
	text = replace(text, local, "*", true)
	text = replace(text, strings.Trim(local, `"`), "*", true)
	base, _, _ := strings.Cut(local, "+")
	return locals(replace(text, base, "*", true))
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

// locals puts a star in the place of each local part (RFC 5321 section 4.1.2): what stands before an @, a quoted one with its quotes.
func locals(text string) string {
	var b strings.Builder
	done := 0
	for i := range len(text) {
		if text[i] != '@' {
			continue
		}
		from := i
		if from > done && text[from-1] == '"' {
			if open := strings.LastIndexByte(text[done:from-1], '"'); open >= 0 {
				from = done + open
			}
		}
		for from > done && localByte(text[from-1]) {
			from--
		}
		if from < i {
			b.WriteString(text[done:from])
			b.WriteString("*")
			done = i
		}
	}
	return b.String() + text[done:]
}

// localByte says whether a byte belongs to a local part as they are written in replies. A slash, an equals sign and what else stands
// in URLs ends it.
func localByte(c byte) bool { return alnum(c) || strings.IndexByte(".!#$%'*+-^_`{|}~", c) >= 0 }
