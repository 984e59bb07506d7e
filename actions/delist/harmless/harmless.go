// Package harmless makes what comes from outside fit to stand in a letter: bounded, without anything that a terminal, a mail or a form would
// obey, and without the addresses of people.
//
// It knows names and mail addresses by their form only; whether they exist nobody has asked.
package harmless

import (
	"net/mail"
	"regexp"
	"strings"
	"unicode"
	"unicode/utf8"
)

// The bounds of what comes from outside, in characters.
const (
	maxLine = 500
	maxText = 4000
)

// Line makes words of any origin one harmless line: nothing that a terminal, a mail or a form would obey, or that turns the order of text.
func Line(s string) string { return plain(s, maxLine, false) }

// Lines does the same and keeps the ends of lines.
func Lines(s string) string { return plain(s, maxText, true) }

func plain(s string, most int, keep bool) string {
	var b strings.Builder
	n := 0
	for _, r := range strings.ReplaceAll(s, "\r\n", "\n") {
		switch {
		case r == '\n' && keep:
		case unicode.IsSpace(r):
			r = ' '
		case r == unicode.ReplacementChar || !unicode.IsPrint(r):
			r = '?'
		}
		if n++; n > most {
			b.WriteString(" ...")
			break
		}
		b.WriteRune(r)
	}
	return strings.TrimSpace(b.String())
}

// addressForm finds mail addresses in the words of others, written as such or as in a web address. What stands before the @ may be taken
// for longer than it is: too much goes rather than too little.
var addressForm = regexp.MustCompile(`(?i)(?:"[^"]{0,64}"|[^\s<>()\[\],;:"/?&]+)(?:@|@|%40|=40)([a-z0-9._-]*)`)

// Quote makes one harmless line of somebody else's words, in which every mail address is cut down to its domain, and the names of these
// accounts are gone.
func Quote(s string, accounts []string) string {
	s = addressForm.ReplaceAllString(Line(s), "@$1")
	for _, account := range accounts {
		name, _, _ := strings.Cut(account, "@")
		if len(name) >= 3 {
			s = hideWord(s, name)
		}
	}
	return s
}

// hideWord puts *** for a word, whatever its case. Part of a longer word or of a host name is no such word.
func hideWord(s, word string) string {
	part := func(r rune) bool { return unicode.IsLetter(r) || unicode.IsDigit(r) || strings.ContainsRune("._+-", r) }
	var b strings.Builder
	for s != "" {
		end := strings.IndexFunc(s, func(r rune) bool { return !part(r) })
		switch {
		case end < 0:
			end = len(s)
		case end == 0:
			_, end = utf8.DecodeRuneInString(s)
		}
		if token := s[:end]; strings.EqualFold(strings.Trim(token, "."), word) {
			b.WriteString("***" + token[len(strings.TrimRight(token, ".")):])
		} else {
			b.WriteString(token)
		}
		s = s[end:]
	}
	return b.String()
}

// IsEmail says whether s is one bare mail address.
func IsEmail(s string) bool {
	a, err := mail.ParseAddress(s)
	return err == nil && a.Name == "" && a.Address == s && Line(s) == s && !strings.ContainsAny(s, " \"<>,;")
}

// IsName says whether s may stand as the name of a domain or host.
func IsName(s string) bool {
	return s != "" && len(s) <= 253 && strings.Contains(s, ".") && !strings.ContainsFunc(s, func(r rune) bool {
		return !unicode.IsLetter(r) && !unicode.IsDigit(r) && r != '.' && r != '-' && r != '_'
	})
}

// IsAt says whether a mail address is at one of the domains, or below one.
func IsAt(address string, domains []string) bool {
	_, host, ok := strings.Cut(address, "@")
	for _, d := range domains {
		d = strings.ToLower(strings.TrimSuffix(d, "."))
		if h := strings.ToLower(host); ok && d != "" && (h == d || strings.HasSuffix(h, "."+d)) {
			return true
		}
	}
	return false
}
