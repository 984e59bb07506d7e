package tally

import (
	"fmt"
	"strings"
	"testing"
)

func TestCounterKeepsWhatIsFrequent(t *testing.T) {
	var a, b counter
	for i := range 10 * maxNames {
		a.add(fmt.Sprint("rare", i))
		b.add(fmt.Sprint("other", i))
		if i%10 == 0 {
			a.add("frequent")
			b.add("frequent")
		}
	}
	a.merge(&b)
	if len(a.n) > maxNames {
		t.Errorf("%d names", len(a.n))
	}
	top := a.top(2)
	if top[0].Name != "frequent" || top[0].N < 3*maxNames/2 || top[0].N > 2*maxNames {
		t.Errorf("%v", top)
	}
	var none counter
	if len(none.top(5)) != 0 {
		t.Error("names out of nothing")
	}
}

func TestClean(t *testing.T) {
	for text, want := range map[string]string{
		"Taro@Example.JP": "taro@example.jp", "a\x1b[31m\r\nb": "a?[31m??b", "\xff\xfe": "??", "日本@例え.jp": "日本@例え.jp", "a\u202eb": "a?b", "a\u200bb": "a?b",
		strings.Repeat("あ", 200): strings.Repeat("あ", 106) + "??",
	} {
		if got := Clean(text); got != want {
			t.Errorf("Clean(%q) = %q", text, got)
		}
	}
	for address, want := range map[string]string{"a@Example.com.": "example.com", "a": "", "a@b@c": "c", "@": "", "a@[203.0.113.9]": "[203.0.113.9]"} {
		if got := domain(address); got != want {
			t.Errorf("domain(%q) = %q", address, got)
		}
	}
}
