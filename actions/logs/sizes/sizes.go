// Package sizes compares each log with its own past: logs.sizes. A log is swollen when its newest day holds more than three times what
// the median of the days before holds; from when on is told by the times of its lines. Sizes are those of the text: compressed files
// are unpacked to be measured, up to a bound, and the days that are left out are told.
package sizes

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"hikeshi/actions/logs/desk"
	"hikeshi/actions/logs/told"
	"hikeshi/runbook"
	"hikeshi/spool"
)

// What makes a log swollen.
const (
	times    = 3       // the median of the days before
	small    = 1 << 20 // bytes: smaller logs are never swollen
	enough   = 3       // days before
	compared = 14      // days before, at most
	day      = 86400
)

// Facts are the facts of logs.sizes.
type Facts struct {
	Logs    []Log    `json:"logs" expr:"logs"`
	Swollen []string `json:"swollen" expr:"swollen"`
	Off     []string `json:"off" expr:"off"`
	Missing []string `json:"missing" expr:"missing"` // of these the ones that are meant to be on all the time
	Unread  []string `json:"unread" expr:"unread"`   // logs that could not be looked at, or not wholly
	Cut     int      `json:"cut" expr:"cut"`         // logs that are left out of Logs; the other lists are of all
}

// Log is one log.
type Log struct {
	Name    string     `json:"name" expr:"name"`
	State   string     `json:"state" expr:"state"`   // on, off, unknown
	Day     string     `json:"day" expr:"day"`       // the newest one, as 2026-11-21; "" without files
	Bytes   *int64     `json:"bytes" expr:"bytes"`   // of it; null without files, or where that is not known
	Median  *int64     `json:"median" expr:"median"` // bytes a day, of the days before; null without any
	Days    int        `json:"days" expr:"days"`     // before
	Left    int        `json:"left" expr:"left"`     // compressed days that are in none of these: too long to be unpacked here, or broken
	Swollen bool       `json:"swollen" expr:"swollen"`
	Since   *time.Time `json:"since" expr:"since"` // when it began to swell; null if it is not swollen, or that is not known
}

type action struct{ env desk.Env }

// New returns the action of logs.sizes.
func New(env desk.Env) runbook.Action { return action{env} }

// Plan looks at the sizes of the files.
func (a action) Plan(ctx context.Context, in runbook.Input) (runbook.Outcome, error) {
	ability, ok := a.env.Server.(spool.Logs)
	if !ok {
		return runbook.Outcome{}, fmt.Errorf("looking at the logs: %w", errors.ErrUnsupported)
	}
	all, err := ability.Logs(ctx)
	if err != nil {
		return runbook.Outcome{}, fmt.Errorf("looking for the logs: %w: %w", runbook.ErrUndetermined, err)
	}
	var with params
	if err := in.Decode(&with); err != nil {
		return runbook.Outcome{}, err
	}
	if err := with.cut(all, a.env); err != nil {
		return runbook.Outcome{}, err
	}
	return a.compare(ctx, ability, all, with.Top, progress{rec: in.Rec})
}

// compare looks at each log.
func (a action) compare(ctx context.Context, ability spool.Logs, all []spool.Log, top int, p progress) (runbook.Outcome, error) {
	f := Facts{Logs: []Log{}, Swollen: []string{}, Off: []string{}, Missing: []string{}, Unread: []string{}}
	var found, grown []runbook.Finding
	for _, l := range all {
		p.total += packed(l.Files)
	}
	for _, l := range all {
		one, err := a.look(ctx, ability, l, &p)
		if ctx.Err() != nil {
			return runbook.Outcome{}, ctx.Err()
		}
		if err = errors.Join(l.Problem, err); err != nil {
			f.Unread = append(f.Unread, l.Name)
			found = append(found, runbook.Finding{Level: runbook.Warn, Text: told.Problem(l, err), Evidence: l.Dir})
		}
		found = append(found, told.Odd(l)...)
		if l.State == spool.LogOff {
			f.Off = append(f.Off, l.Name)
			if desk.Meant(l) {
				f.Missing = append(f.Missing, l.Name)
			}
		}
		if one.Swollen {
			f.Swollen = append(f.Swollen, l.Name)
		}
		f.Logs, grown = append(f.Logs, one), append(grown, a.finding(l, one))
	}
	return runbook.Outcome{Findings: append(found, f.most(top, grown)...), Facts: f}, nil
}

// most leaves the logs that grew most, where only so many are asked for, with what is told of each.
func (f *Facts) most(top int, grown []runbook.Finding) []runbook.Finding {
	if top <= 0 || top >= len(f.Logs) {
		return grown
	}
	order := make([]int, len(f.Logs))
	for i := range order {
		order[i] = i
	}
	growth := func(i int) float64 { return float64(desk.Total(f.Logs[i].Bytes)) / float64(f.Logs[i].usual()) }
	slices.SortStableFunc(order, func(x, y int) int { return cmp.Compare(growth(y), growth(x)) })
	var logs []Log
	var found []runbook.Finding
	for _, i := range order[:top] {
		logs, found = append(logs, f.Logs[i]), append(found, grown[i])
	}
	f.Cut, f.Logs = len(f.Logs)-top, logs
	return found
}

func (a action) look(ctx context.Context, ability spool.Logs, l spool.Log, p *progress) (Log, error) {
	one := Log{Name: l.Name, State: string(l.State)}
	d, err := measure(ctx, l.Files, p)
	if one.Left = len(d.left); len(d.bytes) == 0 {
		return one, err
	}
	size := d.bytes[d.newest]
	one.Day, one.Bytes = time.Unix(d.newest*day, 0).UTC().Format("2006-01-02"), &size
	var before []int64
	for at, n := range d.bytes {
		if at < d.newest {
			before = append(before, n)
		}
	}
	if one.Days = len(before); one.Days > 0 {
		slices.Sort(before)
		one.Median = &before[len(before)/2]
	}
	one.Swollen = one.Days >= enough && size >= small && size > times*one.usual()
	if !one.Swollen {
		return one, err
	}
	since, problem := began(ctx, ability, l, d.newest, one.usual())
	if since != 0 {
		at := (&desk.Reading{Env: a.env}).Time(since)
		one.Since = &at
	}
	return one, errors.Join(err, problem)
}

// usual is the median of the days before, 1 at least.
func (e Log) usual() int64 { return max(desk.Total(e.Median), 1) }

func (a action) finding(l spool.Log, e Log) runbook.Finding {
	f := a.compared(l, e)
	if e.Left > 0 {
		f.Text.EN += fmt.Sprintf("; %d compressed days are not counted: too long to be unpacked here, or broken", e.Left)
		f.Text.JA += fmt.Sprintf("。圧縮された %d 日分は、長すぎるか壊れているため数えていない", e.Left)
	}
	return f
}

func (a action) compared(l spool.Log, e Log) runbook.Finding {
	size := desk.Total(e.Bytes)
	switch {
	case e.Swollen:
		text := desk.Say("%s: %s on %s, %d times the median of %d days before", "%s: %[3]s に %[2]s。それ以前 %[5]d 日の中央値の %[4]d 倍",
			l.Name, desk.Size(size), e.Day, size/e.usual(), e.Days)
		if e.Since != nil {
			at := e.Since.In(a.env.WallZone()).Format("15:04")
			text.EN, text.JA = text.EN+", since "+at, text.JA+"。"+at+" ごろから"
		}
		return runbook.Finding{Level: runbook.Bad, Text: text, Evidence: l.Dir}
	case e.Day == "" && l.State == spool.LogOff:
		return runbook.Finding{Level: runbook.Info, Text: runbook.T(l.Name+": off", l.Name+": 記録されていない"), Evidence: l.Dir}
	case e.Day == "" && e.Left > 0:
		return runbook.Finding{Level: runbook.Warn, Text: runbook.T(l.Name+": its size is unknown", l.Name+": サイズは不明"), Evidence: l.Dir}
	case e.Day == "" && l.Problem != nil:
		return runbook.Finding{Level: runbook.Warn, Text: runbook.T(l.Name+": its size is unknown: it could not be looked at", l.Name+": サイズは不明(調べられない)"), Evidence: l.Dir}
	case e.Day == "":
		return runbook.Finding{Level: runbook.Info, Text: runbook.T(l.Name+": no files", l.Name+": ファイルがない"), Evidence: l.Dir}
	case e.Days == 0:
		return runbook.Finding{Level: runbook.Info, Text: desk.Say("%s: %s on %s; there is no day before to compare it with", "%s: %[3]s に %[2]s。比べられる過去の日がない",
			l.Name, desk.Size(size), e.Day), Evidence: l.Dir}
	case e.Days < enough:
		return runbook.Finding{Level: runbook.Info, Text: desk.Say("%s: %s on %s; %d days before are too few to compare", "%s: %[3]s に %[2]s。比べられる過去の日が %[4]d 日しかない",
			l.Name, desk.Size(size), e.Day, e.Days), Evidence: l.Dir}
	}
	text := desk.Say("%s: %s on %s, the median of %d days before is %s", "%s: %[3]s に %[2]s、それ以前 %[4]d 日の中央値は %[5]s",
		l.Name, desk.Size(size), e.Day, e.Days, desk.Size(*e.Median))
	if size > times*e.usual() {
		text = desk.Say("%s; more than usual, but below %s no log is called swollen", "%s。普段より多いが、%s 未満は肥大とみなさない", text, desk.Size(small))
		return runbook.Finding{Level: runbook.Info, Text: text, Evidence: l.Dir}
	}
	return runbook.Finding{Level: runbook.OK, Text: text, Evidence: l.Dir}
}
