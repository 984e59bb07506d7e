package mailbox

import (
	"bytes"
	"slices"
	"strings"
	"unicode/utf8"
)

// A Setting is one line of a control file that sets something.
type Setting struct {
	Line         int    // 1-based
	Section, Key string // lower case, bounded
	Value        string // without blanks around it; foreign bytes, bounded
	Odd          bool   // a forward whose value is not as documented: it is perhaps a secret
}

// maxText bounds what is taken out of a foreign file to be shown, in bytes.
const maxText = 256

// Settings reads a control file, which is in ini style: [Section], then Key=Value, both in any case. Lines that begin with ; or # are
// comments. For example:
//
//	[AutoForward]
//	ForwardTo=abc@def.co.jp
//	[Delivery]
//	Discard=No
//
// ForwardTo=file:/path names a file with an address in each line. Other keys are EchoMessage, Subject and so on of [AutoReply],
// forwardfrom, module (which loads an add-in library), datadiscard and copyreplies.
func Settings(file []byte) []Setting {
	var all []Setting
	section, n := "", 0
	for raw := range bytes.Lines(file) {
		n++
		text := strings.Trim(string(raw), " \t\r\n\x00\ufeff")
		if text == "" || text[0] == ';' || text[0] == '#' {
			continue
		}
		if text[0] == '[' {
			name, _, _ := strings.Cut(text[1:], "]")
			section = bounded(strings.ToLower(strings.TrimSpace(name)))
			continue
		}
		if key, value, ok := strings.Cut(text, "="); ok {
			s := Setting{Line: n, Section: section, Key: bounded(strings.ToLower(strings.TrimSpace(key))), Value: bounded(strings.TrimSpace(value))}
			s.Odd = s.Key == forward && s.Value != "" && !understood(strings.TrimSpace(value))
			all = append(all, s)
		}
	}
	return all
}

func bounded(s string) string {
	if len(s) > maxText {
		s = strings.ToValidUTF8(s[:maxText], "") + " ..."
	}
	return s
}

// Planted says whether a thief may have left the setting behind: it sends mail on, throws it away or loads a program. In which section
// it stands does not matter, since what the server makes of one elsewhere is not known.
func (s Setting) Planted() bool {
	switch s.Key {
	case forward, "module":
		return s.Value != ""
	case "discard":
		return !slices.Contains([]string{"", "no", "0", "false", "off"}, strings.ToLower(s.Value))
	}
	return false
}

// Clean takes the lines of the planted settings out, and changes no other byte.
func Clean(file []byte) ([]byte, []Setting) {
	var gone []Setting
	for _, s := range Settings(file) {
		if s.Planted() {
			gone = append(gone, s)
		}
	}
	return without(file, gone), gone
}

// Remove takes every line out that sets key in section, both in any case, and changes no other byte.
func Remove(file []byte, section, key string) ([]byte, []Setting) {
	var gone []Setting
	for _, s := range Settings(file) {
		if strings.EqualFold(s.Section, section) && strings.EqualFold(s.Key, key) {
			gone = append(gone, s)
		}
	}
	return without(file, gone), gone
}

func without(file []byte, gone []Setting) []byte {
	kept := []byte{}
	n := 0
	for raw := range bytes.Lines(file) {
		n++
		if !slices.ContainsFunc(gone, func(s Setting) bool { return s.Line == n }) {
			kept = append(kept, raw...)
		}
	}
	return kept
}

// Forwards are the addresses to which a control file sends mail on, and the files that it names for more of them (see Addresses).
func Forwards(file []byte) (addresses, files []string) {
	for _, s := range Settings(file) {
		if s.Key != forward || s.Value == "" {
			continue
		}
		if len(s.Value) > 5 && strings.EqualFold(s.Value[:5], "file:") {
			files = append(files, s.Value[5:])
			continue
		}
		addresses = append(addresses, Addresses(s.Value)...)
	}
	return addresses, files
}

// maxAddresses bounds how many addresses are read from one file.
const maxAddresses = 10_000

// Addresses reads the addresses of send.txt, or of a value that lists several: parted by line ends, blanks, commas or semicolons.
func Addresses(text string) []string {
	var all []string
	for a := range strings.FieldsFuncSeq(text, func(r rune) bool { return r <= ' ' || strings.ContainsRune(",;<>", r) }) {
		if len(a) <= maxText && utf8.ValidString(a) {
			all = append(all, a)
		}
		if len(all) == maxAddresses {
			break
		}
	}
	return all
}
