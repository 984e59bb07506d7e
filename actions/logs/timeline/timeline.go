// Package timeline says when the abuse began, was worst and ended: logs.timeline. It counts what the accounts and peers that are named
// sent; without names, what was sent by the suspect accounts from peers that are not usual for them; without
// suspects, everything.
package timeline

import (
	"context"
	"net/netip"
	"strings"
	"time"

	"hikeshi/actions/logs/desk"
	"hikeshi/actions/logs/entry"
	"hikeshi/actions/logs/signals"
	"hikeshi/runbook"
)

// Facts are the facts of logs.timeline. First, Peak and Last are zero where nothing was sent.
type Facts struct {
	Read     desk.Sources `json:"read" expr:"read"`
	Of       string       `json:"of" expr:"of"`             // named, suspects, all
	Accounts []string     `json:"accounts" expr:"accounts"` // that were counted; empty if all were
	Seconds  int64        `json:"seconds" expr:"seconds"`   // of a step
	Steps    []Step       `json:"steps" expr:"steps"`       // those in which something happened
	First    time.Time    `json:"first" expr:"first"`
	Peak     time.Time    `json:"peak" expr:"peak"`
	Last     time.Time    `json:"last" expr:"last"`
	Most     int32        `json:"most" expr:"most"` // messages in the step of the peak
	Messages int64        `json:"messages" expr:"messages"`
	Spark    string       `json:"spark" expr:"spark"` // messages over the window, from . to @
}

// Step is one step of time.
type Step struct {
	At         time.Time `json:"at" expr:"at"`
	Messages   int32     `json:"messages" expr:"messages"`
	Recipients int32     `json:"recipients" expr:"recipients"`
	Failures   int32     `json:"failures" expr:"failures"` // logins
	Returned   int32     `json:"returned" expr:"returned"` // deliveries that failed for good or for now
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
	of := suspects
	if len(r.Params.Accounts)+len(r.Params.Sources) > 0 {
		of = named
		r.Span.Only = func(account string, p netip.Prefix) bool {
			return (len(r.Params.Accounts) == 0 || r.Account(account)) && (len(r.Params.Sources) == 0 || p.IsValid() && r.Source(p))
		}
	}
	if err := r.Read(ctx, in.Rec); err != nil {
		return runbook.Outcome{}, err
	}
	f := Facts{Of: of, Accounts: []string{}, Seconds: r.Span.Step, Steps: []Step{}}
	var about []runbook.Finding
	f.Read, about = r.Sources(ctx)
	f.fill(r, f.steps(r))
	if r.Nothing() {
		return runbook.Outcome{Findings: about, Facts: f}, nil
	}
	return runbook.Outcome{Findings: append(f.findings(r), about...), Facts: f}, nil
}

// steps are those that are counted.
func (f *Facts) steps(r *desk.Reading) []entry.Step {
	if f.Of == named {
		f.Accounts = append(f.Accounts, r.Named()...)
		return r.Book.Steps
	}
	sum := make([]entry.Step, len(r.Book.Steps))
	for _, e := range r.Judge().Accounts {
		if e.Level != signals.Suspect {
			continue
		}
		f.Accounts = append(f.Accounts, e.Name)
		for _, s := range r.Book.Accounts[e.Name].Steps {
			to := &sum[s.At]
			to.Messages, to.Recipients = to.Messages+s.Messages, to.Recipients+s.Recipients
			to.Failures, to.Returned = to.Failures+s.Failures, to.Returned+s.Returned
		}
	}
	if len(f.Accounts) == 0 {
		f.Of = all
		return r.Book.Steps
	}
	for i := range sum {
		sum[i].At = int32(i)
	}
	return sum
}

func (f *Facts) fill(r *desk.Reading, steps []entry.Step) {
	for _, s := range steps {
		if s.Messages|s.Recipients|s.Failures|s.Returned == 0 {
			continue
		}
		at := r.Time(wall(r, s))
		f.Steps = append(f.Steps, Step{at, s.Messages, s.Recipients, s.Failures, s.Returned})
		f.Messages += int64(s.Messages)
		if s.Messages > f.Most {
			f.Most, f.Peak = s.Messages, at
		}
		if s.Messages > 0 {
			if f.First.IsZero() {
				f.First = at
			}
			f.Last = at
		}
	}
	f.Spark = spark(steps)
}

func wall(r *desk.Reading, s entry.Step) int64 { return r.Span.Since + int64(s.At)*r.Span.Step }

// width is that of the sparkline, in characters; rows is that of the table.
const (
	width = 60
	rows  = 24
)

// marks are the characters of the sparkline. Every console has them, in one column each.
const marks = " .:-=+*#%@"

// spark draws the messages.
func spark(steps []entry.Step) string {
	n := min(width, len(steps))
	if n == 0 {
		return ""
	}
	sums, most := make([]int64, n), int64(0)
	for i, s := range steps {
		at := i * n / len(steps)
		sums[at] += int64(s.Messages)
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

func (f *Facts) findings(r *desk.Reading) []runbook.Finding {
	whom := map[string]runbook.Text{
		named:    runbook.T("those that were named", "指定した対象"),
		suspects: runbook.T("the suspects", "疑わしいアカウント"),
		all:      runbook.T("everybody", "全体"),
	}[f.Of]
	if f.Messages == 0 {
		return []runbook.Finding{{Level: runbook.OK, Text: runbook.T("no message of "+whom.EN, whom.JA+"のメールはない")}}
	}
	level := runbook.Info
	if f.Of == suspects {
		level = runbook.Bad
	}
	zone := r.Zone()
	text := func(t time.Time) string { return t.In(zone).Format("2006-01-02 15:04") }
	found := []runbook.Finding{
		{Level: level, Text: runbook.Tf("%s messages of %s: first %s, most %s (%d in %d s), last %s", "%[2]sのメール %[1]s 通: 最初 %[3]s、最多 %[4]s(%[6]d 秒に %[5]d 通)、最後 %[7]s",
			desk.Number(f.Messages), "\x00", text(f.First), text(f.Peak), f.Most, f.Seconds, text(f.Last))},
		{Level: runbook.Info, Text: runbook.T("|"+f.Spark+"|", "")},
	}
	t := &found[0].Text
	t.EN, t.JA = strings.Replace(t.EN, "\x00", whom.EN, 1), strings.Replace(t.JA, "\x00", whom.JA, 1)
	return append(found, f.table(zone)...)
}

// table sums up the steps from the first to the last in no more rows than a screen has.
func (f *Facts) table(zone *time.Location) []runbook.Finding {
	span := int64(f.Last.Sub(f.First)/time.Second) + f.Seconds
	each := f.Seconds
	for _, s := range []int64{60, 300, 600, 1800, 3600, 3 * 3600, 6 * 3600, 86400, 7 * 86400} {
		if each = max(s, f.Seconds); span/each < rows {
			break
		}
	}
	var found []runbook.Finding
	for i := 0; i < len(f.Steps) && len(found) <= rows; {
		begin := f.Steps[i].At.Unix() / each * each
		row := Step{}
		for ; i < len(f.Steps) && f.Steps[i].At.Unix() < begin+each; i++ {
			s := f.Steps[i]
			row.Messages, row.Recipients = row.Messages+s.Messages, row.Recipients+s.Recipients
			row.Failures, row.Returned = row.Failures+s.Failures, row.Returned+s.Returned
		}
		at := time.Unix(begin, 0).In(zone).Format("01-02 15:04")
		found = append(found, runbook.Finding{Level: runbook.Info, Text: runbook.Tf(
			"%s  %6d messages  %7d recipients  %5d failed  %5d returned", "%s  %6d 通  宛先 %7d  ログイン失敗 %5d  不達・遅延 %5d", at, row.Messages, row.Recipients, row.Failures, row.Returned)})
	}
	return found
}
