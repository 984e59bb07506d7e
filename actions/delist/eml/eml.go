// Package eml writes a message that nobody has sent yet as a file that mail programs open for editing (.eml).
//
// The form is RFC 5322 with MIME (RFC 2045, 2047): UTF-8 text, CRLF line ends, and X-Unsent: 1, by which Outlook and others open it as a draft.
// From, To and Date may be missing: the mail program fills them in when the message is sent, and so it does with Message-ID.
//
// Nothing in a field can add a header line or a recipient: addresses are parsed and refused where they are none, and control characters in a
// name, a subject or the text become spaces.
package eml

import (
	"bytes"
	"encoding/base64"
	"fmt"
	"net/mail"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"
)

// A Message is one draft.
type Message struct {
	From    mail.Address   // left out where its Address is empty
	To      []mail.Address // left out where there is none
	Subject string
	Body    string    // lines end in \n
	Date    time.Time // left out where it is zero; written in its own zone
}

// Bytes writes the message. The error names an address that is none.
func (m Message) Bytes() ([]byte, error) {
	var b bytes.Buffer
	if m.From.Address != "" {
		from, err := address(m.From)
		if err != nil {
			return nil, fmt.Errorf("writing From: %w", err)
		}
		header(&b, "From", from)
	}
	if len(m.To) > 0 {
		var to []string
		for i, a := range m.To {
			words, err := address(a)
			if err != nil {
				return nil, fmt.Errorf("writing To: %w", err)
			}
			if i < len(m.To)-1 {
				words[len(words)-1] += ","
			}
			to = append(to, words...)
		}
		header(&b, "To", to)
	}
	header(&b, "Subject", phrase(m.Subject))
	if !m.Date.IsZero() {
		header(&b, "Date", []string{m.Date.Format("Mon, 02 Jan 2006 15:04:05 -0700")})
	}
	b.WriteString("X-Unsent: 1\r\nMIME-Version: 1.0\r\nContent-Type: text/plain; charset=UTF-8\r\n")
	body(&b, m.Body)
	return b.Bytes(), nil
}

// header writes one header field, folded between words (RFC 5322 2.2.3). A line with an encoded word has 76 characters at most (RFC 2047 2).
func header(b *bytes.Buffer, name string, words []string) {
	const longest = 76
	b.WriteString(name + ":")
	column := len(name) + 1
	for i, w := range words {
		if i > 0 && column+1+len(w) > longest {
			b.WriteString("\r\n")
			column = 0
		}
		b.WriteString(" " + w)
		column += 1 + len(w)
	}
	b.WriteString("\r\n")
}

// IsAddress says whether a text is one plain e-mail address, such as a message can be written to.
func IsAddress(text string) bool {
	const longest = 254 // RFC 5321 4.5.3.1.3, without the brackets
	parsed, err := mail.ParseAddress(text)
	return err == nil && parsed.Name == "" && parsed.Address == text && plain(text) && len(text) <= longest
}

// address is an address as the words of a header field.
func address(a mail.Address) ([]string, error) {
	if !IsAddress(a.Address) {
		return nil, fmt.Errorf("%q is no plain e-mail address", a.Address)
	}
	name := clean(a.Name)
	switch bare := (&mail.Address{Address: a.Address}).String(); {
	case name == "":
		return []string{bare}, nil
	case encode(name):
		return append(encoded(name), bare), nil
	default:
		return strings.Split((&mail.Address{Name: name, Address: a.Address}).String(), " "), nil
	}
}

// phrase is free text as the words of a header field.
func phrase(s string) []string {
	if s = clean(s); encode(s) {
		return encoded(s)
	}
	return strings.Split(s, " ")
}

// encode says whether text needs encoded words: where it is not ASCII, looks like one already, or cannot be folded.
func encode(s string) bool {
	for word := range strings.SplitSeq(s, " ") {
		if len(word) > 60 {
			return true
		}
	}
	return !plain(s) || strings.Contains(s, "=?")
}

// plain says whether text is printable ASCII.
func plain(s string) bool {
	return !strings.ContainsFunc(s, func(r rune) bool { return r < ' ' || r > '~' })
}

// encoded is text as encoded words, cut between characters. The longest is short enough to stand behind the name of a field.
func encoded(s string) []string {
	const most = 39 // bytes in one word
	var words []string
	for s != "" {
		n := 0
		for n < len(s) {
			_, size := utf8.DecodeRuneInString(s[n:])
			if n+size > most {
				break
			}
			n += size
		}
		words = append(words, "=?UTF-8?B?"+base64.StdEncoding.EncodeToString([]byte(s[:n]))+"?=")
		s = s[n:]
	}
	return words
}

// clean is text of one line: what would end a line, or steer a terminal, is a space, and spaces are single.
func clean(s string) string {
	return strings.Join(strings.FieldsFunc(strings.ToValidUTF8(s, "?"), func(r rune) bool { return unicode.IsSpace(r) && r != '\u3000' || steers(r) }), " ")
}

// steers says whether a character is for no reader: a control character, or one that turns the direction of writing.
func steers(r rune) bool {
	return unicode.IsControl(r) || unicode.Is(unicode.Bidi_Control, r) || r == '\u2028' || r == '\u2029'
}

// body writes the end of the header and the text: as it is, so that it can be changed in any editor, or in base64 where a line of it is longer
// than a message may have (RFC 5322 2.1.1).
func body(b *bytes.Buffer, text string) {
	const longest = 998 // bytes of a line
	text = strings.Map(func(r rune) rune {
		if r != '\n' && r != '\t' && steers(r) {
			return ' '
		}
		return r
	}, strings.ReplaceAll(strings.ToValidUTF8(text, "?"), "\r\n", "\n"))
	plainly := true
	for line := range strings.SplitSeq(text, "\n") {
		plainly = plainly && len(line) <= longest
	}
	text = strings.ReplaceAll(text, "\n", "\r\n")
	if plainly {
		b.WriteString("Content-Transfer-Encoding: 8bit\r\n\r\n" + text)
		return
	}
	b.WriteString("Content-Transfer-Encoding: base64\r\n\r\n")
	const line = 57 // bytes in a line of 76 characters
	for chunk := []byte(text); len(chunk) > 0; chunk = chunk[min(line, len(chunk)):] {
		b.WriteString(base64.StdEncoding.EncodeToString(chunk[:min(line, len(chunk))]) + "\r\n")
	}
}
