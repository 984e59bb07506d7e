// Package lockout is a model of rejectsmtpip.dat, rejectpopip.dat and rejectimapip.dat, the tables by which the services of E-Post Mail
// Server V refuse peers at the connection, before the banner. It is pure: bytes go in, decisions and edits come out.
//
// Use: [Parse] a table, ask it with [File.Decide], plan rows with [File.Deny], put them in with [Apply], take them out with [Remove].
//
// The format, one row a line, columns separated by TAB (FAQ win/19-19, bsd/15-86, win/17-09):
//
//	198.51.100.7<TAB>133977293793391816          locked by failed logins, runs out
//	198.51.100.8<TAB>133977517517477385<TAB>iplock   locked by the number of connections, runs out
//	203.0.113.9<TAB>                             refused for ever
//	192.0.2.25<TAB>true                          always allowed
//
// A service reads pieces of at most 127 bytes. A row ends at the first space, apostrophe, CR, LF or NUL; an empty row is passed over.
// So a space instead of the TAB makes "203.0.113.9 true" a refusal for ever. The stamp counts 100 ns since 1601-01-01 UTC; the lock
// holds for the lock time after it, 0 meaning for ever. A row refuses for ever when it has no TAB, or nothing or 0 behind it. The first
// row that matches decides; rows that have run out are passed over (FAQ bsd/19-04). A service opens the table anew at each look and
// only appends to it; run-out rows stay.
//
// A pattern is the text of an address, a prefix of that text before a star, or a network as in effect.dat; /32 acts as a prefix of the
// text. So single addresses and a star behind a dot are what this package writes.
//
// Not promised: the unit of the stamp on Unix is not known, nor whether case counts in "true" (here it does not).
package lockout

import (
	"iter"
	"net/netip"
	"strings"
	"time"

	"hikeshi/spool/epms/effect/pattern"
)

// maxPiece is the most that is read as one row.
const maxPiece = 127

// A File is the text of a table. It is immutable.
type File struct{ text string }

// Parse takes the bytes of a table. No bytes are wrong: a service reads every table, and so does the model.
func Parse(data []byte) *File { return &File{string(data)} }

// A Row is one piece that is not empty.
type Row struct {
	Offset  int    // of the first byte of the piece
	Number  int    // 1-based, counted by LF
	Text    string // what is read of it
	Pattern string
	Allowed bool   // true: always allowed
	Stamp   uint64 // 0: for ever
	Flood   bool   // it has a third column: set by the number of connections
}

// Rows returns the rows from the top.
func (f *File) Rows() iter.Seq[Row] {
	return func(yield func(Row) bool) {
		number := 1
		for at := 0; at < len(f.text); {
			piece := f.text[at:min(len(f.text), at+maxPiece)]
			end := strings.IndexByte(piece, '\n')
			if end >= 0 {
				piece = piece[:end+1]
			}
			if r, ok := parseRow(piece); ok {
				r.Offset, r.Number = at, number
				if !yield(r) {
					return
				}
			}
			if end >= 0 {
				number++
			}
			at += len(piece)
		}
	}
}

func parseRow(piece string) (Row, bool) {
	if i := strings.IndexAny(piece, " '\r\n\x00"); i >= 0 {
		piece = piece[:i]
	}
	if piece == "" {
		return Row{}, false
	}
	r := Row{Text: piece}
	var rest, third string
	r.Pattern, rest, _ = strings.Cut(piece, "\t")
	rest, third, _ = strings.Cut(rest, "\t")
	r.Allowed, r.Stamp, r.Flood = strings.EqualFold(rest, "true"), number(rest), third != ""
	return r, true
}

// number reads leading digits, as C does; without one it is 0, and what is too large stays the largest.
func number(s string) (n uint64) {
	for _, c := range []byte(s) {
		if c < '0' || c > '9' {
			return n
		}
		if n > (1<<64-1-9)/10 {
			return 1<<64 - 1
		}
		n = n*10 + uint64(c-'0')
	}
	return n
}

// epoch is 1970 in units of 100 ns since 1601.
const epoch = 116444736000000000

// Stamp returns the stamp of a moment.
func Stamp(t time.Time) uint64 { return uint64(t.Unix()*1e7 + int64(t.Nanosecond()/100) + epoch) }

// RunOut says whether the row no longer counts at now.
func (r Row) RunOut(now time.Time, lock time.Duration) bool {
	if r.Allowed || r.Stamp == 0 || lock <= 0 {
		return false
	}
	end := r.Stamp + uint64(lock/100)
	return end >= r.Stamp && end <= Stamp(now)
}

// Over is when the row no longer counts; zero if it never does, or not in any year of four digits.
func (r Row) Over(lock time.Duration) time.Time {
	end := r.Stamp + uint64(lock/100)
	if r.Allowed || r.Stamp == 0 || lock <= 0 || end < r.Stamp || end < epoch || (end-epoch)/1e7 >= 253402300800 {
		return time.Time{}
	}
	return time.Unix(int64((end-epoch)/1e7), int64((end-epoch)%1e7*100)).UTC()
}

// Matches says whether the row is about the address.
func (r Row) Matches(a netip.Addr) bool {
	a = a.Unmap().WithZone("")
	if prefix, ok := r.prefix(); ok {
		return strings.HasPrefix(a.String(), prefix)
	}
	if p := pattern.Parse(r.Pattern); p.IP && p.Form == pattern.Network {
		return pattern.Within(a, p.Lo, p.Hi)
	}
	return a.String() == r.Pattern
}

// prefix is the text with which addresses begin that a star or /32 means.
func (r Row) prefix() (string, bool) {
	if before, _, star := strings.Cut(r.Pattern, "*"); star {
		return before, true
	}
	base, length, slash := strings.Cut(r.Pattern, "/")
	return base, slash && length == "32" && !strings.Contains(base, ":")
}

// touches says whether the row may be about some address from lo to hi. In doubt it is.
func (r Row) touches(lo, hi netip.Addr) bool {
	if prefix, ok := r.prefix(); ok {
		common := pattern.CommonText(lo, hi)
		return strings.HasPrefix(common, prefix) || lo != hi && strings.HasPrefix(prefix, common)
	}
	if p := pattern.Parse(r.Pattern); p.IP && p.Form == pattern.Network {
		return pattern.Within(lo, p.Lo, p.Hi) || pattern.Within(p.Lo, lo, hi)
	}
	a, err := netip.ParseAddr(r.Pattern)
	return err == nil && pattern.Within(a, lo, hi)
}

// covers says whether the row is about every address from lo to hi, by text alone: networks are read less soundly by the services.
func (r Row) covers(lo, hi netip.Addr) bool {
	if prefix, ok := r.prefix(); ok {
		return strings.HasPrefix(pattern.CommonText(lo, hi), prefix)
	}
	return lo == hi && r.Pattern == lo.String()
}

// A Decision is what a service does with a peer.
type Decision struct {
	Refused bool
	Line    int    // 1-based number of the line that decides, 0 when none does
	Text    string // of that row, bytes as they are: make it safe before showing it
}

// Decide answers for a connection at now. lock is for how long a stamp holds (AuthLockOutTime); 0 means for ever. Rows with a third
// column do not count; see [File.DecideFlood].
func (f *File) Decide(a netip.Addr, now time.Time, lock time.Duration) Decision {
	return f.decide(a, now, lock, false)
}

// DecideFlood answers the second look, at the start of a session and only with IPLockOut above 0: all rows count, with
// IPLockOutTime.
func (f *File) DecideFlood(a netip.Addr, now time.Time, lock time.Duration) Decision {
	return f.decide(a, now, lock, true)
}

func (f *File) decide(a netip.Addr, now time.Time, lock time.Duration, all bool) Decision {
	for r := range f.Rows() {
		if r.Flood && !all || r.RunOut(now, lock) || !r.Matches(a) {
			continue
		}
		return Decision{Refused: !r.Allowed, Line: r.Number, Text: r.Text}
	}
	return Decision{}
}
