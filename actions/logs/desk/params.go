package desk

import "hikeshi/runbook"

// Shared are the parameters that the kinds have in common, as the catalogue shows them.
func Shared(names ...string) []runbook.Param {
	all := []runbook.Param{
		{Name: "since", Type: runbook.String, Short: "from when on: 2026-11-21, \"2026-11-21 03:00\", 03:00 or 24h before the end, in the server's time, or 2026-11-21T03:00:00+09:00 (24h; of mailboxes up to 168h)"},
		{Name: "until", Type: runbook.String, Short: "until when (the last line of the logs)"},
		{Name: "accounts", Type: runbook.Strings, Short: "only these accounts"},
		{Name: "sources", Type: runbook.Strings, Short: "only these addresses and networks"},
		{Name: "top", Type: runbook.Int, Short: "at most so many of each (20)"},
		{Name: "exempt_accounts", Type: runbook.Strings, Short: "accounts that are never suspects"},
		{Name: "exempt_sources", Type: runbook.Strings, Short: "addresses and networks that are never suspects"},
	}
	var some []runbook.Param
	for _, p := range all {
		for _, n := range names {
			if p.Name == n {
				some = append(some, p)
			}
		}
	}
	return some
}
