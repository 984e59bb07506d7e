package main

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"hikeshi/actions/smtpcheck/hygiene"
	"hikeshi/actions/smtpcheck/hygiene/compare"
	"hikeshi/runbook"
)

type hygieneDocument struct {
	Version    int              `json:"hikeshi"`
	Kind       string           `json:"kind"`
	State      string           `json:"state"`  // good, bad, unknown
	Server     string           `json:"server"` // whose settings are named; "" if it is not known
	Bad        []string         `json:"bad"`
	Notes      []string         `json:"notes"`
	Unknown    []string         `json:"unknown"`
	VRFY       string           `json:"vrfy"`
	EXPN       string           `json:"expn"`
	Listeners  []listenerRow    `json:"listeners"`
	Rows       []hygieneRow     `json:"rows"`
	RFC        []hygieneRFC     `json:"rfc2505"`
	Compared   *hygieneCompared `json:"compared"` // null without --compare
	Inside     bool             `json:"inside"`
	Account    string           `json:"account"`
	Delivered  bool             `json:"delivered"`
	Transcript string           `json:"transcript"` // "" if none was asked for
	Took       float64          `json:"took"`       // seconds
	Findings   []findingRow     `json:"findings"`
}

type hygieneRow struct {
	ID       string   `json:"id"`
	Listener string   `json:"listener"`
	Title    string   `json:"title"`
	Verdict  string   `json:"verdict"` // good, bad, note, unknown, not-run
	Asked    []string `json:"asked"`
	Answered []string `json:"answered"`
	Codes    string   `json:"codes"`
	Why      string   `json:"why"`
	Matters  string   `json:"matters"` // why the test is made
	Change   string   `json:"change"`
	RFC      []string `json:"rfc2505"`
	Inside   bool     `json:"inside"`
}

type hygieneRFC struct {
	ID     string   `json:"id"`
	Text   string   `json:"text"`
	Checks []string `json:"checks"`
	State  string   `json:"state"` // met, not-met, not-seen
	Where  string   `json:"where"` // where it is to be seen, if not here
}

type hygieneCompared struct {
	Incident    string               `json:"incident"`
	At          time.Time            `json:"at"` // of the look before
	Better      int                  `json:"better"`
	Worse       int                  `json:"worse"`
	SideEffects int                  `json:"side_effects"` // of the worse, those that a step of an incident has brought about, and that are meant
	Rows        []compare.Difference `json:"rows"`         // all of them, those that changed first
}

func (a *app) showHygiene(r hygiene.Report, against *hygieneBefore, transcript string) error {
	f := r.Facts()
	if a.isJSON() {
		return a.json(a.hygieneDocument(r, f, against, transcript))
	}
	s := a.screen()
	if against.incident != "" {
		a.hygieneBeside(f, r.Differences(), against)
	}
	for _, l := range f.Listeners {
		a.hygieneListener(f, l)
	}
	if !s.quiet {
		a.hygieneRFC(f)
	}
	remarks := r.Remarks()
	if s.quiet {
		remarks = slices.DeleteFunc(remarks, func(x runbook.Finding) bool { return x.Level == runbook.OK || x.Level == runbook.Info })
	}
	s.findings(remarks)
	return nil
}

// verdictWord is a verdict for people, in its colour.
func (a *app) verdictWord(s *screen, v string, n int) string {
	words := map[string][2]string{"good": {"良好", "32"}, "bad": {"要改善", "31"}, "note": {"参考", "36"}, "unknown": {"不明", "33"}, "not-run": {"未実施", ""}}
	w := words[v]
	text := pad(runbook.T(v, w[0]).In(a.lang()), n)
	if w[1] == "" {
		return text
	}
	return s.paint(w[1], text)
}

// entry prints a label of 15 cells and a text, wrapped below itself.
func (s *screen) entry(label, text string) {
	const indent = 15
	for i, l := range wrap(line(text), width-indent) {
		if i > 0 || label == "" {
			label = strings.Repeat(" ", indent)
		}
		s.printf("%s%s\n", label, l)
	}
}

// hygieneListener shows every test of an address and port: what came of it, and where something is to be done or open what was said.
func (a *app) hygieneListener(f hygiene.Facts, l hygiene.ListenerFact) {
	s, lang := a.screen(), a.lang()
	s.hang(2, strings.TrimRight(l.Listener+"  "+l.Banner, " "))
	for _, t := range f.Rows {
		if t.Listener != l.Listener || s.quiet && t.Verdict != "bad" && t.Verdict != "unknown" {
			continue
		}
		s.entry(pad(t.ID, 6)+a.verdictWord(s, t.Verdict, 9), t.Title.In(lang)+": "+t.Why.In(lang))
		if t.Verdict == "bad" || s.verbose {
			for i, asked := range t.Asked {
				answered := "-"
				if i < len(t.Answered) && t.Answered[i] != "" {
					answered = t.Answered[i]
				}
				s.entry("", strings.TrimRight(cell(asked+" -> "+answered, width-14), " "))
			}
		}
		if !t.Change.IsZero() && (t.Verdict != "not-run" || s.verbose) {
			s.entry("", a.word("change: ", "対処: ")+t.Change.In(lang))
		}
	}
	s.printf("\n")
}

// hygieneRFC shows which recommendations of RFC 2505 are met.
func (a *app) hygieneRFC(f hygiene.Facts) {
	s, lang := a.screen(), a.lang()
	s.printf("%s\n", s.bold(a.word("RFC 2505: recommendation, tests, met or not", "RFC 2505: 推奨事項、試験、適否")))
	words := map[string][2]string{hygiene.Met: {"適合", "32"}, hygiene.NotMet: {"不適合", "31"}, hygiene.NotSeen: {"未確認", ""}}
	for _, r := range f.RFC {
		state := pad(runbook.T(strings.ReplaceAll(r.State, "-", " "), words[r.State][0]).In(lang), 9)
		if words[r.State][1] != "" {
			state = s.paint(words[r.State][1], state)
		}
		text := r.Text.In(lang)
		if len(r.Checks) > 0 {
			text += " (" + strings.Join(r.Checks, ", ") + ")"
		}
		if r.State == hygiene.NotSeen && !r.Where.IsZero() {
			text += "  [" + r.Where.In(lang) + "]"
		}
		s.entry(pad(r.ID, 6)+state, text)
	}
	s.printf("\n")
}

// hygieneBeside shows before and now, row by row.
func (a *app) hygieneBeside(f hygiene.Facts, rows []compare.Difference, against *hygieneBefore) {
	s := a.screen()
	s.hang(2, fmt.Sprintf(a.word("before (incident %s, %s) and now: %d better, %d worse", "以前 (事案 %s、%s) と現在: 改善 %d、悪化 %d"), against.incident, against.at.Local().Format("01-02 15:04"), f.Better, f.Worse))
	for _, d := range rows {
		if !d.Changed && !s.verbose {
			continue
		}
		mark := "  "
		switch {
		case d.Better():
			mark = s.paint("32", "+ ")
		case d.SideEffectOf != "":
			mark = s.paint("33", "~ ")
		case !d.Comparable:
			mark = s.paint("33", "? ")
		case d.Worse():
			mark = s.paint("31", "! ")
		case d.Changed:
			mark = "* "
		}
		s.row(mark, d.Text().In(a.lang()))
	}
	if len(f.Changed) == 0 {
		s.row("  ", a.word("nothing has changed", "変化なし"))
	}
	s.printf("\n")
}

func (a *app) hygieneDocument(r hygiene.Report, f hygiene.Facts, against *hygieneBefore, transcript string) hygieneDocument {
	lang, found := a.lang(), evidenced(r.Findings(), transcript)
	doc := hygieneDocument{Version: 1, Kind: "hygiene", State: f.State, Server: f.Server, Bad: f.Bad, Notes: f.Notes, Unknown: f.Unknown, VRFY: f.VRFY, EXPN: f.EXPN, Listeners: []listenerRow{}, Rows: []hygieneRow{}, RFC: []hygieneRFC{},
		Inside: f.Inside, Account: f.Account, Delivered: f.Delivered, Transcript: transcript, Took: r.Took.Seconds(), Findings: findingRows(found, lang)}
	for _, l := range f.Listeners {
		doc.Listeners = append(doc.Listeners, listenerRow{l.Listener, l.Banner, l.TLS, l.Inside, l.Where.In(lang), l.By, l.Rcpts, l.Nothing, l.Stopped.In(lang)})
	}
	for _, t := range f.Rows {
		doc.Rows = append(doc.Rows, hygieneRow{t.ID, t.Listener, t.Title.In(lang), t.Verdict, t.Asked, t.Answered, t.Codes, t.Why.In(lang), t.Matters.In(lang), t.Change.In(lang), t.RFC, t.Inside})
	}
	for _, x := range f.RFC {
		doc.RFC = append(doc.RFC, hygieneRFC{x.ID, x.Text.In(lang), x.Checks, x.State, x.Where.In(lang)})
	}
	if against.incident != "" {
		doc.Compared = &hygieneCompared{against.incident, against.at, f.Better, f.Worse, f.SideEffects, slices.Concat([]compare.Difference{}, r.Differences())}
	}
	return doc
}
