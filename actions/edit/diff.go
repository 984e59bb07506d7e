package edit

import (
	"fmt"
	"strings"
	"unicode/utf8"

	"github.com/aymanbagabas/go-udiff"
)

// maxDiff bounds the difference that is shown, in bytes.
const maxDiff = 4 << 10

// Diff is the difference for people: bytes that are no text are written as \x93, and it is bounded.
func Diff(path string, before, after []byte) string {
	text := udiff.Unified(path, path, readable(before), readable(after))
	if len(text) > maxDiff {
		text = strings.ToValidUTF8(text[:maxDiff], "") + "\n(cut)"
	}
	return text
}

func readable(data []byte) string {
	if utf8.Valid(data) {
		return string(data)
	}
	var b strings.Builder
	for len(data) > 0 {
		r, n := utf8.DecodeRune(data)
		if r == utf8.RuneError && n == 1 {
			fmt.Fprintf(&b, `\x%02x`, data[0])
		} else {
			b.WriteRune(r)
		}
		data = data[n:]
	}
	return b.String()
}
