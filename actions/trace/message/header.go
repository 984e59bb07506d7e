package message

import (
	"bytes"
	"regexp"
	"unicode/utf16"
	"unicode/utf8"
)

// line cuts the first line off b, without its end: LF or CRLF.
func line(b []byte) (l, rest []byte) {
	i := bytes.IndexByte(b, '\n')
	if i < 0 {
		return b, b[len(b):]
	}
	return bytes.TrimSuffix(b[:i], []byte("\r")), b[i+1:]
}

// unix makes LF of CR where a text knows no LF; nothing moves.
func unix(text []byte) []byte {
	if bytes.IndexByte(text, '\n') >= 0 || bytes.IndexByte(text, '\r') < 0 {
		return text
	}
	return bytes.ReplaceAll(text, []byte{'\r'}, []byte{'\n'})
}

// nameIn is the name of the field that a line begins, with its colon (RFC 5322 section 2.2; blanks before the colon by section 4.5); nil if
// it begins none. Lines come by the million, so there is no regular expression.
func nameIn(l []byte) []byte {
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

// A keeper collects the fields of a header within their bounds.
type keeper struct {
	m     Message
	value []byte // of the last field
	open  bool   // the last field is kept
	kept  int
}

// add adds text to the last field.
func (k *keeper) add(text []byte) {
	if !k.open {
		return
	}
	if n := min(len(text), maxValue-len(k.value), MaxHeader-k.kept); n > 0 {
		k.value = append(k.value, text[:n]...)
		k.kept += n
	}
}

// begin begins a field.
func (k *keeper) begin(name []byte, at int64) {
	k.end()
	if k.open = len(k.m.Fields) < maxFields && k.kept < MaxHeader; !k.open {
		k.m.Dropped++
		return
	}
	k.m.Fields = append(k.m.Fields, Field{Name: string(bytes.TrimRight(name, " \t:")), Offset: at})
	k.kept += len(name)
}

// end writes down the value of the last field.
func (k *keeper) end() {
	if k.open {
		k.m.Fields[len(k.m.Fields)-1].Value = string(k.value)
	}
	k.value, k.open = k.value[:0], false
}

// wrapped says that the last field is a Received line that is not complete.
func (k *keeper) wrapped() bool {
	if !k.open || !k.m.Fields[len(k.m.Fields)-1].Is("Received") || len(k.value) >= maxValue {
		return false
	}
	at := bytes.IndexByte(k.value, ';')
	return at < 0 || len(bytes.TrimSpace(k.value[at+1:])) == 0
}

// blank says that a line holds nothing.
func blank(l []byte) bool {
	for _, c := range l {
		if c != ' ' && c != '\t' {
			return false
		}
	}
	return true
}

// header reads a header at the beginning of b. base is where b begins in its file, -1 if nobody knows. What follows the header is body.
func header(b []byte, base int64) (m Message, body []byte) {
	var k keeper
	rest := b
	for len(rest) > 0 {
		l, next := line(rest)
		name := nameIn(l)
		switch {
		case blank(l):
			k.end()
			return k.m, next
		case l[0] == ' ' || l[0] == '\t':
			k.add([]byte{'\n'})
			k.add(l)
		case name != nil:
			at := base
			if base >= 0 {
				at += int64(len(b) - len(rest))
			}
			k.begin(name, at)
			k.add(l[len(name):])
		case k.wrapped(): // on the way, and it lost its blank
			k.add([]byte{' '})
			k.add(l)
		case len(k.m.Fields) == 0 && mboxLine.Match(l[:min(len(l), 500)]):
		default:
			k.end()
			k.m.NoBlank = true
			return k.m, rest
		}
		rest = next
	}
	k.end()
	return k.m, rest
}

// mboxLine matches the line that begins a mail in an mbox (RFC 4155), and its quoted form.
var mboxLine = regexp.MustCompile(`^>?From \S.*[0-9]`)

// split says where the mails of an mbox begin; anything else is one mail.
func split(text []byte) []int {
	first, _ := line(text)
	if !bytes.HasPrefix(first, []byte("From ")) || !mboxLine.Match(first[:min(len(first), 500)]) {
		return []int{0}
	}
	var starts []int
	blank := true
	for rest := text; len(rest) > 0; {
		l, next := line(rest)
		if blank && len(l) < 500 && bytes.HasPrefix(l, []byte("From ")) && mboxLine.Match(l) {
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

// narrow takes a byte order mark off and makes UTF-8 of UTF-16; moved says that offsets are no longer those of the file.
func narrow(data []byte) (text []byte, moved bool) {
	little := bytes.HasPrefix(data, []byte{0xff, 0xfe}) || len(data) >= 4 && data[0] != 0 && data[1] == 0 && data[2] != 0 && data[3] == 0
	big := bytes.HasPrefix(data, []byte{0xfe, 0xff}) || len(data) >= 4 && data[0] == 0 && data[1] != 0 && data[2] == 0 && data[3] != 0
	if !little && !big {
		return unix(bytes.TrimPrefix(data, []byte("\xef\xbb\xbf"))), bytes.HasPrefix(data, []byte("\xef\xbb\xbf"))
	}
	units := make([]uint16, 0, len(data)/2)
	for i := 0; i+1 < len(data); i += 2 {
		a, b := uint16(data[i]), uint16(data[i+1])
		if little {
			a, b = b, a
		}
		units = append(units, a<<8|b)
	}
	for _, r := range utf16.Decode(units) {
		if r != '\ufeff' {
			text = utf8.AppendRune(text, r)
		}
	}
	return unix(text), true
}
