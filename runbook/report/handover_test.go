package report

import (
	"bytes"
	"strings"
	"testing"
	"unicode"

	"github.com/mattn/go-runewidth"
)

// The next responder is told where it stands, since when mail is down, what comes next, what is open and what is due.
func TestHandover(t *testing.T) {
	r, err := Build(sample().records)
	if err != nil {
		t.Fatal(err)
	}
	for lang, facts := range map[string][]string{
		"en": {"stopped at step deny", "hikeshi resume 20261121-0312", "4/8 deny the sources: failed", "tell the provider (done by hand, taro (root)): by telephone", "write down the cause (skipped, taro (root)): known already", "1 denial is due", "provider called", "check from outside: not reached"},
		"ja": {"途中で停止", "次にすること", "発信元の拒否: 失敗", "期限のあるもの", "引き継ぎ 事案 20261121-0312"},
	} {
		for _, markdown := range []bool{false, true} {
			var b bytes.Buffer
			if err := r.Handover(&b, markdown, Form{lang, tokyo}, []string{"1 denial is due"}); err != nil {
				t.Fatal(err)
			}
			if !markdown {
				has(t, b.String(), facts...)
				for _, line := range strings.Split(b.String(), "\n") {
					if n := runewidth.StringWidth(line); n > 80 && strings.Contains(strings.TrimSpace(line), " ") {
						t.Errorf("%d columns: %s", n, line)
					}
				}
			}
			if strings.ContainsFunc(b.String(), func(c rune) bool { return unicode.IsControl(c) && c != '\n' }) || strings.Contains(b.String(), "\u202e") {
				t.Errorf("control characters:\n%q", b.String())
			}
		}
	}
}
