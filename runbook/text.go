package runbook

import "fmt"

// Text is a text for on-call people, in the languages of the product. An empty JA means: as in English.
type Text struct {
	EN string `json:"en" yaml:"en"`
	JA string `json:"ja,omitempty" yaml:"ja"`
}

// T returns a Text; ja may be empty.
func T(en, ja string) Text { return Text{EN: en, JA: ja} }

// Tf formats both languages with the same arguments.
func Tf(en, ja string, args ...any) Text {
	t := Text{EN: fmt.Sprintf(en, args...)}
	if ja != "" {
		t.JA = fmt.Sprintf(ja, args...)
	}
	return t
}

// Count writes a number with commas and an English noun in the form that goes with it: 1 file, 1,114 files. The plural is the noun
// with an s.
func Count(n int64, noun string) string {
	if n == 1 {
		return "1 " + noun
	}
	s := fmt.Sprint(n)
	for i := len(s) - 3; i > 0 && s[i-1] != '-'; i -= 3 {
		s = s[:i] + "," + s[i:]
	}
	return s + " " + noun + "s"
}

// In returns the text in lang ("en" or "ja"), in English where there is no other.
func (t Text) In(lang string) string {
	if lang == "ja" && t.JA != "" {
		return t.JA
	}
	return t.EN
}

// IsZero says whether there is no text at all.
func (t Text) IsZero() bool { return t.EN == "" && t.JA == "" }
