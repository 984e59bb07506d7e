package trace

import (
	"context"
	"errors"
	"io/fs"
	"slices"
	"time"
)

// Sizes adds up the files of a log by the day on which they were written last: those of the newest day, and the median of the days
// before, in bytes. The files lie in dir or in folders below it. A log without files has no days.
func Sizes(ctx context.Context, dir string) (newest, median int64, days int, err error) {
	sums := map[string]int64{}
	l := Look{ctx: ctx}
	l.sizes(dir, "", sums)
	if l.err != nil {
		return 0, 0, 0, l.err
	}
	if l.haul.Cut {
		return 0, 0, 0, errors.New("adding up the log files: the time or the number of files was up")
	}
	if len(sums) == 0 {
		return 0, 0, 0, nil
	}
	last := ""
	for d := range sums {
		last = max(last, d)
	}
	newest = sums[last]
	delete(sums, last)
	if len(sums) == 0 {
		return newest, 0, 0, nil
	}
	var earlier []int64
	for _, n := range sums {
		earlier = append(earlier, n)
	}
	slices.Sort(earlier)
	return newest, earlier[len(earlier)/2], len(earlier), nil
}

func (l *Look) sizes(path, name string, sums map[string]int64) {
	d, err := open(path, name)
	if errors.Is(err, fs.ErrNotExist) {
		return
	}
	if err != nil {
		l.failed(err)
		return
	}
	defer d.Close()
	var below []string
	l.names(d, func(name string) {
		e, err := d.Lstat(name)
		switch {
		case err != nil:
		case e.Type == 0:
			sums[time.Unix(e.Sec, 0).Format("2006-01-02")] += e.Size
		case e.Type == fs.ModeDir:
			below = append(below, name)
		}
	})
	if name != "" {
		return // one level is enough
	}
	for _, name := range below {
		if l.full(false) {
			return
		}
		l.sizes(path, name, sums)
	}
}
