// Package phrase puts the texts of an answer together, in both languages.
package phrase

import (
	"fmt"
	"strings"

	"hikeshi/actions/trace/received"
	"hikeshi/runbook"
)

// Client names the client of a line.
func Client(h received.Hop) string {
	switch {
	case h.IP.IsValid() && h.RDNS != "" && h.RDNS != h.IP.String():
		return h.IP.String() + " (" + h.RDNS + ")"
	case h.IP.IsValid():
		return h.IP.String()
	case h.BadIP != "":
		return h.BadIP
	case h.Local && strings.Trim(h.Ident, "0123456789") == "" && h.Ident != "":
		return "uid " + h.Ident
	case h.Local && h.Ident != "":
		return h.Ident
	}
	return "?"
}

// Named is a name, or a question mark.
func Named(name string) string {
	if name == "" {
		return "?"
	}
	return name
}

// Same is a text that needs no translation.
func Same(text string) runbook.Text { return runbook.T(text, text) }

// Number names a line as people count.
func Number(line int) runbook.Text { return Same(fmt.Sprint(line + 1)) }

// Both formats both languages, each with the arguments in its own.
func Both(en, ja string, args ...runbook.Text) runbook.Text {
	var inEN, inJA []any
	for _, a := range args {
		inEN, inJA = append(inEN, a.EN), append(inJA, a.JA)
	}
	return runbook.T(fmt.Sprintf(en, inEN...), fmt.Sprintf(ja, inJA...))
}

// Then puts two texts one after the other.
func Then(a, b runbook.Text) runbook.Text { return runbook.T(a.EN+b.EN, a.JA+b.JA) }
