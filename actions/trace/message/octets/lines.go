// Package octets cuts and decodes the octets of mail: lines, the names of fields, marks of quoting, the mails of an mbox, transfer encodings,
// HTML, UTF-16. What is malformed is taken as far as it can be read; nothing here knows what the text means.
package octets

import (
	"bytes"
	"regexp"
)

// Line cuts the first line off b, without its end: LF or CRLF.
func Line(b []byte) (l, rest []byte) {
	i := bytes.IndexByte(b, '\n')
	if i < 0 {
		return b, b[len(b):]
	}
	return bytes.TrimSuffix(b[:i], []byte("\r")), b[i+1:]
}

// Unix makes LF of CR where a text knows no LF; nothing moves.
func Unix(text []byte) []byte {
	if bytes.IndexByte(text, '\n') >= 0 || bytes.IndexByte(text, '\r') < 0 {
		return text
	}
	return bytes.ReplaceAll(text, []byte{'\r'}, []byte{'\n'})
}

// NameIn is the name of the field that a line begins, with its colon (RFC 5322 section 2.2; blanks before the colon by section 4.5); nil if
// it begins none. Lines come by the million, so there is no regular expression.
func NameIn(l []byte) []byte {
	blank := false
	for i, c := range l[:min(len(l), 100)] {
		switch {
		case c == ':':
			if i == 0 {
				return nil
			}
			return l[:i+1]
		case i > 0 && (c == ' ' || c == '\t'):
			blank = true
		case blank || c < '!' || c > '~':
			return nil
		}
	}
	return nil
}

// Blank says that a line holds nothing.
func Blank(l []byte) bool {
	for _, c := range l {
		if c != ' ' && c != '\t' {
			return false
		}
	}
	return true
}

// Marks is the length of what mail programs put before a line that they quote: > or |, each with a blank behind it or not.
func Marks(l []byte) int {
	n := 0
	for n < len(l) && (l[n] == '>' || l[n] == '|') {
		if n++; n < len(l) && l[n] == ' ' {
			n++
		}
	}
	return n
}

// MboxLine matches the line that begins a mail in an mbox (RFC 4155), and its quoted form.
var MboxLine = regexp.MustCompile(`^>?From \S.*[0-9]`)

// Split says where the mails of an mbox begin; anything else is one mail.
func Split(text []byte) []int {
	first, _ := Line(text)
	if !bytes.HasPrefix(first, []byte("From ")) || !MboxLine.Match(first[:min(len(first), 500)]) {
		return []int{0}
	}
	var starts []int
	blank := true
	for rest := text; len(rest) > 0; {
		l, next := Line(rest)
		if blank && len(l) < 500 && bytes.HasPrefix(l, []byte("From ")) && MboxLine.Match(l) {
			starts = append(starts, len(text)-len(rest))
		}
		blank = len(l) == 0
		rest = next
	}
	if len(starts) == 0 {
		return []int{0}
	}
	return starts
}
