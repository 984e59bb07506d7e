package suspects

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"hikeshi/actions/logs/desk"
	"hikeshi/runbook"
)

// quotes are all lines that are cited, for the record.
func quotes(f Facts) string {
	var b strings.Builder
	for _, s := range slices.Concat(f.Accounts, f.From) {
		as := ""
		if s.Sender {
			as = ", as a sender only: no log tells whether it logged in"
		}
		fmt.Fprintf(&b, "%s (%s%s): messages: %s, recipients: %s\n", s.Name, s.Level, as, amount(s.Messages), amount(s.Recipients))
		for _, g := range s.Signals {
			fmt.Fprintf(&b, "  %s %s: %g (%g)\n", g.ID, g.What, g.Value, g.Threshold)
			for _, e := range g.Evidence {
				fmt.Fprintf(&b, "    %s:%d: %s\n", e.File, e.Offset, cmp.Or(e.Text, "(may hold a password, or is no longer there: not quoted)"))
			}
		}
	}
	return b.String()
}

// amount writes a number of which it is not always known how large it is.
func amount(n *int64) string {
	if n == nil {
		return "?"
	}
	return desk.Number(*n)
}

// more says how many are left out of a list, and how to see them; words are what it is a list of.
func more(found []runbook.Finding, shown, left int, words runbook.Text) []runbook.Finding {
	if left == 0 {
		return found
	}
	return append(found, runbook.Finding{Level: runbook.Info, Text: runbook.T(
		fmt.Sprintf("%s more %s: --top %d", desk.Number(int64(left)), words.EN, shown+left),
		fmt.Sprintf("ほかに%s %s 件: --top %d で表示", words.JA, desk.Number(int64(left)), shown+left))})
}
