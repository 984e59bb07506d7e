package notice

import (
	"strings"
	"time"
	"unicode"

	"hikeshi/actions/delist/casefile"
	"hikeshi/runbook"
)

// moment is a time in its forms. Times of Japan stand without their zone in Japanese, as people there write and say them.
func moment(at, now time.Time, lang string) fact {
	sameDay := at.Format(time.DateOnly) == now.Format(time.DateOnly)
	f := fact{stamp: casefile.Stamp(at, at.Location())}
	zone, _ := at.Zone()
	if lang == "ja" {
		clock := at.Format("15時04分")
		clock = strings.TrimPrefix(clock, "0")
		day := at.Format("1月2日")
		if zone != "JST" {
			clock += "(" + zone + ")"
		}
		f.text, f.spoken = day+" "+clock, clock
		if !sameDay {
			f.spoken = day + "の" + clock
		}
		return f
	}
	clock := at.Format("15:04 MST")
	f.text, f.spoken = clock+" on "+at.Format("2 January 2006"), clock
	if !sameDay {
		f.spoken = clock + " on " + at.Format("2 January")
	}
	return f
}

// span writes how long something was, in whole minutes from one minute on.
func span(seconds int, lang string) string {
	n, en, ja := int64(seconds), "second", "秒間"
	if seconds >= 60 {
		n, en, ja = n/60, "minute", "分間"
	}
	if lang == "ja" {
		return number(n) + ja
	}
	return runbook.Count(n, en)
}

// number writes a number with commas.
func number(n int64) string { return strings.Fields(runbook.Count(n, ""))[0] }

// plain is a value as one line of text, bounded: what ends a line, steers a terminal or turns the direction of writing is a space.
func plain(s string) string {
	const most = 300 // characters
	words := strings.FieldsFunc(strings.ToValidUTF8(s, "?"), func(r rune) bool {
		return unicode.IsSpace(r) && r != '\u3000' || unicode.IsControl(r) || unicode.Is(unicode.Bidi_Control, r) || r == '\u2028' || r == '\u2029'
	})
	text := []rune(strings.Join(words, " "))
	if len(text) > most {
		text = append(text[:most], []rune("...")...)
	}
	return string(text)
}
