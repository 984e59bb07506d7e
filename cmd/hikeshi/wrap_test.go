package main

import (
	"slices"
	"strings"
	"testing"
)

func TestWrap(t *testing.T) {
	for name, c := range map[string]struct {
		n    int
		text string
		want []string
	}{
		"fits":                                {20, "a few words", []string{"a few words"}},
		"at a space":                          {12, "a few more words", []string{"a few more", "words"}},
		"at a gap":                            {13, "one two  three four", []string{"one two", "three four"}},
		"keeps the indentation":               {12, "  a few more words", []string{"  a few more", "  words"}},
		"a word that is too long":             {8, "in abcdefghijklmnop", []string{"in abcde", "fghijklm", "nop"}},
		"between Japanese characters":         {12, "認証の記録がない", []string{"認証の記録が", "ない"}},
		"no line begins with a comma":         {12, "ログの認証、受理", []string{"ログの認証、", "受理"}},
		"nor where it does not fit any more":  {10, "ログの認証、受理", []string{"ログの認", "証、受理"}},
		"nor with a full stop":                {10, "記録がない。次", []string{"記録がな", "い。次"}},
		"nor with a bracket that closes":      {13, "参考(記録なし)", []string{"参考(記録な", "し)"}},
		"nor with one of these":               {7, "値は「五」", []string{"値は", "「五」"}},
		"nor with a long vowel or small kana": {9, "保持者のティーの話", []string{"保持者の", "ティーの", "話"}},
		"none ends with a bracket that opens": {11, "接続元は (不明な値)", []string{"接続元は", "(不明な値)"}},
		"no Latin word is broken":             {14, "根拠はacceptlogの行", []string{"根拠は", "acceptlogの行"}},
		"no address is broken":                {18, "接続元は203.0.113.9の疑い", []string{"接続元は", "203.0.113.9の疑い"}},
		"no path is broken":                   {24, "ログは/var/spool/epms/inlogにある", []string{"ログは", "/var/spool/epms/inlogに", "ある"}},
		"no number from its unit":             {11, "送信数は1,231通ある", []string{"送信数は", "1,231通ある"}},
		"nor by a space":                      {13, "送信の数は 12 通ある", []string{"送信の数は", "12 通ある"}},
		"no word in katakana is broken":       {11, "受信のサーバーの数", []string{"受信の", "サーバーの", "数"}},
		"a word in katakana that is too long": {6, "サーバーサーバー", []string{"サーバ", "ーサー", "バー"}},
		"Japanese beside words with spaces":   {16, "これは hikeshi logs で見る", []string{"これは hikeshi", "logs で見る"}},
		"the last place, not the first space": {20, "D1 一時間の通数が多すぎる", []string{"D1 一時間の通数が多", "すぎる"}},
		"lines of their own":                  {20, "one\n二つ目\n\n", []string{"one", "二つ目"}},
		"a column that is too narrow":         {1, "認証", []string{"認", "証"}},
		"bytes that are no text":              {3, "ab\xff\xfecd", []string{"ab\xff", "\xfecd"}},
	} {
		if got := wrap(c.text, c.n); !slices.Equal(got, c.want) {
			t.Errorf("%s: got %q, want %q", name, got, c.want)
		}
	}
}

// FuzzWrap: no line is wider than asked for but one that holds a single character, and nothing but spaces is lost.
func FuzzWrap(f *testing.F) {
	f.Add("これは 203.0.113.9 (acceptlog) の行。", 20)
	f.Add("    /var/spool/epms/inbox/taro/apop.dat  x", 7)
	f.Fuzz(func(t *testing.T, text string, n int) {
		n = 2 + max(n, -n)%100
		if n < 2 || len(text) > 1<<12 {
			return
		}
		bare := func(s string) string { return strings.NewReplacer(" ", "", "\n", "").Replace(s) }
		lines := wrap(text, n)
		if got := bare(strings.Join(lines, "")); got != bare(text) {
			t.Fatalf("%q became %q", text, got)
		}
		for _, l := range lines {
			if cells.StringWidth(l) > n+2 && cells.StringWidth(strings.TrimLeft(l, " ")) > 2 {
				t.Fatalf("%q is wider than %d", l, n)
			}
		}
	})
}
