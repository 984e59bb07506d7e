package page

import (
	"fmt"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/mattn/go-runewidth"
)

// width is the number of columns of text, and cells measures it. Characters of ambiguous width count as wide: a line may then end a
// little early, never late.
const width = 80

func cells() *runewidth.Condition { return &runewidth.Condition{EastAsianWidth: true} }

// Plain makes text of any origin one harmless line: control characters and those that reorder text are written out.
func Plain(text string) string {
	var b strings.Builder
	for i, c := range text {
		switch {
		case c == utf8.RuneError && !strings.HasPrefix(text[i:], string(utf8.RuneError)):
			fmt.Fprintf(&b, `\x%02x`, text[i])
		case c == '\n' || c == '\t' || c == '\r':
			b.WriteByte(' ')
		case Steers(c) && c > 0xffff:
			fmt.Fprintf(&b, `\U%08x`, c)
		case Steers(c):
			fmt.Fprintf(&b, `\u%04x`, c)
		default:
			b.WriteRune(c)
		}
	}
	return strings.TrimSpace(b.String())
}

// wrap breaks text into lines of at most n columns: at blanks, or between characters where a word or Japanese text leaves none.
func wrap(text string, n int) []string {
	c := cells()
	var lines []string
	for c.StringWidth(text) > n {
		cut, blank, used := 0, 0, 0
		for i, r := range text {
			if used += c.RuneWidth(r); used > n && i > 0 {
				break
			}
			if r == ' ' {
				blank = i
			}
			cut = i + utf8.RuneLen(r)
		}
		if text[cut:] == "" {
			break
		}
		if blank > cut/2 && text[cut] != ' ' {
			cut = blank
		} else {
			cut = kinsoku(text, cut)
		}
		lines = append(lines, strings.TrimRight(text[:cut], " "))
		text = strings.TrimLeft(text[cut:], " ")
	}
	return append(lines, text)
}

// kinsoku moves a cut back when the next line would begin with a mark that may not stand there (JIS X 4051).
func kinsoku(text string, cut int) int {
	for at := cut; at > cut/2; {
		next, _ := utf8.DecodeRuneInString(text[at:])
		_, n := utf8.DecodeLastRuneInString(text[:at])
		if !strings.ContainsRune("、。,.)」』】:;!?ーぁぃぅぇぉっゃゅょァィゥェォッャュョ", next) {
			return at
		}
		at -= n
	}
	return cut
}

// escape makes text stand for itself in Markdown, GitHub's among them: no markup, no HTML, no links.
func escape(text string) string {
	text = Plain(text)
	var b strings.Builder
	for i, c := range text {
		lead := strings.TrimLeft(text[:i], "0123456789") == ""
		switch {
		case strings.ContainsRune("\\`*_[]<|&~$@", c), // markup, HTML, entities, mentions
			i == 0 && strings.ContainsRune("#>-+=", c), lead && i > 0 && strings.ContainsRune(".)", c), // beginnings of blocks
			c == ':' && strings.HasPrefix(text[i:], "://"), c == '.' && strings.HasSuffix(strings.ToLower(text[:i]), "www"): // links
			b.WriteByte('\\')
		}
		b.WriteRune(c)
	}
	return b.String()
}

// Steers says that c could move, hide or reorder what a terminal or a page shows.
func Steers(c rune) bool {
	return unicode.IsControl(c) || unicode.Is(unicode.Cf, c) || c == '\u2028' || c == '\u2029'
}
