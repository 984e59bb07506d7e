package octets

import (
	"bytes"
	"encoding/base64"
	"html"
	"io"
	"mime/quotedprintable"
	"regexp"
	"strings"
	"unicode/utf16"
	"unicode/utf8"
)

// Decode undoes a transfer encoding; what of it is malformed ends it, and so does the bound. False: there was nothing to undo.
func Decode(encoding string, body []byte, most int64) ([]byte, bool) {
	switch strings.ToLower(encoding) {
	case "base64":
		only := bytes.Map(func(r rune) rune {
			if r < 128 && strings.ContainsRune("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/", r) {
				return r
			}
			return -1
		}, body)
		out := make([]byte, base64.RawStdEncoding.DecodedLen(len(only)))
		n, _ := base64.RawStdEncoding.Decode(out, only) // what could be read counts
		return Unix(out[:n]), true
	case "quoted-printable":
		out, _ := io.ReadAll(io.LimitReader(quotedprintable.NewReader(bytes.NewReader(body)), most)) // the same
		return Unix(out), true
	}
	return body, false
}

var (
	lineTags = regexp.MustCompile(`(?i)</?(?:br|p|div|tr|li|pre|blockquote|h[1-6])\b[^>]*>(?:\r?\n)?`)
	tags     = regexp.MustCompile(`<[A-Za-z/!][^>]*>`)
)

// Plain makes lines of text out of HTML, as far as quoted headers need it.
func Plain(text []byte) []byte {
	text = lineTags.ReplaceAll(text, []byte("\n"))
	return bytes.ReplaceAll([]byte(html.UnescapeString(string(tags.ReplaceAll(text, nil)))), []byte("\u00a0"), []byte(" "))
}

// Narrow takes a byte order mark off and makes UTF-8 of UTF-16; moved says that offsets are no longer those of the file.
func Narrow(data []byte) (text []byte, moved bool) {
	little := bytes.HasPrefix(data, []byte{0xff, 0xfe}) || len(data) >= 4 && data[0] != 0 && data[1] == 0 && data[2] != 0 && data[3] == 0
	big := bytes.HasPrefix(data, []byte{0xfe, 0xff}) || len(data) >= 4 && data[0] == 0 && data[1] != 0 && data[2] == 0 && data[3] != 0
	if !little && !big {
		return Unix(bytes.TrimPrefix(data, []byte("\xef\xbb\xbf"))), bytes.HasPrefix(data, []byte("\xef\xbb\xbf"))
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
	return Unix(text), true
}
