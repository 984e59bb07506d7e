package reply

import (
	"regexp"
	"strings"
)

// fields are keys before an equals sign. What stands behind one that is true names a user, as an address or without; the others are only
// no part of an address that follows.
var fields = map[string]bool{"user": true, "username": true, "userid": true, "uid": true, "usr": true, "u": true, "login": true, "account": true, "acct": true, "rcpt": true,
	"recipient": true, "recipients": true, "email": true, "mailbox": true, "sender": true, "mailfrom": true,
	"from": false, "to": false, "mail": false, "id": false, "addr": false, "address": false, "env": false, "envelope": false}

var (
	// at is what stands between a user and a domain: an @ as it is, in a URL (once or twice), in quoted-printable (RFC 2045).
	at = regexp.MustCompile(`(?i)@|%(?:25)*40|=40`)
	// domainForm is a domain behind an encoded @, which may be something else.
	domainForm = regexp.MustCompile(`(?i)^[a-z0-9-]+(?:\.[a-z0-9-]+)*\.[a-z][a-z0-9-]+`)
	fieldForm  = regexp.MustCompile(`(?i)([a-z]+)(?:=|%3d)`)
	valueForm  = regexp.MustCompile(`^(?:"[^"]*|'[^']*|<[^>]*|[(\[]?[^\s<>"'()\[\],;&]+)`)
	hiddenForm = regexp.MustCompile(`(?i)^\*(?:@|%(?:25)*40|=40|$)`)
	// keyed are zones with the key of a customer before them, which is a secret: Spamhaus DQS, Abusix, Trend Micro.
	keyed = regexp.MustCompile(`(?i)[a-z0-9_-]+(\.[a-z0-9-]+\.(?:dq\.spamhaus\.net|mail\.abusix\.zone|mail-abuse\.com))`)
	// long is a label that may be such a key, as host has it, of a host that does not stand in the path of a URL.
	long = regexp.MustCompile(`(?i)(^|[^a-z0-9_./%-]|//|\.)([a-z0-9_-]{20,63})((?:\.[a-z0-9_-]+)+\.[a-z]{2,})`)
)

// locals puts a star in the place of each local part (RFC 5321 section 4.1.2): what stands before an @, a quoted one with its quotes, and
// one with the address of a recipient in it (VERP), whose @ is an equals sign, as a whole.
func locals(text string) string {
	var b strings.Builder
	done := 0
	for _, m := range at.FindAllStringIndex(text, -1) {
		if m[1]-m[0] > 1 && !domainForm.MatchString(text[m[1]:]) || m[0] < done {
			continue
		}
		if from := localBegin(text, done, m[0]); from < m[0] {
			b.WriteString(text[done:from])
			b.WriteString("*")
			done = m[0]
		}
	}
	return b.String() + text[done:]
}

// localBegin is where the local part that ends before i begins, no further back than least.
func localBegin(text string, least, i int) int {
	from := i
	if from > least && text[from-1] == '"' {
		if open := strings.LastIndexByte(text[least:from-1], '"'); open >= 0 {
			return least + open
		}
	}
	whole := i // with what stands before equals signs
	for whole > least && (localByte(text[whole-1]) || text[whole-1] == '=') {
		whole--
	}
	key, _, more := strings.Cut(text[whole:i], "=")
	if _, field := fields[strings.ToLower(key)]; more && (field || whole > 0 && strings.IndexByte("?&;", text[whole-1]) >= 0) {
		return whole + len(key) + 1
	}
	return whole
}

// localByte says whether a byte belongs to a local part as they are written in replies. A slash and what else stands in URLs ends it.
func localByte(c byte) bool { return alnum(c) || strings.IndexByte(".!#$%'*+-^_`{|}~", c) >= 0 }

// values puts a star in the place of what a field says of a user. An address whose local part is hidden, and an IP address, stay.
func values(text string) string {
	var b strings.Builder
	done := 0
	for _, m := range fieldForm.FindAllStringSubmatchIndex(text, -1) {
		value := valueForm.FindString(text[m[1]:])
		bare := strings.TrimRight(strings.TrimLeft(value, `"'<([`), ".:")
		_, ip := address(bare)
		if m[0] < done || !fields[strings.ToLower(text[m[2]:m[3]])] || bare == "" || ip || hiddenForm.MatchString(bare) {
			continue
		}
		from := m[1] + strings.Index(value, bare)
		b.WriteString(text[done:from])
		b.WriteString("*")
		done = from + len(bare)
	}
	return b.String() + text[done:]
}

// keys puts a star in the place of customers' keys.
func keys(text string) string {
	text = keyed.ReplaceAllString(text, "*$1")
	return long.ReplaceAllStringFunc(text, func(s string) string {
		m := long.FindStringSubmatch(s)
		if !strings.ContainsAny(m[2], "0123456789") || strings.Count(m[3], ".") < 2 {
			return s
		}
		return m[1] + "*" + m[3]
	})
}
