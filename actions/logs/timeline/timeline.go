// Package timeline says when the abuse began, was worst and ended: logs.timeline. It counts what the accounts and peers that are named
// sent; without names, what the suspect accounts sent from peers that are not usual for them, and what else the suspect peers did; without
// suspects, everything.
package timeline

import (
	"context"
	"net/netip"
	"slices"
	"strings"
	"time"

	"hikeshi/actions/logs/desk"
	"hikeshi/actions/logs/entry"
	"hikeshi/actions/logs/signals"
	"hikeshi/actions/logs/told"
	"hikeshi/runbook"
)

// Facts are the facts of logs.timeline. Mail from an address that is usual for its account is most likely that of its owner: it counts
// apart, as Usual, and First, Peak, Last and Most are about the rest; where Of is all, about both. They are zero where nothing was sent.
type Facts struct {
	Read      told.Sources `json:"read" expr:"read"`
	Of        string       `json:"of" expr:"of"`                   // named, suspects, all
	Accounts  []string     `json:"accounts" expr:"accounts"`       // that were counted; empty if all were, or those of Sources
	Sources   []string     `json:"sources" expr:"sources"`         // peers that were counted, likewise
	Seconds   int64        `json:"seconds" expr:"seconds"`         // of a step; steps begin at round times of the server's clock
	Row       int64        `json:"row_seconds" expr:"row_seconds"` // of a row of the table that the findings show, likewise; 0 without one
	Steps     []Step       `json:"steps" expr:"steps"`             // those in which something happened
	First     time.Time    `json:"first" expr:"first"`
	Peak      time.Time    `json:"peak" expr:"peak"`
	Last      time.Time    `json:"last" expr:"last"`
	Most      int32        `json:"most" expr:"most"`           // messages in the step of the peak
	Messages  *int64       `json:"messages" expr:"messages"`   // from addresses that are not usual; null where no log tells of messages, and for their 0
	Usual     *int64       `json:"usual" expr:"usual"`         // from usual ones, likewise; null too where Of is suspects: they are not counted
	Separated bool         `json:"separated" expr:"separated"` // the history is long enough to tell which addresses are usual
	Spark     string       `json:"spark" expr:"spark"`         // messages over the window, from . to @
}

// Step is one step of time. Numbers are null as in Facts.
type Step struct {
	At         time.Time `json:"at" expr:"at"`
	Messages   *int64    `json:"messages" expr:"messages"`
	Usual      *int64    `json:"usual" expr:"usual"`
	Recipients *int64    `json:"recipients" expr:"recipients"` // of Messages
	Failures   int32     `json:"failures" expr:"failures"`     // logins
	Returned   int32     `json:"returned" expr:"returned"`     // deliveries of Messages that failed for good or for now
}

// What is counted.
const (
	named    = "named"
	suspects = "suspects"
	all      = "all"
)

type action struct{ env desk.Env }

// New returns the action of logs.timeline.
func New(env desk.Env) runbook.Action { return action{env} }

// Plan reads the logs.
func (a action) Plan(ctx context.Context, in runbook.Input) (runbook.Outcome, error) {
	r, err := a.env.Open(ctx, in)
	if err != nil {
		return runbook.Outcome{}, err
	}
	f := Facts{Of: suspects, Accounts: []string{}, Sources: append([]string{}, r.Params.Sources...), Steps: []Step{}}
	if len(r.Params.Accounts)+len(r.Params.Sources) > 0 {
		f.Of = named
		r.Span.Only = func(account string, p netip.Prefix) bool {
			return (len(r.Params.Accounts) == 0 || r.Account(account)) && (len(r.Params.Sources) == 0 || p.IsValid() && r.Source(p))
		}
	}
	if err := r.Read(ctx, in.Rec); err != nil {
		return runbook.Outcome{}, err
	}
	if f.Accounts = append(f.Accounts, r.Named()...); f.Of == suspects {
		if err := f.blame(ctx, r, in.Rec); err != nil {
			return runbook.Outcome{}, err
		}
	}
	f.Seconds, f.Separated = r.Span.Step, r.Book.Known()
	var about []runbook.Finding
	f.Read, about = told.About(ctx, r)
	steps, span := f.steps(r)
	f.fill(r, steps)
	f.First, f.Last = r.Time(span.First), r.Time(span.Last)
	found := append(f.findings(r), about...)
	return runbook.Outcome{Findings: found, Facts: f}, nil
}

// blame names the suspects, where nobody was named. What suspect peers sent for others than the suspect accounts is in no book by
// itself: where there is any, the logs are read again.
func (f *Facts) blame(ctx context.Context, r *desk.Reading, rec runbook.Recorder) error {
	v, names, places := r.Judge(), map[string]bool{}, map[netip.Prefix]bool{}
	for _, e := range v.Accounts {
		if e.Level == signals.Suspect {
			f.Accounts, names[e.Name] = append(f.Accounts, e.Name), true
		}
	}
	for _, e := range v.Sources {
		if e.Level == signals.Suspect {
			f.Sources = append(f.Sources, e.Name)
			if s := r.Book.Sources[e.Place]; s != nil && s.Messages > sentFor(r, f.Accounts, e.Place) {
				places[e.Place] = true
			}
		}
	}
	if len(f.Accounts)+len(f.Sources) == 0 {
		f.Of = all
	}
	if len(places) == 0 {
		return nil
	}
	r.Span.Only = func(account string, p netip.Prefix) bool { return places[p] && !names[account] }
	return r.Read(ctx, rec)
}

// sentFor is how many messages came from a peer for accounts that it is not usual for.
func sentFor(r *desk.Reading, accounts []string, p netip.Prefix) (n int64) {
	for _, name := range accounts {
		if u := r.Book.Accounts[name].Uses[p]; u != nil && !u.Usual {
			n += u.Messages
		}
	}
	return n
}

// steps are those that are counted, and when the first and the last message of them was sent.
func (f *Facts) steps(r *desk.Reading) ([]entry.Step, entry.Range) {
	span := r.Book.Strange
	switch f.Of {
	case all:
		span.Join(r.Book.Owners)
		return r.Book.Steps, span
	case named:
		return r.Book.Steps, span
	}
	sum := slices.Clone(r.Book.Steps)
	for i := range sum {
		if sum[i].Usual = 0; r.Span.Only == nil {
			sum[i] = entry.Step{At: sum[i].At}
		}
	}
	if r.Span.Only == nil {
		span = entry.Range{}
	}
	for _, name := range f.Accounts {
		if a := r.Book.Accounts[name]; a != nil {
			span.Join(a.Strange)
			for _, s := range a.Steps {
				sum[s.At-sum[0].At].Add(s)
			}
		}
	}
	return sum, span
}

func (f *Facts) fill(r *desk.Reading, steps []entry.Step) {
	known, usual := r.Known.Accepts, r.Known.Accepts && f.Of != suspects
	messages, owners := int64(0), int64(0)
	for _, s := range steps {
		if s.Messages|s.Usual|s.Recipients|s.Failures|s.Returned == 0 {
			continue
		}
		at := r.Time(int64(s.At) * f.Seconds)
		f.Steps = append(f.Steps, Step{at, desk.Told(known, int64(s.Messages)), desk.Told(usual, int64(s.Usual)), desk.Told(known, int64(s.Recipients)), s.Failures, s.Returned})
		messages, owners = messages+int64(s.Messages), owners+int64(s.Usual)
		if n := f.counted(s); n > f.Most {
			f.Most, f.Peak = n, at
		}
	}
	f.Messages, f.Usual, f.Spark = desk.Told(known, messages), desk.Told(usual, owners), f.spark(steps)
}

// counted is how many messages of a step the peak and the sparkline are about.
func (f *Facts) counted(s entry.Step) int32 {
	if f.Of == all {
		return s.Messages + s.Usual
	}
	return s.Messages
}

// width is that of the sparkline, in characters.
const width = 60

// marks are the characters of the sparkline. Every console has them, in one column each.
const marks = " .:-=+*#%@"

// spark draws the messages.
func (f *Facts) spark(steps []entry.Step) string {
	n := min(width, len(steps))
	if n == 0 {
		return ""
	}
	sums, most := make([]int64, n), int64(0)
	for i, s := range steps {
		at := i * n / len(steps)
		sums[at] += int64(f.counted(s))
		most = max(most, sums[at])
	}
	var b strings.Builder
	for _, v := range sums {
		mark := 0
		if v > 0 {
			mark = 1 + int((v*int64(len(marks)-1)-1)/most)
		}
		b.WriteByte(marks[min(mark, len(marks)-1)])
	}
	return b.String()
}
