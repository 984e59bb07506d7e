package field

import "bytes"

// ID is the ID of a message in the one spelling of all logs, B0000055688: without brackets, host (B0000055688@host), and what is
// added for copies and retries (B0000055688-R0001; FAQ bsd/05-18). It is nil for B0000000000, which says that no mail was taken. ok
// is false for everything that is no ID. An OEM build puts two hexadecimal digits behind the B.
func ID(b []byte) (id []byte, ok bool) {
	if n := len(b); n >= 2 && b[0] == '<' && b[n-1] == '>' {
		b = b[1 : n-1]
	}
	if i := bytes.IndexByte(b, '@'); i >= 0 {
		b = b[:i]
	}
	if i := bytes.IndexByte(b, '-'); i >= 0 {
		b = b[:i]
	}
	if len(b) < 11 || len(b) > 13 || b[0] != 'B' {
		return nil, false
	}
	zero := true
	for i, c := range b[1:] {
		digit := c >= '0' && c <= '9'
		if !digit && (i >= len(b)-11 || (c < 'a' || c > 'f') && (c < 'A' || c > 'F')) {
			return nil, false
		}
		zero = zero && c == '0'
	}
	if zero {
		return nil, true
	}
	return b, true
}

// Token cuts off what stands before the first space; ok is false if there is none.
func Token(b []byte) (token, rest []byte, ok bool) {
	i := bytes.IndexByte(b, ' ')
	if i < 0 {
		return b, nil, false
	}
	return b[:i], b[i+1:], true
}

// Bare is an address without its brackets.
func Bare(b []byte) []byte {
	if n := len(b); n >= 2 && b[0] == '<' && b[n-1] == '>' {
		return b[1 : n-1]
	}
	return b
}

// Address cuts off a mail address at its end, a space: those within a quoted local part (RFC 5321 section 4.1.2) belong to it.
func Address(b []byte) (address, rest []byte) {
	quoted := len(b) > 0 && b[0] == '"'
	for i := 0; i < len(b); i++ {
		switch {
		case b[i] == ' ' && !quoted:
			return b[:i], b[i:]
		case b[i] == '"' && i > 0:
			quoted = false
		case b[i] == '\\' && quoted:
			i++
		}
	}
	if quoted { // which never ends
		if i := bytes.IndexByte(b, ' '); i >= 0 {
			return b[:i], b[i:]
		}
	}
	return b, nil
}

// Trim takes off what a line may end with: carriage returns and spaces.
func Trim(b []byte) []byte {
	for n := len(b); n > 0 && (b[n-1] == '\r' || b[n-1] == ' '); n = len(b) {
		b = b[:n-1]
	}
	return b
}

// Fold says whether b is the word, letter case of ASCII free; word is in capitals.
func Fold(b []byte, word string) bool { return len(b) == len(word) && FoldPrefix(b, word) }

// FoldPrefix says whether b begins with the word, letter case of ASCII free; word is in capitals.
func FoldPrefix(b []byte, word string) bool {
	if len(b) < len(word) {
		return false
	}
	for i := range len(word) {
		c := b[i]
		if c >= 'a' && c <= 'z' {
			c -= 'a' - 'A'
		}
		if c != word[i] {
			return false
		}
	}
	return true
}

// Reads says whether the items of an IMAP4 FETCH give the text of a mail (RFC 3501 section 6.4.5): flags, sizes, envelopes and headers
// do not.
func Reads(items []byte) bool {
	for ; len(items) > 0; items = items[1:] {
		switch {
		case FoldPrefix(items, "RFC822") && !FoldPrefix(items, "RFC822.SIZE") && !FoldPrefix(items, "RFC822.HEADER"),
			FoldPrefix(items, "BODY[") && !FoldPrefix(items, "BODY[HEADER"),
			FoldPrefix(items, "BODY.PEEK[") && !FoldPrefix(items, "BODY.PEEK[HEADER"),
			FoldPrefix(items, "BINARY[") || FoldPrefix(items, "BINARY.PEEK["):
			return true
		}
	}
	return false
}

// IsReply says whether a line is a reply of SMTP: three digits, of which the first is 2 to 5, and then a space, a minus sign or
// nothing (RFC 5321 section 4.2).
func IsReply(b []byte) bool {
	if len(b) < 3 || b[0] < '2' || b[0] > '5' || b[1] < '0' || b[1] > '9' || b[2] < '0' || b[2] > '9' {
		return false
	}
	return len(b) == 3 || b[3] == ' ' || b[3] == '-'
}
