package sizes

import (
	"context"
	"errors"
	"slices"

	"hikeshi/actions/logs/peek"
	"hikeshi/spool"
)

// marks is at how many places a long file is looked at, about.
const marks = 4096

// minutes are how many bytes were written in each minute of a day.
type minutes [1440]int64

// sum is that of n minutes from at on, as far as the day goes.
func (m *minutes) sum(at, n int) (bytes int64) {
	for _, b := range m[at:min(at+n, len(m))] {
		bytes += b
	}
	return bytes
}

// usual is what was written in the hours of the days before, day by day: in each hour of the clock, and in the busiest one.
type usual struct {
	hours   [24][]int64
	busiest []int64
}

func (u *usual) add(m *minutes) {
	most := int64(0)
	for h := range u.hours {
		n := m.sum(h*60, 60)
		u.hours[h], most = append(u.hours[h], n), max(most, n)
	}
	if most > 0 {
		u.busiest = append(u.busiest, most)
	}
}

// middle is the median, 0 of none: one day of a newsletter does not make its hour a usual one.
func middle(all []int64) int64 {
	if len(all) == 0 {
		return 0
	}
	slices.Sort(all)
	return all[len(all)/2]
}

// began is when the log began to grow faster than it usually does, on the wall clock; 0 if that cannot be told. The lines of the
// swollen day, minute by minute, are compared with those of the days before, hour by hour.
func began(ctx context.Context, ability spool.Logs, l spool.Log, newest, median int64) (int64, error) {
	var now minutes
	var past usual
	var errs []error
	days := byDay(l.Files, newest)
	for at := newest - compared; at <= newest; at++ {
		var one minutes
		for _, f := range days[at] {
			errs = append(errs, one.add(ctx, ability.Parser(l.Name, f), f))
		}
		if at == newest {
			now = one
			continue
		}
		if len(days[at]) > 0 {
			past.add(&one)
		}
	}
	if at, ok := now.jump(past, median); ok {
		return newest*day + int64(at)*60, errors.Join(errs...)
	}
	return 0, errors.Join(errs...)
}

// byDay are the files of a day and of the days that it is compared with, without the compressed ones: their lines cannot be looked at
// here and there.
func byDay(files []spool.LogFile, newest int64) map[int64][]spool.LogFile {
	all := map[int64][]spool.LogFile{}
	for _, f := range files {
		if at := dayOf(f); f.Compressed == "" && at <= newest && at >= newest-compared {
			all[at] = append(all[at], f)
		}
	}
	return all
}

// add counts the lines of a file. What lies between two places that are looked at counts for the minute of the later one: where a log
// swells that is nearly the minute in which it was written.
func (m *minutes) add(ctx context.Context, p spool.LogParser, f spool.LogFile) error {
	if p == nil {
		return nil
	}
	all, err := peek.Marks(ctx, f, p, marks)
	last := int64(0)
	for _, k := range all {
		if d := k.Wall - dayOf(f)*day; d >= 0 && d < day {
			m[d/60] += k.Offset - last
		}
		last = k.Offset
	}
	return err
}

// jump is the first minute of the first hour that holds more than times what the busiest hour of a day before holds, by the median, and a
// tenth of what the worst one holds; where none does, the first hour of the clock that holds more than times its own median. Where no day
// before can be looked at, a day's lines are taken to come within six hours.
func (m *minutes) jump(past usual, median int64) (minute int, ok bool) {
	busiest := middle(past.busiest)
	if busiest == 0 {
		busiest = max(median/6, 1)
	}
	limit := times * busiest
	for at := range m {
		limit = max(limit, m.sum(at, 60)/10) // beside a flood a day may be a busy one too
	}
	for at := range m {
		if m.sum(at, 60) <= limit {
			continue
		}
		hour := m[at:min(at+60, len(m))]
		least := max(limit/60, slices.Max(hour)/10) // and beside its first minute another one
		for i := range hour {
			if hour[i] > least && m.sum(at+i, 10)*6 > limit {
				return at + i, true
			}
		}
		return at, true
	}
	for h, days := range past.hours {
		if b := m.sum(h*60, 60); b > times*middle(days) && b > median/24 {
			return h * 60, true
		}
	}
	return 0, false
}
