package scan

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"hikeshi/spool"
)

// Growth returns later with the growth since earlier, in messages a minute, for every folder that both looked at and for the
// total. Without time between the two there is none.
func Growth(earlier, later spool.Backlog) spool.Backlog {
	minutes := later.Time.Sub(earlier.Time).Minutes()
	if minutes <= 0 {
		return later
	}
	later.Folders = slices.Clone(later.Folders)
	for i := range later.Folders {
		f := &later.Folders[i]
		for _, e := range earlier.Folders {
			if e.Name == f.Name && e.Path == f.Path {
				grow(e, f, minutes)
			}
		}
	}
	grow(earlier.Total, &later.Total, minutes)
	return later
}

func grow(e spool.FolderBacklog, f *spool.FolderBacklog, minutes float64) {
	g := float64(f.Messages-e.Messages) / minutes
	f.GrowthPerMinute = &g
}

// Limits say when a folder is too full; a zero means that this is not looked at.
type Limits struct {
	Messages        int64
	Oldest          time.Duration
	GrowthPerMinute float64
}

// What says which limit is passed.
type What string

// The limits.
const (
	TooMany What = "messages"
	TooOld  What = "oldest"
	TooFast What = "growth"
)

// A Passed limit.
type Passed struct {
	What         What
	Value, Limit string
}

// Check says which limits f passes, at the time of the look.
func (l Limits) Check(f spool.FolderBacklog, at time.Time) []Passed {
	var all []Passed
	if l.Messages > 0 && f.Messages > l.Messages {
		all = append(all, Passed{TooMany, fmt.Sprint(f.Messages), fmt.Sprint(l.Messages)})
	}
	if age := at.Sub(f.Oldest); l.Oldest > 0 && !f.Oldest.IsZero() && f.Messages > 0 && age > l.Oldest {
		all = append(all, Passed{TooOld, age.Truncate(time.Second).String(), l.Oldest.String()})
	}
	if g := f.GrowthPerMinute; l.GrowthPerMinute > 0 && g != nil && *g > l.GrowthPerMinute {
		all = append(all, Passed{TooFast, fmt.Sprintf("%.0f a minute", *g), fmt.Sprintf("%g a minute", l.GrowthPerMinute)})
	}
	return all
}

// Japanese is the value and the limit as they are written in Japanese.
func (p Passed) Japanese() (value, limit string) {
	r := strings.NewReplacer(" a minute", " 通/分")
	return r.Replace(p.Value), r.Replace(p.Limit)
}

// Judge returns b with Over and Reason set for every one of folders that passes a limit, and for the total. Folders that are
// for information only are not judged.
func Judge(b spool.Backlog, l Limits, folders []spool.Folder) spool.Backlog {
	info := map[string]bool{}
	for _, f := range folders {
		info[f.Name] = f.Info
	}
	b.Folders = slices.Clone(b.Folders)
	for i := range b.Folders {
		if f := &b.Folders[i]; !info[f.Name] {
			judge(f, l, b.Time)
		}
	}
	judge(&b.Total, l, b.Time)
	return b
}

func judge(f *spool.FolderBacklog, l Limits, at time.Time) {
	words := map[What][2]string{TooMany: {"messages %s over %s", "%s 通(しきい値 %s)"}, TooOld: {"oldest %s over %s", "最古 %s 前(しきい値 %s)"}, TooFast: {"growth %s over %s", "増加 %s(しきい値 %s)"}}
	var en, ja []string
	for _, p := range l.Check(*f, at) {
		value, limit := p.Japanese()
		en, ja = append(en, fmt.Sprintf(words[p.What][0], p.Value, p.Limit)), append(ja, fmt.Sprintf(words[p.What][1], value, limit))
	}
	f.Over, f.Reason, f.ReasonJA = len(en) > 0, strings.Join(en, "; "), strings.Join(ja, "、")
}
