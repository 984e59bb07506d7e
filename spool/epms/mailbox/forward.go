package mailbox

import (
	"bytes"
	"strings"
)

// forward is the key that sends mail on, in lower case.
const forward = "forwardto"

// understood says whether the value of a forward is as documented: addresses, or file: and a path.
func understood(value string) bool {
	if len(value) > 5 && strings.EqualFold(value[:5], "file:") {
		return strings.HasPrefix(value[5:], "/")
	}
	all := Addresses(value)
	for _, a := range all {
		if !isAddress(a) {
			return false
		}
	}
	return len(all) > 0
}

// isAddress says whether a is a name, or a name and a domain, in the characters of mail addresses; a URL or a command is none.
func isAddress(a string) bool {
	name, domain, found := strings.Cut(a, "@")
	if name == "" || found && domain == "" {
		return false
	}
	for _, c := range []byte(name + domain) {
		letter := c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9'
		if !letter && !strings.ContainsRune("._-+=~*", rune(c)) {
			return false
		}
	}
	return true
}

// OddForwards are the lines of a control file, 1-based, that look like a forward and are none that is documented: another spelling of the
// key, no equals sign, UTF-16. What the server makes of them is not known.
func OddForwards(file []byte) []int {
	var all []int
	n := 0
	for raw := range bytes.Lines(file) {
		n++
		text := strings.Trim(string(raw), " \t\r\n\x00\ufeff")
		if text == "" || strings.ContainsRune(";#[", rune(text[0])) {
			continue
		}
		key, _, set := strings.Cut(text, "=")
		exact := set && strings.EqualFold(strings.TrimSpace(key), forward)
		if !exact && strings.HasPrefix(letters(text), forward) {
			all = append(all, n)
		}
	}
	return all
}

// letters are the first letters of text in lower case, without what may stand between them.
func letters(text string) string {
	var b strings.Builder
	for _, c := range []byte(text) {
		switch {
		case b.Len() == len(forward):
			return b.String()
		case c >= 'A' && c <= 'Z':
			b.WriteByte(c - 'A' + 'a')
		case c >= 'a' && c <= 'z':
			b.WriteByte(c)
		case c == '=' || c >= '0' && c <= '9':
			return b.String()
		}
	}
	return b.String()
}
