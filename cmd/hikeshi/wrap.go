package main

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

// What no line begins with, and what none ends with (JIS X 4051, in short: marks that close, small kana, marks that open).
const (
	neverFirst = "、。,.，．)」』】〉》〕］｝）]}:;：；!?！？・…‥ー〜々%％‰゛゜ヽヾゝゞぁぃぅぇぉっゃゅょゎァィゥェォッャュョヮヵヶ"
	neverLast  = "「『【〈《〔［｛（([{"
)

// wrap breaks text into lines of at most n cells. A line keeps its indentation.
func wrap(text string, n int) []string {
	var lines []string
	for _, para := range strings.Split(strings.TrimRight(text, "\n"), "\n") {
		lines = append(lines, wrapOne(para, n)...)
	}
	return lines
}

func wrapOne(para string, n int) []string {
	var lines []string
	indent := para[:min(len(para)-len(strings.TrimLeft(para, " ")), n/2)]
	for cells.StringWidth(para) > n {
		cut := breakAt(para, len(indent), n)
		lines = append(lines, strings.TrimRight(para[:cut], " "))
		rest := strings.TrimLeft(para[cut:], " ")
		if rest == "" {
			return lines
		}
		para = indent + rest
	}
	return append(lines, para)
}

// breakAt is where a line is broken of which no more than n cells fit: at the last place that may be broken, or at a gap between things that
// belong together if that is not far before it. A word that is as long as a line is broken where it has to be.
func breakAt(para string, indent, n int) int {
	fits, last, gap, w := 0, 0, 0, 0
	var before rune
	for i, r := range para {
		if i > indent && mayBreak(before, r, para[i:]) {
			last = i
			if strings.HasPrefix(para[i:], "  ") {
				gap = i
			}
		}
		if w += cells.RuneWidth(r); w > n {
			break
		}
		fits, before = i+size(para[i:]), r
	}
	switch {
	case gap > indent+n/2:
		return gap
	case last > indent && cells.StringWidth(word(para[last:])) <= n-indent:
		return last
	}
	return max(fits, indent+size(para[indent:]))
}

// word is what a text begins with that is not broken, without the spaces before it.
func word(text string) string {
	text = strings.TrimLeft(text, " ")
	var before rune
	for i, r := range text {
		if i > 0 && mayBreak(before, r, text[i:]) {
			return text[:i]
		}
		before = r
	}
	return text
}

// first is the first rune of a text, size its length in bytes.
func first(text string) rune {
	r, _ := utf8.DecodeRuneInString(text)
	return r
}

func size(text string) int {
	_, n := utf8.DecodeRuneInString(text)
	return n
}

// mayBreak says whether a line may end with before and the next one begin with r, which rest begins with: at a space, and between
// characters of which one is Japanese. Words, also those in katakana, numbers with their units, and paths stay whole.
func mayBreak(before, r rune, rest string) bool {
	switch {
	case before == ' ':
		return false // broken before it, or a gap
	case r == ' ':
		next := first(strings.TrimLeft(rest, " "))
		return !strings.ContainsRune(neverFirst, next) && !(unicode.IsDigit(before) && unspaced(next))
	case !unspaced(before) && !unspaced(r), cells.RuneWidth(r) == 0:
		return false
	case unicode.IsDigit(before) && unspaced(r), katakana(before) && katakana(r):
		return false
	}
	return !strings.ContainsRune(neverFirst, r) && !strings.ContainsRune(neverLast, before)
}

// unspaced says whether a rune is of a script that is written without spaces, or one of its marks.
func unspaced(r rune) bool {
	return cells.RuneWidth(r) == 2 || unicode.In(r, unicode.Han, unicode.Hiragana, unicode.Katakana)
}

func katakana(r rune) bool { return unicode.Is(unicode.Katakana, r) || r == 'ー' }
