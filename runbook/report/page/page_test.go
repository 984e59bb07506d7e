package page

import (
	"strings"
	"testing"
)

func TestPlain(t *testing.T) {
	for in, want := range map[string]string{
		"a\nb\tc": "a b c", "\x1b[31mred": `\u001b[31mred`, "a\u202eb\u200b": `a\u202eb\u200b`, "\xff日": `\xff日`, "\ufffd": "\ufffd",
		" x ": "x", "\u009b1m": `\u009b1m`, "\u2028": `\u2028`, "": "", "\U000e0041": `\U000e0041`, "a\rb": "a b",
	} {
		if got := Plain(in); got != want {
			t.Errorf("%q: %q, want %q", in, got, want)
		}
		if Plain(Plain(in)) != Plain(in) {
			t.Errorf("%q: written out twice", in)
		}
	}
}

func TestWrap(t *testing.T) {
	for _, tt := range []struct {
		text string
		n    int
		want string
	}{
		{"", 10, ""}, {"one two three", 8, "one two|three"}, {"abcdefghij", 4, "abcd|efgh|ij"}, {"日本語の文章", 5, "日本|語の|文章"},
		{"日本語、文章", 6, "日本|語、文|章"}, {"a  b", 3, "a|b"}, {"exact", 5, "exact"}, {"日", 1, "日"}, {"。。。。", 4, "。。|。。"},
	} {
		if got := strings.Join(wrap(tt.text, tt.n), "|"); got != tt.want {
			t.Errorf("%q at %d: %q, want %q", tt.text, tt.n, got, tt.want)
		}
	}
}

func TestEscape(t *testing.T) {
	for in, want := range map[string]string{
		"a*b_c`d": "a\\*b\\_c\\`d", "[x](y)": `\[x\](y)`, "<b>&amp;": `\<b>\&amp;`, "# h": `\# h`, "1. x": `1\. x`, "12) x": `12\) x`,
		"- x": `\- x`, "2026-11-21 1.5": "2026-11-21 1.5", "http://example.net": `http\://example.net`, "www.example.net": `www\.example.net`,
		"taro@example.jp": `taro\@example.jp`, "a|b ~~c~~ $x$": `a\|b \~\~c\~\~ \$x\$`, `back\slash`: `back\\slash`,
	} {
		if got := escape(in); got != want {
			t.Errorf("%q: %q, want %q", in, got, want)
		}
	}
}
