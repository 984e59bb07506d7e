package systemlog

import (
	"strings"
	"testing"
	"unicode/utf8"
)

func TestLines(t *testing.T) {
	for name, text := range map[string]string{
		"empty": "", "short": "incident 20261121-0312\n", "exact": strings.Repeat("x", maxLine), "one more": strings.Repeat("x", maxLine+1),
		"Japanese": strings.Repeat("記録", 5000), "invalid": strings.Repeat("\x80", 5000), "huge": strings.Repeat("y", 1<<20),
	} {
		got := lines(text)
		if len(got) == 0 || len(got) > maxLines {
			t.Errorf("%s: %d lines", name, len(got))
		}
		var all strings.Builder
		for _, line := range got {
			if len(line) > maxLine+10 {
				t.Errorf("%s: a line of %d bytes", name, len(line))
			}
			if len(got) > 1 {
				_, line, _ = strings.Cut(line, " ")
			}
			if utf8.ValidString(text) && !utf8.ValidString(line) {
				t.Errorf("%s: cut inside a character", name)
			}
			all.WriteString(line)
		}
		if want := strings.TrimSpace(text); name != "huge" && all.String() != want {
			t.Errorf("%s: %d bytes of %d", name, all.Len(), len(want))
		}
	}
}
