package files

import (
	"strings"

	"hikeshi/spool"
	"hikeshi/spool/epms/logs/field"
)

// strange is a file that is no file of the log by its name, and looks like one or like a copy of one: with a day in its name, YYMMDD or
// YYYYMMDD, and the word log or a mark of copies. From and To are that day or its hour. ok is false for all other names.
func strange(name string) (f spool.LogFile, why spool.Words, ok bool) {
	f, ok = dayIn(name)
	switch {
	case !ok:
		return f, why, false
	case copied(name):
		return f, spool.Words{EN: "a copy by its name, whose lines may stand in another file too (one that is none is read when it is renamed to YYMMDD.log.1)",
			JA: "名前から見てコピーで、同じ行がほかのファイルにもある恐れがある(コピーでなければ YYMMDD.log.1 に改名すると読む)"}, true
	case strings.Contains(strings.ToLower(name), "log"):
		return f, spool.Words{EN: "not named as the log's files are: YYMMDD.log or YYMMDD_HH.log, then what rotation and gz or zst add",
			JA: "ログファイルの名前の規則(YYMMDD.log か YYMMDD_HH.log、その後に世代番号や gz・zst)に合わない"}, true
	}
	return f, why, false
}

// copied says whether a file or a folder is a copy by its name, as people, editors and desktops call theirs.
func copied(name string) bool {
	name = strings.ToLower(name)
	for _, end := range []string{".gz", ".zst", ".bz2", ".xz", ".zip"} {
		name = strings.TrimSuffix(name, end)
	}
	for _, end := range []string{".bak", ".old", ".orig", ".save", ".copy", "~"} {
		if strings.HasSuffix(name, end) || strings.Contains(name, end+".") || strings.Contains(name, end+"-") {
			return true
		}
	}
	for _, part := range []string{"copy of ", "copy_of_", " - copy", " copy", "コピー", "控え", " (1)", " (2)", "(copy)"} {
		if strings.Contains(name, part) {
			return true
		}
	}
	return false
}

// dayIn finds the first six or eight digits of a name that are a day, and the hour behind them.
func dayIn(name string) (f spool.LogFile, ok bool) {
	for i := 0; i < len(name); {
		n := 0
		for i+n < len(name) && name[i+n] >= '0' && name[i+n] <= '9' {
			n++
		}
		digits := name[i : i+n]
		if n == 8 && digits[:2] == "20" {
			digits = digits[2:]
		}
		if y, m, d, six := threeOf(digits); six {
			if from, real := field.Day(2000+y, m, d); real {
				f.From, f.To = from, from+86400
				if h, hourly := hourOf(name[i+n:]); hourly {
					f.From = from + int64(h)*3600
					f.To = f.From + 3600
				}
				return f, true
			}
		}
		i += max(n, 1)
	}
	return f, false
}

// hourOf reads the _HH that a name goes on with.
func hourOf(rest string) (int, bool) {
	if len(rest) < 3 || rest[0] != '_' || len(rest) > 3 && rest[3] >= '0' && rest[3] <= '9' {
		return 0, false
	}
	h := two(rest[1:])
	return h, h >= 0 && h <= 23
}
