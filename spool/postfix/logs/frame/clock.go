package frame

import "time"

// A clock reads the stamps of lines. It remembers the last minute, since neighbouring lines are of one minute most of the time.
type clock struct {
	zone   *time.Location
	newest int64 // wall clock that no line is after

	minute   [32]byte // text of the last stamp up to its seconds
	size     int
	wall     int64   // of that minute, as it is written
	offset   [6]byte // text of its offset
	written  int     // length of that
	shift    int64   // from what is written to the wall clock of the server
	from, to int64   // seconds since 1970 in which the zone has the offset east
	east     int64
}

// day is a day in seconds. A machine whose clock was wrong, or of another zone, may have changed a file a day before its lines.
const day = 86400

func (c *clock) set(zone *time.Location, modified time.Time) {
	c.zone = zone
	c.newest = c.local(modified.Unix()) + day
}

// local is the wall clock of a moment.
func (c *clock) local(unix int64) int64 {
	if unix < c.from || unix >= c.to {
		_, offset := time.Unix(unix, 0).In(c.zone).Zone()
		c.from = unix - unix%900 // clocks are changed at a quarter of an hour
		c.to, c.east = c.from+900, int64(offset)
	}
	return unix + c.east
}

// stamp reads the time at the beginning of a line and returns what follows it and its space.
func (c *clock) stamp(line []byte) (wall int64, rest []byte, ok bool) {
	n := c.size
	if n == 0 || len(line) < n+3 || string(line[:n]) != string(c.minute[:n]) {
		if n, ok = c.head(line); !ok {
			return 0, nil, false
		}
	}
	second := two(line[n:])
	if second < 0 || second > 60 {
		return 0, nil, false
	}
	rest = line[n+2:]
	if len(rest) > 0 && (rest[0] == '.' || rest[0] == ',') {
		for rest = rest[1:]; len(rest) > 0 && rest[0] >= '0' && rest[0] <= '9'; rest = rest[1:] {
		}
	}
	wall = c.wall + int64(second)
	if iso := c.minute[4] == '-'; iso && len(rest) > 0 && rest[0] != ' ' {
		if rest, ok = c.shifted(rest); !ok {
			return 0, nil, false
		}
		wall += c.shift
	}
	if len(rest) == 0 || rest[0] != ' ' {
		return 0, nil, false
	}
	return wall, rest[1:], true
}

// head reads a stamp up to its seconds, and remembers it.
func (c *clock) head(line []byte) (n int, ok bool) {
	var wall int64
	if len(line) > 19 && line[4] == '-' {
		n = 17
		wall, ok = iso(line)
	} else {
		wall, n, ok = c.classic(line)
	}
	if !ok {
		return 0, false
	}
	c.size, c.wall, c.written = copy(c.minute[:], line[:n]), wall, 0
	return n, true
}

// shifted reads Z, +09:00 or +0900 behind a stamp: the moment, and with it the wall clock of the server's zone. Where the log was written on
// the server the two are the same; a log host may write another zone.
func (c *clock) shifted(text []byte) (rest []byte, ok bool) {
	n := 1
	if text[0] != 'Z' {
		if n = 6; len(text) < 6 || text[3] != ':' {
			n = 5
		}
	}
	if len(text) < n {
		return nil, false
	}
	if c.written == n && string(c.offset[:n]) == string(text[:n]) {
		return text[n:], true
	}
	east := int64(0)
	if n > 1 {
		hours, minutes := two(text[1:]), two(text[n-2:])
		if hours < 0 || hours > 23 || minutes < 0 || minutes > 59 || text[0] != '+' && text[0] != '-' {
			return nil, false
		}
		if east = int64(hours*3600 + minutes*60); text[0] == '-' {
			east = -east
		}
	}
	c.written = copy(c.offset[:], text[:n])
	c.shift = c.local(c.wall-east) - c.wall
	return text[n:], true
}

// iso reads 2026-11-25T03:04: or 2026-11-25 03:04:.
func iso(b []byte) (wall int64, ok bool) {
	if b[7] != '-' || b[10] != 'T' && b[10] != ' ' || b[13] != ':' || b[16] != ':' {
		return 0, false
	}
	century, year, month, dayOf, hour, minute := two(b), two(b[2:]), two(b[5:]), two(b[8:]), two(b[11:]), two(b[14:])
	if century < 0 || year < 0 || hour < 0 || hour > 23 || minute < 0 || minute > 59 {
		return 0, false
	}
	wall, ok = date(century*100+year, month, dayOf)
	return wall + int64(hour*3600+minute*60), ok
}

// classic reads `Nov 25 03:04:` or `Nov  5 03:04:`, of the latest year in which it is not after the last change of the file.
func (c *clock) classic(b []byte) (wall int64, n int, ok bool) {
	if len(b) < 15 || b[3] != ' ' {
		return 0, 0, false
	}
	month := 0
	for m := range 12 {
		if string(b[:3]) == months[3*m:3*m+3] {
			month = m + 1
		}
	}
	if n = 4; b[n] == ' ' {
		n++
	}
	dayOf := 0
	for ; n < 6 && b[n] >= '0' && b[n] <= '9'; n++ {
		dayOf = dayOf*10 + int(b[n]-'0')
	}
	if month == 0 || len(b) < n+9 || b[n] != ' ' || b[n+3] != ':' || b[n+6] != ':' {
		return 0, 0, false
	}
	hour, minute := two(b[n+1:]), two(b[n+4:])
	if hour < 0 || hour > 23 || minute < 0 || minute > 59 {
		return 0, 0, false
	}
	wall, ok = c.latest(month, dayOf, int64(hour*3600+minute*60))
	return wall, n + 7, ok
}

// latest finds the year: 29 February goes back up to eight of them.
func (c *clock) latest(month, dayOf int, seconds int64) (wall int64, ok bool) {
	year := time.Unix(c.newest, 0).UTC().Year()
	for range 9 {
		if start, real := date(year, month, dayOf); real && start+seconds <= c.newest {
			return start + seconds, true
		}
		year--
	}
	return 0, false
}

const months = "JanFebMarAprMayJunJulAugSepOctNovDec"

// date is the beginning of a day on the wall clock; ok is false for one that is not in the calendar.
func date(year, month, dayOf int) (wall int64, ok bool) {
	if month < 1 || month > 12 || dayOf < 1 || dayOf > 31 || year < 1 {
		return 0, false
	}
	t := time.Date(year, time.Month(month), dayOf, 0, 0, 0, 0, time.UTC)
	return t.Unix(), t.Day() == dayOf
}

// two is the number that two digits are, or -1.
func two(b []byte) int {
	hi, lo := b[0]-'0', b[1]-'0'
	if hi > 9 || lo > 9 {
		return -1
	}
	return int(hi)*10 + int(lo)
}
