// Package words cuts the value of a header field into words and comments (RFC 5322 section 3.2.2), and makes the texts of strangers fit to
// be shown. What is malformed is taken as it stands, never refused.
package words

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

// Max bounds one text, in bytes: a domain of RFC 5321 section 4.5.3.1 has at most 255, a path 256.
const Max = 320

// An Item is a word or a comment of a value.
type Item struct {
	Text    string // of a comment without its outer brackets
	Comment bool
	Glued   bool // no blank stands before it
	End     int  // where the text behind it begins
}

// Is compares a word, letter case ignored.
func (i Item) Is(word string) bool { return !i.Comment && strings.EqualFold(i.Text, word) }

// Starts compares the beginning, letter case ignored.
func (i Item) Starts(prefix string) bool {
	return len(i.Text) >= len(prefix) && strings.EqualFold(i.Text[:len(prefix)], prefix)
}

// Printable makes one line of visible characters out of a value: folds are blanks, bytes that are no UTF-8 and all that a terminal does not
// show are a question mark.
func Printable(value string) string {
	var b strings.Builder
	b.Grow(len(value))
	for i := 0; i < len(value); {
		r, n := utf8.DecodeRuneInString(value[i:])
		i += n
		switch {
		case r == utf8.RuneError && n <= 1:
			b.WriteByte('?')
		case r == ' ' || r == '\t' || r == '\r' || r == '\n':
			b.WriteByte(' ')
		case !unicode.IsPrint(r):
			b.WriteByte('?')
		default:
			b.WriteRune(r)
		}
	}
	return b.String()
}

// Cut cuts text into words and comments. A bracket without its partner is a plain character, wherever it stands; a semicolon is a word.
func Cut(text string) []Item {
	closing := partners(text)
	var items []Item
	start, blank := -1, true
	word := func(end int) {
		if start >= 0 {
			items = append(items, Item{Text: text[start:end], End: end, Glued: !blank})
			start, blank = -1, false
		}
	}
	for i := 0; i < len(text); i++ {
		switch c := text[i]; {
		case c == ' ':
			word(i)
			blank = true
		case c == '(' && closing[i] > 0:
			word(i)
			items = append(items, Item{Text: text[i+1 : closing[i]], Comment: true, Glued: !blank, End: closing[i] + 1})
			i, blank = closing[i], false
		case c == ';':
			word(i)
			items = append(items, Item{Text: ";", End: i + 1})
			blank = true
		case c == '<' && start < 0:
			start = i
			if n := path(text[i:]); n > 0 {
				i += n - 1
			}
		case start < 0:
			start = i
		}
	}
	word(len(text))
	return items
}

// partners says for each opening bracket that has one where its closing one stands.
func partners(text string) map[int]int {
	pairs := map[int]int{}
	var open []int
	for i := 0; i < len(text); i++ {
		switch text[i] {
		case '(':
			open = append(open, i)
		case ')':
			if len(open) > 0 {
				pairs[open[len(open)-1]] = i
				open = open[:len(open)-1]
			}
		}
	}
	return pairs
}

// path is the length of a path in angle brackets at the beginning of text, whose local part may be quoted; 0 if there is none.
func path(text string) int {
	quoted := false
	for i := 1; i < len(text) && i < Max; i++ {
		switch c := text[i]; {
		case c == '"':
			quoted = !quoted
		case c == '\\' && quoted:
			i++
		case quoted:
		case c == '>':
			return i + 1
		case c == ' ' || c == '<' || c == '(':
			return 0
		}
	}
	return 0
}

// Bare takes brackets, quotes and stops off a word, and bounds it.
func Bare(word string) string { return Bound(strings.Trim(word, `<>;,"`)) }

// Bound cuts a text between characters.
func Bound(text string) string {
	if len(text) <= Max {
		return text
	}
	n := Max
	for n > 0 && !utf8.RuneStart(text[n]) {
		n--
	}
	return text[:n]
}
