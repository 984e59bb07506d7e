package address

import (
	"strings"
	"testing"

	"pgregory.net/rapid"
)

func TestSet(t *testing.T) {
	own := []string{"Example.JP", "example.net"}
	tests := []struct {
		want, address string
		ok            bool
	}{
		{"taro@example.jp", "Taro@Example.JP", true},
		{"<taro@example.jp>", "taro@example.jp", true},
		{" taro@example.jp. ", "taro@example.jp", true},
		{"taro@example.jp", "xtaro@example.jp", false},
		{"taro@example.jp", `"taro"@example.jp`, true},
		{"taro@example.jp", `"t\aro"@example.jp`, true},
		{"taro@example.jp", "<taro@example.jp>", true},
		{"taro@example.jp", "@relay.example.com,@b.example.com:taro@example.jp", true},
		{"taro@example.jp", "taro @ example.jp", true},
		{"taro@example.jp", "ta\x00ro@example.jp\r", true},
		{"taro@example.jp", "taro@example.jp..", true},
		{"taro@example.jp", "taro", true}, // the server takes it for one of its own
		{"taro@example.com", "taro", false},
		{"example.jp", "taro@example.jp", true},
		{"example.jp", "taro", true},
		{"@example.jp", "taro@example.jp.", true},
		{"@example.jp", "", false},
		{"example.jp", "taro@mail.example.jp", false},
		{"ample.jp", "taro@example.jp", false},
		{"<>", "", true},
		{"<>", "<>", true},
		{"", "", true},
		{"<>", "taro@example.jp", false},
		{"@", "taro@example.jp", false},
		{"example.jp", `"a@b"@example.jp`, true},
		{"taro", "taro", true},
		{"taro", "TARO@example.jp", true},
		{"taro", "taro@example.net", true},
		{"taro", "taro@example.com", false},
		{"taro", "xtaro@example.jp", false},
		{"taro.yamada", "taro.yamada@example.jp", true},
	}
	for _, test := range tests {
		if got := NewSet([]string{"other@example.org", test.want}, own).Has(test.address); got != test.ok {
			t.Errorf("%q and %q: %v", test.want, test.address, got)
		}
	}
	if NewSet([]string{"taro"}, nil).Has("taro@example.jp") {
		t.Error("an account of an unknown domain was taken")
	}
	if s := NewSet([]string{"taro"}, nil); !func() bool { s.Anywhere = true; return s.Has("taro@example.jp") }() {
		t.Error("an account anywhere was not taken")
	}
	if NewSet(nil, own).Len() != 0 || NewSet([]string{"@example.com"}, own).Len() == 0 || NewSet([]string{"<>"}, own).Len() == 0 {
		t.Error("counted wrongly")
	}
}

// Whatever surrounds an address without a meaning, it is still the one that is asked for.
func TestNoise(t *testing.T) {
	s := NewSet([]string{"taro@example.jp"}, nil)
	rapid.Check(t, func(t *rapid.T) {
		var b strings.Builder
		for _, r := range "TaRo@example.jp" {
			b.WriteString(rapid.StringOfN(rapid.RuneFrom([]rune("\x00\x01\t\r\n \"\\<>\x7f")), 0, 2, -1).Draw(t, "noise"))
			b.WriteRune(r)
		}
		if !s.Has(b.String()) {
			t.Errorf("%q is not seen", b.String())
		}
	})
}

func TestNull(t *testing.T) {
	for sender, want := range map[string]bool{"": true, "<>": true, " ": true, `""`: true, "\x00": true, "@a.example.com:": true, "a": false, "a@example.jp": false, "@": false} {
		if Null(sender) != want {
			t.Errorf("%q: %v", sender, !want)
		}
	}
}
