package field

import (
	"strings"

	"hikeshi/actions/delist/harmless"
)

// Gap marks what a person has to fill in. A letter with a gap is incomplete.
func Gap(lang, what string) string {
	what = strings.NewReplacer("[[", "", "]]", "", "【", "", "】", "").Replace(harmless.Line(what))
	if lang == "ja" {
		return "【要記入:" + what + "】"
	}
	return "[[FILL IN: " + what + "]]"
}

// HasGap says whether a text has a gap in any language.
func HasGap(text string) bool {
	return strings.Contains(text, "[[FILL IN: ") || strings.Contains(text, "【要記入:")
}
