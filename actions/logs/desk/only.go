package desk

import "hikeshi/spool"

// Only leaves the logs that tell of one of these kinds of events, each line for itself, and reads the window without the history
// before it. It comes before Read.
func (r *Reading) Only(kinds ...spool.EventKind) {
	var some []spool.Log
	for _, l := range r.Logs {
		for _, k := range kinds {
			if Says(l, k) && !l.Sessions {
				some = append(some, l)
				break
			}
		}
	}
	r.Logs, r.Span.History = some, r.Span.Since
}

// Uncovered are the logs that do not cover the window, in their order.
func (r *Reading) Uncovered() []spool.Log {
	var all []spool.Log
	for _, l := range r.Logs {
		if some, whole := r.Covers(l); !some || !whole {
			all = append(all, l)
		}
	}
	return all
}
