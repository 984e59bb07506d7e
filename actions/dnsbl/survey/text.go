package survey

import (
	"strings"
	"unicode"
)

// maxText bounds what is kept of a list's own words, in bytes.
const maxText = 400

// Clean makes the words of a stranger fit to be shown and kept: one line of printable characters, bounded, without anything that a terminal
// would obey or that turns the order of the text.
func Clean(texts []string) string {
	var b strings.Builder
	for _, r := range strings.Join(texts, " | ") {
		if r == unicode.ReplacementChar || !unicode.IsPrint(r) {
			r = '?'
		}
		if b.Len()+len(string(r)) > maxText {
			return b.String() + "..."
		}
		b.WriteRune(r)
	}
	return b.String()
}
