package desk

import (
	"context"
	"fmt"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"hikeshi/actions/logs/deed"
	"hikeshi/runbook"
	"hikeshi/spool"
)

// Clock writes a time of the wall clock.
func Clock(wall int64) string { return time.Unix(wall, 0).UTC().Format("2006-01-02 15:04:05") }

// Number writes a number with commas.
func Number(n int64) string {
	s := strconv.FormatInt(n, 10)
	for i := len(s) - 3; i > 0 && s[i-1] != '-'; i -= 3 {
		s = s[:i] + "," + s[i:]
	}
	return s
}

// About writes a number; as an estimate if it may be wrong by some.
func About(n, wrong int) runbook.Text {
	if wrong == 0 {
		return runbook.T(Number(int64(n)), Number(int64(n)))
	}
	return runbook.Tf("about %s +-%s", "約 %s +-%s", Number(int64(n)), Number(int64(wrong)))
}

// Told is a number that was counted in logs; nil for the 0 of logs that do not tell.
func Told(known bool, n int64) *int64 {
	if n == 0 && !known {
		return nil
	}
	return &n
}

// Total is a number, 0 for one that is not known.
func Total(n *int64) int64 {
	if n == nil {
		return 0
	}
	return *n
}

// Messages writes how many messages there were, and recipients: unknown, at least so many where no log tells of each, or so many.
func (r *Reading) Messages(messages, recipients int64) runbook.Text {
	switch {
	case r.Known.Accepts:
		return runbook.Tf("%s messages to %s recipients", "%s 通、宛先 %s 件", Number(messages), Number(recipients))
	case messages == 0:
		return runbook.T("how many messages is unknown", "通数は不明")
	}
	return runbook.Tf("at least %s messages, recipients unknown", "少なくとも %s 通、宛先の数は不明", Number(messages))
}

// Time is the moment of a wall clock time, in UTC; the zero time for 0.
func (r *Reading) Time(wall int64) time.Time {
	if wall == 0 {
		return time.Time{}
	}
	w := time.Unix(wall, 0).UTC()
	return time.Date(w.Year(), w.Month(), w.Day(), w.Hour(), w.Minute(), w.Second(), 0, r.Zone()).UTC()
}

// Evidence is one line of a log.
type Evidence struct {
	Log    string `json:"log" expr:"log"`
	File   string `json:"file" expr:"file"`
	Offset int64  `json:"offset" expr:"offset"` // of its first byte in the text of the file
	Text   string `json:"text" expr:"text"`     // made safe and bounded; "" where it may hold a password or is no longer there
}

// String is where the line stands, as acceptlog/261121.log:8812.
func (e Evidence) String() string {
	name := filepath.Join(e.Log, filepath.Base(e.File))
	if i := strings.LastIndex(e.File, "/"+e.Log+"/"); i >= 0 {
		name = e.File[i+1:]
	}
	return name + ":" + strconv.FormatInt(e.Offset, 10)
}

// MaxEvidence is how many lines are quoted for one thing.
const MaxEvidence = 3

// Evidence quotes lines.
func (r *Reading) Evidence(ctx context.Context, refs []deed.Ref) []Evidence {
	all := []Evidence{}
	for _, ref := range refs[:min(len(refs), MaxEvidence)] {
		all = append(all, Evidence{Log: r.Result.Files[ref.File].Log, File: r.Result.Files[ref.File].Path, Offset: ref.Offset, Text: r.Result.Quote(ctx, ref, r.Ability.Parser)})
	}
	return all
}

// First is where the first of some lines stands, "" if there is none.
func First(all []Evidence) string {
	if len(all) == 0 {
		return ""
	}
	return all[0].String()
}

// Meant says whether a log is meant to be on all the time.
func Meant(l spool.Log) bool { return !l.Sessions && !Says(l, spool.EventDeferred) }

// Size writes a number of bytes.
func Size(n int64) runbook.Text {
	switch {
	case n >= 1<<30:
		return runbook.Tf("%.1f GiB", "%.1f GiB", float64(n)/(1<<30))
	case n >= 1<<20:
		return runbook.Tf("%.1f MiB", "%.1f MiB", float64(n)/(1<<20))
	}
	return runbook.Tf("%s bytes", "%s バイト", Number(n))
}

// Say is runbook.Tf with texts among its arguments, each in the language of the sentence.
func Say(en, ja string, args ...any) runbook.Text {
	in := func(lang string) []any {
		all := make([]any, len(args))
		for i, a := range args {
			all[i] = a
			if t, ok := a.(runbook.Text); ok {
				all[i] = t.In(lang)
			}
		}
		return all
	}
	return runbook.T(fmt.Sprintf(en, in("en")...), fmt.Sprintf(ja, in("ja")...))
}
