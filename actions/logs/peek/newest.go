// Package peek looks at a few lines of log files.
package peek

import (
	"context"
	"time"

	"hikeshi/spool"
	"hikeshi/spool/lines"
)

// tail is how much of the end of a file is searched for its last time, in bytes.
const tail = 64 << 10

// Newest is the wall clock of the last line of all logs, 0 if there is none. It reads the ends of files that are not compressed; where
// all are, it takes the end of the time that their names tell, or that of their last change.
func Newest(ctx context.Context, logs []spool.Log, parser func(string, spool.LogFile) spool.LogParser) (int64, error) {
	newest, packed := int64(0), int64(0)
	for i := range logs {
		left := 3 // the newest files of a log may be empty
		for k := len(logs[i].Files) - 1; k >= 0 && left > 0; k-- {
			f := logs[i].Files[k]
			if f.Compressed != "" {
				packed = max(packed, ending(f))
				continue
			}
			left--
			p := parser(logs[i].Name, f)
			if p == nil {
				break
			}
			newest = max(newest, last(ctx, f, p.Wall))
			if err := ctx.Err(); err != nil {
				return 0, err
			}
		}
	}
	if newest == 0 {
		newest = packed
	}
	return newest, nil
}

func ending(f spool.LogFile) int64 {
	if f.To != 0 {
		return f.To - 1
	}
	if f.Modified.IsZero() {
		return 0
	}
	return wallOf(f.Modified)
}

// last is the latest time in the end of a file. What cannot be read is told when it is read.
func last(ctx context.Context, f spool.LogFile, wall func([]byte) (int64, bool)) int64 {
	file, err := lines.Open(f.Path, "")
	if err != nil {
		return 0
	}
	defer file.Close()
	latest := int64(0)
	var r lines.Reader
	r.Reset(ctx, file, lines.Piece{From: max(0, file.Size()-tail), To: file.Size()})
	for line, ok := r.Next(); ok; line, ok = r.Next() {
		if w, ok := wall(line.Text); ok && (f.To == 0 || w < f.To+int64(time.Hour/time.Second)) {
			latest = max(latest, w)
		}
	}
	return latest
}

// wallOf is the wall clock of a moment, in the zone that the time has.
func wallOf(t time.Time) int64 {
	_, offset := t.Zone()
	return t.Unix() + int64(offset)
}
