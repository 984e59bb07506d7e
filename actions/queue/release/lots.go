package release

import (
	"context"
	"fmt"
	"time"

	"hikeshi/actions/queue/setaside"
	"hikeshi/runbook"
	"hikeshi/spool"
	"hikeshi/spool/aside"
	"hikeshi/spool/aside/transfer"
)

// releaseData is the Data of a change. Without lots its version is 1.
type releaseData struct {
	transfer.Transfer
	Lot   int    `json:"lot,omitempty"`   // messages at a time; 0: all
	Every string `json:"every,omitempty"` // the pause between two lots
}

// dataV is the newest version: lots, which an older program would not keep to.
const dataV = 2

// A pace says how fast messages go back.
type pace struct {
	lot   int // 0: all at once
	every time.Duration
}

const (
	defaultEvery = 2 * time.Minute
	maxEvery     = 24 * time.Hour
)

func (p releaseParams) pace() (pace, error) {
	every := defaultEvery
	if p.Every != "" {
		var err error
		if every, err = time.ParseDuration(p.Every); err != nil || every < 0 || every > maxEvery {
			return pace{}, fmt.Errorf("%w: parameter every: %q is no duration of up to %s", runbook.ErrInput, p.Every, maxEvery)
		}
	}
	if p.Lot < 0 {
		return pace{}, fmt.Errorf("%w: parameter lot: %d messages at a time", runbook.ErrInput, p.Lot)
	}
	return pace{p.Lot, every}, nil
}

// data is what a change keeps.
func (p pace) data(t transfer.Transfer) (d releaseData, v int) {
	if p.lot == 0 {
		return releaseData{Transfer: t}, 1
	}
	return releaseData{Transfer: t, Lot: p.lot, Every: p.every.String()}, dataV
}

// lots parts the units, so that all those of one message are in the same lot.
func (d releaseData) lots(queue spool.Queue) [][]transfer.Unit {
	if d.Lot <= 0 || queue == nil {
		return [][]transfer.Unit{d.Units}
	}
	var all [][]transfer.Unit
	last, messages := "", 0
	for _, u := range d.Units {
		base, _, ok := queue.Message(string(u[0].Name))
		if !ok || base != last || len(all) == 0 {
			if messages%d.Lot == 0 {
				all = append(all, nil)
			}
			messages++
			last = base
		}
		all[len(all)-1] = append(all[len(all)-1], u)
	}
	return all
}

// Apply brings the messages back, bodies before envelopes: it may be done while the services run. Between two lots it waits; see pause. What an
// earlier Apply has brought back is passed over, so that it goes on with the next lot after a stop.
func (r Release) Apply(ctx context.Context, c runbook.Change, rec runbook.Recorder) error {
	var d releaseData
	if err := c.Decode(dataV, &d); err != nil {
		return err
	}
	queue, _ := r.env.Server.(spool.Queue)
	all, total := d.lots(queue), int64(len(d.Units))
	var left transfer.Report
	done := int64(0)
	for i, units := range all {
		lot := d.Transfer
		lot.Units = units
		if i > 0 {
			before := d.Transfer
			before.Units = all[i-1]
			if err := d.between(ctx, &before, &lot); err != nil {
				return setaside.Drift(fmt.Errorf("releasing messages: after lot %d of %d: %w", i, len(all), err))
			}
		}
		rep, err := lot.Run(ctx, transfer.Forth, func(n, _ int64) { rec.Progress(done+n, total) })
		if err != nil {
			return setaside.Drift(fmt.Errorf("releasing messages: %w", err))
		}
		done += int64(len(units))
		left.Taken, left.Torn = append(left.Taken, rep.Taken...), append(left.Torn, rep.Torn...)
	}
	return setaside.KeepLeft(rec, aside.Left("releasing messages", left))
}

// between waits before a lot of which something is still to be brought back.
func (d releaseData) between(ctx context.Context, before, lot *transfer.Transfer) error {
	n, err := lot.Count(ctx)
	if err != nil || n.From == 0 {
		return err
	}
	every, err := time.ParseDuration(d.Every)
	if err != nil {
		return fmt.Errorf("reading the pause between lots: %w", err)
	}
	return pause(ctx, before, every)
}

// pause waits for one pause after a lot, and for a second one if something of the lot is still in the queue then. A lot that does not leave, such
// as one that delivery puts off, holds up the next no longer than that.
func pause(ctx context.Context, before *transfer.Transfer, every time.Duration) error {
	for range 2 {
		timer := time.NewTimer(every)
		select {
		case <-ctx.Done():
			timer.Stop()
			return ctx.Err()
		case <-timer.C:
		}
		n, err := before.Count(ctx)
		if err != nil || n.To == 0 {
			return err
		}
	}
	return nil
}
