package hygiene

import (
	"slices"
	"strings"

	"hikeshi/actions/smtpcheck/hygiene/compare"
	"hikeshi/actions/smtpcheck/hygiene/session"
	"hikeshi/runbook"
)

// The states of a server.
const (
	Good    = "good"    // nothing is bad, and everything that was asked was answered
	Bad     = "bad"     // something is
	Unknown = "unknown" // nothing is bad, but not everything could be determined
)

// Facts are the facts of smtp.hygiene.
type Facts struct {
	State       string               `json:"state" expr:"state"`     // good, bad, unknown
	Server      string               `json:"server" expr:"server"`   // whose settings are named; "" if it is not known
	Bad         []string             `json:"bad" expr:"bad"`         // ids of tests that are bad at some listener
	Notes       []string             `json:"notes" expr:"notes"`     // worth knowing
	Unknown     []string             `json:"unknown" expr:"unknown"` // could not be determined at some listener
	VRFY        string               `json:"vrfy" expr:"vrfy"`       // codes for a known and an unknown user: 250/550; "" if unknown
	EXPN        string               `json:"expn" expr:"expn"`
	Banner      string               `json:"banner" expr:"banner"` // of the first listener that has one
	Listeners   []ListenerFact       `json:"listeners" expr:"listeners"`
	Rows        []Test               `json:"rows" expr:"rows"`
	RFC         []Recommendation     `json:"rfc2505" expr:"rfc2505"`
	Seen        []string             `json:"seen" expr:"seen"`                 // the rows in short, for the parameter before of a later look
	Compared    bool                 `json:"compared" expr:"compared"`         // with an earlier look
	Changed     []compare.Difference `json:"changed" expr:"changed"`           // what is not as before, if compared
	Better      int                  `json:"better" expr:"better"`             // of them, bad before and not now
	Worse       int                  `json:"worse" expr:"worse"`               // and bad now and not before
	SideEffects int                  `json:"side_effects" expr:"side_effects"` // of the worse, those that a denial of Hikeshi's own has brought about
	Inside      bool                 `json:"inside" expr:"inside"`             // something was asked from where servers trust their own
	Account     string               `json:"account" expr:"account"`
	Delivered   bool                 `json:"delivered" expr:"delivered"`   // messages were allowed
	Transcript  string               `json:"transcript" expr:"transcript"` // name of the evidence
}

// A ListenerFact is one address and port.
type ListenerFact struct {
	Listener string       `json:"listener" expr:"listener"`
	Banner   string       `json:"banner" expr:"banner"`
	TLS      bool         `json:"tls" expr:"tls"`
	Inside   bool         `json:"inside" expr:"inside"`
	Where    runbook.Text `json:"where" expr:"where"` // why inside
	By       string       `json:"by" expr:"by"`       // who said yes
	Rcpts    int          `json:"rcpts" expr:"rcpts"`
	Nothing  bool         `json:"nothing" expr:"nothing"` // nothing listens there
	Stopped  runbook.Text `json:"stopped" expr:"stopped"`
}

// A Test is one test at one listener.
type Test struct {
	ID       string       `json:"id" expr:"id"`
	Listener string       `json:"listener" expr:"listener"`
	Title    runbook.Text `json:"title" expr:"title"`
	Verdict  string       `json:"verdict" expr:"verdict"` // good, bad, note, unknown, not-run
	Asked    []string     `json:"asked" expr:"asked"`
	Answered []string     `json:"answered" expr:"answered"` // one for each that was asked
	Codes    string       `json:"codes" expr:"codes"`       // what the verdict rests on
	Why      runbook.Text `json:"why" expr:"why"`
	Matters  runbook.Text `json:"matters" expr:"matters"` // why the test is made
	Change   runbook.Text `json:"change" expr:"change"`   // what to change at this server; empty where nothing is
	RFC      []string     `json:"rfc2505" expr:"rfc2505"` // the recommendations that it answers
	Inside   bool         `json:"inside" expr:"inside"`
}

// A Recommendation is one of RFC 2505, and whether it is met.
type Recommendation struct {
	ID     string       `json:"id" expr:"id"`
	Text   runbook.Text `json:"text" expr:"text"`
	Checks []string     `json:"checks" expr:"checks"`
	State  string       `json:"state" expr:"state"` // met, not-met, not-seen
	Where  runbook.Text `json:"where" expr:"where"` // where it is to be seen, if not here
}

// The states of a recommendation.
const (
	Met     = "met"
	NotMet  = "not-met"
	NotSeen = "not-seen"
)

// transcript is the name of the evidence.
const transcript = "hygiene.txt"

// State is the state in a word. A listener on which nothing listens leaves the question open, unless nobody named it.
func (r Report) State() string {
	state, asked := Good, false
	for _, l := range r.Listeners {
		if r.beside(l) {
			continue
		}
		for _, row := range l.Rows {
			switch row.Verdict {
			case session.Bad:
				return Bad
			case session.Unknown:
				state = Unknown
			case session.Good, session.Note:
				asked = true
			}
		}
	}
	if !asked {
		return Unknown
	}
	return state
}

// beside says that nothing listens there, and nobody need mind.
func (r Report) beside(l session.Report) bool { return l.Nothing && l.Spare }

// Facts says what was seen.
func (r Report) Facts() Facts {
	f := Facts{State: r.State(), Server: r.Server, Bad: []string{}, Notes: []string{}, Unknown: []string{}, Listeners: []ListenerFact{}, Rows: []Test{}, Seen: []string{}, Changed: []compare.Difference{},
		RFC: r.rfc(), Compared: r.Compared, Account: r.Account, Delivered: r.Delivered, Transcript: transcript}
	for _, l := range r.Listeners {
		f.Listeners = append(f.Listeners, ListenerFact{l.Listener(), session.Cut(l.Banner), l.TLS, l.Vantage.Inside, l.Vantage.Why, l.By, l.Rcpts, l.Nothing, l.Stopped})
		f.Inside = f.Inside || l.Vantage.Inside
		if f.Banner == "" {
			f.Banner = session.Cut(l.Banner)
		}
		if r.beside(l) {
			continue
		}
		for _, row := range l.Rows {
			f.Rows = append(f.Rows, r.test(row))
			f.count(row)
		}
	}
	for _, ids := range []*[]string{&f.Bad, &f.Notes, &f.Unknown} {
		slices.Sort(*ids)
		*ids = slices.Compact(*ids)
	}
	for _, s := range r.seen() {
		f.Seen = append(f.Seen, s.String())
	}
	if r.Compared {
		f.compare(r.Differences())
	}
	return f
}

// compare enters what is not as before.
func (f *Facts) compare(all []compare.Difference) {
	for _, d := range all {
		if !d.Changed {
			continue
		}
		f.Changed = append(f.Changed, d)
		switch {
		case d.Better():
			f.Better++
		case d.Worse():
			f.Worse++
		}
		if d.SideEffectOf != "" {
			f.SideEffects++
		}
	}
}

func (f *Facts) count(row session.Row) {
	switch row.Verdict {
	case session.Bad:
		f.Bad = append(f.Bad, row.ID)
	case session.Note:
		f.Notes = append(f.Notes, row.ID)
	case session.Unknown:
		f.Unknown = append(f.Unknown, row.ID)
	}
	if row.ID == "H03" && f.VRFY == "" {
		f.VRFY = row.Codes
	}
	if row.ID == "H04" && f.EXPN == "" {
		f.EXPN = row.Codes
	}
}

func (r Report) test(row session.Row) Test {
	words, _ := r.Words.Test(row.ID)
	t := Test{ID: row.ID, Listener: row.Listener, Title: words.Title, Verdict: string(row.Verdict), Asked: append([]string{}, row.Asked...), Answered: append([]string{}, row.Answered...), Codes: row.Codes,
		Why: row.Why, Matters: words.Why, RFC: []string{}, Inside: row.Inside}
	switch {
	case row.Verdict == session.Bad && r.isSideEffect(row):
		t.Change = r.meant(words)
	case row.Verdict == session.Bad || row.Verdict == session.Note || row.ID == "H19":
		t.Change = words.For(r.Server)
	}
	for _, rec := range r.Words.Recommendations {
		if slices.Contains(rec.Checks, row.ID) {
			t.RFC = append(t.RFC, rec.ID)
		}
	}
	return t
}

// rfc says which recommendations are met: not where a test shows that it is not, and only where every test of it shows that it is.
func (r Report) rfc() []Recommendation {
	all := []Recommendation{}
	for _, rec := range r.Words.Recommendations {
		one := Recommendation{ID: rec.ID, Text: rec.Text, Checks: append([]string{}, rec.Checks...), State: NotSeen, Where: rec.Elsewhere}
		found, short, open := map[string]bool{}, false, rec.Partly
		for _, l := range r.Listeners {
			for _, row := range l.Rows {
				if r.beside(l) || !slices.Contains(rec.Checks, row.ID) {
					continue
				}
				short = short || row.Unmet
				found[row.ID] = found[row.ID] || row.Verdict == session.Good
				open = open || row.Verdict != session.Good
			}
		}
		switch {
		case short:
			one.State = NotMet
		case !open && len(rec.Checks) > 0 && !slices.ContainsFunc(rec.Checks, func(id string) bool { return !found[id] }):
			one.State = Met
		}
		all = append(all, one)
	}
	return all
}

// Transcript is everything that was said, with times in UTC and without passwords.
func (r Report) Transcript() string {
	if r.Log == nil {
		return ""
	}
	return strings.TrimRight(r.Log.String(), "\n") + "\n"
}
