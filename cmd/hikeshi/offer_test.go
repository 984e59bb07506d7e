package main

import (
	"strings"
	"testing"
)

func TestOffered(t *testing.T) {
	list := []string{"taro@example.jp suspect, 37 addresses", "hanako@example.jp hint", "jiro"}
	for _, c := range []struct{ typed, want, wrong, left string }{
		{"1,3", "taro@example.jp jiro", "", "hanako@example.jp"},
		{" 2 , goro@example.jp", "hanako@example.jp goro@example.jp", "", "taro@example.jp jiro"},
		{"１、２，３", "taro@example.jp hanako@example.jp jiro", "", ""},
		{"4", "", "4", "taro@example.jp hanako@example.jp jiro"},
		{"0", "", "0", "taro@example.jp hanako@example.jp jiro"},
		{"-", "-", "", "taro@example.jp hanako@example.jp jiro"},
		{" , ", "", "", "taro@example.jp hanako@example.jp jiro"},
	} {
		names, wrong := offered(list, c.typed)
		left := notChosen(list, names)
		if strings.Join(names, " ") != c.want || wrong != c.wrong || strings.Join(left, " ") != c.left {
			t.Errorf("%q: %q, wrong %q, left %q", c.typed, names, wrong, left)
		}
	}
}
