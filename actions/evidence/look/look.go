// Package look runs the parts of a look beside one another, each within its own time, and puts together what they saw. A part that
// fails, or does not come back, costs nothing but itself.
package look

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode"

	"hikeshi/runbook"
)

// grace is what a part has left, after its time is up, to hand over what it has seen so far.
const grace = 300 * time.Millisecond

// maxShown bounds a foreign text, in bytes.
const maxShown = 400

// A File is something to be kept.
type File struct {
	Name string
	Data []byte
}

// Seen is what a part saw. F is the type of the facts.
type Seen[F any] struct {
	Findings []runbook.Finding
	Files    []File   // evidence
	Facts    func(*F) // writes down what the part knows; nil if nothing
}

// Find adds a finding.
func (s *Seen[F]) Find(level runbook.Level, evidence string, text runbook.Text) {
	s.Findings = append(s.Findings, runbook.Finding{Level: level, Text: text, Evidence: evidence})
}

// A Part is one part of a look. Look may not write anything: whether it is still waited for, it cannot know. When its context ends
// it should return what it has, with Seen and no error.
type Part[F any] struct {
	Name  runbook.Text
	Limit time.Duration
	Look  func(ctx context.Context) (Seen[F], error)
}

// A Result is what became of a part.
type Result[F any] struct {
	Part Part[F]
	Seen Seen[F]
	Err  error
}

// Run runs all parts at once and returns their results in the same order, after the longest of their limits or the given one at
// the latest. A part that hangs, on a dead network filesystem for example, is left behind.
func Run[F any](ctx context.Context, limit time.Duration, parts []Part[F]) []Result[F] {
	began := time.Now()
	results := make([]Result[F], len(parts))
	came := make([]chan Result[F], len(parts))
	parts = slices.Clone(parts)
	for i := range parts {
		parts[i].Limit = min(parts[i].Limit, limit)
		p := parts[i]
		came[i] = make(chan Result[F], 1) // nobody may be there to take it
		go func() {
			own, stop := context.WithTimeout(ctx, p.Limit)
			defer stop()
			seen, err := p.Look(own)
			came[i] <- Result[F]{p, seen, err}
		}()
	}
	for i, p := range parts {
		results[i] = await(ctx, p, came[i], time.Until(began.Add(p.Limit+grace)))
	}
	return results
}

// await takes what has come, or comes in time.
func await[F any](ctx context.Context, p Part[F], came chan Result[F], left time.Duration) Result[F] {
	timer := time.NewTimer(left)
	defer timer.Stop()
	select {
	case r := <-came:
		return r
	default:
	}
	select {
	case r := <-came:
		return r
	case <-timer.C:
		return Result[F]{Part: p, Err: Why("no answer within %[1]s", "%[2]s以内に応答がない", p.Limit.Round(time.Millisecond), Long(p.Limit))}
	case <-ctx.Done():
		return Result[F]{Part: p, Err: ctx.Err()}
	}
}

// Gather puts the results together: facts are written, evidence is kept by rec, and whatever could not be seen or kept is told. The
// error says that ctx has ended.
func Gather[F any](ctx context.Context, rec runbook.Recorder, results []Result[F], facts *F) ([]runbook.Finding, error) {
	var all []runbook.Finding
	for _, r := range results {
		if err := ctx.Err(); err != nil {
			return all, err
		}
		all = append(all, r.Seen.Findings...)
		if r.Err != nil {
			all = append(all, NotSeen(r.Part.Name, r.Err))
		}
		if r.Seen.Facts != nil {
			r.Seen.Facts(facts)
		}
		for _, f := range r.Seen.Files {
			if err := rec.Evidence(f.Name, bytes.NewReader(f.Data)); err != nil {
				all = append(all, runbook.Finding{Level: runbook.Warn, Text: runbook.Tf("not kept: %s: %s", "保全できない: %s: %s", f.Name, Safe(err.Error()))})
			}
		}
	}
	return all, nil
}

// A Reason is why something is not seen, in both languages.
type Reason struct {
	Text runbook.Text
	Err  error // what it wraps; may be nil
}

// Error is the reason in English.
func (r Reason) Error() string { return r.Text.EN }

// Unwrap is what the reason wraps.
func (r Reason) Unwrap() error { return r.Err }

// Why is a reason that wraps nothing.
func Why(en, ja string, args ...any) error { return Reason{Text: runbook.Tf(en, ja, args...)} }

// NotSeen is the finding for what could not be found out. What a system cannot do is no reason to worry.
func NotSeen(name runbook.Text, err error) runbook.Finding {
	level := runbook.Warn
	if errors.Is(err, errors.ErrUnsupported) {
		level = runbook.Info
	}
	why := Safe(err.Error())
	ja := why
	if r := (Reason{}); errors.As(err, &r) {
		ja = strings.Replace(why, r.Text.EN, r.Text.JA, 1)
	}
	return runbook.Finding{Level: level, Text: runbook.T("not seen: "+name.EN+": "+why, "確認できない: "+name.In("ja")+": "+ja)}
}

// Safe makes a foreign text safe to show, in one line and bounded.
func Safe(s string) string {
	s = strings.ReplaceAll(strings.TrimRight(s, "\r\n"), "\n", "; ") // errors that were joined
	if len(s) > maxShown {
		s = s[:maxShown] + "..."
	}
	return strings.Map(func(r rune) rune {
		if r == unicode.ReplacementChar || !unicode.IsPrint(r) {
			return '?'
		}
		return r
	}, s)
}

// Long writes a duration in Japanese.
func Long(d time.Duration) string {
	switch {
	case d < 0:
		return "-" + Long(-d)
	case d > 0 && d < time.Millisecond:
		return fmt.Sprintf("%d マイクロ秒", d.Microseconds())
	case d < time.Second:
		return fmt.Sprintf("%d ミリ秒", d.Milliseconds())
	case d < time.Minute:
		return strconv.FormatFloat(d.Round(time.Millisecond).Seconds(), 'f', -1, 64) + " 秒"
	}
	text := ""
	for _, unit := range []struct {
		of   time.Duration
		name string
	}{{24 * time.Hour, "日"}, {time.Hour, "時間"}, {time.Minute, "分"}, {time.Second, "秒"}} {
		if n := d / unit.of; n > 0 {
			text += fmt.Sprintf(" %d %s", n, unit.name)
			d -= n * unit.of
		}
	}
	return strings.TrimSpace(text)
}

// Grouped writes a number with commas.
func Grouped(n int) string {
	s := fmt.Sprint(n)
	for i := len(s) - 3; i > 0 && s[i-1] != '-'; i -= 3 {
		s = s[:i] + "," + s[i:]
	}
	return s
}
