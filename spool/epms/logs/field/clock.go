// Package field reads what the lines of all logs of E-Post Mail Server V have in common: times, addresses, the IDs of messages. It
// allocates nothing and trusts no byte.
package field

import "bytes"

// StampSize is the length of a time with its brackets: [21/Nov/2026:02:00:59].
const StampSize = 22

const minuteSize = len("21/Nov/2026:02:00")

// A Clock reads times. It remembers the last minute, since neighbouring lines are of one minute most of the time. The zero value is
// ready. Times are wall clock seconds since 1970-01-01 00:00:00; the logs name no time zone.
type Clock struct {
	known  bool
	minute [minuteSize]byte
	wall   int64 // of that minute
}

// Head reads the time at the beginning of a line and returns what follows.
func (c *Clock) Head(line []byte) (wall int64, rest []byte, ok bool) {
	if len(line) < StampSize || line[0] != '[' || line[StampSize-1] != ']' {
		return 0, nil, false
	}
	wall, ok = c.Stamp(line[1 : StampSize-1])
	return wall, line[StampSize:], ok
}

// Stamp reads 21/Nov/2026:02:00:59, English month.
func (c *Clock) Stamp(b []byte) (wall int64, ok bool) {
	if len(b) != StampSize-2 || b[minuteSize] != ':' {
		return 0, false
	}
	second := two(b[minuteSize+1:])
	if second < 0 || second > 60 {
		return 0, false
	}
	if !c.known || !bytes.Equal(c.minute[:], b[:minuteSize]) {
		if c.wall, c.known = minute(b); !c.known {
			return 0, false
		}
		copy(c.minute[:], b)
	}
	return c.wall + int64(second), true
}

// minute reads 21/Nov/2026:02:00.
func minute(b []byte) (wall int64, ok bool) {
	if b[2] != '/' || b[6] != '/' || b[11] != ':' || b[14] != ':' {
		return 0, false
	}
	month := 0
	for m := range 12 {
		if string(b[3:6]) == months[3*m:3*m+3] {
			month = m + 1
		}
	}
	day, century, year, hour, min := two(b), two(b[7:]), two(b[9:]), two(b[12:]), two(b[15:])
	if century < 0 || year < 0 || hour < 0 || hour > 23 || min < 0 || min > 59 {
		return 0, false
	}
	wall, ok = Day(century*100+year, month, day)
	return wall + int64(hour*3600+min*60), ok
}

const months = "JanFebMarAprMayJunJulAugSepOctNovDec"

// Day is the beginning of a day on the wall clock; ok is false for one that is not in the calendar.
func Day(year, month, day int) (wall int64, ok bool) {
	if month < 1 || month > 12 || day < 1 || day > length(year, month) {
		return 0, false
	}
	y := year
	if month <= 2 {
		y--
	}
	// Days from 1 March of the year 0 on, so that a leap day is the last of its year; 719468 of them are before 1970.
	days := 365*y + y/4 - y/100 + y/400 + (153*((month+9)%12)+2)/5 + day - 1
	return int64(days-719468) * 86400, year > 0
}

func length(year, month int) int {
	switch month {
	case 2:
		if year%4 == 0 && (year%100 != 0 || year%400 == 0) {
			return 29
		}
		return 28
	case 4, 6, 9, 11:
		return 30
	}
	return 31
}

// TimeOfDay reads 02:00:59:123, seconds since midnight; the milliseconds stand behind a third colon and are left out.
func TimeOfDay(b []byte) (seconds int64, ok bool) {
	if len(b) < 9 || b[2] != ':' || b[5] != ':' || b[8] != ':' {
		return 0, false
	}
	for _, c := range b[9:] {
		if c < '0' || c > '9' {
			return 0, false
		}
	}
	hour, min, second := two(b), two(b[3:]), two(b[6:])
	if hour < 0 || hour > 23 || min < 0 || min > 59 || second < 0 || second > 60 {
		return 0, false
	}
	return int64(hour*3600 + min*60 + second), true
}

// two is the number that two digits are, or -1.
func two(b []byte) int {
	hi, lo := b[0]-'0', b[1]-'0'
	if hi > 9 || lo > 9 {
		return -1
	}
	return int(hi)*10 + int(lo)
}
