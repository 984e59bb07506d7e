package entry

import "math/bits"

// Floor divides and rounds down.
func Floor(a, b int64) int64 {
	if a < 0 {
		return -((-a + b - 1) / b)
	}
	return a / b
}

// Bit is the bit of a day of history; 0 for a day of the window, and for what is longer ago than 32 days.
func Bit(day int) uint32 {
	if day >= 0 || day < -32 {
		return 0
	}
	return 1 << (-day - 1)
}

// Before leaves the days before a day.
func Before(days uint32, day int) uint32 {
	if day >= 0 {
		return days
	}
	return days &^ (1<<uint(-day) - 1)
}

// Clock is the hour of the day.
func Clock(wall int64) int { return int(Floor(wall, hour) % 24) }

// Seen notes that something happened in the window.
func (a *Account) Seen(wall int64) {
	if a.First == 0 || wall < a.First {
		a.First = wall
	}
	a.Last = max(a.Last, wall)
}

// Take notes that so many things happened at a time.
func (r *Range) Take(wall int64, n int32) {
	if n > 0 {
		r.Join(Range{wall, wall})
	}
}

// Join takes in another range.
func (r *Range) Join(o Range) {
	if o.First != 0 && (r.First == 0 || o.First < r.First) {
		r.First = o.First
	}
	r.Last = max(r.Last, o.Last)
}

// Add adds what another step holds.
func (s *Step) Add(o Step) {
	s.Messages, s.Recipients, s.Usual = s.Messages+o.Messages, s.Recipients+o.Recipients, s.Usual+o.Usual
	s.Failures, s.Returned = s.Failures+o.Failures, s.Returned+o.Returned
}

// SameName says whether a sender is the address of a login, which may lack the domain.
func SameName(login, sender string) bool {
	if login == sender {
		return true
	}
	n := len(login)
	return n > 0 && len(sender) > n && sender[n] == '@' && sender[:n] == login
}

// CountDays is the number of days in a set of days.
func CountDays(days uint32) int { return bits.OnesCount32(days) }
