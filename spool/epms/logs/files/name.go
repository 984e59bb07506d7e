package files

import (
	"strings"

	"hikeshi/spool"
	"hikeshi/spool/epms/logs/field"
)

// Name reads the name of a log file: From, To and Compressed, which is the name's ending even if it is none that can be read. ok is
// false for other names.
func Name(name string) (f spool.LogFile, ok bool) {
	date, end, ok := strings.Cut(strings.ToLower(name), ".log")
	if !ok {
		return f, false
	}
	day, hour, hourly := strings.Cut(date, "_")
	y, m, d, ok := threeOf(day)
	if !ok {
		return f, false
	}
	if f.From, ok = field.Day(2000+y, m, d); !ok {
		return f, false
	}
	f.To = f.From + 86400
	if hourly {
		h := two(hour)
		if len(hour) != 2 || h < 0 || h > 23 {
			return f, false
		}
		f.From += int64(h) * 3600
		f.To = f.From + 3600
	}
	f.Compressed, ok = ending(end)
	return f, ok
}

// ending reads what stands behind .log: numbers and dates of a rotation, and last how it is compressed. That of a copy, as .bak and .old,
// is none.
func ending(end string) (compressed string, ok bool) {
	for end != "" {
		cut := 1 + strings.IndexAny(end[1:], ".-")
		if cut == 0 {
			cut = len(end)
		}
		word := end[1:cut]
		switch {
		case compressed != "" || end[0] != '.' && end[0] != '-':
			return "", false
		case word == "gz" || word == "zst" || word == "bz2" || word == "xz" || word == "z" || word == "zip" || word == "lz4" || word == "7z":
			compressed = word
		case word != "" && len(word) <= 14 && strings.Trim(word, "0123456789") == "":
		default:
			return "", false
		}
		end = end[cut:]
	}
	return compressed, true
}

// threeOf reads YYMMDD.
func threeOf(s string) (y, m, d int, ok bool) {
	if len(s) != 6 {
		return 0, 0, 0, false
	}
	y, m, d = two(s), two(s[2:]), two(s[4:])
	return y, m, d, y >= 0 && m >= 0 && d >= 0
}

// two is the number that two digits are, or -1.
func two(s string) int {
	if len(s) < 2 || s[0] < '0' || s[0] > '9' || s[1] < '0' || s[1] > '9' {
		return -1
	}
	return int(s[0]-'0')*10 + int(s[1]-'0')
}
