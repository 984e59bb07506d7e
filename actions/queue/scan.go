package queue

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"hikeshi/runbook"
	"hikeshi/spool"
	"hikeshi/spool/scan"
)

// ScanFacts are the facts of queue.scan. They are those of all folders that mail is delivered from; growth is 0 when there was no
// earlier look.
type ScanFacts struct {
	Messages      int      `json:"messages" expr:"messages"`
	Files         int      `json:"files" expr:"files"`
	Bytes         int      `json:"bytes" expr:"bytes"`
	Over          bool     `json:"over" expr:"over"`     // a threshold is passed
	Reason        string   `json:"reason" expr:"reason"` // which one
	OldestSeconds int      `json:"oldest_seconds" expr:"oldest_seconds"`
	Senders       []string `json:"senders" expr:"senders"` // most frequent first, without the null sender
	Growth        float64  `json:"growth_per_minute" expr:"growth_per_minute"`
	Outside       int      `json:"outside" expr:"outside"` // of the sample, as the next two
	Own           int      `json:"own" expr:"own"`
	NullSender    int      `json:"null_sender" expr:"null_sender"`
}

type scanner struct{ env Env }

func scanKind(env Env) runbook.Kind {
	return runbook.Kind{
		Name: "queue.scan", Short: runbook.T("counts what is in the queue folders and says who sends it", "キューの滞留を数え、差出人を調べる"),
		Params: []runbook.Param{
			{Name: "exact", Type: runbook.Bool, Short: "read every file instead of a sample"},
			{Name: "watch", Type: runbook.Duration, Short: "look a second time after this, for the growth"},
		},
		Facts: ScanFacts{}, Reads: []string{"queue"}, Action: scanner{env},
	}
}

// Plan looks once, or twice with watch. In a plan, before changes that are not made yet, it does not wait.
func (s scanner) Plan(ctx context.Context, in runbook.Input) (runbook.Outcome, error) {
	var p struct {
		Exact bool   `json:"exact"`
		Watch string `json:"watch"`
	}
	if err := in.Decode(&p); err != nil {
		return runbook.Outcome{}, err
	}
	var watch time.Duration
	if p.Watch != "" {
		var err error
		if watch, err = time.ParseDuration(p.Watch); err != nil || watch < 0 {
			return runbook.Outcome{}, errors.Join(fmt.Errorf("reading parameter watch: %q is no duration", p.Watch), err)
		}
	}
	var early []runbook.Finding
	if in.Planned != nil && watch > 0 {
		// What is to be watched has not been done: waiting for it would tell nothing.
		early = append(early, runbook.Finding{Level: runbook.Info, Text: runbook.Tf("the second look after %s is taken when the steps before are done", "%s 後の再確認は、前の手順を行ってから行う", watch)})
		watch = 0
	}
	b, err := s.env.look(ctx, p.Exact, watch, in.Rec)
	if err != nil {
		return runbook.Outcome{}, err
	}
	out := runbook.Outcome{Findings: append(early, backlogFindings(b, s.env)...), Facts: scanFacts(b)}
	return out, readable(b, s.env.Server)
}

// look looks at the queue and judges what it finds.
func (e Env) look(ctx context.Context, exact bool, watch time.Duration, rec runbook.Recorder) (spool.Backlog, error) {
	o := scan.Options{Exact: exact, Own: e.Own, Clock: e.now}
	b, err := scan.Look(ctx, e.Server, o)
	if err != nil {
		return b, err
	}
	earlier := &b
	if watch > 0 {
		if err := wait(ctx, watch, rec); err != nil {
			return b, err
		}
		later, err := scan.Look(ctx, e.Server, o)
		if err != nil {
			return b, err
		}
		b = scan.Growth(*earlier, later)
	} else if e.Earlier != nil {
		if earlier = e.Earlier(); earlier != nil {
			b = scan.Growth(*earlier, b)
		}
	}
	return scan.Judge(b, e.Thresholds.limits(), e.Server.Folders()), nil
}

func (t Thresholds) limits() scan.Limits {
	return scan.Limits{Messages: t.Messages, Oldest: t.Oldest, GrowthPerMinute: t.GrowthPerMinute}
}

// wait lets the time pass and says how much of it has.
func wait(ctx context.Context, d time.Duration, rec runbook.Recorder) error {
	start := time.Now()
	tick := time.NewTicker(min(d, time.Second))
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return fmt.Errorf("watching the queue: %w", ctx.Err())
		case <-tick.C:
		}
		gone := time.Since(start)
		if rec != nil {
			rec.Progress(int64(min(gone, d)/time.Second), int64(d/time.Second))
		}
		if gone >= d {
			return nil
		}
	}
}

func scanFacts(b spool.Backlog) ScanFacts {
	t := b.Total
	f := ScanFacts{
		Messages: int(t.Messages), Files: int(t.Files), Bytes: int(t.Bytes), Over: t.Over, Reason: t.Reason, Senders: []string{},
		Outside: int(t.Outside), Own: int(t.Own), NullSender: int(t.NullSender),
	}
	if !t.Oldest.IsZero() {
		f.OldestSeconds = int(max(0, b.Time.Sub(t.Oldest)/time.Second))
	}
	if t.GrowthPerMinute != nil {
		f.Growth = *t.GrowthPerMinute
	}
	for _, s := range t.Senders {
		if s.Name != "<>" {
			f.Senders = append(f.Senders, s.Name)
		}
	}
	for _, folder := range b.Folders {
		if folder.Over && !f.Over {
			f.Over, f.Reason = true, folder.Name+": "+folder.Reason
		}
	}
	return f
}

// readable says which folders the figures lack: then they are too low, and nothing may be decided by them.
func readable(b spool.Backlog, server spool.Server) error {
	var hidden []string
	for i, f := range server.Folders() {
		if b.Folders[i].Incomplete && !f.Info {
			hidden = append(hidden, fmt.Sprintf("%s: %s", f.Path, b.Folders[i].Unreadable))
		}
	}
	if len(hidden) > 0 {
		return fmt.Errorf("counting the queue: %s: %w", strings.Join(hidden, "; "), runbook.ErrUndetermined)
	}
	return nil
}
