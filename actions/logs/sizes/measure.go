package sizes

import (
	"cmp"
	"context"
	"errors"
	"slices"

	"hikeshi/runbook"
	"hikeshi/spool"
	"hikeshi/spool/lines"
)

// unpacked is how much text of the compressed files of one log is unpacked to see how long it is, in bytes.
const unpacked = 2 << 30

// days are how many bytes of text a log has of its newest day and of those before it that it is compared with.
type days struct {
	newest int64
	bytes  map[int64]int64
	left   map[int64]bool // that could not be measured, or not wholly; they are not in bytes
}

// measure adds up the files of each day. Compressed ones are unpacked, the newest first, as long as the bound holds. The error says what
// cannot be read.
func measure(ctx context.Context, files []spool.LogFile, p *progress) (days, error) {
	d := days{bytes: map[int64]int64{}, left: map[int64]bool{}}
	var errs []error
	room := int64(unpacked)
	for _, f := range recent(files) {
		at := dayOf(f)
		n, whole, err := length(ctx, f, room)
		if ctx.Err() != nil {
			return d, ctx.Err()
		}
		if f.Compressed != "" {
			room -= n
			p.add(f.Size)
		}
		errs = append(errs, err)
		d.left[at] = d.left[at] || !whole
		d.bytes[at] += n
	}
	for at, some := range d.left {
		if some {
			delete(d.bytes, at)
		} else {
			delete(d.left, at)
		}
	}
	for at := range d.bytes {
		d.newest = max(d.newest, at)
	}
	return d, errors.Join(errs...)
}

// recent are the files of the days that are compared, the newest first.
func recent(files []spool.LogFile) (some []spool.LogFile) {
	newest := int64(0)
	for _, f := range files {
		newest = max(newest, dayOf(f))
	}
	for _, f := range files {
		if dayOf(f) >= newest-compared {
			some = append(some, f)
		}
	}
	slices.SortStableFunc(some, func(a, b spool.LogFile) int { return cmp.Compare(dayOf(b), dayOf(a)) })
	return some
}

// length is that of the text of a file; whole says that there was room for all of it, and that it could be read.
func length(ctx context.Context, f spool.LogFile, room int64) (n int64, whole bool, err error) {
	if f.Compressed == "" {
		return f.Size, true, nil
	}
	if room <= 0 {
		return 0, false, nil
	}
	file, err := lines.Open(f.Path, f.Compressed)
	if err != nil {
		return 0, false, err
	}
	defer file.Close()
	n, cut, err := file.Length(ctx, room)
	return n, !cut && err == nil, err
}

// dayOf is the day of a file by its name, else that of its last change.
func dayOf(f spool.LogFile) int64 {
	if f.From != 0 || f.To != 0 {
		return f.From / day
	}
	_, offset := f.Modified.Zone()
	return (f.Modified.Unix() + int64(offset)) / day
}

// packed is how many bytes of compressed files are to be unpacked, as they lie on disk.
func packed(files []spool.LogFile) (n int64) {
	for _, f := range recent(files) {
		if f.Compressed != "" {
			n += f.Size
		}
	}
	return n
}

// progress tells how far the unpacking is.
type progress struct {
	rec         runbook.Recorder // may be nil
	done, total int64
}

func (p *progress) add(n int64) {
	if p.done += n; p.rec != nil {
		p.rec.Progress(p.done, p.total)
	}
}
