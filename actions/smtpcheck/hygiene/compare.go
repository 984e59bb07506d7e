package hygiene

import (
	"fmt"
	"regexp"
	"slices"
	"strings"

	"hikeshi/actions/smtpcheck/hygiene/session"
	"hikeshi/actions/smtpcheck/talk"
	"hikeshi/runbook"
)

// A Seen is one row of a look, in short. Its text is: H03 192.0.2.25:25 bad 250/550.
type Seen struct {
	ID, Listener, Verdict, Codes string
}

func seen(r session.Row) Seen {
	return Seen{r.ID, r.Listener, string(r.Verdict), strings.Join(strings.Fields(r.Codes), " ")}
}

// String is the row as a text.
func (s Seen) String() string {
	return strings.TrimRight(strings.Join([]string{s.ID, s.Listener, s.Verdict, s.Codes}, " "), " ")
}

// maxSeen bounds an earlier look.
const maxSeen = 1000

var seenForm = regexp.MustCompile(`^((?:H|RFC)\d\d) (\S{3,60}) (good|bad|note|unknown|not-run)(?: (.*))?$`)

// ParseSeen reads the rows of an earlier look. The error wraps runbook.ErrInput.
func ParseSeen(rows []string) ([]Seen, error) {
	if len(rows) > maxSeen {
		return nil, fmt.Errorf("%w: an earlier look of %d rows, and at most %d are read", runbook.ErrInput, len(rows), maxSeen)
	}
	var all []Seen
	for _, row := range rows {
		m := seenForm.FindStringSubmatch(row)
		if m == nil {
			return nil, fmt.Errorf("%w: %q is no row of an earlier look (the fact seen of smtp.hygiene)", runbook.ErrInput, talk.Safe(session.Cut(row)))
		}
		all = append(all, Seen{m[1], m[2], m[3], talk.Safe(m[4])})
	}
	return all, nil
}

// A Difference is a row before and now. Before or Now is "" where the row is not there.
type Difference struct {
	ID          string `json:"id" expr:"id"`
	Listener    string `json:"listener" expr:"listener"`
	Before      string `json:"before" expr:"before"` // verdict
	Now         string `json:"now" expr:"now"`
	CodesBefore string `json:"codes_before" expr:"codes_before"`
	CodesNow    string `json:"codes_now" expr:"codes_now"`
	Changed     bool   `json:"changed" expr:"changed"`
}

// Compare sets all rows of two looks side by side, those that changed first. A row is found by its listener, and where a look has but one
// listener by its test.
func Compare(before, now []Seen) []Difference {
	single := alone(before) && alone(now)
	var all []Difference
	used := map[int]bool{}
	for _, n := range now {
		d := Difference{ID: n.ID, Listener: n.Listener, Now: n.Verdict, CodesNow: n.Codes}
		i := slices.IndexFunc(before, func(b Seen) bool { return b.ID == n.ID && (single || b.Listener == n.Listener) })
		if i >= 0 {
			used[i] = true
			d.Before, d.CodesBefore = before[i].Verdict, before[i].Codes
		}
		d.Changed = d.Before != d.Now || d.CodesBefore != d.CodesNow
		all = append(all, d)
	}
	for i, b := range before {
		if !used[i] {
			all = append(all, Difference{ID: b.ID, Listener: b.Listener, Before: b.Verdict, CodesBefore: b.Codes, Changed: true})
		}
	}
	slices.SortStableFunc(all, func(x, y Difference) int { return rank(x) - rank(y) })
	return all
}

// alone says that all rows are of one listener.
func alone(rows []Seen) bool {
	return !slices.ContainsFunc(rows, func(s Seen) bool { return s.Listener != rows[0].Listener })
}

func rank(d Difference) int {
	switch {
	case d.Worse():
		return 0
	case d.Better():
		return 1
	case d.Changed:
		return 2
	}
	return 3
}

// Better says that something bad is not bad any more: seen, not merely not seen.
func (d Difference) Better() bool {
	return d.Before == string(session.Bad) && (d.Now == string(session.Good) || d.Now == string(session.Note))
}

// Worse says that something is bad that was not.
func (d Difference) Worse() bool {
	return d.Now == string(session.Bad) && d.Before != string(session.Bad)
}

// String is the row in one line: H03 192.0.2.25:25: bad (250/550) -> good (252/252).
func (d Difference) String() string {
	side := func(verdict, codes string) string {
		switch {
		case verdict == "":
			return "-"
		case codes == "":
			return verdict
		}
		return verdict + " (" + codes + ")"
	}
	return fmt.Sprintf("%s %s: %s -> %s", d.ID, d.Listener, side(d.Before, d.CodesBefore), side(d.Now, d.CodesNow))
}

// compare enters what is not as before.
func (f *Facts) compare(before []Seen) {
	now, _ := ParseSeen(f.Seen)
	for _, d := range Compare(before, now) {
		if !d.Changed {
			continue
		}
		f.Changed = append(f.Changed, d)
		if d.Better() {
			f.Better++
		}
		if d.Worse() {
			f.Worse++
		}
	}
}
