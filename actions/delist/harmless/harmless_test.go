package harmless

import (
	"strings"
	"testing"
)

func TestQuote(t *testing.T) {
	for said, want := range map[string]string{
		"550 <taro@example.jp>: no":                      "550 <@example.jp>: no",
		"see https://a.example/?u=x%40example.com&t=1":   "see https://a.example/?@example.com&t=1",
		"bounce-x=40example.com@list.example":            "@list.example",
		"\"a b\"@example.jp":                             "@example.jp",
		"全角@example.jp":                                  "@example.jp",
		"taro: no such user; TARO. mail.taro.example.jp": "***: no such user; ***. mail.taro.example.jp",
		"jo is too short a name to look for":             "jo is too short a name to look for",
		"one\r\ntwo\tthree \x00 \u202e \u2028 four \xff": "one two three ? ?   four ?",
		strings.Repeat("a", 600):                         strings.Repeat("a", 500) + " ...",
	} {
		if got := Quote(said, []string{"taro@example.jp", "jo"}); got != want {
			t.Errorf("%q: %q, want %q", said, got, want)
		}
	}
	if got := Lines(" a\r\nb\tc\rd\x1b "); got != "a\nb c d?" {
		t.Errorf("%q", got)
	}
}

func TestForms(t *testing.T) {
	for s, want := range map[string]bool{"noc@example.jp": true, "": false, "noc": false, "<noc@example.jp>": false, "N <noc@example.jp>": false,
		"noc@example.jp\nBcc: x@example.com": false, "\"a b\"@example.jp": false, "a@example.jp, b@example.jp": false} {
		if IsEmail(s) != want {
			t.Errorf("IsEmail(%q) is not %v", s, want)
		}
	}
	for s, want := range map[string]bool{"mail.example.jp": true, "日本.example": true, "localhost": false, "a b.example": false, "a.example\n": false, "": false} {
		if IsName(s) != want {
			t.Errorf("IsName(%q) is not %v", s, want)
		}
	}
	for s, want := range map[string]bool{"a@Example.JP": true, "a@m.example.jp": true, "a@notexample.jp": false, "example.jp": false, "a@example.jp.example": false} {
		if IsAt(s, []string{"", "example.jp."}) != want {
			t.Errorf("IsAt(%q) is not %v", s, want)
		}
	}
}
