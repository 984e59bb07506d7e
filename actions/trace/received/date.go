package received

import (
	"regexp"
	"strings"
	"time"
)

// dates are the form of RFC 5322 section 3.3, blanks and seconds free, and that of ctime.
var (
	rfcDate = regexp.MustCompile(`(?i)^\s*(?:(Sun|Mon|Tue|Wed|Thu|Fri|Sat)[a-z]*,?\s*)?(\d{1,2})[ -](Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec)[a-z]*[ -](\d{4}|\d{2})\s+(\d{1,2}):(\d{2})(?::(\d{2}))?(?:\.\d+)?\s*([+-]\d{4}|[A-Z]{1,5}\b)?`)
	cDate   = regexp.MustCompile(`(?i)^\s*(Sun|Mon|Tue|Wed|Thu|Fri|Sat)\s+(Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec)\s+(\d{1,2})\s+(\d{1,2}):(\d{2}):(\d{2})\s+(\d{4})\s*([+-]\d{4}|[A-Z]{1,5}\b)?`)
	// looseDate is the first, to be found anywhere.
	looseDate = regexp.MustCompile(`(?i) (?:(?:Sun|Mon|Tue|Wed|Thu|Fri|Sat), )?\d{1,2} +(?:Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec) +\d{4} +\d{1,2}:\d{2}(?::\d{2})?(?: [+-]\d{4}| [A-Z]{2,5})?(?: *\([^)]*\))? *$`)
	gap       = regexp.MustCompile(`\s+`)
)

// date reads the date at the beginning of text; false if there is none, or the calendar does not know it.
func (h *Hop) date(text string) bool {
	text = gap.ReplaceAllString(text, " ")
	var day, number, month, year, hour, minute, second, zone string
	if m := rfcDate.FindStringSubmatch(text); m != nil {
		day, number, month, year, hour, minute, second, zone = m[1], m[2], m[3], m[4], m[5], m[6], m[7], m[8]
	} else if m := cDate.FindStringSubmatch(text); m != nil {
		day, month, number, hour, minute, second, year, zone = m[1], m[2], m[3], m[4], m[5], m[6], m[7], m[8]
	} else {
		return false
	}
	layout := "2 Jan 2006 15:4:5"
	if len(year) == 2 {
		layout = "2 Jan 06 15:4:5"
	}
	if second == "" || second == "60" { // a leap second
		second = "59"[:len(second)/2*2] + "0"[:1-len(second)/2]
	}
	name := strings.ToUpper(month[:1]) + strings.ToLower(month[1:])
	t, err := time.Parse(layout, number+" "+name+" "+year+" "+hour+":"+minute+":"+second)
	if err != nil {
		return false
	}
	h.WrongDay = day != "" && !strings.EqualFold(day, t.Weekday().String()[:3])
	offset, known := zoneOf(strings.ToUpper(zone))
	h.Time, h.Zone = t.Add(-offset), known
	return true
}

// zoneOf is the offset of a zone to UTC. -0000 says that the time is UTC and nothing of the place (RFC 5322 section 3.3), which is all
// that qmail ever writes.
func zoneOf(zone string) (time.Duration, bool) {
	if len(zone) == 5 && (zone[0] == '+' || zone[0] == '-') {
		d := time.Duration(zone[1]-'0')*10*time.Hour + time.Duration(zone[2]-'0')*time.Hour + time.Duration(zone[3]-'0')*10*time.Minute + time.Duration(zone[4]-'0')*time.Minute
		if d >= 24*time.Hour {
			return 0, false
		}
		if zone[0] == '-' {
			d = -d
		}
		return d, true
	}
	hours := map[string]int{"UT": 0, "UTC": 0, "GMT": 0, "Z": 0, "JST": 9, "EST": -5, "EDT": -4, "CST": -6, "CDT": -5, "MST": -7, "MDT": -6, "PST": -8, "PDT": -7} // RFC 5322 section 4.3
	n, ok := hours[zone]
	return time.Duration(n) * time.Hour, ok
}

// Date reads a date as it stands in a field of its own; false if it cannot be read. The time is UTC.
func Date(text string) (time.Time, bool) {
	var h Hop
	ok := h.date(text)
	return h.Time.UTC(), ok
}
