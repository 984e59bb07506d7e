package sizes

import (
	"fmt"
	"slices"

	"hikeshi/actions/logs/ask"
	"hikeshi/actions/logs/desk"
	"hikeshi/runbook"
	"hikeshi/spool"
)

// params say which days are compared, whole days each, and how many logs are told.
type params struct {
	Since string `json:"since"` // the first day before; without it as many as are compared
	Until string `json:"until"` // the day that is compared; without it the newest one of each log
	Top   int    `json:"top"`
}

// cut leaves the files of the days that are asked for.
func (p params) cut(all []spool.Log) error {
	newest := int64(0)
	for _, l := range all {
		for _, f := range l.Files {
			newest = max(newest, dayOf(f))
		}
	}
	end := (newest + 1) * day
	until, err := ask.Moment("until", p.Until, end, end-1, true)
	if err != nil {
		return err
	}
	since, err := ask.Moment("since", p.Since, 0, until, false)
	if err != nil {
		return err
	}
	if since >= until {
		return fmt.Errorf("reading parameter since: %w: %s is not before %s", runbook.ErrInput, desk.Clock(since), desk.Clock(until))
	}
	for i := range all {
		all[i].Files = slices.DeleteFunc(slices.Clone(all[i].Files), func(f spool.LogFile) bool {
			at := dayOf(f) * day
			return at >= until || at+day <= since
		})
	}
	return nil
}
