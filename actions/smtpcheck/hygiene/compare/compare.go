// Package compare sets two looks of the hygiene tests side by side, row by row.
//
// In order: Of makes a Seen of a row, Parse reads those of an earlier look; Elsewhere says whether the earlier one looked at the same listeners;
// Looks compares. A row is found by its test and its listener (address and port) and by nothing else: what another port answers is another row.
//
// What a server does to strangers is seen from outside only. Where one look came from inside and the other from outside, the rows of the tests
// that depend on it (session.DependsOnVantage) are not comparable, and neither better nor worse.
package compare

import (
	"fmt"
	"regexp"
	"slices"
	"strings"

	"hikeshi/actions/smtpcheck/hygiene/session"
	"hikeshi/actions/smtpcheck/relay/judge"
	"hikeshi/actions/smtpcheck/talk"
	"hikeshi/runbook"
)

// From where a listener was asked; "" where that is not known.
const (
	Inside  = "inside"
	Outside = "outside"
)

// A Seen is one row of a look, in short. Its text is: H03 192.0.2.25:25 outside bad 250/550.
type Seen struct {
	ID, Listener, Vantage, Verdict, Codes string
}

// Of is a row in short.
func Of(r session.Row, v judge.Vantage) Seen {
	s := Seen{ID: r.ID, Listener: r.Listener, Verdict: string(r.Verdict), Codes: strings.Join(strings.Fields(r.Codes), " ")}
	switch {
	case v.Inside:
		s.Vantage = Inside
	case v.Remote.IsValid():
		s.Vantage = Outside
	}
	return s
}

// String is the row as a text.
func (s Seen) String() string {
	return strings.Join(strings.Fields(strings.Join([]string{s.ID, s.Listener, s.Vantage, s.Verdict, s.Codes}, " ")), " ")
}

// maxSeen bounds an earlier look.
const maxSeen = 1000

var seenForm = regexp.MustCompile(`^((?:H|RFC)\d\d) (\S{3,60}) (?:(inside|outside) )?(good|bad|note|unknown|not-run)(?: (.*))?$`)

// Parse reads the rows of an earlier look. The error wraps runbook.ErrInput.
func Parse(rows []string) ([]Seen, error) {
	if len(rows) > maxSeen {
		return nil, fmt.Errorf("%w: an earlier look of %d rows, and at most %d are read", runbook.ErrInput, len(rows), maxSeen)
	}
	var all []Seen
	for _, row := range rows {
		m := seenForm.FindStringSubmatch(row)
		if m == nil {
			return nil, fmt.Errorf("%w: %q is no row of an earlier look (the fact seen of smtp.hygiene)", runbook.ErrInput, talk.Safe(session.Cut(row)))
		}
		all = append(all, Seen{m[1], m[2], m[3], m[4], talk.Safe(m[5])})
	}
	return all, nil
}

// Listeners are those of a look, each once.
func Listeners(rows []Seen) []string {
	var all []string
	for _, s := range rows {
		if !slices.Contains(all, s.Listener) {
			all = append(all, talk.Safe(s.Listener))
		}
	}
	return all
}

// Elsewhere is an error wrapping runbook.ErrInput where the earlier look was not at every listener that was named, or at none of all that are asked.
func Elsewhere(before []Seen, named, all []string) error {
	looked := Listeners(before)
	there := func(at string) bool { return slices.Contains(looked, at) }
	missing := slices.DeleteFunc(slices.Clone(named), there)
	if len(missing) == 0 && !slices.ContainsFunc(all, there) {
		missing = all
	}
	if len(missing) == 0 {
		return nil
	}
	return fmt.Errorf("%w: comparing %s: the incident looked at %s only", runbook.ErrInput, strings.Join(missing, ", "), strings.Join(looked, ", "))
}

// A Difference is a row before and now. Before or Now is "" where the row is not there.
type Difference struct {
	ID            string `json:"id" expr:"id"`
	Listener      string `json:"listener" expr:"listener"`
	Before        string `json:"before" expr:"before"` // verdict
	Now           string `json:"now" expr:"now"`
	CodesBefore   string `json:"codes_before" expr:"codes_before"`
	CodesNow      string `json:"codes_now" expr:"codes_now"`
	VantageBefore string `json:"vantage_before" expr:"vantage_before"` // inside, outside; "" if it is not known
	VantageNow    string `json:"vantage_now" expr:"vantage_now"`
	Comparable    bool   `json:"comparable" expr:"comparable"` // not where one side was asked from inside and the other from outside, and that counts
	Changed       bool   `json:"changed" expr:"changed"`       // or not comparable
	SideEffectOf  string `json:"side_effect_of" expr:"side_effect_of"`
}

// Looks sets all rows of two looks side by side, those that changed first.
func Looks(before, now []Seen) []Difference {
	var all []Difference
	used := map[int]bool{}
	for _, n := range now {
		d := Difference{ID: n.ID, Listener: n.Listener, Now: n.Verdict, CodesNow: n.Codes, VantageNow: n.Vantage}
		i := slices.IndexFunc(before, func(b Seen) bool { return b.ID == n.ID && b.Listener == n.Listener })
		if i >= 0 {
			used[i] = true
			d.Before, d.CodesBefore, d.VantageBefore = before[i].Verdict, before[i].Codes, before[i].Vantage
		}
		all = append(all, d.settled())
	}
	for i, b := range before {
		if !used[i] {
			all = append(all, Difference{ID: b.ID, Listener: b.Listener, Before: b.Verdict, CodesBefore: b.Codes, VantageBefore: b.Vantage}.settled())
		}
	}
	slices.SortStableFunc(all, func(x, y Difference) int { return rank(x) - rank(y) })
	return all
}

func (d Difference) settled() Difference {
	d.Comparable = d.VantageBefore == "" || d.VantageNow == "" || d.VantageBefore == d.VantageNow || !session.DependsOnVantage(d.ID)
	d.Changed = !d.Comparable || d.Before != d.Now || d.CodesBefore != d.CodesNow
	return d
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

func fine(verdict string) bool {
	return verdict == string(session.Good) || verdict == string(session.Note)
}

// Better says that something bad is not bad any more: seen, not merely not seen.
func (d Difference) Better() bool {
	return d.Comparable && d.Before == string(session.Bad) && fine(d.Now)
}

// Worse says that something is bad that was seen not to be.
func (d Difference) Worse() bool {
	return d.Comparable && d.Now == string(session.Bad) && fine(d.Before)
}

// Text is the row in one line: H03 192.0.2.25:25: bad (250/550) -> good (252/252).
func (d Difference) Text() runbook.Text {
	side := func(verdict, codes string) string {
		switch {
		case verdict == "":
			return "-"
		case codes == "":
			return verdict
		}
		return verdict + " (" + codes + ")"
	}
	line := fmt.Sprintf("%s %s: %s -> %s", d.ID, d.Listener, side(d.Before, d.CodesBefore), side(d.Now, d.CodesNow))
	switch {
	case !d.Comparable:
		return runbook.T(line+": not comparable", line+": 比較できない")
	case d.SideEffectOf != "":
		return runbook.Tf("%s: a side effect of step %s", "%s: 手順 %s の副作用", line, d.SideEffectOf)
	}
	return runbook.T(line, line)
}
