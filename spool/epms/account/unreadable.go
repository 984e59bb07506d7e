package account

import (
	"bytes"
	"encoding/base64"
	"strings"
)

// Unreadable are the lines that the server does not see as an account, or may not, though the name of one can be read of them: with a
// carriage return or a space in front, with too few fields, without a line end, too long. Only Line and Name are set. SMTP AUTH does not ask
// the account file, so such an account may log in all the same.
func (f *File) Unreadable() []Entry {
	var all []Entry
	for i, l := range f.lines {
		if l.fields != nil {
			continue
		}
		if name, ok := nameOf(l.raw); ok {
			all = append(all, Entry{Line: i + 1, Name: name})
		}
	}
	return all
}

// Fault is what is wrong with a line, 1-based; none has Line 0.
func (f *File) Fault(line int) Fault { return f.lines[line-1].fault }

const alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"

// maxNameText is the length of the Base64 of the longest name and the TAB behind it, in bytes.
const maxNameText = (MaxField + 3) / 3 * 4

// nameOf reads the first field of a record that is not as documented. Nothing is taken for a name that has no TAB behind it: it may be
// anything, a password too.
func nameOf(raw []byte) (string, bool) {
	text := bytes.TrimLeft(bytes.ReplaceAll(raw[:min(len(raw), 2*maxNameText)], []byte("\r"), nil), " \t")
	if n := bytes.IndexFunc(text, func(r rune) bool { return !strings.ContainsRune(alphabet, r) }); n >= 0 {
		text = text[:n]
	}
	text = text[:min(len(text), maxNameText)]
	if len(text)%4 == 1 {
		text = text[:len(text)-1]
	}
	record := make([]byte, base64.RawStdEncoding.DecodedLen(len(text)))
	n, err := base64.RawStdEncoding.Decode(record, text)
	name, _, found := strings.Cut(string(record[:n]), "\t")
	return name, err == nil && found && name != ""
}
