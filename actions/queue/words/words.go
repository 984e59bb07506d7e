// Package words writes for people what the kinds of package queue have to say: numbers, and names that a stranger may have chosen.
package words

import (
	"fmt"
	"strings"
	"unicode"
	"unicode/utf8"
)

// Number writes a number with commas.
func Number(n int64) string {
	s := fmt.Sprint(n)
	for i := len(s) - 3; i > 0 && s[i-1] != '-'; i -= 3 {
		s = s[:i] + "," + s[i:]
	}
	return s
}

// Examples names the first few, quoted: a stranger may have chosen the names.
func Examples(names []string) string { return Of(names, len(names)) }

// Of is Examples where names are only some of total.
func Of(names []string, total int) string {
	const few = 5
	var b strings.Builder
	for i, name := range names[:min(few, len(names))] {
		if i > 0 {
			b.WriteString(", ")
		}
		fmt.Fprintf(&b, "%+q", name)
	}
	if shown := min(few, len(names)); total > shown && shown > 0 {
		fmt.Fprintf(&b, ", and %d more", total-shown)
	}
	return b.String()
}

// maxSafe is the length of a foreign text that is shown, in bytes.
const maxSafe = 120

// Safe makes a text from a stranger's mail safe to show: bounded, and without anything that a terminal might obey.
func Safe(s string) string {
	cut := ""
	if len(s) > maxSafe {
		s, cut = s[:maxSafe], "..."
	}
	return strings.Map(func(r rune) rune {
		if r == utf8.RuneError || !unicode.IsPrint(r) {
			return '?'
		}
		return r
	}, s) + cut
}
