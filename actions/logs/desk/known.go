package desk

import (
	"errors"
	"io/fs"
	"math"

	"hikeshi/actions/logs/sweep"
	"hikeshi/spool"
	"hikeshi/spool/lines"
)

// Known says which questions the logs can answer.
type Known struct {
	Logins, Accepts, Deliveries, Domains bool
}

// know settles which questions the logs can answer.
func (r *Reading) know() {
	r.Known = Known{Domains: len(r.Env.Own.Domains) > 0}
	r.Some = r.Known
	for _, l := range r.Logs {
		some, all := r.Covers(l)
		r.Some.add(l, some)
		r.Known.add(l, some && all)
	}
	if r.Book != nil && r.Book.Sessions > 0 {
		r.Known.Accepts = false // sessions stand for their messages
	}
}

func (k *Known) add(l spool.Log, covered bool) {
	k.Logins = k.Logins || covered && Says(l, spool.EventLogin) && (Says(l, spool.EventAccept) || !Says(l, spool.EventRead))
	k.Accepts = k.Accepts || covered && Says(l, spool.EventAccept)
	k.Deliveries = k.Deliveries || covered && Says(l, spool.EventSent)
}

// Covers says whether a log has files of the window that can be opened, and once the logs were read, that were read to their end: some of
// its files, or all.
func (r *Reading) Covers(l spool.Log) (some, all bool) {
	all = l.Problem == nil
	broken := map[string]bool{}
	for _, f := range r.Result.Files {
		broken[f.Path] = f.Problem != nil
	}
	for _, f := range l.Files {
		if r.InWindow(f) {
			whole := !broken[f.Path] && readable(f)
			some, all = some || whole && (f.Size > 0 || l.State == spool.LogOn), all && whole
		}
	}
	return some, all && !r.Hidden(l)
}

// Hidden says whether something that is left out of a log may hold lines of the window that none of its files has.
func (r *Reading) Hidden(l spool.Log) bool {
	for _, o := range l.Odd {
		if r.hides(l, o) {
			return true
		}
	}
	return false
}

// hides says whether what is left out of a log may hold lines of the window that none of its files has.
func (r *Reading) hides(l spool.Log, o spool.OddFile) bool {
	if o.From == 0 && o.To == 0 || !r.InWindow(spool.LogFile{From: o.From, To: o.To}) {
		return false
	}
	for _, f := range l.Files {
		if f.From < o.To && f.To > o.From {
			return false
		}
	}
	return true
}

// Barred says whether this user may not read a log of the window.
func (r *Reading) Barred(l spool.Log) bool {
	if errors.Is(l.Problem, fs.ErrPermission) {
		return true
	}
	for _, f := range r.Result.Files {
		if f.Log == l.Name && errors.Is(f.Problem, fs.ErrPermission) {
			return true
		}
	}
	return false
}

// InWindow says whether a file may have lines of the window.
func (r *Reading) InWindow(f spool.LogFile) bool {
	return f.From == 0 && f.To == 0 || f.From < r.Span.Until && f.To > r.Span.Since
}

// taken says at which times a log tells of the messages that were accepted.
func (r *Reading) taken() func(wall int64) bool {
	var all []spool.LogFile
	for _, l := range r.Logs {
		for _, f := range l.Files {
			if f.From == 0 && f.To == 0 {
				f.From, f.To = math.MinInt64, sweep.WallOf(f.Modified.In(r.Zone()))+1
			}
			if Says(l, spool.EventAccept) && f.Size > 0 && f.To > r.Span.History && f.From < r.Span.Until && readable(f) {
				all = append(all, f)
			}
		}
	}
	return func(wall int64) bool {
		for i := len(all) - 1; i >= 0; i-- {
			if wall >= all[i].From && wall < all[i].To {
				return true
			}
		}
		return false
	}
}

// readable says whether a file can be opened. Why it cannot is told when it is read.
func readable(f spool.LogFile) bool {
	file, err := lines.Open(f.Path, f.Compressed)
	if err != nil {
		return false
	}
	return file.Close() == nil
}
