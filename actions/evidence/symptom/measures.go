package symptom

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"path/filepath"
	"time"

	"hikeshi/actions/evidence/look"
	"hikeshi/actions/evidence/scene"
	"hikeshi/actions/evidence/trace"
	"hikeshi/runbook"
	"hikeshi/spool/machine"
	"hikeshi/spool/scan"
)

// Limits from which a figure is a symptom.
const (
	lineShare    = 70      // percent of what the line carries
	manyReturned = 100     // mails to the administrator within a day
	swollen      = 3       // times the median of the earlier days
	enoughDays   = 3       // before a median says something
	smallLog     = 1 << 20 // bytes: smaller logs are never swollen
	busy         = 2       // processes waiting for each processor
	littleSpace  = 10      // percent
	day          = 24 * time.Hour
)

// line reads the counters of the interfaces twice.
func (e env) line(ctx context.Context, gap time.Duration) (seen, error) {
	s := told{word: "line"}
	if e.Interfaces == nil {
		return s.done(scene.ErrNobody)
	}
	first, err := e.Interfaces()
	if err != nil {
		return s.done(err)
	}
	if gap == 0 {
		return s.done(look.Reason{Text: runbook.T("measured when the step is run", "実行時に測る"), Err: errors.ErrUnsupported})
	}
	began := time.Now()
	if !scene.Pause(ctx, gap) {
		return s.done(look.Why("the time was up between two readings", "2 回目を読む前に時間切れ"))
	}
	second, err := e.Interfaces()
	gone := time.Since(began).Seconds()
	before := map[string]machine.Interface{}
	for _, i := range first {
		before[i.Name] = i
	}
	for _, now := range second {
		was, there := before[now.Name]
		if !there || now.Sent < was.Sent || now.Received < was.Received {
			continue // a new one, or one whose counters began anew
		}
		out, in := 8*float64(now.Sent-was.Sent)/gone, 8*float64(now.Received-was.Received)/gone
		if out+in == 0 && now.Speed == 0 {
			continue
		}
		full := now.Speed > 0 && max(out, in)*100 >= float64(now.Speed)*lineShare
		s.finding(full, "/proc/net/dev", runbook.T(
			fmt.Sprintf("%s: out %.2f, in %.2f Mbit/s%s", look.Safe(now.Name), out/1e6, in/1e6, speed(now, " of %d")),
			fmt.Sprintf("%s: 送信 %.2f、受信 %.2f Mbit/s%s", look.Safe(now.Name), out/1e6, in/1e6, speed(now, "(回線 %d)"))))
	}
	return s.done(err)
}

func speed(i machine.Interface, format string) string {
	if i.Speed == 0 {
		return ""
	}
	return fmt.Sprintf(format, i.Speed/1_000_000)
}

// delay looks for the oldest message.
func (e env) delay(ctx context.Context, _ time.Duration) (seen, error) {
	s := told{word: "delay"}
	b, err := scan.Look(ctx, e.Server, scan.Options{Sample: 200, Own: e.Own, Clock: e.Now})
	if err != nil {
		return s.done(err)
	}
	if b.Total.Messages == 0 || b.Total.Oldest.IsZero() {
		s.finding(false, e.Server.Root(), runbook.T("no mail waits in the queue", "キューに滞留しているメールはない"))
		return s.done(nil)
	}
	age := b.Time.Sub(b.Total.Oldest).Truncate(time.Second)
	s.finding(e.Oldest > 0 && age > e.Oldest, e.Server.Root(), runbook.T(
		fmt.Sprintf("%s in the queue, the oldest for %s", runbook.Count(b.Total.Messages, "message"), age),
		fmt.Sprintf("キューに %s 通が滞留、最も古いものは %s前", look.Grouped(int(b.Total.Messages)), look.Long(age))))
	return s.done(nil)
}

// returned counts the administrator's new mail, and reads none of it.
func (e env) returned(ctx context.Context, _ time.Duration) (seen, error) {
	s := told{word: "returned"}
	if len(e.Traces.Postmaster) == 0 {
		return s.done(errNone("mailbox of the administrator", "管理者のメールボックス"))
	}
	var errs []error
	for _, dir := range e.Traces.Postmaster {
		n, least, err := trace.Recent(ctx, dir, ".msg", e.Now().Add(-day))
		if errors.Is(err, fs.ErrNotExist) {
			continue
		}
		if err != nil {
			errs = append(errs, err)
		}
		more, moreJA := "", ""
		if least {
			more, moreJA = "at least ", "少なくとも "
		}
		s.finding(n >= manyReturned, dir, runbook.T(
			fmt.Sprintf("%s%s for the administrator within a day", more, runbook.Count(int64(n), "new mail")), fmt.Sprintf("管理者あてに 1 日以内に %s%s 通", moreJA, look.Grouped(n))))
	}
	return s.done(errors.Join(errs...))
}

// logs compares the newest log files with those of earlier days.
func (e env) logs(ctx context.Context, _ time.Duration) (seen, error) {
	s := told{word: "logs"}
	if len(e.Traces.Logs) == 0 {
		return s.done(errNone("log", "ログ"))
	}
	any := false
	var errs []error
	for _, dir := range e.Traces.Logs {
		newest, median, days, err := trace.Sizes(ctx, dir)
		if errors.Is(err, fs.ErrNotExist) || err == nil && newest == 0 && days == 0 {
			continue
		}
		if err != nil {
			errs = append(errs, err)
			continue
		}
		any = true
		large := days >= enoughDays && newest >= smallLog && newest > swollen*max(median, 1)
		if !large && newest < smallLog {
			continue
		}
		s.finding(large, dir, runbook.Tf("%s: %s bytes on the last day, the median of %d days before is %s", "%s: 最新の日は %s バイト、それ以前 %d 日の中央値は %s", filepath.Base(dir), look.Grouped(int(newest)), days, look.Grouped(int(median))))
	}
	if !any && len(errs) == 0 {
		return s.done(look.Why("there are no log files: the logs are off", "ログファイルがない (ログが記録されていない)"))
	}
	return s.done(errors.Join(errs...))
}

// load asks how busy the machine is.
func (e env) load(context.Context, time.Duration) (seen, error) {
	s := told{word: "load"}
	if e.Load == nil {
		return s.done(scene.ErrNobody)
	}
	l, err := e.Load()
	if err != nil {
		return s.done(err)
	}
	s.finding(l.CPUs > 0 && l.One > float64(busy*l.CPUs), "/proc/loadavg", runbook.Tf("load %.2f, %.2f, %.2f with %d processors", "負荷 %.2f, %.2f, %.2f (CPU %d)", l.One, l.Five, l.Fifteen, l.CPUs))
	return s.done(nil)
}

// disk asks how much space is left for mail.
func (e env) disk(context.Context, time.Duration) (seen, error) {
	s := told{word: "disk"}
	if e.Space == nil {
		return s.done(scene.ErrNobody)
	}
	f, err := e.Space(e.Server.Root())
	if err != nil {
		return s.done(err)
	}
	s.finding(f.Free < littleSpace || f.Inodes < littleSpace, e.Server.Root(), runbook.Tf("%.1f GB (%.0f%%) and %.0f%% of the inodes are free", "空き %.1f GB (%.0f%%)、inode の空き %.0f%%", float64(f.Bytes)/1e9, f.Free, f.Inodes))
	return s.done(nil)
}
