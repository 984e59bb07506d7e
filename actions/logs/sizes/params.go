package sizes

import (
	"math"
	"slices"

	"hikeshi/actions/logs/ask"
	"hikeshi/actions/logs/desk"
	"hikeshi/spool"
)

// params say which days are compared, whole days each, and how many logs are told.
type params struct {
	Since string `json:"since"` // the first day before; without it as many as are compared
	Until string `json:"until"` // the day that is compared; without it the newest one of each log
	Top   int    `json:"top"`
}

// cut leaves the files of the days that are asked for.
func (p params) cut(all []spool.Log, env desk.Env) error {
	newest := int64(0)
	for _, l := range all {
		for _, f := range l.Files {
			newest = max(newest, dayOf(f))
		}
	}
	if newest == 0 { // there are no files
		newest = env.Now() / day
	}
	asked := ask.Span{Since: p.Since, Until: p.Until, Zone: env.WallZone()}
	until, err := asked.End((newest+1)*day - 1)
	if err != nil {
		return err
	}
	since, err := asked.Begin(until, math.MinInt64)
	if err != nil {
		return err
	}
	for i := range all {
		all[i].Files = slices.DeleteFunc(slices.Clone(all[i].Files), func(f spool.LogFile) bool {
			at := dayOf(f) * day
			return at >= until || at+day <= since
		})
	}
	return nil
}
