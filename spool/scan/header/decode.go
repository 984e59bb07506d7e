package header

import (
	"bytes"
	"fmt"
	"io"
	"mime"
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/encoding"
	"golang.org/x/text/encoding/japanese"
)

// maxShown is the length of a text that is shown, in characters.
const maxShown = 200

// Decode makes the text of a field readable and safe to show. What cannot be decoded is shown as it stands, with ? for what a terminal
// might obey.
func Decode(field string) string {
	d := mime.WordDecoder{CharsetReader: reader}
	text, err := d.DecodeHeader(field)
	if err != nil {
		text = field
	}
	return Safe(plain(text))
}

// reader decodes a character set that package mime does not know.
func reader(charset string, r io.Reader) (io.Reader, error) {
	for name, e := range map[string]encoding.Encoding{
		"iso-2022-jp": japanese.ISO2022JP, "shift_jis": japanese.ShiftJIS, "shift-jis": japanese.ShiftJIS, "windows-31j": japanese.ShiftJIS,
		"cp932": japanese.ShiftJIS, "x-sjis": japanese.ShiftJIS, "euc-jp": japanese.EUCJP,
	} {
		if strings.EqualFold(charset, name) {
			return e.NewDecoder().Reader(r), nil
		}
	}
	return nil, fmt.Errorf("decoding a field: character set %q is not known", charset)
}

// plain decodes text that stands in a header without being encoded, which is against the rules and common.
func plain(text string) string {
	raw := []byte(text)
	if bytes.Contains(raw, []byte("\x1b$")) {
		return try(japanese.ISO2022JP, text)
	}
	if utf8.ValidString(text) {
		return text
	}
	for _, e := range []encoding.Encoding{japanese.EUCJP, japanese.ShiftJIS} {
		if out := try(e, text); !strings.ContainsRune(out, utf8.RuneError) {
			return out
		}
	}
	return text
}

// try decodes, or returns the text as it is.
func try(e encoding.Encoding, text string) string {
	out, err := e.NewDecoder().String(text)
	if err != nil {
		return text
	}
	return out
}

// Safe makes a text from a stranger safe to show: bounded, in one line, without anything that a terminal might obey.
func Safe(text string) string {
	var b strings.Builder
	n := 0
	for _, r := range text {
		if n++; n > maxShown {
			b.WriteString("...")
			break
		}
		switch {
		case r == '\t':
			r = ' '
		case r == utf8.RuneError, !unicode.IsPrint(r), r == '\u00a0', unicode.Is(unicode.Cf, r):
			r = '?'
		}
		b.WriteRune(r)
	}
	return b.String()
}
